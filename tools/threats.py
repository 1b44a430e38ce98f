"""Record what the security tests show, of our router and of the stock one.

``python -m tools.threats`` runs ``tests/security`` twice, once against each router, and writes
``tools/threats.json``: for each threat what we do, the setting, its tests, and how many of
them passed. The security page's table is made of that record (see `tools.hooks.threats`). A test
of ours that fails is an error, and nothing is written; what fails on the stock router is a ✗.
The stock router is asked on Uvicorn. May import tools.harness.live.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tools.harness import live

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "tools" / "threats.json"
TESTS = "tests/security"
OUR_TIMEOUT, STOCK_TIMEOUT = 180, 8
DISTRIBUTIONS = (
    *("Django", "channels", "channels-redis", "strawberry-graphql", "strawberry-graphql-django"),
    *("daphne", "hypercorn", "uvicorn"),
)

Outcome = dict[str, str]


def promised(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Yield each threat that the tests name, with the name of the file."""
    for path in sorted((root / TESTS).glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "promise":
                yield ast.literal_eval(node.args[0]), path.name


def outcomes(router: str) -> list[Outcome]:
    """Run the tests against a router, and return the outcome of each."""
    timeout = OUR_TIMEOUT if router == "ours" else STOCK_TIMEOUT
    command = [sys.executable, "-m", "pytest", TESTS, "-q", f"--timeout={timeout}", "--tb=line"]
    command += ["-o", "timeout_func_only=true"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "outcomes.json")
        env = {**os.environ, "SECURITY_ROUTER": router, "SECURITY_RECORD": str(path)}
        mode = ["--live"] if live.is_live() else []
        subprocess.run([*command, *mode], cwd=ROOT, env=env, check=False)
        found: list[Outcome] = json.loads(path.read_text(encoding="utf-8"))
        return found


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
    shown = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    return "\n".join([*lines, "", f"Recorded on {record['date']} with {shown}."])


def _sign(passed: int, tests: int) -> str:
    if tests and passed == tests:
        return "✓"
    return f"✗ ({passed} of {tests})"


def write(ours: Sequence[Outcome], stock: Sequence[Outcome], path: Path = RECORD) -> list[str]:
    """Write the record; or return the tests of ours that did not pass, and write nothing."""
    failed = [f"{one['test']}: {one['outcome']}" for one in ours if one["outcome"] != "passed"]
    if failed:
        return failed
    record = {
        "date": datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
        "versions": {
            "Python": platform.python_version(),
            **{name: version(name) for name in DISTRIBUTIONS},
        },
        "rows": rows(ours, stock),
    }
    text = json.dumps(record, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    return []


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and record from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.threats", description=__doc__)
    for router in ("ours", "stock"):
        parser.add_argument(f"--{router}", type=Path, help="outcomes of a run before, as JSON")
    options = vars(parser.parse_args(arguments))
    live.ensure()
    found = [
        json.loads(options[router].read_text(encoding="utf-8"))
        if options[router]
        else outcomes(router)
        for router in ("ours", "stock")
    ]
    failed = write(found[0], found[1])
    print("\n".join([*failed, "nothing was recorded"] if failed else [f"{RECORD} is written"]))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
