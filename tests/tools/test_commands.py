"""Which shell snippets the tests of the matrix execute: each is held against the test that does."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest

from tools.harness import servers
from tools.hooks import commands
from tools.matrix import ledger
from tools.recording import Recorder
from tools.shown import Shown, shown

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = Recorder(ROOT).scenarios
#: What the test of each command has in it: where it takes the command, and where it runs it.
RUN = {
    "asgi_routing/shell/ping.sh": ('run_script(project, "asgi_routing/shell/ping.sh"',),
    "chat/shell/app.sh": ('run_script(project, "chat/shell/app.sh")',),
    **dict.fromkeys(
        ("chat/shell/migrate.sh", "chat/shell/users.sh"),
        ('in ("migrate", "users"):', 'run_script(project, f"chat/shell/{name}.sh")'),
    ),
    "chat/shell/two_processes.sh": (
        'content(f"chat/shell/two_processes.sh:{section}")',
        'command = ["sh", "-eu", "-c", script]',
    ),
    "clients/shell/graphql_sse.sh": ('["sh", "-eu", "-c", f"{script(\'graphql_sse\')}',),
    "clients/shell/uvicorn.sh": (
        'projects.SNIPPETS / "clients/shell/uvicorn.sh"',
        "name, *options, application = shown.split()",
        "{name: tuple(options)}",
        'running(Told(project, "uvicorn", "settings", application))',
    ),
    "custom_context/shell/second_user.sh": (
        'run_script(project, "custom_context/shell/second_user.sh")',
    ),
    "first_subscription/shell/start.sh": (
        'ENVIRONMENT = "first_subscription/shell/start.sh:environment"',
        '["sh", "-e", "-c", content(ENVIRONMENT)',
        "self.run(content(target))",
    ),
    "installation/shell/pip.sh": (
        'pytest.param(lambda: read("installation/shell/pip.sh")',
        'run(["sh", "-eu", "-c", commands()]',
    ),
    "installation/shell/uv.sh": ('run(["sh", "-eu", "-c", read("installation/shell/uv.sh")]',),
    "resolver_user/shell/create_user.sh": (
        'run_script(project, "resolver_user/shell/create_user.sh")',
    ),
    "running/shell/check.sh": (
        'command = read("running/shell/check.sh").split()',
        "project.manage(*command[2:]",
    ),
    **dict.fromkeys(
        (f"running/shell/{name}.sh" for name in servers.SERVERS),
        ('script(f"running/shell/{name}.sh"', 'running(name, ["sh", "-eu", "-c", command]'),
    ),
    "running/shell/environment.sh": (
        'both = read("running/shell/environment.sh")',
        'running("environment", ["sh", "-eu", "-c", both]',
    ),
    "running/shell/migrate.sh": ('run_script(project, "running/shell/migrate.sh")',),
    "running/shell/runserver.sh": (
        "script('running/shell/runserver.sh', {})",
        'running(name, ["sh", "-eu", "-c", command]',
    ),
    "settings/shell/check.sh": ("RECORDER.produce(scenario)",),
    "testing/shell/pytest.sh": ('["sh", "-eu", "-c", script("testing/shell/pytest.sh", {})]',),
}
RUNS = re.compile(
    r"\brun_script\(|\brun\(|\brunning\(|\.manage\(|\.produce\(|\"sh\", \"-eu?\", \"-c\""
)


def not_run(executed: Mapping[str, str], run: Mapping[str, Sequence[str]] = RUN) -> list[str]:
    """Name the commands that nothing in the test runs that is said to run them."""
    found = []
    for file, test in executed.items():
        text = (ROOT / test).read_text(encoding="utf-8")
        lines = run.get(file, ())
        if not all(line in text for line in lines) or not any(map(RUNS.search, lines)):
            found.append(file)
    return found


def test_each_command_that_is_said_to_be_run_is_run_by_its_test() -> None:
    assert not_run(commands.EXECUTED) == []
    assert RUN.keys() == commands.EXECUTED.keys()
    (scenario,) = [one for one in SCENARIOS if "settings/recorded/check.txt" in one.targets]
    assert 'words("settings/shell/check.sh")' in inspect.getsource(scenario.run)


@pytest.mark.parametrize(
    ("test", "lines"),
    [
        ("tests/live/clients/test_packages.py", ()),
        ("tests/live/clients/test_packages.py", ("assert shlex.split(script(name)) ==",)),
        ("tests/live/clients/test_packages.py", ('run_script(project, "clients/shell/gql.sh")',)),
        ("tests/live/clients/test_restart.py", ('"sh", "-eu", "-c", script("gql")',)),
    ],
)
def test_a_command_that_its_test_does_not_run_is_found(test: str, lines: tuple[str, ...]) -> None:
    file = "clients/shell/gql.sh"
    assert not_run({file: test}, {file: lines}) == [file]


def test_each_command_that_is_run_is_one() -> None:
    assert all((ROOT / "snippets" / file).suffix == ".sh" for file in commands.EXECUTED)
    assert all((ROOT / "snippets" / file).is_file() for file in commands.EXECUTED)


def test_the_reader_goes_down_the_pages_of_the_commands_that_are_only_compared() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests/reader").glob("*.py")]
    pages = {name for text in sources for name in re.findall(r'"([\w/]+)/index\.html"', text)}
    tests = ledger.read()["tests"]
    compared = {
        item.page.removesuffix(".md")
        for item in shown(ROOT)
        if commands.is_only_compared(item.file, tests.get(item.file, {}))
    }
    assert compared <= pages


def untested(items: Iterable[Shown]) -> set[str]:
    """Return what no test of the matrix uses."""
    kept = ledger.read()
    return {
        item.target
        for item in items
        for run in kept["cells"].values()
        if ledger.outcome(run, item.target, item.digest, kept["tests"]) == "untested"
    }


def test_each_part_that_a_page_shows_has_a_test_in_the_matrix() -> None:
    assert untested(shown(ROOT)) == set()


def test_a_part_that_has_none_is_found() -> None:
    items = [*shown(ROOT), Shown("index.md", 1, "chat/shell/new.sh", ((1, "ls"),))]
    assert untested(items) == {"chat/shell/new.sh"}
