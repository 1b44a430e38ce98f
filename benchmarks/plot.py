"""Plots as SVG that stands in a page: its colours are the page's own, light or dark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from html import escape

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 28, 44
ROW = 25
#: Told apart in print and by those who see few colours too: dashes go with the colours.
DASHES = ("", "7 4", "2 4", "10 4 2 4")


def lines(series: Mapping[str, Mapping[int, float]], across: str, up: str) -> str:
    """Draw lines over two logarithmic axes, and what each is called below."""
    xs = sorted({x for points in series.values() for x in points})
    ys = [y for points in series.values() for y in points.values()]
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

    def at(x: float, y: float) -> tuple[float, float]:
        part = math.log(x / xs[0]) / math.log(xs[-1] / xs[0])
        height = (math.log10(y) - low) / (high - low)
        return (
            round(LEFT + part * (WIDTH - LEFT - RIGHT), 1),
            round(HEIGHT - BOTTOM - height * (HEIGHT - TOP - BOTTOM), 1),
        )

    def draw() -> Iterator[str]:
        for power in range(low, high + 1):
            _, y = at(xs[0], 10**power)
            yield f'<path class="plot-grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>'
            yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{10**power:,g}</text>'
        for x in xs:
            left, bottom = at(x, 10**low)
            yield f'<text x="{left}" y="{bottom + 18}" text-anchor="middle">{x:,}</text>'
        yield f'<text x="0" y="14">{escape(up)}</text>'
        said = f'x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end"'
        yield f"<text {said}>{escape(across)}</text>"
        for number, (name, points) in enumerate(series.items()):
            style = f'class="plot-{number}" stroke-dasharray="{DASHES[number % len(DASHES)]}"'
            places = [at(x, y) for x, y in sorted(points.items())]
            path = "L".join(f"{left} {top}" for left, top in places)
            yield f'<path {style} d="M{path}"/>'
            for left, top in places:
                yield f'<circle class="plot-{number}" cx="{left}" cy="{top}" r="3"/>'
            top = HEIGHT + 20 + number * ROW
            yield f'<path {style} d="M{LEFT} {top - 4}h28"/>'
            yield f'<text x="{LEFT + 36}" y="{top}">{escape(name)}</text>'

    height = HEIGHT + 16 + len(series) * ROW
    label = escape(f"{up}, over: {across}")
    head = f'<svg class="plot" role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {height}"'
    return "\n".join([f'{head} xmlns="http://www.w3.org/2000/svg">', *draw(), "</svg>"]) + "\n"


def bars(values: Mapping[str, float], unit: str) -> str:
    """Draw a bar for each value, from zero, with the value beside it."""
    most, start, end = max(values.values()), 250, WIDTH - 90

    def draw() -> Iterator[str]:
        for number, (name, value) in enumerate(values.items()):
            top = 8 + number * 30
            width = round((end - start) * value / most, 1)
            yield f'<text x="{start - 10}" y="{top + 15}" text-anchor="end">{escape(name)}</text>'
            kind = "plot-ours" if name.startswith("This router") else "plot-bar"
            yield f'<rect class="{kind}" x="{start}" y="{top}" width="{width}" height="20"/>'
            said = f"{value:.2g} {unit}".strip()
            yield f'<text x="{start + width + 8}" y="{top + 15}">{escape(said)}</text>'

    height = 16 + len(values) * 30
    label = escape("; ".join(f"{name}: {value:.2g} {unit}" for name, value in values.items()))
    head = f'<svg class="plot" role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {height}"'
    return "\n".join([f'{head} xmlns="http://www.w3.org/2000/svg">', *draw(), "</svg>"]) + "\n"
