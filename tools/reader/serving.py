"""Serving: the server that was started last, and whether it has what was written since.

``runserver`` takes a change by itself. Any other server goes on with what was there as it began,
until the page has it restarted. May import tools.harness and ``terminal``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.reader.terminal import StuckError, Terminal

if TYPE_CHECKING:
    from tools.harness.servers import Server


@dataclass
class Serving:
    """Whom the reader asks.

    Attributes:
        terminal: where it was started.
        line: the command that started it.
        port: the one that the page showed last.
        is_stale: files have changed since.
    """

    terminal: Terminal
    line: str = ""
    port: str = "8000"
    is_stale: bool = False

    def begun(self, script: str) -> None:
        """Keep what commands have started."""
        self.line = script.strip().splitlines()[-1]
        self.port = next(reversed(self.terminal.serving))
        self.is_stale = False

    def again(self) -> None:
        """Start it anew, by the same command and with what this window exports.

        Raises:
            StuckError: the page has shown no command that starts one.
        """
        if not self.line:
            raise StuckError("the page has shown no command that starts a server")
        self.terminal.run(self.line)
        self.is_stale = False

    def now(self) -> Server:
        """Return the server at the port that the page showed last.

        Raises:
            StuckError: none runs there, or it does not have what was written since.
        """
        server = self.terminal.serving.get(self.port)
        if server is None:
            raise StuckError(f"nothing runs on port {self.port}")
        if self.is_stale:
            if server.name != "runserver":
                raise StuckError(
                    f"{server.name} runs as the files were before, "
                    "and the page does not say to restart it"
                )
            self.again()
        return self.terminal.serving[self.port]
