from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.core.checks import registry

from strawberry_django.realtime.apps import RealtimeConfig
from tools.harness.projects import Project, build

LIST = (
    "import django; django.setup();"
    "from django.apps import apps;"
    "print([config.label for config in apps.get_app_configs() if 'strawberry' in config.name])"
)


def test_the_app_stands_beside_strawberry_djangos_own() -> None:
    config = apps.get_app_config("strawberry_django_realtime")
    assert isinstance(config, RealtimeConfig)
    assert config.name == "strawberry_django.realtime"
    assert apps.get_app_config("strawberry_django").name == "strawberry_django"


def test_ready_registers_the_checks_under_their_tag() -> None:
    assert registry.registry.tag_exists("strawberry_django_realtime")
    before = registry.registry.get_checks()
    apps.get_app_config("strawberry_django_realtime").ready()
    assert set(registry.registry.get_checks()) == set(before)


@pytest.mark.parametrize("first", ["strawberry_django", "strawberry_django.realtime"])
def test_both_apps_load_in_either_order(tmp_path: Path, first: str) -> None:
    project = build(tmp_path, "settings", "asgi_routing")
    reorder(project, first)
    done = project.python("-c", LIST, env={"DJANGO_SETTINGS_MODULE": project.settings_module})
    labels = ["strawberry_django", "strawberry_django_realtime"]
    expected = labels if first == "strawberry_django" else labels[::-1]
    assert (done.stdout.strip(), done.stderr) == (str(expected), "")


def reorder(project: Project, first: str) -> None:
    settings = project.path / "myproject/settings.py"
    text = settings.read_text(encoding="utf-8")
    text = text.replace('    "strawberry_django",\n', "")
    text = text.replace('    "strawberry_django.realtime",\n', "")
    other = {"strawberry_django": "strawberry_django.realtime"}.get(first, "strawberry_django")
    text = text.replace("INSTALLED_APPS = [\n", f'INSTALLED_APPS = [\n    "{first}", "{other}",\n')
    settings.write_text(text, encoding="utf-8")
