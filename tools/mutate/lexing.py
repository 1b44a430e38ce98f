"""Lexing: the tokens of a line of a snippet, in any of the languages that the pages show.

Enough to find what can be altered; no grammar. May import the standard library only.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

_QUOTED = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
_NUMBER = r"(?<![\w.])\d[\d_]*(?:\.\d+)?(?![\w.])"
_TRIPLE = r'"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\''
_WORD = r"[^\W\d]\w*"
_SHELL_WORD = r"[\w./@:\[\]-]*[A-Za-z_][\w./@:\[\]-]*|\d+(?:\.\d+){3}(?::\d+)?"


@dataclass(frozen=True)
class Language:
    """What its tokens look like."""

    comment: str
    string: str
    operators: dict[str, str]
    keywords: frozenset[str] = frozenset()
    name: str = _WORD
    words: bool = False  #: whether a line is a command, and its further names are its arguments

    def pattern(self) -> re.Pattern[str]:
        """Return what matches one token."""
        operators = sorted(self.operators, key=len, reverse=True)
        choices = {
            "comment": self.comment or "(?!)",
            "string": self.string or "(?!)",
            "number": _NUMBER,
            "operator": "|".join(_operator(one) for one in operators) or "(?!)",
            "name": self.name,
        }
        text = "|".join(f"(?P<{kind}>{choice})" for kind, choice in choices.items())
        return re.compile(text, re.DOTALL)


def _operator(text: str) -> str:
    if text[0].isalpha():
        return rf"\b{re.escape(text.strip())}\b" + (r"\s" if text.endswith(" ") else "")
    symbols = r"[-+*/=<>!&|?:]"
    return rf"(?<!{symbols}){re.escape(text)}(?!{symbols})"


_COMPARISONS = {"<": ">=", ">": "<=", "<=": ">", ">=": "<", "+": "-", "-": "+", "*": "+"}
_JAVASCRIPT_KEYWORDS = (
    "as async await break case catch class const constructor continue default delete do else "
    "export extends finally for from function if import in instanceof let new null of return "
    "static switch this throw try typeof undefined var void while with yield"
)
_PYTHON = Language(
    comment=r"#[^\n]*",
    string=rf"(?:\b[rRbBfFuU]{{1,2}})?(?:{_TRIPLE}|{_QUOTED})",
    operators={
        **_COMPARISONS,
        "==": "!=",
        "!=": "==",
        "and": "or",
        "or": "and",
        "not ": "",
        "True": "False",
        "False": "True",
    },
    keywords=frozenset({*keyword.kwlist, "self"}),
)
_JAVASCRIPT = Language(
    comment=r"//[^\n]*|/\*.*?\*/",
    string=rf"{_QUOTED}|`(?:\\.|[^`\\])*`",
    operators={
        **_COMPARISONS,
        "===": "!==",
        "!==": "===",
        "&&": "||",
        "||": "&&",
        "??": "&&",
        "!": "",
        "true": "false",
        "false": "true",
    },
    keywords=frozenset(_JAVASCRIPT_KEYWORDS.split()),
)
_MARKUP = Language(comment=r"<!--.*?-->|\{#.*?#\}", string=_QUOTED, operators={}, name=r"[\w-]*\w")
_STYLES = Language(comment=r"/\*.*?\*/", string=_QUOTED, operators={}, name=r"[.#]?[a-zA-Z][\w-]*")
_SHELL = Language(
    comment=r"#[^\n]*", string=_QUOTED, operators={"&&": "||"}, name=_SHELL_WORD, words=True
)
_GRAPHQL = Language(comment=r"#[^\n]*", string=_QUOTED, operators={})
_DATA = Language(comment=r"[#;][^\n]*", string=_QUOTED, operators={}, name=r"[\w.-]*\w")

LANGUAGES = {
    ".py": _PYTHON,
    ".js": _JAVASCRIPT,
    ".html": _MARKUP,
    ".css": _STYLES,
    ".sh": _SHELL,
    ".graphql": _GRAPHQL,
    **dict.fromkeys((".json", ".ini", ".toml", ".txt"), _DATA),
}


@dataclass(frozen=True)
class Token:
    """A piece of a text: its kind, where it starts and what it is."""

    kind: str  #: comment, string, number, operator, keyword or name
    start: int
    text: str

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


def language_of(file: str) -> Language:
    """Return the language of a file, by its name.

    Raises:
        LookupError: nothing is known of its suffix.
    """
    suffix = PurePath(file).suffix
    if suffix not in LANGUAGES:
        raise LookupError(f"{file}: say in {__name__} what its language looks like")
    return LANGUAGES[suffix]


def tokens(text: str, language: Language) -> Iterator[Token]:
    """Yield the tokens of a text; of a string over several lines, those that are in its lines."""
    for found in language.pattern().finditer(text):
        kind = str(found.lastgroup)
        token = Token(kind, found.start(), found.group())
        if kind == "name" and token.text in language.keywords:
            yield Token("keyword", token.start, token.text)
        elif kind == "string" and "\n" in token.text:
            for inner in tokens(token.text.strip("\"'`"), _GRAPHQL):
                margin = len(token.text) - len(token.text.lstrip("\"'`"))
                yield Token(inner.kind, token.start + margin + inner.start, inner.text)
        else:
            yield token
