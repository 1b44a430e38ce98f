"""`@shared_subscription`: a subscription that is executed once for all who ask the same.

Imports its siblings and the ground modules. The field is executed twice. For each subscriber, in
that one's own context, Strawberry validates, coerces the arguments, and asks for permission; what
the field then does is to join the run, and to yield what `initial` has. The run executes it for
all, in a context without a viewer.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import strawberry
from strawberry.permission import BasePermission, PermissionExtension
from typing_extensions import override

from .._upstream.frameworks import aclosing, with_context
from .admission import current_admission
from .context import SharedContext
from .run import executes_for_many

if TYPE_CHECKING:
    from strawberry.types import Info

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


def shared_subscription(
    resolver: Any = None,
    *,
    audience: Callable[..., Any] | None = None,
    initial: Callable[..., AsyncIterable[Any]] | None = None,
    permission_classes: Sequence[type[BasePermission]] = (),
    extensions: Sequence[Any] = (),
    **options: Any,
) -> Any:
    """Declare a subscription that runs once in a process for all subscribers who ask the same.

    The same is: the schema, the document, its variables and operation name, and the audience. Its
    results are encoded once. It has no viewer: in its resolver, and in the fields below it, the
    context has no request, user, session or connection params, and asking for one is an error.

    Args:
        resolver: an asynchronous generator, as for `strawberry.subscription`.
        audience: called for each subscriber with that one's own `info`, and with those of the
            field's arguments that it names; returns a hashable value, or is a coroutine function.
            Only subscribers with an equal audience share a run, where it is
            `info.context.audience`.
        initial: called like `audience`, an asynchronous generator: what the subscriber receives
            first. The run listens by then. What is published meanwhile follows, but for results
            that `initial` has shown just so.
        permission_classes: asked for each subscriber when it joins, and whenever its session is
            looked at again; who has lost its permission is ended.
        extensions: field extensions; they see the subscriber's execution and the shared one.
        options: those of `strawberry.subscription`.

    Raises:
        SharedSubscriptionError: when it runs, and asks for the viewer.
    """

    def declare(resolver: Any) -> Any:
        admits = _Admits(permission_classes, audience, initial, alone=not extensions)
        # The first is next to the resolver: the others are asked for whoever joins as well.
        return strawberry.subscription(resolver, extensions=[admits, *extensions], **options)

    return declare if resolver is None else declare(resolver)


class _Admits(PermissionExtension):
    """Admit a subscriber, or let the run go on."""

    def __init__(
        self,
        permission_classes: Sequence[type[BasePermission]],
        audience: Callable[..., Any] | None,
        initial: Callable[..., AsyncIterable[Any]] | None,
        *,
        alone: bool,
    ) -> None:
        super().__init__([permission() for permission in permission_classes])
        self._audience = audience and _naming(audience)
        self._initial = initial and _naming(initial)
        self._alone_asked = alone

    @property
    def _depends_on_viewer(self) -> bool:
        return bool(self.permissions) or self._audience is not None

    @property
    def _asks_nobody(self) -> bool:
        """Whether nothing comes first, and no other extension of the field has a say."""
        return self._alone_asked and not self._depends_on_viewer and self._initial is None

    @override
    async def resolve_async(
        self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any
    ) -> Any:
        if executes_for_many.get():
            return next_(source, info, **kwargs)

        def admit(source: Any, info: Info, **kwargs: Any) -> Any:
            return self._admit(next_, source, info, kwargs)

        return await super().resolve_async(admit, source, info, **kwargs)

    async def _admit(
        self, next_: Callable[..., Any], source: Any, info: Info, kwargs: dict[str, Any]
    ) -> AsyncGenerator[Any, None]:
        audience = None
        if self._audience is not None:
            audience = self._audience(info, kwargs)
            if inspect.isawaitable(audience):
                audience = await audience
        admission = current_admission()
        if admission is None:
            alone = self._alone(next_, source, info, kwargs, audience)
            async with aclosing(alone):
                async for value in alone:
                    yield value
            return
        admission.join(
            info,
            audience,
            asks_again=self._depends_on_viewer,
            asks_nobody=self._asks_nobody,
        )
        if admission.is_recheck:
            await admission.move()
            return
        try:
            if self._initial is not None or admission.confirms or admission.bookmark is not None:
                await admission.confirm()
            came_back = await admission.resume(has_initial=self._initial is not None)
            if self._initial is not None and not came_back:
                first = self._initial(info, kwargs)
                async with aclosing(first):
                    async for value in first:
                        yield value
        except Exception:
            admission.give_up()
            raise

    async def _alone(
        self,
        next_: Callable[..., Any],
        source: Any,
        info: Info,
        kwargs: dict[str, Any],
        audience: Any,
    ) -> AsyncGenerator[Any, None]:
        """Serve who executes the schema by itself, in a test for one: as if it had no company."""
        context = SharedContext(info.field_name, audience=audience)
        alone = with_context(info, context)
        events = next_(source, alone, **kwargs)
        async with aclosing(events):
            coming = asyncio.ensure_future(anext(events))
            try:
                if self._initial is not None:
                    await asyncio.sleep(0)
                    first = self._initial(info, kwargs)
                    async with aclosing(first):
                        async for value in first:
                            yield value
                yield await coming
            except StopAsyncIteration:
                return
            finally:
                coming.cancel()
            async for value in events:
                yield value


def _naming(function: Callable[..., Any]) -> Callable[[Info, dict[str, Any]], Any]:
    """Return `function` as one that takes all arguments, and passes on those that it names."""
    parameters = inspect.signature(function).parameters
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())

    def call(info: Info, kwargs: dict[str, Any]) -> Any:
        named = {n: v for n, v in kwargs.items() if takes_all or n in parameters}
        return function(info, **named)

    return call
