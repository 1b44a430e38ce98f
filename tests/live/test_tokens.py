"""Who gets in: tokens, in `connection_init` and in `Authorization`, and what each may execute."""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.promises import promise
from tests.live.sites import Site, new_name

tokens = promise(
    "A client without cookies brings a token, or a forged one",
    does="one hook for `connection_params` and for `Authorization`: it sets the user, answers a "
    "payload or refuses, with 4403 and 403",
    setting="`on_connect`",
)
operations = promise(
    "An operation is not for everybody",
    does="one hook judges each operation before it is executed, over both transports",
    setting="`on_operation`",
)
FORGED = ["nonsense", "a:b:c", "Bearer"]


def user_with_token(site: Site, **fields: Any) -> tuple[str, str]:
    username = new_name("token")
    site.act("create", username=username, **fields)
    token: str = site.act("token", username=username)["token"]
    return username, token


@tokens
def test_a_token_in_connection_init_sets_the_user(site: Site) -> None:
    username, token = user_with_token(site)
    with site.socket("/guarded") as socket:
        assert socket.init({"token": token})["payload"] == {"welcome": username}
        socket.subscribe("1", "{ me }")
        assert socket.next_message()["payload"] == {"data": {"me": username}}


@tokens
def test_a_token_in_the_handshake_sets_the_user(uvicorn: Site) -> None:
    username, token = user_with_token(uvicorn)
    headers = {"Authorization": f"Bearer {token}"}
    with uvicorn.socket("/guarded", headers=headers) as socket:
        socket.init()
        socket.subscribe("1", "{ me }")
        assert socket.next_message()["payload"] == {"data": {"me": username}}


@tokens
def test_a_token_over_http_sets_the_user(uvicorn: Site) -> None:
    username, token = user_with_token(uvicorn)
    headers = {"Authorization": f"Bearer {token}"}
    answer = uvicorn.post("{ me }", path="/guarded", headers=headers)
    assert answer.json() == {"data": {"me": username}}


@tokens
@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_token_is_refused(site: Site, forged: str) -> None:
    with site.quiet():
        with site.socket("/guarded") as socket:
            socket.send({"type": "connection_init", "payload": {"token": forged}})
            assert socket.wait_closed() == 4403
        headers = {"Authorization": f"Bearer {forged}"}
        assert site.post("{ me }", path="/guarded", headers=headers).status_code == 403


@tokens
def test_without_a_token_the_session_counts(uvicorn: Site) -> None:
    visitor = uvicorn.visitor()
    assert uvicorn.post("{ me }", visitor, path="/guarded").json() == {
        "data": {"me": visitor.username}
    }


@tokens
def test_who_came_with_a_token_is_put_out_as_well(uvicorn: Site) -> None:
    username, token = user_with_token(uvicorn)
    with uvicorn.socket("/guarded") as socket:
        socket.init({"token": token})
        uvicorn.act("change", username=username, is_active=False)
        assert socket.wait_closed() == 4401


@operations
@pytest.mark.parametrize("staff", [False, True])
def test_an_operation_is_judged_before_it_is_executed(uvicorn: Site, staff: bool) -> None:
    username, token = user_with_token(uvicorn, is_staff=staff)
    audit = "query Audit { me }"
    with uvicorn.socket("/guarded") as socket:
        socket.init({"token": token})
        socket.subscribe("1", audit)
        message = socket.next_message()
    headers = {"Authorization": f"Bearer {token}"}
    body = {"query": audit, "operationName": "Audit"}
    answer = uvicorn.client().post("/guarded", json=body, headers=headers).json()
    assert ("data" in answer) is staff
    if staff:
        assert answer["data"]["me"] == username
    else:
        assert answer["errors"][0]["message"] == "Only for members of the staff."
    # Without its name in the request, the operation is not the one that the hook asks about.
    assert message["type"] in {"next", "error"}


@operations
def test_an_operation_is_judged_over_websocket(site: Site) -> None:
    _, token = user_with_token(site)
    with site.socket("/guarded") as socket:
        socket.init({"token": token})
        payload = {"query": "query Audit { me }", "operationName": "Audit"}
        socket.send({"id": "1", "type": "subscribe", "payload": payload})
        message = socket.next_message()
        assert message["type"] == "error"
        assert message["payload"][0]["message"] == "Only for members of the staff."
