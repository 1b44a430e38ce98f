"""Write down which snippets each test uses: a pytest plugin, `-p tools.harness.uses --uses=FILE`.

A snippet is used by the test that opens its file, or whose fixture or module does: the harness
opens it to build a project. FILE becomes JSON, `{test: {"outcome", "reason", "seconds", "files"}}`,
the files as they are named under `snippets/`, and the reason, which only what did not pass has, in
one line. The tests of a module stand in the order in which they ran.
A file of tests that cannot be loaded is there as if it were a test. Works with pytest-xdist.
Imports `projects`.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tools.harness.projects import SNIPPETS

PROPERTY = "snippets"


class Uses:
    """What was opened while each fixture and each test ran."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.tests: dict[str, dict[str, Any]] = {}
        self._opened: dict[Any, set[str]] = defaultdict(set)
        self._running: list[Any] = []
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and self._running and isinstance(arguments[0], (str, os.PathLike)):
            prefix, name = f"{SNIPPETS}{os.sep}", os.fspath(arguments[0])
            if isinstance(name, str) and name.startswith(prefix) and "__pycache__" not in name:
                self._opened[self._running[-1]].add(Path(name.removeprefix(prefix)).as_posix())

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Take what is opened while a file of tests is loaded as each of its tests'."""
        self._running.append(collector.nodeid)
        try:
            return (yield)
        finally:
            self._running.pop()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any]
    ) -> Generator[None, object, object]:
        """Take what is opened from here on as the fixture's."""
        self._opened.pop(fixturedef, None)
        self._running.append(fixturedef)
        try:
            return (yield)
        finally:
            self._running.pop()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Take what is opened outside of fixtures as the test's."""
        self._running.append(item.nodeid)
        try:
            return (yield)
        finally:
            self._running.pop()
            self._opened.pop(item.nodeid, None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Put the test's snippets and those of its fixtures, which are still there, together."""
        used = self._opened[item.nodeid] | self._opened[item.nodeid.partition("::")[0]]
        for fixture in self._active(item):
            used |= self._opened.get(fixture, set())
        item.user_properties.append((PROPERTY, sorted(used)))

    @staticmethod
    def _active(item: pytest.Item) -> set[Any]:
        request = getattr(item, "_request", None)
        asked = getattr(request, "_fixture_defs", {}) if request is not None else {}
        info: dict[str, Any] = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
        return {*asked.values(), *(definition for each in info.values() for definition in each)}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what came of a test, and how long it took."""
        test = self.tests.setdefault(
            report.nodeid, {"outcome": "passed", "seconds": 0.0, "files": []}
        )
        test["seconds"] = round(test["seconds"] + report.duration, 3)
        if report.outcome != "passed":
            test |= {"outcome": report.outcome, "reason": _reason(report)}
        if report.when == "teardown":
            test["files"] = dict(report.user_properties).get(PROPERTY, [])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file of tests that cannot be loaded, or that skips itself."""
        if report.outcome != "passed":
            self.tests[report.nodeid] = {
                "outcome": report.outcome,
                "reason": _reason(report),
                "seconds": 0.0,
                "files": [],
            }

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        if self.path is not None:
            text = json.dumps(self.tests, indent=1)
            self.path.write_text(text + "\n", encoding="utf-8")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):  # of a skip: where, and why
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else report.longreprtext
    errors = (line[1:].strip() for line in text.splitlines() if line.startswith("E "))
    return next(errors, "") or text.strip().partition("\n")[0]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--uses`."""
    parser.addoption("--uses", type=Path, help="write which snippets each test uses to this file")


def pytest_configure(config: pytest.Config) -> None:
    """Watch, if asked to; what a worker of pytest-xdist sees goes along with its reports."""
    path: Path | None = config.getoption("--uses")
    if path is not None:
        worker = hasattr(config, "workerinput")
        config.pluginmanager.register(Uses(None if worker else path.absolute()), "snippet-uses")
