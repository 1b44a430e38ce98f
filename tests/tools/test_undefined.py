"""Names that a module uses, and nothing in it gives."""

from __future__ import annotations

import builtins
from pathlib import Path

import pytest

from tools.undefined import given, undefined

ROOT = Path(__file__).resolve().parents[2]

FUTURE = "from __future__ import annotations\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("application = router(schema)", ["router", "schema"], id="in a call"),
        pytest.param("x = y\ny = 1", ["y"], id="below where it is used"),
        pytest.param("X += [1]", ["X"], id="added to what is not there"),
        pytest.param("@one\ndef f():\n    pass", ["one"], id="a decorator"),
        pytest.param("def f(x: Any) -> Other:\n    pass", ["Any", "Other"], id="an annotation"),
        pytest.param(f"{FUTURE}def f(x: Any):\n    pass", ["Any"], id="an annotation for later"),
        pytest.param(f"{FUTURE}x: Any = 1", ["Any"], id="of a variable"),
        pytest.param("def f(x=y):\n    pass", ["y"], id="a default"),
        pytest.param("def f():\n    return y", ["y"], id="in a function"),
        pytest.param("def f():\n    def g():\n        return y", ["y"], id="in two functions"),
        pytest.param("x = lambda: y", ["y"], id="in a lambda"),
        pytest.param("class A(B):\n    pass", ["B"], id="a base"),
        pytest.param("class A:\n    x = y", ["y"], id="in a class"),
        pytest.param(
            "class A:\n    x = 1\n    def f(self):\n        return x", ["x"], id="a field"
        ),
        pytest.param("class A:\n    def f(self) -> A:\n        pass", ["A"], id="its own class"),
        pytest.param("def f():\n    x = 1\ny = x", ["x"], id="of a function"),
        pytest.param("y = [x for x in z if w]", ["z", "w"], id="in a comprehension"),
        pytest.param("y = [x for x in []]\nz = x", ["x"], id="of a comprehension"),
        pytest.param("try:\n    pass\nexcept Other:\n    pass", ["Other"], id="an exception"),
        pytest.param("import a.b\nx = b", ["b"], id="the end of an import"),
    ],
)
def test_an_undefined_name_is_found(source: str, expected: list[str]) -> None:
    assert undefined(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "import a.b\nx = a",
        "from a import b as c\nx = c",
        "X = [1]\nX = [*X]\nX += [2]",
        "def f():\n    return y\ny = 1",
        "x = lambda: y\ny = 1",
        f"{FUTURE}class A:\n    def f(self) -> A:\n        pass",
        f"{FUTURE}class A:\n    B = int\n    def f(self) -> B:\n        pass",
        "class A:\n    x = 1\n    y = x",
        "def f(a, /, b, *c, d, **e):\n    return a, b, c, d, e",
        "def f(x):\n    def g():\n        return x\n    return g",
        "def f():\n    for x in y():\n        z = x\n    return z\ndef y():\n    return []",
        "async def f(y):\n    async with y as x:\n        return [z async for z in x]",
        "try:\n    pass\nexcept ValueError as error:\n    x = error",
        "x = {key: value for key, value in {}.items()}",
        "match []:\n    case [a, *b]:\n        c = a, b",
        "match {}:\n    case {'a': a, **b} as c:\n        d = a, b, c",
        "print(__file__, __name__, len([]))",
        "from a import *\nx = anything",
    ],
)
def test_what_is_given_is_no_fault(source: str) -> None:
    assert undefined(source) == []


def test_what_a_star_gives_may_be_known() -> None:
    source = "from settings import *\nx = MIDDLEWARE + OTHER"
    assert undefined(source, {"settings": {"MIDDLEWARE"}}.get) == ["OTHER"]


def test_what_a_module_gives_are_its_own_names() -> None:
    source = "import a\nfrom b import c\nd: int = 1\ndef e(f):\n    g = 1\nclass h:\n    i = 1"
    assert given(source) == {"a", "c", "d", "e", "h"}
    assert not given("") & {*dir(builtins)}


@pytest.mark.parametrize("folder", ["snippets", "tools", "tests/tools"])
def test_what_runs_has_no_undefined_names(folder: str) -> None:
    for path in sorted((ROOT / folder).rglob("*.py")):
        if "site-packages" not in path.parts:
            assert undefined(path.read_text(encoding="utf-8")) == [], path
