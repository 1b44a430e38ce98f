"""Transcripts: how the guide writes down an answer or a conversation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import httpx


def json_answer(answer: httpx.Response) -> str:
    """Write the JSON body of a response over indented lines."""
    return json.dumps(answer.json(), indent=2, ensure_ascii=False)


def frames(transcript: Iterable[Mapping[str, object]]) -> str:
    """Write a WebSocket conversation: ``{"direction": ">" or "<", "frame": ...}`` each."""
    lines: list[str] = []
    for entry in transcript:
        frame = entry["frame"]
        text = frame if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False)
        lines.append(f"{entry['direction']} {text}")
    return "\n".join(lines)


def http_exchange(response: httpx.Response, headers: Sequence[str] = ("content-type",)) -> str:
    """Write a response: its status line, the named headers and its body."""
    lines = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}".rstrip()]
    lines += [f"{name}: {response.headers[name]}" for name in headers if name in response.headers]
    body = response.text
    if "json" in response.headers.get("content-type", ""):
        body = json_answer(response)
    return "\n".join([*lines, "", body])
