"""Run the snippets' tests over the versions that the guide is for, and keep what came of them.

``python -m tools.matrix [WORD ...]`` runs the cells that the words choose ("3.11 5.2 newest"), or
those of this Python, or with ``--all`` every one, and puts each in ``tools/matrix/ledger.json``
when it is done. It ends with 1 if something failed. May import the rest of the package and
tools.shown.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tools.matrix import cells, environments, interpreters, ledger, trial
from tools.shown import shown

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".cache" / "matrix"


def digests(root: Path = ROOT) -> dict[str, str]:
    """Return what the pages show, with the digest of each."""
    return {each.target: each.digest for each in shown(root)}


def interpreters_of(chosen: Sequence[cells.Cell]) -> dict[str, Path]:
    """Find the Pythons of the cells, and say which there are not."""
    found = {}
    for release in dict.fromkeys(cell.python for cell in chosen):
        path = interpreters.find(release)
        if path is not None:
            found[release] = path
        else:
            print(f"Python {release} was not found ({interpreters.LOOKED}): its cells do not run")
    return found


def _say(text: str) -> None:
    print(f"      {text}", flush=True)


def run(chosen: Sequence[cells.Cell], folder: Path, only: Sequence[str], path: Path) -> bool:
    """Run cells, one after another; tell whether all of their tests passed.

    With ``only`` these tests run, and nothing is kept.
    """
    pythons = interpreters_of(chosen)
    there = [cell for cell in chosen if cell.python in pythons]
    if not there:
        return False
    wheel = environments.build_wheel(ROOT, folder / "dist")
    fine = True
    for number, cell in enumerate(there, 1):
        print(f"[{number}/{len(there)}] Python {cell.python}, Django {cell.django}, {cell.end}")
        started = time.monotonic()
        before = digests()
        place = environments.Environment(ROOT, cell, folder / cell.name.replace(" ", "-"))
        done, uses = trial.attempt(
            place, pythons[cell.python], wheel, only or trial.TESTS, partial(_say)
        )
        fine = fine and not done["failed"] and not done["error"]
        for name, failure in done["failures"].items():
            _say(f"FAILED {name}: {failure['reason']}")
        if done["error"]:
            _say(f"NOT RUN: {done['error']}")
        _say(
            f"{done['passed']} passed, {done['failed']} failed, {done['skipped']} skipped "
            f"({time.monotonic() - started:.0f} s)"
        )
        if not only:
            kept = ledger.read(path)
            after = digests()
            same = {name: digest for name, digest in before.items() if after.get(name) == digest}
            ledger.merge(kept, cell.name, done, uses, same)
            ledger.write(kept, path)
    if only:
        print("Nothing is kept of a run of chosen tests")
    return fine


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.matrix", description=__doc__)
    parser.add_argument("words", nargs="*", help="Pythons, Djangos, lowest or newest")
    parser.add_argument("--all", action="store_true", help="every cell")
    parser.add_argument("--list", action="store_true", help="say which cells there are")
    parser.add_argument("--tests", nargs="+", default=[], help="run only these, and keep nothing")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where environments go")
    parser.add_argument("--ledger", type=Path, default=ledger.PATH, help="what the runs go into")
    options = parser.parse_args(arguments)
    try:
        chosen = cells.select(options.words, everything=options.all or options.list)
    except LookupError as error:
        parser.error(str(error))
    if options.list:
        pythons = interpreters_of(chosen)
        for cell in chosen:
            print(f"{cell.name:<16} {pythons.get(cell.python, 'not found')}")
        return 0
    return 0 if run(chosen, options.folder.resolve(), options.tests, options.ledger) else 1


if __name__ == "__main__":
    sys.exit(main())
