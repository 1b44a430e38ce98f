"""Prepare a project (its database, say) once for the same Python files, and copy what that made.

Imports `projects`.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

from tools.harness.projects import Project

_made: dict[tuple[str, str], dict[Path, bytes]] = {}
_lock = threading.Lock()


def prepare(project: Project, how: str, make: Callable[[Project], object]) -> None:
    """Let ``make`` make files in a project, unless this process has them from one like it.

    Args:
        project: as it was built.
        how: what ``make`` does: projects alike that are prepared alike get the same files.
        make: makes the files; it changes and removes none.
    """
    before = _contents(project.path)
    python = sorted((path, text) for path, text in before.items() if path.suffix == ".py")
    key = (hashlib.sha256(repr(python).encode()).hexdigest(), how)
    with _lock:
        if key not in _made:
            make(project)
            after = _contents(project.path)
            _made[key] = {path: text for path, text in after.items() if path not in before}
            return
    for path, content in _made[key].items():
        (project.path / path).parent.mkdir(parents=True, exist_ok=True)
        (project.path / path).write_bytes(content)


def _contents(folder: Path) -> dict[Path, bytes]:
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
