"""A promise that ours breaks is noticed, with the server."""

from __future__ import annotations

from typing import Any

from tools.proof import compare

HOST = "A `Host` outside `ALLOWED_HOSTS` is a 400"


def outcome(passed: bool, *, server: str = "uvicorn", test: str = "test_host") -> dict[str, Any]:
    return {
        "test": f"{test}[{server}]",
        "server": server,
        "passed": passed,
        "sentence": HOST,
        "group": "expected",
    }


def test_a_row_has_what_each_router_does_on_each_server() -> None:
    ours = [outcome(True), outcome(True, server="daphne")]
    stock = [outcome(False), outcome(True, server="daphne"), outcome(False, server="daphne")]
    assert compare.rows(ours, stock) == [
        {
            "id": "a-host-outside-allowed-hosts-is-a-400",
            "sentence": HOST,
            "group": "expected",
            "stock": {"daphne": "1 of 2 tests", "uvicorn": False},
            "ours": {"daphne": True, "uvicorn": True},
        }
    ]


def test_a_promise_that_ours_breaks_is_named() -> None:
    made = compare.rows([outcome(True), outcome(False, server="daphne")], [outcome(True)])
    assert compare.broken(made) == [f"ours breaks on daphne: {HOST} (no test passed)"]


def test_what_fails_twice_has_failed() -> None:
    first = [outcome(False), outcome(False, test="test_body")]
    again = [outcome(True), outcome(False, test="test_body")]
    assert [one["passed"] for one in compare.asked_again(first, again)] == [True, False]
