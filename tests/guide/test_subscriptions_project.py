"""Steps 4 and 6 of docs/guide/subscriptions.md: the chat's table, and its addresses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.hints import evaluated
from tools import demo
from tools.harness import clients, projects, servers

ASK = """
import json
from django.apps import apps
from chat.models import Message
from django.contrib.auth.models import User
from django.forms import modelform_factory
from django.test import Client, override_settings
from django.urls import reverse

Form = modelform_factory(Message, fields=("author", "room", "text"))

def refused(user, **fields):
    return sorted(Form({"author": user.pk, **fields}).errors)

user = User.objects.create_user("somebody", password="some words")
said = [Message.objects.create(room="a-room", author=user, text=text) for text in ("a", "b")]
facts = {
    "apps": {one.name for one in apps.get_app_configs()},
    "longest": refused(user, room="r" * 50, text="t" * 500),
    "too long": refused(user, room="r" * 51, text="t" * 501),
    "no slug": refused(user, room="a room", text="t"),
    "ordered": Message.objects.all().ordered and list(Message.objects.filter(author=user)) == said,
    "dated": all(message.sent_at for message in said),
    "names": [reverse("home"), reverse("room", args=["a"]), reverse("login"), reverse("logout")],
}
# As a new project has it:
with override_settings(LOGIN_REDIRECT_URL="/accounts/profile/", ALLOWED_HOSTS=["testserver"]):
    form = {"username": "somebody", "password": "some words"}
    facts["after login"] = Client().post("/accounts/login/", form)["Location"]
user.delete()
facts["kept"] = Message.objects.filter(room="a-room").count()
print(json.dumps(facts, default=sorted))
"""


@pytest.fixture(scope="module")
def facts(chat: projects.Project) -> Any:
    return json.loads(chat.manage("shell", "-c", ASK).stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def server(chat: projects.Project) -> Iterator[servers.Server]:
    with servers.serve(chat) as server:
        yield server


def test_each_of_the_apps_is_installed(facts: Any) -> None:
    assert {"daphne", "channels", "strawberry_django", "strawberry_django.realtime"} <= {
        *facts["apps"]
    }


def test_the_table_holds_what_the_schema_lets_in(facts: Any) -> None:
    assert facts["longest"] == []
    assert facts["too long"] == ["room", "text"]
    assert facts["no slug"] == ["room"]


def test_messages_are_dated_and_in_order_and_go_with_their_author(facts: Any) -> None:
    assert facts["dated"]
    assert facts["ordered"]
    assert facts["kept"] == 0


def test_the_addresses_have_names(facts: Any) -> None:
    assert facts["names"] == ["/", "/chat/a/", "/accounts/login/", "/accounts/logout/"]


def test_a_room_asks_for_a_login_and_a_log_out_leads_there(server: servers.Server) -> None:
    answer = httpx.get(f"{server.url}/chat/lobby/")
    assert answer.headers["Location"] == "/accounts/login/?next=/chat/lobby/"
    assert httpx.get(f"{server.url}/chat/a room/").status_code == 404
    with clients.login(server, "ada", demo.USERS["ada"]) as ada:
        assert ada.get("/").headers["Location"] == "/chat/lobby/"
        assert "<h1>a-room</h1>" in ada.get("/chat/a-room/").text
        token = {"X-CSRFToken": ada.cookies["csrftoken"]}
        left = ada.post("/accounts/logout/", headers=token)
        assert left.headers["Location"] == "/accounts/login/"
        assert "sessionid" not in ada.cookies


def test_a_login_without_a_page_to_go_on_to_leads_to_the_lobby(facts: Any) -> None:
    assert facts["after login"] == "/"


def test_the_admin_and_the_static_files_are_there(server: servers.Server) -> None:
    assert httpx.get(f"{server.url}/admin/").headers["Location"].startswith("/admin/login/")
    assert httpx.get(f"{server.url}/static/chat/chat.css").is_success


def test_the_hints_of_the_schema_are_imported(chat: projects.Project) -> None:
    chat.manage("shell", "--no-imports", "-c", evaluated(chat.path / "myproject/schema.py"))
