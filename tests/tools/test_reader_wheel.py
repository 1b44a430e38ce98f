"""Planted faults for what a reader installed: another byte, another version, a file less."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

import pytest

from tools.reader import wheel
from tools.reader.terminal import StuckError

ROUTERS = "strawberry_django/routers/__init__.py"
REALTIME = "strawberry_django/realtime/__init__.py"
INFO = "strawberry_django_channels-{}.dist-info"


def contents(version: str = "0.1.0", **changed: str) -> dict[str, str]:
    """Return the files of a wheel by their names, with its RECORD."""
    info = INFO.format(version)
    files = {ROUTERS: "from x import y\n", REALTIME: "y = 1\n", f"{info}/METADATA": version}
    for name, text in changed.items():
        files[{"routers": ROUTERS, "realtime": REALTIME}[name]] = text
    rows = [f"{name},{record(text)},{len(text)}" for name, text in files.items()]
    return {**files, f"{info}/RECORD": "\n".join([*rows, f"{info}/RECORD,,"])}


def record(text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return f"sha256={digest.decode().rstrip('=')}"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    pack(folder, contents())
    return folder


def pack(folder: Path, files: dict[str, str]) -> None:
    name = "strawberry_django_channels-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder / name, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


def installed(folder: Path, files: dict[str, str]) -> Path:
    """Lay files where an environment has its packages."""
    environment = folder / "environment"
    for name, text in files.items():
        path = environment / "lib/python3.13/site-packages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return environment


def test_what_was_built_is_what_is_installed(tmp_path: Path, wheels: Path) -> None:
    wheel.same_as_built(wheels, installed(tmp_path, contents()))


@pytest.mark.parametrize(
    ("files", "other"),
    [
        (contents(routers="from x import z\n"), ROUTERS),
        (contents(realtime="y = 2\n"), REALTIME),
        (contents("0.1.1"), "strawberry_django_channels-0.1.0.dist-info/METADATA"),
        ({name: text for name, text in contents().items() if name != ROUTERS}, ROUTERS),
        ({**contents(), ROUTERS: "from x import z\n"}, ROUTERS),  # its RECORD says nothing of it
    ],
)
def test_another_byte_version_or_a_file_less(
    tmp_path: Path, wheels: Path, files: dict[str, str], other: str
) -> None:
    with pytest.raises(StuckError, match=rf"not installed as they are in .*: {other}"):
        wheel.same_as_built(wheels, installed(tmp_path, files))


def test_a_wheel_without_the_library(tmp_path: Path, wheels: Path) -> None:
    files = contents()
    info = INFO.format("0.1.0")
    files[f"{info}/RECORD"] = f"{info}/METADATA,{record('0.1.0')},5"
    pack(wheels, files)
    with pytest.raises(StuckError, match=rf"has no {REALTIME}, {ROUTERS}"):
        wheel.same_as_built(wheels, installed(tmp_path, contents()))


@pytest.mark.parametrize(
    ("script", "ours"),
    [
        ("python -m pip install strawberry-django-channels channels daphne\n", True),
        ("uv add strawberry-django-channels channels daphne\n", True),
        ("cd here\npython -m pip install 'strawberry-django-channels[redis]'\n", True),
        ("python -m pip install channels-redis\n", False),
        ("echo strawberry-django-channels\n", False),
    ],
)
def test_which_commands_install_the_library(script: str, ours: bool) -> None:
    assert wheel.is_installed_by(script) is ours
