"""Who gets in: the project's own `MIDDLEWARE` around GraphQL over HTTP."""

from __future__ import annotations

from tests.live.promises import promise
from tests.live.sites import Site

middleware = promise(
    "The project's own middleware is bypassed",
    does="surrounds the endpoint where it is asked for, with the same context and the same limits",
    setting="`django_middleware` (off)",
)


@middleware
def test_the_middleware_surrounds_the_endpoint(site: Site) -> None:
    visitor = site.visitor()
    inside = site.post("{ me }", visitor, path="/inside")
    assert inside.headers["X-Stamp"] == "stamped"
    assert inside.json() == {"data": {"me": visitor.username}}
    outside = site.post("{ me }", visitor)
    assert "X-Stamp" not in outside.headers
    assert outside.json() == inside.json()


@middleware
def test_streams_and_limits_are_the_same_inside(uvicorn: Site) -> None:
    operation = {"query": "subscription { count(to: 2) }"}
    accept = {"Accept": "text/event-stream"}
    answer = uvicorn.client().post("/inside", json=operation, headers=accept)
    assert answer.headers["X-Stamp"] == "stamped"
    assert answer.text.count("event: next") == 2
    body = b'{"query": "' + b" " * 3_000_000 + b'{ ping }"}'
    headers = {"Content-Type": "application/json"}
    assert uvicorn.client().post("/inside", content=body, headers=headers).status_code == 413
