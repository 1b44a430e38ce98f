"""Start a real process, wait until it is ready, and end it with everything it started."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
READY_SECONDS = 60.0
STOP_SECONDS = 5.0
POLL_SECONDS = 0.02


class ProcessError(RuntimeError):
    """A process ended, or did not become ready in time; the message ends with its log."""


@dataclass(eq=False)
class Process:
    """A running command in a process group of its own, with its output in a file."""

    name: str
    popen: subprocess.Popen[bytes]
    log_path: Path
    _final_log: str | None = field(default=None, repr=False)

    @property
    def pid(self) -> int:
        """The process id, which is the id of its group too."""
        return self.popen.pid

    def log(self) -> str:
        """Return everything the process has printed so far (also after it ended)."""
        if self._final_log is not None:
            return self._final_log
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def tail(self) -> str:
        """Return the last lines of the log, as an error message shows them."""
        return "\n".join(self.log().splitlines()[-40:]) or "(it printed nothing)"

    def wait_until(self, ready: Callable[[], bool], *, seconds: float = READY_SECONDS) -> None:
        """Poll ``ready`` until it is true."""
        deadline = time.monotonic() + seconds
        while not ready():
            code = self.popen.poll()
            if code is not None or time.monotonic() > deadline:
                state = f"was not ready after {seconds:g} s" if code is None else f"ended: {code}"
                raise ProcessError(f"{self.name} {state}. Its log:\n{self.tail()}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """End the process group: ask with SIGTERM, then SIGKILL whatever is left."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(STOP_SECONDS)
        self._signal(signal.SIGKILL)
        self.popen.wait()
        self._final_log = self.log()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


@contextlib.contextmanager
def running(
    name: str,
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[Process]:
    """Run ``command`` for the length of the block; print its log if the block fails."""
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as folder:
        log_path = Path(folder, "log")
        with log_path.open("wb") as log:
            popen = subprocess.Popen(
                command,
                cwd=cwd or folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = Process(name, popen, log_path)
        try:
            yield process
        except Exception:
            print(f"--- the log of {name} ---\n{process.tail()}", file=sys.stderr)
            raise
        finally:
            process.stop()


def free_port() -> int:
    """Return a TCP port that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def accepts(port: int) -> bool:
    """Tell whether something accepts TCP connections on ``port``."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((HOST, port)) == 0
