"""Records: one format for what was measured, in one folder, with a digest of what it depends on.

A record is `docs/data/NAME.json`: `record` (its name), `measured` (the date and the versions),
`digest` and `results`. An old record is information and never an error: the page says when and at
which versions it was measured. Standard library only, for the pages read records too.
"""

from __future__ import annotations

import ast
import datetime
import hashlib
import json
import platform
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "docs/data"
#: Every record depends on these.
LIBRARY = ("strawberry_django/realtime/**/*", "strawberry_django/routers/**/*")
_SHARED = (
    *("crowd.py", "driver.py", "measuring.py", "programs.py", "socket.py"),
    *("node/*", "project/*.py", "theirs/*.py"),
)
#: And each on the files that measure it, or are measured.
INPUTS = {
    "comparison": ("tests/live/**/*.py", "snippets/security/**/*", "tools/proof/compare.py"),
    "fuzz": ("tools/proof/fuzz.py", "tools/proof/fuzz_*.py"),
    **{
        name: tuple(f"benchmarks/{one}" for one in (f"{name}.py", *_SHARED))
        for name in ("broadcast", "connect", "http", "publish", "servers")
    },
    "versions": ("snippets/**/*", "tests/guide/**/*.py", "pyproject.toml"),
}
DISTRIBUTIONS = (
    *("django", "channels", "channels-redis", "strawberry-graphql", "strawberry-graphql-django"),
    *("daphne", "hypercorn", "uvicorn"),
)


def path(name: str, root: Path = ROOT) -> Path:
    """Return where a record is."""
    return root / FOLDER / f"{name}.json"


def read(name: str, root: Path = ROOT) -> dict[str, Any]:
    """Return a record."""
    found: dict[str, Any] = json.loads(path(name, root).read_text(encoding="utf-8"))
    return found


def write(name: str, results: Any, more: Iterable[str] = (), root: Path = ROOT) -> Path:
    """Write a record of today, with the versions of `DISTRIBUTIONS` and of `more`."""
    record = {
        "record": name,
        "measured": {"date": today(), "versions": versions(more)},
        "digest": digest(name, root),
        "results": results,
    }
    target = path(name, root)
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=1, ensure_ascii=False)
    target.write_text(text + "\n", encoding="utf-8")
    return target


def today() -> str:
    """Return today's date, as records have it."""
    return datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()


def versions(more: Iterable[str] = ()) -> dict[str, str]:
    """Return the version of Python, and those of distributions."""
    found = {name: version(name) for name in (*DISTRIBUTIONS, *more)}
    return {"python": platform.python_version(), **found}


def digest(name: str, root: Path = ROOT) -> str:
    """Return a hash of everything that the figures of a record depend on."""
    made = hashlib.sha256()
    for file in _files((*LIBRARY, *INPUTS[name]), root):
        made.update(file.relative_to(root).as_posix().encode() + b"\0")
        made.update(_content(file) + b"\0")
    return made.hexdigest()[:16]


def stale(root: Path = ROOT) -> list[str]:
    """Return the records that were measured with other code than there is now."""
    names = (file.stem for file in sorted((root / FOLDER).glob("*.json")))
    return [n for n in names if n in INPUTS and read(n, root)["digest"] != digest(n, root)]


def _files(patterns: Iterable[str], root: Path) -> list[Path]:
    found = {file for pattern in patterns for file in root.glob(pattern)}
    return sorted(f for f in found if f.is_file() and "__pycache__" not in f.parts)


def _content(file: Path) -> bytes:
    if file.suffix != ".py":
        return file.read_bytes()
    return "".join(_code(ast.parse(file.read_bytes()))).encode()


def _code(node: Any) -> Iterator[str]:
    """Yield the code of a tree without docstrings.

    `ast.dump` is not the same in each Python: new releases have new, empty fields.
    """
    if isinstance(node, list):
        yield "["
        for one in node:
            yield from _code(one)
        yield "]"
    elif isinstance(node, ast.AST):
        yield f"{type(node).__name__}("
        for field, value in ast.iter_fields(node):
            if field == "body" and _has_docstring(node):
                value = value[1:]
            if value is not None and value != []:
                yield f"{field}="
                yield from _code(value)
        yield ")"
    else:
        yield f"{node!r},"


def _has_docstring(node: ast.AST) -> bool:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None
