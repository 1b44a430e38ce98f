"""The walk: down the page, doing what it says and expecting what it shows.

A block with a file's name is written, one without a title is run, a query is asked, and an
answer must come as it is shown. Of the prose a few turns are understood (see ``turns``).
May import the other modules of the package.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from httpx import HTTPError
from websockets.exceptions import WebSocketException

from tools.harness.processes import ProcessError
from tools.reader import asking, files, settings, wheel
from tools.reader.expecting import DATA, Expecting
from tools.reader.terminal import StuckError, is_server, passwords
from tools.reader.turns import not_understood

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tools.reader.page import Item

_SHELL = {"bash", "sh", "shell", "console"}
_TROUBLE = (
    *(StuckError, OSError, ValueError, LookupError, SyntaxError),
    *(HTTPError, ProcessError, WebSocketException),
)


@dataclass
class Reader(Expecting):
    """Somebody who goes down a page.

    Attributes:
        done: the blocks that were acted on, and gave what they show.
    """

    done: list[Item] = field(default_factory=list)
    _edits: files.Edits = field(default_factory=files.Edits)
    _to_open: list[str] = field(default_factory=list)

    def elsewhere(self, folder: Path, *choices: str) -> Reader:
        """Return a reader who has come as far, in a copy of the project, and chooses otherwise.

        Of the environment there is one, and what any of them installs is there for all. Nothing
        runs in the copy: ``serving.again`` starts what the page had started.
        """
        shutil.copytree(self.terminal.cwd, folder, ignore=shutil.ignore_patterns(".venv"))
        terminal = self.terminal.elsewhere(folder)
        other = Reader(terminal, choices, dict(self.passwords), self.session, self.document)
        other.serving.line = self.serving.line
        return other

    def follow(self, items: Iterable[Item]) -> None:
        """Do what the page says.

        Raises:
            StuckError: something does not work, or answers otherwise than shown.
        """
        chapter: tuple[str, ...] = ()
        read = [item for item in items if item.is_for(self.choices)]
        for sentence in not_understood(read):
            raise StuckError(f"not understood, and no block shows what it is: {sentence!r}")
        for item in read:
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

    def finish(self) -> None:
        """End a page: all that it told to do must have been done.

        Raises:
            StuckError: something was told, and nothing on the page was the turn for it.
        """
        waiting = [told[0] for several in self.turns.told.values() for told in several]
        if waiting:
            raise StuckError(f"told, and never done: {', '.join(map(repr, waiting))}")

    def stop(self) -> None:
        """Leave: stop whatever still runs."""
        self.terminal.stop()
        if self.session:
            self.session.close()

    def _do(self, item: Item) -> None:
        if item.kind == "prose":
            self._listen(item)
            return
        if item.kind in _SHELL and not item.title:
            self._type(item.text)
        elif item.kind == "graphql":
            self.document = self.documents[item.title] = item.text
        elif item.kind == "json":
            self.expect_answer(item)
        elif item.kind == "frames":
            self.expect_frames(item)
        elif item.kind == "http":
            self.expect_exchange(item)
        elif item.kind == "text" and item.title == "Output":
            self.expect_output(item)
        elif files.TITLE.match(item.title):
            self._edits.write(self.terminal.cwd, item.title, item.text)
            self.serving.is_stale = True
        else:
            raise StuckError("the page does not say what to do with this block")
        self.done.append(item)

    def _listen(self, item: Item) -> None:
        heard = self.turns.hear(item.text, self.choices)
        if self.turns.take("stop"):
            self.terminal.stop()
        if self.turns.take("undo"):
            self._edits.undo()
            self.serving.is_stale = True
        if self.turns.take("the mutation"):
            self.document = self.documents["Mutation"]
        if "restart" in heard and not item.text.endswith(":"):  # no block with the command follows
            self.turns.take("restart")
            self.serving.again()
            if self.turns.take("production"):
                self._ask_in_production()
        login = self.turns.take("log in")
        here = [link for link in item.links if link.startswith("http://127.0.0.1:")]
        if login:
            user = login["user"] or next(reversed(self.passwords), "?")
            where = urlsplit(here[0])
            self.serving.port = str(where.port)
            self.session = asking.sign_in(self.server(), where.path, user, self.passwords)
        if item.text.endswith(":"):
            self._to_open = here
        else:
            self._open(here)

    def _open(self, links: Sequence[str]) -> None:
        for link in links:
            where = urlsplit(link)
            self.serving.port = str(where.port)
            asking.look(self.server(), where.path, self.session)

    def _type(self, shown: str) -> None:
        script = self.turns.in_other_words(shown)
        if self.turns.take("second terminal"):
            self.terminal.new_window()
        elif is_server(script):
            self.terminal.stop()
        self.passwords |= passwords(script)
        data = DATA.search(script)
        if data:
            self.server()
            self.document = json.loads(data[1])["query"]
        self.terminal.run(script)
        if wheel.is_installed_by(script):
            wheel.same_as_built(self.terminal.wheels, Path(self.terminal.env["VIRTUAL_ENV"]))
        self.command = script
        self.has_output = True
        if is_server(script):
            self.serving.begun(script)
            self.turns.take("restart")
        links, self._to_open = self._to_open, []
        self._open(links)

    def _ask_in_production(self) -> None:
        module = self.terminal.env["DJANGO_SETTINGS_MODULE"]
        host = settings.allowed_host(self.settings_file(module))
        asking.behind_proxy(self.server(), host, self.document)
