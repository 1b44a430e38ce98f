"""Patience: how long the clients of the tests wait for an answer.

Most mutants of a client are noticed by what never comes: `nox -s mutate` waits less for it.
Imports the standard library only.
"""

from __future__ import annotations

import os

VARIABLE = "TEST_PATIENCE"


def at_most(seconds: float) -> float:
    """Return how many seconds to wait: so many, or fewer where the environment says so."""
    return min(seconds, float(os.environ.get(VARIABLE, seconds)))
