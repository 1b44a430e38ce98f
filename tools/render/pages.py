"""Pages: resolve the includes, values and names of each page, and write plain Markdown.

`python -m tools.render.pages ROOT` writes `build/pages`, which MkDocs or Zensical builds, and says
what is wrong as `file:line`. `texts` writes what language models read, from the same Markdown.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import markdown
import yaml
from pymdownx.snippets import SnippetMissingError

from tools.render.reference import Reference
from tools.render.values import Values
from tools.snippets import Problem
from tools.snippets.check import texts as files_under
from tools.snippets.markers import Fence, fences, take_highlights

TARGET = Path("build", "pages")
_VALUE = re.compile(r"\{\{ ([\w-]+\.[^{}]+?) \}\}")
_NAME = re.compile(r"^::(?P<level>:+) (?P<name>[\w.]+)(?:: (?P<members>.+))?$")
_CODE = re.compile(r"`([A-Za-z]\w*_\w*|strawberry_django\.[\w.]+)(?:=[^`]*|\([^`]*)?`")


class Renderer:
    """One rendering of a checkout; `problems` is what was wrong."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.reference = Reference(root)
        self.values = Values(root, self.reference)
        base = [str(root / "snippets")]
        config = {"base_path": base, "check_paths": True, "dedent_subsections": True}
        self.markdown = markdown.Markdown(
            extensions=["pymdownx.snippets"], extension_configs={"pymdownx.snippets": config}
        )
        sources = [root / "strawberry_django", root / "snippets"]
        found = [text for folder in sources for _, text in files_under(folder)]
        self.words = set(re.findall(r"\w+", "\n".join(found)))

    def run(self) -> list[Problem]:
        """Write every page and what is beside them; return what is wrong."""
        target = self.root / TARGET
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(self.root / "docs", target, ignore=shutil.ignore_patterns("data"))
        for path in target.rglob("*.md"):
            text = self.page(path.relative_to(target).as_posix(), path.read_text(encoding="utf-8"))
            path.write_text(text, encoding="utf-8")
        return sorted(self.problems)

    def page(self, page: str, text: str) -> str:
        """Return a page as plain Markdown."""
        lines = text.splitlines()
        written: list[str] = []
        blocks = {block.start: block for block in fences(lines)}
        after = 0
        for number, line in enumerate(lines):
            if block := blocks.get(number):
                written += self._block(page, block)
                after = block.end
            elif number >= after:
                written.append(self._line(page, number + 1, line))
        return "\n".join(written) + "\n"

    def _report(self, page: str, line: int, what: object, fix: str) -> None:
        self.problems.append(Problem(f"docs/{page}", line, str(what), fix))

    def _line(self, page: str, line: int, text: str) -> str:
        if named := _NAME.match(text):
            members = tuple(filter(None, re.split(r",\s*", named["members"] or "")))
            try:
                return self.reference.markdown(named["name"], len(named["level"]) + 1, members)
            except LookupError as error:
                self._report(page, line, error.args[0], "name what there is, or document it")
                return text

        def value(found: re.Match[str]) -> str:
            try:
                return self.values.get(found[1])
            except LookupError as error:
                what = f"no value {found[1]!r}: {error.args[0]}"
                self._report(page, line, what, "see tools/render/values.py")
                return found[0]

        for found in _CODE.finditer(text):
            if not set(found[1].split(".")) <= self.words:
                what = f"nothing in the library or the snippets is called {found[1]!r}"
                self._report(page, line, what, "write the name that there is")
        return _VALUE.sub(value, text)

    def _block(self, page: str, block: Fence) -> Iterator[str]:
        """Yield a block with its snippets in it, their markers taken out."""
        self.markdown.reset()
        try:
            lines = self.markdown.preprocessors["snippet"].run(block.lines)
        except SnippetMissingError as error:
            self._report(page, block.start + 2, error, "write the snippet, or mend the include")
            lines = []
        lines, marked = take_highlights("\n".join(lines).rstrip().split("\n"))
        if any(".frames" in line for line in block.lines):
            for sign, arrow in ((">", "→"), ("<", "←")):
                lines = [re.sub(rf"^(\s*){sign} ", rf"\1{arrow} ", line) for line in lines]
        header = re.sub(r"^frames\b", "text", block.header)
        if marked:
            header += f' hl_lines="{" ".join(map(str, marked))}"'
        yield f"{block.indent}{block.fence}{header}"
        yield from lines
        yield f"{block.indent}{block.fence}"


def texts(root: Path, site: Path, address: str = "") -> None:
    """Write `llms.txt`, `llms-full.txt` and a `.md` beside each page into a built site."""
    pages = root / TARGET
    settings = (root / "mkdocs.yml").read_text(encoding="utf-8")
    said = dict(re.findall(r"^(site_name|site_description): (.+)$", settings, re.MULTILINE))
    index = [f"# {said['site_name']}", "", f"> {said['site_description']}", "", "## Pages", ""]
    whole: list[str] = []
    for path in sorted(pages.rglob("*.md"), key=lambda path: (path.name != "index.md", path)):
        name = path.relative_to(pages).as_posix()
        _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
        about: dict[str, Any] = yaml.safe_load(front)
        (site / name).write_text(body.lstrip(), encoding="utf-8")
        index.append(f"- [{about['title']}]({address}{name}): {about['description']}")
        whole.append(body.strip())
    (site / "llms.txt").write_text("\n".join(index) + "\n", encoding="utf-8")
    (site / "llms-full.txt").write_text("\n\n---\n\n".join(whole) + "\n", encoding="utf-8")


if __name__ == "__main__":
    faults = Renderer(Path(sys.argv[1]).resolve()).run()
    print("\n".join(map(str, faults)))
    sys.exit(bool(faults))
