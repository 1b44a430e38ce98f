"""A topic: what is published once, and received by whoever subscribes, in any process.

Imports its siblings and the ground modules.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cached_property, partial
from itertools import product
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import transaction

from .. import encoding
from ..conf import Overflow
from . import outbox
from .codec import RowGoneError, Way, way_of, write
from .cursor import Cursor, OnGap
from .feeds import Feed, Feeds, left
from .history import History, positions_of
from .listening import current_listening
from .messages import Message, Messages
from .outbox import Address
from .rows import Unfetched, read
from .store import Store
from .stores import store_of
from .stream_feed import StreamFeed

T = TypeVar("T")

#: A value that says which subscribers an event is for.
Key = str | int | float | bool | UUID | None

logger = logging.getLogger("strawberry_django.realtime")

#: The `"type"` of a topic's messages on the layer, and the version of their form.
MESSAGE_TYPE, FORM = "strawberry_django.event", 1


#: What a key cannot be called: `subscribe` has arguments of these names.
_RESERVED = frozenset({"after", "on_gap"})

#: How many keys one subscription may have: each is a subscription of the process to the layer.
MOST_KEYS = 100


class Topic(Generic[T]):
    """Events of one type, published by any process and received by every subscriber.

    A subscriber receives, in the order in which one publisher sent them, the events whose keys are
    its own. A process has one subscription to the channel layer for each topic and key, however
    many subscribe in it.

    Args:
        name: what the topic is called; the same in every process, and no other topic's.
        payload: the type of its events: a Strawberry type, a dataclass, a Django model, or a
            plain value. A model, or one inside the others, is sent by its primary key. The
            subscriber receives the row as it is then, fetched once for each process, event and
            distinct selection. If the row is gone, a list goes without it, an optional value is
            `None`, and any other event is passed over.
        layer: the name of the channel layer in `CHANNEL_LAYERS`.
        slow_consumer: what happens to a subscription that falls `capacity` events behind:
            `"close"` ends it, `"drop_oldest"` loses the oldest event, `"latest"` all but the
            newest (for a dashboard, with a `capacity` of 1); the router's option by default.
        capacity: how many events may wait for one subscription; the router's
            `listener_capacity` by default.
        using: the alias of the database that models are fetched from; by default the one that
            wrote them. A replica that is behind has not all rows yet.
        history: how much the topic remembers, so that a subscription can go on where another has
            ended, and what the layer loses is read again; nothing by default.
    """

    def __init__(
        self,
        name: str,
        payload: type[T],
        *,
        layer: str = "default",
        slow_consumer: Overflow | None = None,
        capacity: int | None = None,
        using: str | None = None,
        history: History | None = None,
    ) -> None:
        if not name:
            raise TypeError("A topic has a name, which is not empty.")
        self.name = name
        self.payload = payload
        self.layer = layer
        self._slow_consumer: Overflow | None = slow_consumer
        self._capacity = capacity
        self._using = using
        self.history = history

    def __repr__(self) -> str:
        return f"<Topic {self.name!r}>"

    @cached_property
    def _way(self) -> Way:
        return way_of(self.payload)

    async def publish(self, payload: T, **keys: Key) -> None:
        """Send an event to all who subscribe with the same keys.

        When it returns the channel layer has the event.

        Args:
            payload: the event.
            keys: which subscribers it is for.

        Raises:
            PayloadError: the payload, or a part of it, cannot travel; it names the path.
            ChannelLayerError: there is no layer, or it has failed, or does not answer.
        """
        await outbox.send(self._address(keys), self._message(payload))

    def publish_sync(self, payload: T, **keys: Key) -> None:
        """Send an event from synchronous code: a view, a signal, a worker, a command.

        It returns when the channel layer has the event. In a plain `def` resolver, which runs on
        the event loop's own thread, it cannot wait: the event is sent in its turn, and a failure
        of the layer is logged.

        Raises:
            PayloadError: as with `publish`.
            ChannelLayerError: as with `publish`.
        """
        outbox.send_sync(self._address(keys), self._message(payload))

    def publish_on_commit(self, payload: T, *, using: str | None = None, **keys: Key) -> None:
        """Send an event when the transaction commits, and never after a rollback.

        The event is as the payload is now. Outside a transaction it is sent at once. A failure of
        the layer is logged, and harms nothing that was committed.

        Args:
            payload: the event.
            using: the alias of the transaction's database; the default one if not given.
            keys: which subscribers it is for.

        Raises:
            PayloadError: as with `publish`.
        """
        sending = partial(outbox.send_sync, self._address(keys), self._message(payload))
        transaction.on_commit(sending, using=using, robust=True)

    async def end(self, **keys: Key) -> None:
        """End every subscription with these keys, after the events that were sent before.

        Raises:
            ChannelLayerError: as with `publish`.
        """
        await outbox.send(self._address(keys), self._last_message())

    def end_sync(self, **keys: Key) -> None:
        """Do as `end`, from synchronous code; see `publish_sync`."""
        outbox.send_sync(self._address(keys), self._last_message())

    @asynccontextmanager
    async def subscribe(
        self, *, after: str | None = None, on_gap: OnGap = "error", **keys: Key | Sequence[Key]
    ) -> AsyncIterator[AsyncIterator[T]]:
        """Receive the events with these keys inside the block.

        What is published after the block is entered is not missed. Where the topic has a history,
        a subscription that a client begins again goes on after the last result that it has
        acknowledged, and one that falls behind reads what it has not kept up with.

        Args:
            after: the `position` in the extensions of a result: go on after it.
            on_gap: what happens when events were missed that cannot be read any more: `"error"`
                ends the iteration, `"extensions"` goes on, and the next result says `missed`.
            keys: which events; a list of values stands for any of them, at most a hundred.

        Raises:
            ValueError: there are more, or `after` is no position.
            EventsMissedError: in the iteration, if events were missed.
            ChannelLayerError: there is no layer, or it has failed, or does not answer.
            ListenerOverflowError: in the iteration, if the subscription falls behind.
            DatabaseError: in the iteration, if models cannot be fetched.
        """
        listening = current_listening()
        capacity = self._capacity or listening.capacity
        overflow: Overflow = self._slow_consumer or listening.overflow
        groups, store = self._groups(keys), self._store()
        positions = positions_of(after or "", groups)
        messages: Messages | Cursor
        make: Any = Feed
        if store is None:
            messages = Messages(MESSAGE_TYPE, None, capacity, overflow, called=self.name)
        else:
            listening.progress.expects_store = True
            messages = Cursor(capacity, overflow, on_gap, listening.progress, self.name)
            make = partial(StreamFeed, store=store)
        joined: list[Feed] = []
        feeds = Feeds.current()
        try:
            for group in groups:
                feed = feeds.of(self.layer, group, make)
                joined.append(feed)
                await feed.join(messages)
            if isinstance(messages, Cursor):
                await messages.begin(positions)
            listening.begun(self._slow_consumer, self._capacity)
            yield Events(self, messages)
        finally:
            # All at once: who is cancelled again meanwhile leaves none of them behind.
            await left([feed.remove(messages) for feed in joined])

    def _store(self) -> Store | None:
        if self.history is None:
            return None
        return store_of(self.name, self.layer, self.history)

    def _address(self, keys: Mapping[str, Key]) -> Address:
        return Address(self.layer, self._group(keys), self._store())

    def _message(self, payload: T) -> Message:
        data = encoding.encode(write(self._way, payload))
        return {"type": MESSAGE_TYPE, "v": FORM, "topic": self.name, "data": data}

    def _last_message(self) -> Message:
        return {"type": MESSAGE_TYPE, "v": FORM, "topic": self.name, "end": True}

    def read(self, message: Message) -> T | Unfetched:
        """Return the payload of a message; one with models is still to be fetched.

        Raises:
            ValueError: it is none of this topic's.
        """
        try:
            payload: T | Unfetched = read(self._way, encoding.decode(message["data"]), self._using)
        except Exception as error:  # It may come from another version, or from anybody.
            raise ValueError(f"{self!r} cannot read an event: {error!r}") from error
        return payload

    def _group(self, keys: Mapping[str, Key]) -> str:
        if reserved := _RESERVED & keys.keys():
            raise TypeError(f"{self!r} has a key called {min(reserved)!r}: call it otherwise.")
        parts = [[name, _key_text(name, keys[name])] for name in sorted(keys)]
        digest = hashlib.sha256(json.dumps([self.name, *parts]).encode()).hexdigest()
        return f"strawberry_django.topic.{digest[:40]}"

    def _groups(self, keys: Mapping[str, Key | Sequence[Key]]) -> list[str]:
        choices: list[list[Any]] = [
            list(value) if isinstance(value, list | tuple | set | frozenset) else [value]
            for value in keys.values()
        ]
        count = math.prod(map(len, choices))
        if count > MOST_KEYS:  # A client may have sent the list.
            raise ValueError(
                f"A subscription to {self!r} has {count} keys; at most {MOST_KEYS} are allowed. "
                "Subscribe several times, or publish with fewer keys."
            )
        chosen: Iterable[tuple[Any, ...]] = product(*choices)
        groups = (self._group(dict(zip(list(keys), each, strict=True))) for each in chosen)
        return list(dict.fromkeys(groups))


class Events(AsyncIterator[T]):
    """The events that wait for one subscription to a topic."""

    def __init__(self, topic: Topic[T], messages: AsyncIterator[Message]) -> None:
        self._topic = topic
        self._messages = messages

    async def __anext__(self) -> T:
        while True:
            message = await anext(self._messages)
            if message.get("end"):
                raise StopAsyncIteration
            known = message.get("unfetched")
            payload: T | Unfetched
            if isinstance(known, Unfetched):
                payload = known
            else:  # Each subscription has its own, which it may alter; rows are fetched once.
                try:
                    payload = self._topic.read(message)
                except ValueError as error:
                    if not message.get("dropped"):
                        message["dropped"] = True
                        logger.error("An event was dropped: %s", error)
                    continue
            if not isinstance(payload, Unfetched):
                return payload
            message["unfetched"] = payload
            try:
                fetched: T = await payload.fetch()
            except RowGoneError:
                continue
            return fetched


def _key_text(name: str, value: Any) -> str:
    """Return what stands for the value of a key: 1 and "1" are the same, as in an `ID`."""
    if value is None or isinstance(value, bool):
        return f"={json.dumps(value)}"
    if isinstance(value, str):  # The text of an enum that is a str, which formats as its name.
        return f"+{str.__str__(value)}"
    if isinstance(value, int | UUID):
        return f"+{value if isinstance(value, UUID) else int(value)}"
    if isinstance(value, float):
        return f"+{int(value)}" if value.is_integer() else f"+{value!r}"
    raise TypeError(
        f"The key {name!r} is {value!r}; expected a text, a number, a bool, a UUID or None."
    )
