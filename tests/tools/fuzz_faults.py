"""The fuzzed project behind an application that does one thing wrong, named in `PLANTED_FAULT`."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any

from myproject.asgi import application as right  # type: ignore[import-not-found]

FAULT = os.environ["PLANTED_FAULT"]

kept: list[Any] = []


async def application(scope: Any, receive: Any, send: Any) -> None:
    async def faulty_send(message: Any) -> None:
        if FAULT == "code" and message.get("code") == 4400:
            message = {**message, "code": 4499}
        if FAULT == "status" and message.get("status") == 405:
            message = {**message, "status": 500}
        await send(message)

    if scope["type"] == "websocket":
        if FAULT == "task":
            kept.append(asyncio.create_task(asyncio.Event().wait()))
        if FAULT == "memory":
            kept.append(bytearray(os.urandom(1024) * 1024))
        if FAULT == "traceback":
            try:
                raise RuntimeError("planted")
            except RuntimeError:
                logging.getLogger("django").exception("It went wrong")
    await right(scope, receive, faulty_send)
