"""The commands of docs/guide/subscriptions.md, and what it asks in the explorer."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.guide.support import environment, read, run_script
from tools import demo
from tools.harness import clients, processes, projects, servers
from tools.harness.redis import RedisServer

PASSWORDS = {"ada": "analytical-engine", "grace": "compiler-of-1952"}
SAID = "Is anybody there?"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """The chat with the users that the page makes."""
    folder = tmp_path_factory.mktemp("commands") / "project"
    project = projects.build(folder, *demo.SUBJECTS)
    for name in ("migrate", "users"):
        run_script(project, f"chat/shell/{name}.sh")
    with servers.serve(project) as server:
        yield server


def login(server: servers.Server, name: str) -> httpx.Client:
    return clients.login(server, name, PASSWORDS[name])


def test_the_app_is_made_by_its_command(tmp_path: Path) -> None:
    project = projects.build(tmp_path, "asgi_routing")
    run_script(project, "chat/shell/app.sh")
    made = {
        path.relative_to(tmp_path / "chat").as_posix() for path in tmp_path.glob("chat/**/*.py")
    }
    assert {"__init__.py", "apps.py", "models.py", "migrations/__init__.py"} <= made


def section(name: str, of: str) -> str:
    """Return what a section of a snippet shows."""
    return read(name).partition(f"# --8<-- [start:{of}]\n")[2].partition("# --8<-- [end:")[0]


def test_the_first_commands_make_a_folder_with_an_environment(tmp_path: Path) -> None:
    script = section("first_subscription/shell/start.sh", "environment")
    # Without -u: the `activate` of Python 3.12 asks for a variable that bash alone has.
    done = subprocess.run(
        ["sh", "-e", "-c", script + "pwd\ncommand -v python\ncommand -v pip\n"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    folder = tmp_path / "chatting"
    expected = [folder, *(folder / f".venv/bin/{name}" for name in ("python", "pip"))]
    assert done.stdout.split() == [str(path) for path in expected]


def test_the_next_command_makes_the_project_in_it(tmp_path: Path) -> None:
    script = section("first_subscription/shell/start.sh", "project")
    subprocess.run(["sh", "-eu", "-c", script], cwd=tmp_path, env=environment(), check=True)
    assert (tmp_path / "manage.py").is_file()
    assert (tmp_path / "myproject/settings.py").is_file()


def test_the_commands_of_the_two_processes_start_servers(
    tmp_path: Path, redis: RedisServer
) -> None:
    project = projects.build(tmp_path, "asgi_routing", "chat")
    env = {**environment(), "REDIS_URL": redis.url}
    with contextlib.ExitStack() as stack:
        for name, port in (("first", "8001"), ("second", "8002")):
            free = processes.free_port()
            shown = section("chat/shell/two_processes.sh", name)
            assert shown.count(port) == 1
            process = stack.enter_context(
                processes.running(
                    name,
                    ["sh", "-eu", "-c", shown.replace(port, str(free))],
                    cwd=project.path,
                    env=env,
                )
            )
            process.wait_until(partial(processes.accepts, free))


def test_the_users_are_an_administrator_and_a_guest(server: servers.Server) -> None:
    for name, pages in (("ada", "/admin/"), ("grace", "/admin/login/")):
        with login(server, name) as client:
            assert client.get("/admin/", follow_redirects=True).url.path == pages


def test_the_explorer_is_told_who_one_is(server: servers.Server) -> None:
    ask = read("chat/requests/me.graphql")
    with login(server, "ada") as ada:
        assert clients.graphql(ada, ask).json() == json.loads(read("chat/recorded/me.json"))
    assert clients.graphql(server, ask).json() == {"data": {"me": None}}


def test_the_last_message_comes_at_once_and_the_next_when_it_is_said(
    server: servers.Server,
) -> None:
    with login(server, "ada") as ada:
        send = read("chat/requests/send_message.graphql")
        _, last = [clients.graphql(ada, send).json()["data"]["sendMessage"] for _ in range(2)]
        assert (last.keys(), last["text"]) == ({"id", "text"}, SAID)
        with clients.WebSocketClient.connect(server, cookies=ada) as socket:
            socket.init()
            socket.subscribe("1", read("chat/requests/message_added.graphql"))
            heard = [socket.next_message()["payload"]["data"]["messageAdded"]]
            clients.graphql(ada, send).raise_for_status()
            heard.append(socket.next_message()["payload"]["data"]["messageAdded"])
    assert [int(message["id"]) for message in heard] == [int(last["id"]), int(last["id"]) + 1]
    for message in heard:
        assert message.keys() == {"id", "author", "text", "sentAt"}
        assert (message["author"], message["text"]) == ("ada", SAID)
