"""What a subprocess of the harness does before anything else (see `tools/harness/live.py`)."""

import ctypes.util
import os
import runpy
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

if "HARNESS_SHIPPED" not in os.environ:
    runpy.run_path(str(Path(__file__).parents[1] / "live.py"))["enter"]()

if "HARNESS_WITHOUT_DAPHNE" in os.environ:
    # Daphne's app imports its server, and with it Twisted, in a process that another server runs:
    # a third of the processor's time that such a process takes to start.
    sys.modules["daphne.server"] = ModuleType("daphne.server")

if os.environ.get("HARNESS_WITHOUT_PSYCOPG"):
    # Where it is installed, strawberry_django imports it, and a fifth of a start goes there.
    sys.modules["psycopg"] = None  # type: ignore[assignment]

# `strawberry_django` imports GeoDjango, which asks for GDAL by thirty names, each with a process.
_find_library = ctypes.util.find_library
ctypes.util.find_library = lambda name: None if "gdal" in name.lower() else _find_library(name)


class _QuickHashes(MetaPathFinder):
    """Passwords are hashed in one round: the million of Django's takes half a second of a login."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname != "django.contrib.auth.hashers":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        loader: Any = spec and spec.loader
        execute = loader.exec_module

        def exec_module(module: Any) -> None:
            execute(module)
            module.PBKDF2PasswordHasher.iterations = 1

        loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, _QuickHashes())
