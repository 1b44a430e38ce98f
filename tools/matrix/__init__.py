"""Matrix: the snippets' tests over every version that the guide is for, and the ledger of them.

`python -m tools.matrix` runs (see `__main__`); `cells` says what there is to run, `interpreters`
finds the Pythons, `environments` installs, `trial` runs the tests of a cell, `ledger` keeps what
came of it, `news` tells what a run adds to that, and `pictures` shows it on a page.
"""
