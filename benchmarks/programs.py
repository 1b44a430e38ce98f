"""The programs that are measured: what each is called, and how it is served.

May import tools.harness.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tools.harness.live import ROOT
from tools.harness.processes import accepts, free_port, running
from tools.harness.projects import Project, build
from tools.harness.servers import Server, serve

HERE = Path(__file__).parent
NODE = HERE / "node"
USER = {"username": "ada", "password": "analytical-engine"}

NAMES = {
    "bare": "Bare ASGI",
    "channels": "Channels consumer, written by hand",
    "stock": "Stock router",
    "executed": "This router, executed for each",
    "shared": "This router, shared",
    "inside": "This router, with `django_middleware=True`",
    "django": "Django alone",
    "node-graphql": "graphql-ws on Node, executed for each",
    "node-ws": "Bare `ws` on Node",
}
#: Those that serve subscriptions.
SOCKETS = tuple(name for name in NAMES if name not in ("inside", "django"))


@contextlib.contextmanager
def project() -> Iterator[Project]:
    """Build the project that each program serves."""
    with tempfile.TemporaryDirectory() as folder:
        made = build(Path(folder) / "project", "settings", "asgi_routing")
        for path in (HERE / "project").glob("*.py"):
            shutil.copy(path, made.path / "myproject")
        made.manage("migrate", env=environment("shared"))
        made.create_user(**USER)
        yield made


def environment(name: str) -> dict[str, str]:
    """Return the environment in which a program is served."""
    env = {"DJANGO_SETTINGS_MODULE": "myproject.settings_measured", "MEASURED": name}
    # Without our library on its path.
    return {**env, "PYTHONPATH": str(HERE / "theirs")} if name == "stock" else env


@contextlib.contextmanager
def served(
    made: Project,
    name: str,
    on: str = "uvicorn",
    *,
    env: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
) -> Iterator[Server]:
    """Serve a program for the length of the block."""
    if name.startswith("node-"):
        with on_node(name.removeprefix("node-")) as server:
            yield server
        return
    with serve(
        made,
        on,
        application="myproject.asgi_measured:application",
        env={**environment(name), **(env or {})},
        arguments=arguments,
    ) as server:
        yield server


@contextlib.contextmanager
def on_node(program: str) -> Iterator[Server]:
    """Serve one of the programs of `node/server.mjs`."""
    folder, port = packages(), free_port()
    shutil.copy(NODE / "server.mjs", folder)
    command = [executable("node"), "server.mjs", program, str(port)]
    with running("node", command, cwd=folder) as process:
        process.wait_until(lambda: accepts(port))
        yield Server("node", port, process)


def packages() -> Path:
    """Return a folder with the locked npm packages, filled once for each lock."""
    lock = (NODE / "package-lock.json").read_bytes()
    folder = ROOT / ".cache/benchmarks" / hashlib.sha256(lock).hexdigest()[:16]
    if not (folder / "node_modules").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(NODE / file, folder)
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
        subprocess.run([executable("npm"), "ci", *quiet], cwd=folder, check=True, timeout=150)
    return folder


def executable(name: str) -> str:
    """Return the path of a command.

    Raises:
        RuntimeError: there is none.
    """
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"no {name} (on Debian, the packages nodejs and npm)")
    return found
