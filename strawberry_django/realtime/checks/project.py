"""How the project is put together: its apps, its `runserver`, its options, the library itself.

Imports the messages, `conf` and Django.
"""

from __future__ import annotations

import collections.abc
import difflib
import importlib
import importlib.util
import types
import typing
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import find_commands

from .. import conf
from .messages import found

if typing.TYPE_CHECKING:
    from django.core.checks import CheckMessage

_STATICFILES = "django.contrib.staticfiles"


def check_runserver() -> list[CheckMessage]:
    """Report a `runserver` that serves WSGI, which knows no WebSocket.

    Of several apps with a `runserver` command Django takes the first in `INSTALLED_APPS`.
    """
    owners = [
        config.name
        for config in apps.get_app_configs()
        if "runserver" in find_commands(str(Path(config.path) / "management"))
    ]
    if owners and owners[0] != _STATICFILES:
        return []
    if "daphne" in owners:
        order = f"daphne stands after {_STATICFILES} in INSTALLED_APPS"
        return [found("E005", f"{order}, so runserver serves WSGI: no WebSocket.")]
    if not settings.DEBUG:
        return []
    missing = importlib.util.find_spec("daphne") is None
    install = " First install it: python -m pip install daphne" if missing else ""
    text = f"daphne is not in INSTALLED_APPS, so runserver serves WSGI: no WebSocket.{install}"
    return [found("W001", text)]


def check_routers() -> list[CheckMessage]:
    """Report a `strawberry_django.routers` that is not the one of this library."""
    from ..routing import AuthGraphQLProtocolTypeRouter

    routers = importlib.import_module("strawberry_django.routers")
    if getattr(routers, "AuthGraphQLProtocolTypeRouter", None) is AuthGraphQLProtocolTypeRouter:
        return []
    text = (
        f"strawberry_django.routers is {routers.__file__}, which is not part of "
        f"strawberry-django-channels (that is in {Path(__file__).parents[2]}): its router has none "
        "of this library's protection."
    )
    return [found("E010", text)]


def check_options() -> list[CheckMessage]:
    """Report keys of `STRAWBERRY_DJANGO_REALTIME` that are unknown and values of the wrong type."""
    declared = getattr(settings, conf.SETTING, {})
    if not isinstance(declared, Mapping):
        kind = type(declared).__name__
        return [found("E011", f"{conf.SETTING} is a {kind}; expected a dict of options.")]
    types_by_key = {
        name.upper(): kind for name, kind in typing.get_type_hints(conf.RealtimeOptions).items()
    }
    messages = []
    for key, value in declared.items():
        if key not in types_by_key:
            near = difflib.get_close_matches(str(key).upper(), types_by_key, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            messages.append(found("E011", f"{conf.SETTING} has the unknown key {key!r}.{hint}"))
        elif not _fits(value, types_by_key[key]):
            expected = _spell(types_by_key[key])
            text = f"{conf.SETTING}[{key!r}] is {value!r}; expected {expected}."
            messages.append(found("E011", text))
    return messages


def _fits(value: Any, kind: Any) -> bool:
    """Tell whether `value` is of the type that an option is declared with."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, each) for each in arguments)
    if origin is typing.Literal:
        return value in arguments
    if origin is collections.abc.Sequence:
        return (
            isinstance(value, collections.abc.Sequence)
            and not isinstance(value, (str, bytes))
            and all(_fits(each, arguments[0]) for each in value)
        )
    if kind in (int, float):
        numbers = (int,) if kind is int else (int, float)
        return isinstance(value, numbers) and not isinstance(value, bool) and value > 0
    return isinstance(value, kind)


def _spell(kind: Any) -> str:
    """Say a type in words."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_spell(each) for each in arguments)
    if origin is typing.Literal:
        return " or ".join(repr(each) for each in arguments)
    if origin is collections.abc.Sequence:
        return "a list of strings"
    names = {
        bool: "True or False",
        int: "a positive int",
        float: "a positive number",
        timedelta: "a timedelta",
    }
    return names.get(kind, "None")
