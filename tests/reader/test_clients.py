"""The page about clients as it was built: its commands run, and its modules ask the chat."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

import httpx
import pytest

from tests.live.clients import node
from tests.live.clients.site import ADD, ME, SEND
from tests.reader.alternatives import CLIENTS, GUIDE, TUTORIAL
from tests.reader.conftest import OpenTerminal
from tools.harness import clients
from tools.harness.servers import Server
from tools.reader import files, page
from tools.reader.page import Item
from tools.reader.walk import Reader

pytestmark = pytest.mark.timeout(600)

TO_THE_CHAT = [
    *("1. A project", "2. Settings and routing", "4. A broadcast", "5. Who is speaking"),
    "6. The page",
]
#: What the page asks of its reader: a project that npm knows, of modules.
A_PROJECT = "npm init --yes\nnpm pkg set type=module"
#: What stands for a browser needs a WebSocket that sends cookies.
A_BROWSER = "npm install ws"
MODULES = {
    "graphql-ws": ["graphql_ws"],
    "Apollo Client": ["apollo", "apollo_http"],
    "urql": ["urql", "urql_http"],
    "graphql-sse": ["graphql_sse"],
}
#: Sections that begin with what another one made.
ON_TOP_OF_GRAPHQL_WS = {"Apollo Client", "urql"}
END = " (at the end)"

PROGRAM = f"""
import asyncio, sys
from chat_client import ask, listen

site, cookies, room = sys.argv[1], {{"sessionid": sys.argv[2]}}, sys.argv[3]

async def main():
    print(await ask(site, cookies, {ME!r}))
    messages = listen(site, cookies, {ADD!r}, room=room)
    for text in ("first", "second"):
        await ask(site, cookies, {SEND!r}, room=room, text=text)
        print(await anext(messages))

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def items(site: Path) -> list[Item]:
    return page.read(site / CLIENTS)


@pytest.fixture(scope="module")
def chatting(
    site: Path, tmp_path_factory: pytest.TempPathFactory, open_terminal: OpenTerminal
) -> Reader:
    """A reader of the tutorial who has its chat, and Uvicorn."""
    tutorial = page.read(site / TUTORIAL)
    reader = Reader(open_terminal(tmp_path_factory.mktemp("chatting")), choices=())
    for chapter in TO_THE_CHAT:
        told = page.section(tutorial, chapter)
        reader.follow(one for one in told if "With a bundler" not in one.headings)
    running = page.section(page.read(site / GUIDE), "Production")
    reader.choices = ["Uvicorn"]
    reader.follow(one for one in running if "pip install" in one.text and one.kind == "bash")
    return reader


def own(told: list[Item]) -> list[Item]:
    """Return the blocks among what is told."""
    return [one for one in told if one.kind != "prose"]


def command(items: list[Item]) -> Item:
    """Return the page's command that starts the server."""
    (found,) = [one for one in items if one.kind == "bash" and one.text.startswith("uvicorn")]
    return found


@pytest.fixture(scope="module")
def server(items: list[Item], chatting: Reader) -> Server:
    chatting.follow([command(items)])
    (server,) = chatting.terminal.serving.values()
    return server


@pytest.fixture(scope="module")
def cookies(server: Server, chatting: Reader) -> dict[str, str]:
    with clients.login(server, "ada", chatting.passwords["ada"]) as ada:
        return dict(ada.cookies)


def test_every_section_with_something_to_do_is_followed(items: list[Item]) -> None:
    to_do = [one for one in items if one.kind not in ("prose", "text")]
    assert {one.headings[1] for one in to_do} == {*MODULES, "gql", "Pages of another origin"}


@pytest.mark.parametrize("chapter", MODULES)
def test_a_reader_of_one_section_asks_and_listens(
    items: list[Item],
    server: Server,
    cookies: dict[str, str],
    tmp_path: Path,
    open_terminal: OpenTerminal,
    chapter: str,
) -> None:
    reader = Reader(open_terminal(tmp_path), choices=())
    node.command("npm")
    reader.terminal.run(A_PROJECT)
    if chapter in ON_TOP_OF_GRAPHQL_WS:
        before = page.section(items, "graphql-ws")
        reader.follow(one for one in before if one.kind == "javascript")
    told = [one for one in page.section(items, chapter) if one is not command(items)]
    reader.done.clear()
    reader.follow(told)
    reader.finish()
    assert reader.done == own(told)
    assert {one.title for one in told if one.kind == "javascript"} == {
        *(f"src/{name}.js" for name in MODULES[chapter]),
        f"src/{MODULES[chapter][0]}.js{END}",
    }
    (use,) = (one.text for one in told if one.title.endswith(END))
    others = [one.text for one in told if "put the same three functions at the end" in one.text]
    assert len(others) == len(MODULES[chapter]) - 1
    for other in MODULES[chapter][1:]:
        files.write(reader.terminal.cwd, f"src/{other}.js{END}", use)
    reader.terminal.run(A_BROWSER)
    source = reader.terminal.cwd / "src"
    shutil.copy(node.HERE / "run.mjs", source)
    with node.page(source, server.url, cookies) as window:
        for name in MODULES[chapter]:
            room = secrets.token_hex(6)
            assert window.ask("query", f"{name}.js", document=ME)["payload"] == {"me": "ada"}
            listening = window.do("listen", f"{name}.js", document=ADD, variables={"room": room})
            for text in ("Good morning", "Good evening"):  # The first may come from before.
                said = {"room": room, "text": text}
                window.ask("mutate", f"{name}.js", document=SEND, variables=said)
                window.hears(listening, text)
            window.ask("stop", of=listening)


def test_a_program_asks_and_listens(
    items: list[Item],
    server: Server,
    cookies: dict[str, str],
    tmp_path: Path,
    open_terminal: OpenTerminal,
) -> None:
    reader = Reader(open_terminal(tmp_path), choices=())
    reader.terminal.run("python -m venv .venv\n. .venv/bin/activate")
    told = page.section(items, "gql")
    reader.follow(told)
    reader.finish()
    assert reader.done == own(told)
    files.write(reader.terminal.cwd, "program.py", PROGRAM)
    reader.terminal.run(f"python program.py {server.url} {cookies['sessionid']} {tmp_path.name}")
    assert reader.terminal.output.splitlines() == [
        "{'me': 'ada'}",
        "{'messageAdded': {'text': 'first'}}",
        "{'messageAdded': {'text': 'second'}}",
    ]


def test_a_page_of_another_origin_may_ask(
    items: list[Item], server: Server, cookies: dict[str, str], chatting: Reader
) -> None:
    there = chatting.terminal.elsewhere(chatting.terminal.cwd)
    there.first_env["DJANGO_SETTINGS_MODULE"] = "myproject.settings_cors"
    reader = Reader(there, choices=())
    told = page.section(items, "Pages of another origin")
    assert any("Let DJANGO_SETTINGS_MODULE name these settings" in one.text for one in told)
    try:
        reader.follow([*told, command(items)])
        reader.finish()
        assert reader.done == [*own(told), command(items)]
        (other,) = there.serving.values()
        headers = {"Origin": "https://app.example.com"}
        with httpx.Client(base_url=other.url, headers=headers, cookies=cookies) as window:
            answer = clients.graphql(window, ME, headers=headers)
            asked = {"Access-Control-Request-Method": "POST"}
            allowed = window.options("/graphql", headers=asked).headers
        refused = httpx.post(
            f"{server.url}/graphql", json={"query": ME}, headers=headers, cookies=cookies
        )
    finally:
        reader.stop()
    assert answer.json() == {"data": {"me": "ada"}}
    assert answer.headers["access-control-allow-origin"] == headers["Origin"]
    assert allowed["access-control-allow-credentials"] == "true"
    assert refused.status_code == httpx.codes.FORBIDDEN
