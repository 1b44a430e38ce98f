"""Transcripts: how the guide writes down an answer or a conversation.

JSON answers become ``*.json``; WebSocket frames become ``*.frames``, one frame a line,
``>`` for what the client sends and ``<`` for what the server sends; an HTTP exchange with
its status and chosen headers becomes ``*.http``. May import the standard library only.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Response(Protocol):
    """What is read of an HTTP response (``httpx.Response`` has it)."""

    @property
    def status_code(self) -> int:
        """The status, as a number."""
        ...

    @property
    def reason_phrase(self) -> str:
        """The status, in words."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; names are found in any case."""
        ...

    @property
    def text(self) -> str:
        """The body."""
        ...


def json_answer(answer: Response | object) -> str:
    """Write a JSON value, or the JSON body of a response, over indented lines."""
    text = getattr(answer, "text", None)
    value = json.loads(text) if isinstance(text, str) else answer
    return json.dumps(value, indent=2, ensure_ascii=False)


def frames(transcript: Iterable[Mapping[str, object]]) -> str:
    """Write a WebSocket conversation: ``{"direction": ">" or "<", "frame": ...}`` each."""
    lines: list[str] = []
    for entry in transcript:
        frame = entry["frame"]
        text = frame if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False)
        lines.append(f"{entry['direction']} {text}")
    return "\n".join(lines)


def http_exchange(response: Response, headers: Sequence[str] = ("content-type",)) -> str:
    """Write a response: its status line, the named headers and its body."""
    lines = [f"HTTP/1.1 {response.status_code} {response.reason_phrase}".rstrip()]
    lines += [f"{name}: {response.headers[name]}" for name in headers if name in response.headers]
    body = response.text
    if "json" in response.headers.get("content-type", ""):
        body = json_answer(response)
    return "\n".join([*lines, "", body])
