"""Delete and alter each line that a page shows, and see whether a test notices.

``nox -s mutate`` tries every mutant; ``-- guide/testing`` those of a page, and
``-- chat/myproject/schema.py`` those of a snippet. ``-- --changed`` tries those of which the record
says nothing, because they changed or were never run, or were tried by an earlier method: so it also
goes on with a run that was stopped. ``-- --survivors`` tries again what survived; ``-- --figures``
prints what the record says.
It ends with code 1 when a mutant survived or an entry of the allowlist is stale; with
``--figures`` also when the record lacks a mutant of what is shown today.
``-- --library`` mutates the library instead: tools.mutate.library says how.
May import tools.mutate.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.mutate.allowlist import Allowlist
from tools.mutate.copies import MutationError
from tools.mutate.results import figures, mutants_of, parts, table
from tools.mutate.run import Run

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Run mutants and say what came of them."""
    parser = argparse.ArgumentParser(prog="nox -s mutate --", description="Mutate what is shown.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="guide/testing, or a snippet of it; or a module"
    )
    parser.add_argument("--library", action="store_true", help="mutate the library")
    parser.add_argument("--share", type=float, default=0.1, help="of the library's mutants")
    parser.add_argument("--changed", action="store_true", help="only what the record lacks")
    parser.add_argument("--survivors", action="store_true", help="only what survived before")
    parser.add_argument("--all", action="store_true", help="also what the allowlist names")
    parser.add_argument("--figures", action="store_true", help="print what the record says")
    parser.add_argument("--workers", type=int, default=2, help="run at once; default: 2")
    options = parser.parse_args(arguments)
    if options.library:
        try:
            return _library(options, root)
        except MutationError as error:
            print(error, file=sys.stderr)
            return 2
    known = parts(root)
    pages, files = {part.page for part in known}, {part.file for part in known}
    wanted = {name.removeprefix("docs/").removeprefix("snippets/") for name in options.names}
    wanted = {f"{name}.md" if f"{name}.md" in pages else name for name in wanted}
    if unknown := wanted - pages - files:
        parser.error(f"neither a page with snippets nor one of them: {', '.join(sorted(unknown))}")
    if not options.figures:
        try:
            run = Run(root, wanted, everything=options.all)
            if options.changed or options.survivors:
                run.narrow(survivors=options.survivors)
            problems = run.run(options.workers)
        except MutationError as error:
            print(error, file=sys.stderr)
            return 2
    else:
        problems = Allowlist(root).problems(
            mutant for part in known for mutant in mutants_of(root, part)
        )
    concerned = {part.page for part in known if {part.page, part.file} & wanted}
    found = {name: its for name, its in figures(root).items() if not wanted or name in concerned}
    survivors = [line for its in found.values() for line in its.survivors]
    print(table(found))
    if survivors:
        print("Survived:", *survivors, sep="\n  ")
    for problem in problems:
        print(problem)
    lacking = sum(its.not_run + its.earlier for its in found.values()) if options.figures else 0
    if lacking:
        print(f"The record lacks {lacking} mutants: nox -s mutate -- --changed")
    return int(bool(survivors or problems or lacking))


def _library(options: argparse.Namespace, root: Path) -> int:
    """Mutate the library; only this needs cosmic-ray."""
    from tools.mutate import library

    return library.main(options, root)


if __name__ == "__main__":
    sys.exit(main())
