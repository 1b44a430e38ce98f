"""Step 6 of docs/guide/subscriptions.md: the pages of the chat are whole, and for everybody."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from tools import demo
from tools.harness import clients, projects, servers

VOID = {"meta", "link", "input", "br"}
HEAD = [
    ("meta", {"charset": "utf-8"}),
    ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
    ("link", {"rel": "icon", "href": "data:,"}),  # or each page asks for /favicon.ico
    ("title", {}),
    ("link", {"rel": "stylesheet", "href": "/static/chat/chat.css"}),
]
SCRIPT = ("script", {"type": "module", "src": "/static/chat/chat.js"})
TOKEN = ("input", {"type": "hidden", "name": "csrfmiddlewaretoken"})
LOGIN = [
    ("main", {}),
    ("h1", {}),
    ("form", {"id": "login", "method": "post"}),
    TOKEN,
    ("button", {}),
]
#: Roles and labels are for those who listen to the page; the schema lets 500 characters in.
ROOM = [
    ("header", {}),
    ("h1", {}),
    ("p", {"id": "status", "role": "status"}),
    ("form", {"method": "post", "action": "/accounts/logout/"}),
    TOKEN,
    ("button", {}),
    ("main", {}),
    ("ol", {"id": "messages", "role": "log", "aria-label": "Messages", "tabindex": "0"}),
    ("form", {"id": "send"}),
    ("label", {"for": "text"}),
    (
        "input",
        {
            "id": "text",
            "name": "text",
            "maxlength": "500",
            "autocomplete": "off",
            "required": None,
            "autofocus": None,
        },
    ),
    ("button", {}),
]


class Markup(HTMLParser):
    """The elements of a page in order, each with what encloses it, and the texts of some."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.enclosing: list[str] = []
        self.elements: list[tuple[str, dict[str, Any], tuple[str, ...]]] = []
        self.texts: list[tuple[str, str]] = []
        self.declaration = ""
        self.feed(text)
        assert self.enclosing == []

    def handle_decl(self, decl: str) -> None:
        """Keep the type of the document."""
        self.declaration = decl

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        self.elements.append((tag, dict(attrs), tuple(self.enclosing)))
        if tag not in VOID:
            self.enclosing.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close an element, which must be the last that was opened."""
        assert self.enclosing.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep what is in titles, headings, labels and buttons."""
        if self.enclosing and self.enclosing[-1] in {"title", "h1", "label", "button"}:
            self.texts.append((self.enclosing[-1], data))

    def inside(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the elements within another, without what Django fills in."""
        return [
            (tag, {key: value for key, value in its.items() if (tag, key) != ("input", "value")})
            for tag, its, enclosing in self.elements
            if name in enclosing
        ]


@pytest.fixture(scope="module")
def pages(chat: projects.Project) -> dict[str, Markup]:
    """The pages, as ada gets them."""
    with servers.serve(chat) as server:
        login = httpx.get(f"{server.url}/accounts/login/").text
        with clients.login(server, "ada", demo.USERS["ada"]) as ada:
            room = ada.get("/chat/lobby/").text
    return {"login": Markup(login), "room": Markup(room)}


@pytest.mark.parametrize("name", ["login", "room"])
def test_the_head_says_how_to_show_the_page(name: str, pages: dict[str, Markup]) -> None:
    page = pages[name]
    assert page.declaration == "doctype html"
    assert page.elements[0][:2] == ("html", {"lang": "en"})
    assert page.inside("head") == [*HEAD, *([SCRIPT] if name == "room" else [])]


def test_the_body_of_the_login_has_a_form_of_django(pages: dict[str, Markup]) -> None:
    found = pages["login"].inside("body")
    assert [each for each in found if each in LOGIN] == LOGIN
    names = [its.get("name") for tag, its in found if tag == "input"]
    assert names == ["csrfmiddlewaretoken", "username", "password"]


def test_the_body_of_a_room_is_for_everybody(pages: dict[str, Markup]) -> None:
    page = pages["room"]
    [body] = (its for tag, its, _ in page.elements if tag == "body")
    assert body == {"data-room": "lobby", "data-user": "ada"}
    assert page.inside("body") == ROOM


def test_titles_headings_labels_and_buttons_say_what_they_are(pages: dict[str, Markup]) -> None:
    login = [text for text in pages["login"].texts if text[0] != "label"]
    assert login == [("title", "Log in · Chat"), ("h1", "Log in"), ("button", "Log in")]
    assert pages["room"].texts == [
        ("title", "lobby · Chat"),
        ("h1", "lobby"),
        ("button", "Log out ada"),
        ("label", "Message"),
        ("button", "Send"),
    ]
