"""Tables and sentences of records: ``<!-- threats -->`` alone on a line becomes the recorded table.

``<!-- fuzzing -->``, ``<!-- django-middleware -->`` and ``<!-- router-costs -->`` do likewise. A
record that is older than what makes it is a warning. May import tools.threats, tools.fuzz.results
and benchmarks only.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import django_middleware, router_costs
from tools import threats
from tools.fuzz import results

log = logging.getLogger("mkdocs.hooks.records")


class Recorded(NamedTuple):
    """A record.

    Attributes:
        path: its file.
        shown: what a page says of it.
        digest: the digest of what makes it, as it is now; the record has it as it was.
        command: what makes it.
    """

    path: Path
    shown: Callable[[dict[str, Any]], str]
    digest: Callable[[], str]
    command: str


RECORDS: Mapping[str, Recorded] = {
    "<!-- threats -->": Recorded(threats.RECORD, threats.table, threats.digest, "nox -s threats"),
    "<!-- fuzzing -->": Recorded(
        results.RECORD, results.table, results.digest, "nox -s fuzz -- --full"
    ),
    "<!-- django-middleware -->": Recorded(
        django_middleware.RECORD,
        django_middleware.sentences,
        django_middleware.digest,
        "nox -s benchmarks",
    ),
    "<!-- router-costs -->": Recorded(
        router_costs.RECORD, router_costs.table, router_costs.digest, "nox -s benchmarks"
    ),
}


def on_page_markdown(markdown: str, **_: object) -> str:
    """Put each of them in its place."""
    for place, (path, shown, digest, command) in RECORDS.items():
        if place in markdown:
            record = json.loads(path.read_text(encoding="utf-8"))
            if record.get("digest") != digest():
                log.warning("%s is older than what makes it; run `%s`", path.name, command)
            markdown = markdown.replace(place, shown(record))
    return markdown
