"""Measure every claim on each server, with either router. Imports `claims`, `probes`, `site`."""

from __future__ import annotations

import contextlib
import json
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tools import stamp
from tools.harness.processes import ProcessError
from tools.harness.projects import Project
from tools.harness.redis import RedisUnavailable, redis_server
from tools.harness.servers import SERVERS, serve
from tools.stock import probes
from tools.stock.claims import CLAIMS, Claim, Seen
from tools.stock.page import DISTRIBUTIONS, RECORD, digest
from tools.stock.site import ROUTERS, Site, build_project, environment

assert probes.__all__, "the probes are imported, and so registered"

Say = Callable[[str], None]
#: For each claim, router and server: what was seen.
Results = dict[str, dict[str, dict[str, dict[str, Any]]]]


def measure(
    claims: Sequence[Claim],
    servers: Sequence[str] = SERVERS,
    routers: Sequence[str] = ROUTERS,
    say: Say = print,
) -> Results:
    """Measure claims, and say each as it is seen."""
    results: Results = {claim.name: {router: {} for router in routers} for claim in claims}
    total, done = len(claims) * len(servers) * len(routers), 0
    with tempfile.TemporaryDirectory(prefix="stock-") as folder:
        project = build_project(Path(folder))
        for router in routers:
            for server in servers:
                for claim, seen in seen_on(project, router, server, claims):
                    results[claim.name][router][server] = seen
                    done += 1
                    sign = {True: "holds", False: "does not hold", None: "NOT MEASURED"}
                    said = f"{sign[seen['holds']]}: {seen['measured']}"
                    say(f"[{done}/{total}] {router} on {server}, {claim.name}: {said}")
    return results


def seen_on(
    project: Project, router: str, server: str, claims: Sequence[Claim]
) -> Iterator[tuple[Claim, dict[str, Any]]]:
    """Yield what is seen of each claim, those of one process after another."""
    groups: dict[str, list[Claim]] = {}
    for claim in claims:
        own = claim.name if claim.alone else ""
        key = json.dumps([claim.application, dict(claim.settings), claim.redis, own])
        groups.setdefault(key, []).append(claim)
    env = environment(router, {})
    with serve(project, server, env=env) as plain:
        other = Site(plain)
        for group in groups.values():
            with contextlib.ExitStack() as stack:
                try:
                    site = process(stack, project, router, server, group[0]) or other
                except (ProcessError, RedisUnavailable) as error:
                    yield from ((claim, unmeasured(error)) for claim in group)
                    continue
                site.other = other
                for claim in group:
                    seen = seen_of(claim, site)
                    if not claim.alone and not seen["holds"] and (claim.timed or is_unknown(seen)):
                        seen = seen_of(claim, site)
                    yield claim, seen


def process(
    stack: contextlib.ExitStack, project: Project, router: str, server: str, claim: Claim
) -> Site | None:
    """Start the process that a claim needs, unless the plain one will do."""
    settings, redis = dict(claim.settings), None
    if claim.redis:
        redis = stack.enter_context(redis_server())
        host: dict[str, Any] = {"address": f"redis://{redis.host}:{redis.port}"}
        config = {"hosts": [{**host, "max_connections": claim.pool} if claim.pool else host]}
        settings["CHANNEL_LAYERS"] = {"default": {"BACKEND": claim.redis, "CONFIG": config}}
    if not settings and not claim.alone and claim.application == "asgi":
        return None
    application = f"myproject.{claim.application}:application"
    env = environment(router, settings)
    served = stack.enter_context(serve(project, server, application=application, env=env))
    return Site(served, redis=redis)


def seen_of(claim: Claim, site: Site) -> dict[str, Any]:
    """Run a probe; one that fails itself has measured nothing."""
    try:
        seen: Seen = claim.probe(site)
    except Exception as error:
        return unmeasured(error)
    return {"holds": seen.holds, "measured": seen.measured}


def is_unknown(seen: dict[str, Any]) -> bool:
    """Tell whether the probe itself failed."""
    return seen["holds"] is None


def unmeasured(error: Exception) -> dict[str, Any]:
    """Return what a probe that failed has seen."""
    *_, last = traceback.extract_tb(error.__traceback__)
    text = (str(error).splitlines() or [""])[0]
    where = f"{Path(last.filename).name}:{last.lineno}"
    return {"holds": None, "measured": f"{type(error).__name__} at {where}: {text}"}


def chosen(names: Iterable[str]) -> list[Claim]:
    """Return the claims with these names, or all where none is given."""
    return [CLAIMS[name] for name in names or CLAIMS]


def broken(claims: Iterable[Claim], results: Results, routers: Iterable[str]) -> list[str]:
    """Return which promises of ours do not hold, and what was not measured."""
    found = []
    for claim in claims:
        for router in routers:
            for server, seen in results[claim.name][router].items():
                promised = router == "ours" and not claim.neither
                if is_unknown(seen) or (promised and not seen["holds"]):
                    what = "was not measured" if is_unknown(seen) else "does not hold"
                    whose = "our" if router == "ours" else "the stock"
                    where = f"{claim.name} {what} with {whose} router on {server}"
                    found.append(f"{where}: {seen['measured']}")
    return found


def write(results: Results, path: Path = RECORD) -> None:
    """Write the record."""
    claims = [
        {
            "name": claim.name,
            "kind": claim.kind,
            "says": claim.says,
            "neither": claim.neither,
            **results[claim.name],
        }
        for claim in CLAIMS.values()
    ]
    stamp.write(path, {**stamp.stamp(DISTRIBUTIONS), "digest": digest(), "claims": claims})
