"""Tomorrow's drift: which lines of the pages the newest of everything makes false.

`python -m tools.upstream` (see `__main__`) asks with what is installed, which `nox -s upstream`
made the newest: `trial` runs the tests, `lines` finds the lines that they leave unproven, `threats`
those of the security page, `newest` says what was tried and what the index has beyond that, and
`report` is what came of it.
"""
