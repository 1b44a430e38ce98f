"""Record what the security page shows: who is refused, who is put out, and what they are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.harness import clients, projects, servers
from tools.scenarios import scenario
from tools.scenarios._integration import PASSWORD, USER, login
from tools.transcripts import frames, http_exchange, json_answer

FOREIGN = "https://foreign.example"
SUBJECTS = ("settings", "asgi_routing", "channel_layers_memory", "security")
SETTINGS = {"DJANGO_SETTINGS_MODULE": "myproject.settings_secure"}
LISTEN = "subscription { events { text } }"


def security_project(folder: Path) -> projects.Project:
    """Build the project of the page, with a member of the staff."""
    project = projects.build(folder / "project", *SUBJECTS)
    project.manage("migrate")
    project.create_user(USER, PASSWORD, is_staff=True)
    return project


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


@scenario(
    "security/recorded/foreign_host.http",
    "security/recorded/cross_site.http",
    "security/recorded/too_long.http",
    "security/recorded/masked.json",
)
def answers(folder: Path) -> dict[str, str]:
    """Be refused over HTTP, and fail."""
    project = security_project(folder)
    with servers.serve(project, env=SETTINGS) as server, login(server) as ada:
        host = clients.graphql(server, "{ me }", headers={"Host": "foreign.example"})
        site = clients.graphql(ada, "{ me }", headers={"Origin": FOREIGN})
        body = clients.graphql(server, "{ me }" + " " * 3_000_000)
        masked = clients.graphql(server, "{ total }")
    return {
        "security/recorded/foreign_host.http": http_exchange(host),
        "security/recorded/cross_site.http": http_exchange(site),
        "security/recorded/too_long.http": http_exchange(body),
        "security/recorded/masked.json": json_answer(masked),
    }


@scenario("security/recorded/token.frames", "security/recorded/token_refused.frames")
def tokens(folder: Path) -> dict[str, str]:
    """Connect with a token, a good one and another."""
    project = security_project(folder)
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
    return {
        "security/recorded/token.frames": accepted,
        "security/recorded/token_refused.frames": refused,
    }


@scenario("security/recorded/logged_out.frames", "security/recorded/too_fast.frames")
def endings(folder: Path) -> dict[str, str]:
    """Log out while listening, and say too much at once."""
    project = security_project(folder)
    with servers.serve(project, env=SETTINGS) as server, login(server) as ada:

        def listen(socket: clients.WebSocketClient) -> None:
            socket.init()
            socket.subscribe("1", LISTEN)
            socket.next_message()
            headers = {"X-CSRFToken": ada.cookies["csrftoken"], "Origin": server.url}
            ada.post("/accounts/logout/", headers=headers)

        logged_out = conversation(server, listen, ada)

        def hurry(socket: clients.WebSocketClient) -> None:
            socket.init()
            for _ in range(21):
                socket.send({"type": "pong"})

        too_fast = conversation(server, hurry)
    pong = '> {"type": "pong"}\n'
    assert too_fast.count(pong) == 21
    return {
        "security/recorded/logged_out.frames": logged_out,
        "security/recorded/too_fast.frames": too_fast.replace(pong * 19, "…\n"),
    }
