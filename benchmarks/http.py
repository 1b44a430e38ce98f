"""GraphQL over HTTP beside its peers, and a page that is not GraphQL behind the router."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from benchmarks import plot
from benchmarks.measuring import cpu_seconds, interval, ratio, shown, times
from benchmarks.programs import NAMES, USER, project, served
from tools.harness import clients
from tools.harness.servers import Server

ROUNDS, REQUESTS = 9, 200
#: Of the page, which is compared with Django alone.
PAIRS, PAGES = 40, 60
SERVERS = ("bare", "stock", "shared", "inside", "django")
#: Where Django alone serves Strawberry's own view.
PATHS = {"django": "/view"}
SAID = {**NAMES, "shared": "This router", "django": "Strawberry's `AsyncGraphQLView`"}


def ask(server: Server, client: httpx.Client, path: str, requests: int) -> float:
    """Return the server's processor time for a request, in seconds.

    Raises:
        RuntimeError: an answer is not the right one.
    """
    before = cpu_seconds(server)
    for _ in range(requests):
        if path == "/plain/":
            answer = client.get(path)
            right = answer.text == "plain"
        else:
            answer = client.post(path, json={"query": "{ ping }"})
            right = answer.status_code == 200 and answer.json() == {"data": {"ping": "pong"}}
        if not right:
            raise RuntimeError(f"{path} answered {answer.status_code}: {answer.text[:300]}")
    return (cpu_seconds(server) - before) / requests


def main(look: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure all in turn, and return the results."""
    rounds, requests, pairs, pages = (1, 10, 3, 5) if look else (ROUNDS, REQUESTS, PAIRS, PAGES)
    found: dict[tuple[str, str], list[float]] = {}
    paired: dict[str, list[float]] = {"shared": [], "django": []}
    with project() as made, contextlib.ExitStack() as stack:
        servers = {name: stack.enter_context(served(made, name)) for name in SERVERS}
        user = stack.enter_context(clients.login(servers["django"], **USER)).cookies
        asked = {
            (who, name): stack.enter_context(
                httpx.Client(base_url=server.url, timeout=clients.SECONDS, cookies=cookies)
            )
            for name, server in servers.items()
            for who, cookies in (("nobody", None), ("user", user))
        }
        for number in range(-1, rounds):  # the first for warmth
            for who, name in asked if number % 2 else reversed(asked):
                path = PATHS.get(name, "/graphql")
                taken = ask(servers[name], asked[who, name], path, requests)
                found.setdefault((who, name), []).extend([taken] if number >= 0 else [])
            say(f"GraphQL, round {number + 1} of {rounds}")
        for number in range(-1, pairs):
            for name in list(paired) if number % 2 else reversed(paired):
                taken = ask(servers[name], asked["user", name], "/plain/", pages)
                paired[name].extend([taken] if number >= 0 else [])
        say(f"{pairs} paired rounds of a page")
    return results(rounds, found, paired)


def results(
    rounds: int, found: Mapping[tuple[str, str], list[float]], paired: Mapping[str, list[float]]
) -> dict[str, Any]:
    """Return what the record has."""
    rows = [
        ["`{ ping }`", "Nobody: times stock router", "(ms)", "Session: times stock router", "(ms)"]
    ]
    for name in SERVERS:
        cells = [SAID[name]]
        for who in ("nobody", "user"):
            mine = found[who, name]
            milliseconds = shown(statistics.median(mine) * 1e3)
            cells += [ratio(times(mine, found[who, "stock"])), milliseconds]
        rows.append(cells)
    view = {who: times(found[who, "shared"], found[who, "django"]) for who in ("nobody", "user")}
    inside = [["Times the router without the option", "Nobody", "Session"]]
    for name in ("inside", "django"):
        beside = (times(found[who, name], found[who, "shared"]) for who in ("nobody", "user"))
        inside.append([SAID[name], *map(ratio, beside)])
    low, middle, high = interval(paired["shared"], paired["django"])
    page = [
        ["", "Times Django alone", "95 % interval", "Rounds"],
        [
            "A Django page behind this router, with a session",
            f"{middle:.3f}",
            f"{low:.3f} to {high:.3f}",
            str(len(paired["shared"])),
        ],
    ]
    return {
        "rounds": rounds,
        "tables": {"compared": rows, "page": page, "inside": inside},
        "this router, times AsyncGraphQLView": {
            who: round(value, 2) for who, value in view.items()
        },
    }


def picture(found: Mapping[str, Any]) -> str:
    """Draw the milliseconds of a query with a session."""
    _, *rows = found["tables"]["compared"]
    return plot.bars({row[0].replace("`", ""): float(row[4]) for row in rows}, "ms")
