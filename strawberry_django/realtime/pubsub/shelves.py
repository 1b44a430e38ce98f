"""Where bookmarks are kept: beside the histories that they point into.

Imports its siblings and the ground modules. A bookmark says after which positions an operation of a
client goes on, and who keeps it now: a socket that was replaced by another must not write it.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .history import Position, Positions
from .hosts import Hosts
from .store import Entry, Found

#: How many bookmarks one process keeps in memory, and how many Redis is sent at a time.
_MOST, _AT_ONCE = 20_000, 500


class MemoryShelf:
    """The bookmarks of this process.

    Args:
        seconds: for how long one is kept that nobody writes.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: OrderedDict[str, tuple[Entry, Positions, float]] = OrderedDict()
        self._lock = threading.Lock()

    async def claim(self, entry: Entry, starts: Positions, *, create: bool) -> Found:
        """Take over a bookmark."""
        with self._lock:
            before = self._kept.get(entry.key)
            if before is None or before[0].fingerprint != entry.fingerprint:
                if create:
                    self._write(entry, starts)
                return Found(starts, known=False)
            positions = {**starts, **{s: p for s, p in before[1].items() if s in starts}}
            self._write(entry, {**before[1], **positions})
            return Found(positions, known=True)

    async def save(self, written: Mapping[Entry, Positions]) -> list[Entry]:
        """Write bookmarks down."""
        lost = []
        with self._lock:
            for entry, positions in written.items():
                before = self._kept.get(entry.key)
                if before is not None and before[0].owner != entry.owner:
                    lost.append(entry)
                else:
                    self._write(entry, {**(before[1] if before else {}), **positions})
        return lost

    async def forget(self, entries: Sequence[Entry]) -> None:
        """Throw bookmarks away."""
        with self._lock:
            for entry in entries:
                if self._kept.get(entry.key, (None,))[0] == entry:
                    del self._kept[entry.key]

    def _write(self, entry: Entry, positions: Positions) -> None:
        now = time.monotonic()
        self._kept[entry.key] = entry, positions, now + self._seconds
        self._kept.move_to_end(entry.key)
        while len(self._kept) > _MOST or next(iter(self._kept.values()))[2] < now:
            self._kept.popitem(last=False)


#: KEYS: bookmark. ARGV: fingerprint, owner, milliseconds, "1" to create it, and for each stream its
#: name and where it begins.
_CLAIM = """
local known = redis.call('HGET', KEYS[1], 'f') == ARGV[1] and 1 or 0
if known == 0 and ARGV[4] ~= '1' then return {0} end
if known == 0 then redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'f', ARGV[1], 'o', ARGV[2])
local found = {known}
for i = 5, #ARGV, 2 do
  redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1])
  found[#found + 1] = redis.call('HGET', KEYS[1], ARGV[i])
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return found
"""

#: KEYS: bookmarks. ARGV: milliseconds, and for each bookmark a list as JSON: fingerprint, owner,
#: and the names and positions of its streams in turn.
_SAVE = """
local lost = {}
for i, key in ipairs(KEYS) do
  local written = cjson.decode(ARGV[i + 1])
  local owner = redis.call('HGET', key, 'o')
  if owner and owner ~= written[2] then
    lost[#lost + 1] = i - 1
  else
    redis.call('HSET', key, 'f', written[1], 'o', written[2], unpack(written, 3))
    redis.call('PEXPIRE', key, ARGV[1])
  end
end
return lost
"""

#: KEYS: bookmarks. ARGV: their owners.
_FORGET = """
for i, key in ipairs(KEYS) do
  if redis.call('HGET', key, 'o') == ARGV[i] then redis.call('DEL', key) end
end
"""


class RedisShelf:
    """The bookmarks of all processes, each on the host that its key hashes to.

    Args:
        hosts: where they are.
        seconds: for how long one is kept that nobody writes.
    """

    def __init__(self, hosts: Hosts, seconds: float) -> None:
        self._hosts = hosts
        self._milliseconds = round(seconds * 1000)

    async def claim(self, entry: Entry, starts: Positions, *, create: bool) -> Found:
        """Take over a bookmark."""
        client = self._hosts.client(self._hosts.index(entry.key))
        asked = [entry.fingerprint, entry.owner, self._milliseconds, int(create), *_written(starts)]
        known, *found = await client.register_script(_CLAIM)([self._name(entry)], asked)
        if not found:
            return Found(starts, known=False)
        positions = dict(zip(starts, map(_position, found), strict=True))
        return Found(positions, known=bool(known))

    async def save(self, written: Mapping[Entry, Positions]) -> list[Entry]:
        """Write bookmarks down."""
        lost: list[Entry] = []
        for client, entries in self._by_client(written):
            keys = [self._name(entry) for entry in entries]
            texts = [
                json.dumps([entry.fingerprint, entry.owner, *_written(written[entry])])
                for entry in entries
            ]
            answer = await client.register_script(_SAVE)(keys, [self._milliseconds, *texts])
            lost += [entries[number] for number in answer]
        return lost

    async def forget(self, entries: Sequence[Entry]) -> None:
        """Throw bookmarks away."""
        for client, here in self._by_client(entries):
            keys = [self._name(entry) for entry in here]
            await client.register_script(_FORGET)(keys, [entry.owner for entry in here])

    def _by_client(self, entries: Iterable[Entry]) -> list[tuple[Any, list[Entry]]]:
        by_host: dict[int, list[Entry]] = {}
        for entry in entries:
            by_host.setdefault(self._hosts.index(entry.key), []).append(entry)
        return [
            (self._hosts.client(index), here[begin : begin + _AT_ONCE])
            for index, here in by_host.items()
            for begin in range(0, len(here), _AT_ONCE)
        ]

    def _name(self, entry: Entry) -> str:
        return f"{self._hosts.prefix}:strawberry_django.bookmark.{entry.key}"


def _written(positions: Positions) -> list[str]:
    return [
        part
        for stream, (epoch, offset) in positions.items()
        for part in (stream, f"{epoch}:{offset}")
    ]


def _position(text: bytes) -> Position:
    epoch, offset = text.decode().split(":")
    return Position(epoch, int(offset))
