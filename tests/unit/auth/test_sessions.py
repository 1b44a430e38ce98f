"""Sessions and users as Django has them, over HTTP and over WebSocket."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.file import SessionStore as FileStore
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from strawberry_django.realtime.auth import sessions
from strawberry_django.realtime.auth.sessions import (
    active_users,
    users_of_sessions,
)
from strawberry_django.realtime.exceptions import WebSocketLoginError
from strawberry_django.realtime.routing import AuthGraphQLProtocolTypeRouter
from tests.schema import probe, schema, signals
from tests.support import Answer, ask, in_database, post, queries, until
from tests.support_websocket import connect

application = AuthGraphQLProtocolTypeRouter(schema)
HELLO = "{ hello }"
LOG_IN = 'mutation { login(username: "%s", password: "%s") { username } }'
PASSWORDS = {"ada": "analytical-engine", "grace": "a-nanosecond-of-wire"}
ENGINES = ["db", "cache", "cached_db", "file", "signed_cookies"]


@pytest.fixture
def grace(transactional_db: None) -> Any:
    return get_user_model().objects.create_user("grace", password=PASSWORDS["grace"])


@pytest.fixture(params=ENGINES)
def engine(
    request: pytest.FixtureRequest, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> str:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{request.param}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    # Django keeps the path of its files in the class, and we keep the classes made of it.
    monkeypatch.delattr(FileStore, "_storage_path", raising=False)
    sessions._derived_store.cache_clear()
    sessions._session_middleware.cache_clear()
    name: str = request.param
    return name


async def hello(client: Client | None = None) -> str:
    answer = await ask(application, HELLO, client=client)
    greeting: str = answer["data"]["hello"]
    return greeting


async def hello_over_websocket(client: Client | None = None) -> str:
    async with connect(application, client=client) as socket:
        result = await socket.result("1", HELLO)
    greeting: str = result["data"]["hello"]
    return greeting


async def mutate(client: Client, mutation: str, **kwargs: Any) -> Answer:
    return await post(application, {"query": mutation}, client=client, **kwargs)


# Who it is.


async def test_without_a_session_one_is_a_stranger_without_a_query() -> None:
    with queries() as asked:
        assert await hello() == "Hello, stranger!"
        assert await hello_over_websocket() == "Hello, stranger!"
    assert asked == []


@pytest.mark.usefixtures("engine")
def test_the_user_of_the_session_over_both(ada: Any) -> None:
    client = Client()
    assert client.login(username="ada", password=PASSWORDS["ada"])
    assert asyncio.run(hello(client)) == "Hello, ada!"
    assert asyncio.run(hello_over_websocket(client)) == "Hello, ada!"


async def test_the_user_is_resolved_once_for_a_socket(ada_client: Client) -> None:
    with queries() as asked:
        async with connect(application, client=ada_client) as socket:
            for number in range(3):
                result = await socket.result(str(number), "{ hello helloAsync }")
                assert result["data"]["helloAsync"] == "Hello, ada!"
    assert len(asked) == 2


async def test_the_asynchronous_ways_find_the_same_user(ada_client: Client) -> None:
    async def users(info: Any) -> list[str]:
        request = info.context.request
        user = await request.auser()
        return [user.username, request.user.username, request.scope["user"].username]

    query = f'{{ probe(name: "{probe(users)}") }}'
    with queries() as asked:
        answer = await ask(application, query, client=ada_client)
        async with connect(application, client=ada_client) as socket:
            result = await socket.result("1", query)
    assert answer == result == {"data": {"probe": ["ada", "ada", "ada"]}}
    assert len(asked) == 4


@pytest.mark.parametrize("ask_hello", [hello, hello_over_websocket])
async def test_an_inactive_user_is_a_stranger(ask_hello: Any, ada: Any, ada_client: Client) -> None:
    def deactivate() -> None:
        get_user_model().objects.filter(pk=ada.pk).update(is_active=False)

    await in_database(deactivate)
    assert await ask_hello(ada_client) == "Hello, stranger!"


@pytest.mark.parametrize("ask_hello", [hello, hello_over_websocket])
async def test_the_user_of_an_expired_session_is_a_stranger(
    ask_hello: Any, ada_client: Client
) -> None:
    past = timezone.now() - timedelta(seconds=1)
    await in_database(lambda: Session.objects.update(expire_date=past))
    assert await ask_hello(ada_client) == "Hello, stranger!"


@pytest.mark.parametrize("ask_hello", [hello, hello_over_websocket])
async def test_a_changed_password_makes_the_session_a_strangers(
    ask_hello: Any, ada: Any, ada_client: Client
) -> None:
    def change() -> None:
        ada.set_password("another")
        ada.save()

    await in_database(change)
    assert await ask_hello(ada_client) == "Hello, stranger!"


# What becomes of the session over HTTP.


async def test_a_session_that_was_only_read_is_not_saved(ada_client: Client) -> None:
    with queries() as asked:
        answer = await mutate(ada_client, HELLO)
    assert [sql for sql in asked if not sql.startswith("SELECT")] == []
    assert not answer.cookies
    assert "Cookie" in answer["vary"]


async def test_a_session_that_a_resolver_changed_is_saved(ada_client: Client) -> None:
    await mutate(ada_client, 'mutation { remember(value: "first") }')
    answer = await mutate(ada_client, 'mutation { remember(value: "second") }')
    assert answer.json() == {"data": {"remember": "first"}}
    assert answer.cookies["sessionid"].value == ada_client.cookies["sessionid"].value


@pytest.mark.django_db(transaction=True)
async def test_a_stranger_who_gets_a_session_gets_its_cookie() -> None:
    client = Client()
    answer = await mutate(client, 'mutation { remember(value: "first") }')
    assert answer.cookies["sessionid"].value
    answer = await mutate(client, 'mutation { remember(value: "second") }')
    assert answer.json() == {"data": {"remember": "first"}}


async def test_the_cookie_has_the_flags_of_the_settings(ada: Any, settings: Any) -> None:
    settings.SESSION_COOKIE_NAME = "who"
    settings.SESSION_COOKIE_SECURE = True
    settings.SESSION_COOKIE_SAMESITE = "Strict"
    settings.SESSION_COOKIE_DOMAIN = "testserver.example"
    settings.SESSION_COOKIE_PATH = "/graphql"
    settings.SESSION_COOKIE_AGE = 60
    answer = await mutate(Client(), LOG_IN % ("ada", PASSWORDS["ada"]))
    cookie = answer.cookies["who"]
    assert cookie["secure"] is True
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Strict"
    assert cookie["domain"] == "testserver.example"
    assert cookie["path"] == "/graphql"
    assert cookie["max-age"] == "60"


async def test_a_session_that_was_deleted_meanwhile_is_a_400(
    ada_client: Client, request: pytest.FixtureRequest
) -> None:
    name = request.node.name

    def change_session(info: Any) -> None:
        info.context.request.session["value"] = 1
        signals[f"{name} started"].set()
        signals[name].wait(5)

    query = f'{{ probeInThread(name: "{probe(change_session)}") }}'
    answering = asyncio.create_task(mutate(ada_client, query))
    await until(signals[f"{name} started"].is_set)
    await in_database(Session.objects.all().delete)
    signals[name].set()
    answer = await answering
    assert answer.status == 400
    assert "session was deleted" in answer.message


# Logging in and out.


@pytest.mark.usefixtures("engine")
def test_login_over_http_sets_the_cookie_and_logout_deletes_it(ada: Any) -> None:
    async def story() -> None:
        client = Client()
        answer = await mutate(client, LOG_IN % ("ada", PASSWORDS["ada"]))
        assert answer.json() == {"data": {"login": {"username": "ada"}}}
        assert answer.cookies["sessionid"].value
        assert await hello(client) == "Hello, ada!"
        assert await hello_over_websocket(client) == "Hello, ada!"
        answer = await mutate(client, "mutation { logout }")
        assert answer.json() == {"data": {"logout": True}}
        assert answer.cookies["sessionid"].value == ""
        assert answer.cookies["sessionid"]["max-age"] == "0"
        assert await hello(client) == "Hello, stranger!"

    asyncio.run(story())


async def test_logout_over_websocket_is_answered_and_ends_every_socket_of_the_session(
    ada_client: Client, channel_layer: Any
) -> None:
    async with (
        connect(application, client=ada_client) as socket,
        connect(application, client=ada_client) as other,
        connect(application) as stranger,
    ):
        assert await socket.result("1", "mutation { logout }") == {"data": {"logout": True}}
        assert await other.closed() == (4401, "Logged out")
        assert await socket.closed() == (4401, "Logged out")
        assert await stranger.result("1", HELLO) == {"data": {"hello": "Hello, stranger!"}}
    assert await hello(ada_client) == "Hello, stranger!"


async def test_a_login_gives_the_session_a_new_key(ada: Any, grace: Any) -> None:
    client = Client()
    keys = []
    for name, password in PASSWORDS.items():
        await mutate(client, LOG_IN % (name, password))
        keys.append(client.cookies["sessionid"].value)
    assert len(set(keys)) == 2
    assert await hello(client) == "Hello, grace!"


@pytest.mark.parametrize("name", ["ada", "grace"])
@pytest.mark.parametrize("logged_in", [True, False])
async def test_login_over_websocket_says_that_it_cannot_and_leaves_all_as_it_was(
    name: str, logged_in: bool, ada: Any, grace: Any, ada_client: Client
) -> None:
    def stored() -> Any:
        users = get_user_model().objects.values("username", "last_login")
        return list(Session.objects.values()), list(users)

    before = await in_database(stored)
    client = ada_client if logged_in else None
    me = "ada" if logged_in else "stranger"
    async with connect(application, client=client) as socket:
        result = await socket.result("1", LOG_IN % (name, PASSWORDS[name]))
        assert result["data"] == {"login": None}
        assert result["errors"][0]["message"] == str(WebSocketLoginError())
        result = await socket.result("2", HELLO)
        assert result == {"data": {"hello": f"Hello, {me}!"}}
    assert await in_database(stored) == before
    assert await hello(client) == f"Hello, {me}!"


async def test_a_session_over_websocket_answers_for_every_other_key(ada_client: Client) -> None:
    async def keys(info: Any) -> list[bool]:
        session = info.context.request.session
        names = ("_auth_user_hash", "Basket", "nothing")
        return [name in session for name in names] + [await session.ahas_key(n) for n in names]

    async with connect(application, client=ada_client) as socket:
        result = await socket.result("1", f'{{ probe(name: "{probe(keys)}") }}')
    assert result == {"data": {"probe": [True, False, False] * 2}}


# Who may stay.


def session_of(user: Any) -> str:
    client = Client()
    client.force_login(user)
    key: str = client.cookies["sessionid"].value
    return key


@pytest.mark.usefixtures("engine")
def test_the_users_of_sessions_as_of_now(ada: Any, grace: Any, engine: str) -> None:
    first, second = session_of(ada), session_of(grace)
    assert users_of_sessions([first, second, "0" * 32]) == {
        first: ada.pk,
        second: grace.pk,
        "0" * 32: None,
    }
    grace.set_password("another")
    grace.save()
    ada.is_active = False
    ada.save()
    assert users_of_sessions([first, second]) == {first: None, second: None}
    ada.is_active = True
    ada.save()
    assert users_of_sessions([first])[first] == ada.pk


def test_looking_at_a_session_does_not_change_it(ada: Any) -> None:
    key = session_of(ada)
    ada.set_password("another")
    ada.save()
    before = list(Session.objects.values())
    assert users_of_sessions([key]) == {key: None}
    assert list(Session.objects.values()) == before


def test_a_rotated_secret_key_ends_no_session(ada: Any, settings: Any) -> None:
    key = session_of(ada)
    before = list(Session.objects.values())
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a-new-secret"
    assert users_of_sessions([key]) == {key: ada.pk}
    assert list(Session.objects.values()) == before


def test_an_expired_session_has_no_user(ada: Any) -> None:
    key = session_of(ada)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert users_of_sessions([key]) == {key: None}


def test_sessions_in_the_database_are_read_with_one_query(ada: Any, grace: Any) -> None:
    keys = [session_of(ada), session_of(grace)]
    with CaptureQueriesContext(connection) as asked:
        users_of_sessions(keys)
    assert len([each for each in asked if "django_session" in each["sql"]]) == 1


def test_active_users(ada: Any, grace: Any) -> None:
    get_user_model().objects.filter(pk=grace.pk).update(is_active=False)
    assert active_users([ada.pk, grace.pk, 99_999]) == {ada.pk}
    assert active_users([]) == set()
