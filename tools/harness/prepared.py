"""Prepare a project (its database, say) once for the same settings and models."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tools.harness.projects import Project

VARIABLE = "PREPARED_PROJECTS"
"""Names a folder in which processes share what they made; without it, each has its own."""
DECIDING = frozenset({"settings.py", "models.py", "apps.py"})
"""The files that a database follows from."""


def prepare(project: Project, how: str, make: Callable[[Project], object]) -> None:
    """Let ``make`` add files to a project, or copy what it added to one like it.

    ``how`` says what it does: projects alike that are prepared alike get the same files.
    """
    before = _contents(project.path)
    deciding = sorted((path, text) for path, text in before.items() if path.name in DECIDING)
    key = hashlib.sha256(repr((how, deciding)).encode()).hexdigest()[:16]
    kept = Path(_folder(), key)
    if kept.is_dir():
        shutil.copytree(kept, project.path, dirs_exist_ok=True)
        return
    make(project)
    made = Path(tempfile.mkdtemp(dir=kept.parent))
    for path, content in _contents(project.path).items():
        if path not in before:
            (made / path).parent.mkdir(parents=True, exist_ok=True)
            (made / path).write_bytes(content)
    if not kept.exists():  # Another process may have been faster.
        made.rename(kept)


def _folder() -> str:
    if VARIABLE not in os.environ:
        os.environ[VARIABLE] = tempfile.mkdtemp(prefix="prepared-")
        atexit.register(shutil.rmtree, os.environ[VARIABLE])
    return os.environ[VARIABLE]


def _contents(folder: Path) -> dict[Path, bytes]:
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
