"""What facts are made of: it follows the code, and fails where that is not so any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.prose import read
from tools.prose.rendered import rendered

CODE = '''
WAIT_SECONDS = 6


def arguments(parser):
    parser.add_argument("--share", type=float, default=0.1)


def test_two_queries():
    assert len(asked()) == 2


def refusal(request):
    """A 500 in a docstring is none."""
    if reason := host_refusal(request):
        return 400, reason
    try:
        return 403, "not in allowed_origins"
    except NoMethod as error:
        raise Problem(405, error.reason) from error
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one module, whose name no other test imports."""
    monkeypatch.setattr(read, "ROOT", tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "code_that_facts_read.py"
    path.write_text(CODE)
    return path


def status(about: str) -> int:
    return read.status("code_that_facts_read", "refusal", about)


def test_a_value_is_what_the_code_has(module: Path) -> None:
    assert read.constant(module.name, "WAIT_SECONDS") == 6
    assert read.default(module.name, "--share") == 0.1
    assert read.counted(module.name, "test_two_queries") == 2
    assert read.found(module.name, r"_SECONDS = (\d)") == "6"
    assert [status(about) for about in ("host_refusal", "allowed_origins", "NoMethod")] == [
        *(400, 403, 405)
    ]


def test_a_changed_value_is_another_one(module: Path) -> None:
    module.write_text(CODE.replace("6", "7").replace("0.1", "0.2").replace("400", "404"))
    assert read.constant(module.name, "WAIT_SECONDS") == 7
    assert read.default(module.name, "--share") == 0.2
    assert status("host_refusal") == 404


@pytest.mark.parametrize("about", ["no_such_name", "refused"])
def test_a_status_that_is_not_there_is_an_error(module: Path, about: str) -> None:
    with pytest.raises(LookupError, match=f"not one status at {about} in refusal"):
        status(about)


def test_what_is_not_the_only_one_is_an_error(module: Path) -> None:
    module.write_text(CODE.replace("== 2", "== 2 or len(asked()) == 3"))
    with pytest.raises(LookupError, match=r"not one count .*, but \['2', '3'\]"):
        read.counted(module.name, "test_two_queries")
    with pytest.raises(LookupError, match="not one function nothing"):
        read.counted(module.name, "nothing")


def test_a_section_that_is_not_there_is_an_error(module: Path, tmp_path: Path) -> None:
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets/a.sh").write_text(
        "# --8<-- [start:a]\nfirst\n\nsecond\n# --8<-- [end:a]\n"
    )
    assert read.shown_lines("a.sh:a") == ["first", "second"]
    with pytest.raises(LookupError, match=r"nothing to show of a\.sh:b"):
        read.shown_lines("a.sh:b")


RENDERED = '''
class Base:
    """Not of the target."""

    def inherited(self):
        """Inherited, and named."""

    def other(self):
        """Inherited, and not named."""


class Target(Base[int]):
    """Shown.

    In two lines.
    """

    def named(self):
        """Shown too."""

    def _private(self):
        """Not shown."""


def function():
    """Of another page."""
'''


@pytest.mark.parametrize(
    ("named", "seen"),
    [
        ("function", ["Of another page."]),
        ("Target", ["Shown.", "In two lines.", "Shown too."]),
        (
            "Target\n  members:\n    - inherited",
            ["Inherited, and named.", "Shown.", "In two lines."],
        ),
    ],
)
def test_only_what_the_reference_shows_is_rendered(
    tmp_path: Path, named: str, seen: list[str]
) -> None:
    (tmp_path / "docs/reference").mkdir(parents=True)
    (tmp_path / "docs/reference/a.md").write_text(f"::: strawberry_django.realtime.a.{named}\n")
    (tmp_path / "strawberry_django/realtime").mkdir(parents=True)
    (tmp_path / "strawberry_django/realtime/a.py").write_text(RENDERED)
    texts = [line.text.strip().replace('"""', "") for line in rendered(tmp_path)]
    assert [text for text in texts if text] == seen
