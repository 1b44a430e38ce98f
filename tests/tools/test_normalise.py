from __future__ import annotations

from pathlib import Path

import pytest

from tools.normalise import normalise


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("on http://127.0.0.1:54321/graphql", "on http://127.0.0.1:8000/graphql"),
        ("Listening on TCP address 0.0.0.0:41234", "Listening on TCP address 0.0.0.0:8000"),
        ("tcp:port=45678:interface=127.0.0.1", "tcp:port=8000:interface=127.0.0.1"),
        ("Started server process [12345]", "Started server process [4242]"),
        ("[2031] [INFO] Running", "[4242] [INFO] Running"),
        ("2026-11-22 16:04:16 [INFO]", "2026-01-05 09:30:00 [INFO]"),
        ("2026-11-22T16:04:16.123456+00:00", "2026-01-05T09:30:00+00:00"),
        ("November 22, 2026 - 16:04:16", "January 05, 2026 - 09:30:00"),
        ("[22/Nov/2026 16:04:16] HTTP", "[05/Jan/2026 09:30:00] HTTP"),
        ("Sun, 22 Nov 2026 16:04:16 GMT", "Mon, 05 Jan 2026 09:30:00 GMT"),
        ("took 200 0.01 in 1.25s", "took 200 0.01 in 0.1s"),
        ("Cookie: sessionid=abcdefghijklmnop1234", "Cookie: sessionid=…"),
        ("Django version 5.2.19, using settings", "Django version 5.2, using settings"),
        ("Starting ASGI/Daphne version 4.2.0 dev", "Starting ASGI/Daphne version 4.2.3 dev"),
        ("HTTP/1.1 413 Content Too Large", "HTTP/1.1 413 Request Entity Too Large"),
        ("<Schema at 0x7f1234567890>", "<Schema at 0x7f0000000000>"),
        ("a line  \r\nanother\n\n", "a line\nanother"),
    ],
)
def test_what_differs_between_runs_is_made_the_same(given: str, kept: str) -> None:
    assert normalise(given, Path("/nowhere")) == f"{kept}\n"


@pytest.mark.parametrize(
    "text",
    ['{"data": {"me": "Hello, ada!"}}', "4401", "127.0.0.1", "sessionid=short", "10.00 in total"],
)
def test_what_says_something_is_kept(text: str) -> None:
    assert normalise(text, Path("/nowhere")) == f"{text}\n"


def test_the_folder_of_a_run_becomes_a_home(tmp_path: Path) -> None:
    assert normalise(f"{tmp_path}/project/db.sqlite3", tmp_path) == "/home/ada/project/db.sqlite3\n"
