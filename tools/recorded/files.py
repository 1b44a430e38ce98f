"""The files of recordings: which run makes which, and whether they hold what it made."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.harness.projects import SNIPPETS
from tools.recorded.normalise import normalise

MARK = "records"
COMMAND = "nox -s docs -- record"


def records(*targets: str) -> pytest.MarkDecorator:
    """Declare that a test records these files, `<subject>/recorded/<file>` each."""
    return pytest.mark.records(*targets)


def targets(item: pytest.Item) -> list[str]:
    """Return the files that a test records."""
    return [target for mark in item.iter_markers(MARK) for target in mark.args]


@dataclass(frozen=True)
class Recorded:
    """Take the output of one run.

    Attributes:
        targets: the files of the run.
        folder: where it ran.
        write: whether to write the files rather than compare them.
    """

    targets: list[str]
    folder: Path
    write: bool = False

    def __call__(self, *texts: str) -> None:
        """Compare the texts of the run, in the order of its files, or write them.

        Raises:
            pytest.fail.Exception: a file holds something else.
        """
        stale: list[str] = []
        for target, text in zip(self.targets, texts, strict=True):
            now = normalise(text, self.folder)
            path = SNIPPETS / target
            before = path.read_text(encoding="utf-8") if path.exists() else ""
            if before == now:
                continue
            if self.write:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(now, encoding="utf-8")
            stale.append(f"snippets/{target}\n{difference(before, now)}")
        if self.write:
            print("\n".join(f"Recorded {one}" for one in stale))
        elif stale:
            shown = "\n".join(f"Stale: {one}" for one in stale)
            again = f"{COMMAND} {self.targets[0]}"
            pytest.fail(f"{shown}\nIf the change is right: {again}", pytrace=False)


def difference(before: str, now: str) -> str:
    """Return a unified diff."""
    lines = difflib.unified_diff(
        before.splitlines(), now.splitlines(), "recorded", "now", lineterm=""
    )
    return "\n".join(lines)


def chosen(item: pytest.Item, names: Iterable[str]) -> bool:
    """Tell whether one of the names is the test, one of its files, or their subject."""
    known = {item.name, *targets(item), *(one.partition("/")[0] for one in targets(item))}
    return not known.isdisjoint(names)
