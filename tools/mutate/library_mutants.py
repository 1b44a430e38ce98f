"""The library's mutants: what cosmic-ray makes of a module, and a sample of it.

May import cosmic_ray and tools.mutate.mutants.
"""

from __future__ import annotations

import ast
import hashlib
import math
from collections.abc import Iterator
from contextlib import suppress

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names

from tools.mutate.mutants import DELETED, Mutant

LEAST = 5  #: of each module, however small the share
#: What is compared by identity here, None above all, is equal to nothing but itself.
EQUIVALENT = ("ReplaceComparisonOperator_Is_Eq", "ReplaceComparisonOperator_IsNot_NotEq")
Span = tuple[tuple[int, int], tuple[int, int]]
#: Decorators that only type checkers read; of a function with the first they read all.
_FOR_TYPES = ("overload", "override", "final")


def mutants(file: str, source: str) -> list[Mutant]:
    """Return the mutants of a module of the library that compile and mean something else.

    Left out is what nothing executes: annotations, which `from __future__ import annotations` keeps
    from being evaluated; what only type checkers see; and a star that is no operator, but unpacks.
    """
    tree = ast.parse(source)
    idle = list(_idle(tree))
    operations = list(_operations(tree))
    nodes = list(ast_nodes(get_ast(source)))
    before = ast.dump(tree)
    found: dict[str, Mutant] = {}
    for kind, operator in _operators():
        places = [span for node in nodes for span in operator.mutation_positions(node)]
        for occurrence, (start, _) in enumerate(places):
            if _within(start, idle):
                continue
            if kind.startswith("ReplaceBinaryOperator") and not _within(start, operations):
                continue
            text = mutate_code(source, operator, occurrence)
            with suppress(SyntaxError):
                if ast.dump(ast.parse(text)) != before:
                    found.setdefault(text, _mutant(file, kind, start[0], source, text))
    return list(found.values())


def sample(every: list[Mutant], share: float) -> list[Mutant]:
    """Return a share of a module's mutants, at least `LEAST`: always the same, by their digests."""
    seen: dict[str, int] = {}
    digests: dict[Mutant, str] = {}
    for mutant in every:
        name = f"{mutant.kind} {mutant.name}"
        seen[name] = seen.get(name, 0) + 1
        digests[mutant] = hashlib.sha256(f"{name} {seen[name]}".encode()).hexdigest()
    count = max(LEAST, math.ceil(share * len(every)))
    return sorted(sorted(every, key=digests.__getitem__)[:count], key=lambda one: one.line)


def _operators() -> Iterator[tuple[str, Operator]]:
    """Yield the operators by their names, but for those that want to be told variables' names."""
    for name in operator_names():
        operator = get_operator(name)
        kind = name.partition("/")[2]
        if not operator.arguments() and kind not in EQUIVALENT:
            yield kind, operator()


def _mutant(file: str, kind: str, line: int, source: str, text: str) -> Mutant:
    before, after = source.splitlines(), text.splitlines()
    if len(after) < len(before):
        return Mutant(file, line, kind, before[line - 1].strip(), DELETED, text)
    pairs = enumerate(zip(before, after, strict=False))
    index = next(number for number, (was, now) in pairs if was != now)
    return Mutant(file, index + 1, kind, before[index].strip(), after[index].strip(), text)


def _idle(tree: ast.Module) -> Iterator[Span]:
    """Yield where nothing is executed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation:
            yield _span(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                name = ast.unparse(decorator).rpartition(".")[2]
                if name in _FOR_TYPES:
                    (line, column), end = _span(decorator)
                    yield (line, column - 1), end
                if name == _FOR_TYPES[0]:
                    yield _span(node)
            if not isinstance(node, ast.ClassDef) and node.returns:
                yield _span(node.returns)
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            (start, _), (_, end) = _span(node.test), _span(node.body[-1])
            yield start, end


def _operations(tree: ast.Module) -> Iterator[Span]:
    """Yield the space between the operands of each operation of two."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp):
            left, right = node.left, node.right
            yield (
                (left.end_lineno or 0, left.end_col_offset or 0),
                (right.lineno, right.col_offset),
            )


def _within(place: tuple[int, int], spans: list[Span]) -> bool:
    return any(start <= place < end for start, end in spans)


def _span(node: ast.expr | ast.stmt) -> Span:
    end = (node.end_lineno or node.lineno, node.end_col_offset or 0)
    return (node.lineno, node.col_offset), end
