"""Import the router of strawberry-graphql-django, as if this library were not installed.

Ours is a package, which Python prefers to their module of the same name. A server that is started
with this folder on its path finds `strawberry_django.routers` in their file, and no
`strawberry_django.realtime` at all.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

PACKAGE = "strawberry_django"


class _TheirsFinder(MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname == f"{PACKAGE}.realtime":
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        if fullname != f"{PACKAGE}.routers":
            return None
        package = PathFinder.find_spec(PACKAGE)
        assert package is not None
        assert package.origin is not None
        return spec_from_file_location(fullname, Path(package.origin).with_name("routers.py"))


sys.meta_path.insert(0, _TheirsFinder())
