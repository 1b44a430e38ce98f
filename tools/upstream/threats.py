"""Threats: where the security page says what each test of ``tests/live`` shows.

May import tools.threats.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path

from tools import threats

PAGE = "docs/guide/security.md"
TABLE = "<!-- threats -->"
#: The section of the page that each file of tests is about.
SECTIONS = {
    "test_bodies.py": "Bodies, headers and documents",
    "test_cross_site.py": "Requests from other sites",
    "test_django_middleware.py": "Requests from other sites",
    "test_errors.py": "Errors",
    "test_explorer.py": "The explorer",
    "test_frames.py": "What a client may do",
    "test_host.py": "Hosts and origins",
    "test_http_spec.py": "Bodies, headers and documents",
    "test_limits.py": "What a client may do",
    "test_origin.py": "Hosts and origins",
    "test_permissions.py": "Permissions",
    "test_pings.py": "Slow and dead clients",
    "test_revocation.py": "Who may stay",
    "test_sessions.py": "Sessions",
    "test_slow_readers.py": "Slow and dead clients",
    "test_tokens.py": "Tokens",
    "test_ws_protocol.py": "What a client may do",
}
_NAME = re.compile(r"`([\w-]+)(?:=\w+)?`")


def places(root: Path) -> dict[str, list[str]]:
    """Return the places of the page that each test, and each file of tests, concerns.

    Those of a test are its threat's: the lines of its file's section with a name that the threat's
    row has too, or else the section's heading, and the table of threats. Of a file it is the
    heading.
    """
    page = (root / PAGE).read_text(encoding="utf-8").splitlines()
    recorded = (root / threats.RECORD.relative_to(threats.ROOT)).read_text(encoding="utf-8")
    found: dict[str, list[str]] = defaultdict(list)
    headings = {name: _section(page, title)[0] for name, title in SECTIONS.items()}
    for name, title in SECTIONS.items():
        found[f"{threats.TESTS}/{name}"].append(f"{PAGE}:{headings[name]} ({title})")
    table = page.index(TABLE) + 1
    for row in json.loads(recorded)["rows"]:
        names = set(_NAME.findall(f"{row['does']} {row['setting']}"))
        for test in row["tests"]:
            first, *rest = _section(page, SECTIONS[Path(test.partition("::")[0]).name])
            naming = [line for line in rest if names & set(_NAME.findall(page[line - 1]))]
            for line in [*(naming or [first]), table]:
                found[test].append(f"{PAGE}:{line} ({row['threat']})")
    return found


def _section(page: list[str], title: str) -> list[int]:
    """Return the numbers of a section's lines, from its heading to the next one."""
    lines = iter(enumerate(page, 1))
    start = next(number for number, text in lines if text.lstrip("# ") == title and text[:1] == "#")
    inside = [start]
    for number, text in lines:
        if text.startswith("#"):
            break
        inside.append(number)
    return inside
