"""The library's imports point only toward the ground, its files are short and each has its test.

Every rule is a function of a checkout, so that each is shown to see the fault it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.harness import live
from tools.modules import LIBRARY, imports, modules, own_test, own_tests

LAYERS = (
    ("protocol", "exceptions", "conf", "logs", "limits", "threads", "watched", "shutdown"),
    ("request", "context", "negotiation"),
    ("topics", "security", "sessions", "revocation", "writer"),
    ("watch", "handlers", "legacy"),
    ("explorer", "endpoint"),
    ("consumers",),
    ("routing",),
)
BESIDE = ("__main__", "apps", "checks", "management", "snippets", "testing")
# Not the tests: one file tests one module, however much that promises.
SHORT = ("strawberry_django", "tools", "snippets")
LINES = 250
RANK = {module: rank for rank, layer in enumerate(LAYERS) for module in layer}

Problems = Iterator[str]


def siblings(name: str, path: Path) -> Iterator[tuple[str, int]]:
    """The modules and packages directly in `realtime` that `path` imports, but its own."""
    for imported, line in imports(name, path):
        parts = imported.split(".")
        if parts[:2] != ["strawberry_django", "realtime"] or parts[2:3] == name.split(".")[:1]:
            continue
        if len(parts) > 2 and (parts[2] in RANK or parts[2] in BESIDE):
            yield parts[2], line


def unplaced(root: Path) -> Problems:
    """Every module has a place."""
    for name, path in modules(root):
        top = name.split(".")[0]
        if top and top not in RANK and top not in BESIDE:
            yield f"{path}: {top} has no layer"


def upward(root: Path) -> Problems:
    """An import goes down, or stays in its layer; what stands beside is imported by none."""
    for name, path in modules(root):
        top = name.split(".")[0]
        if top and top not in RANK:
            continue
        for sibling, line in siblings(name, path):
            if sibling in BESIDE:
                yield f"{path}:{line}: imports {sibling}, which stands beside the library"
            elif not top or RANK[sibling] > RANK[top]:
                yield f"{path}:{line}: imports {sibling}, which is above"


def circular(root: Path) -> Problems:
    """No two modules import each other, not even by way of others."""
    below: dict[str, set[str]] = {}
    for name, path in modules(root):
        found = below.setdefault(name.split(".")[0], set())
        found.update(sibling for sibling, _ in siblings(name, path))
    reached = {name: set(found) for name, found in below.items()}
    for _ in reached:
        for found in reached.values():
            for name in tuple(found):
                found |= reached.get(name, set())
    yield from (f"{name} imports itself" for name, found in reached.items() if name in found)


def foreign(root: Path) -> Problems:
    """The library imports nothing of the checkout but itself."""
    for name, path in modules(root):
        for imported, line in imports(name, path):
            if imported.split(".")[0] in ("tools", "tests", "benchmarks", "noxfile"):
                yield f"{path}:{line}: imports {imported}"


def long(root: Path) -> Problems:
    """A long file is two ideas."""
    for folder in SHORT:
        for path in sorted((root / folder).rglob("*.py")):
            count = len(path.read_text(encoding="utf-8").splitlines())
            if count > LINES:
                yield f"{path}: {count} lines, where {LINES} are allowed"


def untested(root: Path) -> Problems:
    """Each module has a test file of its own; a package's `__init__` may share one with it."""
    for folder in LIBRARY:
        for path in sorted((root / folder).rglob("*.py")):
            if not own_tests(root, path):
                yield f"{path}: has no tests/{own_test(root, path)}.py"


RULES: list[Callable[[Path], Problems]] = [unplaced, upward, circular, foreign, long, untested]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_checkout_keeps_the_rule(rule: Callable[[Path], Problems]) -> None:
    assert list(rule(live.ROOT)) == []


def plant(root: Path, name: str, text: str = "") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def realtime(root: Path, name: str, text: str = "") -> Path:
    return plant(root, f"strawberry_django/realtime/{name}", text)


def test_a_module_without_a_place_is_seen(tmp_path: Path) -> None:
    realtime(tmp_path, "__init__.py")
    realtime(tmp_path, "conf.py")
    path = realtime(tmp_path, "helpers/strings.py")
    assert list(unplaced(tmp_path)) == [f"{path}: helpers has no layer"]


@pytest.mark.parametrize(
    "statement",
    [
        "from .routing import AuthGraphQLProtocolTypeRouter",
        "from . import routing",
        "import strawberry_django.realtime.routing",
        "from strawberry_django.realtime import routing",
        "def late():\n    from .routing import AuthGraphQLProtocolTypeRouter",
        "if TYPE_CHECKING:\n    pass\nelse:\n    from . import routing",
    ],
)
def test_an_import_of_what_is_above_is_seen(tmp_path: Path, statement: str) -> None:
    path = realtime(tmp_path, "context.py", f"{statement}\n")
    line = len(statement.splitlines())
    assert list(upward(tmp_path)) == [f"{path}:{line}: imports routing, which is above"]


def test_an_import_from_inside_a_package_is_seen(tmp_path: Path) -> None:
    path = realtime(tmp_path, "consumers/http.py", "from ..routing import Router\n")
    init = realtime(tmp_path, "consumers/__init__.py", "from .. import routing\n")
    assert list(upward(tmp_path)) == [
        f"{init}:1: imports routing, which is above",
        f"{path}:1: imports routing, which is above",
    ]


def test_an_import_by_the_package_itself_is_seen(tmp_path: Path) -> None:
    path = realtime(tmp_path, "__init__.py", "from .conf import DEFAULTS\n")
    assert list(upward(tmp_path)) == [f"{path}:1: imports conf, which is above"]


def test_an_import_of_what_stands_beside_is_seen(tmp_path: Path) -> None:
    path = realtime(tmp_path, "routing.py", "from .checks import register_checks\n")
    realtime(tmp_path, "apps.py", "from .checks import register_checks\n")
    expected = f"{path}:1: imports checks, which stands beside the library"
    assert list(upward(tmp_path)) == [expected]


def test_an_import_that_only_type_checkers_see_is_allowed(tmp_path: Path) -> None:
    realtime(tmp_path, "context.py", "if TYPE_CHECKING:\n    from .routing import Router\n")
    assert list(upward(tmp_path)) == []
    assert list(circular(tmp_path)) == []


def test_an_import_of_what_is_below_is_allowed(tmp_path: Path) -> None:
    realtime(tmp_path, "routing.py", "import django\nfrom .conf import DEFAULTS\n")
    assert list(upward(tmp_path)) == []


def test_a_circle_is_seen(tmp_path: Path) -> None:
    realtime(tmp_path, "topics.py", "from .security import host_refusal\n")
    realtime(tmp_path, "security.py", "from .writer import SocketWriter\n")
    realtime(tmp_path, "writer.py", "from .topics import Message\n")
    realtime(tmp_path, "sessions.py", "from .topics import Message\n")
    names = ("security", "topics", "writer")
    assert list(circular(tmp_path)) == [f"{name} imports itself" for name in names]


def test_an_import_of_the_tools_is_seen(tmp_path: Path) -> None:
    path = realtime(tmp_path, "snippets.py", "from tools import markers\n")
    assert list(foreign(tmp_path)) == [f"{path}:1: imports tools.markers"]


def test_a_long_file_is_seen(tmp_path: Path) -> None:
    path = plant(tmp_path, "tools/record.py", "\n" * 251)
    plant(tmp_path, "tools/short.py", "\n" * 250)
    plant(tmp_path, "tests/test_record.py", "\n" * 251)
    assert list(long(tmp_path)) == [f"{path}: 251 lines, where 250 are allowed"]


def test_a_module_without_a_test_is_seen(tmp_path: Path) -> None:
    realtime(tmp_path, "conf.py")
    realtime(tmp_path, "__main__.py")
    realtime(tmp_path, "consumers/__init__.py")
    path = realtime(tmp_path, "consumers/http.py")
    init = plant(tmp_path, "strawberry_django/routers/__init__.py")
    for name in ("test_conf.py", "test_main.py", "test_consumers_websocket.py", "test_http.py"):
        plant(tmp_path, f"tests/{name}")
    assert list(untested(tmp_path)) == [
        f"{path}: has no tests/test_consumers_http.py",
        f"{init}: has no tests/test_routers.py",
    ]
