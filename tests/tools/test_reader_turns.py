"""What a reader hears in prose, keeps until its turn, and does not understand."""

from __future__ import annotations

import pytest

from tools.reader import turns
from tools.reader.page import Item
from tools.reader.turns import Turns

WITH_UV = "Any will do (with uv, write uv add for python -m pip install):"
INSTALL = "python -m pip install uvicorn websockets\n\nuvicorn myproject.asgi:application"


def prose(text: str) -> Item:
    return Item(("Guide",), (), "prose", "", text, (), ())


BLOCK = Item(("Guide",), (), "bash", "", "true\n", (), ())


def test_what_is_told_is_taken_once() -> None:
    told = Turns()
    assert told.hear("Stop the server. Log in as ada at http://127.0.0.1/.", ()) == {
        "stop",
        "log in",
    }
    login = told.take("log in")
    assert login is not None
    assert login["user"] == "ada"
    assert told.take("log in") is None
    assert told.told.keys() == {"stop"}


def test_what_is_told_twice_is_taken_twice() -> None:
    told = Turns()
    told.hear("Restart the server.", ())
    told.hear("Restart the server. Start the server again.", ())
    assert len(told.told["restart"]) == 3
    assert told.take("restart")
    assert len(told.told["restart"]) == 2


@pytest.mark.parametrize(
    ("chosen", "installs"), [("pip", "python -m pip install"), ("uv", "uv add")]
)
def test_only_who_has_chosen_it_writes_other_commands(chosen: str, installs: str) -> None:
    told = Turns()
    assert told.in_other_words(INSTALL) == INSTALL
    assert told.hear(WITH_UV, [chosen]) == set()
    for _ in range(2):  # it holds from here on
        assert told.in_other_words(INSTALL) == INSTALL.replace("python -m pip install", installs)
        told.hear("Stop the server.", [chosen])


@pytest.mark.parametrize(
    "sentence",
    [
        "Stop it.",
        "Start it anew.",
        "Restart Daphne.",
        "Launch the server anew.",
        "Kill the process.",
        "Log in.",
        "Log out.",
        "Rerun it.",
        "Undo this.",
        "Revert it.",
        "Then launch the server anew.",
        "Now, log out.",
        "Log in before you connect",
    ],
)
@pytest.mark.parametrize("around", ["{}", "It is done. {}", "{} It is well."])
def test_an_order_that_no_pattern_takes(sentence: str, around: str) -> None:
    sentence = sentence if sentence.endswith(".") else f"{sentence} again."
    for items in ([prose(around.format(sentence))], [prose(around.format(sentence)), BLOCK]):
        assert list(turns.not_understood(items)) == [sentence]


@pytest.mark.parametrize("text", ["Start the demo:", "It is done. Then start the demo:"])
def test_an_order_before_a_block_is_what_the_block_shows(text: str) -> None:
    said = text.rpartition("done. ")[2]
    assert list(turns.not_understood([prose(text), BLOCK])) == []
    assert list(turns.not_understood([prose(text)])) == [said]
    assert list(turns.not_understood([prose(text), prose("More."), BLOCK])) == [said]
    assert list(turns.not_understood([prose(f"{text} or not."), BLOCK])) == [said]


@pytest.mark.parametrize(
    "text",
    [
        "Stop the server and go on.",
        "Start the server again, in the same terminal.",
        "Log in as ada. Open a private window and log in as grace, with the password abc-1952.",
        "Log in before you connect. A client that logs in later must connect again.",
        "Starting it takes a second. It gives up: log in, then subscribe again.",
        "Stopped servers do not answer.",
    ],
)
def test_what_a_pattern_takes_or_nobody_is_told(text: str) -> None:
    assert list(turns.not_understood([prose(text)])) == []
