"""Who may stay: permissions are asked for when a subscription begins, and at each event."""

from __future__ import annotations

import json
from typing import Any

from tests.live.promises import promise
from tests.live.sites import Site
from tools.harness.clients import WebSocketClient

permissions = promise(
    "Somebody loses a permission in the middle of a subscription",
    does="a permission on the event's field is evaluated for each event, one on the subscription "
    "when it begins",
    setting="`permission_classes`",
)
QUERY = "subscription { events { text secret } }"


def first(socket: WebSocketClient) -> Any:
    socket.init()
    socket.subscribe("1", QUERY)
    return socket.next_message()


@permissions
def test_nobody_begins_without_the_permission(uvicorn: Site) -> None:
    visitor = uvicorn.visitor()
    with uvicorn.socket("/guarded", visitor) as socket:
        assert "Only for members of the staff." in json.dumps(first(socket))


@permissions
def test_the_permission_is_asked_for_at_each_event(uvicorn: Site) -> None:
    visitor = uvicorn.visitor(is_staff=True)
    with uvicorn.socket("/guarded", visitor) as socket:
        event = first(socket)["payload"]["data"]["events"]
        assert event == {"text": "listening", "secret": "the secret of listening"}
        uvicorn.act("change", username=visitor.username, is_staff=False)
        uvicorn.act("publish_event", text="later")
        message = socket.next_message()["payload"]
        assert message["data"]["events"] == {"text": "later", "secret": None}
        assert message["errors"][0]["message"] == "Only for members of the staff."
