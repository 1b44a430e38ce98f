"""Projects with a fault in them, for the tests of the system checks."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from textwrap import dedent

import pytest
from django.core.checks import CheckMessage

_NUMBERS = itertools.count()

SCHEMA = """
import strawberry

@strawberry.type
class Query:
    @strawberry.field
    def ping(self) -> str:
        return "pong"

schema = strawberry.Schema(query=Query)
"""

ROUTER = """
from django.core.asgi import get_asgi_application
django_asgi_app = get_asgi_application()
from {package}.schema import schema
from strawberry_django.routers import AuthGraphQLProtocolTypeRouter
application = AuthGraphQLProtocolTypeRouter(schema, django_application=django_asgi_app)
"""


def write_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **modules: str) -> str:
    """Write a package that can be imported, and return its name.

    It has a schema and the guide's ASGI module; ``modules`` replaces them or adds to them, with
    ``{package}`` for the package's name.
    """
    name = f"faulty{next(_NUMBERS)}"
    folder = tmp_path / name
    folder.mkdir()
    for module, source in {"__init__": "", "schema": SCHEMA, "asgi": ROUTER, **modules}.items():
        text = dedent(source).replace("{package}", name)
        (folder / f"{module}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def numbers(messages: Iterable[CheckMessage]) -> list[str]:
    """Return the numbers of check messages (``E001``), in their order."""
    return [str(message.id).rpartition(".")[2] for message in messages]
