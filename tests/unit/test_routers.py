"""The documented import path."""

from __future__ import annotations

from pathlib import Path

import strawberry_django.routers
from strawberry_django import realtime
from strawberry_django.realtime.routing import AuthGraphQLProtocolTypeRouter


def test_the_two_import_paths_give_the_same_class() -> None:
    assert strawberry_django.routers.AuthGraphQLProtocolTypeRouter is AuthGraphQLProtocolTypeRouter
    assert realtime.AuthGraphQLProtocolTypeRouter is AuthGraphQLProtocolTypeRouter
    assert vars(strawberry_django.routers)["__all__"] == ["AuthGraphQLProtocolTypeRouter"]


def test_it_is_our_package_and_not_the_module_beside_it() -> None:
    assert Path(strawberry_django.routers.__file__).name == "__init__.py"
    package = Path(strawberry_django.routers.__file__).parent
    assert package.parent == Path(realtime.__file__).parent.parent
