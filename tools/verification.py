"""Verification: the figures of the page that says how the guide is verified.

Each is counted when the site is built, or read from the record that a session has written: none is
typed. May import what makes the records: tools.fuzz.results, tools.matrix, tools.mutate.results,
tools.mutate.library_record, tools.prose, tools.recording, tools.stock.page, tools.threats.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tools.fuzz import results as fuzzing
from tools.matrix import ledger, tables
from tools.mutate import library_record as library
from tools.mutate import results as mutation
from tools.prose.facts import facts
from tools.prose.text import prose
from tools.shown import shown
from tools.stock import page as probed
from tools.threats import RECORD as THREATS

UPSTREAM = "tools/upstream.json"
Row = tuple[str, str, str]
EARLIER = (
    "{:,} of the killed were noticed by an earlier version of the command, which also changed the "
    "order of a module's tests and left undefined names to a linter. `-- --changed` runs them "
    "again."
)


def figures(root: Path) -> str:
    """Return the table of the checks, what each holds, and its figures."""
    lines = ["| Check | Command | Figures |", "| --- | --- | --- |"]
    lines += [f"| {check} | `{command}` | {said} |" for check, command, said in _rows(root)]
    return "\n".join(lines)


def mutants(root: Path) -> str:
    """Return the table of what became of the mutants, page by page."""
    total = mutation.Figures()
    lines = [
        "| Page | Lines | Mutants | Killed | Allowed | Survived | Not run |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    for page, found in _mutated(root).items():
        total.add(found)
        lines.append(_mutants_row(f"[{page.removesuffix('.md')}]({page})", found))
    lines.append(_mutants_row("Together", total))
    if total.earlier:
        lines += ["", EARLIER.format(total.earlier)]
    return "\n".join(lines)


def survivors(root: Path) -> str:
    """Return the list of the mutants that no test noticed."""
    found = [one for page in _mutated(root).values() for one in page.survivors]
    if not found:
        return "None of those that were run."
    return "\n".join(f"- ``{one.replace('`', chr(39))}``" for one in found)


@cache
def _mutated(root: Path) -> dict[str, mutation.Figures]:
    return mutation.figures(root)


def _mutants_row(name: str, of: mutation.Figures) -> str:
    counts = (of.lines, of.mutants, of.killed, of.allowlisted, len(of.survivors), of.not_run)
    return f"| {name} | {' | '.join(f'{count:,}' for count in counts)} |"


def _rows(root: Path) -> Iterator[Row]:
    parts = list(shown(root))
    recorded = {part.file for part in parts if "/recorded/" in part.file}
    files = {part.file for part in parts} - recorded
    yield (
        "Every block is a part of a file, and every part is shown",
        "nox -s docs",
        f"{len(parts)} parts of {len(files)} snippets and {len(recorded)} recordings",
    )
    yield (
        "Every answer is recorded from a run, and still the same",
        "nox -s docs",
        f"{len(recorded)} recordings",
    )
    lines = list(prose(root / "docs"))
    numbers = sum(1 for line in lines for _ in line.numbers())
    names = sum(1 for line in lines for _ in line.names())
    yield (
        "Numbers and names in the prose are the code's",
        "nox -s docs",
        f"{numbers} numbers, {names} names, {len(list(facts()))} facts",
    )
    yield "Every snippet is run, and every claim has a test", "nox -s tests", _claims(root)
    yield (
        "A reader who has nothing but the built pages gets to the end",
        "nox -s reader",
        f"{_tests(root, 'tests/reader')} tests",
    )
    yield "The router keeps the security page's promises", "nox -s security", _security()
    yield "No frame and no request breaks it", "nox -s fuzz", _fuzzing()
    yield "What is said of the stock router is measured on both routers", "nox -s stock", _stock()
    yield (
        "Each shown line is left out and altered, to see a test fail",
        "nox -s mutate",
        _mutation(root),
    )
    yield (
        "The library is altered, to see a test of the module fail",
        "nox -s mutate -- --library",
        _library(root),
    )
    yield (
        "The snippets run at the lowest and the newest versions",
        "nox -s matrix",
        tables.figures(ledger.read(), parts),
    )
    yield (
        "What the newest releases and pre-releases make false is named",
        "nox -s upstream",
        _upstream(root),
    )
    yield (
        "The checkers find what they are there for",
        "nox -s tools",
        f"{_tests(root, 'tests/tools')} tests, with planted faults",
    )


def _claims(root: Path) -> str:
    ours, claims = _tests(root, "tests/guide"), _tests(root, "tests/guide/reference_claims")
    return f"{ours} tests of the pages, {claims} of the claims they are measured by"


def _security() -> str:
    record = _read(THREATS)
    runs = sum(row["ours"][1] for row in record["rows"])
    return f"{len(record['rows'])} threats, {runs:,} runs of their tests ({record['date']})"


def _fuzzing() -> str:
    if not fuzzing.RECORD.is_file():
        return "no full run is recorded"
    record = _read(fuzzing.RECORD)
    frames, requests = (sum(one[it] for one in record["results"]) for it in ("frames", "requests"))
    return f"{frames:,} frames, {requests:,} requests ({record['date']})"


def _stock() -> str:
    record = _read(probed.RECORD)
    claims, servers = record["claims"], probed.number(len(probed.SERVERS))
    stock, ours = (sum(probed.holds(one, router) for one in claims) for router in ("stock", "ours"))
    kept = f"the stock router keeps {stock}, ours {ours}"
    return f"{len(claims)} claims on {servers} servers: {kept} ({record['date']})"


def _upstream(root: Path) -> str:
    if not (root / UPSTREAM).is_file():
        return "not run yet"
    record = _read(root / UPSTREAM)
    stock, expected = record["stock"], record.get("expected")
    more = f" and {expected['false']} of {expected['of']} that one may expect" if expected else ""
    return (
        f"{record['passed']:,} tests passed, {record['failed']:,} failed; false would be "
        f"{record['lines']:,} lines, {record['prose']:,} numbers and names in the prose, "
        f"{record['promises']} of our promises, and of the stock router {stock['false']} of "
        f"{stock['of']} sentences of its documentation{more} "
        f"(on {', '.join(record['servers'])}, {record['date']})"
    )


def _mutation(root: Path) -> str:
    total = mutation.Figures()
    for found in _mutated(root).values():
        total.add(found)
    said = f"{total.killed:,} of {total.mutants:,} mutants killed"
    if total.allowlisted:
        said += f", {total.allowlisted:,} allowed"
    if total.not_run:
        said += f", {total.not_run:,} not run yet"
    if total.earlier:
        said += f", {total.earlier:,} by an earlier version"
    return f"{said} ({', '.join(mutation.Record(root).dates) or 'never run'})"


def _library(root: Path) -> str:
    found = library.together(library.figures(root))
    said = f"{found.killed:,} of {found.tried:,} mutants killed"
    if found.allowed:
        said += f", {found.allowed:,} allowed"
    said += f"; tried of {found.mutants:,} in all"
    if found.unknown:
        said += f", {len(found.unknown)} of the modules not run as they are"
    return f"{said} ({', '.join(library.Record(root).dates) or 'never run'})"


def _tests(root: Path, folder: str) -> int:
    """Count the functions of a folder's modules that pytest runs."""
    found = 0
    for path in (root / folder).rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = (ast.FunctionDef, ast.AsyncFunctionDef)
        found += sum(isinstance(one, named) and one.name.startswith("test_") for one in tree.body)
    return found


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
