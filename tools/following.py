"""Following: what a page's Python blocks make of a project, taken as their titles say.

Whoever copies them in their order has, after each, files in which every name is given, and keeps
what the blocks before have given. Of the prose it hears when to undo (`tools.reader.turns`), "add
its keys to those you have" of a dictionary, and "Take out the `name` that you have". May import
tools.harness.projects, tools.markers, tools.problems, tools.shown, tools.undefined and of
tools.reader `files` and `turns`.
"""

from __future__ import annotations

import ast
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tools.harness.projects import BASE, as_copied, project_files
from tools.markers import Fence, fences
from tools.problems import Problem
from tools.reader import files
from tools.reader.turns import PATTERNS
from tools.shown import seen

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The subjects whose project a page's reader has, where it is more than a new one.
STARTS = {
    "guide/clients.md": ("asgi_routing", "chat"),
    "guide/security.md": ("settings", "asgi_routing", "channel_layers_memory", "resolver_user"),
    "guide/testing.md": ("asgi_routing", "chat"),
}
#: What Django asks a file for by name: who replaces the whole of it gives that too.
ASKED = {"asgi.py": "application", "settings.py": "INSTALLED_APPS", "urls.py": "urlpatterns"}
_ADD_KEYS = re.compile(r"\badd its keys to those you have\b")
_TAKE_OUT = re.compile(r"\bTake out the `(?P<name>\w+)` that you have\b")
_PART, _AT_THE_END = " (part)", " (at the end)"


def problems(root: Path) -> Iterator[Problem]:
    """Yield what is wrong for whoever follows a page of a checkout, page by page."""
    for path in sorted((root / "docs").rglob("*.md")):
        with tempfile.TemporaryDirectory(prefix="following-") as folder:
            yield from Following(root, path, Path(folder)).problems


class Following:
    """A page's Python blocks, taken one after another into a folder.

    Attributes:
        problems: what was wrong on the way.
    """

    def __init__(self, root: Path, page: Path, folder: Path, *, look_at_names: bool = True) -> None:
        """Follow a page.

        Args:
            root: the checkout.
            page: its file.
            folder: where the reader's project is made.
            look_at_names: after each block, look for names that nothing gives. Whoever runs what
                comes of it has no need to, and needs no pyflakes.
        """
        self.root = root
        self._looks = look_at_names
        self.folder = folder
        self.name = page.relative_to(root).as_posix()
        self.problems: list[Problem] = []
        self._edits = files.Edits()
        self._adds_keys = False
        self._to_take_out: list[str] = []
        self._told: set[tuple[Path, str]] = set()
        self._begin(STARTS.get(page.relative_to(root / "docs").as_posix(), ()))
        lines = page.read_text(encoding="utf-8").splitlines()
        blocks = {block.start: block for block in fences(lines)}
        done = 0
        for number, line in enumerate(lines):
            if number in blocks:
                self._take(blocks[number])
                done = blocks[number].end
            elif number >= done:
                self._listen(number + 1, line)

    def _begin(self, subjects: tuple[str, ...]) -> None:
        for subject in (BASE, *subjects):
            source = self.root / "snippets" / subject
            for path in project_files(source) if source.is_dir() else ():
                copy = self.folder / path.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(as_copied(path))

    def _listen(self, number: int, line: str) -> None:
        if line.startswith("#"):
            self._edits = files.Edits()
        if re.search(PATTERNS["undo"], line):
            try:
                self._edits.undo()
            except ValueError as error:
                fix = "say it below what it is about"
                self.problems.append(Problem(self.name, number, str(error), fix))
        self._adds_keys = self._adds_keys or bool(_ADD_KEYS.search(line))
        self._to_take_out += _TAKE_OUT.findall(line)

    def _take(self, block: Fence) -> None:
        title = block.options.get("title", "")
        text = self._text(block)
        if block.language != "python" or not files.TITLE.match(title) or not text:
            return
        path = files.place(self.folder, title)
        report = _Report(self, block.start + 1, path.relative_to(self.folder).as_posix())
        try:
            self._put(path, title, text, report)
        except FileNotFoundError:
            report("nothing before this block makes {file}", "show the file, or drop the brackets")
            return
        except SyntaxError as error:
            report(f"this block and {{file}} make no Python: {error.msg}", "show whole statements")
            return
        written = path.read_text(encoding="utf-8")
        part = "" if title.endswith(")") else f', or write title="{title}{_PART}"'
        for name in self._undefined(written) if self._looks else ():
            if (path, name) not in self._told:
                self._told.add((path, name))
                what = f"as this block leaves {{file}} nothing gives {name!r} where it is used"
                report(what, f"show its import or definition first{part}")
        asked = ASKED.get(path.name)
        if asked and asked not in _given(written):
            report(f"as this block leaves {{file}} it has no {asked}", f"show it too{part}")

    def _text(self, block: Fence) -> str:
        lines: list[str] = []
        for target in block.targets:
            file, _, section = target.partition(":")
            path = self.root / "snippets" / file
            if not path.is_file():
                return ""
            lines += [line for _, line in seen(path.read_text(encoding="utf-8"), section)]
        return "\n".join(lines) + "\n" if lines else ""

    def _put(self, path: Path, title: str, text: str, report: _Report) -> None:
        is_addition = title.endswith((_PART, _AT_THE_END))
        before = path.read_text(encoding="utf-8") if is_addition else ""
        names, self._to_take_out = self._to_take_out, []
        for name in names:
            before = _without(before, name, report)
        if names:
            path.write_text(before, encoding="utf-8")
        if title.endswith(_AT_THE_END):
            for name in _given_again(before, text):
                fix = f'write "{_PART.strip()}", or say "Take out the `{name}` that you have"'
                report(f"{{file}} has {name!r}, and what is put at the end gives it again", fix)
        elif is_addition:
            text = self._with_keys(before, text, report)
        self._edits.write(self.folder, title, text)

    def _with_keys(self, before: str, text: str, report: _Report) -> str:
        """Add the keys that a dictionary has to those of the part, or tell which ones it loses."""
        part, there = ast.parse(text), _dictionaries(ast.parse(before))
        for name, value in _dictionaries(part).items():
            own = {_written(key) for key in value.keys}
            old = there.get(name, ast.Dict([], []))
            kept = [(k, v) for k, v in zip(old.keys, old.values, strict=True)]
            kept = [(key, its) for key, its in kept if _written(key) not in own]
            if kept and self._adds_keys:
                value.keys = [*(key for key, _ in kept), *value.keys]
                value.values = [*(its for _, its in kept), *value.values]
                text = ast.unparse(part)
            elif kept:
                lost = ", ".join(_written(key) for key, _ in kept)
                fix = 'show one dictionary, or say "add its keys to those you have" above'
                report(f"the {name} of this part takes the place of one with {lost}", fix)
        return text

    def _undefined(self, source: str) -> list[str]:
        from tools.undefined import given, undefined

        def stars(module: str) -> set[str] | None:
            path = self.folder / f"{module.replace('.', '/')}.py"
            return given(path.read_text(encoding="utf-8")) if path.is_file() else None

        return undefined(source, stars)


class _Report:
    """Where a block stands, and the file that it is about."""

    def __init__(self, of: Following, line: int, file: str) -> None:
        self.of, self.line, self.file = of, line, file

    def __call__(self, what: str, fix: str) -> None:
        self.of.problems.append(
            Problem(self.of.name, self.line, what.replace("{file}", self.file), fix)
        )


def _without(source: str, name: str, report: _Report) -> str:
    lines = source.splitlines()
    found = [one for one in ast.parse(source).body if name in files.names(one)]
    if not found:
        report(f"{{file}} has no {name!r} to take out", "drop the sentence, or name what is there")
    for one in reversed(found):
        del lines[one.lineno - 1 : one.end_lineno]
    return "\n".join(lines) + "\n"


def _given(source: str) -> set[str]:
    return {name for one in ast.parse(source).body for name in files.names(one)}


def _given_again(before: str, text: str) -> Iterator[str]:
    """Yield the names that are there and that a text gives again, without making use of them."""
    there = _given(before)
    for statement in ast.parse(text).body:
        nodes = [one for one in ast.walk(statement) if isinstance(one, ast.Name)]
        used = {one.id for one in nodes if isinstance(one.ctx, ast.Load)}
        yield from sorted((files.names(statement) & there) - used)


def _dictionaries(tree: ast.Module) -> dict[str, ast.Dict]:
    return {
        name: one.value
        for one in tree.body
        if isinstance(one, (ast.Assign, ast.AnnAssign)) and isinstance(one.value, ast.Dict)
        for name in files.names(one)
    }


def _written(key: ast.expr | None) -> str:
    return "**" if key is None else ast.unparse(key)
