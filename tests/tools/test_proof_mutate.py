"""A shown line that no test tells from another is reported, deleted or altered."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools.proof import mutants, mutate

SNIPPET = """\
'''Prices.'''

HIDDEN = 1
# --8<-- [start:prices]
PRICES = {
    "tea": 2,
    "coffee": 3,
}


def total(*names: str) -> int:
    return sum(PRICES[name] for name in names) + 0
# --8<-- [end:prices]
"""
PAGE = """\
# Prices

```python title="prices.py"
--8<-- "shop/prices.py:prices"
```
"""
TEST = """\
import runpy
from pathlib import Path

def test_prices():
    shop = runpy.run_path(str(Path(__file__).parents[2] / "snippets/shop/prices.py"))
    assert shop["PRICES"]["tea"] == 2
    assert shop["total"]("coffee") == {total}
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one page, its snippet and its test, which needs no plugin of pytest."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name, text in {
        "docs/guide/prices.md": PAGE,
        "snippets/shop/prices.py": SNIPPET,
        "tests/guide/test_prices.py": TEST.replace("{total}", "3"),
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def git(checkout: Path, *command: str) -> None:
    name = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", *name, *command], cwd=checkout, check=True, capture_output=True)


def test_each_shown_line_is_deleted_and_altered() -> None:
    found = mutants.mutants(SNIPPET, set(range(5, 13)))
    assert [(mutant.line, mutant.kind, mutant.text) for mutant in found] == [
        (5, "deleted", "(deleted)"),
        (6, "altered", "'tea_mutated': 2,"),
        (6, "deleted", "(deleted)"),
        (7, "altered", "'coffee_mutated': 3,"),
        (7, "deleted", "(deleted)"),
        (11, "deleted", "(deleted)"),
        (12, "altered", found[6].text),
        (12, "deleted", "(deleted)"),
    ]
    assert "tea" not in found[2].source


def test_a_line_that_no_test_proves_is_reported(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = checkout / "tests/guide/test_prices.py"
    test.write_text(TEST.replace("{total}", 'shop["total"]("coffee")'), encoding="utf-8")
    assert mutate.main(["snippets/shop/prices.py"], checkout) == 1
    said = capsys.readouterr().out
    assert "snippets/shop/prices.py:7: no test fails with the line 'coffee_mutated': 3," not in said
    assert "snippets/shop/prices.py:12: no test fails with the line" in said
    assert "snippets/shop/prices.py:6: " not in said
    assert "write a test in tests/guide/" in said


def test_what_has_changed_since_main_is_mutated(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(checkout, "init", "-b", "main")
    git(checkout, "add", ".")
    git(checkout, "commit", "-m", "Begin")
    assert mutate.main([], checkout) == 0
    assert "no shown line of a Python snippet has changed since main" in capsys.readouterr().out
    snippet = checkout / "snippets/shop/prices.py"
    snippet.write_text(SNIPPET.replace('"tea": 2,', '"tea": 2 * 1,'), encoding="utf-8")
    assert mutate.main([], checkout) == 0
    said = capsys.readouterr().out
    assert "[2/2] shop/prices.py:6" in said
    assert "killed by tests/guide/test_prices.py::test_prices" in said


def test_a_test_that_fails_anyway_proves_nothing(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = checkout / "tests/guide/test_prices.py"
    test.write_text(TEST.replace("{total}", "4"), encoding="utf-8")
    assert mutate.main(["shop/prices.py"], checkout) == 2
    assert "fails though nothing is changed" in capsys.readouterr().out
