"""Throw what no client should send at running servers, and see that nothing breaks.

`python -m tools.fuzz` (as `nox -s fuzz`) does it. May import `tools.harness` and `tools.stamp`.
"""

from __future__ import annotations

from tools.harness import live

live.ensure()
