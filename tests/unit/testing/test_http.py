from __future__ import annotations

from typing import Any

import pytest
import strawberry
from django.contrib.auth.models import User
from django.test import AsyncClient, Client, override_settings

import strawberry_django
from strawberry_django.realtime import AuthGraphQLProtocolTypeRouter
from strawberry_django.realtime.testing import graphql_http


@strawberry_django.type(User)
class UserType:
    username: strawberry.auto


@strawberry.type
class Query:
    @strawberry.field
    def me(self, info: strawberry.Info) -> str:
        return str(info.context.request.user)

    @strawberry.field
    def header(self, info: strawberry.Info, name: str) -> str | None:
        value: str | None = info.context.request.headers.get(name)
        return value

    @strawberry.field
    def fail(self) -> str | None:
        raise ValueError("on purpose")


@strawberry.type
class Mutation:
    login: UserType | None = strawberry_django.auth.login()
    logout = strawberry_django.auth.logout()


application = AuthGraphQLProtocolTypeRouter(strawberry.Schema(Query, Mutation))


async def test_an_operation_is_answered() -> None:
    answer = await graphql_http(application, "{ me }")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json() == {"data": {"me": "AnonymousUser"}}
    assert answer.data == {"me": "AnonymousUser"}
    assert answer.errors == []


async def test_variables_and_the_operation_name_are_sent() -> None:
    answer = await graphql_http(
        application,
        "query A { me } query B($name: String!) { header(name: $name) }",
        {"name": "x-trace"},
        operation_name="B",
        headers=[(b"x-trace", b"7")],
    )
    assert answer.data == {"header": "7"}


async def test_errors_are_there_to_be_looked_at() -> None:
    answer = await graphql_http(application, "{ fail }")
    assert answer.data == {"fail": None}
    assert [error["message"] for error in answer.errors] == ["on purpose"]


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.django_db(transaction=True)
async def test_a_login_over_http_stays_in_the_client(kind: type[Any]) -> None:
    await User.objects.acreate_user("ada", password="analytical-engine")
    client = kind()
    login = 'mutation { login(username: "ada", password: "analytical-engine") { username } }'
    assert (await graphql_http(application, login, client=client)).data == {
        "login": {"username": "ada"}
    }
    assert (await graphql_http(application, "{ me }", client=client)).data == {"me": "ada"}
    await graphql_http(application, "mutation { logout }", client=client)
    assert (await graphql_http(application, "{ me }", client=client)).data == {
        "me": "AnonymousUser"
    }


@pytest.mark.django_db(transaction=True)
async def test_a_page_of_another_site_is_refused() -> None:
    await User.objects.acreate_user("ada", password="analytical-engine")
    client = AsyncClient()
    await client.alogin(username="ada", password="analytical-engine")
    foreign = "https://foreign.example"
    answer = await graphql_http(application, "{ me }", client=client, origin=foreign)
    assert answer.status == 403
    with override_settings(CSRF_TRUSTED_ORIGINS=[foreign]):
        answer = await graphql_http(application, "{ me }", client=client, origin=foreign)
    assert answer.data == {"me": "ada"}


async def test_another_path_is_not_found() -> None:
    answer = await graphql_http(application, "{ me }", path="/elsewhere?a=b")
    assert (answer.status, answer.body) == (404, b"Not Found")
