"""The check of the prose, and the faults that it must find."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.harness import live
from tools.problems import Problem
from tools.prose.check import check
from tools.prose.names import Names
from tools.prose.text import Line, in_words, prose

PAGE = """\
---
title: A page
description: Two things to know.
hide:
  - 12
---

# A page

## 1. A step

1. It is a 403, after 30 seconds ([2](x.md#99)).

```python title="At most 7 times, in a.py"
--8<-- "a.py:1234"
```

Call `listen_to_channel`, and set `ALLOWED_HOSTS`.
"""
FACTS = [
    ("docs/page.md", "Two things to know."),
    ("docs/page.md", "It is a 403, after 30 seconds"),
    ("docs/page.md", "At most 7 times"),
]
LIBRARY = '''
"""Not a message"""
STATUSES = (403, 415)
log("Nothing was found")
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "snippets").mkdir()
    (tmp_path / "tools/prose").mkdir(parents=True)
    (tmp_path / "snippets/a.py").write_text("listen_to_channel()\n")
    (tmp_path / "strawberry_django/realtime").mkdir(parents=True)
    (tmp_path / "strawberry_django/realtime/b.py").write_text(LIBRARY)
    (tmp_path / "docs/page.md").write_text(PAGE)
    return tmp_path


@pytest.fixture(scope="module")
def guide() -> Names:
    return Names(live.ROOT)


def found(root: Path, known: list[tuple[str, str]] | None = None) -> list[str]:
    return [str(problem) for problem in check(root, FACTS if known is None else known)]


def test_what_the_code_has_may_be_said(root: Path) -> None:
    assert found(root) == []


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("a 403", "a 415", "docs/page.md:12: the number 415 is unbound"),
        ("a 403", "a 4403", "docs/page.md:12: the number 4403 is unbound"),
        ("It is", "It is no 4xx. It is", "docs/page.md:12: the number 4xx is unbound"),
        ("listen_to_channel", "listen_to_topic", "docs/page.md:18: `listen_to_topic`"),
        ("ALLOWED_HOSTS", "ALLOWED_HOST", "docs/page.md:18: `ALLOWED_HOST`"),
        ("in a.py", "in b_a.py", "docs/page.md:14: `b_a.py`"),
        ("ALLOWED_HOSTS`", "ALLOWED_HOSTS`: W099", "docs/page.md:18: `W099`"),
        ("It is", "In 5 cases it is", "docs/page.md:12: the number 5 is unbound"),
        ("30 seconds", "20 seconds", "docs/page.md: does not say 'It is a 403, after 30 seconds'"),
        ("It is", "After six seconds it is", "docs/page.md:12: the number six is unbound"),
        ("It is", "The default is six. It is", "docs/page.md:12: the number six is unbound"),
        ("It is", "Two for each process. It is", "docs/page.md:12: the number Two is unbound"),
        ("It is", "**Within a second** it is", "docs/page.md:12: the number Within a second is"),
        ("It is", "For a third of them it is", "docs/page.md:12: the number a third is unbound"),
        ("Two things", "Three things", "docs/page.md:3: the number Three is unbound"),
        ("7 times", "8 times", "docs/page.md:14: the number 8 is unbound"),
    ],
)
def test_what_it_does_not_have_is_a_problem(
    root: Path, right: str, wrong: str, problem: str
) -> None:
    (root / "docs/page.md").write_text(PAGE.replace(right, wrong))
    assert any(one.startswith(problem) for one in found(root)), found(root)


def test_a_changed_default_is_a_problem(root: Path) -> None:
    problems = found(root, [*FACTS[::2], ("docs/page.md", "It is a 403, after 20 seconds")])
    assert problems == [
        "docs/page.md: does not say 'It is a 403, after 20 seconds'; mend page or fact",
        "docs/page.md:12: the number 30 is unbound; bind it in tools/prose/facts.py",
        "docs/page.md:12: the number 403 is unbound; bind it in tools/prose/facts.py",
    ]


def test_a_number_in_words_is_bound_too(root: Path) -> None:
    (root / "docs/page.md").write_text("Closed after five seconds.\n")
    assert found(root, [("docs/page.md", f"after {in_words(5.0)} seconds")]) == []
    assert found(root, [("docs/page.md", f"after {in_words(6)} seconds")]) == [
        "docs/page.md: does not say 'after six seconds'; mend page or fact",
        "docs/page.md:1: the number five is unbound; bind it in tools/prose/facts.py",
    ]


def test_a_fact_may_go_on_in_the_next_line(root: Path) -> None:
    (root / "docs/page.md").write_text("- Their clients wait six\n  seconds, at most 7.\n")
    assert found(root, [("docs/page.md", "wait six seconds, at most 7")]) == []


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md"])
def test_the_numbers_beside_the_pages_are_held_too(root: Path, file: str) -> None:
    (root / file).write_text("`a_name`, and then\nsix seconds\n")
    assert found(root, [*FACTS, (file, "then six seconds")]) == []
    assert found(root) == [f"{file}:2: the number six is unbound; bind it in tools/prose/facts.py"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Ten bytes, a five-minute wait and sixty more", ["Ten", "five"]),
        ("Twenty-five times, `two times`, [2](three times)", ["Twenty-five"]),
        ("Three things follow: one second, and ten", ["Three", "ten"]),
        ("The default is twelve, and seven by day", ["twelve", "seven"]),
        ("Seconds between two pings, or two in twenty-one", ["two", "twenty-one"]),
        ("A thousand clients, a thousand sockets", ["thousand"]),
        ("A second hook, the third, the other half of it", []),
        (
            "A third of it, always the same third, half of you",
            ["A third", "the same third", "half"],
        ),
        ("Within a minute, a 4xx", ["4xx", "Within a minute"]),
    ],
)
def test_words_are_numbers_where_they_count(text: str, numbers: list[str]) -> None:
    assert [number for _, number in Line("page.md", 1, text).numbers()] == numbers


@pytest.mark.parametrize(
    ("listed", "problem"),
    [
        ("[python]\nlisten_to_topic = json:dumps", ""),
        ("[other]\nlisten_to_topic = a name of another library", ""),
        ("[other]\nlisten_to_topic =", "'listen_to_topic' has no reason"),
        ("[python]\nlisten_to_topic = json:listen", "json:listen does not exist"),
        ("[python]\nlisten_to_topic = no_such_module:x", "no_such_module:x does not exist"),
        ("[quoted]\nlisten_to_topic = tests/test_a.py", ""),
        (
            "[quoted]\nlisten_to_topic = tests/test_b.py",
            "is held against nothing in tests/test_b.py",
        ),
        (
            "[quoted]\nlisten_to_topic = tests/test_c.py",
            "is held against nothing in tests/test_c.py",
        ),
        (
            "[quoted]\nlisten_to_topic = tests/test_d.py",
            "is held against nothing in tests/test_d.py",
        ),
        ("[other]\nlisten_to_topic = a\nold = gone", "'old' is on no page, or known"),
    ],
)
def test_the_list_of_names_is_held_too(root: Path, listed: str, problem: str) -> None:
    (root / "docs/page.md").write_text(PAGE.replace("listen_to_channel", "listen_to_topic"))
    (root / "tools/prose/names.ini").write_text(listed)
    (root / "tests").mkdir()
    (root / "tests/test_a.py").write_text('assert "listen_to_topic" in log\n')
    (root / "tests/test_b.py").write_text('assert "listen_to_channel" in log\n')
    said = '"""Ask listen_to_topic."""\n# listen_to_topic\nx = "listen_to_topic"\n'
    (root / "tests/test_d.py").write_text(said)
    problems = found(root)
    assert len(problems) == bool(problem)
    assert not problem or problem in problems[0]


@pytest.mark.parametrize(
    ("said", "count"), [("Timeout reading from cache:1", 0), ("Timed out reading from x", 1)]
)
def test_an_ellipsis_in_a_quoted_text_stands_for_anything(
    root: Path, said: str, count: int
) -> None:
    (root / "docs/page.md").write_text(PAGE + "It is `Timeout reading from …`.\n")
    (root / "test_a.py").write_text(f'assert str(failed) == "{said}"\n')
    listed = "[quoted]\nTimeout reading from … = test_a.py\n"
    (root / "tools/prose/names.ini").write_text(listed)
    assert len(found(root)) == count


def test_only_prose_is_read(root: Path) -> None:
    lines = {line.number: line for line in prose(root / "docs")}
    assert sorted(lines) == [2, 3, 8, 10, 12, 14, 18]
    assert [number for _, number in lines[12].numbers()] == ["403", "30"]
    assert list(lines[14].names()) == ["a.py"]
    assert list(lines[18].names()) == ["listen_to_channel", "ALLOWED_HOSTS"]


@pytest.mark.parametrize(
    ("said", "unknown"),
    [
        ("Nothing was found", False),
        ("see you later", False),
        ("was found", True),
        ("Nothing found", True),
        ("Not a message", True),
        ("Nothing was found …", True),
        ("Nothing(was found)", False),
    ],
)
def test_several_plain_words_are_a_message_or_stand_in_a_snippet(
    root: Path, said: str, unknown: bool
) -> None:
    (root / "snippets/hear.sh").write_text("# see you later, in a snippet\n")
    (root / "docs/page.md").write_text(f"It says `{said}`.\n")
    assert [f"`{said}`: {said} is in no" in one for one in found(root, [])] == [True] * unknown


def test_what_the_library_ships_of_others_is_no_source_of_names(root: Path) -> None:
    for folder in ("strawberry_django/realtime/static/explorer", "snippets/chat/static"):
        (root / folder).mkdir(parents=True)
    (root / "strawberry_django/realtime/static/explorer/explorer.js").write_text("minified")
    (root / "snippets/chat/static/chat.js").write_text("written")
    (root / "docs/page.md").write_text("`minified`, `written`\n")
    assert [one.partition(" is in")[0] for one in found(root, [])] == [
        "docs/page.md:1: `minified`: minified"
    ]


def test_a_part_of_a_word_is_not_the_word(root: Path) -> None:
    assert Names(root).unknown("listen") == {"listen"}


@pytest.mark.parametrize(
    "name",
    [
        "info.context.capacity",
        "request.listener",
        ".capacity",
        "strawberry_django.auth.subscribe",
        "strawberry_django.realtime.subscribe",
        "manage.py fuzz",
        "nox -s routers",
        "Internal error",
        "graphql_ide=False",
        "allow_queries_via_get=None",
        "connection_init_wait_timeout=30",
        "allowed_origins='origin'",
        "on_connect=True",
    ],
)
def test_a_name_of_known_words_must_resolve(guide: Names, name: str) -> None:
    assert guide.unknown(name) == {name}


@pytest.mark.parametrize(
    "name",
    [
        "info.context.request.session",
        "info.context.ws",
        "request.META",
        "strawberry_django.realtime.consumers.GraphQLWSConsumer",
        "python manage.py migrate",
        "nox -s mutate -- --library",
        "nox -s tests security",
        "Internal server error",
        "uv add",
        "graphql_ide=None",
        'slow_consumer="latest"',
        "ping_interval=30",
        "allowed_origins=()",
        "on_connect=on_connect",
    ],
)
def test_a_name_that_resolves_is_known(guide: Names, name: str) -> None:
    assert guide.unknown(name) == set()


def test_what_a_snippet_adds_may_be_listed(root: Path) -> None:
    (root / "docs/page.md").write_text(PAGE + "It is `request.listen_to_channel`.\n")
    (root / "snippets/b.py").write_text("request\n")
    assert len(found(root)) == 1
    (root / "tools/prose/names.ini").write_text("[other]\nrequest.listen_to_channel = its own\n")
    assert found(root) == []


def test_the_pages_of_the_guide_are_true() -> None:
    assert check(live.ROOT) == []


def test_the_command_says_what_is_wrong(root: Path) -> None:
    (root / "docs/page.md").write_text(PAGE.replace("ALLOWED_HOSTS", "ALLOWED_HOST"))
    command = [sys.executable, "-m", "tools.prose", "--root", str(root)]
    done = subprocess.run(command, cwd=live.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "docs/page.md:18: `ALLOWED_HOST`" in done.stdout
    assert isinstance(check(root, FACTS)[0], Problem)
