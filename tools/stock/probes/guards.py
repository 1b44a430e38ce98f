"""What Django does for its own pages, and so for GraphQL: hosts, bodies, headers, origins.

Imports `claims` and `site`.
"""

from __future__ import annotations

import json
import re
from functools import partial

import httpx

from tools.stock.claims import Seen, claim
from tools.stock.site import Site

MIB = 1024 * 1024
BODY_MIB, BODY_SECONDS = 50, 60.0
#: What the memory of the process may grow by for such a body: Daphne keeps all of it by itself.
ROOM = 75

expected = partial(claim, kind="expected")


def status_of(answer: httpx.Response, *right: int) -> Seen:
    """Return whether the status is a right one."""
    return Seen(answer.status_code in right, str(answer.status_code))


@expected("host", says="A `Host` outside `ALLOWED_HOSTS` is a 400")
def host(site: Site) -> Seen:
    """A host that the settings do not name."""
    return status_of(site.post({"query": "{ ping }"}, headers={"Host": "foreign.example"}), 400)


@expected("body", says="A body of 50 MB, over `DATA_UPLOAD_MAX_MEMORY_SIZE`, is a 413")
def body(site: Site) -> Seen:
    """A body twenty times the default."""
    answer = send_large(site)
    # Without one, the server has answered and hung up before all was sent.
    return Seen(True, "hung up") if answer is None else status_of(answer, 413)


@expected(
    "body-memory", says="A body of 50 MB does not take a multiple of that in memory", alone=True
)
def body_memory(site: Site) -> Seen:
    """The peak of the process, before and after such a body."""
    before = site.report()["peak"]
    send_large(site)
    grown = (site.report()["peak"] - before) / MIB
    if grown < ROOM:
        return Seen(True, f"under {ROOM} MiB at the peak")
    return Seen(False, f"{grown // 50 * 50:.0f} MiB at the peak")


def send_large(site: Site) -> httpx.Response | None:
    """Send a body of 50 MiB, and return the answer, if there is one."""
    filling = b"x" * (BODY_MIB * MIB)
    content = b'{"query": "{ ping }", "filling": "' + filling + b'"}'
    try:
        return site.post(content, timeout=BODY_SECONDS)
    except (httpx.WriteError, httpx.ReadError):
        return None


@expected("cross-site", says="A request that another site makes with the visitor's cookie is a 403")
def cross_site(site: Site) -> Seen:
    """A query as a page of another site may send it, without asking first."""
    headers = {"Origin": "https://foreign.example", "Sec-Fetch-Site": "cross-site"}
    return status_of(site.post({"query": "{ whoami }"}, site.visitor(), headers=headers), 403)


@expected("security-headers", says="Answers carry the headers of Django's `SecurityMiddleware`")
def security_headers(site: Site) -> Seen:
    """Those that it sends by default."""
    names = ("X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy")
    answer = site.post({"query": "{ ping }"})
    found = [name for name in names if name in answer.headers]
    return Seen(len(found) == len(names), f"{len(found)} of {len(names)}")


@expected("explorer-off", says="With `DEBUG = False` the explorer is off")
def explorer_off(site: Site) -> Seen:
    """What a browser gets."""
    answer = site.get("/graphql", headers={"Accept": "text/html"})
    shown = answer.status_code == 200 and "<html" in answer.text.lower()
    return Seen(not shown, "the explorer is served" if shown else str(answer.status_code))


@expected(
    "explorer-own",
    says="The explorer loads nothing from another host",
    settings={"DEBUG": True},
)
def explorer_own(site: Site) -> Seen:
    """The addresses that the page loads scripts and styles from."""
    page = site.get("/graphql", headers={"Accept": "text/html"}).text
    loaded = re.findall(r"""(?:src|href)=["']https?://([^/"']+)""", page)
    loaded += re.findall(r"""["']https?://([^/"']+)/[^"']*\.m?js""", page)
    hosts = sorted(set(loaded))
    return Seen(not hosts, f"from {', '.join(hosts)}" if hosts else "from its own host")


@expected("header-bytes", says="A header with a byte over 0x7F is no error of the server's")
def header_bytes(site: Site) -> Seen:
    """One byte of Latin-1."""
    site.traceback()
    answer = site.post({"query": "{ ping }"}, headers={"X-Name": b"\xe9"})
    return under_500(site, answer)


@expected("json-number", says="The body `1`, which is JSON and no request, is a 400")
def json_number(site: Site) -> Seen:
    """The shortest such body."""
    site.traceback()
    seen = under_500(site, site.post(json.loads("1")))
    return Seen(seen.holds and seen.measured == "400", seen.measured)


def under_500(site: Site, answer: httpx.Response) -> Seen:
    """Return whether the server found nothing wrong with itself."""
    logged = " with a traceback" if site.traceback() else ""
    return Seen(answer.status_code < 500 and not logged, f"{answer.status_code}{logged}")


@expected("sse", says="A subscription can travel over HTTP, as server-sent events")
def sse(site: Site) -> Seen:
    """What a client of graphql-sse asks for."""
    answer = site.post({"query": "subscription { count }"}, headers={"Accept": "text/event-stream"})
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if answer.status_code == 200 and kind == "text/event-stream":
        results = answer.text.count("event: next")
        return Seen(results == 3, f"{results} of 3 results")
    return Seen(False, f"{answer.status_code} {kind}".strip())


@expected(
    "redis-down",
    says="While Redis is down, a query that does not need it is answered",
    settings={
        "CHANNEL_LAYERS": {
            "default": {
                "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
                "CONFIG": {"hosts": ["redis://127.0.0.1:1"]},
            }
        }
    },
)
def redis_down(site: Site) -> Seen:
    """The pub/sub layer, and nobody at its address."""
    answer = site.over_http("{ ping }")
    return Seen(answer.data == {"ping": "pong"}, answer.wrong or "answered")
