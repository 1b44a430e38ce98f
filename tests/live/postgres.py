"""A PostgreSQL of the tests' own, from Debian's package, and the site that uses it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.live.sites import Site
from tools.harness import projects, servers

MAX_CONNECTIONS = 50
APPLICATION = "postgres_site.asgi:application"


def _program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    program = str(found[-1]) if found else shutil.which(name)
    if program is None:
        pytest.fail(f"{name} is not there (on Debian, the package postgresql)")
    return program


def _run(name: str, *arguments: str) -> None:
    # PostgreSQL does not run as root; Debian's package has a user for it.
    as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run([*as_user, _program(name), *arguments], check=True, stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Run an empty server with the database `site`, and yield the folder of its socket."""
    folder = tempfile.mkdtemp(prefix="postgres-")
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    data = f"{folder}/data"
    options = f"-k {folder} -c listen_addresses= -c max_connections={MAX_CONNECTIONS} -c fsync=off"
    try:
        _run("initdb", "-D", data, "-U", "admin", "--auth=trust", "--no-sync")
        _run("pg_ctl", "-D", data, "-l", f"{folder}/log", "-o", options, "-w", "start")
        try:
            with administrator(folder, "postgres") as admin:
                admin.execute("CREATE ROLE site LOGIN")
                admin.execute("CREATE DATABASE site OWNER site")
            yield folder
        finally:
            _run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def administrator(folder: str, database: str = "site") -> Iterator[psycopg.Connection]:
    """Connect as the role that may do everything."""
    with psycopg.connect(host=folder, dbname=database, user="admin", autocommit=True) as connection:
        yield connection


class PostgresSite:
    """The site with its tenants acme and globex, in `folder`.

    Attributes:
        database: the folder of the socket of its PostgreSQL.
    """

    def __init__(self, folder: Path, database: str) -> None:
        self.database = database
        self.project = projects.build(folder, "thread_state")
        shutil.copytree(
            Path(__file__).with_name("postgres_site"),
            folder / "postgres_site",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        env = self._environment()
        self.project.manage("makemigrations", "shared", "notes", env=env)
        self.project.manage("migrate_schemas", "--shared", env=env)
        with administrator(database) as admin:
            admin.execute((projects.SNIPPETS / "thread_state/policy.sql").read_bytes())

    def _environment(self, **options: object) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "postgres_site.settings",
            "HARNESS_WITHOUT_PSYCOPG": "",
            "SITE_POSTGRES": self.database,
            "SITE_DATABASE_OPTIONS": json.dumps(options),
        }

    @contextlib.contextmanager
    def served(self, server: str = "uvicorn", **options: object) -> Iterator[Site]:
        """Serve it, with `options` in its `DATABASES`."""
        env = self._environment(**options)
        with servers.serve(self.project, server, application=APPLICATION, env=env) as served:
            site = Site(served)
            yield site
            site.close()
