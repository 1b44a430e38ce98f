"""The public names of the package."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from strawberry_django import realtime
from tools.harness import live


@pytest.mark.parametrize("name", realtime.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(realtime, name).__name__ == name
    assert name in dir(realtime)


def test_any_other_name_is_missing_as_ever() -> None:
    package: Any = realtime
    with pytest.raises(AttributeError, match="has no attribute 'AuthRouter'"):
        _ = package.AuthRouter


def test_importing_the_package_touches_neither_settings_nor_models() -> None:
    code = (
        "import sys, strawberry_django.realtime as realtime\n"
        "from django.conf import settings\n"
        "assert not settings.configured\n"
        "assert 'strawberry_django.realtime.routing' not in sys.modules\n"
        "assert 'AuthGraphQLProtocolTypeRouter' in dir(realtime)\n"
    )
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, env=live.environment(), capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
