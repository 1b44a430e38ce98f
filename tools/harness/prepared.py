"""Prepare a project (its database, say) once for the same settings and models.

What was made is kept as long as this process, or in the folder that the environment names in
`PREPARED_PROJECTS`. Imports `projects`.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from tools.harness.projects import Project

VARIABLE = "PREPARED_PROJECTS"
DECIDING = frozenset({"settings.py", "models.py", "apps.py"})
"""The files that a database follows from."""

_lock = threading.Lock()


def prepare(project: Project, how: str, make: Callable[[Project], object]) -> None:
    """Let ``make`` make files in a project, or copy what it made in one like it.

    Args:
        project: as it was built.
        how: what ``make`` does: projects alike that are prepared alike get the same files.
        make: makes the files; it changes and removes none.
    """
    before = _contents(project.path)
    deciding = sorted((path, text) for path, text in before.items() if path.name in DECIDING)
    key = hashlib.sha256(repr((how, deciding)).encode()).hexdigest()[:16]
    kept = Path(os.environ.get(VARIABLE) or _own_folder().name, key)
    with _lock:
        if kept.is_dir():
            shutil.copytree(kept, project.path, dirs_exist_ok=True)
            return
        make(project)
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            made = Path(folder, "made")
            made.mkdir()
            for path, content in _contents(project.path).items():
                if path not in before:
                    (made / path).parent.mkdir(parents=True, exist_ok=True)
                    (made / path).write_bytes(content)
            if not kept.exists():  # Another process may have been faster.
                made.rename(kept)


@functools.cache
def _own_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="prepared-")


def _contents(folder: Path) -> dict[Path, bytes]:
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
