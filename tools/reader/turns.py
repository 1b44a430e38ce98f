"""Turns: the prose that tells a reader to do something, and how it says so.

May import the standard library only.
"""

from __future__ import annotations

import re

_PATTERNS = {
    "stop": r"\bStop the server\b",
    "restart": r"\b(?:Restart the server|Start the server again)\b",
    "second terminal": r"\bsecond terminal\b",
    "log in": r"\bLog in (?:as (?P<user>\w+) )?at http://",
    "anonymous": r"\b(?:Without a login|[Nn]ot logged in)\b",
    "the mutation": r"\bthe mutation is refused\b",
    "mutation again": r"\bRun the mutation again\b",
    "undo": r"\bThe rest of this page (?:stays with|does without)\b",
    "production": r"\bbefore the server starts\b",
    "only a status": r"\bDaphne can only say (?P<status>\d+), and its log has the reason",
    "misplace": r"\bWith daphne in the wrong place\b",
}


class Turns:
    """What the reader has been told, and has not done yet."""

    def __init__(self) -> None:
        self.told: dict[str, re.Match[str]] = {}

    def hear(self, prose: str) -> None:
        """Keep what a paragraph tells to do."""
        for name, pattern in _PATTERNS.items():
            found = re.search(pattern, prose)
            if found:
                self.told[name] = found

    def take(self, name: str) -> re.Match[str] | None:
        """Return what was told, once."""
        return self.told.pop(name, None)


def is_anonymous(title: str) -> bool:
    """Tell whether a title speaks of somebody without a login."""
    return bool(re.search(_PATTERNS["anonymous"], title))
