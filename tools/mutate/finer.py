"""Finer alterations of a line: those that method 3 of `tools.mutate.results` has added.

Each argument of each call is taken away, not only the last one of the last call; a test of
membership or identity is turned round; a step of an assignment goes the other way; in JavaScript
what spares an absent value does not; a length, a share and a colour in a style sheet, a text that a
page shows, and the last part of an address change. May import tools.mutate.lexing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from tools.mutate.lexing import Token

_CALLS = (".py", ".js", ".graphql")
_OPENING, _CLOSING = "([{", ")]}"
_OPERATORS = {
    ".py": {
        r"(?<=[\w)\]}]) is(?= (?!not\b))": " is not",
        r" \+=(?= )": " -=",
        r" -=(?= )": " +=",
    },
    ".js": {r"\?\.(?=\w)": ".", r"\.\.\.(?=\w)": "", r" \+=(?= )": " -=", r" -=(?= )": " +="},
}
#: `in` compares unless it follows what a loop binds. (The `not` of both goes as an operator.)
_MEMBER = re.compile(r"(?<=[\w)\]}]) in(?= )")
_BINDS = re.compile(r"\bfor [^:]*$")
_LENGTH = re.compile(r"(?<![\w.#-])(?P<whole>\d+)(?P<rest>(?:\.\d+)?)(?=[a-z%])")
_COLOUR = re.compile(r"#[0-9a-fA-F]{2,7}(?P<last>[0-9a-fA-F])(?=[;,\s)])")
_SHOWN = re.compile(r">(?P<text>[^<>{}]*\w[^<>{}]*)<")
_ADDRESS = re.compile(r"(?:://|\})\S*/(?=\w+[\"'`]?$)")


def finer(file: str, line: str, code: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Yield further alterations of a line: the kind of each, and the line that it makes.

    Args:
        file: whose name says the language.
        line: as it is.
        code: its tokens.
    """
    suffix = PurePath(file).suffix
    bare = _bare(line, code)
    if suffix in _CALLS:
        yield from _without_an_argument(line, bare, code)
    for pattern, other in _OPERATORS.get(suffix, {}).items():
        for found in re.finditer(pattern, bare):
            yield "operator", f"{line[: found.start()]}{other}{line[found.end() :]}"
    if suffix == ".py":
        for found in _MEMBER.finditer(bare):
            if not _BINDS.search(bare[: found.start()]):
                yield "operator", f"{line[: found.start()]} not in{line[found.end() :]}"
    if suffix == ".css":
        for found in _LENGTH.finditer(bare):
            more = f"{int(found['whole']) + 1}{found['rest']}"
            yield "number", f"{line[: found.start()]}{more}{line[found.end() :]}"
        for found in _COLOUR.finditer(bare):
            digit = f"{(int(found['last'], 16) + 1) % 16:x}"
            yield "number", f"{line[: found.start('last')]}{digit}{line[found.end() :]}"
    if suffix == ".html":
        for found in _SHOWN.finditer(bare):
            end = found.start("text") + len(found["text"].rstrip())
            yield "string", f"{line[:end]}x{line[end:]}"
    for token in code:
        if token.kind == "string" or (suffix == ".sh" and token.kind == "name"):
            for found in _ADDRESS.finditer(token.text):
                place = token.start + found.end()
                yield "string", f"{line[:place]}x{line[place:]}"


def _bare(line: str, code: Sequence[Token]) -> str:
    """Return a line as long as it is, with nothing in it but code outside of strings."""
    bare = [" "] * len(line)
    end = 0
    for token in code:
        bare[end : token.start] = line[end : token.start]
        blank = token.kind == "string"
        bare[token.start : token.end] = '"' * len(token.text) if blank else token.text
        end = token.end
    rest = line[end:]
    comment = min((rest.find(sign) for sign in ("  #", " //") if sign in rest), default=len(rest))
    bare[end : end + comment] = rest[:comment]
    return "".join(bare)


def _without_an_argument(line: str, bare: str, code: Sequence[Token]) -> Iterator[tuple[str, str]]:
    called = {token.end for token in code if token.kind == "name"}
    for place, character in enumerate(bare):
        after = place in called or bare[place - 1 : place] in (")", "]")
        if character != "(" or not after:
            continue
        for start, end in _arguments(bare, place + 1):
            yield "argument", line[:start] + line[end:]


def _arguments(bare: str, place: int) -> Iterator[tuple[int, int]]:
    """Yield what to cut for each argument of the call whose bracket opens before a place.

    One that goes on in another line is left alone: it is deleted there.
    """
    starts, depth = [place], 0
    for position in range(place, len(bare)):
        if bare[position] in _CLOSING:
            if not depth:
                ends = [*(start - 1 for start in starts[1:]), position]
                break
            depth -= 1
        elif bare[position] in _OPENING:
            depth += 1
        elif bare[position] == "," and not depth:
            starts.append(position + 1)
    else:
        ends = [start - 1 for start in starts[1:]]
    for number, (start, end) in enumerate(zip(starts, ends, strict=False)):
        if not bare[start:end].strip():
            continue
        if number + 1 < len(starts):
            following = starts[number + 1]
            spaces = len(bare[following:]) - len(bare[following:].lstrip(" "))
            lead = len(bare[start:end]) - len(bare[start:end].lstrip(" "))
            yield start + lead, following + spaces
        else:
            yield max(start - 1, place), end
