"""The wheel lies inside the installed `strawberry_django`; every way to install it gives ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import files
from pathlib import Path

import pytest

from tools.harness import live

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OURS = "strawberry-django-channels"
THEIRS = "strawberry-graphql-django"
SNIPPETS = "strawberry_django/realtime/_snippets/"
SOURCES = ("README.md", "LICENSE", "hatch_build.py", "pyproject.toml", "uv.lock")
IMPORT = """
import django
from django.conf import settings

settings.configure(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"])
django.setup()
import strawberry_django.routers as routers

print(routers.__file__)
print(routers.AuthGraphQLProtocolTypeRouter.__module__)
"""


class Environment:
    """A virtual environment of this Python."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.python = path / "bin/python"

    def install(self, *arguments: str) -> None:
        pinned = ["--constraints", str(live.ROOT / "constraints.txt")]
        run([*UV, "pip", "install", "--quiet", "-p", str(self.python), *pinned, *arguments])

    def uninstall(self, *names: str) -> None:
        run([*UV, "pip", "uninstall", "--quiet", "-p", str(self.python), *names])

    def imported(self, cwd: Path) -> tuple[Path, str]:
        """Return the file that `strawberry_django.routers` is, and where its router comes from."""
        file, module = run([str(self.python), "-c", IMPORT], cwd=cwd).split()
        return Path(file), module

    def site_packages(self) -> Path:
        (found,) = self.path.glob("lib/python3.*/site-packages")
        return found


UV = [sys.executable, "-m", "uv"]


def run(command: list[str], cwd: Path | None = None) -> str:
    env = {
        name: value
        for name, value in os.environ.items()
        if name
        not in ("PYTHONPATH", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "DJANGO_SETTINGS_MODULE")
    }
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=live.ROOT,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def shared_environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = Environment(tmp_path_factory.mktemp("environment") / "venv")
    run([*UV, "venv", "--quiet", "--python", sys.executable, str(environment.path)])
    environment.install(THEIRS, "channels", "pip", "hatchling", "editables")
    return environment


@pytest.fixture
def environment(shared_environment: Environment) -> Environment:
    """An environment with theirs and what both need, and without ours."""
    shared_environment.uninstall(OURS)
    return shared_environment


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout of its own, to install and to edit."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in SOURCES:
        shutil.copy(live.ROOT / name, folder)
    for name in ("snippets", live.PACKAGE):
        shutil.copytree(
            live.ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    yield folder
    shutil.rmtree(folder)


def test_the_wheel_has_our_two_packages_and_nothing_else(contents: set[str]) -> None:
    tops = {"/".join(name.split("/")[:2]) for name in contents if ".dist-info/" not in name}
    assert tops == {"strawberry_django/realtime", "strawberry_django/routers"}
    assert "strawberry_django/routers/__init__.py" in contents


def test_the_wheel_has_no_file_of_strawberry_graphql_django(contents: set[str]) -> None:
    theirs = {str(file) for file in files(THEIRS) or ()}
    assert "strawberry_django/routers.py" in theirs
    assert "strawberry_django/__init__.py" in theirs
    assert not theirs & contents


def test_the_wheel_has_every_module_and_every_snippet(contents: set[str]) -> None:
    expected = {
        inside + path.relative_to(live.ROOT / folder).as_posix()
        for folder, inside in ((live.PACKAGE, f"{live.PACKAGE}/"), ("snippets", SNIPPETS))
        for path in (live.ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected <= contents


def test_installed_after_theirs_it_is_ours_and_uninstalled_it_is_theirs_again(
    wheel: Path, environment: Environment, tmp_path: Path
) -> None:
    package = environment.site_packages() / live.PACKAGE
    assert environment.imported(tmp_path) == (package / "routers.py", "strawberry_django.routers")
    environment.install("--no-deps", str(wheel))
    ours = (package / "routers/__init__.py", "strawberry_django.realtime.routing")
    assert environment.imported(tmp_path) == ours
    environment.uninstall(OURS)
    assert environment.imported(tmp_path) == (package / "routers.py", "strawberry_django.routers")


def test_installed_before_theirs_it_is_ours_and_stays_when_theirs_is_installed_again(
    wheel: Path, environment: Environment, tmp_path: Path
) -> None:
    environment.uninstall(THEIRS)
    environment.install("--no-deps", str(wheel))
    environment.install("--no-deps", THEIRS)
    package = environment.site_packages() / live.PACKAGE
    ours = (package / "routers/__init__.py", "strawberry_django.realtime.routing")
    assert environment.imported(tmp_path) == ours
    environment.install("--reinstall", "--no-deps", THEIRS)
    assert environment.imported(tmp_path) == ours


@pytest.mark.parametrize("installer", ["uv pip", "pip"])
def test_an_editable_install_imports_the_checkout(
    installer: str, copy: Path, environment: Environment, tmp_path: Path
) -> None:
    if installer == "pip":
        pip = [str(environment.python), "-m", "pip", "install", "--quiet", "--no-deps"]
        run([*pip, "--no-build-isolation", "-e", str(copy)])
    else:
        environment.install("--no-deps", "-e", str(copy))
    expected = (
        copy / "strawberry_django/routers/__init__.py",
        "strawberry_django.realtime.routing",
    )
    assert environment.imported(tmp_path) == expected


def test_uv_sync_imports_the_checkout_as_it_is_edited(copy: Path, tmp_path: Path) -> None:
    run([*UV, "sync", "--quiet", "--frozen", "--no-default-groups", "-p", sys.executable], cwd=copy)
    environment = Environment(copy / ".venv")
    expected = (
        copy / "strawberry_django/routers/__init__.py",
        "strawberry_django.realtime.routing",
    )
    assert environment.imported(tmp_path) == expected
    (copy / "strawberry_django/realtime/edited.py").write_text("print('edited')\n")
    statement = "import strawberry_django.realtime.edited"
    assert run([str(environment.python), "-c", statement], cwd=tmp_path) == "edited\n"


def test_the_pins_are_those_of_the_lock() -> None:
    lock = tomllib.loads((live.ROOT / "uv.lock").read_text())
    locked = {f"{one['name']}=={one['version']}" for one in lock["package"] if one["name"] != OURS}
    lines = (live.ROOT / "constraints.txt").read_text().splitlines()
    assert {line.split(" ;")[0] for line in lines} == locked
