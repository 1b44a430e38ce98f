"""The event of every program: an object of six fields."""

from __future__ import annotations

import os

import strawberry


@strawberry.type
class Item:
    id: int
    text: str
    author: str
    room: str
    likes: int
    listen: str


def event(number: int) -> dict[str, object]:
    """Return the fields of an event."""
    text = "Hello there, this is a message"
    return {
        "id": 1,
        "text": text,
        "author": "ada",
        "room": "lobby",
        "likes": 3,
        "listen": str(number),
    }


#: The program that this process serves.
MEASURED = os.environ["MEASURED"]
