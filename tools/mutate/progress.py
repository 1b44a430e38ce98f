"""Progress: a word now and then on how far a run is. May import the standard library only."""

from __future__ import annotations

import time

SECONDS_BETWEEN_REPORTS = 5.0


class Progress:
    """How many mutants were killed so far, and how many survived."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._started = self._reported = time.monotonic()
        self._killed = self._survived = 0

    def note(self, killed: bool, place: str) -> None:
        """Count a mutant, and print how far it is if it is time to.

        Args:
            killed: whether a test noticed.
            place: where the mutant is.
        """
        self._killed += killed
        self._survived += not killed
        now = time.monotonic()
        done = self._killed + self._survived
        if now - self._reported < SECONDS_BETWEEN_REPORTS and done < self._total:
            return
        self._reported = now
        left = (now - self._started) / done * (self._total - done)
        print(
            f"[{done}/{self._total}] killed {self._killed}, survived {self._survived}, "
            f"{left / 60:.0f} min left; {place}",
            flush=True,
        )
