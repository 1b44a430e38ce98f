"""Record the versions of the clients; and each recorded file has a run that makes it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tools.harness import live
from tools.harness.projects import SNIPPETS
from tools.recorded.files import Recorded, records

NPM = ("graphql-ws", "@apollo/client", "@urql/core", "@urql/exchange-retry", "graphql-sse")
PYPI = ("gql", "django-cors-headers")


@records("clients/recorded/versions.txt")
def test_versions(recorded: Recorded) -> None:
    """Read the versions out of the files that lock them."""
    text = (live.ROOT / "tests/live/clients/package-lock.json").read_text(encoding="utf-8")
    locked = json.loads(text)["packages"]
    found = {name: str(locked[f"node_modules/{name}"]["version"]) for name in NPM}
    constraints = (live.ROOT / "constraints.txt").read_text(encoding="utf-8")
    for name in PYPI:
        pinned = re.search(rf"^{name}==(\S+)", constraints, re.MULTILINE)
        if pinned is None:
            raise LookupError(f"constraints.txt does not name {name}")
        found[name] = pinned[1]
    recorded("".join(f"{name:<22}{version}\n" for name, version in found.items()))


def test_each_recorded_file_is_made_by_a_run() -> None:
    runs = "".join(path.read_text() for path in Path(__file__).parent.glob("test_recorded_*.py"))
    for path in sorted(SNIPPETS.glob("*/recorded/*")):
        target = path.relative_to(SNIPPETS).as_posix()
        if f'"{target}"' not in runs:
            told = f"No run records snippets/{target}: remove it, or write the run."
            pytest.fail(told, pytrace=False)
