"""Planted faults for what a reader sends and compares: the server is real, what is shown is not."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tools.harness import clients, projects, servers
from tools.reader import asking
from tools.reader.terminal import StuckError
from tools.recorded.transcripts import http_exchange

PING = "{ ping }"
FRAMES = [
    ("client", {"type": "connection_init"}),
    ("server", {"type": "connection_ack"}),
    ("client", {"id": "1", "type": "subscribe", "payload": {"query": PING}}),
    ("server", {"id": "1", "type": "next", "payload": {"data": {"ping": "pong"}}}),
    ("server", {"id": "1", "type": "complete"}),
]
REFUSED = "WebSocket handshake with Origin: https://evil.example"


ADA = {"ada": "analytical-engine"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    project = projects.build(tmp_path_factory.mktemp("asking") / "project", "asgi_routing")
    project.manage("migrate")
    project.create_user("ada", ADA["ada"], is_staff=True, is_superuser=True)
    with servers.serve(project) as server:
        yield server


def replay(server: servers.Server, frames: list[tuple[str, object]], document: str = PING) -> None:
    shown = [(who, json.dumps(frame)) for who, frame in frames]
    asking.replay(server, shown, document, None, None)


def test_a_conversation_as_it_is(server: servers.Server) -> None:
    replay(server, FRAMES)


@pytest.mark.parametrize(
    ("fault", "stuck"),
    [
        (FRAMES[:-1], "do not show how operation 1 ends"),
        (FRAMES[:-2], "do not show how operation 1 ends"),
        ([*FRAMES[:3], *FRAMES[4:]], "a frame"),
        ([*FRAMES[:1], *FRAMES[2:]], "a frame"),
        ([*FRAMES[:3], ("server", {"id": "1", "type": "next"}), FRAMES[4]], "a frame"),
        ([*FRAMES, ("client", {"type": "ping"})], "not shown, and came"),
    ],
)
def test_a_frame_that_is_missing_or_changed(
    server: servers.Server, fault: list[tuple[str, object]], stuck: str
) -> None:
    with pytest.raises(StuckError, match=stuck):
        replay(server, fault)


def test_a_frame_that_never_comes(server: servers.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients.WebSocketClient.next_message, "__defaults__", (0.5,))
    with pytest.raises(TimeoutError):
        replay(server, [*FRAMES, FRAMES[4]])


def test_frames_that_ask_something_else_than_the_page(server: servers.Server) -> None:
    with pytest.raises(StuckError, match="the frames ask"):
        replay(server, FRAMES, "{ pong }")


def shown(server: servers.Server) -> str:
    answer = clients.graphql(server, PING)
    kept = {"content-type": answer.headers["content-type"]}
    return http_exchange(httpx.Response(answer.status_code, headers=kept, content=answer.content))


def test_an_answer_as_it_is(server: servers.Server) -> None:
    asking.exchange(server, "POST /graphql", shown(server), PING, None)
    asking.exchange(server, REFUSED, "HTTP/1.1 403 Forbidden", PING, None)


@pytest.mark.parametrize(
    ("old", "new"),
    [("200 OK", "403 Forbidden"), ("pong", "ping"), ("application/json", "text/html")],
)
def test_another_status_body_or_type(server: servers.Server, old: str, new: str) -> None:
    text = shown(server)
    assert old in text
    with pytest.raises(StuckError, match="POST /graphql"):
        asking.exchange(server, "POST /graphql", text.replace(old, new), PING, None)


@pytest.mark.parametrize(
    ("title", "text", "stuck"),
    [
        (REFUSED, "HTTP/1.1 401 Unauthorized", "401"),
        (REFUSED, "the handshake was accepted", "403"),
        (REFUSED.replace("https://evil.example", "{own}"), "HTTP/1.1 403 Forbidden", "accepted"),
        ("POST /graphql with a session and Origin: https://evil.example", "HTTP", "log in"),
        ("Something else", "HTTP/1.1 200 OK", "not clear what to send"),
    ],
)
def test_another_refusal(server: servers.Server, title: str, text: str, stuck: str) -> None:
    with pytest.raises(StuckError, match=stuck):
        asking.exchange(server, title.format(own=server.url), text, PING, None)


def test_a_production_that_serves_every_host_or_not_its_own(server: servers.Server) -> None:
    """Development settings, behind a proxy: the reader finds that they are no production."""
    with pytest.raises(StuckError, match=r"guide\.example got .*400"):
        asking.behind_proxy(server, "guide.example", PING)


def test_a_production_that_answers_any_host(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("open") / "project"
    project = projects.build(folder, "asgi_routing")
    settings = folder / "myproject/settings.py"
    settings.write_text(f"{settings.read_text()}\nALLOWED_HOSTS = ['*']\n")
    with (
        servers.serve(project) as server,
        pytest.raises(StuckError, match=r"foreign\.example got .*200"),
    ):
        asking.behind_proxy(server, "guide.example", PING)


@pytest.mark.parametrize(("shown", "got"), [('{"a": 1}', {"a": 2}), ('{"a": 1}', {"b": 1})])
def test_other_json(shown: str, got: object) -> None:
    with pytest.raises(StuckError, match="--- came"):
        asking.same_json("an answer", shown, got)


def test_a_page_is_looked_at_where_it_is_and_who_logs_in_is_led_to_the_form(
    server: servers.Server,
) -> None:
    assert asking.look(server, "/", None).url.path == "/"
    with asking.sign_in(server, "/admin/", "ada", ADA) as session:
        assert asking.look(server, "/admin/", session).url.path == "/admin/"
        assert asking.over_http(server, PING, session) == {"data": {"ping": "pong"}}


@pytest.mark.parametrize(
    ("path", "stuck"),
    [
        ("/admin/", r"/admin/ leads to /admin/login/"),
        ("/accounts/login", r"/accounts/login leads to /accounts/login/"),
        ("/nothing/", r"/nothing/ is no page: HTTP/1\.1 404"),
        ("/graphql?query={ping}", r"is no page: HTTP/1\.1 200(?s:.*)application/json"),
    ],
)
def test_another_page_than_was_asked_for(server: servers.Server, path: str, stuck: str) -> None:
    with pytest.raises(StuckError, match=stuck):
        asking.look(server, path, None)


@pytest.mark.parametrize(
    ("path", "user", "passwords", "stuck"),
    [
        ("/admin/", "grace", ADA, r"the page gave no password; it gave \['ada'\]"),
        ("/admin/", "?", {}, r"log in as '\?': the page gave no password"),
        ("/admin/", "ada", {"ada": "difference-engine"}, "login as 'ada' answered 200"),
        ("/", "ada", ADA, "login as 'ada' answered 403"),
        ("/nothing/", "ada", ADA, "/nothing/ is no page"),
    ],
)
def test_a_login_that_does_not_come_about(
    server: servers.Server, path: str, user: str, passwords: dict[str, str], stuck: str
) -> None:
    with pytest.raises(StuckError, match=stuck):
        asking.sign_in(server, path, user, passwords)
