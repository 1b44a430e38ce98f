"""What becomes of a line, in each language."""

from __future__ import annotations

import pytest

from tools.harness.live import ROOT
from tools.mutate.mutants import DELETED, FINER, Mutant, mutants
from tools.shown import shown

PYTHON = '''\
"""What it is."""

from __future__ import annotations

import os


# A comment.
def first(one: int, *, two: str = "a") -> list[str]:
    """Do it."""
    if one == 1 and not two:
        return call(
            one,
            name=two,
        )
    return [f"{two} 2"]  # (hl)


DOCUMENT = """
  query { me(id: 3) }
"""
'''


def made(file: str, source: str, line: int) -> dict[tuple[str, str], str]:
    """Return what a line becomes, by kind and text, and the sources."""
    found = mutants(file, source, [line])
    assert all(mutant.line == line for mutant in found)
    return {(mutant.kind, mutant.now): mutant.source for mutant in found}


def kinds(found: dict[tuple[str, str], str]) -> list[tuple[str, str]]:
    return [key for key in found if key[0] != "delete"]


def test_each_argument_of_a_command_is_taken_away() -> None:
    assert kinds(made("a.sh", "serve --bind 0.0.0.0:8000 a.asgi:app\n", 1)) == [
        ("name", "serve --bind 0.0.0.0:8000 a.asgi:appx"),
        ("argument", "serve 0.0.0.0:8000 a.asgi:app"),
        ("argument", "serve --bind a.asgi:app"),
        ("argument", "serve --bind 0.0.0.0:8000"),
    ]


def test_strings_numbers_names_arguments_and_operators_are_altered() -> None:
    assert kinds(made("a.py", PYTHON, 11)) == [
        ("operator", "if one != 1 and not two:"),
        ("number", "if one == 2 and not two:"),
        ("operator", "if one == 1 or not two:"),
        ("operator", "if one == 1 and two:"),
        ("name", "if one == 1 and not twox:"),
    ]
    assert kinds(made("a.py", "a = f(b, c=g(1), d=True)\n", 1)) == [
        ("number", "a = f(b, c=g(2), d=True)"),
        ("operator", "a = f(b, c=g(1), d=False)"),
        ("name", "a = f(b, c=g(1), dx=True)"),
        ("argument", "a = f(b, c=g(1))"),
        ("argument", "a = f(c=g(1), d=True)"),
        ("argument", "a = f(b, d=True)"),
        ("argument", "a = f(b, c=g(), d=True)"),
    ]
    assert kinds(made("a.py", 'NAME = r"^a$"\n', 1)) == [
        ("string", 'NAME = r"^a$x"'),
        ("name", 'NAMEx = r"^a$"'),
    ]
    assert ("string", 'NAME = "/xgraphql"') in made("a.py", 'NAME = "/graphql"\n', 1)


@pytest.mark.parametrize("line", [1, 2, 7, 8, 10, 15])
def test_what_is_not_executed_has_no_mutants(line: int) -> None:
    assert made("a.py", PYTHON, line) == {}


def test_the_annotations_of_a_function_that_nothing_decorates_are_left_alone() -> None:
    assert ("name", 'def first(one: int, *, twox: str = "a") -> list[str]:') in made(
        "a.py", PYTHON, 9
    )
    field = "@field\ndef me(self) -> User:\n    return 1\n"
    assert ("name", "def me(self) -> Userx:") in made("a.py", field, 2)


def test_a_line_within_a_string_is_altered_as_graphql() -> None:
    assert kinds(made("a.py", PYTHON, 20)) == [
        ("number", "query { me(id: 4) }"),
        ("name", "query { me(idx: 3) }"),
        ("argument", "query { me() }"),
    ]


def deleted(source: str, line: int, file: str = "a.py") -> str:
    (found,) = [m for m in mutants(file, source, [line]) if m.kind == "delete"]
    assert found.now == DELETED
    return found.source


def test_a_line_is_deleted_alone_where_that_can_be() -> None:
    assert deleted(PYTHON, 14) == PYTHON.replace("            name=two,\n", "")


def test_a_line_is_deleted_with_what_it_opens() -> None:
    assert "if one" not in deleted(PYTHON, 11)
    assert "call(" not in deleted(PYTHON, 11)
    assert "return [" in deleted(PYTHON, 11)
    assert deleted(PYTHON, 12).count("pass\n    return [") == 1
    only = "class A:\n    b = 1\n"
    assert deleted(only, 2) == "class A:\n    pass\n"
    assert deleted("try:\n    a()\nexcept B:\n    pass\nc = 1\n", 1) == "c = 1\n"


def test_a_decorator_is_deleted_alone() -> None:
    assert deleted("@field\ndef me():\n    return 1\n", 1) == "def me():\n    return 1\n"


def test_section_markers_stay() -> None:
    source = "def a():\n    b()\n    # --8<-- [end:a]\n\n\nc()\n"
    assert "[end:a]" in deleted(source.replace("    # --8", "    # --8"), 1)


@pytest.mark.parametrize(
    ("file", "line", "expected"),
    [
        (
            "a.py",
            'a = f(b, "x, y", c=[1, g(2)])[0](d)  # h(i, j)',
            [
                ("argument", 'a = f("x, y", c=[1, g(2)])[0](d)  # h(i, j)'),
                ("argument", "a = f(b, c=[1, g(2)])[0](d)  # h(i, j)"),
                ("argument", 'a = f(b, "x, y")[0](d)  # h(i, j)'),
                ("argument", 'a = f(b, "x, y", c=[1, g()])[0](d)  # h(i, j)'),
                ("argument", 'a = f(b, "x, y", c=[1, g(2)])[0]()  # h(i, j)'),
            ],
        ),
        ("a.py", "def f(a, b): pass", [("argument", "def f(b): pass")]),
        ("a.py", "@field(only=[A])", [("argument", "@field()")]),
        ("a.js", 'on("a", () => {', [("argument", "on(() => {")]),
        (
            "a.js",
            "if (a) b(...c?.d);",
            [("operator", "if (a) b(...c.d);"), ("operator", "if (a) b(c?.d);")],
        ),
        ("a.graphql", '  a(b: "c", d: 1) { e }', [("argument", "a(d: 1) { e }")]),
        ("a.py", "a = b in c", [("operator", "a = b not in c")]),
        ("a.py", "a = [b for b in c]", []),
        ("a.py", "a = b is None", [("operator", "a = b is not None")]),
        ("a.py", "a += 1", [("operator", "a -= 1")]),
        ("a.py", 'a = "b in c is d"', []),
        ("a.py", 'a = f"{b}/graphql"', [("string", 'a = f"{b}/xgraphql"')]),
        ("a.sh", "curl http://a/b/graphql", [("string", "curl http://a/b/xgraphql")]),
        ("a.css", "  gap: 0.5rem 10%;", [("number", "gap: 1.5rem 10%;")]),
        ("a.css", "  color: #09aaff;", [("number", "color: #09aaf0;")]),
        ("a.html", "<b>Log in</b>", [("string", "<b>Log inx</b>")]),
        ("a.html", "<b>{{ name }}</b>", []),
    ],
)
def test_finer_alterations(file: str, line: str, expected: list[tuple[str, str]]) -> None:
    more = "\ndef g(): pass\n" if line.startswith("@") else "\n"
    found = [mutant for mutant in mutants(file, line + more, [1]) if mutant.since == FINER]
    assert [(mutant.kind, mutant.now) for mutant in found] == expected


@pytest.mark.parametrize(
    ("file", "source", "left"),
    [
        ("a.css", "* {\n  a: b;\n}\nc {\n}\n", "c {\n}\n"),
        ("a.graphql", "{\n  a\n}\n", ""),
        ("a.py", "a = [\n    {\n        1: 2,\n    },\n]\n", "a = [\n]\n"),
    ],
)
def test_a_line_that_only_opens_is_deleted(file: str, source: str, left: str) -> None:
    number = 2 if file == "a.py" else 1
    found = mutants(file, source, [number])
    assert [(mutant.kind, mutant.source) for mutant in found] == [("delete", left)]


@pytest.mark.parametrize(
    ("file", "line", "expected"),
    [
        ("a.sh", "daphne -p 8001 a.asgi:application", {"number", "name"}),
        ("a.sh", 'export URL="redis://x"', {"string", "name"}),
        ("a.css", "  margin: 0 auto;", {"number", "name"}),
        ("a.html", '<form id="send">', {"string", "name"}),
        ("a.js", "  if (a === b && !c) f(1, 'x');", {"operator", "number", "string", "name"}),
        ("a.graphql", '  messages(room: "lobby", last: 2) { id }', {"string", "number", "name"}),
        ("a.ini", "asyncio_mode = auto", {"name"}),
        ("a.json", '{"a": 1}', {"string", "number"}),
    ],
)
def test_other_languages_are_altered_too(file: str, line: str, expected: set[str]) -> None:
    found = mutants(file, f"{line}\n", [1])
    assert {mutant.kind for mutant in found} - {"argument"} == {"delete", *expected}


def test_a_block_of_javascript_goes_with_the_line_that_opens_it() -> None:
    source = 'on("a", () => {\n  b("}");\n});\nc();\n'
    assert deleted(source, 1, "a.js") == "c();\n"
    assert deleted(source, 2, "a.js") == 'on("a", () => {\n});\nc();\n'
    assert mutants("a.js", source, [3]) == []


def test_a_comment_or_a_closing_tag_has_no_mutants() -> None:
    assert mutants("a.html", "</body>\n<!-- a -->\n", [1, 2]) == []
    assert mutants("a.sh", "# a comment\n", [1]) == []


def test_a_language_that_nobody_described_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"a\.rs: say in"):
        mutants("a.rs", "fn main() {}\n", [1])


def test_every_mutant_of_the_guide_differs_from_its_snippet_and_from_the_others() -> None:
    sources: dict[str, set[str]] = {}
    for part in shown(ROOT):
        if "recorded/" in part.file:
            continue
        before = (ROOT / "snippets" / part.file).read_text(encoding="utf-8")
        found: list[Mutant] = mutants(part.file, before, (number for number, _ in part.lines))
        assert before not in {mutant.source for mutant in found}
        assert len({mutant.source for mutant in found}) == len(found)
        sources.setdefault(part.page, set()).update(mutant.kind for mutant in found)
    assert all("delete" in found for found in sources.values())
