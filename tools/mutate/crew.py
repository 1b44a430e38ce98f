"""Crew: copies of the checkout that try mutants side by side, until there are no more.

May import tools.mutate.copies.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from tools.mutate.copies import Copy

Job = TypeVar("Job")


@contextlib.contextmanager
def crew(root: Path, count: int, *, library: bool = False) -> Iterator[list[Copy]]:
    """Have so many copies of a checkout for the length of the block."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="mutate-"))
        copies = []
        for number in range(count):
            copies.append(Copy(root, Path(folder, str(number)), library=library))
            stack.callback(copies[-1].close)
        yield copies


def work(copies: Iterable[Copy], jobs: Iterable[Job], do: Callable[[Copy, Job], None]) -> None:
    """Have each copy take a job when it has done one; the first error ends it, and is raised."""
    left: queue.SimpleQueue[Job] = queue.SimpleQueue()
    for job in jobs:
        left.put(job)
    stopped = threading.Event()

    def take(copy: Copy) -> None:
        while not stopped.is_set():
            try:
                job = left.get_nowait()
            except queue.Empty:
                return
            do(copy, job)

    with ThreadPoolExecutor() as pool:
        working = [pool.submit(take, copy) for copy in copies]
        try:
            for future in as_completed(working):
                future.result()
        finally:
            stopped.set()
