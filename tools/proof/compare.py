"""Compare: run the marked live tests against our router and against the stock one.

The marks of `tests/live/promises.py` say which sentence a test proves. For each sentence and server
the record has, for both routers, true where all of its tests passed, false where none did, and else
how many. A test of ours that fails runs once more, alone: a busy machine is no broken promise. One
that fails again is an error, and nothing is recorded.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tools.proof import records

FOLDER = "tests/live"
#: What the stock router has not done by then, it does not do.
TIMEOUTS = {"ours": 180, "stock": 30}
NODE = ("--ignore", f"{FOLDER}/clients")  # these have no marks, and need npm

Outcome = dict[str, Any]
Row = dict[str, Any]


def main(names: Sequence[str], root: Path = records.ROOT) -> int:
    """Compare, and record all, or show the rows of the test files with these names."""
    tests = chosen(names, root)
    ours = run("ours", tests, root)
    if failed := [one["test"] for one in ours if not one["passed"]]:
        ours = asked_again(ours, run("ours", list(dict.fromkeys(failed)), root))
    made = rows(ours, run("stock", tests, root))
    for row in made:
        print(
            f"{row['group']}: {row['sentence']}\n    ours {row['ours']}\n    stock {row['stock']}"
        )
    if problems := broken(made):
        print("\n".join([*problems, "nothing is recorded"]))
        return 1
    if not names:
        print(f"{records.write('comparison', {'rows': made}, root=root)} is written")
    return 0


def chosen(names: Iterable[str], root: Path) -> list[str]:
    """Return the test files with these words in their names, or the whole folder.

    Raises:
        SystemExit: no file has such a name.
    """
    found = [
        path.relative_to(root).as_posix()
        for path in sorted((root / FOLDER).glob("test_*.py"))
        if any(Path(name).stem in path.stem for name in names)
    ]
    if names and not found:
        raise SystemExit(f"no test file in {FOLDER} is called like {', '.join(names)}")
    return found or [FOLDER]


def run(router: str, tests: Sequence[str], root: Path = records.ROOT) -> list[Outcome]:
    """Run tests against a router, and return what came of each mark on each server."""
    print(f"{time.strftime('%H:%M:%S')} {FOLDER} against the {router} router", flush=True)
    command = [sys.executable, "-m", "pytest", *tests, *NODE, "-q", "--tb=line", "-r", "N"]
    command += [f"--timeout={TIMEOUTS[router]}", "-o", "timeout_func_only=true"]
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, "outcomes.json")
        env = {**os.environ, "COMPARE_ROUTER": router, "COMPARE_OUTCOMES": str(written)}
        subprocess.run(command, cwd=root, env=env, check=False)
        if not written.is_file():
            raise SystemExit("pytest could not run the tests; see above")
        found: list[Outcome] = json.loads(written.read_text(encoding="utf-8"))
    return found


def asked_again(found: Sequence[Outcome], again: Iterable[Outcome]) -> list[Outcome]:
    """Return the outcomes, with the later ones in place of the first."""
    later = {(one["test"], one["sentence"]): one for one in again}
    return [later.get((one["test"], one["sentence"]), one) for one in found]


def rows(ours: Sequence[Outcome], stock: Sequence[Outcome]) -> list[Row]:
    """Return a row for each sentence, in the order of the tests."""
    made: dict[str, Row] = {}
    told = ("id", "sentence", "group", "does", "setting")
    for one in ours:
        row = {name: one[name] for name in told if name in one}
        made.setdefault(one["sentence"], {"id": slug(one["sentence"]), **row})
    for router, outcomes in (("stock", stock), ("ours", ours)):
        for sentence, row in made.items():
            passed: dict[str, list[bool]] = {}
            for one in outcomes:
                if one["sentence"] == sentence:
                    passed.setdefault(one["server"], []).append(one["passed"])
            row[router] = {server: _value(each) for server, each in sorted(passed.items())}
    groups = ("documented", "expected", "threat")
    return sorted(made.values(), key=lambda row: groups.index(row["group"]))


def _value(passed: Sequence[bool]) -> bool | str:
    if len(set(passed)) == 1:
        return passed[0]
    return f"{sum(passed)} of {len(passed)} tests"


def slug(sentence: str) -> str:
    """Return the name of a row whose tests give it none."""
    return re.sub(r"[^a-z0-9]+", "-", sentence.lower()).strip("-")


def broken(made: Iterable[Row]) -> list[str]:
    """Return which promises ours does not keep."""
    return [
        f"ours breaks on {server}: {row['sentence']} ({value or 'no test passed'})"
        for row in made
        for server, value in row["ours"].items()
        if value is not True
    ]
