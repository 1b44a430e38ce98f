"""docs/guide/subscriptions.md as its reader follows it: block by block, in a new directory.

Where a block shows a file it is written, where it says "at the end" it is added, and where it is
a command it is run. The environment is made apart, and what pip installs this Python has.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.guide.support import environment, read
from tools.harness import clients, live, processes, projects, servers
from tools.harness.redis import RedisServer
from tools.markers import SECTION, Fence, fences, take_highlights

PAGE = live.ROOT / "docs/guide/subscriptions.md"
AT_THE_END = " (at the end)"
ENVIRONMENT = "first_subscription/shell/start.sh:environment"
NOT_RUN = (ENVIRONMENT, "installation/shell/pip.sh:")
SERVER = "running/shell/runserver.sh"
SHOWN = ("graphql", "json", "text")
PASSWORD = "analytical-engine"


def content(target: str) -> str:
    """Return what a block shows that includes ``target``, a snippet or a section of one."""
    name, _, section = target.partition(":")
    lines = (projects.SNIPPETS / name).read_text(encoding="utf-8").splitlines()
    kept: list[str] = []
    inside = not section
    for line in lines:
        marker = SECTION.match(line)
        if marker is None:
            kept += [line] if inside else []
        elif marker["name"] == section:
            inside = marker["type"] == "start"
    return "\n".join(take_highlights(kept)[0]).strip("\n") + "\n"


def blocks() -> Iterator[tuple[Fence, str]]:
    """Yield the blocks of the page that the reader does something with."""
    for block in fences(PAGE.read_text(encoding="utf-8").splitlines()):
        if block.language not in SHOWN:
            (target,) = block.targets
            yield block, target


class Reader:
    """Somebody who follows the page in a directory."""

    def __init__(self, folder: Path) -> None:
        self.project = projects.Project(folder)
        self.steps = blocks()
        self.written: list[str] = []

    def follow(self, until: str) -> None:
        """Do what the blocks say, up to the command ``until``."""
        for block, target in self.steps:
            if target == until:
                return
            title = block.options.get("title")
            if title:
                self.write(title, content(target))
                self.written.append(target)
            elif not target.startswith(NOT_RUN):
                self.run(content(target))
        raise AssertionError(f"{PAGE.name} has no more {until}")

    def write(self, title: str, text: str) -> None:
        path = self.project.path / title.removesuffix(AT_THE_END)
        path.parent.mkdir(parents=True, exist_ok=True)
        if title.endswith(AT_THE_END):
            text = path.read_text(encoding="utf-8") + "\n\n" + text
        path.write_text(text, encoding="utf-8")

    @contextlib.contextmanager
    def serve(self, target: str, shown: str, redis: RedisServer) -> Iterator[servers.Server]:
        """Run commands whose last is a server: on a free port, not on the one that is shown."""
        port = processes.free_port()
        before, _, last = content(target).strip().rpartition("\n")
        assert f" {shown} " in last
        script = f"{before}\nexec {last.replace(shown, str(port))}"
        with processes.running(
            "daphne",
            ["sh", "-e", "-c", script],
            cwd=self.project.path,
            env={**environment(), "REDIS_URL": redis.url},
        ) as process:
            process.wait_until(lambda: processes.accepts(port))
            yield servers.Server("daphne", port, process)

    def run(self, script: str) -> None:
        done = subprocess.run(
            ["sh", "-eu", "-c", script],
            cwd=self.project.path,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"


def hear(socket: clients.WebSocketClient) -> list[object]:
    """Return what one operation yields."""
    results: list[object] = []
    while (message := socket.next_message())["type"] == "next":
        results.append(message["payload"])
    return results


def test_a_reader_ends_with_a_working_chat(tmp_path: Path, redis: RedisServer) -> None:
    reader = Reader(tmp_path)

    reader.follow(until=SERVER)
    with (
        servers.serve(reader.project, "runserver") as server,
        clients.WebSocketClient.connect(server) as socket,
    ):
        assert "System check identified no issues" in server.log()
        socket.init()
        socket.subscribe("1", read("first_subscription/requests/count.graphql"))
        assert hear(socket) == [{"data": {"count": number}} for number in (1, 2, 3)]
        hello = clients.graphql(server, read("first_subscription/requests/hello.graphql"))
        assert hello.json() == {"data": {"hello": "Hello!"}}

    reader.follow(until=SERVER)
    with (
        servers.serve(reader.project, "runserver") as server,
        clients.login(server, "ada", PASSWORD, path="/admin/login/") as ada,
    ):
        answer = clients.graphql(ada, read("chat/requests/send_message.graphql"))
        assert answer.json() == json.loads(read("chat/recorded/send_message.json"))

    reader.follow(until=SERVER)
    with (
        servers.serve(reader.project, "runserver") as server,
        clients.login(server, "ada", PASSWORD) as ada,
    ):
        room = ada.get("/", follow_redirects=True)
        assert room.url.path == "/chat/lobby/"
        assert 'data-user="ada"' in room.text
        for name in ("chat.js", "graphql.js", "chat.css"):
            assert ada.get(f"/static/chat/{name}").is_success

    reader.follow(until="chat/shell/two_processes.sh:first")
    assert not [block for block, _ in reader.steps if block.options.get("title")]
    with (
        reader.serve("chat/shell/two_processes.sh:first", "8001", redis) as first,
        reader.serve("chat/shell/two_processes.sh:second", "8002", redis) as second,
        clients.login(first, "ada", PASSWORD) as ada,
        clients.WebSocketClient.connect(second, cookies=ada) as socket,
    ):
        socket.init()
        socket.subscribe("1", read("chat/requests/message_added.graphql"))
        assert socket.next_message()["payload"]["data"]["messageAdded"]["id"] == "1"
        clients.graphql(ada, read("chat/requests/send_message.graphql")).raise_for_status()
        assert socket.next_message()["payload"]["data"]["messageAdded"]["id"] == "2"


def test_the_first_commands_make_a_folder_with_an_environment(tmp_path: Path) -> None:
    # Without -u: the `activate` of Python 3.12 asks for a variable that bash alone has.
    done = subprocess.run(
        ["sh", "-e", "-c", content(ENVIRONMENT) + "pwd\ncommand -v python\ncommand -v pip\n"],
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


def test_every_file_of_the_chat_is_on_the_page() -> None:
    shown = {target for _, target in blocks()}
    for path in projects.project_files(projects.SNIPPETS / "chat"):
        name = path.relative_to(projects.SNIPPETS).as_posix()
        sections = [m["name"] for m in map(SECTION.match, path.read_text().splitlines()) if m]
        made_by_startapp = name == "chat/chat/__init__.py"
        for part in {f"{name}:{section}" for section in sections} or {name}:
            assert part in shown or made_by_startapp, part


def test_the_settings_are_those_of_the_base_project_with_two_blocks_at_the_end() -> None:
    base = read("project/myproject/settings.py")
    settings = read("chat/myproject/settings.py")
    assert settings.startswith(base)
    assert settings[len(base) :].lstrip().startswith("# --8<-- [start:realtime]")


def test_the_commands_of_the_two_processes_start_servers(
    tmp_path: Path, redis: RedisServer
) -> None:
    project = projects.build(tmp_path, "asgi_routing", "chat")
    for section, port in (("first", "8001"), ("second", "8002")):
        free = processes.free_port()
        script = content(f"chat/shell/two_processes.sh:{section}").replace(port, str(free))
        env = {**environment(), "REDIS_URL": redis.url}
        command = ["sh", "-eu", "-c", script]
        with processes.running(section, command, cwd=project.path, env=env) as process:
            process.wait_until(lambda port=free: processes.accepts(port))  # type: ignore[misc]
            assert script.count(str(free)) == 1
