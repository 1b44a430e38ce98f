"""News: what a run of the matrix says that the kept ledger does not.

``python -m tools.matrix.news BEFORE AFTER --report FILE`` compares two ledgers, and writes what
differs as Markdown if something does; else there is no such file. Dates and durations are no news.
May import `ledger`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.matrix import ledger

TITLE = "# What the matrix says, and the kept ledger does not"


def news(before: ledger.Ledger, after: ledger.Ledger) -> list[str]:
    """Return a line for each cell that tells something new."""
    found = []
    for name, run in after["cells"].items():
        old = before["cells"].get(name)
        told = "; ".join(changes(old, run)) if old else "was never run before"
        if told:
            found.append(f"{name}: {told}")
    gone = sorted(set(before["cells"]) - set(after["cells"]))
    return [*found, *(f"{name}: is no more" for name in gone)]


def changes(before: ledger.Run, after: ledger.Run) -> Iterator[str]:
    """Yield what differs between two runs of a cell."""
    if after["error"] != before["error"]:
        yield after["error"] or "it can be tried again"
    for test in sorted({*before["failures"], *after["failures"]}):
        old, new = before["failures"].get(test), after["failures"].get(test)
        if new and (not old or old["reason"] != new["reason"]):
            yield f"`{test}` fails: {new['reason']}"
        elif not new:
            yield f"`{test}` fails no more"
    for name in {**before["versions"], **after["versions"]}:
        versions = [run["versions"].get(name, "none") for run in (before, after)]
        if versions[0] != versions[1]:
            yield f"{name} {' → '.join(versions)}"
    targets = {**before["snippets"], **after["snippets"]}
    other = sum(before["snippets"].get(one) != after["snippets"].get(one) for one in targets)
    if other:
        yield f"{other} shown parts have another text or result"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.matrix.news", description=__doc__)
    parser.add_argument("before", type=Path, help="the ledger that is kept")
    parser.add_argument("after", type=Path, help="the ledger of the run")
    parser.add_argument("--report", type=Path, required=True, help="where to write what differs")
    options = parser.parse_args(arguments)
    found = news(ledger.read(options.before), ledger.read(options.after))
    options.report.unlink(missing_ok=True)
    if found:
        lines = "\n".join(f"- {one}" for one in found)
        options.report.write_text(f"{TITLE}\n\n{lines}\n", encoding="utf-8")
    print("\n".join(found) or "nothing is new")
    return 0


if __name__ == "__main__":
    sys.exit(main())
