"""The project of a reader who did what the reference says, word for word, and variations of it.

A variation is one more module in the same project: they share their database, and a session of one
is a session of all. Imports `reference`, `variations` and the harness's projects.
"""

from __future__ import annotations

from pathlib import Path

from tests.guide.reference_claims import reference
from tests.guide.reference_claims.variations import replaced
from tools.harness.projects import Project, build

SETTINGS = "DJANGO_SETTINGS_MODULE"
PASSWORD = "analytical-engine"
OTHER_HOST = "www.example.com"
"""In `ALLOWED_HOSTS`, and never the `Host` of a request."""

_OTHER_APPS = """\
'django.contrib.admin',
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.messages',
    'django.contrib.sessions',"""

_MORE_SETTINGS = f"""
ALLOWED_HOSTS = ["127.0.0.1", "{OTHER_HOST}"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING = {{
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {{"sql": {{"format": "SQL %(sql)s"}}}},
    "handlers": {{"sql": {{"class": "logging.StreamHandler", "formatter": "sql"}}}},
    "loggers": {{"django.db.backends": {{"handlers": ["sql"], "level": "DEBUG"}}}},
}}
"""

_MORE_SCHEMA = """

from collections.abc import AsyncIterator

import strawberry_django
from channels.layers import get_channel_layer
from strawberry_django.permissions import IsAuthenticated


@strawberry.type(name="Query")
class More(Query):
    @strawberry_django.field(extensions=[IsAuthenticated()])
    def secret(self) -> str:
        return "for users only"

    @strawberry.field
    async def my_groups(self, info: Info) -> list[str]:
        return [group.name async for group in info.context.request.user.groups.order_by("name")]

    @strawberry.field
    def visits(self, info: Info) -> int:
        return info.context.request.session.get("visits", 0)

    @strawberry.field
    def has_auth_middleware(self, info: Info) -> bool:
        request = info.context["request"]
        return {"session", "user"} <= getattr(request, "consumer", request).scope.keys()


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def say(self, text: str) -> str:
        await get_channel_layer().group_send("room", {"type": "room.said", "text": text})
        return text


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncIterator[int]:
        for number in range(1, to + 1):
            yield number

    @strawberry.subscription
    async def me(self, info: Info) -> AsyncIterator[str]:
        user = info.context.request.user
        yield f"Hello, {user.username or 'anonymous'}!"

    @strawberry.subscription
    async def heard(self, info: Info) -> AsyncIterator[str]:
        consumer = info.context.request.consumer
        async with consumer.listen_to_channel("room.said", groups=["room"]) as messages:
            yield "listening"
            async for message in messages:
                yield message["text"]


schema = strawberry.Schema(query=More, mutation=Mutation, subscription=Subscription)
"""

_SCHEMA_WITH_MODELS = """
import strawberry
from django.contrib.auth.models import User


@strawberry.type
class Query:
    @strawberry.field
    async def users(self) -> int:
        return await User.objects.acount()


schema = strawberry.Schema(query=Query)
"""

_PAGES = """
from django.http import HttpResponse


def plain(request):
    return HttpResponse("plain")


def visits(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(str(request.session["visits"]))


urlpatterns += [path("plain/", plain), path("visits/", visits)]
"""

_FIRST_DAY = f"""
import django
django.setup()
from django.contrib.auth.models import Group, User
from django.core.management import call_command
call_command("migrate", verbosity=0)
for name in ("ada", "grace"):
    User.objects.create_user(name, password="{PASSWORD}")
User.objects.get(username="ada").groups.add(Group.objects.create(name="writers"))
"""
_CHECKED = """
from myproject.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "strawberry_django.realtime"]
ALLOWED_HOSTS = []
"""


def build_reference_project(target: Path) -> Project:
    """Build the project, with its database and the users ada (a writer) and grace.

    Each fenced block of the reference stands in its place as it is, with the names of other apps
    where it says "other apps".
    """
    project = build(target)
    apps = replaced(reference.INSTALLED_APPS, ("# ... other apps", _OTHER_APPS))
    blocks = [apps, reference.ASGI_APPLICATION, reference.CHANNEL_LAYERS_IN_MEMORY]
    extend(project, "settings", "\n".join([*blocks, _MORE_SETTINGS]))
    extend(project, "urls", _PAGES)
    write(project, "schema", reference.RESOLVER + _MORE_SCHEMA)
    write(project, "schema_with_models", _SCHEMA_WITH_MODELS)
    write(project, "asgi", reference.ASGI)
    write(project, "settings_checked", _CHECKED)
    done = project.python("-c", _FIRST_DAY, env={SETTINGS: project.settings_module})
    assert done.returncode == 0, done.stderr
    return project


def write(project: Project, module: str, text: str) -> None:
    """Write a module of the package `myproject`."""
    (project.path / "myproject" / f"{module}.py").write_text(text, encoding="utf-8")


def extend(project: Project, module: str, text: str) -> None:
    """Write `text` at the end of a module that is there."""
    path = project.path / "myproject" / f"{module}.py"
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{text}", encoding="utf-8")


def with_settings(project: Project, name: str, text: str) -> dict[str, str]:
    """Write settings that differ from the project's by `text`; return the environment with them."""
    write(project, f"settings_{name}", f"from myproject.settings_checked import *\n\n{text}")
    return {SETTINGS: f"myproject.settings_{name}"}


def with_asgi(project: Project, name: str, text: str) -> str:
    """Write another ASGI module and return its application as a server is given it."""
    write(project, f"asgi_{name}", text)
    return f"myproject.asgi_{name}:application"
