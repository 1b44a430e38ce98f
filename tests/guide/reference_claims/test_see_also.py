"""The section "See Also" of the reference, in the guide."""

from __future__ import annotations

import re

import pytest

from tools.harness import live

GUIDE = live.ROOT / "docs/integrations/channels.md"


@pytest.fixture(scope="module")
def see_also() -> dict[str, str]:
    """The targets of the links in the guide's section, by their text."""
    text = GUIDE.read_text(encoding="utf-8").partition("\n## See Also\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"\[([^\]]+)\]\(([^)]+)\)", text))


def test_see_the_subscriptions_guide_for_creating_subscriptions(see_also: dict[str, str]) -> None:
    page = GUIDE.parent / "../guide/subscriptions.md"
    assert "../guide/subscriptions.md" in see_also.values()
    assert "subscription" in page.read_text(encoding="utf-8")


def test_see_the_strawberry_channels_docs(see_also: dict[str, str]) -> None:
    assert "https://strawberry.rocks/docs/integrations/channels" in see_also.values()


def test_see_the_django_channels_docs(see_also: dict[str, str]) -> None:
    assert "https://channels.readthedocs.io/en/stable/" in see_also.values()
