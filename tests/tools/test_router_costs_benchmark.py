"""What the benchmark of the router measures, and what the page says of it."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from benchmarks import asking, router_costs
from benchmarks.asking import Sizes
from benchmarks.measuring import ratios
from benchmarks.router_costs import RECORD, TASKS, WHO
from tools.harness.servers import Server

SMALL = Sizes(rounds=2, requests=3, sockets=3, batches=2, batch=4, many_sockets=10)


@pytest.fixture(scope="module")
def record() -> Any:
    return json.loads(RECORD.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return router_costs.lay_out(tmp_path_factory.mktemp("costs") / "project")


def test_each_task_is_measured_of_both_routers_and_of_a_peer() -> None:
    said: list[str] = []
    found = router_costs.measure(SMALL, said.append)
    assert said == [*(f"memory: {who}" for who in WHO), *(f"round {n} of 2" for n in range(3))]
    assert list(found) == list(TASKS)
    for task, by in found.items():
        assert {who: len(seen) for who, seen in by.items()} == dict.fromkeys(
            WHO, 1 if task == "memory" else 2
        )


@pytest.mark.parametrize("who", WHO)
def test_what_is_measured_is_the_right_answer(project: Any, who: str) -> None:
    with router_costs.served(project, who) as server, httpx.Client(base_url=server.url) as nobody:
        assert set(asking.over_http(server, who, nobody, 1)) == {"ping", "ping-user", "page"}
        found = asyncio.run(asking.over_sockets(server, SMALL))
        assert set(found) == {"connect", "event"}


def test_each_process_has_the_router_that_it_is_measured_as(project: Any) -> None:
    """The stock router answers any host; this one does not."""
    for who, status in (("stock", 200), ("ours", 400)):
        with router_costs.served(project, who) as server:
            headers = {"Host": "elsewhere.example"}
            answer = httpx.post(f"{server.url}/graphql", json=asking.PING, headers=headers)
            assert answer.status_code == status


def test_a_wrong_answer_is_not_measured(project: Any) -> None:
    with router_costs.served(project, "ours") as server:
        with (
            httpx.Client(base_url=f"{server.url}/elsewhere") as user,
            pytest.raises(RuntimeError, match="ours /graphql answered 404"),
        ):
            asking.over_http(server, "ours", user, 1)
        asyncio.run(wrong_event(server))


async def wrong_event(server: Server) -> None:
    async with AsyncExitStack() as stack:
        socket = await asking.subscribed(stack, server)
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=server.url))
        (await client.post("/publish/", content="1")).raise_for_status()
        with pytest.raises(RuntimeError, match="expected the event 1, got"):
            await asking.expect(socket, "1")


def test_a_ratio_is_of_the_same_round() -> None:
    assert ratios([2.0, 3.0, 4.0], [1.0, 2.0, 4.0]) == [1.0, 1.5, 2.0]


def test_figures_become_medians_in_their_unit() -> None:
    by = {"stock": [2e-5, 4e-5, 9e-5], "ours": [1e-5, 2e-5, 3e-5], "peers": [1e-5, 1e-5, 1e-5]}
    made = router_costs.summary({"event": by})["event"]
    assert made["stock"] == {"median": 40.0, "ratio": [2.0, 4.0, 9.0]}
    assert made["peers"] == {"median": 10.0, "ratio": [1.0, 1.0, 1.0]}
    memory = router_costs.summary({"memory": {who: [2048.0] for who in WHO}})["memory"]
    assert memory["ours"]["median"] == 2.0


def test_the_page_shows_what_was_recorded(record: Any) -> None:
    assert set(record["tasks"]) == set(TASKS)
    table = router_costs.table(record)
    for name, task in TASKS.items():
        (row,) = [line for line in table.splitlines() if line.startswith(f"| {task.says} |")]
        seen = record["tasks"][name]
        assert f"| {seen['peers']['median']:g} {task.unit} ({task.peer}) |" in row
        low, middle, high = seen["ours"]["ratio"]
        assert low <= middle <= high
        assert f"{middle:.2f} times" in row
    assert f"Recorded on {record['date']} with Python" in table


def test_the_numbers_in_the_rows_are_those_that_are_measured() -> None:
    sizes = Sizes()
    assert f"one of {sizes.sockets} subscribers" in TASKS["event"].says
    assert f"one of {sizes.many_sockets:,}," in TASKS["memory"].says


def test_to_look_writes_no_record(capsys: pytest.CaptureFixture[str]) -> None:
    before = RECORD.read_bytes()
    assert router_costs.main(["--look"]) == 0
    assert RECORD.read_bytes() == before
    assert capsys.readouterr().out.count(" times") == 2 * len(TASKS)
