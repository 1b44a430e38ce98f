"""Hints: a snippet whose annotations Python looks at, so that a name that is not there is an error.

Imports the standard library only.
"""

from __future__ import annotations

from pathlib import Path

LATER = "from __future__ import annotations\n"


def evaluated(path: Path) -> str:
    """Return the text of a module without the import that leaves its hints as they are."""
    source = path.read_text(encoding="utf-8")
    assert LATER in source
    return source.replace(LATER, "")
