"""Settings: what a reader looks up, or tries, in the project's settings.

May import the standard library only.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

_APPS = re.compile(r"INSTALLED_APPS = \[.*?^\]", re.DOTALL | re.MULTILINE)
_DAPHNE = '    "daphne",\n'


def allowed_host(settings: Path) -> str:
    """Return the host that the settings allow.

    Raises:
        ValueError: there is not just one.
    """
    found = re.findall(r'ALLOWED_HOSTS = \["([^"]+)"\]', settings.read_text(encoding="utf-8"))
    if len(found) != 1:
        raise ValueError(f"one host expected in ALLOWED_HOSTS of {settings.name}: {found}")
    return str(found[0])


@contextlib.contextmanager
def daphne_last(settings: Path) -> Iterator[None]:
    """Put daphne at the wrong end of INSTALLED_APPS for the length of the block.

    Raises:
        ValueError: it is not there.
    """
    before = settings.read_text(encoding="utf-8")
    apps = _APPS.search(before)
    if apps is None or _DAPHNE not in apps[0]:
        raise ValueError("there is no daphne in INSTALLED_APPS to put elsewhere")
    moved = apps[0].replace(_DAPHNE, "").removesuffix("]") + _DAPHNE + "]"
    settings.write_text(before.replace(apps[0], moved), encoding="utf-8")
    try:
        yield
    finally:
        settings.write_text(before, encoding="utf-8")
