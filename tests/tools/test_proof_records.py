"""A record is old once the library's code has changed, and not once its comments have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.proof import records

SECURITY = "strawberry_django/realtime/auth/security.py"
CODE = '''\
"""Who may come in."""


def cross_site(request):
    """Tell whether another site asks."""
    # By the header.
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        return True
    return False
'''


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a library, and a record of each name."""
    path = tmp_path / SECURITY
    path.parent.mkdir(parents=True)
    path.write_text(CODE, encoding="utf-8")
    for name in records.INPUTS:
        records.write(name, {}, root=tmp_path)
    return tmp_path


def test_a_record_says_when_and_with_what_it_was_measured(checkout: Path) -> None:
    record = records.read("fuzz", checkout)
    assert list(record) == ["record", "measured", "digest", "results"]
    assert record["measured"]["date"] == records.today()
    assert {"python", "django", "channels"} <= set(record["measured"]["versions"])
    assert records.stale(checkout) == []


def test_every_record_is_old_without_the_cross_site_check(checkout: Path) -> None:
    removed = CODE.replace("        return True\n", "        pass\n")
    (checkout / SECURITY).write_text(removed, encoding="utf-8")
    assert records.stale(checkout) == sorted(records.INPUTS)


def test_comments_and_docstrings_make_no_record_old(checkout: Path) -> None:
    told = CODE.replace("# By the header.", "# As browsers say.").replace("Tell", "Say")
    (checkout / SECURITY).write_text(told, encoding="utf-8")
    assert records.stale(checkout) == []


def test_a_record_is_old_once_what_measures_it_has_changed(checkout: Path) -> None:
    (checkout / "benchmarks").mkdir()
    (checkout / "benchmarks/connect.py").write_text("ROUNDS = 1\n", encoding="utf-8")
    assert records.stale(checkout) == ["connect"]
