"""Record what the security tests show, of our router and of the stock one.

``python -m tools.threats`` runs ``tests/live`` twice, once against each router, and writes
``tools/threats.json``: for each threat what we do, the setting, its tests, and how many of
them passed. The security page's table is made of that record (see `tools.hooks.records`). Both
routers run on each of the servers. What fails on the stock router is a ✗. A test of ours that
fails is asked once more, alone, and named in the record; when it fails again that is an error, and
nothing is written. With files as arguments only these are run, and their table is printed; with
``--record`` their rows are written too, if nothing else has changed since the record was made.
May import tools.harness and tools.stamp.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools import stamp
from tools.harness import live
from tools.harness.servers import SERVERS

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "tools" / "threats.json"
TESTS = "tests/live"
OUR_TIMEOUT, STOCK_TIMEOUT = 180, 30

Outcome = dict[str, str]


def digest(root: Path = ROOT) -> str:
    """Return a hash of the tests and of the site that they attack."""
    return stamp.digest((root / TESTS).rglob("*.py"))


def digests(root: Path = ROOT) -> dict[str, str]:
    """Return a hash of each of these files."""
    paths = sorted((root / TESTS).rglob("*.py"))
    return {str(path.relative_to(root)): stamp.digest([path]) for path in paths}


def promised(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Yield each threat that the tests name, with the name of the file."""
    for path in sorted((root / TESTS).glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "promise":
                yield ast.literal_eval(node.args[0]), path.name


def outcomes(router: str, tests: Sequence[str] = (TESTS,)) -> list[Outcome]:
    """Run the tests against a router, and return each outcome; pytest shows how far it is."""
    print(f"the tests against the {router} router", flush=True)
    started = time.monotonic()
    timeout = OUR_TIMEOUT if router == "ours" else STOCK_TIMEOUT
    command = [sys.executable, "-m", "pytest", *tests, "-q", f"--timeout={timeout}", "--tb=line"]
    command += ["-o", "timeout_func_only=true", "-r", "N"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "outcomes.json")
        env = {**os.environ, "SECURITY_ROUTER": router, "SECURITY_RECORD": str(path)}
        mode = ["--live"] if live.is_live() else []
        subprocess.run([*command, *mode], cwd=ROOT, env=env, check=False)
        found: list[Outcome] = json.loads(path.read_text(encoding="utf-8"))
    print(f"{len(found)} outcomes in {time.monotonic() - started:.0f} s", flush=True)
    return found


def not_passed(found: Sequence[Outcome]) -> list[str]:
    """Return the tests that did not pass, each once."""
    return list(dict.fromkeys(one["test"] for one in found if one["outcome"] != "passed"))


def asked_again(found: Sequence[Outcome], again: Sequence[Outcome]) -> list[Outcome]:
    """Return the outcomes, with those of the tests that were asked once more in their place."""
    later = {(one["test"], one["threat"]): one for one in again}
    return [later.get((one["test"], one["threat"]), one) for one in found]


def rows(ours: Sequence[Outcome], stock: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return a row for each threat, in the order of the tests."""
    made: dict[str, dict[str, Any]] = {}
    for one in ours:
        row = made.setdefault(
            one["threat"],
            {name: one[name] for name in ("threat", "does", "setting")} | {"tests": []},
        )
        test = one["test"].partition("[")[0]
        if test not in row["tests"]:
            row["tests"].append(test)
    for router, found in (("ours", ours), ("stock", stock)):
        for threat, row in made.items():
            passed = [one["outcome"] == "passed" for one in found if one["threat"] == threat]
            row[router] = [sum(passed), len(passed)]
    return list(made.values())


def table(record: dict[str, Any]) -> str:
    """Return the page's table."""
    lines = [
        "| Threat | What we do | Setting | Tests | This router | Stock router |",
        "| --- | --- | --- | --- | :-: | :-: |",
    ]
    for row in record["rows"]:
        files = sorted({Path(test.partition("::")[0]).name for test in row["tests"]})
        tests = f"{', '.join(f'`{name}`' for name in files)} ({len(row['tests'])})"
        signs = [_sign(*row[router]) for router in ("ours", "stock")]
        cells = [row["threat"], row["does"], row["setting"], tests, *signs]
        lines.append(f"| {' | '.join(cells)} |")
    servers = ", ".join(name.capitalize() for name in record["servers"])
    said = f"Both routers were asked on {servers}. {stamp.sentence(record)}"
    if record["again"]:
        said += f" Asked twice: {', '.join(f'`{test}`' for test in record['again'])}."
    return "\n".join([*lines, "", said])


def _sign(passed: int, tests: int) -> str:
    if tests and passed == tests:
        return "✓"
    return f"✗ ({passed} of {tests})"


def make(
    ours: Sequence[Outcome], stock: Sequence[Outcome], again: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the record."""
    made = {"servers": list(SERVERS), "again": list(again), "rows": rows(ours, stock)}
    return {**stamp.stamp(), "digest": digest(), "files": digests(), **made}


def unfit(record: Mapping[str, Any], files: Sequence[str]) -> list[str]:
    """Return why the rows of ``files`` cannot be recorded anew alone, if they cannot."""
    before, now = record["files"], digests()
    changed = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
    problems = [f"{name} has changed too" for name in sorted(changed - set(files))]
    if record["versions"] != stamp.stamp()["versions"]:
        problems.append("the versions are not those of the record")
    split = [row["threat"] for row in record["rows"] if len(_asked(row, files)) > 1]
    return [*problems, *(f"{threat!r} has tests elsewhere too" for threat in split)]


def _asked(row: Mapping[str, Any], files: Sequence[str]) -> set[bool]:
    """Return whether a row's tests are in ``files``: all are, none is, or both."""
    return {test.partition("::")[0] in files for test in row["tests"]}


def updated(old: Mapping[str, Any], new: Mapping[str, Any], files: Sequence[str]) -> dict[str, Any]:
    """Return a new record of all, of which the rows of ``files`` were asked again."""
    found = {row["threat"]: row for row in new["rows"]}
    kept = []
    for row in old["rows"]:
        again = found.pop(row["threat"], None)
        if again or True not in _asked(row, files):
            kept.append(again or row)
    asked_twice = dict.fromkeys([*old["again"], *new["again"]])
    return {**new, "again": list(asked_twice), "rows": [*kept, *found.values()]}


def write(record: Mapping[str, Any], path: Path = RECORD) -> list[str]:
    """Write the record; or return the threats that are not met, and write nothing."""
    unmet = [row["threat"] for row in record["rows"] if row["ours"][0] != row["ours"][1]]
    if not unmet:
        stamp.write(path, record)
    return unmet


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and record from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.threats", description=__doc__)
    parser.add_argument("files", nargs="*", help="run only these, and print their table")
    parser.add_argument("--record", action="store_true", help="write the rows of the files too")
    options = parser.parse_args(arguments)
    files: list[str] = options.files
    live.ensure()
    old: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    if files and options.record and (problems := unfit(old, files)):
        print("\n".join([*problems, "nothing is run: nox -s threats records all"]))
        return 1
    ours = outcomes("ours", files or [TESTS])
    again = not_passed(ours)
    if again:
        ours = asked_again(ours, outcomes("ours", again))
    if failed := not_passed(ours):
        print("\n".join([*failed, "these tests fail: nothing is recorded"]))
        return 1
    record = make(ours, outcomes("stock", files or [TESTS]), again)
    if files:
        print(table(record))
        if not options.record:
            return 0
        record = updated(old, record, files)
    unmet = write(record)
    print("\n".join([*unmet, "nothing is recorded"] if unmet else [f"{RECORD} is written"]))
    return 1 if unmet else 0


if __name__ == "__main__":
    sys.exit(main())
