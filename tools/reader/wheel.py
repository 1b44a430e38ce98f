"""The wheel: what was installed must be what was built from the checkout, to the byte.

A package index may have the same version, or a later one. May import ``terminal`` only.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import re
import zipfile
from pathlib import Path

from tools.reader.terminal import StuckError

_INSTALLS = re.compile(
    r"^(?:python -m pip install|uv add) .*\bstrawberry-django-channels\b", re.MULTILINE
)
#: Without these it would not be the library.
_OURS = {"strawberry_django/routers/__init__.py", "strawberry_django/realtime/__init__.py"}


def is_installed_by(script: str) -> bool:
    """Tell whether commands install the library."""
    return bool(_INSTALLS.search(script))


def same_as_built(wheels: Path, environment: Path) -> None:
    """Compare what an environment has with the wheel in a folder, file by file.

    Raises:
        StuckError: a file is missing, or is another one.
    """
    (wheel,) = wheels.glob("*.whl")
    (packages,) = environment.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        (record,) = (name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
        rows = list(csv.reader(archive.read(record).decode().splitlines()))
    built = {name: digest for name, digest, _ in rows if digest}
    if not built.keys() >= _OURS:
        raise StuckError(f"{wheel.name} has no {', '.join(sorted(_OURS - built.keys()))}")
    others = [name for name, digest in built.items() if _digest(packages / name) != digest]
    if others:
        raise StuckError(f"not installed as they are in {wheel.name}: {', '.join(others[:5])}")


def _digest(path: Path) -> str:
    """Return what a RECORD says of a file (PEP 376), or nothing where it is not there."""
    if not path.is_file():
        return ""
    digest = hashlib.sha256(path.read_bytes()).digest()
    return f"sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
