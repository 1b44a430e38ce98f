"""Mutate the library: cosmic-ray alters a module, and the module's own tests must notice.

A mutant that a module's own tests let live meets once the tests of what imports the module. By
default a tenth of each module's mutants is tried, always the same; `--share 1` tries all.
May import tools.modules, tools.problems and tools.mutate.
"""

from __future__ import annotations

import argparse
import itertools
import threading
from collections.abc import Collection
from pathlib import Path

from tools import modules as library
from tools.mutate.copies import Copy, MutationError
from tools.mutate.crew import crew, work
from tools.mutate.library_mutants import mutants, sample
from tools.mutate.library_record import (
    LOWEST,
    Record,
    figures,
    modules,
    problems,
    table,
    together,
)
from tools.mutate.mutants import Mutant
from tools.mutate.progress import Progress

#: Of how long tests took unmutated, and how much longer than that they may take.
PATIENCE, MORE_SECONDS = 4, 20
#: What one test may take that is not the module's own, and what these may take together.
LONGEST_OTHER, LONGEST_OTHERS = 60, 600


def main(options: argparse.Namespace, root: Path) -> int:
    """Run mutants of the library and say what came of them."""
    wanted = {_file(name) for name in options.names}
    if unknown := wanted - {*modules(root)}:
        raise MutationError(f"not a module of the library: {', '.join(sorted(unknown))}")
    if not options.figures:
        run = Run(root, wanted)
        run.choose(options.share, changed=options.changed, survivors=options.survivors)
        run.run(options.workers)
    found = figures(root, sorted(wanted))
    total, faults = together(found), problems(root)
    print(table(found))
    if total.survivors:
        print("Survived:", *map(describe, total.survivors), sep="\n  ")
    for fault in faults:
        print(fault)
    print(f"{total.percent:.1f} % of those tried were killed, where {LOWEST} % are asked for")
    lacking = total.unknown if options.figures else []
    if lacking:
        print(f"The record lacks {', '.join(lacking)}: nox -s mutate -- --library --changed")
    return int(bool(faults or lacking) or total.percent < LOWEST)


def describe(mutant: Mutant) -> str:
    """Return a mutant as a line of text."""
    return f"{mutant.file}:{mutant.line}: {mutant.kind}: {mutant.was} => {mutant.now}"


def _file(name: str) -> str:
    """Return the file of a module: `conf`, `realtime/conf.py` or all of its path."""
    path = name.removeprefix("strawberry_django/").removesuffix(".py")
    if not path.startswith(("realtime", "routers")):
        path = f"realtime/{path}"
    return f"strawberry_django/{path}.py"


class Run:
    """The mutants of some modules (of all, if none is named), and what comes of them."""

    def __init__(self, root: Path, names: Collection[str]) -> None:
        self.root = root
        self.names = sorted(names) or modules(root)
        self.record = Record(root)
        self.left: dict[str, list[Mutant]] = {}
        self.counts: dict[str, int] = {}  #: how many mutants each has in all
        self.killed: dict[str, list[str]] = {}  #: by what
        self.survived: dict[str, list[Mutant]] = {}
        self._lock = threading.Lock()
        self._progress = Progress(0)
        self._seconds: dict[str, float] = {}  #: how long a module's own tests take
        self._defenders: dict[str, tuple[list[str], list[str]]] = {}

    def choose(self, share: float, *, changed: bool, survivors: bool) -> None:
        """Choose the mutants to try.

        Args:
            share: of each module's, from 0 to 1.
            changed: only of modules that the record does not have as they are.
            survivors: only those that the record has as survivors.
        """
        for name in self.names:
            known = self.record.of(name)
            if changed and known is not None:
                continue
            if survivors and not (known and known["survived"]):
                continue
            every = mutants(name, (self.root / name).read_text(encoding="utf-8"))
            self.counts[name] = len(every)
            if survivors and known:
                before = [(one.line, one.kind, one.now) for one in self.record.survivors(name)]
                self.left[name] = [one for one in every if (one.line, one.kind, one.now) in before]
                timed_out = known["timed_out"]
                by = ["time out"] * timed_out + ["a test"] * (known["killed"] - timed_out)
                self.killed[name] = by
            else:
                self.left[name] = sample(every, share)

    def run(self, workers: int) -> None:
        """Try the mutants, and write down what came of each module.

        Raises:
            MutationError: a test fails though nothing is mutated, or could not be run.
        """
        total = sum(map(len, self.left.values()))
        of = sum(self.counts.values())
        print(f"{total} of {of} mutants of {len(self.left)} modules", flush=True)
        for name, left in self.left.items():
            if not left:
                self._finish(name)
        if total:
            with crew(self.root, workers, library=True) as copies:
                self._progress = Progress(total)
                work(copies, [*itertools.chain(*self.left.values())], self._try)

    def _try(self, copy: Copy, mutant: Mutant) -> None:
        self._note(mutant, self._killer(copy, mutant))

    def _killer(self, copy: Copy, mutant: Mutant) -> str:
        """Return what noticed a mutant, or nothing."""
        if mutant.file not in self._defenders:
            self._defenders[mutant.file] = defenders_of(self.root, mutant.file)
        own, others = self._defenders[mutant.file]
        took = self._seconds.get(mutant.file)
        if took is None:
            took = self._seconds[mutant.file] = _unmutated(copy, own)
        seconds = PATIENCE * took + MORE_SECONDS
        with copy.holding(mutant):
            outcome = copy.run(own, each=seconds, seconds=seconds)
            if not outcome.passed or not others:
                return outcome.failed
            outcome = copy.run(others, each=LONGEST_OTHER, seconds=LONGEST_OTHERS)
        if "::" not in outcome.failed:
            return ""  # So many tests may take that long of themselves.
        _unmutated(copy, [outcome.failed])
        return outcome.failed

    def _note(self, mutant: Mutant, killer: str) -> None:
        with self._lock:
            if killer:
                self.killed.setdefault(mutant.file, []).append(killer)
            else:
                self.survived.setdefault(mutant.file, []).append(mutant)
                print(f"  survived: {describe(mutant)}", flush=True)
            self.left[mutant.file].remove(mutant)
            if not self.left[mutant.file]:
                self._finish(mutant.file)
            self._progress.note(bool(killer), f"{mutant.file}:{mutant.line}")

    def _finish(self, name: str) -> None:
        self.record.put(
            name,
            mutants=self.counts[name],
            killed=self.killed.get(name, []),
            survived=self.survived.get(name, []),
        )
        self.record.write()


def _unmutated(copy: Copy, tests: list[str]) -> float:
    """Return how long tests take that have to pass."""
    outcome = copy.run(tests, each=LONGEST_OTHERS, seconds=LONGEST_OTHERS)
    if not outcome.passed:
        which = f"{outcome.failed} fails though nothing is mutated; mend it"
        raise MutationError(f"{which}:\n{outcome.log}")
    return outcome.seconds


def defenders_of(root: Path, module: str) -> tuple[list[str], list[str]]:
    """Return a module's own tests, and those of what imports it.

    What imports it is another module of the library, whose own tests are meant then, or a test.
    """
    own = library.own_tests(root, root / module)
    dotted = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    others = []
    for name, path in library.modules(root):
        if _imports(name, path, dotted):
            others += library.own_tests(root, path)
    for path in sorted((root / "tests").glob("test_*.py")):
        if _imports("", path, dotted):
            others.append(path)
    unique = dict.fromkeys(path for path in others if path not in own)
    return [one.relative_to(root).as_posix() for one in own], [
        one.relative_to(root).as_posix() for one in unique
    ]


def _imports(name: str, path: Path, module: str) -> bool:
    """Tell whether a file imports a module, or a name directly out of it."""
    found = (imported for imported, _ in library.imports(name, path))
    return any(module in (imported, imported.rpartition(".")[0]) for imported in found)
