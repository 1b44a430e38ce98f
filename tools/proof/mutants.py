"""Mutants of a snippet: each shown statement deleted, and the values and calls in it altered.

cosmic-ray and mutmut know neither which lines a page shows nor strings, arguments and items of
lists, which settings and schemas are made of; so these few operators are our own.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass

#: Each of two operators stands in the place of the other.
PAIRS: tuple[tuple[type[ast.AST], type[ast.AST]], ...] = (
    *((ast.Add, ast.Sub), (ast.Mult, ast.Div), (ast.And, ast.Or), (ast.Eq, ast.NotEq)),
    *((ast.Lt, ast.GtE), (ast.Gt, ast.LtE), (ast.In, ast.NotIn), (ast.Is, ast.IsNot)),
)
OPERATORS: dict[type[ast.AST], ast.AST] = {
    one: other() for pair in PAIRS for one, other in (pair, pair[::-1])
}
ITEMS: dict[type[ast.AST], str] = {ast.List: "elts", ast.Tuple: "elts", ast.Set: "elts"}


@dataclass(frozen=True)
class Mutant:
    """A file with one change."""

    line: int  #: where it is changed, from 1
    text: str  #: what is there now
    source: str  #: the whole file
    kind: str  #: "deleted" or "altered"


@dataclass(frozen=True)
class Change:
    """A node, and the text that replaces it."""

    node: ast.AST
    kind: str
    text: str
    line: int  #: whose change it is: that of the node, or of a part that has a line of its own


def mutants(source: str, shown: Collection[int]) -> list[Mutant]:
    """Return the mutants of the shown lines: of each line a deleted and an altered one at most."""
    made: dict[tuple[int, str], Mutant] = {}
    for change in _changes(ast.parse(source)):
        key = change.line, change.kind
        if change.line in shown and key not in made:
            changed = _replaced(source, change)
            if _parses(changed):
                deleted = change.kind == "deleted"
                text = "" if deleted else changed.splitlines()[change.line - 1].strip()
                made[key] = Mutant(change.line, text or "(deleted)", changed, change.kind)
    return [made[key] for key in sorted(made)]


def _changes(tree: ast.AST) -> Iterator[Change]:
    nodes = [*_worth(tree)]
    for node in nodes:
        if isinstance(node, ast.stmt):
            yield Change(node, "deleted", "pass", node.lineno)
            for decorator in getattr(node, "decorator_list", []):
                yield Change(decorator, "deleted", "(lambda it: it)", decorator.lineno)
    for node in nodes:
        yield from _without_one(node)
    for node in nodes:
        text = _altered(node)
        if text is not None:
            yield Change(node, "altered", text, getattr(node, "lineno", 0))


def _worth(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that a test can tell from others, outer ones first.

    An import that is missing is an undefined name, which ruff reports; annotations go with their
    statement; a docstring does nothing.
    """
    imports = isinstance(node, (ast.Import, ast.ImportFrom))
    star = imports and any(alias.name == "*" for alias in getattr(node, "names", []))
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if (imports and not star) or docstring or isinstance(node, ast.Pass):
        return
    yield node
    if isinstance(node, ast.JoinedStr):
        return  # its parts have no place of their own before Python 3.12
    for field, value in ast.iter_fields(node):
        if field not in ("annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _worth(child)


def _without_one(node: ast.AST) -> Iterator[Change]:
    """Yield the node without each of its items or arguments, in turn."""
    if isinstance(getattr(node, "ctx", None), ast.Store):
        return
    line: int = getattr(node, "lineno", 0)
    if isinstance(node, ast.Dict):
        for number, value in enumerate(node.values):
            keys = [*node.keys[:number], *node.keys[number + 1 :]]
            values = [*node.values[:number], *node.values[number + 1 :]]
            its = (node.keys[number] or value).lineno
            kind = "altered" if its == line else "deleted"
            yield Change(node, kind, _unparsed(node, keys=keys, values=values), its)
        return
    fields = ("keywords", "args") if isinstance(node, ast.Call) else (ITEMS.get(type(node), ""),)
    for field in fields:
        items = getattr(node, field, [])
        for number, item in enumerate(items):
            kind = "altered" if item.lineno == line else "deleted"
            text = _unparsed(node, **{field: [*items[:number], *items[number + 1 :]]})
            yield Change(node, kind, text, item.lineno)


def _altered(node: ast.AST) -> str | None:
    """Return the source of something else in the place of a node, if there is one worth trying."""
    if isinstance(node, (ast.BinOp, ast.BoolOp)) and type(node.op) in OPERATORS:
        return _unparsed(node, op=OPERATORS[type(node.op)])
    if isinstance(node, ast.Compare) and type(node.ops[0]) in OPERATORS:
        return _unparsed(node, ops=[OPERATORS[type(node.ops[0])], *node.ops[1:]])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return ast.unparse(node.operand)
    if isinstance(node, ast.JoinedStr):
        return repr("mutated")
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool):
            return repr(not value)
        if isinstance(value, str):
            return repr(f"{value}_mutated")
        if isinstance(value, (int, float)):
            return repr(value + 1)
    return None


def _unparsed(node: ast.AST, **fields: object) -> str:
    values = {**dict(ast.iter_fields(node)), **fields}
    text = ast.unparse(ast.fix_missing_locations(type(node)(**values)))
    return f"({text})" if isinstance(node, (ast.BinOp, ast.BoolOp, ast.Compare)) else text


def _replaced(source: str, change: Change) -> str:
    node = change.node
    assert isinstance(node, (ast.stmt, ast.expr))
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
    whole = source.encode()  # columns are counted in bytes
    lines = whole.splitlines(keepends=True)
    start = sum(map(len, lines[: first - 1])) + node.col_offset
    end = sum(map(len, lines[: (node.end_lineno or 0) - 1])) + (node.end_col_offset or 0)
    return (whole[:start] + change.text.encode() + whole[end:]).decode()


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True
