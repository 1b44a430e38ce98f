"""The facts of the prose: another value in a sentence is found, and npm packages are as said."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from strawberry_django.routers import AuthGraphQLProtocolTypeRouter
from tests.live.clients import node
from tools.harness import live
from tools.prose import places, tables
from tools.prose.check import numbers
from tools.prose.facts import RETRIES, Fact, facts
from tools.prose.names import Names

#: Each prints how often a client asks a server that is not there, without the waits between.
TRIES = {
    "graphql-ws": """
        import { createClient } from "graphql-ws";
        import { WebSocket } from "ws";
        let tries = 0;
        const client = createClient({
          url: "ws://127.0.0.1:1", webSocketImpl: WebSocket, on: { connecting: () => tries++ },
          shouldRetry: () => true, retryWait: async () => {},
        });
    """,
    "graphql-sse": """
        import { createClient } from "graphql-sse";
        let tries = 0;
        const fetchFn = (...all) => { tries++; return fetch(...all); };
        const client = createClient({ url: "http://127.0.0.1:1", fetchFn, retry: async () => {} });
    """,
}
LISTEN = """
    client.subscribe({ query: "{ me }" }, { error: () => console.log(tries), complete: () => {} });
"""


@cache
def known() -> list[Fact]:
    return list(facts())


def read(file: str) -> str:
    return (live.ROOT / file).read_text(encoding="utf-8")


def problems(root: Path, file: str, text: str) -> list[str]:
    """Return what is wrong with the numbers of a file where it has this text."""
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    found = numbers(root, [fact for fact in known() if fact[0] == file])
    return [str(problem) for problem in found if problem.file == file]


CLOSE_CODES = [
    (places.CLIENTS, "| 4401 | logged out", "| 4429 | logged out"),
    (places.SECURITY, "the socket is closed with 4401", "the socket is closed with 4403"),
    (places.SECURITY, "1011 becomes 4500", "1011 becomes 4400"),
    (places.TUTORIAL, "is closed with 4408", "is closed with 4409"),
    (places.TUTORIAL, "between 4400 and 4499", "between 4000 and 4499"),
    (places.CHANNELS, "of that user close with 4401", "of that user close with 4403"),
]
STATUSES = [
    (places.CLIENTS, "without it is refused with 403", "without it is refused with 400"),
    (places.CLIENTS, "another site is refused with 403", "another site is refused with 405"),
    (places.SECURITY, "not in `ALLOWED_HOSTS` is a 400", "not in `ALLOWED_HOSTS` is a 403"),
    (places.SECURITY, "Everybody else gets a 403", "Everybody else gets a 404"),
    (places.SECURITY, "It is a 403 as well", "It is a 400 as well"),
    (places.SECURITY, "Such a request is a 403", "Such a request is a 400"),
    (places.SECURITY, "MEMORY_SIZE` is a 413", "MEMORY_SIZE` is a 415"),
    (places.SECURITY, "is a 4xx, never a 500", "is a 5xx, never a 500"),
    (places.SECURITY, "is a 4xx, never a 500", "is a 4xx, never a 503"),
    (places.SECURITY, "by GET is a 405", "by GET is a 400"),
    (places.SECURITY, "status 403 over HTTP", "status 405 over HTTP"),
    (places.SECURITY, "may be a 5xx", "may be a 4xx"),
    (places.TESTING, "answers 404", "answers 405"),
    (places.CHANNELS, "they answer 404", "they answer 400"),
    (places.CHANNELS, "a bare 403", "a bare 404"),
    (places.CHANNELS, "can only say 403, and", "can only say 400, and"),
    (places.CHANNELS, "gets 413", "gets 415"),
    (places.CHANNELS, "403 is the origin, 404 the path", "404 is the origin, 403 the path"),
]
COUNTS = [
    (places.CLIENTS, "same three functions", "same four functions"),
    (places.HOME, "Two commands away", "Three commands away"),
    (places.SECURITY, "Three of Django's", "Four of Django's"),
    (places.SECURITY, "two for a logged-in request", "three for a logged-in request"),
    (places.SECURITY, "Within a second", "Within a minute"),
    (places.SECURITY, "3,000,000 spaces", "2,000,000 spaces"),
    (places.SECURITY, "Twenty-one messages", "Twenty-two messages"),
    (places.SECURITY, "where twenty a second", "where twelve a second"),
    (places.TUTORIAL, "Four apps and one setting", "Three apps and one setting"),
    (places.TUTORIAL, "Four apps and one setting", "Four apps and two settings"),
    (places.TUTORIAL, "in six pieces", "in five pieces"),
    (places.TUTORIAL, "two people", "three people"),
    (places.CHANNELS, "Add four apps", "Add three apps"),
    (places.CHANNELS, "give it three things", "give it four things"),
    (places.CHANNELS, "Two more keywords", "Three more keywords"),
    (places.CHANNELS, "`http_consumer_class` and", "`http_consumer` and"),
    (places.CHANNELS, "two for each process", "three for each process"),
    (places.CHANNELS, "Two of them break", "Three of them break"),
    (places.CHANNELS, "Three fields, one", "Four fields, one"),
    (places.CHANNELS, "these three are tested", "these two are tested"),
    (places.OPTIONS, "in three places", "in two places"),
    (places.ROUTER, "its three parameters", "its two parameters"),
    (places.VERIFICATION, "a tenth of what", "a fifth of what"),
    (places.WHY, "on all three", "on all two"),
]
ROWS = [
    (places.CHANNELS, "| `schema`             | required ", "| `schema`             | `None` "),
    (places.CHANNELS, '`"^graphql"` ', '`"^api"` '),
    (places.CHANNELS, "`django_application` | `None`", "`django_application` | required"),
    (places.CHANNELS, "| `django_application` |", "| `application` |"),
    (places.CHANNELS, "`True` on the router", "`False` on the router"),
    (places.CHANNELS, "#keep-alive) | `False`", "#keep-alive) | `True`"),
    (places.CHANNELS, "| 1 minute |", "| 2 minutes |"),
]
BESIDE = [
    (places.README, "3.10", "3.9"),
    (places.CONTRIBUTING, "six seconds", "seven seconds"),
    (places.CONTRIBUTING, "250 lines", "300 lines"),
    (places.CONTRIBUTING, "a tenth of", "a fifth of"),
    (places.CONTRIBUTING, "nine in ten", "eight in ten"),
    (places.CONTRIBUTING, "100 % of its", "99 % of its"),
    (places.CONTRIBUTING, "(20 or later)", "(18 or later)"),
    (places.CONTRIBUTING, "a third of", "a quarter of"),
]
_REALTIME = "strawberry_django/realtime"
RENDERED = [
    (f"{_REALTIME}/conf.py", "closed (4408)", "closed (4429)"),
    (f"{_REALTIME}/conf.py", "in bytes (1009 beyond)", "in bytes (1011 beyond)"),
    (f"{_REALTIME}/conf.py", "address may have open in a process (4429", "address may have (4408"),
    (f"{_REALTIME}/conf.py", "Seconds that a socket may stay open at all", "Six seconds, at all"),
    (f"{_REALTIME}/protocol.py", "As 1012, from", "As 1011, from"),
    (f"{_REALTIME}/protocol.py", "for 1002 and 1009", "for 1002 and 1011"),
    (f"{_REALTIME}/checks/catalogue.py", "socket_timeout above 5 s", "socket_timeout above 15 s"),
    (f"{_REALTIME}/checks/catalogue.py", "as redis-py 8 has", "as redis-py 7 has"),
    (f"{_REALTIME}/revocation.py", "every process, with 4401", "every process, with 4403"),
    (f"{_REALTIME}/routing.py", "they are 404", "they are 403"),
    (f"{_REALTIME}/testing/websocket.py", "gave, or 1000", "gave, or 1006"),
]


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [*CLOSE_CODES, *STATUSES, *COUNTS, *ROWS, *BESIDE, *RENDERED],
)
def test_another_value_in_a_sentence_is_a_problem(
    tmp_path: Path, file: str, right: str, wrong: str
) -> None:
    if file.startswith(_REALTIME):
        for folder in ("docs/reference", _REALTIME):
            shutil.copytree(live.ROOT / folder, tmp_path / folder)
    text = read(file)
    assert right in text
    assert not problems(tmp_path, file, text)
    assert problems(tmp_path, file, text.replace(right, wrong))


def test_two_close_codes_that_are_swapped_in_a_table_are_two_problems(tmp_path: Path) -> None:
    swapped = read(places.CLIENTS).replace("| 4401 |", "| - |").replace("| 4429 |", "| 4401 |")
    text = swapped.replace("| - |", "| 4429 |")
    found = [one for one in problems(tmp_path, places.CLIENTS, text) if "does not say" in one]
    assert ["| 4401 | logged out" in one for one in found] == [True, False]
    assert ["| 4429 | a limit" in one for one in found] == [False, True]


@pytest.mark.parametrize(
    "sentence", ["A body over `max_message_size` is a 415.", "It is two at once.", "Half of them."]
)
def test_a_number_in_a_new_sentence_is_unbound(tmp_path: Path, sentence: str) -> None:
    (found,) = problems(tmp_path, places.SECURITY, f"{read(places.SECURITY)}\n{sentence}\n")
    assert "is unbound" in found


def test_each_row_of_the_tables_of_defaults_is_a_fact() -> None:
    text = read(places.CHANNELS)
    options = re.findall(r"^\| \[`(\w+)`\]\(\.\./reference/options", text, re.MULTILINE)
    (table,) = re.findall(r"^\| Parameter .*\n\|.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    parameters = re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
    assert [*parameters, *options] == [text.split("`")[1] for _, text in tables.rows()]
    taken = inspect.signature(AuthGraphQLProtocolTypeRouter).parameters.values()
    assert parameters == [one.name for one in taken if one.kind is one.POSITIONAL_OR_KEYWORD]


@pytest.mark.parametrize("package", RETRIES)
def test_a_client_tries_again_as_often_as_the_pages_say(package: str) -> None:
    done = subprocess.run(
        [node.command("node"), "--input-type=module", "--eval", TRIES[package] + LISTEN],
        cwd=node.packages(),
        capture_output=True,
        text=True,
        timeout=node.SECONDS,
        check=False,
    )
    assert done.stdout.strip() == str(1 + RETRIES[package]), done.stderr


@pytest.mark.parametrize(("name", "package"), Names(live.ROOT).listed("npm"))
def test_an_npm_name_stands_in_its_package(name: str, package: str) -> None:
    folder = node.packages() / "node_modules" / package
    assert any(
        name.partition(":")[0] in path.read_text(encoding="utf-8")
        for pattern in ("*.js", "*.mjs", "*.cjs")
        for path in folder.rglob(pattern)
    )


def test_each_fact_is_of_a_file() -> None:
    assert len(known()) > 100
    assert all((live.ROOT / file).is_file() for file, _ in known())
