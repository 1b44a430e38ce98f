"""What the benchmark of `django_middleware` measures, and what the page says of it."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from benchmarks.django_middleware import ENDPOINTS, RECORD, ask, lay_out, run, sentences, summary
from tools.harness.servers import serve


def test_the_three_endpoints_are_measured_as_a_user_and_as_nobody() -> None:
    said: list[str] = []
    record = run(2, 5, said.append)
    assert said == ["2 rounds of 5 requests by user", "2 rounds of 5 requests by nobody"]
    for who in ("user", "nobody"):
        assert tuple(record[who]) == ENDPOINTS
    assert (record["rounds"], record["requests"]) == (2, 5)
    assert {"Django", "uvicorn"} <= set(record["versions"])


def test_a_wrong_answer_is_not_measured(tmp_path: Path) -> None:
    project = lay_out(tmp_path / "project")
    with serve(project) as server, httpx.Client(base_url=server.url) as client:
        ask(client, "inside", "")
        with pytest.raises(RuntimeError, match="/inside answered 200"):
            ask(client, "inside", "ada")
        with pytest.raises(RuntimeError, match="/nowhere answered 404"):
            ask(client, "nowhere", "")


def test_a_ratio_is_of_the_same_round() -> None:
    times = {"graphql": [1.0, 2.0, 4.0], "inside": [2.0, 3.0, 4.0], "view": [1.0, 1.0, 1.0]}
    made = summary(times)
    assert made["graphql"] == {"milliseconds": 2.0, "ratio": [1.0, 1.0, 1.0]}
    assert made["inside"] == {"milliseconds": 3.0, "ratio": [1.0, 1.5, 2.0]}
    assert made["view"]["ratio"] == [0.25, 0.5, 1.0]


def test_the_page_says_what_was_recorded() -> None:
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    low, middle, high = record["user"]["inside"]["ratio"]
    assert low <= middle <= high
    shown = sentences(record)
    assert f"option: {middle:.2f} times ({low:.2f} to {high:.2f}) with it" in shown
    assert f"Recorded on {record['date']} with Python" in shown
