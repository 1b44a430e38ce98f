"""Lines: what the pages say that a failed test, or changed code, no longer proves.

May import `threats` and `trial`, tools.matrix.ledger, tools.prose and tools.shown.
"""

from __future__ import annotations

import traceback
from collections import defaultdict
from pathlib import Path

from tools.matrix import ledger
from tools.prose.check import check
from tools.shown import shown
from tools.upstream import threats
from tools.upstream.trial import ROOT, Tests, failures

REFERENCE_PAGE = "docs/integrations/channels.md"


def false_lines(tests: Tests, root: Path = ROOT) -> dict[str, list[str]]:
    """Return the lines of the pages that failed tests leave unproven, with those tests.

    A line is unproven if a failed test used the file that it shows, or is the test of a sentence of
    the reference and the line is the heading that the sentence stands under, or the test of a
    threat and the line is about that. A file of tests that does not load has used what the ledger
    of the matrix says that its tests do.
    """
    shows: dict[str, list[str]] = defaultdict(list)
    for each in shown(root):
        shows[each.file].append(f"docs/{each.page}:{each.line} ({each.target})")
    headings, attacked = claimed(root), threats.places(root)
    known = ledger.read(root / ledger.PATH.relative_to(ROOT))["tests"]
    lines: dict[str, list[str]] = defaultdict(list)
    for name in failures(tests):
        files = [*tests[name]["files"], *(file for file, users in known.items() if name in users)]
        places = [place for file in files for place in shows[file]]
        test = name.partition("[")[0]
        file = test.partition("::")[0]
        places += headings.get(test.rpartition("::")[2], [])
        places += attacked.get(test, attacked.get(file, []))
        for place in dict.fromkeys(places):
            lines[place].append(name)
    return {place: lines[place] for place in sorted(lines, key=_by_line)}


def claimed(root: Path = ROOT) -> dict[str, list[str]]:
    """Return where the integration guide has the sections whose sentences the tests show."""
    from tests.guide.reference_claims.claims import CLAIMS, SECTIONS

    page = (root / REFERENCE_PAGE).read_text(encoding="utf-8")
    headings = {
        line.lstrip("# ").replace("`", "").casefold(): number
        for number, line in enumerate(page.splitlines(), 1)
        if line.startswith("#")
    }
    found: dict[str, list[str]] = defaultdict(list)
    for claim in CLAIMS:
        title = [section.title for section in SECTIONS if section.line <= claim.line][-1]
        if number := headings.get(title.casefold()):
            found[claim.test].append(f"{REFERENCE_PAGE}:{number} ({claim.text})")
    return found


def false_prose(root: Path = ROOT) -> list[str]:
    """Return what the prose says and the code does not.

    Where a package no longer has what a statement is made of, that is told, with its line there.
    """
    try:
        return [str(problem) for problem in check(root)]
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        last = [frame for frame in frames if Path(frame.filename).parent.name == "prose"][-1]
        where = f"tools/prose/{Path(last.filename).name}:{last.lineno}"
        what = f"``{last.line}``: {type(error).__name__}: {error}"
        return [f"{where}: {what}; mend it, for no prose is checked without"]


def _by_line(place: str) -> tuple[str, int, str]:
    page, _, rest = place.partition(":")
    number, _, what = rest.partition(" ")
    return page, int(number), what
