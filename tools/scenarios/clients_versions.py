"""Record which versions of the clients are tested: those that the tests install."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tools.harness import live
from tools.scenarios import scenario

NPM = ("graphql-ws", "@apollo/client", "@urql/core", "@urql/exchange-retry", "graphql-sse")
PYPI = ("gql", "django-cors-headers")


@scenario("clients/recorded/versions.txt")
def versions(_folder: Path) -> str:
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
    return "".join(f"{name:<22}{version}\n" for name, version in found.items())
