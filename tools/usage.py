"""Usage: what uses a snippet that no page shows.

A Python module is used where another file imports or names it; anything else where its
path is written. What Django runs by convention counts as used.
May import the standard library only.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

IGNORED = {"__pycache__", "node_modules"}
SHOWN_ONLY = {"shell", "requests", "recorded"}
_CONVENTION = {"__init__.py", "manage.py", "wsgi.py", "asgi.py", "settings.py", "conftest.py"}


def is_shown_only(name: str) -> bool:
    """Tell whether a snippet is no part of the reader's project."""
    return PurePosixPath(name).parts[1] in SHOWN_ONLY


def texts(folder: Path) -> Iterator[Path]:
    """Yield the text files under a folder."""
    for path in sorted(folder.rglob("*")):
        ignored = IGNORED & set(path.relative_to(folder).parts)
        if ignored or not path.is_file() or path.name.startswith("."):
            continue
        try:
            path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        yield path


@cache
def _read(path: Path, _changed: int) -> str:
    return path.read_text(encoding="utf-8")


def is_used_elsewhere(root: Path, name: str) -> bool:
    """Tell whether something uses ``snippets/<name>`` without showing it."""
    path = PurePosixPath(name)
    inner = PurePosixPath(*path.parts[1:])
    if path.name in _CONVENTION or {"migrations", "registration"} & set(path.parts):
        return True
    words = [rf"(?<![\w.]){re.escape(word)}" for word in _names(path, inner)]
    words.append(rf"[\"'/]{re.escape(path.name)}(?=[\"'])")
    pattern = re.compile("|".join(rf"{word}(?!\w)" for word in words))
    own = root / "snippets" / name
    for folder in ("snippets", "tools/scenarios", "tests"):
        for other in texts(root / folder):
            if other != own and pattern.search(_read(other, other.stat().st_mtime_ns)):
                return True
    return False


def _names(path: PurePosixPath, inner: PurePosixPath) -> Iterator[str]:
    yield str(path)
    if path.parts[1] in SHOWN_ONLY:
        return
    if path.suffix == ".py":
        parts = inner.with_suffix("").parts
        yield ".".join(parts)
        yield f"from .{parts[-1]} import"
        yield f"from {'.'.join(parts[:-1])} import {parts[-1]}"
        if parts[-1] in ("apps", "models", "admin") and len(parts) > 1:
            yield f'"{".".join(parts[:-1])}"'
    for folder in ("templates", "static"):
        if folder in inner.parts:
            yield "/".join(inner.parts[inner.parts.index(folder) + 1 :])
