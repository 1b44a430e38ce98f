"""The section "Configuration" of the reference: three steps."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.guide.reference_claims import reference, variations
from tests.guide.reference_claims.asking import over_http, over_websocket, visitor
from tests.guide.reference_claims.reference_project import SETTINGS, with_asgi, with_settings
from tools.harness.processes import ProcessError
from tools.harness.projects import Project
from tools.harness.servers import Server, serve

ADA = {"data": {"me": "Hello, ada!"}}

STATICFILES_FIRST = """
INSTALLED_APPS.remove("daphne")
INSTALLED_APPS.append("daphne")
"""

IMPORTS = """
import json, sys
from importlib import import_module
from django.apps import apps
from django.core.exceptions import AppRegistryNotReady

def importing(module):
    try:
        import_module(f"myproject.{module}")
    except AppRegistryNotReady as error:
        return str(error)

facts = {"schema first": importing("asgi_schema_first"), "ready at first": apps.ready}
facts["models at first"] = importing("schema_with_models")
facts["schema after"] = importing("asgi_schema_after")
facts["models after"] = importing("schema_with_models")
facts["ready after"] = apps.ready
from daphne.management.commands.runserver import get_default_application
facts["application"] = type(get_default_application()).__name__
print(json.dumps(facts))
"""


@pytest.fixture(scope="module")
def facts(home: Project) -> dict[str, object]:
    """What one Python process finds as it imports the project's modules."""
    with_asgi(home, "schema_first", variations.SCHEMA_FIRST)
    with_asgi(home, "schema_after", variations.SCHEMA_AFTER)
    done = home.python("-c", IMPORTS, env={SETTINGS: home.settings_module})
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def settings_py(home: Project) -> str:
    return (home.path / "myproject/settings.py").read_text(encoding="utf-8")


def test_daphne_and_channels_are_added_to_installed_apps(
    settings_py: str, development: Server
) -> None:
    before, comment, after = reference.INSTALLED_APPS.partition("    # ... other apps\n")
    assert comment
    assert before in settings_py
    assert after in settings_py
    assert "System check identified no issues" in development.log()


def test_daphne_must_be_before_staticfiles_for_the_runserver_override(home: Project) -> None:
    env = with_settings(home, "staticfiles_first", STATICFILES_FIRST)
    refused = pytest.raises(ProcessError, match=r"strawberry_django_realtime\.E005")
    with refused, serve(home, "runserver", env=env):
        pass


def test_asgi_application_is_the_path_of_the_application(
    settings_py: str, facts: dict[str, object]
) -> None:
    assert reference.ASGI_APPLICATION in settings_py
    assert facts["application"] == "AuthGraphQLProtocolTypeRouter"


def test_asgi_py_sets_up_the_routing_word_for_word(
    home: Project, server: Server, ada: httpx.Cookies
) -> None:
    assert (home.path / "myproject/asgi.py").read_text(encoding="utf-8") == reference.ASGI
    assert over_http(server, "{ me }", ada) == ADA
    assert over_websocket(server, "{ me }", ada) == ADA
    with visitor(server, ada) as client:
        assert client.get("/plain/").text == "plain"


def test_get_asgi_application_populates_the_app_registry_before_models_are_imported(
    facts: dict[str, object],
) -> None:
    assert facts["models at first"] == "Apps aren't loaded yet."
    assert facts["ready at first"] is False
    assert facts["models after"] is None
    assert facts["ready after"] is True


def test_the_schema_is_imported_after_django_setup(facts: dict[str, object]) -> None:
    assert facts["schema first"] == "Apps aren't loaded yet."
    assert facts["schema after"] is None
