"""Planted faults for a reader's way down a page: small pages, and one server that is real."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tools.harness import clients, projects, servers
from tools.reader.page import Item
from tools.reader.terminal import StuckError, Terminal
from tools.reader.walk import Reader
from tools.recorded.transcripts import http_exchange

URL = "http://127.0.0.1:8000/admin/"
FOREIGN = "WebSocket handshake with Origin: https://foreign.example"
DAPHNE = "Daphne can only say 403, and its log has the reason."
#: What the shown answer ends with, and the log has.
REASON = "The origin 'https://foreign.example' is not in ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS or"


def prose(text: str, *links: str) -> Item:
    return Item(("Guide", "Chapter"), (), "prose", "", text, links, ())


def block(kind: str, title: str, text: str) -> Item:
    return Item(("Guide", "Chapter"), (), kind, title, text, (), ())


QUERY = block("graphql", "Query", "{ ping }")
ANSWER = block("json", "Answer", '{"data": {"ping": "pong"}}')
FILE = block("python", "myproject/more.py", "x = 1\n")
RUN = block("bash", "", "python manage.py runserver\n")


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(Terminal.open(tmp_path / "home", tmp_path, tmp_path / "pins.txt"), choices=())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    project = projects.build(tmp_path_factory.mktemp("walk") / "project", "asgi_routing")
    with servers.serve(project) as server:
        yield server


def test_done_is_what_was_acted_on(reader: Reader) -> None:
    fails = block("bash", "", "false\n")
    with pytest.raises(StuckError, match="exit code 1"):
        reader.follow([FILE, fails, block("bash", "", "true\n")])
    assert reader.done == [FILE]
    assert (reader.terminal.cwd / FILE.title).read_text() == FILE.text


def test_a_block_of_which_nothing_is_said(reader: Reader) -> None:
    with pytest.raises(StuckError, match="does not say what to do"):
        reader.follow([block("text", "", "What now?\n")])
    assert reader.done == []


@pytest.mark.parametrize(
    "said",
    [
        "In a second terminal, go on.",
        "Without a login, you are nobody.",
        "Run the mutation again in the first tab.",
        "Look at it before the server starts:",
        DAPHNE,
        "With daphne in the wrong place, for example:",
        "Restart the server and open it:",
        "Log in as ada. Open a private window and log in as grace, with the password abc.",
    ],
)
def test_what_is_told_and_never_done(reader: Reader, said: str) -> None:
    reader.follow([prose("It is a page."), FILE])
    reader.finish()
    reader.follow([prose(said)])
    with pytest.raises(StuckError, match="told, and never done"):
        reader.finish()


def test_what_is_told_twice_and_done_once(reader: Reader) -> None:
    reader.follow([prose("In a second terminal:"), block("bash", "", "true\n")])
    reader.finish()
    again = [prose("In a second terminal."), prose("In a second terminal:")]
    reader.follow([*again, block("bash", "", "true\n")])
    with pytest.raises(StuckError, match="told, and never done: 'second terminal'"):
        reader.finish()


def test_an_order_that_is_not_understood(reader: Reader) -> None:
    with pytest.raises(StuckError, match=r"not understood.*'Launch the server anew\.'"):
        reader.follow([FILE, prose("Launch the server anew.")])
    assert reader.done == []


def test_nothing_to_undo(reader: Reader) -> None:
    undo = prose("The rest of this page stays with 1.")
    reader.follow([FILE, dataclasses.replace(FILE, text="x = 2\n"), undo])
    assert (reader.terminal.cwd / FILE.title).read_text() == FILE.text
    with pytest.raises(StuckError, match="nothing to undo under this heading"):
        reader.follow([undo])


def test_a_start_without_its_command(reader: Reader) -> None:
    told = prose(f"Restart the server and open {URL}:", URL)
    for asks in (ANSWER, block("http", FOREIGN, "HTTP/1.1 403 Forbidden"), prose("Open it.", URL)):
        with pytest.raises(StuckError, match="shows no command for it"):
            reader.follow([QUERY, told, asks])


def test_a_restart_of_nothing(reader: Reader) -> None:
    with pytest.raises(StuckError, match="shown no command that starts a server"):
        reader.follow([prose("Restart the server after either change.")])


def test_an_answer_from_nowhere(reader: Reader) -> None:
    with pytest.raises(StuckError, match="nothing runs on port 8000"):
        reader.follow([QUERY, ANSWER])


@pytest.mark.parametrize("name", servers.SERVERS)
def test_a_server_that_has_not_what_was_written_since(
    reader: Reader, server: servers.Server, name: str
) -> None:
    reader.terminal.serving["8000"] = dataclasses.replace(server, name=name)
    reader.follow([QUERY, ANSWER, FILE])
    with pytest.raises(StuckError, match=f"{name} runs as the files were before"):
        reader.follow([ANSWER])
    assert reader.done == [QUERY, ANSWER, FILE]


def test_runserver_takes_a_change_by_itself(
    reader: Reader, server: servers.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(reader.terminal, "run", started.append)
    reader.terminal.serving["8000"] = dataclasses.replace(server, name="runserver")
    reader.serving.begun(RUN.text)
    reader.follow([FILE, QUERY, ANSWER, ANSWER])
    assert started == [RUN.text.strip()]


def refused(server: servers.Server) -> Item:
    """Return a refused handshake as a page shows it, with its reason."""
    with pytest.raises(InvalidStatus) as caught:
        clients.WebSocketClient.connect(server, origin="https://foreign.example")
    answer = caught.value.response
    kept = {"content-type": answer.headers["content-type"]}
    body = bytes(answer.body or b"")
    shown = http_exchange(httpx.Response(answer.status_code, headers=kept, content=body))
    return block("http", FOREIGN, shown)


def test_a_refusal_that_is_not_bare(reader: Reader, server: servers.Server) -> None:
    shown = refused(server)
    assert REASON in shown.text
    server.process.wait_until(lambda: REASON in server.log())
    reader.terminal.serving["8000"] = server
    reader.follow([prose(DAPHNE), shown])
    reader.bare_refusals = True
    with pytest.raises(StuckError, match=re.escape(f"gives its reason after all: {REASON}")):
        reader.follow([prose(DAPHNE), shown])
    with pytest.raises(StuckError, match="Daphne can only say 400, and shown is HTTP"):
        reader.follow([prose(DAPHNE.replace("403", "400")), shown])


def test_a_reader_elsewhere_has_come_as_far_and_shares_no_file(
    reader: Reader, tmp_path: Path
) -> None:
    reader.follow([FILE, QUERY, block("bash", "", "mkdir .venv\n")])
    other = reader.elsewhere(tmp_path / "copy", "Redis")
    other.follow([dataclasses.replace(FILE, text="x = 2\n"), block("python", "b.py", "")])
    assert (reader.terminal.cwd / FILE.title).read_text() == FILE.text
    assert sorted(path.name for path in reader.terminal.cwd.iterdir()) == [".venv", "myproject"]
    assert sorted(path.name for path in other.terminal.cwd.iterdir()) == ["b.py", "myproject"]
    assert (other.document, list(other.choices)) == (QUERY.text, ["Redis"])
