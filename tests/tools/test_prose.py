"""The check of the prose, and the faults that it must find."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients import node
from tools.harness import live
from tools.problems import Problem
from tools.prose import codes
from tools.prose.check import check
from tools.prose.facts import RETRIES, facts
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
#: Each prints how often a client asks a server that is not there, without the waits between.
TRIES = {
    "graphql-ws": """
        import { createClient } from "graphql-ws";
        import { WebSocket } from "ws";
        let tries = 0;
        const client = createClient({
          url: "ws://127.0.0.1:1", webSocketImpl: WebSocket, on: { connecting: () => tries++ },
          shouldRetry: () => true, retryWait: async () => {},
        });
    """,
    "graphql-sse": """
        import { createClient } from "graphql-sse";
        let tries = 0;
        const fetchFn = (...all) => { tries++; return fetch(...all); };
        const client = createClient({ url: "http://127.0.0.1:1", fetchFn, retry: async () => {} });
    """,
}
LISTEN = """
    client.subscribe({ query: "{ me }" }, { error: () => console.log(tries), complete: () => {} });
"""


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


@pytest.mark.parametrize(
    ("page", "right", "wrong"),
    [
        ("guide/clients.md", "| 4401 | logged out", "| 4429 | logged out"),
        ("guide/security.md", "the socket is closed with 4401", "the socket is closed with 4403"),
        ("guide/security.md", "1011 becomes 4500", "1011 becomes 4400"),
        ("guide/subscriptions.md", "is closed with 4408", "is closed with 4409"),
        (
            "integrations/channels.md",
            "of that user close with 4401",
            "of that user close with 4403",
        ),
    ],
)
def test_another_close_code_in_a_sentence_is_a_problem(
    root: Path, page: str, right: str, wrong: str
) -> None:
    text = (live.ROOT / "docs" / page).read_text(encoding="utf-8")
    assert right in text
    path = root / "docs" / page
    path.parent.mkdir(exist_ok=True)
    known = [fact for fact in codes.sentences() if fact[0] == page]
    for said, expected in ((text, False), (text.replace(right, wrong), True)):
        path.write_text(said, encoding="utf-8")
        problems = [one for one in found(root, known) if "does not say" in one]
        assert bool(problems) == expected


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
        ("[other]\nlisten_to_topic = a\nold = gone", "'old' is on no page, or known"),
    ],
)
def test_the_list_of_names_is_held_too(root: Path, listed: str, problem: str) -> None:
    (root / "docs/page.md").write_text(PAGE.replace("listen_to_channel", "listen_to_topic"))
    (root / "tools/prose/names.ini").write_text(listed)
    problems = found(root)
    assert len(problems) == bool(problem)
    assert not problem or problem in problems[0]


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


@pytest.mark.parametrize("package", RETRIES)
def test_a_client_tries_again_as_often_as_the_pages_say(package: str) -> None:
    done = subprocess.run(
        [node.command("node"), "--input-type=module", "--eval", TRIES[package] + LISTEN],
        cwd=node.packages(),
        capture_output=True,
        text=True,
        timeout=node.SECONDS,
        check=False,
    )
    assert done.stdout.strip() == str(1 + RETRIES[package]), done.stderr


def test_each_fact_is_of_a_page() -> None:
    stated = list(facts())
    assert len(stated) > 20
    assert all((live.ROOT / "docs" / page).is_file() for page, _ in stated)


def test_the_pages_of_the_guide_are_true() -> None:
    assert check(live.ROOT) == []


def test_the_command_says_what_is_wrong(root: Path) -> None:
    (root / "docs/page.md").write_text(PAGE.replace("ALLOWED_HOSTS", "ALLOWED_HOST"))
    command = [sys.executable, "-m", "tools.prose", "--root", str(root)]
    done = subprocess.run(command, cwd=live.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "docs/page.md:15: `ALLOWED_HOST`" in done.stdout
    assert isinstance(check(root, FACTS)[0], Problem)
