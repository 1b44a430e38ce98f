"""What the pages show, read from the pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.shown import Shown, seen, shown

SOURCE = """\
import strawberry  # (hl)
# --8<-- [start:schema]
# (hl-start)
schema = 1
# (hl-end)
# --8<-- [end:schema]
after = 2
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs/guide").mkdir(parents=True)
    (tmp_path / "snippets/chat").mkdir(parents=True)
    (tmp_path / "snippets/chat/schema.py").write_text(SOURCE, encoding="utf-8")
    return tmp_path


def page(root: Path, *targets: str) -> None:
    includes = "\n".join(f'--8<-- "{target}"' for target in targets)
    text = f"# Title\n\n=== tab\n\n    ```python\n    {includes}\n    ```\n"
    (root / "docs/guide/page.md").write_text(text, encoding="utf-8")


def test_a_section_is_found_with_the_numbers_of_its_lines(root: Path) -> None:
    page(root, "chat/schema.py:schema")
    (found,) = shown(root)
    assert (found.page, found.line, found.file) == ("guide/page.md", 6, "chat/schema.py")
    assert found.lines == ((4, "schema = 1"),)


def test_a_whole_file_is_found_without_its_markers() -> None:
    assert seen(SOURCE) == ((1, "import strawberry"), (4, "schema = 1"), (7, "after = 2"))


def test_the_digest_is_of_what_is_seen() -> None:
    def digest(source: str) -> str:
        return Shown("page.md", 1, "a.py", seen(source)).digest

    unmarked = "import strawberry\nschema = 1\nafter = 2\n"
    assert digest(SOURCE) == digest(unmarked)
    assert digest(SOURCE) != digest(unmarked.replace("2", "3"))


def test_a_section_that_is_not_there_is_an_error(root: Path) -> None:
    page(root, "chat/schema.py:scheme")
    with pytest.raises(LookupError, match=r"docs/guide/page.md:6: nothing to show of chat"):
        list(shown(root))
