"""How the guide is verified: ``<!-- verification NAME -->`` alone on a line becomes its figures.

May import tools.verification only.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.exceptions import PluginError

from tools import verification

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig

PARTS = {
    "figures": verification.figures,
    "mutants": verification.mutants,
    "survivors": verification.survivors,
}
_PLACE = re.compile(r"^<!-- verification (?P<name>[\w-]+) -->$", re.MULTILINE)


def on_page_markdown(markdown: str, config: MkDocsConfig, **_: object) -> str:
    """Put the figures in their places."""
    root = Path(config.config_file_path or "mkdocs.yml").resolve().parent

    def part(found: re.Match[str]) -> str:
        if found["name"] not in PARTS:
            raise PluginError(f"{found[0]}: choose from {', '.join(PARTS)}")
        return PARTS[found["name"]](root)

    return _PLACE.sub(part, markdown)
