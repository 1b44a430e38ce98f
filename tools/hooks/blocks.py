"""Code blocks: highlight by marker, name the snippet, and let nothing else be typed in.

A Markdown extension with three parts. Before snippets are included, each block gets
``data-snippet``, the files it is made of, and the language that a recording's file name
asks for. After that, highlight markers become highlighted lines and vanish. An indented
code block, which no include can fill, is a warning. May import tools.markers only.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from markdown import Extension, Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.preprocessors import Preprocessor
from markdown.util import STX

from tools.hooks.frames import fence as frames_fence
from tools.markers import Fence, fences, take_highlights

if TYPE_CHECKING:
    from xml.etree import ElementTree

    from mkdocs.config.defaults import MkDocsConfig

log = logging.getLogger("mkdocs.hooks.blocks")

BEFORE_SNIPPETS = 40
BETWEEN_SNIPPETS_AND_FENCES = 28
BEFORE_CODE_BLOCKS = 81
LANGUAGE_BY_SUFFIX = {"frames": "frames", "http": "http"}


def header(block: Fence, **more: str) -> str:
    """Write the header of a block again, in braces, with more options."""
    text = block.header.strip()
    if text.startswith("{"):
        text = text.strip("{}").strip()
    elif block.language:
        text = f".{text.lstrip('.')}"
    else:
        text = f".text {text}"
    options = [f'{name.replace("_", "-")}="{value}"' for name, value in more.items() if value]
    return " ".join([f"{block.fence}{{", text, *options, "}"])


class _PerBlock(Preprocessor):
    def run(self, lines: list[str]) -> list[str]:
        written: list[str] = []
        done = 0
        for block in fences(lines):
            written += lines[done : block.start]
            written += self.rewrite(block) if block.closed else lines[block.start : block.end]
            done = block.end
        return written + lines[done:]

    def rewrite(self, block: Fence) -> list[str]:
        raise NotImplementedError


class NameSnippets(_PerBlock):
    """Say on each block which snippets it shows."""

    def rewrite(self, block: Fence) -> list[str]:
        """Give the block ``data-snippet`` and the language of its recording."""
        targets = block.targets
        if targets:
            suffix = targets[0].partition(":")[0].rpartition(".")[2]
            language = LANGUAGE_BY_SUFFIX.get(suffix)
            if language and block.language:
                block.header = block.header.replace(block.language, language, 1)
        opening = block.indent + header(block, data_snippet=" ".join(targets))
        return [opening, *block.lines, block.indent + block.fence]


class HighlightMarked(_PerBlock):
    """Turn highlight markers into highlighted lines."""

    def rewrite(self, block: Fence) -> list[str]:
        """Take the markers out and number the lines in the header."""
        kept, marked = take_highlights(block.lines)
        opening = block.indent + header(block)
        if marked:
            numbers = " ".join(str(number) for number in marked)
            opening = opening.removesuffix("}") + f'hl_lines="{numbers}" }}'
        return [opening, *kept, block.indent + block.fence]


class RefuseIndentedCode(BlockProcessor):
    """Warn of a code block made by indentation, then let it be one."""

    def test(self, parent: ElementTree.Element, block: str) -> bool:  # noqa: ARG002
        """Tell whether the block is indented code."""
        return block.startswith(" " * self.tab_length)

    def run(self, parent: ElementTree.Element, blocks: list[str]) -> bool:  # noqa: ARG002
        """Warn, unless it is a fenced block inside indentation."""
        first = blocks[0].strip().partition("\n")[0]
        if not first.startswith(STX):
            log.warning("indented code %r; make it a fenced block that includes a snippet", first)
        return False


class GuideBlocks(Extension):
    """The three parts together."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802, the name is Markdown's
        """Register the parts."""
        md.preprocessors.register(NameSnippets(md), "name_snippets", BEFORE_SNIPPETS)
        md.preprocessors.register(
            HighlightMarked(md), "highlight_marked", BETWEEN_SNIPPETS_AND_FENCES
        )
        md.parser.blockprocessors.register(
            RefuseIndentedCode(md.parser), "refuse_indented_code", BEFORE_CODE_BLOCKS
        )


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the extension and the fence for WebSocket frames."""
    extensions: list[Any] = config.markdown_extensions
    extensions.append(GuideBlocks())
    superfences = config.mdx_configs.setdefault("pymdownx.superfences", {})
    superfences["custom_fences"] = [
        *superfences.get("custom_fences", []),
        {"name": "frames", "class": "frames", "format": frames_fence},
    ]
    return config
