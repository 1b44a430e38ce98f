"""Tables: the ledger in words, for the page on compatibility.

May import `cells`, `ledger`, `pictures` and tools.shown.
"""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from tools.matrix import ledger
from tools.matrix.cells import ALL, VARIED
from tools.matrix.ledger import Ledger, Run
from tools.matrix.pictures import MEANINGS, title_of
from tools.shown import Shown

Link = Callable[[str], str]
_OUTDATED = "<p>Outdated are the parts that have changed since, or were not yet tested.</p>\n"


def summary(kept: Ledger, items: Sequence[Shown]) -> str:
    """Say in a sentence or two how much there is, and what came of it."""
    targets = {item.target: item for item in items}
    pairs = [
        ledger.outcome(run, item.target, item.digest, kept["tests"])
        for run in kept["cells"].values()
        for item in targets.values()
    ]
    dates = sorted(run["date"] for run in kept["cells"].values())
    if not dates:
        return "<p>No run is kept yet.</p>"
    days = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    counts = [
        f"{pairs.count(outcome):,} {meaning}"
        for outcome, meaning in MEANINGS.items()
        if outcome in pairs
    ]
    return (
        f"<p>The pages show {len(targets)} snippets. Of {len(ALL)} sets of versions "
        f"{len(kept['cells'])} were run, on {days}. Of these results: {'; '.join(counts)}.</p>"
    )


def figures(kept: Ledger, items: Iterable[Shown]) -> str:
    """Say how many cells were run, and in how many of them each part passed as it is shown."""
    verdicts = [verdict for verdict, _ in _verdicts(kept, items).values()]
    said = {
        "verified": "with every part passed",
        "outdated": "outdated",
        "skipped": "with a part skipped",
        "failed": "with a failure",
    }
    counts = [
        f"{verdicts.count(verdict)} {words}"
        for verdict, words in said.items()
        if verdict in ("verified", *verdicts)
    ]
    return f"{len(verdicts)} of {len(ALL)} sets of versions were run, {', '.join(counts)}"


def _verdicts(kept: Ledger, items: Iterable[Shown]) -> dict[str, tuple[str, int]]:
    return ledger.verdicts(kept, ((item.target, item.digest) for item in items))


def cells(kept: Ledger, items: Iterable[Shown]) -> str:
    """Return a table of the cells and what came of the tests in each.

    A cell has passed if every part that the pages show has, as it is shown.
    """
    verdicts = _verdicts(kept, items)
    rows = []
    for cell in ALL:
        run = kept["cells"].get(cell.name)
        head = [cell.python, cell.django, cell.end]
        if run is None:
            rows.append([*head, "not run yet", "", "", "", ""])
            continue
        verdict, parts = verdicts[cell.name]
        results = {
            "verified": "✓ passed",
            "failed": "✗ not run" if run["error"] else "✗ failed",
            "skipped": f"{parts} skipped",
            "outdated": f"{parts} outdated",
        }
        counts = [str(run[name]) for name in ("passed", "failed", "skipped")]
        rows.append([*head, results[verdict], *counts, run["date"]])
    header = ("Python", "Django", "Others", "Result", "Passed", "Failed", "Skipped", "Date")
    table = _narrow(_table(header, rows))
    return table + (_OUTDATED if any(one == "outdated" for one, _ in verdicts.values()) else "")


def versions(kept: Ledger) -> str:
    """Return a table of the versions that each cell was run with."""
    names = ("python", "django", *VARIED, "redis")
    rows = [
        [cell.end, *(kept["cells"][cell.name]["versions"].get(name, "") for name in names)]
        for cell in ALL
        if cell.name in kept["cells"]
    ]
    return _narrow(_table(("Others", "Python", "Django", *VARIED, "redis-py"), rows))


def failures(kept: Ledger) -> str:
    """Return what failed, was skipped, or passed only when asked again, and why."""
    parts = []
    for title, of in (
        ("Failed", _failed),
        ("Skipped", lambda run: _by(run["skips"], "::")),
        ("Failed, and passed when asked once more", lambda run: _by(run["again"], "[")),
    ):
        rows = [
            [f"<code>{_breakable(name)}</code>", html.escape(reason), ", ".join(where)]
            for (name, reason), where in _gathered(kept, of).items()
        ]
        if rows:
            parts.append(f"<p><strong>{title}</strong></p>\n")
            parts.append(_table(("Tests", "Reason", "In"), rows, escaped=True))
    return "".join(parts) or "<p>Nothing failed, and nothing was skipped.</p>"


def _failed(run: Run) -> dict[str, str]:
    if run["error"]:
        return {"(no test was run)": run["error"].partition("\n")[0]}
    return _by({name: one["reason"] for name, one in run["failures"].items()}, "[")


def _by(told: dict[str, str], end: str) -> dict[str, str]:
    """Say of the tests that have one name, up to here, only once why."""
    return {name.partition(end)[0]: reason for name, reason in told.items()}


def _gathered(
    kept: Ledger, of: Callable[[Run], dict[str, str]]
) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for cell in ALL:
        if cell.name in kept["cells"]:
            for told in of(kept["cells"][cell.name]).items():
                found[told].append(cell.name)
    return dict(sorted(found.items()))


def snippets(kept: Ledger, items: Sequence[Shown], link: Link) -> str:
    """Return a table for each page of what came of each snippet, in a box that opens."""
    pages: dict[str, dict[str, Shown]] = {}
    for item in items:
        pages.setdefault(item.page, {})[item.target] = item
    parts = []
    for page, targets in pages.items():
        rows = [_snippet(kept, item, link) for item in targets.values()]
        table = _table(("Snippet", "Result", "Tests"), rows, escaped=True)
        title = f"{html.escape(title_of(page))} ({len(rows)})"
        parts.append(f"<details><summary>{title}</summary>{table}</details>\n")
    return "".join(parts)


def _snippet(kept: Ledger, item: Shown, link: Link) -> list[str]:
    found: dict[str, list[str]] = defaultdict(list)
    for name, outcome in ledger.outcomes(kept, [(item.target, item.digest)]).items():
        found[outcome].append(name)
    told = []
    for outcome, names in sorted(found.items(), key=lambda one: list(MEANINGS).index(one[0])):
        mark = {"passed": "✓ ", "failed": "✗ "}.get(outcome, "")
        where = "" if len(names) == len(kept["cells"]) else f": {', '.join(names)}"
        why = "".join(f" ({html.escape(one)})" for one in _reasons(kept, item, outcome, names))
        told.append(f"{mark}{MEANINGS[outcome]} in {len(names)}{where}{why}")
    tests = [f"{link(file)} ({n})" for file, n in kept["tests"].get(item.file, {}).items()]
    source = link(f"snippets/{item.file}")
    section = f" {html.escape(item.target.partition(':')[2])}".rstrip()
    return [f"{source}{section}", "<br>".join(told), "<br>".join(tests)]


def _reasons(kept: Ledger, item: Shown, outcome: str, names: Iterable[str]) -> Iterable[str]:
    """Return why an item was skipped in these cells, each reason once."""
    told = (ledger.skips(kept, name, item.file) for name in names if outcome == "skipped")
    return dict.fromkeys(why for each in told for _, why in each)


def _breakable(name: str) -> str:
    return html.escape(name).replace("::", "::<wbr>").replace("/", "/<wbr>").replace("_", "_<wbr>")


def _narrow(table: str) -> str:
    return f'<div class="matrix-cells">{table}</div>\n'


def _table(header: Iterable[str], rows: Iterable[Sequence[str]], *, escaped: bool = False) -> str:
    def text(one: str) -> str:
        return one if escaped else html.escape(one)

    head = "".join(f"<th>{name}</th>" for name in header)
    body = "".join(f"<tr>{''.join(f'<td>{text(one)}</td>' for one in row)}</tr>\n" for row in rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"
