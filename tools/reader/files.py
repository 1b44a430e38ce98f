"""Files: what a reader does with a block whose title names one.

The title alone means the whole file; "(at the end)" adds to a file; "(part)" puts each thing
in place of what has the same name, new imports below the imports, and the rest at the end.
May import the standard library only.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TITLE = re.compile(r"^(?P<path>[\w./-]*[\w-]+\.\w+)(?: \((?:at the end|part)\))?$")


def place(folder: Path, title: str) -> Path:
    """Return the file that a title names.

    Raises:
        ValueError: it names none.
    """
    found = TITLE.match(title)
    if found is None:
        raise ValueError(f"{title!r} names no file")
    return folder / found["path"]


def write(folder: Path, title: str, text: str) -> None:
    """Do with a block what its title says.

    Raises:
        FileNotFoundError: it is a part of a file that nothing on the page has made.
    """
    path = place(folder, title)
    if title.endswith(" (part)"):
        text = merge(path.read_text(encoding="utf-8"), text)
    elif title.endswith(" (at the end)"):
        text = path.read_text(encoding="utf-8").rstrip() + "\n\n\n" + text
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def merge(before: str, part: str) -> str:
    """Put a part into a Python file."""
    lines = before.splitlines()
    for statement in ast.parse(part).body:
        shown = part.splitlines()[_first_line(statement) - 1 : statement.end_lineno]
        tree = ast.parse("\n".join(lines))
        start = end = len(lines)
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            imports = [one for one in tree.body if isinstance(one, (ast.Import, ast.ImportFrom))]
            if any(ast.dump(one) == ast.dump(statement) for one in imports):
                continue
            if imports:
                start = end = imports[-1].end_lineno or 0
        else:
            for one in tree.body:
                if names(one) & names(statement):
                    start, end = _first_line(one) - 1, one.end_lineno or 0
        lines[start:end] = shown
    return "\n".join(lines) + "\n"


def names(statement: ast.stmt) -> set[str]:
    """Return the names that a statement gives something to."""
    if isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return {statement.name}
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return {one.id for one in targets if isinstance(one, ast.Name)}


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


class Edits:
    """What a reader has written under one heading, and can take back."""

    def __init__(self) -> None:
        self.before: dict[Path, str] = {}

    def write(self, folder: Path, title: str, text: str) -> None:
        """Do with a block what its title says."""
        path = place(folder, title)
        if path.exists():
            self.before.setdefault(path, path.read_text(encoding="utf-8"))
        write(folder, title, text)

    def undo(self) -> None:
        """Put the files back that were there before.

        Raises:
            ValueError: nothing under this heading has changed any.
        """
        if not self.before:
            raise ValueError("there is nothing to undo under this heading")
        for path, text in self.before.items():
            path.write_text(text, encoding="utf-8")
