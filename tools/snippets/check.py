"""Check that pages only include, that markers are sound, and that each snippet is used.

`pymdownx.snippets` resolves includes, but a section that is never closed, that is there twice or
that no page shows is nothing to it, so these checks are ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tools.snippets import Problem
from tools.snippets.markers import HIGHLIGHT, INCLUDE, SECTION, Fence, fences

#: What a block in one of these languages shows came from a run: nobody writes it.
ANSWERS = {"frames", "http", "json", "text"}
_SCISSORS = re.compile(r"8<")
_RAW_CODE = re.compile(r"<(pre|code|textarea|script)\b(?![^>]*\bid=)", re.IGNORECASE)
_CONTAINER = re.compile(r"=== |!!! |\?\?\?|[-*+] |\d+\. |: |\[\^|\|")
#: What Django and pytest find by its name.
_CONVENTION = {"__init__.py", "manage.py", "wsgi.py", "asgi.py", "settings.py", "conftest.py"}
_USERS = ("snippets", "tests", "tools", "strawberry_django")


def check(root: Path) -> list[Problem]:
    """Return everything that is wrong with the pages and snippets of a checkout."""
    return sorted(_Check(root).problems())


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the text files under a folder, and what they say."""
    for path in sorted(folder.rglob("*")):
        hidden = {"__pycache__", "node_modules"} & set(path.parts) or path.name.startswith(".")
        if path.is_file() and not hidden:
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


class _Check:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = {
            path.relative_to(root / "snippets").as_posix(): text.splitlines()
            for path, text in texts(root / "snippets")
        }
        self.sections = {name: _starts(lines) for name, lines in self.files.items()}
        self.shown: set[str] = set()

    def problems(self) -> Iterator[Problem]:
        for path in sorted((self.root / "docs").rglob("*.md")):
            name = path.relative_to(self.root).as_posix()
            yield from self._page(name, path.read_text(encoding="utf-8").splitlines())
        for name, lines in self.files.items():
            yield from _markers(f"snippets/{name}", lines)
        yield from self._unused()

    def _page(self, page: str, lines: list[str]) -> Iterator[Problem]:
        inside: set[int] = set()
        for block in fences(lines):
            inside.update(range(block.start, block.end))
            yield from self._block(page, block)
        blank, contained = True, False
        for number, line in enumerate(lines):
            if number in inside:
                continue
            if _SCISSORS.search(line):
                yield Problem(page, number + 1, "include outside a fenced block", "fence it")
            elif raw := _RAW_CODE.search(re.sub(r"(`+).+?\1", "", line)):
                yield Problem(page, number + 1, f"<{raw[1]}> typed into the page", "include a file")
            if line and not line.startswith(" "):
                contained = bool(_CONTAINER.match(line))
            elif blank and not contained and line.startswith("    ") and line.strip():
                yield _typed(page, number + 1, line)
            blank = not line.strip()

    def _block(self, page: str, block: Fence) -> Iterator[Problem]:
        line = block.start + 1
        if not block.closed:
            yield Problem(page, line, "fenced block that is not closed", f"add {block.fence}")
            return
        if "hl_lines" in block.header or "linenums" in block.header:
            yield Problem(page, line, "lines chosen by number", "mark them in the file: # (hl)")
        if not any(text.strip() for text in block.lines):
            yield Problem(page, line, "empty block", "include a snippet or remove it")
        for number, text in enumerate(block.lines, line + 1):
            if found := INCLUDE.match(text):
                yield from self._include(page, number, found["target"], block)
            elif text.strip():
                yield _typed(page, number, text)
                return

    def _include(self, page: str, line: int, target: str, block: Fence) -> Iterator[Problem]:
        file, _, section = target.partition(":")
        self.shown |= {file, target}
        if file not in self.files:
            yield Problem(page, line, f"there is no file snippets/{file}", "write it, or record it")
        elif section and section not in self.sections[file]:
            known = ", ".join(self.sections[file]) or "none"
            yield Problem(page, line, f"no section {section!r} in snippets/{file}", f"has: {known}")
        elif not section and not any(text.strip() for text in self.files[file]):
            yield Problem(page, line, f"snippets/{file} is empty", "write it")
        if block.language in ANSWERS and "/recorded/" not in file:
            fix = f"record it: nox -s docs -- record {file.partition('/')[0]}"
            yield Problem(page, line, f"an answer that no run gave: snippets/{file}", fix)

    def _unused(self) -> Iterator[Problem]:
        others = [one for folder in _USERS for one in texts(self.root / folder)]
        for name in self.files:
            for section, line in self.sections[name].items():
                if f"{name}:{section}" not in self.shown:
                    what = f"no page shows the section {section!r}"
                    yield Problem(
                        f"snippets/{name}", line, what, "include it or remove its markers"
                    )
            path = PurePosixPath(name)
            if name in self.shown or path.name in _CONVENTION or "registration" in path.parts:
                continue
            own, names = self.root / "snippets" / name, _names(path)
            if not any(other != own and names.search(text) for other, text in others):
                what = "no page shows it and nothing uses it"
                yield Problem(f"snippets/{name}", 1, what, "include it or remove it")


def _typed(page: str, line: int, text: str) -> Problem:
    fix = "move it to a file in snippets/ and include that"
    return Problem(page, line, f"code typed into the page: {text.strip()!r}", fix)


def _names(path: PurePosixPath) -> re.Pattern[str]:
    """Return what another file writes that uses this one."""
    inner = PurePosixPath(*path.parts[1:])
    words = [str(path), f"/{path.name}", f'"{path.name}']
    if path.suffix == ".py":
        *folder, stem = inner.with_suffix("").parts
        package = ".".join(folder)
        words += [
            ".".join([*folder, stem]),
            f"from {package} import {stem}",
            f"from .{stem} import",
        ]
        words += [f'"{package}"'] if stem in ("apps", "models", "admin") else []
    return re.compile("|".join(rf"{re.escape(word)}(?!\w)" for word in words))


def _starts(lines: list[str]) -> dict[str, int]:
    found = ((number, SECTION.match(line)) for number, line in enumerate(lines, 1))
    return {one["name"]: number for number, one in found if one and one["type"] == "start"}


def _markers(file: str, lines: list[str]) -> Iterator[Problem]:
    """Yield what is wrong with the markers of one file."""
    seen: set[str] = set()
    opened: dict[str, tuple[int, bool]] = {}
    highlight = 0
    for number, line in enumerate(lines, 1):
        shade = HIGHLIGHT.search(line)
        if marker := SECTION.match(line):
            name = marker["name"]
            if marker["type"] == "start":
                if name in seen:
                    yield Problem(file, number, f"section {name!r} is there twice", "rename one")
                seen.add(name)
                opened[name] = (number, False)
            elif name not in opened:
                yield Problem(file, number, f"section {name!r} ends before it starts", "start it")
            else:
                start, filled = opened.pop(name)
                if not filled:
                    yield Problem(file, start, f"section {name!r} is empty", "fill or remove it")
        elif _SCISSORS.search(line):
            what = f"malformed marker {line.strip()!r}"
            yield Problem(file, number, what, "write # --8<-- [start:name]")
        elif shade and shade["kind"] != "hl":
            if (shade["kind"] == "hl-start") == bool(highlight):
                yield Problem(file, number, f"({shade['kind']}) out of order", "pair them")
            highlight = number if shade["kind"] == "hl-start" else 0
        elif line.strip():
            opened = {name: (start, True) for name, (start, _) in opened.items()}
    for name, (start, _) in opened.items():
        fix = f"end it with # --8<-- [end:{name}]"
        yield Problem(file, start, f"section {name!r} is not closed", fix)
    if highlight:
        yield Problem(file, highlight, "(hl-start) without (hl-end)", "add it")
