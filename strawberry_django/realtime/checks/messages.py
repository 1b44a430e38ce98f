"""The message for a fault that was found, with the hint that mends it.

Imports the catalogue, the snippets and Django's check messages.
"""

from __future__ import annotations

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from .. import snippets
from .catalogue import CATALOGUE, Fault

_BY_NUMBER = {fault.number: fault for fault in CATALOGUE}


def found(number: str, text: str) -> CheckMessage:
    """Return the message for one fault that was found.

    Args:
        number: the fault's number in `CATALOGUE`.
        text: what was found, in the project's terms.
    """
    fault = _BY_NUMBER[number]
    kind = Error if number.startswith("E") else CheckWarning
    return kind(text, hint=hint(fault), id=fault.id)


def hint(fault: Fault) -> str:
    """Return what mends a fault: the fix, the snippet's text and where to read on.

    An installation that lost its snippets still gets the rest.
    """
    try:
        code = snippets.read(fault.snippet).strip("\n").splitlines()
    except snippets.SnippetError:
        code = []
    shown = ["", *(f"    {line}".rstrip() for line in code), ""] if code else []
    lines = [fault.fix, *shown, f"Snippet: {fault.snippet}", f"Guide: {fault.docs}"]
    return "\n\t".join(lines).replace("\t\n", "\n")
