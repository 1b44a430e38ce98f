"""Normalising: what differs between two runs of the same thing, made the same.

Ports, times, session keys, process ids, folders, the versions of Django and Daphne, and a status
that two Pythons name differently, are replaced by what a reader would see on a first try, so that a
recording changes only when behaviour does.
"""

from __future__ import annotations

import re
from pathlib import Path

PORT = "8000"
PROJECT_FOLDER = "/home/ada"

_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\b(127\.0\.0\.1|localhost|0\.0\.0\.0):\d{4,5}\b", rf"\1:{PORT}"),
        (r"\bport=\d{4,5}\b", f"port={PORT}"),
        (r"(?<=tcp:)\d{4,5}(?=:interface)", PORT),
        # Times, from the longest form to the shortest.
        (
            r"\b\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(?:[.,]\d+)?( ?[+-]\d\d:?\d\d|Z)?",
            r"2026-01-05\g<1>09:30:00\g<2>",
        ),
        (r"\b\d\d/[A-Z][a-z]{2}/\d{4}[: ]\d\d:\d\d:\d\d\b", "05/Jan/2026 09:30:00"),
        (
            r"\b[A-Z][a-z]+ \d{2}, \d{4} - \d\d:\d\d:\d\d",
            "January 05, 2026 - 09:30:00",
        ),
        (
            r"\b[A-Z][a-z]{2}, \d\d[ -][A-Z][a-z]{2}[ -]\d{4} \d\d:\d\d:\d\d GMT",
            "Mon, 05 Jan 2026 09:30:00 GMT",
        ),
        (r"\bin \d+(?:\.\d+)?s\b", "in 0.1s"),
        (r"\b(sessionid|csrftoken)=[A-Za-z0-9]{16,}", r"\1=…"),
        (r"(?i)(\b(?:process|pid)\b[ =]*\[?)\d+", r"\g<1>4242"),
        (r"\[(\d{3,7})\] \[INFO\]", "[4242] [INFO]"),
        (r"\bDjango version \d+(?:\.\d+)+(?:\w+)?", "Django version 5.2"),
        (r"\bDaphne version \d+(?:\.\d+)+(?:\w+)?", "Daphne version 4.2.3"),
        (r"/en/\d\.\d+/", "/en/5.2/"),
        (r"0x[0-9a-f]{8,16}\b", "0x7f0000000000"),
        # RFC 9110 has a new name for it, and so has Python since 3.13.
        (r"(?<=HTTP/1\.1 413 )Content Too Large", "Request Entity Too Large"),
    )
)


def normalise(text: str, folder: Path) -> str:
    """Give the text of a run in ``folder`` the form in which it is kept."""
    for path in {str(folder), str(folder.resolve())}:
        text = text.replace(path, PROJECT_FOLDER)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join(lines).strip("\n") + "\n"
