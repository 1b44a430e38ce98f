"""Mutants: what a snippet becomes when one of its shown lines is deleted or altered.

A line is deleted with what it opens: a statement with its block, a bracket with what it encloses.
Each string, number and operator of it is altered once, its last name once, and the last argument
of its last call is taken away; of a command, each argument. Nothing is made of what is not
executed: comments, docstrings, the annotations of functions that nothing decorates, and lines of
closing brackets, which go with the line that opens. `tools.mutate.finer` adds to that. May import
tools.markers, tools.mutate.finer and tools.mutate.lexing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from tools.markers import SECTION
from tools.mutate.finer import finer
from tools.mutate.lexing import Language, Token, language_of, tokens

KINDS = ("delete", "string", "number", "name", "argument", "operator")
DELETED = "(deleted)"
#: The method of `tools.mutate.results` that has the finer ones.
FINER = 3
_ONLY_OPENS = re.compile(r"^\s*(?:\* )?[(\[{]$")
_ONLY_CLOSES = re.compile(r"^(?:[\s)\]}>,;:`\"']|</\w+>)*$")
#: The start of a string whose end says little: what lies under "/graphql" is often the same.
_PATH = re.compile(r"""[rRbBfFuU]*["'`]/(?=\w)""")
_LAST_CALL = re.compile(r"(?<=[\w\])])\((?P<inside>[^()]+(?:\([^()]*\)[^()]*)*)\)")
_LAST_ARGUMENT = re.compile(r"(?:^|,)(?P<argument>[^,()\[\]{}]+)\s*$")


@dataclass(frozen=True)
class Mutant:
    """A change of a snippet."""

    file: str  #: under snippets/
    line: int  #: the line that was shown, from 1
    kind: str  #: one of `KINDS`
    was: str  #: the line, stripped
    now: str  #: what it becomes, stripped, or `DELETED`
    source: str  #: the whole file as it becomes
    since: int = 2  #: the first method of `tools.mutate.results` that tries it

    @property
    def name(self) -> str:
        """What the allowlist calls it."""
        return f"{self.file}: {self.was} => {self.now}"


def mutants(file: str, source: str, shown: Iterable[int]) -> list[Mutant]:
    """Return the mutants of the lines of a file whose numbers are given."""
    snippet = _Snippet(file, source)
    found: dict[str, Mutant] = {}
    for number in sorted(set(shown)):
        for mutant in snippet.of_line(number):
            if mutant.source != source:
                found.setdefault(mutant.source, mutant)
    return list(found.values())


class _Snippet:
    """A file, and what of it is executed."""

    def __init__(self, file: str, source: str) -> None:
        self.file = file
        self.source = source
        self.lines = source.splitlines(keepends=True)
        self.language: Language = language_of(file)
        self.tree = ast.parse(source) if PurePath(file).suffix == ".py" else None
        self.unread = set(_unread(self.tree)) if self.tree else set()
        starts = [0]
        for line in self.lines:
            starts.append(starts[-1] + len(line))
        self.tokens: dict[int, list[Token]] = {}
        for token in tokens(source, self.language):
            number = next(n for n, start in enumerate(starts) if start > token.start)
            inside = Token(token.kind, token.start - starts[number - 1], token.text)
            if token.kind != "comment" and (number, inside.start) not in self.unread:
                self.tokens.setdefault(number, []).append(inside)

    def of_line(self, number: int) -> Iterator[Mutant]:
        """Yield the mutants of a line."""
        code = self.tokens.get(number, [])
        line = self.lines[number - 1]
        if not code and _ONLY_OPENS.match(line):
            yield self._mutant(number, "delete", DELETED, self._without(number), FINER)
        if not code or _ONLY_CLOSES.match(line):
            return
        yield self._mutant(number, "delete", DELETED, self._without(number))
        altered = [(*each, 2) for each in _altered(line, code, self.language)]
        altered += [(*each, FINER) for each in finer(self.file, line, code)]
        for kind, now, since in altered:
            source = "".join([*self.lines[: number - 1], now, *self.lines[number:]])
            if self.tree is None or _parses(source):
                yield self._mutant(number, kind, now.strip(), source, since)

    def _mutant(self, number: int, kind: str, now: str, source: str, since: int = 2) -> Mutant:
        was = self.lines[number - 1].strip()
        return Mutant(self.file, number, kind, was, now, source, since)

    def _without(self, number: int) -> str:
        """Return the source without a line, and without what cannot stay when it is gone."""
        if self.tree is None:
            return self._cut(number, self._end_of_bracket(number))
        for last in range(number, _end_of_statement(self.tree, number) + 1):
            source = self._cut(number, last)
            if _parses(source):
                return source
        line = self.lines[number - 1]
        instead = line[: len(line) - len(line.lstrip())] + "pass\n"
        for last in range(number, _end_of_statement(self.tree, number) + 1):
            source = self._cut(number, last, instead)
            if _parses(source):
                return source
        return self._cut(number, number)

    def _cut(self, first: int, last: int, instead: str = "") -> str:
        markers = [line for line in self.lines[first - 1 : last] if SECTION.match(line.rstrip())]
        return "".join([*self.lines[: first - 1], instead, *markers, *self.lines[last:]])

    def _end_of_bracket(self, number: int) -> int:
        depth = 0
        for last in range(number, len(self.lines) + 1):
            bare = list(self.lines[last - 1])
            for token in self.tokens.get(last, []):
                if token.kind == "string":
                    bare[token.start : token.end] = " " * len(token.text)
            depth += sum((c in "([{") - (c in ")]}") for c in bare)
            if depth <= 0:
                return last
        return number


def _altered(line: str, code: list[Token], language: Language) -> Iterator[tuple[str, str]]:
    """Yield each alteration of a line: its kind, and the line that it makes."""
    for token in code:
        if token.kind == "string":
            path = _PATH.match(token.text)
            place = token.start + path.end() if path else token.end - 1
            yield "string", f"{line[:place]}x{line[place:]}"
        elif token.kind == "number":
            more = str(int(token.text.replace("_", "").partition(".")[0]) + 1)
            fraction = token.text.partition(".")[1] + token.text.partition(".")[2]
            yield "number", f"{line[: token.start]}{more}{fraction}{line[token.end :]}"
        elif token.kind == "operator":
            word = token.text.rstrip() + " " * token.text.endswith((" ", "\t"))
            other = language.operators[word if word in language.operators else word.strip()]
            yield "operator", f"{line[: token.start]}{other}{line[token.end :]}"
    names = [token for token in code if token.kind == "name"]
    if names:
        yield "name", f"{line[: names[-1].end]}x{line[names[-1].end :]}"
    for given in names[1:] if language.words else []:
        yield "argument", line[: given.start].rstrip(" ") + line[given.end :]
    for call in list(_LAST_CALL.finditer(line))[-1:]:
        argument = _LAST_ARGUMENT.search(call["inside"])
        if argument:
            cut = call.start("inside") + argument.start()
            yield "argument", line[:cut] + line[call.end("inside") :]


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _end_of_statement(tree: ast.AST, number: int) -> int:
    """Return the last line of the innermost statement that a line belongs to."""
    end, size = number, 1_000_000
    for node in ast.walk(tree):
        if isinstance(node, (ast.stmt, ast.ExceptHandler)):
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            last = node.end_lineno or node.lineno
            if first <= number <= last and last - first < size:
                end, size = last, last - first
    return end


def _unread(tree: ast.AST) -> Iterator[tuple[int, int]]:
    """Yield the places, line and column, of what Python does not execute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            if isinstance(node.value.value, str):
                yield from _places(node)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            extra = [each for each in (node.args.vararg, node.args.kwarg) if each]
            for one in [node.returns, *(each.annotation for each in [*arguments, *extra])]:
                if one is not None and not node.decorator_list:
                    yield from _places(one)


def _places(node: ast.stmt | ast.expr) -> Iterator[tuple[int, int]]:
    last, end = node.end_lineno or node.lineno, node.end_col_offset or 0
    for line in range(node.lineno, last + 1):
        start = node.col_offset if line == node.lineno else 0
        for column in range(start, end if line == last else 1000):
            yield line, column
