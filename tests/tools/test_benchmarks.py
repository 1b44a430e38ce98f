"""What the benchmarks make of their figures."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from benchmarks import measuring, plot


def test_a_line_has_a_fixed_part_and_one_for_each() -> None:
    points = {size: 750 + 15.0 * size for size in (1, 100, 1_000)}
    assert measuring.line(points) == pytest.approx((750, 15))


def test_an_interval_is_that_of_the_ratio() -> None:
    peer = [1.0, 1.1, 0.9, 1.2] * 5
    low, middle, high = measuring.interval([2 * one for one in peer], peer)
    assert (low, middle, high) == pytest.approx((2, 2, 2))
    low, _, high = measuring.interval(peer[1:], peer[:-1])
    assert low < 1 < high


def test_a_plot_is_sound_and_says_what_it_shows() -> None:
    drawn = plot.lines({"a <b>": {1: 3.0, 10: 20.0}, "c": {10: 5.0}}, "sockets", "µs")
    assert ElementTree.fromstring(drawn).attrib["aria-label"] == "µs, over: sockets"
    assert "12 µs" in plot.bars({"This router": 12.0, "Daphne": 24.0}, "µs")
