"""Trial: the tests that show what the pages say, and what came of them.

May import tools.harness.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.harness import live

ROOT = live.ROOT
#: Those of what the pages show and say; the last asks npm packages for a default of theirs.
TESTS = (
    *("tests/guide", "tests/live/clients", "tests/live", "tests/guide/reference_claims"),
    "tests/tools/test_prose_facts.py::test_a_client_tries_again_as_often_as_the_pages_say",
)

Tests = Mapping[str, Mapping[str, Any]]


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
