"""Whether the settings let the library work: apps, hosts, channel layers and options.

A channel layer is made to see that it can be; none connects.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channels.layers import InMemoryChannelLayer, channel_layers
from django.apps import apps
from django.conf import settings
from django.core.management import find_commands

from .. import conf
from .catalogue import found

if TYPE_CHECKING:
    from django.core.checks import CheckMessage

_STATICFILES = "django.contrib.staticfiles"
_HOST_NAME = re.compile(r"\*|\.?[^/:\[\]]+|\[[0-9a-fA-F:.]+\]")


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


def in_production() -> bool:
    """Tell whether the site is meant for others: `DEBUG` is off, and no tests run.

    Django's test runner switches `DEBUG` off and adds "testserver" to `ALLOWED_HOSTS`.
    """
    return not settings.DEBUG and "testserver" not in settings.ALLOWED_HOSTS


def check_allowed_hosts() -> list[CheckMessage]:
    """Report an `ALLOWED_HOSTS` that refuses everybody, admits everybody or matches nothing."""
    hosts = list(settings.ALLOWED_HOSTS)
    problem = "which matches nothing: write a host name without scheme, port or path."
    messages = [
        found("W012", f"ALLOWED_HOSTS has {host!r}, {problem}")
        for host in hosts
        if not _HOST_NAME.fullmatch(str(host))
    ]
    if in_production() and not hosts:
        text = "ALLOWED_HOSTS is empty and DEBUG is False: every request and WebSocket is refused."
        messages.append(found("E009", text))
    if in_production() and "*" in hosts:
        text = 'ALLOWED_HOSTS holds "*" and DEBUG is False: any site may open a WebSocket.'
        messages.append(found("W011", text))
    return messages


def check_channel_layers() -> list[CheckMessage]:
    """Report each layer that cannot be made, or that will not do what is expected of it."""
    layers = getattr(settings, "CHANNEL_LAYERS", None) or {}
    if not isinstance(layers, Mapping):
        kind = type(layers).__name__
        return [found("E008", f"CHANNEL_LAYERS is a {kind}; expected a dict of layers by alias.")]
    return [message for alias, config in layers.items() for message in _check_layer(alias, config)]


def _check_layer(alias: str, config: Any) -> list[CheckMessage]:
    name = f"CHANNEL_LAYERS[{alias!r}]"
    backend = config.get("BACKEND") if isinstance(config, Mapping) else None
    if not isinstance(backend, str):
        return [found("E008", f"{name} is {config!r}; expected a dict with a BACKEND.")]
    package = backend.split(".")[0]
    if not (package and importlib.util.find_spec(package)):
        command = f"python -m pip install {package.replace('_', '-')}"
        text = f"{name} uses {backend}, and the package {package} is not installed: {command}"
        return [found("E007", text)]
    try:
        layer = channel_layers.make_backend(alias)
        short = _short_timeouts(layer)
    except Exception as error:
        return [found("E008", f"{name} cannot be made: {type(error).__name__}: {error}")]
    if isinstance(layer, InMemoryChannelLayer) and in_production():
        text = f"{name} is the in-memory layer and DEBUG is False: it reaches no other process."
        return [found("W009", text)]
    if short:
        text = (
            f"{name} has a socket_timeout of {', '.join(short)} s, no longer than it waits for "
            "messages: the wait ends in an error, and subscriptions with it."
        )
        return [found("W010", text)]
    return []


def _short_timeouts(layer: Any) -> list[str]:
    """Return the socket timeouts, in seconds, that end before the layer's own wait does.

    redis-py 8 gave every connection a `socket_timeout` of 5 s, which is also the `brpop_timeout` of
    `channels_redis.core.RedisChannelLayer`.
    """
    # Asked of the class: a pub/sub layer looks every attribute up in the running event loop.
    if not (hasattr(type(layer), "brpop_timeout") and hasattr(type(layer), "create_pool")):
        return []
    pools = [layer.create_pool(index) for index in range(layer.ring_size)]
    timeouts = {pool.make_connection().socket_timeout for pool in pools}
    return sorted(
        f"{each:g}" for each in timeouts if each is not None and each <= layer.brpop_timeout
    )


def check_options() -> list[CheckMessage]:
    """Report keys of `STRAWBERRY_DJANGO_REALTIME` that are unknown and values of the wrong type."""
    declared = getattr(settings, conf.SETTING, {})
    if not isinstance(declared, Mapping):
        kind = type(declared).__name__
        return [found("E011", f"{conf.SETTING} is a {kind}; expected a dict of options.")]
    messages = []
    names = {name.upper(): name for name in conf.DEFAULTS}
    for key, value in declared.items():
        if key not in names:
            near = difflib.get_close_matches(str(key).upper(), names, n=1)
            guess = f" Did you mean {near[0]!r}?" if near else ""
            messages.append(found("E011", f"{conf.SETTING} has the unknown key {key!r}.{guess}"))
        elif words := conf.expected(names[key], value):
            text = f"{conf.SETTING}[{key!r}] is {value!r}; expected {words}."
            messages.append(found("E011", text))
    return messages
