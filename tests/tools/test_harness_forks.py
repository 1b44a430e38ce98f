"""A process of the fork server is what the Python it stands for would be."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.harness import live
from tools.harness.forks import MODULES, Forks, ForksError
from tools.harness.projects import build
from tools.harness.servers import serve
from tools.scenarios._integration import environment

Start = Callable[..., "subprocess.Popen[str]"]
#: It is of the fork server that something else than a program is imported from the start.
FORKED = "import sys; print('channels.routing' in sys.modules)"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The command that stands for Python."""
    forks = Forks(tmp_path_factory.mktemp("forks"))
    yield forks.command
    forks.check()
    forks.close()
    with pytest.raises(ForksError, match="ended with code 0"):
        forks.check()


@pytest.fixture
def start(python: Path, tmp_path: Path) -> Start:
    def start(*arguments: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(python), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **{"cwd": tmp_path, **options},
        )

    return start


@pytest.fixture
def everywhere(python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes of the harness are forked."""
    monkeypatch.setenv(live.PYTHON, str(python))


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("pass", 0),
        ("import sys; sys.exit(3)", 3),
        ("raise ValueError", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    ],
)
def test_it_ends_with_the_code_of_its_program(start: Start, code: str, expected: int) -> None:
    with start("-c", code) as process:
        assert process.wait(20) == expected


def test_it_has_the_streams_the_folder_the_environment_and_the_arguments(
    start: Start, tmp_path: Path
) -> None:
    code = (
        "import os, sys; print(input(), os.getcwd(), os.environ['NAME'], sys.argv[1:]);"
        "print('said', file=sys.stderr)"
    )
    with start("-c", code, "one", env={"NAME": "ada"}) as process:
        out, err = process.communicate("hello\n", timeout=20)
    assert out == f"hello {tmp_path} ada ['one']\n"
    assert err == "said\n"


def test_what_it_raises_and_what_it_exits_with_are_printed(start: Start) -> None:
    with start("-c", "raise ValueError('no')") as process:
        assert process.communicate(timeout=20)[1].endswith("ValueError: no\n")
    with start("-c", "import sys; sys.exit('no')") as process:
        assert process.communicate(timeout=20)[1] == "no\n"
    assert process.returncode == 1


def test_a_signal_reaches_it(start: Start) -> None:
    code = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7));"
        "print('ready', flush=True); time.sleep(60)"
    )
    with start("-c", code) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        os.killpg(process.pid, signal.SIGTERM)
        assert process.wait(20) == 7


def test_it_does_not_outlive_its_client(start: Start) -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with start("-c", code) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        process.kill()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_it_waits_for_threads_and_for_what_is_registered(start: Start) -> None:
    code = (
        "import atexit, concurrent.futures as f, time; atexit.register(print, 'last');"
        "f.ThreadPoolExecutor().submit(lambda: (time.sleep(0.2), print('first')))"
    )
    with start("-c", code) as process:
        assert process.communicate(timeout=20)[0] == "first\nlast\n"


def test_a_client_that_has_gone_before_it_has_asked_does_no_harm(
    python: Path, start: Start
) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(python.with_name("forkserver")))
        client.sendall(b'{"arguments": ["-c"')
    with start("-c", "print('hello')") as process:
        assert process.communicate(timeout=20)[0] == "hello\n"


@pytest.mark.parametrize("name", [*MODULES, "runserver"])
def test_the_harness_serves_with_it(everywhere: None, tmp_path: Path, name: str) -> None:
    import httpx

    project = build(tmp_path / "project", "settings", "asgi_routing")
    with (project.path / "myproject/settings.py").open("a", encoding="utf-8") as settings:
        settings.write(f"\n{FORKED}\n")
    with serve(project, name) as server:
        assert "True" in server.log().splitlines()
        answer = httpx.post(f"{server.url}/graphql", json={"query": "{ ping }"})
        assert answer.json() == {"data": {"ping": "pong"}}
        port = server.port
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/")


def test_it_is_the_python_of_the_harness_and_of_its_shell_scripts(
    everywhere: None, tmp_path: Path
) -> None:
    project = build(tmp_path / "project")
    assert project.python("-c", FORKED).stdout == "True\n"
    script = f'python -c "{FORKED}"; python -V; python -m this >/dev/null && echo done'
    done = subprocess.run(
        ["sh", "-c", script], env=environment(), capture_output=True, text=True, check=True
    )
    forked, version, ended = done.stdout.splitlines()
    assert (forked, version.split(".")[0], ended) == ("True", "Python 3", "done")


def test_without_it_python_is_this_one(tmp_path: Path) -> None:
    assert live.python() == sys.executable
    assert build(tmp_path / "project").python("-c", FORKED).stdout == "False\n"
