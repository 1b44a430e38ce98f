"""Verified: a mark under each block, and the ledger on the page that is about it.

A mark says with which versions the block was run, by which tests, and where its source is. It is
there only while the ledger has run the very lines that are shown. Of a command that the tests only
compare it says no more than that. ``<!-- matrix NAME -->`` alone on a line of a page becomes a part
of the ledger. May import tools.hooks.commands, tools.matrix, tools.mutate.naming and tools.shown.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.exceptions import PluginError

from tools.hooks.commands import is_only_compared
from tools.matrix import ledger, pictures, tables
from tools.matrix.cells import DJANGOS, ENDS, PYTHONS
from tools.mutate.naming import tests_of
from tools.shown import Shown, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

PAGE = "compatibility.md"
LEDGER = Path("tools", "matrix", "ledger.json")
#: How many files of tests a mark names; the other page has all.
TESTS = 3
COMPARED = (
    "These tests hold its words against what they use; <code>nox -s reader</code> runs it as the "
    "built page shows it."
)
TOLD = {"python": "Python", "django": "Django", "redis": "redis-py"}
_BLOCK = re.compile(r'<div [^>]*\bdata-snippet="(?P<targets>[^"]+)"[^>]*>')
_DIV = re.compile(r"<(?P<end>/?)div\b")
_PLACE = re.compile(r"<!-- matrix (?P<name>[\w-]+) -->")


class Marks:
    """The marks of a site: its ledger, what it shows, and where its repository is."""

    def __init__(self, kept: ledger.Ledger, items: Sequence[Shown], repository: str = "") -> None:
        self.kept = kept
        self.items = items
        self.digests = {item.target: item.digest for item in items}
        self.repository = repository
        #: Of how many snippets' files each file of tests uses.
        self.uses = Counter(test for tests in kept["tests"].values() for test in tests)

    def put(self, content: str, about: str) -> str:
        """Put a mark under each block of a page's HTML that is verified.

        ``about`` leads from the page to the one on compatibility, if there is one.
        """
        done = 0
        parts: list[str] = []
        for block in _BLOCK.finditer(content):
            end = _end(content, block.start())
            targets = html.unescape(block["targets"]).split()
            parts += [content[done:end], self.mark(targets, about)]
            done = end
        return "".join([*parts, content[done:]])

    def mark(self, targets: Sequence[str], about: str) -> str:
        """Return the mark of a block; nothing, where no run saw these lines of it."""
        given = [(target, self.digests.get(target, "")) for target in targets]
        outcomes = ledger.outcomes(self.kept, given)
        passed = [name for name, outcome in outcomes.items() if outcome == "passed"]
        failed = [name for name, outcome in outcomes.items() if outcome == "failed"]
        skipped = [name for name, outcome in outcomes.items() if outcome == "skipped"]
        if not passed and not failed:
            return ""
        files = list(dict.fromkeys(target.partition(":")[0] for target in targets))
        tests = self.kept["tests"]
        compared = [one for one in files if is_only_compared(one, tests.get(one, {}))]
        verb = "verified" if not compared else "compared, not run,"
        if 0 < len(compared) < len(files):
            verb = f"verified ({len(compared)} of {len(files)} only compared)"
        see = f', see <a href="{about}">all results</a>' if about else ""
        rows = [
            ("Versions", [self._versions(passed)] if passed else []),
            ("Fails with", [self._failure(name, files) for name in failed]),
            ("Skipped with", [self._skip(name, files) for name in skipped]),
            ("Not run", [f"{self.link(f'snippets/{one}')}. {COMPARED}" for one in compared]),
            ("Tests", self._tests(targets)),
            ("Source", [self.link(f"snippets/{file}") for file in files]),
            ("Run", [self._days(passed or failed) + see]),
        ]
        told = "".join(
            f"<dt>{name}</dt>{''.join(f'<dd>{one}</dd>' for one in values)}"
            for name, values in rows
            if values
        )
        return (
            '<details class="verified" data-search-exclude>'
            f"<summary>{self._summary(verb, passed, failed)}</summary><dl>{told}</dl></details>"
        )

    @staticmethod
    def _summary(verb: str, passed: Sequence[str], failed: Sequence[str]) -> str:
        what = f"✓ {verb} with {_range(passed)}" if passed else ""
        if not failed:
            return what
        return f'{what} <span class="verified__failed">✗ fails with {_range(failed)}</span>'

    def _versions(self, names: Iterable[str]) -> str:
        found: dict[str, dict[str, None]] = {}
        for name in names:
            for distribution, version in self.kept["cells"][name]["versions"].items():
                found.setdefault(distribution, {})[version] = None
        return "; ".join(
            f"{TOLD.get(name, name)} {', '.join(sorted(versions, key=_by_number))}"
            for name, versions in found.items()
        )

    def _failure(self, name: str, files: Sequence[str]) -> str:
        run = self.kept["cells"][name]
        reasons = [one for file in files for one in ledger.reasons(run, file)]
        test, reason = reasons[0] if reasons else ("", "its file of tests did not load")
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        where = f"<code>{html.escape(test.rpartition('::')[2])}</code>: " if test else ""
        return f"{_cell(name)}: {where}{html.escape(reason)}{more}"

    def _skip(self, name: str, files: Sequence[str]) -> str:
        reasons = (why for file in files for _, why in ledger.skips(self.kept, name, file))
        return f"{_cell(name)}: {html.escape('; '.join(dict.fromkeys(reasons)))}"

    def _tests(self, targets: Sequence[str]) -> list[str]:
        """Name the tests of the block's own pages first, and of these what uses little else."""
        counts: Counter[str] = Counter()
        for file in dict.fromkeys(target.partition(":")[0] for target in targets):
            counts.update(self.kept["tests"].get(file, {}))
        own = tests_of(dict.fromkeys(item.page for item in self.items if item.target in targets))

        def order(test: str) -> tuple[bool, int, int, str]:
            return not test.startswith(own), self.uses[test], -counts[test], test

        told = [self.link(test) for test in sorted(counts, key=order)[:TESTS]]
        more = len(counts) - len(told)
        return [*told, f"and {more} files more"] if more else told

    def _days(self, names: Iterable[str]) -> str:
        dates = sorted({self.kept["cells"][name]["date"] for name in names})
        return dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"

    def link(self, path: str) -> str:
        """Return a path of the repository, as a link if it is known where that is."""
        shown_path = html.escape(path).replace("/", "/<wbr>")
        if not self.repository:
            return f"<code>{shown_path}</code>"
        return f'<a href="{html.escape(self.repository)}{html.escape(path)}">{shown_path}</a>'


def _end(content: str, start: int) -> int:
    depth = 0
    for found in _DIV.finditer(content, start):
        depth += -1 if found["end"] else 1
        if depth == 0:
            return content.index(">", found.start()) + 1
    return len(content)


def _by_number(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def _cell(name: str) -> str:
    python, django, end = name.split(" ")
    return f"Python {python}, Django {django}, {end} versions"


def _range(names: Sequence[str]) -> str:
    """Say which Djangos and Pythons the cells have."""
    if len(names) == 1:
        return _cell(names[0])
    words = {word for name in names for word in name.split(" ")}
    ends = words & set(ENDS)
    alone = f", {ends.pop()} versions" if len(ends) == 1 else ""
    return f"Django {_span(list(DJANGOS), words)} on Python {_span(PYTHONS, words)}{alone}"


def _span(known: Sequence[str], words: Collection[str]) -> str:
    there = [one for one in known if one in words]
    between = known[known.index(there[0]) : known.index(there[-1]) + 1]
    if len(there) > 1 and list(between) == there:
        return f"{there[0]}&ndash;{there[-1]}"
    return ", ".join(there)


def repository(config: MkDocsConfig) -> str:
    """Return what a path of the repository has before it in a link; nothing if it is unknown."""
    if not config.repo_url:
        return ""
    edit = (config.edit_uri or "edit/main/docs/").removesuffix("docs/")
    return f"{config.repo_url.rstrip('/')}/{edit.replace('edit/', 'blob/', 1)}"


_marks: dict[str, Marks] = {}


def on_pre_build(config: MkDocsConfig) -> None:
    """Read the ledger and what the pages show, for each build."""
    root = Path(config.config_file_path or "mkdocs.yml").parent
    try:
        items = list(shown(root))
    except (LookupError, OSError):
        items = []  # the include that leads nowhere is told of where it stands
    _marks["site"] = Marks(ledger.read(root / LEDGER), items, repository(config))


def on_page_content(content: str, *, page: Page, files: Files, **_: object) -> str:
    """Put the marks, or the ledger, in their places."""
    marks = _marks["site"]
    parts = {
        "summary": lambda: tables.summary(marks.kept, marks.items),
        "plot": lambda: pictures.plot(marks.kept, marks.items),
        "cells": lambda: tables.cells(marks.kept, marks.items),
        "versions": lambda: tables.versions(marks.kept),
        "failures": lambda: tables.failures(marks.kept),
        "snippets": lambda: tables.snippets(marks.kept, marks.items, marks.link),
    }

    def put(found: re.Match[str]) -> str:
        if found["name"] not in parts:
            known = ", ".join(parts)
            raise PluginError(f"{page.file.src_uri}: no part {found['name']!r}; there are {known}")
        return parts[found["name"]]()

    about = files.get_file_from_path(PAGE)
    link = about.url_relative_to(page.file) if about else ""
    return _PLACE.sub(put, marks.put(content, link))
