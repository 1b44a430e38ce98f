"""Record what the security page shows: who is refused, who is put out, and what they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.guide.support import PASSWORD, USER, login
from tools.harness import clients, projects, servers
from tools.recorded.files import Recorded, records
from tools.recorded.transcripts import frames, http_exchange, json_answer

FOREIGN = "https://foreign.example"
SUBJECTS = ("settings", "asgi_routing", "channel_layers_memory", "security")
SETTINGS = {"DJANGO_SETTINGS_MODULE": "myproject.settings_secure"}
LISTEN = "subscription { events { text } }"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    """The project of the page, with a member of the staff."""
    project = projects.build(tmp_path_factory.mktemp("security") / "project", *SUBJECTS)
    project.manage("migrate")
    project.create_user(USER, PASSWORD, is_staff=True)
    return project


@pytest.fixture(scope="module")
def secure(project: projects.Project) -> Iterator[servers.Server]:
    """That project with the settings of the page."""
    with servers.serve(project, env=SETTINGS) as server:
        yield server


def conversation(
    server: servers.Server,
    talk: Callable[[clients.WebSocketClient], object],
    cookies: clients.Cookies | None = None,
) -> str:
    """Write down a conversation that the server ends, with its close code and reason."""
    with clients.WebSocketClient.connect(server, cookies=cookies) as socket:
        talk(socket)
        code = socket.wait_closed()
        return f"{frames(socket.transcript)}\n< close {code}: {socket.close_reason}"


@records(
    "security/recorded/foreign_host.http",
    "security/recorded/cross_site.http",
    "security/recorded/too_long.http",
    "security/recorded/masked.json",
)
def test_answers(secure: servers.Server, recorded: Recorded) -> None:
    """Be refused over HTTP, and fail."""
    with login(secure) as ada:
        host = clients.graphql(secure, "{ me }", headers={"Host": "foreign.example"})
        site = clients.graphql(ada, "{ me }", headers={"Origin": FOREIGN})
        body = clients.graphql(secure, "{ me }" + " " * 3_000_000)
        masked = clients.graphql(secure, "{ total }")
    recorded(*map(http_exchange, (host, site, body)), json_answer(masked))


@records("security/recorded/token.frames", "security/recorded/token_refused.frames")
def test_tokens(project: projects.Project, recorded: Recorded) -> None:
    """Connect with a token, a good one and another."""
    made = "from myproject.hooks import make_token; from django.contrib.auth.models import User;"
    done = project.manage("shell", "-c", f"{made} print(make_token(User.objects.get()))")
    token = done.stdout.split()[-1]

    def begin(given: str) -> Callable[[clients.WebSocketClient], Any]:
        message = {"type": "connection_init", "payload": {"token": given}}
        return lambda socket: socket.send(message)

    with servers.serve(project) as server:
        with clients.WebSocketClient.connect(server) as socket:
            begin(token)(socket)
            socket.next_message()
            socket.subscribe("1", "{ me }")
            while socket.next_message()["type"] != "complete":
                pass
        accepted = frames(socket.transcript).replace(token, "MToxdT…")
        refused = conversation(server, begin("of somebody else"))
    recorded(accepted, refused)


@records("security/recorded/logged_out.frames", "security/recorded/too_fast.frames")
def test_endings(secure: servers.Server, recorded: Recorded) -> None:
    """Log out while listening, and say too much at once."""
    with login(secure) as ada:

        def listen(socket: clients.WebSocketClient) -> None:
            socket.init()
            socket.subscribe("1", LISTEN)
            socket.next_message()
            headers = {"X-CSRFToken": ada.cookies["csrftoken"], "Origin": secure.url}
            ada.post("/accounts/logout/", headers=headers)

        logged_out = conversation(secure, listen, ada)

        def hurry(socket: clients.WebSocketClient) -> None:
            socket.init()
            for _ in range(21):
                socket.send({"type": "pong"})

        too_fast = conversation(secure, hurry)
    pong = '> {"type": "pong"}\n'
    assert too_fast.count(pong) == 21
    recorded(logged_out, too_fast.replace(pong * 19, "…\n"))
