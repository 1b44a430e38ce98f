from __future__ import annotations

import httpx

from tools.transcripts import frames, http_exchange, json_answer


def test_a_json_answer_is_indented() -> None:
    text = '{\n  "data": {\n    "me": "Hello, ada…"\n  }\n}'
    assert json_answer({"data": {"me": "Hello, ada…"}}) == text
    assert json_answer(httpx.Response(200, json={"data": {"me": "Hello, ada…"}})) == text


def test_frames_are_one_a_line_with_their_direction() -> None:
    transcript: list[dict[str, object]] = [
        {"direction": ">", "frame": {"type": "connection_init"}},
        {"direction": "<", "frame": "closed with 4408"},
    ]
    assert frames(transcript) == '> {"type": "connection_init"}\n< closed with 4408'


def test_an_exchange_shows_the_status_the_named_headers_and_the_body() -> None:
    response = httpx.Response(403, text="no", headers={"content-type": "text/plain", "vary": "x"})
    shown = "HTTP/1.1 403 Forbidden\ncontent-type: text/plain\n\nno"
    assert http_exchange(response) == shown
    assert http_exchange(httpx.Response(200, json=[1])).endswith("application/json\n\n[\n  1\n]")
