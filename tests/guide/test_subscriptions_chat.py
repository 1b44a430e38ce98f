"""Steps 3 to 5 of docs/guide/subscriptions.md: the first subscription and the chat's schema."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import httpx
import pytest

from tests.guide.support import read
from tools import demo
from tools.harness import clients, projects, servers

SEND = (
    "mutation ($room: String!, $text: String!) { sendMessage(room: $room, text: $text) { text } }"
)
LISTEN = (
    "subscription ($room: String!, $last: Int!) { messageAdded(room: $room, last: $last) { text } }"
)
MESSAGES = (
    "query ($room: String!, $last: Int!) { messages(room: $room, last: $last) { author text } }"
)
LOG_IN_FIRST = ["Log in first."]


@pytest.fixture(scope="module")
def server(chat: projects.Project) -> Iterator[servers.Server]:
    with servers.serve(chat) as server:
        yield server
        log = server.log()
        assert "Traceback" not in log
        assert "Log in first." not in log


@pytest.fixture(scope="module")
def ada(server: servers.Server) -> Iterator[httpx.Client]:
    with clients.login(server, "ada", demo.USERS["ada"]) as ada:
        yield ada


@pytest.fixture
def room() -> str:
    """A room of this test's own."""
    return secrets.token_hex(8)


def say(client: httpx.Client, room: str, text: str) -> dict[str, Any]:
    answer: dict[str, Any] = clients.graphql(client, SEND, {"room": room, "text": text}).json()
    return answer


def listen(socket: clients.WebSocketClient, id: str, room: str, last: int = 0) -> None:
    socket.subscribe(id, LISTEN, {"room": room, "last": last})


def heard(socket: clients.WebSocketClient, id: str = "1") -> str:
    message = socket.next_message()
    assert (message["id"], message["type"]) == (id, "next")
    text: str = message["payload"]["data"]["messageAdded"]["text"]
    return text


def refusals(answer: dict[str, Any]) -> list[str]:
    return [error["message"] for error in answer["errors"]]


def refused(socket: clients.WebSocketClient, room: str) -> list[str]:
    """Listen to a room, and return why that is refused."""
    listen(socket, "1", room)
    message = socket.next_message()
    if message["type"] == "error":  # Before it has begun.
        return [error["message"] for error in message["payload"]]
    assert socket.next_message() == {"id": "1", "type": "complete"}
    return refusals(message["payload"])


def test_a_message_reaches_who_listens_to_its_room_and_nobody_else(
    server: servers.Server, ada: httpx.Client, room: str
) -> None:
    with (
        clients.login(server, "grace", demo.USERS["grace"]) as grace,
        clients.WebSocketClient.connect(server, cookies=grace) as socket,
        clients.WebSocketClient.connect(server, cookies=grace) as elsewhere,
    ):
        for one, place in ((socket, room), (elsewhere, f"{room}2")):
            say(ada, place, "First")
            one.init()
            listen(one, "1", place, last=1)
            assert heard(one) == "First"
        assert say(ada, room, " Hello! ") == {"data": {"sendMessage": {"text": "Hello!"}}}
        assert heard(socket) == "Hello!"
        say(ada, f"{room}2", "Not for all")
        assert heard(elsewhere) == "Not for all"


def test_operations_of_every_kind_run_at_once_on_one_socket(
    server: servers.Server, ada: httpx.Client, room: str
) -> None:
    say(ada, room, "First")
    with clients.WebSocketClient.connect(server, cookies=ada) as socket:
        socket.init()
        for operation in ("1", "2"):
            listen(socket, operation, room, last=1)
            assert heard(socket, operation) == "First"
        socket.subscribe("3", "{ me }")
        assert socket.next_message()["payload"] == {"data": {"me": "ada"}}
        assert socket.next_message() == {"id": "3", "type": "complete"}
        socket.subscribe("4", SEND, {"room": room, "text": "Second"})
        messages = [socket.next_message() for _ in range(4)]
        assert {message["id"] for message in messages} == {"1", "2", "4"}
        socket.complete("1")
        say(ada, room, "Third")
        assert heard(socket, "2") == "Third"


def test_the_client_may_end_a_subscription(
    server: servers.Server, ada: httpx.Client, room: str
) -> None:
    say(ada, room, "First")
    with clients.WebSocketClient.connect(server, cookies=ada) as socket:
        socket.init()
        listen(socket, "1", room, last=1)
        assert heard(socket) == "First"
        socket.complete("1")
        socket.subscribe("2", "{ me }")
        assert socket.next_message()["id"] == "2"
        socket.next_message()
        say(ada, room, "To nobody")
        socket.subscribe("3", "{ me }")
        assert socket.next_message()["id"] == "3"


def test_the_history_has_the_last_messages_in_order(ada: httpx.Client, room: str) -> None:
    for text in ("one", "two", "three"):
        say(ada, room, text)
    answer = clients.graphql(ada, MESSAGES, {"room": room, "last": 2}).json()
    assert answer["data"]["messages"] == [
        {"author": "ada", "text": "two"},
        {"author": "ada", "text": "three"},
    ]
    assert clients.graphql(ada, MESSAGES, {"room": room, "last": -1}).json() == {
        "data": {"messages": []}
    }


def test_who_comes_back_has_missed_nothing(
    server: servers.Server, ada: httpx.Client, room: str
) -> None:
    say(ada, room, "before")
    with clients.WebSocketClient.connect(server, cookies=ada) as socket:
        socket.init()
        listen(socket, "1", room, last=50)
        assert heard(socket) == "before"
    say(ada, room, "while away")
    with clients.WebSocketClient.connect(server, cookies=ada) as socket:
        socket.init()
        listen(socket, "1", room, last=50)
        assert [heard(socket), heard(socket)] == ["before", "while away"]


def test_any_server_has_the_static_files(server: servers.Server, chat: projects.Project) -> None:
    for path in (chat.path / "chat/static/chat").iterdir():
        answer = httpx.get(f"{server.url}/static/chat/{path.name}")
        assert answer.text == path.read_text(encoding="utf-8")


def test_without_a_login_nobody_reads_speaks_or_listens(server: servers.Server) -> None:
    variables = {"room": "lobby", "text": "Hello!", "last": 1}
    for document in (SEND, MESSAGES):
        assert refusals(clients.graphql(server, document, variables).json()) == LOG_IN_FIRST
    assert clients.graphql(server, "{ me }").json() == {"data": {"me": None}}
    with clients.WebSocketClient.connect(server) as socket:
        socket.init()
        assert refused(socket, "lobby") == LOG_IN_FIRST


@pytest.mark.parametrize("name", ["", "with space", "käfer", "a" * 51, "a/b", "new\nline\n"])
def test_a_name_that_is_no_room_is_refused(
    server: servers.Server, ada: httpx.Client, name: str
) -> None:
    expected = ["A room's name is 1 to 50 letters, digits, hyphens and underscores."]
    assert refusals(say(ada, name, "Hello!")) == expected
    with clients.WebSocketClient.connect(server, cookies=ada) as socket:
        socket.init()
        assert refused(socket, name) == expected


@pytest.mark.parametrize("text", ["", "  \n ", "a" * 501])
def test_a_message_has_1_to_500_characters(ada: httpx.Client, room: str, text: str) -> None:
    assert refusals(say(ada, room, text)) == ["A message has 1 to 500 characters."]


def test_the_longest_message_in_the_room_with_the_longest_name(ada: httpx.Client) -> None:
    assert say(ada, "r" * 50, "a" * 500) == {"data": {"sendMessage": {"text": "a" * 500}}}


def test_a_mistake_of_ours_is_logged_with_its_traceback(chat: projects.Project) -> None:
    ask = "from myproject.schema import schema; schema.execute_sync('{ me }')"
    done = chat.python("manage.py", "shell", "-c", ask)
    assert "Traceback" in done.stderr
    assert "AttributeError" in done.stderr


def test_what_is_not_asked_for_has_a_default(
    server: servers.Server, ada: httpx.Client, room: str
) -> None:
    for number in range(101):
        say(ada, room, f"{number}")
    query = "query ($room: String!) { messages(room: $room) { text } }"
    default = clients.graphql(ada, query, {"room": room}).json()["data"]["messages"]
    assert [message["text"] for message in default] == [f"{n}" for n in range(51, 101)]
    most = clients.graphql(ada, MESSAGES, {"room": room, "last": 1000}).json()["data"]["messages"]
    assert len(most) == 100
    with clients.WebSocketClient.connect(server, cookies=ada) as socket:
        socket.init()
        listen = "subscription ($room: String!) { messageAdded(room: $room) { text } }"
        socket.subscribe("1", listen, {"room": room})
        socket.subscribe("2", "{ me }")
        assert socket.next_message()["id"] == "2"


def test_an_event_is_the_message_that_was_sent(
    server: servers.Server, ada: httpx.Client, room: str
) -> None:
    fields = "{ id author text sentAt }"
    send = f'mutation ($room: String!) {{ sendMessage(room: $room, text: "New") {fields} }}'
    say(ada, room, "First")
    with clients.WebSocketClient.connect(server, cookies=ada) as socket:
        socket.init()
        listen = f"subscription ($room: String!) {{ messageAdded(room: $room, last: 1) {fields} }}"
        socket.subscribe("1", listen, {"room": room})
        socket.next_message()
        before = datetime.now(timezone.utc)
        sent = clients.graphql(ada, send, {"room": room}).json()["data"]["sendMessage"]
        event = socket.next_message()["payload"]["data"]["messageAdded"]
    assert event == sent
    assert (event["author"], event["text"]) == ("ada", "New")
    assert before <= datetime.fromisoformat(event["sentAt"]) <= datetime.now(timezone.utc)
    query = f"query ($room: String!) {{ messages(room: $room, last: 1) {fields} }}"
    assert clients.graphql(ada, query, {"room": room}).json()["data"]["messages"] == [event]


def test_the_table_is_what_the_model_says(chat: projects.Project) -> None:
    chat.manage("makemigrations", "--check", "--dry-run")


def test_the_shown_answers_are_those_of_the_claims() -> None:
    assert json.loads(read("chat/recorded/me.json")) == {"data": {"me": "ada"}}
    assert refusals(json.loads(read("chat/recorded/anonymous.json"))) == LOG_IN_FIRST
    frames = read("chat/recorded/message_added.frames")
    assert [line[0] for line in frames.splitlines()] == [">", "<", ">", "<", "<", ">"]


def test_the_first_subscription_is_a_stream_over_http_too(
    chat: projects.Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("first")
    first = projects.build(folder, "settings", "asgi_routing", "first_subscription")
    with servers.serve(first) as server:
        answer = clients.graphql(
            server,
            read("first_subscription/requests/count.graphql"),
            headers={"Accept": "text/event-stream"},
        )
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert [answer.text.count(f'"count":{number}') for number in (1, 2, 3)] == [1, 1, 1]
        stream = {"Accept": "text/event-stream"}
        started = time.monotonic()
        default = clients.graphql(server, "subscription { count }", headers=stream)
        assert default.text.count('"count":') == 3
        assert time.monotonic() - started >= 1.5
        hello = clients.graphql(server, read("first_subscription/requests/hello.graphql"))
        assert hello.json() == {"data": {"hello": "Hello!"}}
