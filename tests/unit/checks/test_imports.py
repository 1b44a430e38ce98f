"""The order of imports in the ASGI module: a planted order, and what is found (E004, W002)."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from strawberry_django.realtime.checks.imports import check_import_order
from tests.faults import SCHEMA, numbers, write_package

READY = "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n"
MODELS = "from django.contrib.auth.models import User\n"
USER_MODEL = "from django.contrib.auth import get_user_model\n"
ABSTRACT = (
    "from django.db.models import Model\n"
    "class Person(Model):\n"
    "    class Meta:\n        abstract = True\n"
)
NOT_RUN = (
    "from typing import TYPE_CHECKING\n"
    f"if TYPE_CHECKING:\n    {MODELS}"
    f"if __name__ == '__main__':\n    {MODELS}"
    f"def users():\n    {MODELS}"
    "async def more():\n    return get_user_model()\n"
    "lazy = lambda: get_user_model()\n"
)
IN_PASSING = f"try:\n    import {{package}}.nowhere\nexcept ImportError:\n    {MODELS}"
SCHEMA_IMPORT = "from {package}.schema import schema\n"

RIGHT = {
    "schema below": (READY + SCHEMA_IMPORT + MODELS, {}),
    "base of models": ("from django.db.models.base import Model\n" + READY, {}),
    "setup()": ("import django\ndjango.setup()\n" + MODELS, {}),
    "set up elsewhere": ("from {package}.base import application\n" + MODELS, {"base": READY}),
    "not run": (NOT_RUN + READY, {}),
    "without source": ("import sys, math, _json, strawberry_django, redis\n" + READY, {}),
    "installed apps": ("import channels.auth\nimport daphne.apps\n" + READY, {}),
    "leads nowhere": ("try:\n    from ... import x\nexcept ImportError:\n    pass\n" + READY, {}),
    "circle": (
        "import {package}.first\n" + READY,
        {"first": "import {package}.second\n", "second": "import {package}.first\n"},
    ),
}
FAULTS = {
    "models": (MODELS + READY, {}, "E004", "line 1, reaches the models of django.contrib.auth"),
    "abstract": ("import {package}.people\n" + READY, {"people": ABSTRACT}, "E004", ".people "),
    "get_user_model": (USER_MODEL + "get_user_model()\n", {}, "E004", "get_user_model() before"),
    "apps.get_model": (
        "from django.apps import apps\nUser = apps.get_model('auth', 'User')\n" + READY,
        {},
        "E004",
        "apps.get_model() before",
    ),
    "default": (USER_MODEL + "def f(m=get_user_model()):\n    pass\n", {}, "E004", "line 2"),
    "in passing": (IN_PASSING + READY, {}, "E004", "line 4"),
    "through modules": (
        SCHEMA_IMPORT + READY,
        {"schema": "from . import users\n" + SCHEMA, "users": MODELS},
        "E004",
        ".users, line 1.",
    ),
    "never": (SCHEMA_IMPORT, {}, "E004", "never calls get_asgi_application()"),
    "schema": (SCHEMA_IMPORT + READY, {}, "W002", "line 1, imports the schema"),
    "inner schema": (
        "import {package}.parts\n" + READY,
        {"parts": "import {package}.schema as inner\n"},
        "W002",
        ".parts, line 1, imports",
    ),
}


def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asgi: str, **modules: str) -> str:
    """Write a package, import its ASGI module and return that module's name."""
    name = f"{write_package(tmp_path, monkeypatch, asgi=asgi, **modules)}.asgi"
    importlib.import_module(name)
    return name


@pytest.mark.parametrize("order", RIGHT)
def test_a_right_order(order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asgi, modules = RIGHT[order]
    assert check_import_order(imported(tmp_path, monkeypatch, asgi, **modules)) == []


@pytest.mark.parametrize("order", FAULTS)
def test_a_wrong_order(order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asgi, modules, number, text = FAULTS[order]
    messages = check_import_order(imported(tmp_path, monkeypatch, asgi, **modules))
    assert numbers(messages) == [number]
    assert text in messages[0].msg


def test_a_lazy_object_stays_lazy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lazy = (
        "from django.utils.functional import SimpleLazyObject\n"
        "evaluated = []\n"
        "client = SimpleLazyObject(lambda: evaluated.append(1))\n"
    )
    name = imported(tmp_path, monkeypatch, "import {package}.lazy\n" + READY, lazy=lazy)
    assert check_import_order(name) == []
    assert importlib.import_module(name.replace(".asgi", ".lazy")).evaluated == []
