"""Record what the guide shows, or check that it is still what happens.

``python -m tools.record [NAME ...]`` runs scenarios (see ``tools.scenarios``), rewrites
their recordings and shows what changed. ``--check`` changes nothing and fails on a
recording that is stale, missing or made by nobody. A NAME is a scenario
(``resolver_user.me``), a subject or a recorded file. Where the library is not installed, the
checkout's is run. May import tools.harness.live and tools.recording.
"""

from __future__ import annotations

import argparse
import difflib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools.harness import live
from tools.recording import Outcome, Recorder, write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "nox -s docs -- record"


def _report(outcome: Outcome) -> None:
    if outcome.cached:
        return
    state = "failed" if outcome.error else "ran"
    line = f"      {state} {outcome.scenario.name} ({outcome.seconds:.1f} s)"
    print(line, file=sys.stderr, flush=True)


def _difference(path: Path, text: str, shown: str) -> str:
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        text.splitlines(keepends=True),
        f"{shown} (recorded)" if path.exists() else "/dev/null",
        f"{shown} (now)",
    )
    return "".join(lines)


def record(
    root: Path,
    names: Sequence[str] = (),
    *,
    check: bool = False,
    fresh: bool = False,
    jobs: int = 2,
) -> int:
    """Check or rewrite the recordings of a checkout; return the number of problems."""
    start = time.perf_counter()
    live.ensure()
    recorder = Recorder(root)
    chosen = recorder.select(names)
    outcomes = recorder.run(chosen, jobs=jobs, fresh=fresh, on_done=_report)
    problems = 0
    changed = 0
    for outcome in outcomes:
        name = outcome.scenario.name
        if outcome.error:
            problems += 1
            print(f"\n{name}: the scenario failed, nothing was recorded\n{outcome.error}")
            continue
        for target, text in outcome.texts.items():
            path = recorder.snippets / target
            difference = _difference(path, text, f"snippets/{target}")
            if not difference:
                continue
            changed += 1
            if check:
                problems += 1
                print(f"\nsnippets/{target}: stale; if the change is right: {COMMAND} {name}")
            else:
                write_atomically(path, text)
                print(f"\nsnippets/{target}: recorded by {name}")
            print(difference, end="")
    if not names:
        for path in recorder.orphans():
            problems += 1
            shown = path.relative_to(root).as_posix()
            print(f"{shown}: no scenario records it; remove the file or write the scenario")
    cached = sum(outcome.cached for outcome in outcomes)
    verb = "stale" if check else "rewritten"
    print(
        f"{sum(len(one.scenario.targets) for one in outcomes)} recordings of "
        f"{len(outcomes)} scenarios ({cached} unchanged since their last run): "
        f"{changed} {verb}, {problems} problems, {time.perf_counter() - start:.1f} s"
    )
    return problems


def main(arguments: Sequence[str] | None = None) -> int:
    """Record or compare from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.record", description="Record what the guide shows."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenario, subject or file")
    parser.add_argument("--check", action="store_true", help="compare, change nothing")
    parser.add_argument("--fresh", action="store_true", help="run even what has not changed")
    parser.add_argument("--jobs", type=int, default=2, help="scenarios at once (default: 2)")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout")
    options = parser.parse_args(arguments)
    try:
        problems = record(
            options.root.resolve(),
            options.names,
            check=options.check,
            fresh=options.fresh,
            jobs=options.jobs,
        )
    except (LookupError, ValueError) as error:
        print(error)
        return 2
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
