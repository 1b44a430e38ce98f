"""Check that pages only include, that snippets are whole, and that each one is shown.

``python -m tools.check_snippets`` prints each fault as ``file:line: what; fix``. What is
checked: every fenced block on a page is made of includes; included files and sections
exist; nothing is chosen or highlighted by line numbers; a title names the file; section
markers are well-formed, paired, unique, not empty and used; highlight markers are paired;
every file is shown by a page or used by another one; an answer is recorded from a run; who
follows a page has a file without faults after each block (``tools.following``). Exceptions,
with reasons: ``tools.allowlist``. May import tools.allowlist, tools.following, tools.markers,
tools.problems, tools.sections, tools.usage.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools import following
from tools.allowlist import Allowlist
from tools.markers import BLOCK_INCLUDE, INCLUDE, Fence, fences
from tools.problems import Problem
from tools.sections import Sections
from tools.usage import is_shown_only, is_used_elsewhere, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT = Path(__file__).resolve().parent.parent
_TARGET = re.compile(r"^(?P<path>[^:]*?)(?::(?P<part>.*))?$")
_SECTION_NAME = re.compile(r"[a-z][-_0-9a-z]*", re.IGNORECASE)
_RAW_CODE = re.compile(r"<(pre|code|textarea|script)\b", re.IGNORECASE)
_ANY_MARKER = re.compile(r"8<")
#: What a block in one of these languages shows came from somewhere: nobody types it.
ANSWERS = frozenset({"frames", "http", "json", "text"})
#: What a title says of a block that is not the whole file.
_PART = re.compile(r" \((?:part|at the end)\)$")


class SnippetCheck:
    """One run over the pages and snippets of a checkout."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.snippets = root / "snippets"
        self.allowlist = Allowlist(root)
        self.sections = {
            path.relative_to(self.snippets).as_posix(): Sections.read(path)
            for path in texts(self.snippets)
        }
        self.shown: set[str] = set()
        self.problems: list[Problem] = []

    def run(self) -> list[Problem]:
        """Check everything; return what is wrong in the order of files and lines."""
        for page in sorted((self.root / "docs").rglob("*.md")):
            self._check_page(page)
        for name in self.sections:
            self._check_snippet(name)
        followed = following.problems(self.root)
        return sorted([*self.problems, *followed, *self.allowlist.problems()])

    def _report(self, file: str, line: int, what: str, fix: str = "") -> None:
        self.problems.append(Problem(file, line, what, fix))

    # pages

    def _check_page(self, page: Path) -> None:
        name = page.relative_to(self.root).as_posix()
        lines = page.read_text(encoding="utf-8").splitlines()
        inside: set[int] = set()
        for block in fences(lines):
            inside.update(range(block.start, block.end))
            self._check_block(name, block)
        for number, line in enumerate(lines):
            if number in inside:
                continue
            if BLOCK_INCLUDE.match(line) or INCLUDE.match(line):
                self._report(name, number + 1, "include outside a fenced block", "fence it")
            elif _ANY_MARKER.search(line):
                self._report(name, number + 1, "stray snippet marker", "mend or remove it")
            raw = _RAW_CODE.search(re.sub(r"(`+).+?\1", "", line))
            if raw:
                self._report(
                    name,
                    number + 1,
                    f"<{raw[1]}> typed into the page",
                    "use a fenced block that includes a snippet",
                )

    def _check_block(self, page: str, block: Fence) -> None:
        line = block.start + 1
        if not block.closed:
            self._report(
                page, line, "fenced block that is not closed", f"end it with {block.fence}"
            )
            return
        if "hl_lines" in block.header or "linenums" in block.header:
            self._report(
                page, line, "lines chosen by number in a block's header", "mark them with '# (hl)'"
            )
        included = False
        for number, text in enumerate(block.lines, line + 1):
            found = INCLUDE.match(text)
            if found:
                included = True
                self._check_include(page, number, found["target"], block)
            elif _ANY_MARKER.search(text):
                self._report(
                    page,
                    number,
                    f"malformed include {text.strip()!r}",
                    'write --8<-- "file:section"',
                )
                included = True
            elif text.strip():
                self._check_typed(page, number, text, block)
                return
        if not included:
            self._report(page, line, "empty block", "include a snippet or remove it")

    def _check_typed(self, page: str, number: int, text: str, block: Fence) -> None:
        first = next(line for line in block.lines if line.strip()).strip()
        if not self.allowlist.allows("typed_block", f"{page}: {first}"):
            kind = block.language or "text"
            self._report(
                page,
                number,
                f"{kind} typed into the page: {text.strip()!r}",
                "move it to a file in snippets/ and include that",
            )

    def _check_include(self, page: str, line: int, target: str, block: Fence) -> None:
        path, part = _split(target)
        if path not in self.sections:
            near = _nearest(path, self.sections)
            self._report(page, line, f"no file snippets/{path}", near)
            return
        if block.language in ANSWERS and "/recorded/" not in path:
            place = f"{path.partition('/')[0]}/recorded/{path.rpartition('/')[2]}"
            self._report(
                page,
                line,
                f"an answer that no run gave: snippets/{path}",
                f"write a scenario in tools/scenarios that records {place}, and include that",
            )
        if part is None:
            self.shown.add(path)
            if not self.sections[path].content:
                self._report(
                    page, line, f"snippets/{path} is empty", "write it or drop the include"
                )
        elif not _SECTION_NAME.fullmatch(part):
            self._report(
                page, line, f"lines chosen by number: {target!r}", "name a section and include that"
            )
            self.shown.add(path)
        elif part not in self.sections[path].names:
            known = ", ".join(self.sections[path].names) or "none"
            self._report(page, line, f"no section {part!r} in snippets/{path}", f"it has: {known}")
            self.shown.add(path)
        else:
            self.shown |= {path, f"{path}:{part}"}
        self._check_title(page, block, path)

    def _check_title(self, page: str, block: Fence, path: str) -> None:
        title = block.options.get("title")
        title = title and _PART.sub("", title)
        if title is None or is_shown_only(path) or "." not in title or " " in title:
            return
        variant = re.sub(r"_\w+(?=\.\w+$)", "", path)
        if not any(f"/{place}".endswith(f"/{title}") for place in (path, variant)):
            place = path.partition("/")[2]
            self._report(
                page,
                block.start + 1,
                f"the title {title!r} is not the place of snippets/{path}",
                f"write title={place!r}",
            )

    # snippets

    def _check_snippet(self, name: str) -> None:
        file = f"snippets/{name}"
        sections = self.sections[name]
        self.problems += [Problem(file, *problem) for problem in sections.problems]
        for line, section in sections.starts:
            target = f"{name}:{section}"
            if target not in self.shown and not self.allowlist.allows("unused_section", target):
                self._report(
                    file, line, f"no page shows the section {section!r}", "include it or remove it"
                )
        if (
            name not in self.shown
            and not is_used_elsewhere(self.root, name)
            and not self.allowlist.allows("unused_file", name)
        ):
            self._report(file, 0, "no page shows it and nothing uses it", "include or remove it")


def _split(target: str) -> tuple[str, str | None]:
    found = _TARGET.match(target.strip())
    return (found["path"].strip(), found["part"]) if found else (target, None)


def _nearest(path: str, known: Iterable[str]) -> str:
    if "/recorded/" in path:
        return f"record it with: nox -s docs -- record {path}"
    near = difflib.get_close_matches(path, list(known), n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else "write it, or mend the path"


def check(root: Path) -> list[Problem]:
    """Return everything that is wrong with the pages and snippets of a checkout."""
    return SnippetCheck(root).run()


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a checkout from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.check_snippets", description="Check the snippets."
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout")
    run = SnippetCheck(parser.parse_args(arguments).root.resolve())
    problems = run.run()
    for problem in problems:
        print(problem)
    print(f"{len(run.sections)} snippets, {len(run.shown)} shown parts, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
