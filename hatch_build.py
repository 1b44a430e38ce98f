"""Make an editable install work, which a `.pth` file cannot do here.

`strawberry_django` is a regular package in site-packages, so Python never looks for its modules in
another folder: an editable install by path would leave strawberry-graphql-django's own `routers`
in place without a word. So an editable wheel carries, for each of our packages, an `__init__.py`
that points `__path__` at the checkout and runs the checkout's own `__init__.py`; for type checkers,
which do not run it, the sources lie beside it (and its own as `__init__.pyi`).
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGES = ("strawberry_django/realtime", "strawberry_django/routers")
REDIRECT = '''\
"""An editable install: the code is in the folder below."""

__path__ = [{folder!r}]
__file__ = {init!r}
with open(__file__, encoding="utf-8") as _source:
    _code = compile(_source.read(), __file__, "exec", dont_inherit=True)
exec(_code)
'''


class EditableBuildHook(BuildHookInterface[Any]):
    """Replace the path file of an editable wheel by packages that redirect to the checkout."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Choose the files of the wheel (``version`` is "standard" or "editable")."""
        if version != "editable":
            return
        root = Path(self.root)
        self._staging = Path(tempfile.mkdtemp(prefix="editable-"))
        included: dict[str, str] = build_data["force_include_editable"]
        for package in PACKAGES:
            folder = root / package
            for source in sorted(folder.rglob("*")):
                if source.is_file() and "__pycache__" not in source.parts:
                    included[str(source)] = str(source.relative_to(root))
            init = folder / "__init__.py"
            redirect = self._staging / package / "__init__.py"
            redirect.parent.mkdir(parents=True)
            redirect.write_text(REDIRECT.format(folder=str(folder), init=str(init)), "utf-8")
            included[str(init)] = f"{package}/__init__.pyi"
            included[str(redirect)] = f"{package}/__init__.py"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the staged files."""
        if version == "editable":
            shutil.rmtree(self._staging)
