"""A planted fault for each thing that `tools.snippets` checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.planting import checkout, plant
from tools.snippets.check import check
from tools.snippets.shown import shown

PAGE, SCHEMA = "docs/index.md", "snippets/chat/myproject/schema.py"
START, END = "# --8<-- [start:query]\n", "# --8<-- [end:query]\n"
INCLUDE = '--8<-- "chat/myproject/schema.py:query"'
BODY = "def query():\n    return 1  # (hl)\n\n\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return checkout(tmp_path)


def test_a_sound_checkout_has_no_problem(root: Path) -> None:
    assert check(root) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (PAGE, INCLUDE, "import os", f"{PAGE}:9: code typed into the page: 'import os'; move it"),
        (PAGE, "It has", "    import os\n\nIt has", f"{PAGE}:16: code typed into the page"),
        (PAGE, "It has", "<pre>x</pre>\n\nIt has", f"{PAGE}:16: <pre> typed into the page"),
        (PAGE, INCLUDE, "", f"{PAGE}:8: empty block"),
        (PAGE, "It has", "```text\n\nIt has", f"{PAGE}:16: fenced block that is not closed"),
        (PAGE, "```python", "```python hl_lines='1'", f"{PAGE}:8: lines chosen by number"),
        (PAGE, "schema.py:query", "gone.py:query", f"{PAGE}:9: there is no file snippets/chat"),
        (PAGE, "schema.py:query", "schema.py:gone", f"{PAGE}:9: no section 'gone' in {SCHEMA}"),
        (PAGE, "```python", "```json", f"{PAGE}:9: an answer that no run gave: {SCHEMA}; record"),
        (PAGE, "schema.py:query", "schema.py", f"{SCHEMA}:4: no page shows the section 'query'"),
        (SCHEMA, END, "", f"{SCHEMA}:4: section 'query' is not closed; end it with"),
        (SCHEMA, START, "", f"{SCHEMA}:8: section 'query' ends before it starts"),
        (
            SCHEMA,
            END,
            END + START + "x = 1\n" + END,
            f"{SCHEMA}:10: section 'query' is there twice",
        ),
        (SCHEMA, BODY, "", f"{SCHEMA}:4: section 'query' is empty"),
        (SCHEMA, START, "# 8<- [start:query]\n", f"{SCHEMA}:4: malformed marker"),
        (SCHEMA, "# (hl)", "# (hl-end)", f"{SCHEMA}:6: (hl-end) out of order"),
    ],
)
def test_a_fault_is_named_with_its_file_and_line(
    root: Path, file: str, old: str, new: str, said: str
) -> None:
    plant(root / file, old, new)
    assert any(str(problem).startswith(said) for problem in check(root)), check(root)


def test_a_snippet_that_no_page_shows_is_named(root: Path) -> None:
    (root / "snippets/chat/myproject/extra.py").write_text("x = 1\n")
    said = "snippets/chat/myproject/extra.py:1: no page shows it and nothing uses it"
    assert [str(problem).partition(";")[0] for problem in check(root)] == [said]
    (root / "snippets/chat/myproject/views.py").write_text("from .extra import x\n")
    assert "extra" not in "".join(map(str, check(root)))


def test_what_a_page_shows_has_its_lines(root: Path) -> None:
    schema = next(iter(shown(root)))
    assert (schema.page, schema.file) == ("index.md", "chat/myproject/schema.py")
    assert schema.lines[:2] == ((5, "def query():"), (6, "    return 1"))
