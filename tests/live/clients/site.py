"""The chat, as its clients see it here: it pings often, and closes a socket when it is asked to.

It also has a subscription that ends. The texts are modules of the project; nothing else of the
guide's chat is changed.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.harness import clients, live, processes, projects, servers

SETTINGS = """
from myproject.settings import *
STRAWBERRY_DJANGO_REALTIME = {"PING_INTERVAL": 0.5, "PONG_TIMEOUT": 20}
"""
ASGI = """
import os
from collections.abc import AsyncGenerator

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "myproject.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

import strawberry
from myproject import schema as chat
from strawberry_django.routers import AuthGraphQLProtocolTypeRouter

closed = set()


@strawberry.type
class Subscription(chat.Subscription):
    @strawberry.subscription
    async def once(self) -> AsyncGenerator[str, None]:
        yield "only this"


async def close_once(context, operation):
    room = (operation.variables or {}).get("room", "")
    if context["ws"] and room.startswith("close-") and room not in closed:
        closed.add(room)
        code = int(room.split("-")[1])
        await context.consumer.writer.close(code, "The room asks for it")


schema = chat.Schema(query=chat.Query, mutation=chat.Mutation, subscription=Subscription)
application = AuthGraphQLProtocolTypeRouter(
    schema, django_application=django_application, on_operation=close_once
)
"""
APPLICATION = "clients_asgi:application"

ADD = "subscription ($room: String!) { messageAdded(room: $room, last: 50) { text } }"
ME = "query { me }"
MESSAGES = "query ($room: String!) { messages(room: $room) { text } }"
SEND = (
    "mutation ($room: String!, $text: String!) { sendMessage(room: $room, text: $text) { text } }"
)


def lay_out(chat: projects.Project, folder: Path) -> projects.Project:
    """Return a copy of the chat with the modules above, and the settings of the guide's page."""
    shutil.copytree(chat.path, folder)
    (folder / "clients_asgi.py").write_text(ASGI, encoding="utf-8")
    (folder / "myproject/settings_clients.py").write_text(SETTINGS, encoding="utf-8")
    cors = projects.as_copied(projects.SNIPPETS / "clients/myproject/settings_cors.py")
    (folder / "myproject/settings_cors.py").write_bytes(cors)
    return projects.Project(folder)


class Site:
    """One server of the chat, which can be stopped and started again on the same port."""

    #: Uvicorn would wait for its streams without a limit.
    ARGUMENTS: Mapping[str, tuple[str, ...]] = {
        "uvicorn": ("--timeout-graceful-shutdown", "1"),
    }

    def __init__(
        self,
        project: projects.Project,
        name: str,
        settings: str = "settings_clients",
        application: str = APPLICATION,
    ) -> None:
        self.name = name
        self.port = processes.free_port()
        self._project = project
        self._command = [
            *servers.command(name, self.port, application),
            *self.ARGUMENTS.get(name, ()),
        ]
        self._settings = f"myproject.{settings}"
        self._stack = contextlib.ExitStack()
        self.server: servers.Server

    @property
    def url(self) -> str:
        """The origin of its pages."""
        return f"http://{processes.HOST}:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        env = {**live.environment(), "DJANGO_SETTINGS_MODULE": self._settings}
        process = self._stack.enter_context(
            processes.running(self.name, self._command, cwd=self._project.path, env=env)
        )
        process.wait_until(lambda: processes.accepts(self.port))
        self.server = servers.Server(self.name, self.port, process)

    def stop(self) -> None:
        """End it with SIGTERM."""
        self._stack.close()

    def say(self, cookies: Mapping[str, str], room: str, text: str) -> None:
        """Send a message to a room of this server."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        answer = clients.graphql(self.server, SEND, {"room": room, "text": text}, headers=headers)
        assert "errors" not in answer.json(), answer.text


@contextlib.contextmanager
def running(site: Site) -> Iterator[Site]:
    """Run a site for the length of the block."""
    try:
        site.start()
        yield site
    finally:
        site.stop()
