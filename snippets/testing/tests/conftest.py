"""The people who take part in the tests."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def ada(transactional_db: None) -> User:
    return User.objects.create_user("ada")


@pytest.fixture
def grace(transactional_db: None) -> User:
    return User.objects.create_user("grace")


@pytest.fixture
def client_of_ada(ada: Any) -> Client:
    client = Client()
    client.force_login(ada)
    return client
