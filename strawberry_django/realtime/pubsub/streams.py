"""Histories in Redis: the stream is the truth, and the channel layer wakes its readers.

Imports its siblings and the ground modules. An event is added, and given its position, in one step
(a script). What the layer then carries is a copy. A process whose copy is lost, or comes out of
turn, reads the stream.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from .. import encoding
from .history import KNOWN_FOR, PAGE, History, Page, Position, page_of
from .hosts import Hosts
from .messages import Message
from .shelves import RedisShelf

#: Seconds for which Redis may take a command of synchronous code.
_ANSWERED_WITHIN = 4.0

#: KEYS: stream, head. ARGV: event, most events, milliseconds of an event, milliseconds of the head,
#: an epoch. The entry of an event is `<offset>-0`, so that it is found by its offset. The oldest
#: entries go when they are too many or too old, a few at a time.
_APPEND = """
redis.call('HSETNX', KEYS[2], 'epoch', ARGV[5])
local epoch = redis.call('HGET', KEYS[2], 'epoch')
local offset = redis.call('HINCRBY', KEYS[2], 'offset', 1)
if offset == 1 then redis.call('DEL', KEYS[1]) end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[2], offset .. '-0', 'd', ARGV[1], 't', now)
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 4)) do
  if tonumber(entry[2][4]) >= now - ARGV[3] then break end
  redis.call('XDEL', KEYS[1], entry[1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return {epoch, offset}
"""

#: KEYS: heads. ARGV: milliseconds of a head, an epoch for those that are new.
_HEADS = """
local found = {}
for _, key in ipairs(KEYS) do
  redis.call('HSETNX', key, 'epoch', ARGV[2])
  redis.call('PEXPIRE', key, ARGV[1])
  found[#found + 1] = redis.call('HGET', key, 'epoch')
  found[#found + 1] = tonumber(redis.call('HGET', key, 'offset') or '0')
end
return found
"""


class Streams:
    """The streams of one topic in Redis.

    Args:
        history: how much each remembers.
        hosts: where they are; a stream lies on the host that its name hashes to.
    """

    tells_all = False

    def __init__(self, history: History, hosts: Hosts) -> None:
        self.shelf = RedisShelf(hosts, max(history.kept, KNOWN_FOR))
        self._history = history
        self._hosts = hosts

    async def append(self, stream: str, message: Message, hand_on: Callable[[Message], Any]) -> Any:
        """Add an event, and hand it on."""
        client = self._hosts.client(self._hosts.index(stream))
        keys, arguments = self._event(stream, message)
        at = await client.register_script(_APPEND)(keys, arguments)
        return hand_on({**message, "at": [at[0].decode(), at[1]]})

    def append_sync(self, stream: str, message: Message, hand_on: Callable[[Message], Any]) -> Any:
        """Add an event, and hand it on."""
        client = self._hosts.sync(self._hosts.index(stream), _ANSWERED_WITHIN)
        keys, arguments = self._event(stream, message)
        at = client.register_script(_APPEND)(keys, arguments)
        return hand_on({**message, "at": [at[0].decode(), at[1]]})

    def _event(self, stream: str, message: Message) -> tuple[list[str], list[Any]]:
        history = self._history
        return [self._key(stream), self._head_key(stream)], [
            encoding.encode(message),
            history.events,
            round(history.seconds * 1000),
            round(history.kept * 1000),
            secrets.token_hex(4),
        ]

    async def page(self, stream: str, after: Position) -> Page:
        """Read the events after a position."""
        head, entries = await self._read(stream, f"{after.offset + 1}-0")
        if head.epoch != after.epoch:
            head, entries = await self._read(stream, "-")
        messages = [
            {**encoding.decode(fields[b"d"]), "at": [head.epoch, int(entry.split(b"-")[0])]}
            for entry, fields in entries
        ]
        return page_of(messages, after, head)

    async def _read(self, stream: str, begin: str) -> tuple[Position, list[Any]]:
        client = self._hosts.client(self._hosts.index(stream))
        async with client.pipeline(transaction=True) as pipeline:
            pipeline.hmget(self._head_key(stream), "epoch", "offset")
            pipeline.xrange(self._key(stream), begin, count=PAGE)
            (epoch, offset), entries = await pipeline.execute()
        return Position((epoch or b"").decode(), int(offset or 0)), entries

    async def heads(self, streams: Sequence[str]) -> list[Position]:
        """Return the positions of the last events, and keep them."""
        by_host: dict[int, list[str]] = {}
        for stream in streams:
            by_host.setdefault(self._hosts.index(stream), []).append(stream)
        found: dict[str, Position] = {}
        for index, here in by_host.items():
            for begin in range(0, len(here), PAGE):
                found |= await self._heads_at(index, here[begin : begin + PAGE])
        return [found[stream] for stream in streams]

    async def _heads_at(self, index: int, streams: Sequence[str]) -> dict[str, Position]:
        script = self._hosts.client(index).register_script(_HEADS)
        keys = [self._head_key(stream) for stream in streams]
        answer = await script(keys, [round(self._history.kept * 1000), secrets.token_hex(4)])
        pairs = zip(answer[::2], answer[1::2], strict=True)
        return {
            stream: Position(epoch.decode(), offset)
            for stream, (epoch, offset) in zip(streams, pairs, strict=True)
        }

    def hold(self, stream: str) -> None:
        """Do nothing: whoever reads asks for the heads again and again, which keeps them."""

    def release(self, stream: str) -> None:
        """Do nothing."""

    def _key(self, stream: str) -> str:
        return f"{self._hosts.prefix}:{stream}"

    def _head_key(self, stream: str) -> str:
        return f"{self._hosts.prefix}:{stream}.head"
