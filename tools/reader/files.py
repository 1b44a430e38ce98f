"""Files: what a reader makes of a block whose title is a path.

The path alone means the whole file, "(at the end)" adds to it, and "(part)" puts each thing in
place of what has the same name, new imports below the imports, and the rest at the end.
"""

from __future__ import annotations

import ast
from pathlib import Path


def write(path: Path, how: str | None, text: str) -> None:
    """Write a block into its file; a part needs one that is there."""
    if how == "part":
        text = merge(path.read_text(encoding="utf-8"), text)
    elif how == "at the end":
        text = path.read_text(encoding="utf-8").rstrip() + "\n\n\n" + text
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def merge(before: str, part: str) -> str:
    """Put a part into a Python file."""
    lines = before.splitlines()
    for new in ast.parse(part).body:
        start = end = len(lines)
        for old in ast.parse("\n".join(lines)).body:
            if _name(old) == _name(new) != "":
                start, end = old.lineno - 1, old.end_lineno or 0
                if _name(old) == "import":
                    start = end
        lines[start:end] = part.splitlines()[new.lineno - 1 : new.end_lineno]
    return "\n".join(lines) + "\n"


def _name(statement: ast.stmt) -> str:
    """Return what a statement defines or gives a value to; of all imports, ``import``."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return "import"
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement
    return str(getattr(getattr(target, "target", target), "id", getattr(target, "name", "")))
