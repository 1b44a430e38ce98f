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
title: 12 things
---

# A page

## 1. A step

1. It is a 403, after 30 seconds ([2](x.md#99)).

```python title="7"
--8<-- "a.py:1234"
```

Call `listen_to_channel`, and set `ALLOWED_HOSTS`.
"""
FACTS = [("page.md", "after 30 seconds")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "snippets").mkdir()
    (tmp_path / "tools/prose").mkdir(parents=True)
    (tmp_path / "snippets/a.py").write_text("listen_to_channel()\n")
    (tmp_path / "strawberry_django").mkdir()
    (tmp_path / "strawberry_django/b.py").write_text("status = 403\n")
    (tmp_path / "docs/page.md").write_text(PAGE)
    return tmp_path


def found(root: Path, known: list[tuple[str, str]] | None = None) -> list[str]:
    return [str(problem) for problem in check(root, FACTS if known is None else known)]


def test_what_the_code_has_may_be_said(root: Path) -> None:
    assert found(root) == []


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("a 403", "a 418", "docs/page.md:9: the number 418 is unbound"),
        ("a 403", "a 4403", "docs/page.md:9: the number 4403 is unbound"),
        ("listen_to_channel", "listen_to_topic", "docs/page.md:15: `listen_to_topic`"),
        ("ALLOWED_HOSTS", "ALLOWED_HOST", "docs/page.md:15: `ALLOWED_HOST`"),
        ("It is", "In 5 cases it is", "docs/page.md:9: the number 5 is unbound"),
        ("30 seconds", "20 seconds", "docs/page.md: does not say 'after 30 seconds'"),
        ("It is", "After six seconds it is", "docs/page.md:9: the number six is unbound"),
        ("It is", "The default is six. It is", "docs/page.md:9: the number six is unbound"),
    ],
)
def test_what_it_does_not_have_is_a_problem(
    root: Path, right: str, wrong: str, problem: str
) -> None:
    (root / "docs/page.md").write_text(PAGE.replace(right, wrong))
    assert any(one.startswith(problem) for one in found(root)), found(root)


def test_a_changed_default_is_a_problem(root: Path) -> None:
    problems = found(root, [("page.md", "after 20 seconds")])
    assert problems == [
        "docs/page.md: does not say 'after 20 seconds'; mend page or fact",
        "docs/page.md:9: the number 30 is unbound; bind it in tools/prose/facts.py",
    ]


def test_a_number_in_words_is_bound_too(root: Path) -> None:
    (root / "docs/page.md").write_text(PAGE.replace("30 seconds", "five seconds"))
    assert found(root, [("page.md", f"after {in_words(5.0)} seconds")]) == []
    assert found(root, [("page.md", f"after {in_words(6)} seconds")]) == [
        "docs/page.md: does not say 'after six seconds'; mend page or fact",
        "docs/page.md:9: the number five is unbound; bind it in tools/prose/facts.py",
    ]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Ten bytes, a five-minute wait and sixty more", ["Ten", "five"]),
        ("Twenty-five times, `two times`, [2](three times)", ["Twenty-five"]),
        ("Three things follow: one second, and ten", []),
        ("The default is twelve, and seven by day", ["twelve"]),
    ],
)
def test_words_are_numbers_before_a_unit_and_as_a_default(text: str, numbers: list[str]) -> None:
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
        ("[quoted]\nlisten_to_topic = tests/test_b.py", "is not in tests/test_b.py"),
        ("[quoted]\nlisten_to_topic = tests/test_c.py", "is not in tests/test_c.py"),
        ("[other]\nlisten_to_topic = a\nold = gone", "'old' is on no page, or known"),
    ],
)
def test_the_list_of_names_is_held_too(root: Path, listed: str, problem: str) -> None:
    (root / "docs/page.md").write_text(PAGE.replace("listen_to_channel", "listen_to_topic"))
    (root / "tools/prose/names.ini").write_text(listed)
    (root / "tests").mkdir()
    (root / "tests/test_a.py").write_text('assert "listen_to_topic" in log\n')
    (root / "tests/test_b.py").write_text('assert "listen_to_channel" in log\n')
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
    assert sorted(lines) == [5, 7, 9, 15]
    assert [number for _, number in lines[9].numbers()] == ["403", "30"]
    assert list(lines[15].names()) == ["listen_to_channel", "ALLOWED_HOSTS"]


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
        "graphql_ide=False",
        "allow_queries_via_get=None",
        "connection_init_wait_timeout=30",
        "allowed_origins='origin'",
        "on_connect=True",
    ],
)
def test_a_name_of_known_words_must_resolve(name: str) -> None:
    assert Names(live.ROOT).unknown(name) == {name}


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
        "graphql_ide=None",
        'slow_consumer="latest"',
        "ping_interval=30",
        "allowed_origins=()",
        "on_connect=on_connect",
    ],
)
def test_a_name_that_resolves_is_known(name: str) -> None:
    assert Names(live.ROOT).unknown(name) == set()


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
    assert "docs/page.md:15: `ALLOWED_HOST`" in done.stdout
    assert isinstance(check(root, FACTS)[0], Problem)
