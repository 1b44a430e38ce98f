"""A run: the mutants of the wanted parts, tried side by side, with a word on how far it is.

May import tools.mutate and tools.problems.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.mutate.allowlist import Allowlist
from tools.mutate.copies import Copy
from tools.mutate.crew import crew, work
from tools.mutate.defenders import Defenders
from tools.mutate.mutants import Mutant
from tools.mutate.progress import Progress
from tools.mutate.results import METHOD, WORTHY, Record, mutants_of, parts
from tools.problems import Problem
from tools.shown import Shown

LONGEST_TEST = 180
#: Of how long a test took unmutated, and how much longer than that it may take.
PATIENCE, MORE_SECONDS = 4, 40
#: What fails so much later than it passes unmutated may fail for a busy machine: it is asked again.
LATE_SECONDS = 10
#: How often a mutant is tried whose killer does not kill it again.
TIMES = 3


class Run:
    """The mutants of some pages or snippets (of all, if none is named), and what comes of them."""

    def __init__(self, root: Path, names: Collection[str], *, everything: bool) -> None:
        self.root = root
        self.shown = parts(root)
        self.record = Record(root)
        self.allowlist = Allowlist(root)
        self.defenders = Defenders(root)
        self.wanted: dict[str, Shown] = {
            part.target: part
            for part in self.shown
            if (not names or part.page in names or part.file in names)
        }
        self.left: dict[str, list[Mutant]] = {}
        self.passed_over: dict[str, list[Mutant]] = {}
        self.outcomes: dict[str, list[tuple[Mutant, str]]] = {}
        self.killed_before: dict[str, int] = {}
        self.allowed_before: dict[str, int] = {}
        self.method_before: dict[str, int] = {}
        for target, part in self.wanted.items():
            for mutant in mutants_of(root, part):
                over = self.allowlist.entry(mutant) is not None and not everything
                (self.passed_over if over else self.left).setdefault(target, []).append(mutant)
        self._everything = everything
        self._lock = threading.Lock()
        self._progress = Progress(0)
        self._pages: dict[str, set[str]] = {}
        for part in self.shown:
            self._pages.setdefault(part.file, set()).add(part.page)

    def narrow(self, *, survivors: bool) -> None:
        """Leave out what the record tells of; or, for survivors, all but what survived.

        What was tried by a method that is no longer worthy counts as unknown, but for survivors. Of
        what a worthy one has killed, those are left that it did not know.
        """
        for target, part in [*self.wanted.items()]:
            known, method = self.record.of(part), self.record.method_of(part)
            if not survivors and (known is None or method < WORTHY):
                continue
            if known is None or not (known["survived"] if survivors else method < METHOD):
                self._leave_out(target)
            elif survivors:
                self._keep(target, self._survivors(part, known["survived"]), known, method)
            elif not known["survived"]:
                new = {one for one in self._mutants(target) if one.since > method}
                if new:
                    self._keep(target, new, known, METHOD)
                else:
                    self._leave_out(target)

    def _leave_out(self, target: str) -> None:
        del self.wanted[target]
        self.left.pop(target, None)

    def _mutants(self, target: str) -> list[Mutant]:
        return [*self.left.get(target, []), *self.passed_over.get(target, [])]

    def _survivors(self, part: Shown, known: list[dict[str, Any]]) -> set[Mutant]:
        before = {(its["line"], its["kind"], its["now"]) for its in known}
        lines = [number for number, _ in part.lines]
        return {
            one
            for one in self._mutants(part.target)
            if (lines.index(one.line) + 1, one.kind, one.now) in before
        }

    def _keep(
        self, target: str, mutants: set[Mutant], known: Mapping[str, Any], method: int
    ) -> None:
        """Leave these mutants of a part, and take the others as known."""
        for kind in (self.left, self.passed_over):
            kind[target] = [one for one in kind.get(target, []) if one in mutants]
        self.killed_before[target] = known["killed"]
        self.allowed_before[target] = known["allowlisted"]
        self.method_before[target] = method

    def run(self, workers: int) -> list[Problem]:
        """Try the mutants; return what is wrong with the allowlist.

        Raises:
            MutationError: a test fails though nothing is mutated, or could not be run.
        """
        every = [mutant for part in self.shown for mutant in mutants_of(self.root, part)]
        problems = self.allowlist.problems(every)
        files = {part.file for part in self.wanted.values()}
        total = sum(map(len, self.left.values()))
        print(f"{total} mutants of {len(files)} snippets", flush=True)
        for target in self.wanted:
            if not self.left.get(target):
                self._finish(target)
        if total:
            with crew(self.root, workers) as copies:
                pages = {page for file in files for page in self._pages[file]}
                self.defenders.learn(copies[0], files, pages)
                self._progress = Progress(total)
                work(copies, self._jobs(), self._try)
        tried = [outcome for each in self.outcomes.values() for outcome in each]
        if self._everything:
            problems += self.allowlist.killed((mutant, bool(by)) for mutant, by in tried)
        return problems

    def _jobs(self) -> Iterator[tuple[str, Mutant]]:
        for target in self.wanted:
            for mutant in self.left.get(target, []):
                yield target, mutant

    def _try(self, copy: Copy, job: tuple[str, Mutant]) -> None:
        target, mutant = job
        self._note(target, mutant, self._killer(copy, mutant))

    def _killer(self, copy: Copy, mutant: Mutant) -> str:
        """Return what noticed a mutant, or nothing."""
        with self._lock:
            tests = self.defenders.of(mutant.file, self._pages[mutant.file])
        if not tests:
            return ""
        longest = max(test.seconds for test in tests)
        each = min(LONGEST_TEST, PATIENCE * longest + MORE_SECONDS)
        whole = PATIENCE * sum(test.seconds for test in tests) + LONGEST_TEST
        names = [test.name for test in tests]
        with copy.holding(mutant):
            for _ in range(TIMES):
                outcome = copy.run(names, each=each, seconds=whole)
                killer = [outcome.failed] if outcome.failed in names else names
                asked = tests[: 1 + names.index(killer[0])] if len(killer) == 1 else tests
                expected = sum(test.seconds for test in asked)
                late = not outcome.passed and outcome.seconds > expected + LATE_SECONDS
                if late and copy.run(killer, each=each, seconds=whole).passed:
                    continue
                if outcome.failed in names:
                    with self._lock:
                        self.defenders.note(mutant.file, tests, outcome.failed, outcome.seconds)
                return outcome.failed
        return ""

    def _note(self, target: str, mutant: Mutant, killer: str) -> None:
        with self._lock:
            self.outcomes.setdefault(target, []).append((mutant, killer))
            if not killer and self.allowlist.entry(mutant) is None:
                where = f"snippets/{mutant.file}:{mutant.line}"
                print(f"  survived: {where}: {mutant.was} => {mutant.now}", flush=True)
            if len(self.outcomes[target]) == len(self.left[target]):
                self._finish(target)
            self._progress.note(bool(killer), f"{mutant.file}:{mutant.line}")

    def _finish(self, target: str) -> None:
        """Write down what came of a part."""
        allowed = self.passed_over.get(target, [])
        tried = []
        for mutant, killer in self.outcomes.get(target, []):
            if not killer and self.allowlist.entry(mutant) is not None:
                allowed.append(mutant)
            else:
                tried.append((mutant, killer))
        tried.sort(key=lambda outcome: outcome[0].line)
        self.record.add(
            self.wanted[target],
            tried,
            killed=self.killed_before.get(target, 0),
            allowlisted=self.allowed_before.get(target, 0) + len(allowed),
            method=self.method_before.get(target, METHOD),
        )
        self.record.write(self.shown)
