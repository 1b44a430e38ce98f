"""The page docs/guide/security.md; what it says of the router is proven in `tests/live`."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator
from typing import Any, get_type_hints

import httpx
import pytest
import strawberry
from django.contrib.auth import get_user_model
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.core.signing import TimestampSigner, b62_encode
from django.test import Client
from graphql import GraphQLError
from strawberry.extensions import MaskErrors
from strawberry.types import Info

from strawberry_django.realtime import AuthGraphQLProtocolTypeRouter
from strawberry_django.realtime.conf import OperationRequest
from strawberry_django.realtime.testing import GraphQLWebsocketCommunicator, graphql_http
from tests.guide.support import load
from tests.schema import schema
from tests.support import in_database
from tests.support_websocket import connect
from tools.harness import clients, projects, servers
from tools.harness.prepared import prepare

#: What the page sets, by the name of the settings.
OPTIONS: dict[str, dict[str, Any]] = {
    "settings_middleware": {"DJANGO_MIDDLEWARE": True},
    "settings_secure": {
        "MAX_SOCKETS_PER_USER": 20,
        "MAX_SOCKETS_PER_ADDRESS": 200,
        "MAX_SUBSCRIPTIONS_PER_CONNECTION": 50,
        "MAX_MESSAGES_PER_SECOND": 20,
        "MAX_MESSAGE_SIZE": 65536,
        "SESSION_REVALIDATE_INTERVAL": 10,
    },
    "settings_proxy": {"MAX_SOCKETS_PER_ADDRESS": 200, "TRUSTED_PROXIES": ["10.0.0.0/8"]},
    "settings_slow": {
        "MAX_OUTBOUND_BYTES": 65536,
        "SEND_TIMEOUT": 10,
        "LISTENER_CAPACITY": 100,
        "SLOW_CONSUMER": "drop_oldest",
        "PING_INTERVAL": 15,
        "PONG_TIMEOUT": 10,
        "MAX_IDLE_TIME": 900,
        "MAX_LIFETIME": 43200,
    },
}
PRINT_OPTIONS = (
    "import json; from django.conf import settings;"
    "print(json.dumps(settings.STRAWBERRY_DJANGO_REALTIME))"
)


MAKE_TOKEN = (
    "from django.contrib.auth import get_user_model;"
    "from myproject.hooks import make_token;"
    "print(make_token(get_user_model().objects.create_user('ada')))"
)
ONLY_STAFF = "Only for members of the staff."
EVENTS = "subscription { events { text secret } }"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> projects.Project:
    project = projects.build(
        tmp_path_factory.mktemp("page") / "myproject", "channel_layers_memory", "security"
    )
    prepare(project, "migrate", lambda made: made.manage("migrate"))
    return project


def with_settings(name: str) -> dict[str, str]:
    return {"DJANGO_SETTINGS_MODULE": f"myproject.{name}"}


def test_hosts_origins_and_limits_as_the_page_sets_them(project: projects.Project) -> None:
    with servers.serve(project, env=with_settings("settings_secure")) as server:
        ours = clients.graphql(server, "{ me }", headers={"Host": "example.com"})
        assert ours.json() == {"data": {"me": "nobody"}}
        explorer = httpx.get(f"{server.url}/graphql", headers={"Accept": "text/html"})
        assert explorer.status_code == 404
        foreign = clients.graphql(server, "{ me }", headers={"Host": "foreign.example"})
        assert foreign.status_code == 400
        origin = "https://app.example.com"
        with clients.WebSocketClient.connect(server, origin=origin) as socket:
            socket.init()
            for _ in range(20):  # and `connection_init` was the first
                socket.send({"type": "pong"})
            assert socket.wait_closed() == 4429
            assert "max_messages_per_second" in str(socket.close_reason)


def test_the_application_has_both_hooks_and_djangos_pages(project: projects.Project) -> None:
    made = project.manage("shell", "-c", MAKE_TOKEN).stdout.split()[-1]
    bearer = {"Authorization": f"Bearer {made}"}
    with servers.serve(project) as server:
        assert httpx.get(server.url).status_code == 200
        known = clients.graphql(server, "{ me }", headers=bearer).json()
        assert known == {"data": {"me": "ada"}}
        audit = {"query": "query Audit { me }", "operationName": "Audit"}
        answer = httpx.post(f"{server.url}/graphql", json=audit, headers=bearer)
        assert [error["message"] for error in answer.json()["errors"]] == [ONLY_STAFF]


@pytest.mark.parametrize("name", OPTIONS)
def test_the_settings_set_options_that_exist(project: projects.Project, name: str) -> None:
    check = "from django.core.management import call_command; call_command('check')"
    source = f"{check}; import myproject.asgi; {PRINT_OPTIONS}"
    done = project.manage("shell", "--no-imports", "-c", source, env=with_settings(name))
    assert json.loads(done.stdout.splitlines()[-1]) == OPTIONS[name]


class EarlierSigner(TimestampSigner):
    """Signs as if it were an hour ago, to the second."""

    def timestamp(self) -> str:
        return b62_encode(int(time.time()) - 3600)


async def ask_with_token(token: str) -> tuple[int, Any]:
    """Ask who one is, with a token in `Authorization`."""
    application = AuthGraphQLProtocolTypeRouter(
        schema, on_connect=load("security", "hooks").on_connect
    )
    headers = [(b"authorization", f"Bearer {token}".encode())]
    answer = await graphql_http(application, "{ hello }", headers=headers)
    return answer.status, answer.json() if answer.status == 200 else None


def test_the_hints_of_the_hooks_name_what_they_get() -> None:
    hooks = load("security", "hooks")
    assert get_type_hints(hooks.on_operation)["operation"] is OperationRequest
    for hook in (hooks.make_token, hooks.on_connect, hooks.suspend):
        assert Any in get_type_hints(hook).values()


def test_the_hints_of_the_permission_name_what_it_gets() -> None:
    hints = get_type_hints(load("security", "schema").IsStaffNow.has_permission)
    assert (hints["source"], hints["info"], hints["kwargs"]) == (Any, Info, Any)


async def test_a_token_is_of_the_hooks_salt_and_an_active_user(ada: Any) -> None:
    status, answer = await ask_with_token(load("security", "hooks").make_token(ada))
    assert (status, answer) == (200, {"data": {"hello": "Hello, ada!"}})
    assert await ask_with_token(signing.dumps(ada.pk, salt="myproject.graphql")) == (200, answer)
    assert (await ask_with_token(signing.dumps(ada.pk)))[0] == 403
    ada.is_active = False
    await ada.asave()
    assert (await ask_with_token(load("security", "hooks").make_token(ada)))[0] == 403


async def test_a_token_lasts_for_an_hour(ada: Any) -> None:
    earlier = EarlierSigner(salt="myproject.graphql").sign_object(ada.pk)
    assert (await ask_with_token(earlier))[0] == 403


async def test_without_a_token_the_hook_answers_nothing(ada_client: Client) -> None:
    application = AuthGraphQLProtocolTypeRouter(
        schema, on_connect=load("security", "hooks").on_connect
    )
    async with GraphQLWebsocketCommunicator(application, client=ada_client) as socket:
        assert socket.connection_ack is None
        result = await socket.execute("{ hello }")
        assert result.data == {"hello": "Hello, ada!"}


async def test_the_second_hook_is_for_one_operation_only(ada_client: Client) -> None:
    application = AuthGraphQLProtocolTypeRouter(
        schema, on_operation=load("security", "hooks").on_operation
    )
    query = "query Audit { hello } query Other { hello }"

    async def ask(name: str) -> Any:
        return await graphql_http(application, query, operation_name=name, client=ada_client)

    assert (await ask("Other")).data == {"hello": "Hello, ada!"}
    errors = (await ask("Audit")).errors
    assert [error["message"] for error in errors] == [ONLY_STAFF]


async def test_who_subscribes_is_asked_for_at_the_start_and_at_each_event(
    ada: Any, ada_client: Client, channel_layer: Any
) -> None:
    await get_user_model().objects.acreate(username="grace", is_staff=True)
    application = AuthGraphQLProtocolTypeRouter(load("security", "schema").schema)
    async with connect(application, client=ada_client) as socket:
        await socket.subscribe("1", EVENTS)
        assert ONLY_STAFF in str(await socket.receive())
        ada.is_staff = True
        await ada.asave()
        await socket.subscribe("2", EVENTS)
        first = (await socket.receive())["payload"]["data"]["events"]
        assert first == {"text": "listening", "secret": "the secret of listening"}
        ada.is_staff = False
        await ada.asave()
        await channel_layer.group_send("events", {"type": "events.event", "text": "news"})
        second = (await socket.receive())["payload"]
        assert second["data"]["events"] == {"text": "news", "secret": None}
        assert messages(second["errors"]) == {"secret": ONLY_STAFF}


def asked(*, depth: int = 0, aliases: int = 0, tokens: int = 0) -> list[str]:
    """Return the messages of the errors in the answer to a document of this size."""
    if depth:
        document = "{ node " + "{ child " * (depth - 1) + "{ name }" + "}" * depth
    elif aliases:
        document = "{ node { " + " ".join(f"a{n}: name" for n in range(aliases)) + " } }"
    else:
        document = "{ node { " + "name " * (tokens - 5) + "} }"
    result = load("security", "schema").schema.execute_sync(document)
    return [error.message for error in result.errors or []]


def test_a_document_may_be_so_deep_and_no_deeper() -> None:
    assert asked(depth=5) == []
    assert len(asked(depth=6)) == 1


def test_a_document_may_have_so_many_aliases_and_no_more() -> None:
    assert asked(aliases=10) == []
    assert len(asked(aliases=11)) == 1


def test_a_document_may_have_so_many_tokens_and_no_more() -> None:
    assert asked(tokens=500) == []
    assert len(asked(tokens=501)) == 1


async def test_the_project_puts_somebody_out(
    ada: Any, ada_client: Client, channel_layer: Any
) -> None:
    application = AuthGraphQLProtocolTypeRouter(schema)
    await ada.groups.acreate(name="speakers")
    async with connect(application, client=ada_client) as socket:
        await in_database(lambda: load("security", "hooks").suspend(ada))
        assert (await socket.closed())[0] == 4401
    assert not await ada.groups.aexists()


SECRET = "the database is at 10.0.0.7"


@strawberry.type
class Failing:
    """It fails in every way."""

    @strawberry.field
    def ours(self) -> str | None:
        raise ValueError(SECRET)

    @strawberry.field
    def told(self) -> str | None:
        raise GraphQLError("The room is full.")

    @strawberry.field
    def refused(self) -> str | None:
        raise PermissionDenied("Not yours.")


@strawberry.type
class FailingEvents:
    @strawberry.subscription
    async def events(self) -> AsyncGenerator[Failing, None]:
        yield Failing()

    @strawberry.subscription
    async def ends(self) -> AsyncGenerator[int, None]:
        yield 1
        raise ValueError(SECRET)


def mask() -> MaskErrors:
    """The extension as the page has it."""
    return MaskErrors(should_mask_error=load("security", "schema").is_ours)


FAILURES = "{ ours told refused }"
MASKED = {"ours": "Unexpected error.", "told": "The room is full.", "refused": "Not yours."}


def messages(errors: Any) -> dict[str, str]:
    return {error["path"][-1]: error["message"] for error in errors}


@pytest.mark.parametrize("debug", [False, True])
async def test_what_resolvers_raise_is_masked_on_both_transports(
    debug: bool, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEBUG = debug
    expected = {**MASKED, "ours": SECRET if debug else MASKED["ours"]}
    application = AuthGraphQLProtocolTypeRouter(
        strawberry.Schema(Failing, subscription=FailingEvents, extensions=[mask])
    )
    answer = await graphql_http(application, FAILURES)
    assert messages(answer.errors) == expected
    assert SECRET in caplog.text
    invalid = (await graphql_http(application, "{ nothing }")).errors
    assert "Cannot query field" in invalid[0]["message"]
    async with connect(application) as socket:
        assert messages((await socket.result("1", FAILURES))["errors"]) == expected
        event = await socket.result("2", f"subscription {{ events {FAILURES} }}")
        assert messages(event["errors"]) == expected
        await socket.subscribe("3", "subscription { ends }")
        heard = [await socket.receive() for _ in range(2)]
        assert (SECRET in str(heard)) is debug


async def test_the_schema_of_the_page_has_the_extension(settings: Any) -> None:
    settings.DEBUG = False
    application = AuthGraphQLProtocolTypeRouter(load("security", "schema").schema)
    answer = await graphql_http(application, "{ total }")
    assert (answer.data, messages(answer.errors)) == (
        {"total": None},
        {"total": "Unexpected error."},
    )
