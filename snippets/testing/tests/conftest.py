"""The people who take part in the tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from strawberry_django.realtime.testing import shared_connections


@pytest.fixture(autouse=True)
def database(db: None) -> Iterator[None]:
    with shared_connections():
        yield


@pytest.fixture
def ada(database: None) -> User:
    return User.objects.create_user("ada")


@pytest.fixture
def grace(database: None) -> User:
    return User.objects.create_user("grace")


@pytest.fixture
def client_of_ada(ada: Any) -> Client:
    client = Client()
    client.force_login(ada)
    return client
