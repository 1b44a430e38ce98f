"""The security page's table: ``<!-- threats -->`` alone on a line becomes the recorded table.

May import tools.threats only.
"""

from __future__ import annotations

import json

from tools.threats import RECORD, table

PLACE = "<!-- threats -->"


def on_page_markdown(markdown: str, **_: object) -> str:
    """Put the table in its place."""
    if PLACE not in markdown:
        return markdown
    return markdown.replace(PLACE, table(json.loads(RECORD.read_text(encoding="utf-8"))))
