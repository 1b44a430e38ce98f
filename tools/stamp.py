"""What a record says of its making: the day, the versions, and what files it was made by.

May import the standard library only: the pages' hooks read records where little is installed.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

DISTRIBUTIONS = (
    *("Django", "channels", "channels-redis", "strawberry-graphql", "strawberry-graphql-django"),
    *("daphne", "hypercorn", "uvicorn"),
)


def stamp(more: Iterable[str] = ()) -> dict[str, Any]:
    """Return today's date and the versions of Python, of `DISTRIBUTIONS` and of `more`."""
    return {
        "date": datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
        "versions": {
            "Python": platform.python_version(),
            **{name: version(name) for name in (*DISTRIBUTIONS, *more)},
        },
    }


def digest(paths: Iterable[Path]) -> str:
    """Return a hash of the files that a record is made by: another one makes the record old."""
    made = hashlib.sha256()
    for path in sorted(paths):
        made.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return made.hexdigest()[:16]


def sentence(record: Mapping[str, Any]) -> str:
    """Return the sentence that a page says of a record."""
    shown = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    return f"Recorded on {record['date']} with {shown}."


def write(path: Path, record: Mapping[str, Any]) -> None:
    """Write a record."""
    text = json.dumps(record, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
