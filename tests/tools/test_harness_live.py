from __future__ import annotations

import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

from tools.harness import live

SHOW = """
import django
from django.conf import settings

settings.configure(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"])
django.setup()
import strawberry_django.routers

print(strawberry_django.routers.__file__)
"""


def run(env: dict[str, str], cwd: Path, code: str = SHOW) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=cwd, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_subprocess_of_the_harness_imports_the_library_under_test(tmp_path: Path) -> None:
    import strawberry_django.routers

    assert run(live.environment(), tmp_path) == strawberry_django.routers.__file__
    assert strawberry_django.routers.__file__.endswith("routers/__init__.py")


def test_a_process_in_live_mode_imports_the_checkout(tmp_path: Path) -> None:
    env = {**live.environment(), "PYTHONPATH": str(live.ROOT)}
    code = f"from tools.harness import live; live.enter(); assert live.is_live(){SHOW}"
    assert run(env, tmp_path, code) == str(live.SOURCES / "routers/__init__.py")


def test_live_mode_may_be_entered_after_the_package_was_imported(tmp_path: Path) -> None:
    env = {**live.environment(), "PYTHONPATH": str(live.ROOT)}
    code = f"import strawberry_django; from tools.harness import live; live.enter(){SHOW}"
    assert run(env, tmp_path, code) == str(live.SOURCES / "routers/__init__.py")


def test_the_environment_hands_on_live_mode_only(tmp_path: Path) -> None:
    env = {**live.environment(), "PYTHONPATH": str(live.ROOT)}
    code = (
        "from tools.harness import live; a = live.environment(); live.enter();"
        "print(a.get('PYTHONPATH'), live.environment()['PYTHONPATH'])"
    )
    assert run(env, tmp_path, code) == f"None {live.STARTUP}"


def test_an_installed_library_needs_no_live_mode() -> None:
    assert live.is_installed() != live.is_live()


def test_its_processes_find_no_compiler(tmp_path: Path) -> None:
    code = "import ctypes.util, shutil; print(shutil.which('gcc'), ctypes.util.find_library('c'))"
    found, library = run(live.environment(), tmp_path, code).split()
    assert found == str(live.NO_COMPILER / "gcc")
    assert library == find_library("c")
