"""Frames: how a recorded WebSocket conversation looks on a page.

One line a frame; ``>`` is the client's and ``<`` the server's, shown as arrows that the
copy button leaves out. JSON is highlighted, anything else (a close) is shown as it is.
May import Pygments only.
"""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import JsonLexer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markdown import Markdown

_WHO = {">": ("client", "Client sends"), "<": ("server", "Server sends")}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _line(text: str) -> str:
    direction, _, frame = text.partition(" ")
    who, title = _WHO.get(direction, ("", ""))
    if not who:
        return f'<span class="frame">{html.escape(text)}\n</span>'
    shown = html.escape(frame)
    if _is_json(frame):
        shown = highlight(frame, JsonLexer(), HtmlFormatter(nowrap=True)).rstrip("\n")
    return f'<span class="frame frame--{who}" title="{title}">{shown}\n</span>'


def fence(
    source: str,
    language: str,
    css_class: str,
    _options: Mapping[str, str],
    _md: Markdown,
    *,
    classes: Sequence[str] = (),
    attrs: Mapping[str, str],
    **_: object,
) -> str:
    """Write a block of frames as HTML (the signature is that of a superfences format)."""
    given = dict(attrs)
    title = given.pop("title", "")
    filename = f'<span class="filename">{html.escape(title)}</span>' if title else ""
    written = "".join(f' {name}="{html.escape(value)}"' for name, value in given.items())
    names = " ".join([f"language-{language}", css_class, "highlight", *classes])
    lines = "".join(_line(line) for line in source.strip("\n").split("\n"))
    return f'<div class="{names}"{written}>{filename}<pre><code>{lines}</code></pre></div>'
