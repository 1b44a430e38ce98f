"""The page docs/guide/database.md; `tests/live/test_postgres.py` proves it on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connections

from strawberry_django.realtime import AuthGraphQLProtocolTypeRouter
from tests.guide.support import load
from tests.support import ask, in_database
from tests.support_websocket import connect
from tools.harness.projects import SNIPPETS

RENAME = 'mutation { rename(old: "ada", new: "%s") }'

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def schema() -> Any:
    return load("database", "schema").schema


async def names() -> set[str]:
    return {name async for name in get_user_model().objects.values_list("username", flat=True)}


async def test_each_kind_of_resolver_answers(schema: Any, ada: Any) -> None:
    application = AuthGraphQLProtocolTypeRouter(schema)
    await in_database(lambda: get_user_model().objects.create_user("grace", is_active=False))
    answer = await ask(application, "{ area(width: 2, height: 3) users activeUsers }")
    assert answer == {"data": {"area": 6, "users": 2, "activeUsers": 1}}


async def test_a_mutation_of_its_own_transaction(schema: Any, ada: Any) -> None:
    application = AuthGraphQLProtocolTypeRouter(schema)
    assert await ask(application, RENAME % "lovelace") == {"data": {"rename": "lovelace"}}
    assert await names() == {"lovelace"}
    await in_database(lambda: get_user_model().objects.update(is_active=False))
    back = 'mutation { rename(old: "lovelace", new: "ada") }'
    assert "errors" in await ask(application, back), "it is found out after it was written"
    assert await names() == {"lovelace"}


@pytest.fixture
def atomic(monkeypatch: pytest.MonkeyPatch) -> None:
    source = (SNIPPETS / "database/myproject/settings_atomic.py").read_text().partition("*\n")[2]
    databases = {"default": dict(connections.settings["default"])}
    exec(source, {"DATABASES": databases})
    monkeypatch.setitem(connections.settings, "default", databases["default"])


TWO = 'mutation { first: rename(old: "ada", new: "lovelace") second: rename(old: "x", new: "y") }'


@pytest.mark.usefixtures("atomic")
@pytest.mark.parametrize(
    ("rule", "kept"),
    [(None, "ada"), (lambda result: False, "lovelace"), (lambda result: True, "ada")],
    ids=["by default", "never", "always"],
)
async def test_a_mutation_is_one_transaction(schema: Any, ada: Any, rule: Any, kept: str) -> None:
    application = AuthGraphQLProtocolTypeRouter(schema, rollback_mutation=rule)
    assert "errors" in await ask(application, TWO)
    assert await names() == {kept}
    async with connect(application) as socket:
        result = await socket.result("1", (RENAME % "byron").replace("ada", kept))
    assert result == {"data": {"rename": "byron"}}
    assert await names() == ({kept} if rule is not None and kept == "ada" else {"byron"})


@pytest.mark.usefixtures("atomic")
async def test_a_commit_that_fails_is_an_error(
    schema: Any, ada: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(result: Any) -> bool:
        raise DatabaseError("the database is gone")

    application = AuthGraphQLProtocolTypeRouter(schema, rollback_mutation=fail)
    answer = await ask(application, RENAME % "lovelace")
    assert answer["errors"][0]["message"] == "Internal server error"
    assert await names() == {"ada"}
