"""The pages' figures about the stock router: ``<!-- stock: ... -->`` becomes what was measured.

A record that is older than its probes is a warning, and so is a page that says what the record does
not. May import tools.stock.page only.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from tools.stock.page import PLACE, RECORD, digest, fill

if TYPE_CHECKING:
    from pathlib import Path

    from mkdocs.structure.pages import Page

log = logging.getLogger("mkdocs.hooks.stock")


def on_page_markdown(markdown: str, *, page: Page, path: Path = RECORD, **_: object) -> str:
    """Fill the places of a page."""
    if not PLACE.search(markdown):
        return markdown
    record = json.loads(path.read_text(encoding="utf-8"))
    if record["digest"] != digest():
        log.warning("%s is older than its probes; run `nox -s stock`", path.name)
    try:
        return fill(markdown, record)
    except ValueError as error:
        log.warning("%s: %s", page.file.src_uri, error)
        return markdown
