"""Live mode: import `strawberry_django.routers` and `.realtime` from the checkout.

Both live inside the installed `strawberry_django`, so a path entry is not enough: the checkout's
folder has to come first in `strawberry_django.__path__`. With the wheel installed nothing of this
is needed. Standard library only: `startup/sitecustomize.py` loads this file alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

PACKAGE = "strawberry_django"
ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / PACKAGE
STARTUP = Path(__file__).resolve().parent / "startup"
#: What `startup/sitecustomize.py` reads.
_SWITCHES = ("HARNESS_SHIPPED", "HARNESS_WITHOUT_DAPHNE", "HARNESS_WITHOUT_PSYCOPG")


class _CheckoutFinder(MetaPathFinder):
    """Find the installed package as ever, and look for its modules in the checkout first."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != PACKAGE:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.submodule_search_locations is not None:
            _insert(spec.submodule_search_locations)
        return spec


def _insert(locations: list[str]) -> None:
    if str(SOURCES) not in locations:
        locations.insert(0, str(SOURCES))


def is_live() -> bool:
    """Tell whether this process imports the library from the checkout."""
    return any(isinstance(finder, _CheckoutFinder) for finder in sys.meta_path)


def enter() -> None:
    """Import the library from the checkout from now on, in this process and the harness's own."""
    if not is_live():
        sys.meta_path.insert(0, _CheckoutFinder())
    loaded = sys.modules.get(PACKAGE)
    if loaded is not None:
        _insert(loaded.__path__)  # type: ignore[arg-type]


def ensure() -> None:
    """Enter live mode unless the library itself is installed (a wheel, or an editable install)."""
    spec = PathFinder.find_spec(PACKAGE)
    locations = (spec.submodule_search_locations or ()) if spec is not None else ()
    others = (Path(one) for one in locations if Path(one).resolve() != SOURCES)
    if not any((one / "realtime/__init__.py").is_file() for one in others):
        enter()


def environment(*, daphne: bool = True) -> dict[str, str]:
    """Return the environment for a Python subprocess that imports the same library as this one.

    Args:
        daphne: whether it may serve with Daphne; without it, it starts sooner.
    """
    env = {**os.environ, "PYTHONPATH": str(STARTUP), "PYTHONUNBUFFERED": "1"}
    for name in ("DJANGO_SETTINGS_MODULE", "PYTHONWARNINGS", *_SWITCHES):
        env.pop(name, None)
    shipped, without_daphne, without_psycopg = _SWITCHES
    env[without_psycopg] = "1"  # Who serves with PostgreSQL empties it.
    if not is_live():
        env[shipped] = "1"
    if not daphne:
        env[without_daphne] = "1"
    return env
