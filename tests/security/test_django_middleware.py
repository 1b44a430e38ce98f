"""Who gets in: the project's own `MIDDLEWARE` around GraphQL over HTTP."""

from __future__ import annotations

import os
from pathlib import Path

from tests.security.promises import promise
from tests.security.sites import Site, Visitor

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


@middleware
def test_the_session_costs_no_more_inside(uvicorn: Site) -> None:
    visitor = uvicorn.visitor()
    before = uvicorn.report()["queries"]
    uvicorn.post("{ me }", visitor, path="/inside")
    assert len(uvicorn.queries(before)) == 2


def cpu_seconds(site: Site) -> float:
    """Return the processor time that the server has used."""
    fields = Path(f"/proc/{site.server.process.pid}/stat").read_text(encoding="ascii")
    user, system = fields.rsplit(")", 1)[1].split()[11:13]
    ticks: int = os.sysconf("SC_CLK_TCK")
    return (int(user) + int(system)) / ticks


def cost(site: Site, path: str, visitor: Visitor, requests: int = 200) -> float:
    """Return the server's processor time for a request, in seconds."""
    site.post("{ me }", visitor, path=path)
    before = cpu_seconds(site)
    for _ in range(requests):
        site.post("{ me }", visitor, path=path)
    return (cpu_seconds(site) - before) / requests


@middleware
def test_it_costs_about_as_much_inside_as_outside(uvicorn: Site) -> None:
    visitor = uvicorn.visitor()
    outside, inside = (cost(uvicorn, path, visitor) for path in ("/graphql", "/inside"))
    print(f"outside {outside * 1000:.2f} ms, inside {inside * 1000:.2f} ms of CPU a request")
    assert inside < 1.5 * outside
