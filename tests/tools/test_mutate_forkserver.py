"""A process of the fork server is what the Python it stands for would be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.harness import live
from tools.harness.projects import build
from tools.harness.servers import serve
from tools.mutate import forked
from tools.mutate.forkserver import SOCKET, fits

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    address = tmp_path_factory.mktemp("forkserver") / "socket"
    with subprocess.Popen(
        [sys.executable, "-m", "tools.mutate.forkserver"],
        cwd=live.ROOT,
        env={**live.environment(), SOCKET: str(address)},
        stdin=subprocess.PIPE,
    ) as server:
        while not address.exists():
            assert server.poll() is None
            time.sleep(0.02)
        yield str(address)
        assert server.stdin
        server.stdin.close()
        assert server.wait(10) == 0


@pytest.fixture
def start(address: str, tmp_path: Path) -> Start:
    def start(*arguments: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", forked.CLIENT, address, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **{"cwd": tmp_path, **options},
        )

    return start


@pytest.fixture
def everywhere(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plugin at work, as in a test of a mutant."""
    monkeypatch.setenv(SOCKET, address)
    env = {**live.environment(), "PYTHONPATH": str(live.STARTUP)}
    monkeypatch.setattr(live, "environment", lambda: env)
    forked.pytest_configure()
    yield
    forked.pytest_unconfigure()


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


@pytest.mark.parametrize("name", ["daphne", "uvicorn", "hypercorn", "runserver"])
def test_the_harness_serves_with_it(everywhere: None, tmp_path: Path, name: str) -> None:
    import httpx

    project = build(tmp_path / "project", "settings", "asgi_routing")
    with serve(project, name) as server:
        assert forked.CLIENT in server.process.popen.args  # type: ignore[operator]
        answer = httpx.post(f"{server.url}/graphql", json={"query": "{ ping }"})
        assert answer.json() == {"data": {"ping": "pong"}}
        port = server.port
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/")


def test_it_starts_what_a_test_serves_and_nothing_else() -> None:
    assert fits(["manage.py", "check"])
    assert fits(["-m", "uvicorn", "x:y"])
    assert fits(["-c", "pass"])
    for other in ([], ["-m", "pytest"], ["-m", "uv"], ["-X", "dev"], ["-I", "-c", "pass"]):
        assert not fits(other)


def test_it_is_the_python_of_a_shell_script_too(everywhere: None, tmp_path: Path) -> None:
    script = 'echo "$0"; command -v python; python -c "import sys; print(sys.argv)"; python -V'
    done = subprocess.run(
        ["sh", "-c", script], env=live.environment(), capture_output=True, text=True, check=True
    )
    _, found, argv, version = done.stdout.splitlines()
    assert "forkclient" in Path(found).read_text()
    assert argv == "['-c']"
    assert version.startswith("Python 3.")
