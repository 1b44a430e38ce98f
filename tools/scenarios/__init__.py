"""Scenarios: the runs whose output the guide shows.

One module per subject. Each decorated function runs the real project (with
``tools.harness``) and returns the text that the guide shows; ``python -m tools.record``
normalises it and keeps it in ``snippets/<subject>/recorded/``::

    from pathlib import Path

    from tools.harness import clients, projects, servers
    from tools.scenarios import scenario
    from tools.transcripts import json_answer

    @scenario("resolver_user/recorded/me.http.json")
    def me_over_http(folder: Path) -> str:
        project = projects.build(folder / "project", "installation", "resolver_user")
        ...
        with servers.serve(project) as server, clients.login(server, "ada", "...") as client:
            return json_answer(clients.graphql(client, "{ me }"))

A scenario gets an empty folder of its own, which is removed afterwards. It returns a
``str`` for its one target, or a mapping from each target to its text where one run gives
several. It must not depend on the working directory, on another scenario or on the order
of runs: several run at once, each in a thread. Modules whose name starts with an
underscore hold what scenarios share.

This module may import the standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

Output = str | Mapping[str, str]
Run = Callable[[Path], Output]


@dataclass(frozen=True)
class Scenario:
    """A run and the files, relative to ``snippets/``, that hold its output."""

    targets: tuple[str, ...]
    run: Run

    @property
    def name(self) -> str:
        """The module and the function: ``resolver_user.me``."""
        module = self.run.__module__.rpartition(".")[2]
        return f"{module}.{self.run.__name__}"

    def __call__(self, folder: Path) -> Output:
        """Run it in an empty folder."""
        return self.run(folder)


def scenario(target: str, *more: str) -> Callable[[Run], Scenario]:
    """Declare that a function records ``target`` (``<subject>/recorded/<file>``)."""
    targets = (target, *more)
    for one in targets:
        parts = one.split("/")
        if len(parts) < 3 or parts[1] != "recorded" or ".." in parts:
            raise ValueError(
                f"{one!r} is not a place for a recording: expected '<subject>/recorded/<file>'"
            )

    def decorate(run: Run) -> Scenario:
        return Scenario(targets, run)

    return decorate
