"""The table of claims is whole: each row has its test, each test its row."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path

from tests.guide.reference_claims.claims import CLAIMS, HEADINGS_ONLY, LAST_LINE, SECTIONS, Claim

FOLDER = Path(__file__).parent


def names_of(module: str) -> list[str]:
    """Return the names of the tests in a module of this folder."""
    tree = ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def claims_of_sections() -> dict[str, list[Claim]]:
    """Return the claims that stand under each heading, down to the next one."""
    ends = [*(section.line for section in SECTIONS[1:]), LAST_LINE + 1]
    return {
        section.title: [claim for claim in CLAIMS if section.line < claim.line < end]
        for section, end in zip(SECTIONS, ends, strict=True)
    }


def test_every_claim_has_its_test_in_the_module_of_its_section() -> None:
    under = claims_of_sections()
    for section in SECTIONS:
        names = names_of(section.module)
        assert [claim for claim in under[section.title] if claim.test not in names] == []
    assert sum(map(len, under.values())) == len(CLAIMS)


def test_every_section_has_claims() -> None:
    without = {title for title, claims in claims_of_sections().items() if not claims}
    assert without == HEADINGS_ONLY


def test_every_test_proves_one_claim() -> None:
    modules = {path.stem for path in FOLDER.glob("test_*.py")} - {Path(__file__).stem}
    assert modules == {section.module for section in SECTIONS}
    there = sorted(name for module in modules for name in names_of(module))
    assert there == sorted(claim.test for claim in CLAIMS)


def test_the_table_is_in_the_order_of_the_reference() -> None:
    for lines in ([row.line for row in SECTIONS], [row.line for row in CLAIMS]):
        assert all(one <= other for one, other in pairwise(lines))
