"""Throw what no client should send at running servers, and see that nothing breaks.

`python -m tools.fuzz` (as `nox -s fuzz`) does it. May import `tools.harness`.
"""
