"""The section "Installation" of docs/integrations/channels.md."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from email.parser import Parser
from pathlib import Path

import pytest

from tests.guide.support import GUIDE, read
from tools.harness import live, projects

UV = [sys.executable, "-m", "uv"]
#: The matrix installs the versions of its cell here, too.
CONSTRAINTS = os.environ.get("MATRIX_PINS", str(live.ROOT / "constraints.txt"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the package index would give."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=live.ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def run(command: list[str], folder: Path, **env: str) -> None:
    """Run a command as a reader would, in an environment of nobody's."""
    hidden = {"PYTHONPATH", "VIRTUAL_ENV", "DJANGO_SETTINGS_MODULE", "UV_PROJECT_ENVIRONMENT"}
    own = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        command, cwd=folder, env={**own, **env}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def the_project_works(folder: Path, python: Path) -> None:
    """Let the checks look at the guide's project, which needs all that was installed."""
    project = projects.build(folder / "myproject", *GUIDE, "channel_layers_redis")
    run([str(python), "manage.py", "check", "--fail-level", "WARNING"], project.path)


def in_one_go() -> str:
    """Return the README's command, which names the packages of the guide's tip."""
    readme = (live.ROOT / "README.md").read_text(encoding="utf-8")
    ((line, name),) = re.findall(r'^(python -m pip install "(.+)")$', readme, re.MULTILINE)
    guide = (live.ROOT / "docs/integrations/channels.md").read_text(encoding="utf-8")
    assert f"`{name}` names the same packages" in guide
    return str(line)


@pytest.mark.parametrize(
    ("commands", "missing"),
    [
        pytest.param(lambda: read("installation/shell/pip.sh"), [], id="the guide"),
        pytest.param(in_one_go, ["channels-redis", "daphne"], id="in one go"),
    ],
)
def test_the_pip_commands_install_what_is_missing(
    tmp_path: Path, wheel: Path, commands: Callable[[], str], missing: list[str]
) -> None:
    # pip takes a minute to fetch what uv has at once; so only ours is missing here, and of the
    # extras the packages that they name, without what these need.
    run([*UV, "venv", "--quiet", "--seed", "--python", sys.executable, "venv"], tmp_path)
    theirs = ["strawberry-graphql-django", "channels", "daphne", "channels-redis"]
    install = ["pip", "install", "--quiet", "--python", "venv", "--constraints", CONSTRAINTS]
    run([*UV, *install, *theirs], tmp_path)
    if missing:
        run([*UV, "pip", "uninstall", "--quiet", "--python", "venv", *missing], tmp_path)
    binaries = tmp_path / "venv/bin"
    env = {
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "PIP_FIND_LINKS": str(wheel.parent),
        "PIP_CONSTRAINT": CONSTRAINTS,
    }
    run(["sh", "-eu", "-c", commands()], tmp_path, **env)
    the_project_works(tmp_path, binaries / "python")


def test_the_uv_commands_install_everything_into_nothing(tmp_path: Path, wheel: Path) -> None:
    run([*UV, "init", "--quiet", "--bare", "--no-workspace", "--python", sys.executable], tmp_path)
    env = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "UV_FIND_LINKS": str(wheel.parent),
        "UV_CONSTRAINT": CONSTRAINTS,
        "UV_PYTHON": sys.executable,
    }
    run(["sh", "-eu", "-c", read("installation/shell/uv.sh")], tmp_path, **env)
    the_project_works(tmp_path, tmp_path / ".venv/bin/python")


def test_both_tools_are_asked_for_the_same_packages() -> None:
    def packages(name: str) -> list[str]:
        lines = re.findall(r"^(?:python -m pip install|uv add) (.+)$", read(name), re.MULTILINE)
        return [package for line in lines for package in line.split()]

    assert packages("installation/shell/pip.sh") == packages("installation/shell/uv.sh")
    assert packages("installation/shell/pip.sh") == [
        "strawberry-django-channels",
        "channels",
        "daphne",
        "channels-redis",
    ]


def test_the_extras_name_the_same_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    assert metadata["Requires-Python"] == ">=3.10"
    requirements = metadata.get_all("Requires-Dist") or []
    always = {re.split(r"[^\w-]", each)[0] for each in requirements if "extra ==" not in each}
    found = (re.match(r"([\w-]+).*extra == '(\w+)'", each) for each in requirements)
    extras = {match[2]: match[1] for match in found if match}
    assert always >= {"channels", "strawberry-graphql-django"}
    assert extras == {"daphne": "daphne", "fast": "orjson", "redis": "channels-redis"}
