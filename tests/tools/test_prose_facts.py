"""The facts of the prose: another close code in a sentence is found, and clients retry as said."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.clients import node
from tools.harness import live
from tools.prose import codes
from tools.prose.check import check
from tools.prose.facts import RETRIES, facts

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


def unsaid(root: Path, page: str, text: str) -> list[str]:
    """Return what a page should say of close codes, and does not where it has this text."""
    path = root / "docs" / page
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    problems = map(str, check(root, [fact for fact in codes.sentences() if fact[0] == page]))
    return [problem for problem in problems if "does not say" in problem]


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
    tmp_path: Path, page: str, right: str, wrong: str
) -> None:
    text = (live.ROOT / "docs" / page).read_text(encoding="utf-8")
    assert right in text
    assert not unsaid(tmp_path, page, text)
    assert unsaid(tmp_path, page, text.replace(right, wrong))


def test_two_close_codes_that_are_swapped_in_a_table_are_two_problems(tmp_path: Path) -> None:
    text = (live.ROOT / "docs" / codes.CLIENTS).read_text(encoding="utf-8")
    swapped = text.replace("| 4401 |", "| - |").replace("| 4429 |", "| 4401 |")
    problems = unsaid(tmp_path, codes.CLIENTS, swapped.replace("| - |", "| 4429 |"))
    assert ["| 4401 | logged out" in one for one in problems] == [True, False]
    assert ["| 4429 | a limit" in one for one in problems] == [False, True]


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
