"""The names: what may stand between backticks on a page.

A name is known when its words are those of the library, of a snippet or of the commands, and what
it says beyond them resolves; or when ``tools/prose/names.ini`` says where it comes from. Several
plain words are a message or a command: they are a whole string of the library, or in a snippet.

In the list ``python`` names are imported, so that one which its package drops is found; a
``quoted`` text must be what the test that its entry names holds something against, with anything
for an ellipsis; an ``npm`` name must stand in the package that its entry names, where the tests
look for it; for the others a reason stands. May import tools.problems and its sibling `resolve`.
"""

from __future__ import annotations

import ast
import configparser
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tools.problems import Problem
from tools.prose.resolve import exists, parsed, unresolved

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = "tools/prose/names.ini"
_WORD = re.compile(r"[^\W\d][\w-]*")
_PLAIN = re.compile(r"[^\W\d][\w'-]*(?: (?:[^\W\d][\w'-]*|…))+")
_TEXT = {".css", ".frames", ".graphql", ".html", ".http", ".ini", ".js", ".json", ".md", ".py"}
_TEXT |= {".sh", ".toml", ".txt"}
_SNIPPETS, _LIBRARY = "snippets", "strawberry_django"
_SOURCES = (_SNIPPETS, _LIBRARY, "pyproject.toml", "constraints.txt", "noxfile.py")


def words(text: str) -> set[str]:
    """Return the words of a text, and the parts of those that have a hyphen."""
    found = set(_WORD.findall(text))
    return found | {part for word in found for part in word.split("-")}


class _CaseSensitive(configparser.ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


class Names:
    """What is known in a checkout, and what of the list was needed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known = {
            word for path in _files(root) for word in words(f"{path.name} {_read(path)}")
        }
        self._known |= _django_settings()
        self._strings = {text for path in _files(root, _LIBRARY) for text in _strings(path)}
        self._snippets = [_read(path) for path in _files(root, _SNIPPETS)]
        self._listed = _CaseSensitive(interpolation=None, delimiters=("=",))
        path = root / NAMES
        self._listed.read_string(_read(path) if path.exists() else "")
        self._used: set[str] = set()

    def unknown(self, name: str) -> set[str]:
        """Return the words of a name that are not known, and what of it does not resolve."""
        missing = (words(name) - self._known).union(unresolved(self.root, name))
        if _PLAIN.fullmatch(name) and not self._is_said(name):
            missing.add(name)
        for section in self._listed.values():
            for listed in section:
                if listed in missing or listed == name:
                    self._used.add(listed)
                    missing -= words(listed) | {listed}
        return missing

    def _is_said(self, text: str) -> bool:
        return text in self._strings or any(text in snippet for snippet in self._snippets)

    def listed(self, section: str) -> list[tuple[str, str]]:
        """Return the names of a section of the list, each with where it comes from."""
        return self._listed.items(section)

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the list itself."""
        for section, entries in self._listed.items():
            for name, value in entries.items():
                if name not in self._used:
                    yield Problem(NAMES, 0, f"{name!r} is on no page, or known", "remove it")
                elif not value.strip():
                    yield Problem(NAMES, 0, f"{name!r} has no reason", "say where it comes from")
                elif section == "python" and not exists(value.strip()):
                    yield Problem(NAMES, 0, f"{value.strip()} does not exist", "mend the pages")
                elif section == "quoted" and not _is_held(self.root / value.strip(), name):
                    what = f"{name!r} is held against nothing in {value.strip()}"
                    yield Problem(NAMES, 0, what, "mend the pages, or name the test that has it")


def _files(root: Path, *sources: str) -> Iterator[Path]:
    """Yield the files that names are from, but for what the library ships of others."""
    for source in sources or _SOURCES:
        path = root / source
        found = [path] if path.is_file() else path.rglob("*")
        static = root / _LIBRARY / "realtime" / "static"
        for one in found:
            if one.is_file() and one.suffix in _TEXT and not one.is_relative_to(static):
                yield one


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _strings(path: Path) -> Iterator[str]:
    """Yield the strings of a module that are no docstrings."""
    tree = ast.parse(_read(path)) if path.suffix == ".py" else ast.Module([], [])
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def _compared(path: Path) -> Iterator[str]:
    """Yield the strings that a module holds something against, in an assertion or otherwise."""
    for node in ast.walk(ast.parse(_read(path))):
        if isinstance(node, (ast.Assert, ast.Compare)):
            strings = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant))
            yield from (text for text in strings if isinstance(text, str))


def _is_held(path: Path, quoted: str) -> bool:
    parts = [part.strip() for part in quoted.split("…")]
    return path.is_file() and any(all(part in text for part in parts) for text in _compared(path))


def _django_settings() -> set[str]:
    """Return the names of Django's own settings, without loading a project's."""
    tree = parsed("django.conf.global_settings")
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id.isupper()}
