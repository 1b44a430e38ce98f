"""Tomorrow's drift: which lines of the pages the newest of everything makes false.

``python -m tools.upstream`` runs the guide's tests, `tools.prose` and the probes of `tools.stock`
with what is installed, which `nox -s upstream` made the newest, pre-releases too. It says which
pages and lines show what a failed test used, which numbers and names in the prose are no longer the
code's, which promise of ours does not hold, and what the stock router does otherwise than recorded.
It ends with 1 if there is any of this to tell; then ``--report FILE`` writes it as Markdown, and
else there is no such file. Which sentences of the stock router's documentation are false is said
on every day. ``--record`` writes the figures for the pages. May import the other tools.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import platform
import subprocess
import sys
import tempfile
import traceback
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from tools import stamp, verification
from tools.harness import live
from tools.harness.servers import SERVERS
from tools.matrix import ledger
from tools.prose.check import check
from tools.shown import shown
from tools.stock import drift
from tools.stock.page import DISTRIBUTIONS, RECORD
from tools.stock.record import broken, chosen, measure

ROOT = Path(__file__).resolve().parent.parent
TESTS = ("tests/snippets", "tests/clients", "tests/test_reference_claims")
REFERENCE_PAGE = "docs/integrations/channels.md"
QUICK = ("uvicorn",)

Tests = Mapping[str, Mapping[str, Any]]


@dataclass
class Drift:
    """What was found."""

    versions: dict[str, tuple[str, str]] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    prose: list[str] = field(default_factory=list)
    promises: list[str] = field(default_factory=list)
    news: list[str] = field(default_factory=list)
    stock: list[str] = field(default_factory=list)
    asked: int = 0

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.failed or self.prose or self.promises or self.news)


def versions(constraints: str) -> dict[str, tuple[str, str]]:
    """Return what is pinned for this Python and what is installed, where they differ."""
    found = {}
    pins = map(Requirement, constraints.splitlines())
    for pin in (pin for pin in pins if pin.marker is None or pin.marker.evaluate()):
        with contextlib.suppress(PackageNotFoundError):
            if not pin.specifier.contains(version(pin.name), prereleases=True):
                found[pin.name] = (str(pin.specifier).removeprefix("=="), version(pin.name))
    return found


def run_tests(tests: Sequence[str] = TESTS, root: Path = ROOT) -> Tests:
    """Run the guide's tests, with their progress shown; return the outcome and files of each.

    What failed is asked once more, by itself: a busy machine is no drift.

    Raises:
        RuntimeError: pytest could not run them.
    """
    first = _pytest([*tests, "--numprocesses=auto", "--dist=loadfile"], root)
    failed = failures(first)
    if not failed:
        return first
    print(f"Once more, by themselves: {len(failed)} that failed", flush=True)
    passed = {name: test for name, test in first.items() if name not in failed}
    return {**passed, **_pytest(list(failed), root)}


def _pytest(arguments: Sequence[str], root: Path) -> Tests:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "uses.json")
        command = [sys.executable, "-m", "pytest", *arguments, "--tb=short"]
        command += ["-p", "tools.harness.uses", f"--uses={path}", "--continue-on-collection-errors"]
        command += ["--live"] if live.is_live() else []
        code = subprocess.run(command, cwd=root, env=live.environment(), check=False).returncode
        if code not in (0, 1) or not path.exists():
            raise RuntimeError(f"pytest ended with {code}; see above")
        outcomes: Tests = json.loads(path.read_text(encoding="utf-8"))
        return outcomes


def failures(tests: Tests) -> dict[str, str]:
    """Return the tests that failed, each with its reason."""
    return {
        name: test.get("reason", "")
        for name, test in sorted(tests.items())
        if test["outcome"] == "failed"
    }


def false_lines(tests: Tests, root: Path = ROOT) -> dict[str, list[str]]:
    """Return the lines of the pages that failed tests leave unproven, with those tests.

    A line is unproven if a failed test used the file that it shows, or is the test of a sentence of
    the reference and the line is the heading that the sentence stands under. A file of tests that
    does not load has used what the ledger of the matrix says that its tests do.
    """
    shows: dict[str, list[str]] = defaultdict(list)
    for each in shown(root):
        shows[each.file].append(f"docs/{each.page}:{each.line} ({each.target})")
    headings = claimed(root)
    known = ledger.read(root / ledger.PATH.relative_to(ROOT))["tests"]
    lines: dict[str, list[str]] = defaultdict(list)
    for name in failures(tests):
        files = [*tests[name]["files"], *(file for file, users in known.items() if name in users)]
        places = [place for file in files for place in shows[file]]
        places += headings.get(name.partition("[")[0].rpartition("::")[2], [])
        for place in dict.fromkeys(places):
            lines[place].append(name)
    return {place: lines[place] for place in sorted(lines, key=_by_line)}


def claimed(root: Path = ROOT) -> dict[str, list[str]]:
    """Return where the integration guide has the sections whose sentences the tests show."""
    from tests.test_reference_claims.claims import CLAIMS, SECTIONS

    page = (root / REFERENCE_PAGE).read_text(encoding="utf-8")
    headings = {
        line.lstrip("# ").replace("`", "").casefold(): number
        for number, line in enumerate(page.splitlines(), 1)
        if line.startswith("#")
    }
    found: dict[str, list[str]] = defaultdict(list)
    for claim in CLAIMS:
        title = [section.title for section in SECTIONS if section.line <= claim.line][-1]
        if number := headings.get(title.casefold()):
            found[claim.test].append(f"{REFERENCE_PAGE}:{number} ({claim.text})")
    return found


def false_prose(root: Path = ROOT) -> list[str]:
    """Return what the prose says and the code does not.

    Where a package no longer has what a statement is made of, that is told, with its line there.
    """
    try:
        return [str(problem) for problem in check(root)]
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        last = [frame for frame in frames if Path(frame.filename).parent.name == "prose"][-1]
        where = f"tools/prose/{Path(last.filename).name}:{last.lineno}"
        what = f"``{last.line}``: {type(error).__name__}: {error}"
        return [f"{where}: {what}; mend it, for no prose is checked without"]


def _by_line(place: str) -> tuple[str, int, str]:
    page, _, rest = place.partition(":")
    number, _, what = rest.partition(" ")
    return page, int(number), what


def markdown(found: Drift, day: datetime.date) -> str:
    """Return the report."""
    parts = [f"# What upstream makes false on {day}", f"With Python {platform.python_version()}."]
    rows = [f"| {name} | {pin} | {new} |" for name, (pin, new) in found.versions.items()]
    table = "\n".join(["| | pinned | tried |", "| --- | --- | --- |", *rows])
    pinned = ["All versions are those that are pinned."]
    parts += ["Tried, where it is not what is pinned:", table] if rows else pinned
    sections = {
        "Lines that a failed test leaves unproven": [
            f"`{place}`: `{first.rpartition('/')[2]}`" + (f" and {len(more)} more" if more else "")
            for place, (first, *more) in found.lines.items()
        ],
        "Failed tests": [f"`{name}`: {reason}" for name, reason in found.failed.items()],
        "Numbers and names in the prose": found.prose,
        "Our promises": found.promises,
        "The stock router": found.news,
    }
    for title, items in sections.items():
        if items:
            parts += [f"## {title}", "\n".join(f"- {item}" for item in items)]
    if not found:
        parts += ["Every line holds, and the stock router does what is recorded."]
    said = f"{len(found.stock)} of {found.asked} sentences that were measured are false."
    listed = "\n".join(f"- {item}" for item in found.stock)
    parts += ["## The stock router's documentation", said, listed]
    return "\n\n".join(filter(None, parts)) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Look for drift from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.upstream", description=__doc__)
    parser.add_argument("tests", nargs="*", default=TESTS, help="other tests than the guide's")
    parser.add_argument("--full", action="store_true", help="probe on each server, not on one")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write Markdown to this file")
    parser.add_argument("--record", action="store_true", help="write the figures for the pages")
    parser.add_argument("--before", type=Path, default=RECORD, help="what was measured before")
    parser.add_argument("--root", type=Path, default=ROOT, help="of the prose and the figures")
    parser.add_argument("--claim", action="append", default=[], help="probe only this one")
    options = parser.parse_args(arguments)
    if options.record and (options.claim or options.tests != TESTS):
        parser.error("--record wants all tests and all claims; leave out what chooses some")
    live.ensure()
    found = Drift(versions((ROOT / "constraints.txt").read_text(encoding="utf-8")))
    print("[1/3] The guide's tests", flush=True)
    tests = run_tests(options.tests)
    found.lines, found.failed = false_lines(tests), failures(tests)
    print("[2/3] The prose", flush=True)
    found.prose = false_prose(options.root)
    servers = SERVERS if options.full else QUICK
    print(f"[3/3] The probes of both routers on {', '.join(servers)}", flush=True)
    results = measure(claims := chosen(options.claim), servers, say=partial(print, flush=True))
    before = json.loads(options.before.read_text(encoding="utf-8"))
    found.promises = broken(claims, results, ["ours"])
    sayings = drift.false_lines(ROOT / "docs", before, results)
    found.news = [*drift.news(before, results), *sayings]
    found.stock, found.asked = verification.false_sentences(claims, results)
    report = markdown(found, datetime.datetime.now(tz=datetime.timezone.utc).date())
    print(f"\n{report}")
    if options.record:
        figures = {"servers": servers, **verification.counted(found, tests, sayings)}
        path = options.root / verification.UPSTREAM
        stamp.write(path, {**stamp.stamp(DISTRIBUTIONS), **figures})
    if options.report:
        options.report.unlink(missing_ok=True)
        if found:
            options.report.write_text(report, encoding="utf-8")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
