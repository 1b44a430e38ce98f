"""Say what the newest of everything makes false, with the pages and lines.

``python -m tools.upstream`` runs the guide's tests, `tools.prose` and the probes of `tools.stock`
with what is installed, which `nox -s upstream` made the newest, pre-releases too. It says which
pages and lines show what a failed test used, which numbers and names in the prose are no longer the
code's, which promise of ours does not hold, and what the stock router does otherwise than recorded.
``--newest NAME`` has the index asked whether NAME is the newest: what something holds back is told.
It ends with 1 if there is any of this to see to; then ``--report FILE`` writes it as Markdown, and
else there is no such file. A newer pre-release that is held back is told and no more, and so is, on
every day, what the stock router does not keep. ``--record`` writes the figures for the pages, and,
with ``--full``, what was measured on both routers, of which ``docs/why.md`` is made.
May import the other tools.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tools import stamp, verification
from tools.harness import live
from tools.harness.servers import SERVERS
from tools.stock import drift
from tools.stock.page import DISTRIBUTIONS, RECORD
from tools.stock.record import Results, broken, chosen, measure, write
from tools.stock.site import ROUTERS
from tools.upstream.lines import false_lines, false_prose
from tools.upstream.newest import held, new_django, packages, versions
from tools.upstream.report import Drift, counted, false_sentences, markdown
from tools.upstream.trial import ROOT, TESTS, failures, run_tests

QUICK = ("uvicorn",)


def main(arguments: Sequence[str] | None = None) -> int:
    """Look for drift from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.upstream", description=__doc__)
    parser.add_argument("tests", nargs="*", default=TESTS, help="other tests than the guide's")
    parser.add_argument("--full", action="store_true", help="probe on each server, not on one")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write Markdown to this file")
    parser.add_argument("--record", action="store_true", help="write what the pages are made of")
    parser.add_argument("--before", type=Path, default=RECORD, help="what was measured before")
    parser.add_argument("--root", type=Path, default=ROOT, help="of the prose and the records")
    parser.add_argument("--claim", action="append", default=[], help="probe only this one")
    parser.add_argument("--newest", action="append", default=[], help="should be the newest")
    options = parser.parse_args(arguments)
    if options.record and (options.claim or options.tests != TESTS):
        parser.error("--record wants all tests and all claims; leave out what chooses some")
    live.ensure()
    say = partial(print, flush=True)
    say("[1/4] What is tried, and what the index has")
    found = Drift(versions((ROOT / "constraints.txt").read_text(encoding="utf-8")))
    found.versions.update(packages())
    found.held = held(options.newest)
    say("[2/4] The guide's tests")
    tests = run_tests(options.tests)
    found.lines, found.failed = false_lines(tests), failures(tests)
    say("[3/4] The prose")
    found.prose = false_prose(options.root)
    found.prose += new_django(ROOT) if options.newest else []
    servers = SERVERS if options.full else QUICK
    say(f"[4/4] The probes of both routers on {', '.join(servers)}")
    results = measure(claims := chosen(options.claim), servers, say=say)
    before = json.loads(options.before.read_text(encoding="utf-8"))
    found.promises = broken(claims, results, ["ours"])
    sayings = drift.false_lines(ROOT / "docs", before, results)
    found.news = [*drift.news(before, results), *sayings]
    found.stock = false_sentences(claims, results)
    say(f"\n{markdown(found, today := datetime.datetime.now(tz=datetime.timezone.utc).date())}")
    if options.record:
        figures = {"servers": servers, **counted(found, tests, sayings)}
        path = options.root / verification.UPSTREAM
        stamp.write(path, {**stamp.stamp(DISTRIBUTIONS), **figures})
        say(record(results, options.root / RECORD.relative_to(ROOT)))
    if options.report:
        options.report.unlink(missing_ok=True)
        if found:
            options.report.write_text(markdown(found, today), encoding="utf-8")
    return 1 if found else 0


def record(results: Results, path: Path) -> str:
    """Write what was measured of every claim, or nothing; return which of the two, and why."""
    claims = chosen([])
    missing = {
        server
        for server in SERVERS
        for claim in claims
        for router in ROUTERS
        if server not in results.get(claim.name, {}).get(router, {})
    }
    reasons = [f"{server} was not asked everything; add --full" for server in sorted(missing)]
    reasons += [] if missing else broken(claims, results, ROUTERS)
    if reasons:
        return "\n".join([f"{path} is left as it was:", *reasons])
    write(results, path)
    return f"{path} is written"


if __name__ == "__main__":
    sys.exit(main())
