"""Claims: a sentence, how to see whether it holds, and what was seen. Imports `site`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tools.stock.site import Site

Kind = Literal["documented", "expected"]
Probe = Callable[[Site], "Seen"]


@dataclass(frozen=True)
class Seen:
    """What a probe saw."""

    holds: bool
    measured: str


@dataclass(frozen=True)
class Claim:
    """A sentence and its probe.

    Attributes:
        name: how records and pages call it.
        kind: whether the shared documentation says it, or who knows Django expects it.
        says: the sentence.
        probe: what sees whether it holds.
        application: which module of the project is served.
        settings: what the site's settings are changed by.
        redis: the channel layer on a Redis of its own, which is given as this backend.
        pool: how many connections to Redis its layer may open, if not by default.
        alone: the probe ends or burdens its process.
        timed: the probe takes the time, which a busy machine has less of: it may try twice.
        neither: why neither router keeps it, where that is so.
    """

    name: str
    kind: Kind
    says: str
    probe: Probe
    application: str = "asgi"
    settings: Mapping[str, Any] = field(default_factory=dict)
    redis: str = ""
    pool: int = 0
    alone: bool = False
    timed: bool = False
    neither: str = ""


#: Every claim, in the order of the pages; `tools.stock.probes` fills it.
CLAIMS: dict[str, Claim] = {}


def claim(name: str, kind: Kind, says: str, **more: Any) -> Callable[[Probe], Probe]:
    """Make a probe the one of a claim."""

    def register(probe: Probe) -> Probe:
        if name in CLAIMS:
            raise ValueError(f"two claims are called {name!r}")
        CLAIMS[name] = Claim(name, kind, says, probe, **more)
        return probe

    return register
