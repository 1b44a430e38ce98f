from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings

from strawberry_django.realtime.checks.imports import ImportOrder, import_order
from tests.faults import SCHEMA, write_package

Read = Callable[..., ImportOrder]

SETS_UP = (
    "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n"
)
MODELS = "from django.contrib.auth.models import User\n"
NAMES = "from {package}.users import Person\n"


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Write a package, import its ASGI module, and follow what a fresh import would do."""

    def read(asgi: str, **modules: str) -> ImportOrder:
        name = write_package(tmp_path, monkeypatch, asgi=asgi, **modules)
        importlib.import_module(f"{name}.asgi")
        return import_order(f"{name}.asgi")

    return read


def way(order: ImportOrder) -> list[str]:
    return [str(step).partition(".")[2] for step in order.models]


def test_the_schema_after_the_set_up_is_right(read: Read) -> None:
    order = read(SETS_UP + "from {package}.schema import schema\n" + MODELS)
    assert str(order.ready).endswith(".asgi, line 2")
    assert order.models == ()
    assert order.schema is None


def test_models_before_the_set_up_are_found(read: Read) -> None:
    order = read(MODELS + SETS_UP)
    assert way(order) == ["asgi, line 1"]
    assert order.reached == "the models of django.contrib.auth.models"
    assert order.ready is None


@pytest.mark.parametrize("itself", ["", '    __module__ = "{package}.users"\n'])
def test_models_of_the_project_are_found_where_they_are_defined(read: Read, itself: str) -> None:
    models = (
        "from django.db.models import Model\n"
        f"class Person(Model):\n{itself}"
        "    class Meta:\n        abstract = True\n"
    )
    order = read("from {package}.names import Person\n" + SETS_UP, names=NAMES, users=models)
    assert way(order) == ["asgi, line 1", "names, line 1"]
    assert order.reached.endswith(".users")


def test_abstract_models_need_django_too(read: Read) -> None:
    order = read("from django.contrib.auth.base_user import AbstractBaseUser\n" + SETS_UP)
    assert order.reached == "the models of django.contrib.auth.base_user"


def test_the_base_of_models_needs_nothing(read: Read) -> None:
    order = read(
        "from django.db.models.base import Model\nfrom django.db import models\n" + SETS_UP
    )
    assert order.models == ()


def test_the_way_to_models_leads_through_the_projects_modules(read: Read) -> None:
    order = read(
        "import os\n\nfrom {package}.schema import schema\n" + SETS_UP,
        schema="from . import types\n" + SCHEMA,
        types="import {package}.users\n",
        users=MODELS,
    )
    assert way(order) == ["asgi, line 3", "schema, line 1", "types, line 1", "users, line 1"]


def test_a_package_may_import_relatively(read: Read) -> None:
    order = read(
        "import {package}.schema\n" + SETS_UP, __init__="from . import users\n", users=MODELS
    )
    assert str(order.models[-1]).endswith(".users, line 1")


def test_a_schema_before_the_set_up_is_found(read: Read) -> None:
    order = read("from {package}.schema import schema\n" + SETS_UP)
    assert order.models == ()
    assert str(order.schema).endswith(".asgi, line 1")
    assert order.schema_module.endswith(".schema")
    assert str(order.ready).endswith(".asgi, line 3")


def test_the_line_of_a_schema_is_that_of_its_import(read: Read) -> None:
    order = read(
        "\nfrom {package}.parts import schema\n" + SETS_UP,
        parts="from {package}.schema import schema\n",
    )
    # What takes the schema out of its module holds it as well.
    assert str(order.schema).endswith(".asgi, line 2")
    order = read(
        "\nfrom {package} import parts\n" + SETS_UP, parts="import {package}.schema as inner\n"
    )
    assert str(order.schema).endswith(".parts, line 1")


def test_the_first_schema_is_named(read: Read) -> None:
    order = read(
        "from {package}.schema import schema\nimport {package}.second\n" + SETS_UP, second=SCHEMA
    )
    assert order.schema_module.endswith(".schema")


def test_the_schema_above_a_set_up_in_the_routers_arguments_is_found(read: Read) -> None:
    order = read(
        "from {package}.schema import schema\n"
        "from django.core.asgi import get_asgi_application\n"
        "application = print(schema, get_asgi_application())\n"
    )
    assert order.schema is not None
    assert str(order.ready).endswith("line 3")


@pytest.mark.parametrize(
    "set_up",
    [
        "import django\ndjango.setup()\n",
        "from django.core.wsgi import get_wsgi_application\nget_wsgi_application()\n",
    ],
)
def test_django_may_be_set_up_in_other_ways(read: Read, set_up: str) -> None:
    order = read(set_up + MODELS)
    assert str(order.ready).endswith(".asgi, line 2")
    assert order.models == ()


def test_django_may_be_set_up_in_another_module(read: Read) -> None:
    order = read("from {package}.base import application\n" + MODELS, base=SETS_UP)
    assert str(order.ready).endswith(".base, line 2")
    assert order.models == ()


def test_the_set_up_may_be_missing(read: Read) -> None:
    order = read("from {package}.schema import schema\napplication = schema\n")
    assert order.ready is None
    assert order.models == ()


@pytest.mark.parametrize(
    ("call", "reached"),
    [
        (
            "from django.contrib.auth import get_user_model\nUser = get_user_model()\n",
            "get_user_model()",
        ),
        (
            "from django.contrib import auth\nclass Users:\n    model = auth.get_user_model()\n",
            "auth.get_user_model()",
        ),
        (
            "from django.apps import apps\nUser = apps.get_model('auth', 'User')\n",
            "apps.get_model()",
        ),
    ],
)
def test_a_call_may_need_django(read: Read, call: str, reached: str) -> None:
    order = read("from {package} import users\n" + SETS_UP, users=call)
    assert order.reached == reached
    assert way(order)[0] == "asgi, line 1"


def test_what_does_not_run_on_import_does_not_count(read: Read) -> None:
    order = read(
        "from __future__ import annotations\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n"
        "    from django.contrib.auth.models import User\n"
        "if __name__ == '__main__':\n"
        "    from django.contrib.auth.models import User\n"
        "def users():\n"
        "    from django.contrib.auth.models import User\n"
        "async def more():\n"
        "    from django.contrib.auth import get_user_model\n"
        "    return get_user_model()\n"
        "lazy = lambda: __import__('django').contrib.auth.get_user_model()\n" + SETS_UP
    )
    assert order.models == ()
    assert order.ready is not None


def test_what_runs_in_passing_counts(read: Read) -> None:
    order = read(
        "application = None\n"
        "try:\n"
        "    from {package}.nowhere import schema\n"
        "except ImportError:\n"
        "    if application is None:\n"
        "        from django.contrib.auth.models import User\n" + SETS_UP
    )
    assert way(order) == ["asgi, line 6"]


def test_a_default_is_evaluated_on_import(read: Read) -> None:
    order = read(
        "from django.contrib.auth import get_user_model\n"
        "def users(model=get_user_model()):\n"
        "    return model\n" + SETS_UP
    )
    assert order.reached == "get_user_model()"


def test_a_module_that_imports_its_importer_is_followed_once(read: Read) -> None:
    order = read(
        "import {package}.first\n" + SETS_UP,
        first="import {package}.second\n",
        second="import {package}.first\n",
    )
    assert order.ready is not None


def test_an_installed_app_is_followed_into_site_packages(read: Read) -> None:
    order = read("import channels.auth\nimport daphne.apps\n" + SETS_UP)
    assert order.models == ()


def test_of_what_is_installed_only_apps_are_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    library = write_package(folder, monkeypatch, people=MODELS)
    asgi = f"import {library}.people\n" + SETS_UP
    name = write_package(tmp_path, monkeypatch, asgi=asgi)
    importlib.import_module(f"{name}.asgi")
    assert import_order(f"{name}.asgi").models == ()
    with override_settings(INSTALLED_APPS=[*settings.INSTALLED_APPS, library]):
        assert way(import_order(f"{name}.asgi")) == ["asgi, line 1", "people, line 1"]


def test_a_module_without_source_is_passed_over(read: Read) -> None:
    order = read("import sys, math, _json, strawberry_django, redis\n" + SETS_UP)
    assert order.ready is not None


def test_a_module_that_was_not_imported_may_import_relatively(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = write_package(tmp_path, monkeypatch, asgi="from . import users\n", users=MODELS)
    importlib.import_module(f"{name}.users")
    assert way(import_order(f"{name}.asgi")) == ["asgi, line 1", "users, line 1"]


def test_a_relative_import_that_leads_nowhere_is_passed_over(read: Read) -> None:
    order = read("try:\n    from ... import base\nexcept ImportError:\n    pass\n" + SETS_UP)
    assert order.ready is not None


def test_a_lazy_object_stays_lazy(read: Read) -> None:
    order = read(
        "import {package}.lazy\n" + SETS_UP,
        lazy=(
            "from django.utils.functional import SimpleLazyObject\n"
            "evaluated = []\n"
            "client = SimpleLazyObject(lambda: evaluated.append(1))\n"
        ),
    )
    assert order.ready is not None
    assert importlib.import_module(f"{order.ready.module[:-5]}.lazy").evaluated == []


def test_a_module_whose_source_is_broken_by_now_is_passed_over(read: Read) -> None:
    order = read("import {package}.types\n" + SETS_UP, types="")
    assert order.ready is not None
    module = importlib.import_module(f"{order.ready.module[:-5]}.types")
    Path(module.__file__ or "").write_text("def (:")
    assert import_order(order.ready.module) == order


def test_a_step_stays_as_it_was_taken(read: Read) -> None:
    [step] = read(MODELS).models
    with pytest.raises(FrozenInstanceError):
        step.line = 2  # type: ignore[misc]


@pytest.mark.parametrize("name", ["nowhere.asgi", "nowhere", "sys"])
def test_a_module_that_cannot_be_found_does_nothing(name: str) -> None:
    assert import_order(name) == ImportOrder()


def test_a_namespace_package_is_followed_into_its_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("loose", "loose/inner"):
        (tmp_path / folder).mkdir()
    (tmp_path / "loose/inner/users.py").write_text(MODELS)
    (tmp_path / "loose/asgi.py").write_text("from .inner import users\n" + SETS_UP)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.import_module("loose.asgi")
    assert way(import_order("loose.asgi")) == ["asgi, line 1", "inner.users, line 1"]
