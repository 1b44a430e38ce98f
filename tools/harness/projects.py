"""Lay snippets over one another into the Django project that a reader would have."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.harness import live
from tools.snippets.markers import HIGHLIGHT, SECTION

SNIPPETS = live.ROOT / "snippets"
BASE = "project"
NOT_IN_PROJECTS = frozenset({"shell", "requests", "recorded", "__pycache__"})
MANAGE_SECONDS = 120

_CREATE_USER = """
from django.contrib.auth import get_user_model
get_user_model().objects.create_user(**{fields!r})
"""


class ProjectError(RuntimeError):
    """A subject does not exist, or a management command failed; the message shows its output."""


@dataclass(frozen=True)
class Project:
    """A Django project in a folder."""

    path: Path
    settings_module: str = "myproject.settings"

    def manage(
        self, *arguments: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run ``manage.py`` with ``arguments`` and return what it printed."""
        done = self.python("manage.py", *arguments, env=env)
        if done.returncode:
            raise ProjectError(
                f"manage.py {' '.join(arguments)} ended with code {done.returncode}:\n"
                f"{done.stdout}{done.stderr}"
            )
        return done

    def python(
        self, *arguments: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run this Python with ``arguments`` in the project, whatever its exit code."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.path,
            env={**live.environment(daphne="runserver" in arguments), **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=MANAGE_SECONDS,
            check=False,
        )

    def create_user(self, username: str, password: str, **fields: object) -> None:
        """Create an active user (``fields`` are further fields of the user model)."""
        fields = {"username": username, "password": password, **fields}
        self.manage("shell", "-c", _CREATE_USER.format(fields=fields))


def build(target: Path, *subjects: str) -> Project:
    """Copy the base project and then each of ``subjects`` over it into ``target``."""
    target.mkdir(parents=True, exist_ok=True)
    for subject in (BASE, *subjects):
        source = SNIPPETS / subject
        if not source.is_dir():
            raise ProjectError(f"no subject {subject!r} in {SNIPPETS}")
        for path in project_files(source):
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(as_copied(path))
            copy.chmod(path.stat().st_mode)
    return Project(target)


def project_files(source: Path) -> list[Path]:
    """Return the files of a subject that belong in a project, sorted."""
    return sorted(
        path
        for path in source.rglob("*")
        if path.is_file()
        and path.relative_to(source).parts[0] not in NOT_IN_PROJECTS
        and "__pycache__" not in path.parts
    )


def as_copied(path: Path) -> bytes:
    """Return a snippet as a reader has it: without section and highlight markers."""
    copied = path.read_bytes()
    try:
        text = copied.decode("utf-8")
    except UnicodeDecodeError:
        return copied
    kept: list[str] = []
    for line in text.splitlines(keepends=True):
        content = line.rstrip("\r\n")
        unmarked = HIGHLIGHT.sub("", content)
        if SECTION.match(content) is None and (unmarked or not content):
            kept.append(unmarked + line[len(content) :])
    return "".join(kept).encode("utf-8")
