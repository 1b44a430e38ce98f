"""Carry coverage that was measured in installed and built copies back to the files of the checkout.

The library is measured in site-packages, and a snippet in the projects that tests build out of it,
where its section markers are missing. A built file counts for the snippets whose copy it is, to the
byte: one that a test changed counts for none. Run as `python -m tools.harness.coverage_map`, with
the data file that `COVERAGE_FILE` names and its parallel parts; writes the data file.
Imports `live` and `projects`.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from coverage import CoverageData
from coverage.exceptions import DataError

from tools.harness import live
from tools.harness.projects import SNIPPETS, kept_lines, project_files

PACKAGES = ("realtime", "routers")
CARRIED = ("realtime", "_snippets")

Arc = tuple[int, int]
# Where a measured file comes from, and the line there of each of its lines (none: the same lines).
Source = tuple[Path, list[int] | None]


class Checkout:
    """The measured files of a checkout, and the copies they are known by."""

    def __init__(self, root: Path = live.ROOT, snippets: Path = SNIPPETS) -> None:
        self.root = root
        self.snippets = snippets
        self._copies: dict[tuple[str, str], list[Source]] = defaultdict(list)
        for subject in sorted(path for path in snippets.iterdir() if path.is_dir()):
            for path in project_files(subject):
                if path.suffix == ".py":
                    lines = kept_lines(path.read_text(encoding="utf-8"))
                    text = "".join(line for _, line in lines)
                    self._copies[path.name, text].append((path, [number for number, _ in lines]))

    def files(self) -> list[Path]:
        """Return every file that ought to be covered."""
        library = [self.root / live.PACKAGE / package for package in PACKAGES]
        found = [path for folder in library for path in folder.rglob("*.py")]
        found += [source for sources in self._copies.values() for source, _ in sources]
        return sorted(found)

    def sources(self, measured: Path) -> list[Source]:
        """Return the files of the checkout that ``measured`` is a copy of."""
        parts = measured.parts
        for package in PACKAGES:
            for at in range(len(parts) - 1):
                if parts[at : at + 2] == (live.PACKAGE, package):
                    return self._library_source(Path(*parts[at + 1 :]))
        if measured.is_relative_to(self.snippets):
            return [(measured, None)]
        if not measured.is_file():
            return []
        text = measured.read_text(encoding="utf-8")
        return [
            (source, lines)
            for source, lines in self._copies.get((measured.name, text), ())
            if measured.match(str(Path(*source.relative_to(self.snippets).parts[1:])))
        ]

    def _library_source(self, inside: Path) -> list[Source]:
        if inside.parts[:2] == CARRIED:
            return [(self.snippets.joinpath(*inside.parts[2:]), None)]
        return [(self.root / live.PACKAGE / inside, None)]


def mapped(arcs: Iterable[Arc], lines: list[int] | None) -> Iterator[Arc]:
    """Return ``arcs`` with their line numbers in the snippet; a module still begins at line 1.

    A line that the copy does not have was measured before the file became that copy: left out.
    """

    def line(number: int) -> int:
        if not lines or number == -1:
            return number
        return lines[number - 1] if number > 0 else -lines[-number - 1]

    inside = (arc for arc in arcs if not lines or max(map(abs, arc)) <= len(lines))
    return ((line(start), line(end)) for start, end in inside)


def combine(data_file: Path, checkout: Checkout) -> None:
    """Write ``data_file`` out of its parallel parts, which are removed."""
    arcs: dict[str, set[Arc]] = {str(path): set() for path in checkout.files()}
    for part in sorted(data_file.parent.glob(f"{data_file.name}.*")):
        data = CoverageData(str(part))
        try:
            data.read()
        except DataError as error:  # of a process that was killed while it wrote
            print(f"left out: {error}")
            part.unlink()
            continue
        for measured in data.measured_files():
            for source, lines in checkout.sources(Path(measured)):
                if str(source) in arcs:
                    arcs[str(source)].update(mapped(data.arcs(measured) or (), lines))
        data.close()
        part.unlink()
    combined = CoverageData(str(data_file))
    combined.erase()
    combined.add_arcs(arcs)
    combined.touch_files(arcs)
    combined.write()
    combined.close()


if __name__ == "__main__":
    combine(Path(os.environ.get("COVERAGE_FILE", ".coverage")).absolute(), Checkout())
