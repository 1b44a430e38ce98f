"""Expecting: what a block shows as an answer must come when the reader asks.

What the page told before decides who asks, and what happens meanwhile. May import tools.harness
and the other modules of the package but ``walk``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tools.reader import asking, settings
from tools.reader.serving import Serving
from tools.reader.terminal import StuckError, Terminal, is_server
from tools.reader.turns import Turns, is_anonymous

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import httpx

    from tools.harness.servers import Server
    from tools.reader.page import Item

#: The query that a command of curl's sends.
DATA = re.compile(r"--data '(.+)'")


@dataclass
class Expecting:
    """What a reader knows who asks.

    Attributes:
        terminal: where the commands are typed.
        choices: the labels of the tabs that this reader takes.
        passwords: those that the page's commands gave, by user.
        session: where the reader has logged in.
        document: the operation to ask next.
        documents: the last one under each title.
        bare_refusals: a refused handshake says nothing but its status.
        turns: what the prose has told to do, and is not done yet.
        serving: the server that the page had started last.
        command: what was typed last.
        has_output: nothing has compared what it printed.
    """

    terminal: Terminal
    choices: Sequence[str]
    passwords: dict[str, str] = field(default_factory=dict)
    session: httpx.Client | None = None
    document: str = ""
    documents: dict[str, str] = field(default_factory=dict)
    bare_refusals: bool = False
    turns: Turns = field(default_factory=Turns)
    serving: Serving = field(init=False)
    command: str = ""
    has_output: bool = False

    def __post_init__(self) -> None:
        self.serving = Serving(self.terminal)

    def server(self) -> Server:
        """Return the server to ask.

        Raises:
            StuckError: none runs, or it was to be started anew.
        """
        if "restart" in self.turns.told:
            raise StuckError("the page says to start the server, and shows no command for it")
        return self.serving.now()

    def expect_answer(self, item: Item) -> None:
        """Ask over HTTP, unless the last command has, and compare the answer."""
        if self.has_output and DATA.search(self.command):
            got = json.loads(self.terminal.output[self.terminal.output.index("{") :])
        else:
            got = asking.over_http(self.server(), self.document, self._whoever_asks(item))
        self.has_output = False
        asking.same_json(item.title, item.text, got)

    def expect_frames(self, item: Item) -> None:
        """Have the conversation over WebSocket."""
        session = self._whoever_asks(item)
        server = self.server()
        again = self.turns.take("mutation again")

        def meanwhile() -> None:
            if again:
                asking.over_http(server, self.documents["Mutation"], session)

        asking.replay(server, item.frames, self.document, session, meanwhile)

    def expect_exchange(self, item: Item) -> None:
        """Send what the title of a bare HTTP answer says."""
        server = self.server()
        only = self.turns.take("only a status")
        status, _, reason = item.text.strip().partition("\n")
        if only is None or not (self.bare_refusals or server.name in ("daphne", "runserver")):
            asking.exchange(server, item.title, item.text, self.document, self.session)
            return
        if only["status"] not in status:
            raise StuckError(f"Daphne can only say {only['status']}, and shown is {status}")
        asking.exchange(server, item.title, status, self.document, self.session)
        said = reason.strip().splitlines()[-1]
        if not self.bare_refusals:
            server.process.wait_until(lambda: said in server.log())
        elif said in server.log():
            raise StuckError(f"this refusal gives its reason after all: {said}")

    def _whoever_asks(self, item: Item) -> httpx.Client | None:
        said = self.turns.take("anonymous")
        if said or is_anonymous(item.title):
            return None
        if "logged in" in item.title and self.session is None:
            raise StuckError("nothing told the reader to log in")
        return self.session

    def expect_output(self, item: Item) -> None:
        """Compare what the last command printed, or its server."""
        if self.turns.take("misplace"):
            with settings.daphne_last(self.settings_file("myproject.settings")):
                self.terminal.run(self.command, fails=True)
        got = self.terminal.output
        if is_server(self.command):
            server = self.server()
            last = item.text.strip().splitlines()[-1]
            server.process.wait_until(lambda: last in server.log())
            got = server.log()
        asking.same(item.title, item.text, got)

    def settings_file(self, module: str) -> Path:
        """Return the file of a settings module."""
        return self.terminal.cwd / f"{module.replace('.', '/')}.py"
