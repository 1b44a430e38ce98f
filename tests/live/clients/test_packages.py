"""docs/guide/clients.md: its commands install what its clients import, and nothing else."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from importlib.metadata import requires, version
from pathlib import Path

import pytest

from tests.live.clients import node
from tools.harness import projects

SHELL = projects.SNIPPETS / "clients/shell"
#: The clients that a command is for.
COMMANDS = {
    "graphql_ws": ("graphql_ws",),
    "apollo": ("graphql_ws", "apollo", "apollo_http"),
    "urql": ("graphql_ws", "urql"),
    "urql_retry": ("urql_http",),
    "graphql_sse": ("graphql_sse",),
}
IMPORT = re.compile(r'from "(?P<name>(?:@[\w-]+/)?[\w-]+)')


def script(name: str) -> str:
    return projects.as_copied(SHELL / f"{name}.sh").decode()


def imported(client: str) -> set[str]:
    """Return the packages that a client imports, with those that they need beside them."""
    text = (node.SOURCES / f"{client}.js").read_text(encoding="utf-8")
    found = set(IMPORT.findall(text))
    for name in [*found]:
        manifest = node.packages() / "node_modules" / name / "package.json"
        its = json.loads(manifest.read_text(encoding="utf-8"))
        optional = its.get("peerDependenciesMeta", {})
        found |= {peer for peer in its.get("peerDependencies", {}) if peer not in optional}
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_npm_installs_what_the_clients_import(name: str) -> None:
    wanted = set().union(*map(imported, COMMANDS[name]))
    if name == "urql_retry":  # It comes after `urql`.
        wanted -= {*shlex.split(script("urql"))}
    assert shlex.split(script(name)) == ["npm", "install", *shlex.split(script(name))[2:]]
    assert {*shlex.split(script(name))[2:]} == wanted


def test_the_command_installs_and_the_client_loads(tmp_path: Path) -> None:
    """One of them, as it is shown, against the registry."""
    npm = node.command("npm")
    shutil.copy(node.SOURCES / "graphql_sse.js", tmp_path / "client.mjs")
    env = {**os.environ, "PATH": os.pathsep.join([str(Path(npm).parent), os.environ["PATH"]])}
    load = 'node --input-type=module --eval \'await import("./client.mjs"); console.log("loaded")\''
    done = subprocess.run(
        ["sh", "-eu", "-c", f"{script('graphql_sse')}\n{load}"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "loaded", done.stderr


@pytest.mark.parametrize(
    ("name", "expected"),
    [("cors", ["django-cors-headers"]), ("gql", ["gql[httpx,websockets]"])],
)
def test_pip_installs_what_the_programs_import(name: str, expected: list[str]) -> None:
    assert shlex.split(script(name)) == ["python", "-m", "pip", "install", *expected]
    for requirement in expected:
        distribution, _, extras = requirement.rstrip("]").partition("[")
        assert version(distribution)
        for extra in filter(None, extras.split(",")):
            needs = [one for one in requires(distribution) or () if f'extra == "{extra}"' in one]
            assert all(version(re.split(r"[^\w-]", one)[0]) for one in needs)
            assert needs
