"""The census of the built site: each choice, command and turn that it has is some reader's.

Nothing is run here. Each rule has planted faults: a tab, a row, a command or a sentence.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from pathlib import Path

import pytest

from tests.reader.alternatives import (
    ALTERNATIVES,
    CHOICES,
    FIRST_SERVER,
    FOLLOWED,
    GUIDE,
    IN_ORDER,
    LAYERS,
    ROUTINGS,
    ROWS_IN_ORDER,
    TUTORIAL,
    VIEWS,
)
from tools.reader import census, page, turns
from tools.reader.page import Item

#: How often each turn is heard, on the pages that have any. Who rewords a sentence mends its
#: pattern; who writes another one sees to it that it is taken.
EXPECTED = {
    TUTORIAL: {
        "stop": 1,
        "restart": 2,
        "second terminal": 1,
        "log in": 1,
        "two people": 1,
        "anonymous": 1,
        "the mutation": 1,
        "mutation again": 1,
    },
    GUIDE: {
        "restart": 2,
        "log in": 1,
        "undo": 2,
        "production": 1,
        "only a status": 1,
        "misplace": 1,
        "in other words": 1,
    },
}
#: The same sentences as somebody might write them who knows of no reader.
REWORDED = {
    "stop": ("Stop the server with", "Halt it with"),
    "restart": ("Restart the server", "Give the server another go"),
    "second terminal": ("a second terminal", "another terminal"),
    "log in": ("Log in as ada at", "As ada, go to"),
    "two people": ("Open a private window and log in", "In a private window, log in"),
    "anonymous": ("Without a login", "Once you have left"),
    "the mutation": ("the mutation is refused", "you are refused"),
    "mutation again": ("Run the mutation again", "Say it once more"),
    "undo": ("The rest of this page stays with", "From here on, we are back at"),
    "production": ("before the server starts", "first"),
    "only a status": ("Daphne can only say 403", "From Daphne there is just 403"),
    "misplace": ("With daphne in the wrong place", "Where daphne comes last"),
    "in other words": ("write uv add for", "read uv add in place of"),
}


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, list[Item]]:
    """Every page that has an article, by its path."""
    return {
        str(path.relative_to(site)): page.read(path)
        for path in sorted(site.rglob("*.html"))
        if "<article" in path.read_text(encoding="utf-8")
    }


def heard(pages: dict[str, list[Item]]) -> dict[str, dict[str, int]]:
    """Return how often each turn is heard on each page that is followed."""
    counts = {name: turns.heard(pages[name]) for name in FOLLOWED}
    return {name: count for name, count in counts.items() if count}


def reword(items: list[Item], old: str, new: str) -> list[Item]:
    """Return a page with other words in its prose."""
    return [
        dataclasses.replace(one, text=one.text.replace(old, new)) if one.kind == "prose" else one
        for one in items
    ]


def axes(items: list[Item]) -> tuple[tuple[str, ...], ...]:
    """Return what the guide offers as servers, routings and layers."""
    return (
        (FIRST_SERVER, *census.offered(page.section(items, "Production"))),
        tuple(ROUTINGS),
        census.offered(page.section(items, "Channel Layers")),
    )


def test_each_tab_is_some_readers_choice(pages: dict[str, list[Item]]) -> None:
    chosen = {label for choices in CHOICES for label in choices} | VIEWS
    assert {label for name in FOLLOWED for label in census.labels(pages[name])} <= chosen
    assert census.labels(pages[GUIDE]) == chosen - {FIRST_SERVER}


@pytest.mark.parametrize("beside", ["uv", "Redis", "Hypercorn", "WebSocket"])
def test_a_tab_more_is_nobodys_choice(site: Path, tmp_path: Path, beside: str) -> None:
    markup = (site / GUIDE).read_text(encoding="utf-8")
    label = re.compile(rf"<label for=[^>]*>{re.escape(beside)}</label>")
    assert label.search(markup)
    copy = tmp_path / "page.html"
    copy.write_text(label.sub(lambda found: found[0] + "<label>Granian</label>", markup, count=1))
    assert census.labels(page.read(copy)) - census.labels(page.read(site / GUIDE)) == {"Granian"}


def test_each_server_meets_each_routing_and_each_of_either_each_layer(
    pages: dict[str, list[Item]],
) -> None:
    items = pages[GUIDE]
    rules = [one for one in page.section(items, "Advanced: Custom Routing") if one.title]
    assert len(rules) == max(ROUTINGS.values())
    assert set(census.offered(page.section(items, "Channel Layers"))) == LAYERS.keys()
    assert not census.pairs_missing(axes(items), [*ROWS_IN_ORDER, *ALTERNATIVES])


@pytest.mark.parametrize("dropped", [*ROWS_IN_ORDER, *ALTERNATIVES])
def test_a_row_less_leaves_a_pair_that_never_meets(
    pages: dict[str, list[Item]], dropped: tuple[str, ...]
) -> None:
    rows = [row for row in (*ROWS_IN_ORDER, *ALTERNATIVES) if row != dropped]
    missing = census.pairs_missing(axes(pages[GUIDE]), rows)
    assert missing
    assert missing <= set(itertools.combinations(dropped, 2))


def test_two_sets_of_tabs_are_not_one_choice(pages: dict[str, list[Item]]) -> None:
    with pytest.raises(ValueError, match="one set of tabs expected"):
        census.offered(page.section(pages[GUIDE], "Channel Layers", "Production"))


def test_each_command_of_the_site_is_on_a_page_that_is_followed(
    pages: dict[str, list[Item]],
) -> None:
    assert pages.keys() > {*FOLLOWED, "index.html"}
    assert census.commands(pages["index.html"])
    assert list(census.not_run(pages, FOLLOWED)) == []


@pytest.mark.parametrize("kind", ["bash", "console", "powershell"])
@pytest.mark.parametrize("name", ["index.html", "guide/security/index.html"])
def test_a_command_more_is_run_by_nobody(
    pages: dict[str, list[Item]], name: str, kind: str
) -> None:
    another = Item(("Guide",), (), kind, "", "python manage.py flush\n", (), ())
    planted = {**pages, name: [*pages[name], another]}
    assert list(census.not_run(planted, FOLLOWED)) == [(name, another.text)]


def test_a_page_more_is_followed_by_nobody(pages: dict[str, list[Item]]) -> None:
    fewer = tuple(name for name in FOLLOWED if name != TUTORIAL)
    assert {name for name, _ in census.not_run(pages, fewer)} == {TUTORIAL}


def test_a_reader_who_skips_a_block_has_not_done_the_pages_own(
    pages: dict[str, list[Item]],
) -> None:
    own = census.blocks(pages[GUIDE], {*IN_ORDER, *VIEWS})
    read = [one for one in pages[GUIDE] if one.kind != "prose" and one.is_for(IN_ORDER)]
    assert read == own
    unlabelled = dataclasses.replace(own[0], tabs=(("Poetry", ("Poetry", "PDM")),))
    planted = [unlabelled if one == own[0] else one for one in pages[GUIDE]]
    read = [one for one in planted if one.kind != "prose" and one.is_for(IN_ORDER)]
    assert read != census.blocks(planted, {*IN_ORDER, *VIEWS})


def test_each_turn_is_heard_as_often_as_it_is_said(pages: dict[str, list[Item]]) -> None:
    assert heard(pages) == EXPECTED


def test_each_turn_is_said_somewhere_and_can_be_reworded() -> None:
    said = {name for count in EXPECTED.values() for name in count}
    assert said == turns.PATTERNS.keys() == REWORDED.keys()


@pytest.mark.parametrize("name", REWORDED)
def test_a_turn_in_other_words_is_missed(pages: dict[str, list[Item]], name: str) -> None:
    old, new = REWORDED[name]
    planted = {title: reword(items, old, new) for title, items in pages.items()}
    assert planted != pages
    left = heard(planted)
    lost = {
        turn
        for title, count in EXPECTED.items()
        for turn, times in count.items()
        if left.get(title, {}).get(turn, 0) != times
    }
    assert lost == {name}


@pytest.mark.parametrize("name", FOLLOWED)
def test_nothing_sounds_like_an_order_and_is_none(pages: dict[str, list[Item]], name: str) -> None:
    assert list(turns.not_understood(pages[name])) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Launch the server anew.",
        "Then kill it.",
        "Revert what you have written:",
        "Log out, and look again.",
        "It has changed. Rerun what you ran.",
    ],
)
@pytest.mark.parametrize("name", FOLLOWED)
def test_an_order_that_nothing_takes_is_not_understood(
    pages: dict[str, list[Item]], name: str, sentence: str
) -> None:
    where = next(number for number, one in enumerate(pages[name]) if one.kind == "prose")
    said = dataclasses.replace(pages[name][where], text=sentence)
    planted = [*pages[name][:where], said, *pages[name][where:]]
    assert list(turns.not_understood(planted)) == [sentence.rpartition("changed. ")[2]]
