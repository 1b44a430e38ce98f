"""Report: what was found, as Markdown and in figures.

May import `newest`, `trial`, tools.stock.page, and for the types tools.stock.
"""

from __future__ import annotations

import datetime
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.stock import page
from tools.upstream.newest import Changes, Held
from tools.upstream.trial import Tests

if TYPE_CHECKING:
    from tools.stock.claims import Claim
    from tools.stock.record import Results


class Sentences(NamedTuple):
    """Sentences that were measured on the stock router.

    Attributes:
        false: those that it does not keep, with what was measured.
        asked: how many were measured.
    """

    false: list[str]
    asked: int


@dataclass
class Drift:
    """What was found."""

    versions: Changes = field(default_factory=dict)
    held: list[Held] = field(default_factory=list)
    lines: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    prose: list[str] = field(default_factory=list)
    promises: list[str] = field(default_factory=list)
    news: list[str] = field(default_factory=list)
    stock: Mapping[str, Sentences] = field(default_factory=dict)  #: by the kind of the claim

    def __bool__(self) -> bool:
        """Whether there is anything that somebody should see to."""
        counts = any(one.counts for one in self.held)
        return bool(counts or self.failed or self.prose or self.promises or self.news)


#: How the report calls each kind of claim, and what it says of those that fail.
KINDS = {
    "documented": ("The stock router's documentation", "sentences that were measured are false"),
    "expected": (
        "What you may expect of the stock router all the same",
        "sentences that were measured do not hold",
    ),
}


def markdown(found: Drift, day: datetime.date) -> str:
    """Return the report."""
    parts = [f"# What upstream makes false on {day}", f"With Python {platform.python_version()}."]
    rows = [f"| {name} | {pin} | {new} |" for name, (pin, new) in found.versions.items()]
    table = "\n".join(["| | pinned | tried |", "| --- | --- | --- |", *rows])
    pinned = ["All versions are those that are pinned."]
    parts += ["Tried, where it is not what is pinned:", table] if rows else pinned
    sections = {
        "Newer than what was tried": [one.says for one in found.held],
        "Lines that a failed test leaves unproven": [
            f"`{place}`: `{first.rpartition('/')[2]}`" + (f" and {len(more)} more" if more else "")
            for place, (first, *more) in found.lines.items()
        ],
        "Failed tests": [f"`{name}`: {reason}" for name, reason in found.failed.items()],
        "Numbers and names in the prose": found.prose,
        "Our promises": found.promises,
        "The stock router": found.news,
    }
    for title, items in sections.items():
        if items:
            parts += [f"## {title}", _listed(items)]
    if not found:
        tried = " of what was tried" if found.held else ""
        parts += [f"Every line holds{tried}, and the stock router does what is recorded."]
    parts += _of_the_stock_router(found.stock)
    return "\n\n".join(filter(None, parts)) + "\n"


def _of_the_stock_router(stock: Mapping[str, Sentences]) -> Iterator[str]:
    for kind, (title, what) in KINDS.items():
        false, asked = stock.get(kind, ([], 0))
        if asked:
            yield from (f"## {title}", f"{len(false)} of {asked} {what}.", _listed(false))


def _listed(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def false_sentences(claims: Iterable[Claim], results: Results) -> dict[str, Sentences]:
    """Return, for each kind of claim, what the stock router does not keep.

    A sentence is false if it does not hold on one of the servers. One that could not be measured
    on any counts for nothing.
    """
    found = {kind: Sentences([], 0) for kind in KINDS}
    for claim in claims:
        seen = results[claim.name]["stock"]
        answers = {one["holds"] for one in seen.values()} - {None}
        false, asked = found[claim.kind]
        if False in answers:
            measured = page.measured(seen).replace("<br>", "; ")
            false.append(f"{claim.says} ({claim.name}): {measured}")
        found[claim.kind] = Sentences(false, asked + bool(answers))
    return found


def counted(found: Drift, tests: Tests, sayings: Iterable[str]) -> dict[str, Any]:
    """Return the figures of a run; a line or a promise counts once."""
    passed = sum(test["outcome"] == "passed" for test in tests.values())
    return {
        "passed": passed,
        "failed": len(found.failed),
        "lines": len({place.partition(" ")[0] for place in (*found.lines, *sayings)}),
        "prose": len(found.prose),
        "promises": len({promise.partition(" ")[0] for promise in found.promises}),
        "stock": _figures(found.stock["documented"]),
        "expected": _figures(found.stock["expected"]),
    }


def _figures(sentences: Sentences) -> dict[str, int]:
    return {"false": len(sentences.false), "of": sentences.asked}
