"""What the checks can find: every id with its meaning, its fix and its place in the guide.

The table itself is `catalogue.json`, and the guide's table is made of it. The id of a check that
is gone is never given to another.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from .. import snippets

APP_LABEL = "strawberry_django_realtime"
GUIDE = "integrations/channels/"

Messages = list[CheckMessage]


@dataclass(frozen=True)
class Fault:
    """Describe one fault that a check finds.

    Args:
        number: `E…` for what cannot work and `W…` for what is unsafe or will surprise.
        title: the fault, in a few words.
        when: under which conditions it is reported.
        fix: what to do, as one sentence.
        snippet: the verified snippet that fixes it, by its name with section.
        anchor: the heading that explains it, on the page `GUIDE` unless a page is named.
    """

    number: str
    title: str
    when: str
    fix: str
    snippet: str
    anchor: str

    @property
    def id(self) -> str:
        """Return the id of the check, as `SILENCED_SYSTEM_CHECKS` takes it."""
        return f"{APP_LABEL}.{self.number}"

    @property
    def docs(self) -> str:
        """Return the page and heading of the guide, relative to the site."""
        return self.anchor if "#" in self.anchor else f"{GUIDE}#{self.anchor}"


_ROWS = json.loads(Path(__file__).with_name("catalogue.json").read_text(encoding="utf-8"))
CATALOGUE = tuple(Fault(**row) for row in _ROWS)
_BY_NUMBER = {fault.number: fault for fault in CATALOGUE}


def found(number: str, text: str) -> CheckMessage:
    """Return the message that says `text` about the fault with this number.

    Its hint tells how to fix the fault: one sentence, the snippet's text and where to read on.
    """
    fault = _BY_NUMBER[number]
    kind = Error if number.startswith("E") else CheckWarning
    try:
        code = indent(snippets.read(fault.snippet).strip("\n"), "    ").splitlines()
    except snippets.SnippetError:  # An installation that lost its snippets still gets the rest.
        code = []
    lines = [fault.fix, "", *code, "", f"Snippet: {fault.snippet}", f"Guide: {fault.docs}"]
    return kind(text, hint="\n\t".join(lines).replace("\t\n", "\n"), id=fault.id)
