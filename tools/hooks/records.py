"""Tables and sentences of records: ``<!-- threats -->`` alone on a line becomes the recorded table.

``<!-- fuzzing -->`` and ``<!-- django-middleware -->`` do likewise.
May import tools.threats, tools.fuzz.results and benchmarks.django_middleware only.
"""

from __future__ import annotations

import json

from benchmarks import django_middleware
from tools import threats
from tools.fuzz import results

RECORDS = {
    "<!-- threats -->": (threats.RECORD, threats.table),
    "<!-- fuzzing -->": (results.RECORD, results.table),
    "<!-- django-middleware -->": (django_middleware.RECORD, django_middleware.sentences),
}


def on_page_markdown(markdown: str, **_: object) -> str:
    """Put each of them in its place."""
    for place, (path, shown) in RECORDS.items():
        if place in markdown:
            record = json.loads(path.read_text(encoding="utf-8"))
            markdown = markdown.replace(place, shown(record))
    return markdown
