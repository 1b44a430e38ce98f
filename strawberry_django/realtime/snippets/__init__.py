"""The guide's snippets as files of the library: find one, read it, copy it into a project.

Imports `markers` and the standard library only, so that the command line needs no Django settings.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from .markers import sections, strip_markers

if TYPE_CHECKING:
    import sys
    from collections.abc import Iterator

    if sys.version_info >= (3, 11):
        from importlib.resources.abc import Traversable
    else:
        from importlib.abc import Traversable

NEVER_COPIED = frozenset({"recorded"})
"""Folders of a subject that hold what a run answered: they are shown, and never copied."""

NOT_OF_A_PROJECT = frozenset({"recorded", "requests", "shell"})
"""Folders of a subject that are no part of the reader's project."""

_PACKAGE_DATA = "_snippets"
_COMMENT = re.compile(
    r"^\s*(?:#!.*|#|//|/\*\*?|(?<=\s)\*|<!--|\{#|\"\"\")\s*(?P<text>.*?)\s*(?:-->|\*/|#\}|\"\"\")?\s*$"
)


class SnippetError(LookupError):
    """Say which snippet could not be had, and what to ask for instead."""


@dataclass(frozen=True)
class Snippet:
    """Know one snippet file.

    `subject` is its folder and `path` its place in the reader's project, in POSIX form.
    """

    subject: str
    path: str
    file: Traversable

    @property
    def name(self) -> str:
        """Return the name by which the command line and the hints know the file."""
        return f"{self.subject}/{self.path}"

    @property
    def source(self) -> str:
        """Return the text of the file, markers and all."""
        return self.file.read_text(encoding="utf-8")

    @property
    def text(self) -> str:
        """Return the text as the reader has it: without section and highlight markers."""
        return strip_markers(self.source)

    @property
    def description(self) -> str:
        """Return the first line of the file's docstring or leading comment, or an empty string."""
        for line in self.text.splitlines():
            found = _COMMENT.match(line)
            if found is None and line.strip():
                return ""
            if found is not None and found["text"]:
                return found["text"]
        return ""

    def section(self, name: str) -> str:
        """Return the text of one named section, dedented, without markers.

        Raises:
            SnippetError: the file has no such section; the message lists those it has.
        """
        known = sections(self.source)
        if name not in known:
            names = [f"{self.name}#{each}" for each in known]
            raise SnippetError(_no_such("section", f"{self.name}#{name}", names))
        return known[name]


def root() -> Traversable:
    """Return the folder of the snippets: package data of the wheel, or the checkout's own folder.

    Raises:
        SnippetError: neither is there.
    """
    packaged = resources.files(__name__.rpartition(".")[0]) / _PACKAGE_DATA
    return _first_folder(packaged, Path(__file__).parents[3] / "snippets")


def subjects() -> list[str]:
    """Return the names of the subjects, sorted."""
    return sorted(entry.name for entry in root().iterdir() if entry.is_dir() and _is_shown(entry))


def snippets(subject: str | None = None) -> list[Snippet]:
    """Return the snippets of one subject, or of all, in the order of their names.

    Raises:
        SnippetError: there is no such subject; the message names the nearest.
    """
    known = subjects()
    if subject is None:
        return [each for name in known for each in snippets(name)]
    if subject not in known:
        raise SnippetError(_no_such("subject", subject, known))
    return [Snippet(subject, path, file) for path, file in _files(root() / subject)]


def find(name: str) -> list[Snippet]:
    """Return what `name` means: a subject's snippets, or the one of a `subject/path`.

    Raises:
        SnippetError: nothing has that name; the message gives the nearest names.
    """
    name = name.strip("/")
    known = snippets()
    found = [each for each in known if name in (each.subject, each.name)]
    if not found:
        raise SnippetError(_no_such("snippet", name, [*subjects(), *(each.name for each in known)]))
    return found


def read(name: str) -> str:
    """Return the text of `subject/path`, or of one of its sections by `subject/path#section`.

    Raises:
        SnippetError: there is no such snippet or section, or `name` is a subject of several files.
    """
    file, _, section = name.partition("#")
    found = find(file)
    if len(found) > 1:
        raise SnippetError(
            f"{file} has {len(found)} snippets; name one: {', '.join(each.name for each in found)}."
        )
    return found[0].section(section) if section else found[0].text


def copy(name: str, target: Path, *, force: bool = False) -> list[Path]:
    """Write a snippet, a section of one, or a whole subject into a project.

    A subject, or a `target` that is a folder, keeps the paths that the snippets have in the guide's
    project; a single snippet with any other `target` becomes exactly that file. Folders are made as
    needed. Of a subject, what is no part of a project (commands, requests, recorded answers) stays
    behind.

    Args:
        name: subject, `subject/path` or `subject/path#section`.
        target: the project's folder, or the file to write.
        force: write over files that exist. Without it nothing at all is written when one exists.

    Returns:
        The files that were written.

    Raises:
        SnippetError: there is nothing of that name to copy.
        FileExistsError: a file exists and `force` is false.
        OSError: a file cannot be written.
    """
    file, _, section = name.partition("#")
    found = find(file)
    single = found[0].name == file.strip("/")
    hidden = NEVER_COPIED if single else NOT_OF_A_PROJECT
    chosen = [each for each in found if each.path.split("/")[0] not in hidden]
    if not chosen:
        raise SnippetError(
            f"{name} has nothing that belongs in a project; read it with: snippets show {name}"
        )
    if single and not target.is_dir():
        plan = {target: chosen[0]}
    else:
        plan = {target / each.path: each for each in chosen}
    texts = {path: each.section(section) if section else each.text for path, each in plan.items()}
    existing = sorted(str(path) for path in texts if path.exists())
    if existing and not force:
        raise FileExistsError(
            f"Nothing was written, because there already is: {', '.join(existing)}. "
            "Give --force to write over it."
        )
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(texts)


def _first_folder(packaged: Traversable, checkout: Traversable) -> Traversable:
    for folder in (packaged, checkout):
        if folder.is_dir():
            return folder
    raise SnippetError(
        f"The snippets are not there: expected the package data {packaged} or the folder "
        f"{checkout}. Install strawberry-django-channels again."
    )


def _is_shown(entry: Traversable) -> bool:
    return not entry.name.startswith((".", "__pycache__")) and not entry.name.endswith(".pyc")


def _files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if not _is_shown(entry):
            continue
        if entry.is_dir():
            yield from _files(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry


def _no_such(kind: str, name: str, known: list[str]) -> str:
    nearest = (
        difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        or [each for each in known if name in each][:3]
    )
    hint = f" Nearest: {', '.join(nearest)}." if nearest else ""
    return f"There is no {kind} {name!r}.{hint} See: python -m strawberry_django.realtime snippets"
