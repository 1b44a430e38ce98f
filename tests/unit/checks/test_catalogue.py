from __future__ import annotations

import re
from pathlib import Path

import pytest

from strawberry_django.realtime import snippets
from strawberry_django.realtime.checks.catalogue import CATALOGUE, GUIDE, Fault

GIVEN_OUT = [f"E{number:03}" for number in range(1, 13)] + [
    f"W{number:03}" for number in range(1, 16)
]
DOCS = Path(__file__).parents[3] / "docs"


def test_every_number_ever_given_is_there_once() -> None:
    assert [fault.number for fault in CATALOGUE] == GIVEN_OUT


@pytest.mark.parametrize("fault", CATALOGUE, ids=lambda fault: fault.number)
def test_the_snippet_that_mends_a_fault_exists(fault: Fault) -> None:
    assert snippets.read(fault.snippet).strip()


@pytest.mark.parametrize("fault", CATALOGUE, ids=lambda fault: fault.number)
def test_the_guide_has_the_heading_that_explains_a_fault(fault: Fault) -> None:
    page, _, anchor = fault.docs.partition("#")
    assert page in {GUIDE, "guide/database/"}
    text = (DOCS / f"{page.strip('/')}.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    assert anchor in {slug(heading) for heading in headings}


def slug(heading: str) -> str:
    """Return the anchor that Python-Markdown's table of contents gives a heading."""
    explicit = re.search(r"\{ *#([\w-]+) *\}", heading)
    if explicit:
        return explicit[1]
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower())


def test_a_fault_says_everything_about_itself() -> None:
    for fault in CATALOGUE:
        assert all((fault.title, fault.when, fault.fix))
        assert fault.id == f"strawberry_django_realtime.{fault.number}"
        assert fault.fix.endswith((".", ":"))
