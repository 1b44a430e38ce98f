"""Pages: resolve the includes, values and names of each page, and write plain Markdown.

`python -m tools.render.pages ROOT` writes `build/pages`, which MkDocs or Zensical builds, and says
what is wrong as `file:line`. `texts` writes what language models read, from the same Markdown.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import markdown
import yaml
from pymdownx.snippets import SnippetExtension, SnippetMissingError

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
        snippets = SnippetExtension(base_path=base, check_paths=True, dedent_subsections=True)
        self.markdown = markdown.Markdown(extensions=[snippets])
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
        parts: dict[int, str | Fence] = dict(enumerate(lines, 1))
        for block in fences(lines):
            parts[block.start + 1] = block
            for inside in range(block.start + 2, block.end + 1):
                del parts[inside]
        return "\n".join(self._part(page, line, part) for line, part in parts.items()) + "\n"

    def _part(self, page: str, line: int, part: str | Fence) -> str:
        try:
            return self._line(part) if isinstance(part, str) else self._block(part)
        except (LookupError, SnippetMissingError) as error:
            self.problems.append(Problem(f"docs/{page}", line, str(error.args[0])))
            return ""

    def _line(self, text: str) -> str:
        if named := _NAME.match(text):
            members = re.findall(r"\w+", named["members"] or "")
            return self.reference.markdown(named["name"], len(named["level"]) + 1, members)
        for found in _CODE.finditer(text):
            if not set(found[1].split(".")) <= self.words:
                raise LookupError(f"nothing in the library or the snippets is called {found[1]!r}")
        return _VALUE.sub(lambda found: self.values.get(found[1]), text)

    def _block(self, block: Fence) -> str:
        """Return a block with its snippets in it, their markers taken out."""
        self.markdown.reset()
        lines = self.markdown.preprocessors["snippet"].run(block.lines)
        lines, marked = take_highlights("\n".join(lines).rstrip().split("\n"))
        if any(".frames" in line for line in block.lines):
            for sign, arrow in ((">", "→"), ("<", "←")):
                lines = [re.sub(rf"^(\s*){sign} ", rf"\1{arrow} ", line) for line in lines]
        header = re.sub(r"^frames\b", "text", block.header)
        if marked:
            header += f' hl_lines="{" ".join(map(str, marked))}"'
        bounds = f"{block.indent}{block.fence}"
        return "\n".join([f"{bounds}{header}", *lines, bounds])


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
        about = yaml.safe_load(front)
        (site / name).write_text(body.lstrip(), encoding="utf-8")
        index.append(f"- [{about['title']}]({address}{name}): {about['description']}")
        whole.append(body.strip())
    (site / "llms.txt").write_text("\n".join(index) + "\n", encoding="utf-8")
    (site / "llms-full.txt").write_text("\n\n---\n\n".join(whole) + "\n", encoding="utf-8")


if __name__ == "__main__":
    faults = Renderer(Path(sys.argv[1]).resolve()).run()
    print("\n".join(map(str, faults)))
    sys.exit(bool(faults))
