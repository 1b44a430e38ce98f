"""Mutate: change each shown line of a Python snippet, and see a test of its pages fail.

A mutant that no test tells from the original is shown without proof: write a test for it, or stop
showing the line. Two copies of the checkout run at a time; in each the quickest tests that found
other mutants of the file run first, then those that name its subject most, until one fails.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tools.proof.mutants import Mutant, mutants
from tools.proof.records import ROOT
from tools.snippets.shown import shown

#: How the names of a page's tests begin, if not `tests/guide/test_<page>`.
PAGES = {
    "guide/clients.md": ("tests/live/clients/test_",),
    "guide/security.md": (
        *("tests/guide/test_security", "tests/live/test_tokens"),
        "tests/live/test_permissions",
    ),
    "index.md": ("tests/guide/test_channels",),
}
AT_ONCE = 2
KILLERS = 3
LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".nox", ".venv", ".cache", ".*_cache", "__pycache__", "node_modules", "site")
)
FAILED = re.compile(r"^(?:FAILED|ERROR) (?P<test>tests/.+?)(?: - |$)", re.MULTILINE)
HUNK = re.compile(r"^@@ -\S+ \+(?P<start>\d+)(?:,(?P<count>\d+))? @@", re.MULTILINE)
#: They are those of a run of pytest that this one may be inside.
OTHERS = ("DJANGO_SETTINGS_MODULE", "PYTHONPATH", "PYTEST_ADDOPTS")
PASSED, FAILURES, INTERRUPTED = 0, 1, 2

Lines = Mapping[str, set[int]]


class MutationError(RuntimeError):
    """The mutants cannot be judged; the message says why."""


def main(files: Sequence[str], root: Path = ROOT) -> int:
    """Mutate files, or without any the shown lines that changed since `main`."""
    try:
        lines, tests = of_pages(root)
        wanted = named(files, lines) if files else changed(root, lines)
        survivors = [one for name in wanted for one in run(name, wanted[name], tests[name], root)]
    except MutationError as error:
        print(error)
        return 2
    if not wanted:
        print("no shown line of a Python snippet has changed since main")
    for name, mutant in survivors:
        print(f"snippets/{name}:{mutant.line}: no test fails with the line {mutant.text}")
    if survivors:
        print("write a test in tests/guide/ that fails then, or stop showing the line")
    return 1 if survivors else 0


def of_pages(root: Path) -> tuple[dict[str, set[int]], dict[str, list[str]]]:
    """Return of each Python snippet the lines that pages show, and the files of their tests."""
    lines: dict[str, set[int]] = {}
    pages: dict[str, set[str]] = {}
    for item in shown(root):
        if item.file.endswith(".py"):
            lines.setdefault(item.file, set()).update(number for number, _ in item.lines)
            pages.setdefault(item.file, set()).add(item.page)
    return lines, {name: tests_of(name, pages[name], root) for name in lines}


def tests_of(name: str, pages: Iterable[str], root: Path) -> list[str]:
    """Return the test files of pages, those first that name the subject of a snippet most."""
    prefixes = [
        prefix
        for page in pages
        for prefix in PAGES.get(page, (f"tests/guide/test_{Path(page).stem}",))
    ]
    found = [
        path
        for path in sorted((root / "tests").rglob("test_*.py"))
        if path.relative_to(root).as_posix().startswith(tuple(prefixes))
    ]
    subject = re.compile(rf"[\"'/]{re.escape(name.partition('/')[0])}[\"'/]")
    found.sort(key=lambda path: -len(subject.findall(path.read_text(encoding="utf-8"))))
    return [path.relative_to(root).as_posix() for path in found]


def named(files: Iterable[str], lines: Lines) -> dict[str, set[int]]:
    """Return the shown lines of files.

    Raises:
        MutationError: no page shows such a file.
    """
    names = [name.removeprefix("./").removeprefix("snippets/") for name in files]
    if unknown := [name for name in names if name not in lines]:
        raise MutationError(f"no page shows a Python snippet {', '.join(unknown)}")
    return {name: lines[name] for name in names}


def changed(root: Path, lines: Lines) -> dict[str, set[int]]:
    """Return the shown lines that are not as they are on `main`.

    Raises:
        MutationError: there is no such branch.
    """
    bases = (_git(root, "merge-base", "HEAD", branch) for branch in ("main", "origin/main"))
    base = next((found.strip() for found in bases if found), None)
    if base is None:
        raise MutationError("there is no branch main to compare with; name the files to mutate")
    new = set((_git(root, "ls-files", "--others", "--", "snippets") or "").splitlines())
    found = {}
    for name in lines:
        diff = _git(root, "diff", "-U0", base, "--", f"snippets/{name}") or ""
        its = {
            number
            for hunk in HUNK.finditer(diff)
            for number in range(int(hunk["start"]), int(hunk["start"]) + int(hunk["count"] or 1))
        }
        if both := lines[name] if f"snippets/{name}" in new else lines[name] & its:
            found[name] = both
    return found


def _git(root: Path, *command: str) -> str | None:
    done = subprocess.run(["git", *command], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def run(
    name: str, lines: set[int], tests: Sequence[str], root: Path
) -> Iterator[tuple[str, Mutant]]:
    """Yield the mutants of a file that no test finds.

    Raises:
        MutationError: a test that found one fails without it too, or there is no test.
    """
    every = mutants((root / "snippets" / name).read_text(encoding="utf-8"), lines)
    if every and not tests:
        raise MutationError(f"no file of tests/guide/ is called like a page that shows {name}")
    started = time.monotonic()
    with Crew(name, tests, root) as crew, ThreadPoolExecutor(AT_ONCE) as pool:
        judged = zip(every, pool.map(crew.judge, every), strict=True)
        for number, (mutant, killer) in enumerate(judged, 1):
            what = f"killed by {killer}" if killer else "SURVIVED"
            where = f"[{number}/{len(every)}] {name}:{mutant.line} {mutant.kind}"
            print(f"{time.monotonic() - started:5.0f} s {where}: {what}", flush=True)
            if not killer:
                yield name, mutant
        crew.check_killers()


class Crew:
    """Copies of the checkout, and the tests that have found mutants of one file in them."""

    def __init__(self, name: str, tests: Sequence[str], root: Path) -> None:
        self._name = name
        self._tests = tests
        self._root = root
        self._killers: dict[str, float] = {}  #: with the seconds that each took
        self._lock = threading.Lock()
        self._copies: SimpleQueue[Path] = SimpleQueue()

    def __enter__(self) -> Crew:
        self._folder = tempfile.TemporaryDirectory(prefix="mutants-")
        for number in range(AT_ONCE):
            copy = Path(self._folder.name, str(number))
            shutil.copytree(self._root, copy, ignore=LEFT_OUT, symlinks=True)
            self._copies.put(copy)
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def judge(self, mutant: Mutant) -> str:
        """Return the test that finds a mutant; an empty string where none does."""
        copy = self._copies.get()
        path = copy / "snippets" / self._name
        original = path.read_bytes()
        try:
            path.write_text(mutant.source, encoding="utf-8")
            with self._lock:
                first = sorted(self._killers, key=self._killers.__getitem__)[:KILLERS]
            started = time.monotonic()
            killer = self._failing(copy, first) if first else None
            killer = killer or self._failing(copy, self._tests)
        finally:
            path.write_bytes(original)
            self._copies.put(copy)
        with self._lock:
            if killer:
                seconds = time.monotonic() - started
                self._killers[killer] = min(seconds, self._killers.get(killer, seconds))
        return killer or ""

    def check_killers(self) -> None:
        """See that the tests that found mutants pass without one.

        Raises:
            MutationError: one does not.
        """
        copy = self._copies.get()
        if self._killers and (failing := self._failing(copy, [*self._killers])):
            raise MutationError(f"{failing} fails though nothing is changed")

    def _failing(self, copy: Path, tests: Iterable[str]) -> str | None:
        """Run tests until one fails, and return that."""
        command = [sys.executable, "-m", "pytest", *tests, "-x", "-q", "--tb=no", "-r", "fE"]
        command += ["-p", "no:cacheprovider", "--color=no", f"--basetemp={copy}-tests"]
        # Its plugin takes two seconds to import, and none of these tests needs it.
        command += [f"--rootdir={copy}", "-p", "no:schemathesis"]
        env = {name: text for name, text in os.environ.items() if name not in OTHERS}
        done = subprocess.run(
            command, cwd=copy, env=env, capture_output=True, text=True, check=False
        )
        if done.returncode == PASSED:
            return None
        if done.returncode not in (FAILURES, INTERRUPTED):
            raise MutationError(f"pytest could not run:\n{done.stdout}{done.stderr}")
        found = FAILED.search(done.stdout)
        if found is None:
            raise MutationError(f"pytest names no test that failed:\n{done.stdout}{done.stderr}")
        return found["test"]
