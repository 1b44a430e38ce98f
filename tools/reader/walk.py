"""The walk: down the page, doing what it says and expecting what it shows.

A block with a file's name is written, one without a title is run, a query is asked, and an
answer must come as it is shown. Of the prose a few turns are understood (see ``turns``).
May import the other modules of the package.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from httpx import HTTPError
from websockets.exceptions import WebSocketException

from tools.harness.processes import ProcessError
from tools.reader import asking, files, settings
from tools.reader.terminal import StuckError, Terminal, is_server, passwords
from tools.reader.turns import Turns, is_anonymous

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import httpx

    from tools.harness.servers import Server
    from tools.reader.page import Item

_SHELL = {"bash", "sh", "shell", "console"}
_TROUBLE = (
    *(StuckError, OSError, ValueError, LookupError, SyntaxError),
    *(HTTPError, ProcessError, WebSocketException),
)
_DATA = re.compile(r"--data '(.+)'")


@dataclass
class Reader:
    """Somebody who goes down a page.

    Attributes:
        terminal: where the commands are typed.
        choices: the labels of the tabs that this reader takes.
        passwords: those that the page's commands gave, by user.
        document: the operation to ask next.
        done: the blocks that were dealt with.
        bare_refusals: a refused handshake says nothing but its status.
    """

    terminal: Terminal
    choices: Sequence[str]
    passwords: dict[str, str] = field(default_factory=dict)
    session: httpx.Client | None = None
    document: str = ""
    done: list[Item] = field(default_factory=list)
    bare_refusals: bool = False
    _documents: dict[str, str] = field(default_factory=dict)
    _turns: Turns = field(default_factory=Turns)
    _edits: files.Edits = field(default_factory=files.Edits)
    _to_open: list[str] = field(default_factory=list)
    _shown_port: str = "8000"
    _command: str = ""
    _server_line: str = ""
    _has_output: bool = False
    _has_changed: bool = False

    def follow(self, items: Iterable[Item]) -> None:
        """Do what the page says.

        Raises:
            StuckError: something does not work, or answers otherwise than shown.
        """
        chapter: tuple[str, ...] = ()
        for item in items:
            if not item.is_for(self.choices):
                continue
            if item.headings[:2] != chapter[:2]:
                self.terminal.new_window()
            if item.headings != chapter:
                self._edits = files.Edits()
            chapter = item.headings
            try:
                self._do(item)
            except _TROUBLE as error:
                what = "" if isinstance(error, StuckError) else f"{type(error).__name__}: "
                where = f"{item.place}: {item.kind} {item.title!r}"
                raise StuckError(f"{where}\n{what}{error}") from error

    def stop(self) -> None:
        """Leave: stop whatever still runs."""
        self.terminal.stop()
        if self.session:
            self.session.close()

    def _do(self, item: Item) -> None:
        if item.kind == "prose":
            self._listen(item)
            return
        self.done.append(item)
        if item.kind in _SHELL and not item.title:
            self._type(item.text)
        elif item.kind == "graphql":
            self.document = self._documents[item.title] = item.text
        elif item.kind == "json":
            self._expect_answer(item)
        elif item.kind == "frames":
            self._expect_frames(item)
        elif item.kind == "http":
            self._expect_exchange(item)
        elif item.kind == "text" and item.title == "Output":
            self._expect_output(item)
        elif files.TITLE.match(item.title):
            self._edits.write(self.terminal.cwd, item.title, item.text)
            self._has_changed = True
        else:
            raise StuckError("the page does not say what to do with this block")

    def _listen(self, item: Item) -> None:
        self._turns.hear(item.text)
        if self._turns.take("stop"):
            self.terminal.stop()
        if self._turns.take("undo"):
            self._edits.undo()
            self._has_changed = True
        if self._turns.take("the mutation"):
            self.document = self._documents["Mutation"]
        login = self._turns.take("log in")
        here = [link for link in item.links if link.startswith("http://127.0.0.1:")]
        if login:
            user = login["user"] or next(reversed(self.passwords), "?")
            where = urlsplit(here[0])
            self._shown_port = str(where.port)
            self.session = asking.sign_in(self._server(), where.path, user, self.passwords)
        if item.text.endswith(":"):
            self._to_open = here
        else:
            self._open(here)

    def _open(self, links: Sequence[str]) -> None:
        for link in links:
            where = urlsplit(link)
            self._shown_port = str(where.port)
            asking.look(self._server(), where.path, self.session)

    def _type(self, script: str) -> None:
        if self._turns.take("second terminal"):
            self.terminal.new_window()
        elif is_server(script):
            self.terminal.stop()
        self.passwords |= passwords(script)
        data = _DATA.search(script)
        if data:
            self._server()
            self.document = json.loads(data[1])["query"]
        self.terminal.run(script)
        self._command = script
        self._has_output = True
        if is_server(script):
            self._server_line = script.strip().splitlines()[-1]
            self._shown_port = next(reversed(self.terminal.serving))
            self._has_changed = False
            self._turns.take("restart")
        if self._turns.take("production"):
            self.serve_again()
            module = self.terminal.env["DJANGO_SETTINGS_MODULE"]
            host = settings.allowed_host(self._settings(module))
            asking.behind_proxy(self._server(), host, self.document)
            self._has_changed = True  # what comes after this chapter is development again
        links, self._to_open = self._to_open, []
        self._open(links)

    def _server(self) -> Server:
        if "restart" in self._turns.told:
            raise StuckError("the page says to start the server, and shows no command for it")
        if self._shown_port not in self.terminal.serving:
            raise StuckError(f"nothing runs on port {self._shown_port}")
        if self._has_changed:
            self.serve_again()
        return self.terminal.serving[self._shown_port]

    def serve_again(self) -> None:
        """Start the server anew, as it was started last (where files have changed, say)."""
        self._has_changed = False
        self.terminal.run(self._server_line)

    def _expect_answer(self, item: Item) -> None:
        if self._has_output and _DATA.search(self._command):
            got = json.loads(self.terminal.output[self.terminal.output.index("{") :])
        else:
            got = asking.over_http(self._server(), self.document, self._whoever_asks(item))
        self._has_output = False
        asking.same_json(item.title, item.text, got)

    def _expect_frames(self, item: Item) -> None:
        session = self._whoever_asks(item)
        server = self._server()
        again = self._turns.take("mutation again")

        def meanwhile() -> None:
            if again:
                asking.over_http(server, self._documents["Mutation"], session)

        asking.replay(server, item.frames, self.document, session, meanwhile)

    def _expect_exchange(self, item: Item) -> None:
        server = self._server()
        only = self._turns.take("only a status")
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
        said = self._turns.take("anonymous")
        if said or is_anonymous(item.title):
            return None
        if "logged in" in item.title and self.session is None:
            raise StuckError("nothing told the reader to log in")
        return self.session

    def _expect_output(self, item: Item) -> None:
        if self._turns.take("misplace"):
            with settings.daphne_last(self._settings("myproject.settings")):
                self.terminal.run(self._command, fails=True)
        got = self.terminal.output
        if is_server(self._command):
            server = self._server()
            last = item.text.strip().splitlines()[-1]
            server.process.wait_until(lambda: last in server.log())
            got = server.log()
        asking.same(item.title, item.text, got)

    def _settings(self, module: str) -> Path:
        return self.terminal.cwd / f"{module.replace('.', '/')}.py"
