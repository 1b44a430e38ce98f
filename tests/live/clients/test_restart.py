"""docs/guide/clients.md: which subscriptions go on after a restart of each server."""

from __future__ import annotations

import contextlib
import secrets
import signal
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
import pytest

from tests.live.clients.gql_client import Listener
from tests.live.clients.node import CLIENTS, Event, Page
from tests.live.clients.site import ADD, Site, running
from tools.harness import projects
from tools.harness.servers import SERVERS

#: They go on by themselves, some of them with what the guide sets.
LASTING = (*(f"{name}.js" for name in CLIENTS), "graphql_sse.defaults.js")
#: They end with an error when a server is away.
ENDING = [f"{name}.defaults.js" for name in CLIENTS if name != "graphql_sse"]


@dataclass(frozen=True)
class Outage:
    """What has been heard on the pages of one server that was away."""

    site: Site
    page: Page
    listening: dict[str, int]
    program: Listener
    code: int | None

    def events(self, client: str) -> list[Event]:
        return self.page.of(self.listening[client])


@pytest.fixture(scope="module")
def outages(
    sites: Mapping[str, Site], pages: Mapping[str, Page], cookies: dict[str, str]
) -> Iterator[dict[str, Outage]]:
    """Every client listens in a room of its own; then every server is restarted."""
    rooms = {client: secrets.token_hex(6) for client in (*LASTING, *ENDING)}
    told = {**rooms, "gql": secrets.token_hex(6)}

    def restart(name: str) -> Outage:
        site, page = sites[name], pages[name]
        program = stack.enter_context(contextlib.closing(Listener(site.url, cookies, told["gql"])))
        listening = {
            client: page.do("listen", client, document=ADD, variables={"room": room})
            for client, room in rooms.items()
        }
        for room in told.values():
            site.say(cookies, room, f"before {name}")
        program.hears(f"before {name}")
        for number in listening.values():
            page.hears(number, f"before {name}")
        process = site.server.process
        site.stop()
        for client in ENDING:
            page.fails(listening[client])
        site.start()
        for room in told.values():
            site.say(cookies, room, f"after {name}")
        return Outage(site, page, listening, program, process.popen.returncode)

    with contextlib.ExitStack() as stack, ThreadPoolExecutor() as pool:
        yield dict(zip(SERVERS, pool.map(restart, SERVERS), strict=True))


@pytest.fixture(params=SERVERS)
def outage(request: pytest.FixtureRequest, outages: dict[str, Outage]) -> Outage:
    return outages[request.param]


@pytest.mark.parametrize("client", LASTING)
def test_a_subscription_that_goes_on(client: str, outage: Outage) -> None:
    outage.page.hears(outage.listening[client], f"after {outage.site.name}")
    assert {event["event"] for event in outage.events(client)} == {"data"}


@pytest.mark.parametrize("client", ENDING)
def test_a_subscription_that_ends_says_so(client: str, outage: Outage) -> None:
    kinds = [event["event"] for event in outage.events(client)]
    assert "error" in kinds
    assert f'after {outage.site.name}"' not in str(outage.events(client))


def test_the_program_goes_on(outage: Outage) -> None:
    outage.program.hears(f"after {outage.site.name}")


def test_the_server_ends_when_it_is_asked_to(outage: Outage) -> None:
    assert outage.code != -signal.SIGKILL


@contextlib.contextmanager
def streaming(site: Site, cookies: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Have a stream of a running site open."""
    ask = {"query": ADD, "variables": {"room": "waiting"}}
    headers = {"Accept": "text/event-stream", "Origin": site.url}
    with httpx.Client(cookies=cookies, timeout=30) as client:
        site.say(cookies, "waiting", "welcome")
        with client.stream("POST", f"{site.url}/graphql", json=ask, headers=headers) as answer:
            lines = answer.iter_lines()  # Without a name it would be closed, and the stream too.
            next(line for line in lines if "welcome" in line)
            yield site.server.process.popen


def test_uvicorn_ends_a_stream_when_it_is_told(
    project: projects.Project, cookies: dict[str, str]
) -> None:
    shown = projects.as_copied(projects.SNIPPETS / "clients/shell/uvicorn.sh").decode()
    name, *options, application = shown.split()

    class Told(Site):
        ARGUMENTS: Mapping[str, tuple[str, ...]] = {name: tuple(options)}

    with (
        running(Told(project, "uvicorn", "settings", application)) as site,
        streaming(site, cookies) as process,
    ):
        process.terminate()
        process.wait(20)
