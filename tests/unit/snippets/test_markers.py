from __future__ import annotations

import pytest

from strawberry_django.realtime.snippets.markers import sections, strip_markers

SOURCE = '''\
"""What the file is for."""

# --8<-- [start:outer]
first = 1  # (hl)
class Inner:
    # --8<-- [start:inner]
    second = 2
    third = 3
    # --8<-- [end:inner]
# (hl-start)
fourth = 4
# (hl-end)
# --8<-- [end:outer]
'''


def test_markers_are_stripped() -> None:
    assert strip_markers(SOURCE) == (
        '"""What the file is for."""\n\n'
        "first = 1\nclass Inner:\n    second = 2\n    third = 3\nfourth = 4\n"
    )


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("let a = 1; // (hl)\n", "let a = 1;\n"),
        ("a { } /* (hl) */\n", "a { }\n"),
        ("<p> <!-- (hl) -->\n", "<p>\n"),
        ("{% load static %} {# (hl) #}\n", "{% load static %}\n"),
        ("<!-- --8<-- [start:head] -->\n<p>\n", "<p>\n"),
        ("a = 1  # (hl)\r\n", "a = 1\r\n"),
        ("a = 1  # (hl)", "a = 1"),
        ("a = 1  # not (hl) here\n", "a = 1  # not (hl) here\n"),
    ],
)
def test_markers_are_stripped_in_every_language(marked: str, plain: str) -> None:
    assert strip_markers(marked) == plain


def test_sections_are_found_dedented_and_without_markers() -> None:
    assert sections(SOURCE) == {
        "outer": "first = 1\nclass Inner:\n    second = 2\n    third = 3\nfourth = 4\n",
        "inner": "second = 2\nthird = 3\n",
    }


def test_a_source_may_have_no_sections() -> None:
    assert sections("first = 1\n") == {}


def test_a_section_that_is_not_closed_goes_on_to_the_end() -> None:
    assert sections("# --8<-- [START: a]\nfirst = 1\n") == {"a": "first = 1\n"}
