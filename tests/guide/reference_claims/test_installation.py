"""The section "Installation" of the reference."""

from __future__ import annotations

import re
from importlib.metadata import distribution, entry_points

import pytest

from tests.guide.reference_claims import reference
from tools.harness import live


@pytest.fixture(scope="module")
def declared() -> str:
    """What this distribution says of itself, and of what it needs."""
    return (live.ROOT / "pyproject.toml").read_text(encoding="utf-8")


def brings(package: str, module: str) -> bool:
    """Tell whether what is installed by the name `package` is where `module` comes from."""
    files = distribution(package).files or []
    return any(file.as_posix() == f"{module}/__init__.py" for file in files)


def test_pip_install_channels_daphne(declared: str) -> None:
    packages = reference.PIP_INSTALL.removeprefix("pip install ").split()
    assert packages == ["channels", "daphne"]
    assert all(brings(package, package) for package in packages)
    assert re.search(r'^dependencies = \[\s*"channels>=', declared, re.MULTILINE)
    assert re.search(r'^daphne = \["daphne>=[\d.]+"\]$', declared, re.MULTILINE)
    (command,) = entry_points(group="console_scripts", name="daphne")
    assert callable(command.load())


def test_pip_install_channels_redis_for_redis_backed_layers(declared: str) -> None:
    (package,) = reference.PIP_INSTALL_REDIS.partition("#")[0].split()[2:]
    assert brings(package, "channels_redis")
    assert re.search(rf'^redis = \["{package}>=[\d.]+"\]$', declared, re.MULTILINE)
    assert '"BACKEND": "channels_redis.' in reference.CHANNEL_LAYERS_REDIS
