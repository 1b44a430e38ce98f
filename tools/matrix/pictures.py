"""Pictures: the ledger at a glance, one drawing for each page of the site.

A row is a snippet and a column is a cell. What came of it is told by a shape as well as by a
colour, which the stylesheet gives. May import `cells`, `ledger` and tools.shown.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.matrix import ledger
from tools.matrix.cells import ALL, Cell
from tools.matrix.ledger import Ledger
from tools.shown import Shown, shown

ROOT = Path(__file__).resolve().parents[2]

#: What a sign of the picture means; "none" is of a cell that was not run.
MEANINGS = {
    "passed": "passed",
    "failed": "failed",
    "skipped": "skipped here",
    "untested": "no test in the matrix",
    "later": "not tested in that run",
    "changed": "changed since, not run again",
    "none": "not run yet",
}
_WIDTH, _HEIGHT = 15, 8
_STEP = _HEIGHT + 2
_BETWEEN_ENDS, _BETWEEN_DJANGOS, _BETWEEN_PYTHONS = 1, 6, 14
_HEADER = 30


def plot(kept: Ledger, items: Sequence[Shown] | None = None) -> str:
    """Return the drawings of all pages and what their signs mean, as HTML.

    Without ``items`` it is what the pages of this checkout show.
    """
    items = list(shown(ROOT)) if items is None else items
    pages: dict[str, dict[str, Shown]] = {}
    for item in items:
        pages.setdefault(item.page, {})[item.target] = item
    drawings = [_drawing(kept, page, list(targets.values())) for page, targets in pages.items()]
    return f'<figure class="matrix">\n{_legend()}\n{"".join(drawings)}</figure>\n'


def title_of(page: str, root: Path = ROOT) -> str:
    """Return what a page calls itself."""
    path = root / "docs" / page
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = re.search(r"^title: *(.+)$", text, re.MULTILINE)
    return found[1].strip("\"' ") if found else page


def _columns() -> list[tuple[Cell, int]]:
    placed: list[tuple[Cell, int]] = []
    x = 0
    before: Cell | None = None
    for cell in ALL:
        if before is not None:
            x += _WIDTH
            if cell.python != before.python:
                x += _BETWEEN_PYTHONS
            elif cell.django != before.django:
                x += _BETWEEN_DJANGOS
            else:
                x += _BETWEEN_ENDS
        placed.append((cell, x))
        before = cell
    return placed


COLUMNS = _columns()
TOTAL_WIDTH = COLUMNS[-1][1] + _WIDTH


def _drawing(kept: Ledger, page: str, items: Sequence[Shown]) -> str:
    name = re.sub(r"\W+", "-", page.removesuffix(".md"))
    height = _HEADER + _STEP * len(items)
    rows = [_row(kept, item, _HEADER + _STEP * number) for number, item in enumerate(items)]
    title = html.escape(title_of(page))
    said = html.escape(_said(kept, items))
    return (
        f'<div class="matrix__page"><p class="matrix__title">{title}</p>\n'
        f'<svg viewBox="0 0 {TOTAL_WIDTH} {height}" width="{TOTAL_WIDTH}" height="{height}" '
        f'role="img" aria-labelledby="matrix-{name}-title matrix-{name}-desc">\n'
        f'<title id="matrix-{name}-title">Snippets of the page {title}, by version</title>\n'
        f'<desc id="matrix-{name}-desc">{said}</desc>\n'
        f"{''.join(_header())}{''.join(rows)}</svg></div>\n"
    )


def _said(kept: Ledger, items: Sequence[Shown]) -> str:
    counts = dict.fromkeys(MEANINGS, 0)
    for item in items:
        for cell in ALL:
            counts[_outcome(kept, item, cell)] += 1
    told = ", ".join(f"{count} {MEANINGS[name]}" for name, count in counts.items() if count)
    return f"{len(items)} snippets, {len(ALL)} sets of versions: {told}."


def _outcome(kept: Ledger, item: Shown, cell: Cell) -> str:
    run = kept["cells"].get(cell.name)
    if run is None:
        return "none"
    return ledger.outcome(run, item.target, item.digest, kept["tests"])


def _header() -> Iterator[str]:
    """Name the Pythons over the Djangos; below these, lowest is left and newest right."""
    for kind, y in (("python", 9), ("django", 22)):
        spans: dict[str, list[int]] = {}
        for cell, x in COLUMNS:
            name = cell.python if kind == "python" else f"{cell.python} {cell.django}"
            spans.setdefault(name, []).append(x)
        for name, places in spans.items():
            middle = (places[0] + places[-1] + _WIDTH) / 2
            text = name if kind == "python" else name.partition(" ")[2]
            yield f'<text class="matrix__{kind}" x="{middle:g}" y="{y}">{text}</text>\n'


def _row(kept: Ledger, item: Shown, y: int) -> str:
    found = {cell: _outcome(kept, item, cell) for cell, _ in COLUMNS}
    passed = sum(outcome == "passed" for outcome in found.values())
    told = [f"{item.target}: passed in {passed} of {len(found)}"]
    told += [
        f"{cell.name}: {MEANINGS[outcome]}"
        for cell, outcome in found.items()
        if outcome == "failed"
    ]
    signs = "".join(sign(found[cell], x, y) for cell, x in COLUMNS)
    title = html.escape("\n".join(told))
    return f"<g><title>{title}</title>{signs}</g>\n"


def sign(outcome: str, x: int, y: int) -> str:
    """Return the shape of an outcome: full, crossed, barred, or more and more empty."""
    w, h = _WIDTH, _HEIGHT
    box = f'<rect class="matrix__{outcome}" x="{x}" y="{y}" width="{w}" height="{h}" rx="1.5"/>'
    left, right, top, bottom = x + w / 2 - 2.5, x + w / 2 + 2.5, y + h / 2 - 2.5, y + h / 2 + 2.5
    if outcome == "failed":
        lines = f"M{left} {top}L{right} {bottom}M{right} {top}L{left} {bottom}"
        return f'{box}<path class="matrix__stroke" d="{lines}"/>'
    if outcome == "skipped":
        return f'{box}<path class="matrix__bar" d="M{left} {y + h / 2}H{right}"/>'
    if outcome == "later":
        box = sign("untested", x, y)
        return f'{box}<path class="matrix__bar" d="M{x + w / 2} {top}V{bottom}"/>'
    if outcome == "none":
        return f'<circle class="matrix__none" cx="{x + w / 2}" cy="{y + h / 2}" r="1"/>'
    return box


def _legend() -> str:
    signs = "".join(
        f'<li><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'aria-hidden="true">{sign(outcome, 0, 0)}</svg> {meaning}</li>'
        for outcome, meaning in MEANINGS.items()
    )
    return (
        "<figcaption>A row is a snippet. A column is a Python over a Django, with the lowest "
        f"versions of the rest on the left and the newest on the right.<ul>{signs}</ul>"
        "</figcaption>"
    )
