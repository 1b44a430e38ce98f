"""Follow: go down a page, do with each block what its title says, and compare the answers.

`TITLES` are all that a reader understands. Of tabs it takes the first one, and of the others only
what is asked and answered. JSON is compared as values, with all times taken as equal.
"""

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import httpx
from websockets.exceptions import InvalidStatus

from tools.harness import clients
from tools.reader.browser import Block
from tools.reader.terminal import StuckError, Terminal

_WHO = r"(?:, logged in as (?P<user>\w+)|, not logged in)?"
TITLES = {
    "write": r"(?P<path>[\w./-]*\w\.\w+)"
    r"(?: \((?P<how>at the end|part)(?P<only>, in this section only)?\))?",
    "run": r"Terminal(?: \((?P<first>after Ctrl\+C|new)?(?:, )?(?P<stays>leave it running)?\))?",
    "keep": r"(?P<kind>Query|Mutation|Subscription)",
    "answer": rf"Answer(?: to the (?P<kind>\w+))?{_WHO}",
    "converse": rf"Frames{_WHO}(?P<again>, and the mutation again)?",
    "post": rf"POST (?P<path>/\S*?){_WHO}(?:,? with (?P<name>[\w-]+): (?P<value>\S+))?",
    "handshake": r"WebSocket handshake with Origin: (?P<origin>\S+)",
    "output": r"Output",
}
_FRAME = re.compile(r"^([→←]) ?(.*(?:\n(?![→←]).*)*)", re.MULTILINE)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*")
#: What differs from one run to the next in what is printed: a month, and numbers.
_VARIES = re.compile(r"\b[A-Z][a-z]+ (?=\d\d, \d{4})|\d[\d.]*")


def same(shown: str, came: object) -> None:
    """Compare a JSON value that is shown with the one that came."""
    both = (json.dumps(one, indent=2) for one in (json.loads(shown), came))
    first, second = (_TIME.sub("", one) for one in both)
    if first != second:
        raise StuckError(f"shown is {first}\nand this came: {second}")


@dataclass
class Reader:
    """Somebody who follows a page, and remembers what was asked and which files to give back."""

    page: str
    terminal: Terminal
    asked: str = ""
    documents: dict[str, str] = field(default_factory=dict)
    borrowed: dict[Path, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.env = dict(self.terminal.env)

    def follow(self, blocks: Iterable[Block]) -> None:
        """Do what the blocks say; a `StuckError` names the one where it breaks."""
        for heading, section in groupby(blocks, key=lambda block: block.heading):
            for block in section:
                with self.at(f"under '{heading}', block '{block.title}' ({block.text[:50]!r})"):
                    self._do(block)
            with self.at(f"at the end of '{heading}'"):
                self._give_back()

    @contextlib.contextmanager
    def at(self, place: str) -> Iterator[None]:
        """Whatever goes wrong, say at which place of the page, and what the servers printed."""
        print(f"{self.page}: {place}", flush=True)
        try:
            yield
        except Exception as error:
            logs = "\n".join(one.server.log() for one in self.terminal.serving.values())
            what = f"{type(error).__name__}: {error}"
            raise StuckError(f"{self.page}: {place}:\n{what}\n{logs}") from error

    def _do(self, block: Block) -> None:
        for name, pattern in TITLES.items():
            if found := re.fullmatch(pattern, block.title):
                if block.in_first_tab or name not in ("write", "run"):
                    getattr(self, f"_{name}")(block.text, **found.groupdict())
                return
        if not block.title.startswith("Example"):
            raise StuckError("a reader does not know what to do with this title")

    def _write(self, text: str, path: str, how: str | None, only: str | None) -> None:
        place = self.terminal.cwd / path
        if only:
            self.borrowed.setdefault(place, place.read_text(encoding="utf-8"))
        self.terminal.write(place, how, text)

    def _give_back(self) -> None:
        """See that the server starts with what a section has changed; undo what was for it only."""
        if self.terminal.serving:
            self.terminal.server()
        for place, text in self.borrowed.items():
            self.terminal.write(place, None, text)
        self.borrowed.clear()

    def _run(self, text: str, first: str | None, stays: str | None) -> None:
        self.asked = ""
        if first == "new":  # here and in this environment, without what was exported
            self.terminal.env = self.env | {"PATH": self.terminal.env["PATH"]}
        elif first:
            self.terminal.close()
        (self.terminal.start if stays else self.terminal.run)(text)

    def _keep(self, text: str, kind: str) -> None:
        self.asked = self.documents[kind.lower()] = text

    def _answer(self, text: str, kind: str | None, user: str | None) -> None:
        self.asked = self.documents[kind] if kind else self.asked
        came = self._ask(user).text if self.asked else self.terminal.printed
        same(text, json.loads(came))

    def _converse(self, text: str, user: str | None, again: str | None) -> None:
        results = 0
        with (
            self._browser(user) as browser,
            clients.WebSocketClient.connect(self.terminal.server(), cookies=browser) as socket,
        ):
            for arrow, shown in _FRAME.findall(text):
                frame = json.loads(shown)
                results += frame["type"] == "next"
                if arrow == "→":
                    query = frame.get("payload", {}).get("query", self.asked)
                    if self.asked and query.split() != self.asked.split():
                        raise StuckError(f"the frames ask something else: {query}")
                    self.asked = query
                    socket.send(frame)
                else:
                    if again and results == 2:
                        clients.graphql(browser, self.documents["mutation"])
                    same(shown, socket.next_message())

    def _post(self, text: str, path: str, user: str | None, name: str | None, value: str) -> None:
        answer = self._ask(user, path, **({name: value} if name else {}))
        same(text.split()[1], answer.status_code)
        if body := text.partition("\n\n")[2]:
            same(body, answer.json())

    def _handshake(self, text: str, origin: str) -> None:
        """Try one that is to be refused; only its status counts, for Daphne gives no reason."""
        status = httpx.codes.SWITCHING_PROTOCOLS.value
        try:
            clients.WebSocketClient.connect(self.terminal.server(), origin=origin).close()
        except InvalidStatus as error:
            status = error.response.status_code
        same(text.split()[1], status)

    def _output(self, text: str) -> None:
        process = self.terminal.server().process
        shown = set(_VARIES.sub("", text).splitlines())
        process.wait_until(lambda: shown <= set(_VARIES.sub("", process.log()).splitlines()))

    def _ask(self, user: str | None, path: str = "/graphql", **headers: str) -> httpx.Response:
        with self._browser(user) as browser:
            return clients.graphql(browser, self.asked, path=path, headers=headers)

    def _browser(self, user: str | None) -> httpx.Client:
        server = self.terminal.server()
        if user is None:
            return httpx.Client(base_url=server.url, timeout=clients.SECONDS)
        return clients.login(server, user, self.terminal.passwords[user], path="/admin/login/")
