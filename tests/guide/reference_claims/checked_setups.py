"""What `manage.py check` says of the reference's own setups, and of wrong ones.

Imports `variations` and `reference_project`.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from tests.guide.reference_claims import reference, variations
from tests.guide.reference_claims.reference_project import with_asgi, with_settings
from tools.harness.projects import Project

NO_ASGI_APPLICATION = "del ASGI_APPLICATION\n"
NO_DAPHNE = 'INSTALLED_APPS.remove("daphne")\n'
NO_HOSTS = "DEBUG = False\nALLOWED_HOSTS = []\n"
NO_COOKIE_AND_NO_MATCH = """
ASGI_APPLICATION = "myproject.asgi_slash.application"
SESSION_COOKIE_PATH = "/accounts/"
ALLOWED_HOSTS = ["https://www.example.com:8000"]
"""

APPLICATIONS = {
    "plain": variations.PLAIN_DJANGO,
    "schema_first": variations.SCHEMA_FIRST,
    "stock": variations.STOCK_ROUTER,
    "no_auth": variations.CUSTOM_ROUTING_WITHOUT_AUTH,
    "custom": variations.CUSTOM_ROUTING,
    "custom_stock": reference.CUSTOM_ROUTING,
    "slash": variations.PATTERN_WITH_A_SLASH,
}
SETTINGS = {
    "no_application_and_no_hosts": NO_ASGI_APPLICATION + NO_HOSTS,
    "no_cookie_and_no_match": NO_COOKIE_AND_NO_MATCH + reference.CHANNEL_LAYERS_REDIS,
    **{
        f"asgi_{name}": f'ASGI_APPLICATION = "myproject.asgi_{name}.application"\n'
        for name in ("plain", "schema_first", "stock", "no_auth", "custom", "custom_stock")
    },
}


class Checks:
    """The output of `manage.py check` for each of `SETTINGS`, two at a time."""

    def __init__(self, project: Project, pool: ThreadPoolExecutor) -> None:
        for name, text in APPLICATIONS.items():
            with_asgi(project, name, text)
        self._outputs: dict[str, Future[str]] = {
            name: pool.submit(self._check, project, with_settings(project, name, text))
            for name, text in SETTINGS.items()
        }

    def of(self, name: str) -> str:
        """Return what the check of one setup printed."""
        return self._outputs[name].result()

    @staticmethod
    def _check(project: Project, env: dict[str, str]) -> str:
        done = project.python("manage.py", "check", env=env)
        return done.stdout + done.stderr


@contextmanager
def checking(project: Project) -> Iterator[Checks]:
    """Check every setup."""
    with ThreadPoolExecutor(2) as pool:
        yield Checks(project, pool)
