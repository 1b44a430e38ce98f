"""The section "Channel Layers" of the reference."""

from __future__ import annotations

from contextlib import ExitStack

from tests.guide.reference_claims import reference
from tests.guide.reference_claims.asking import heard, listening, over_multipart, say
from tests.guide.reference_claims.checked_setups import Checks
from tests.guide.reference_claims.reference_project import with_settings
from tests.guide.reference_claims.serving import Watch
from tests.guide.reference_claims.variations import replaced
from tools.harness.projects import Project
from tools.harness.redis import RedisServer
from tools.harness.servers import Server, serve


def test_a_channel_layer_broadcasts_to_multiple_clients(server: Server) -> None:
    with (
        listening(server) as first,
        listening(server) as second,
        over_multipart(server, "subscription { heard }") as third,
    ):
        assert next(third)["data"]["heard"] == "listening"
        say(server, "to everybody")
        assert heard(first) == heard(second) == "to everybody"
        assert next(third)["data"]["heard"] == "to everybody"


def test_the_in_memory_layer_is_single_process_only(home: Project, main: dict[str, Server]) -> None:
    settings = (home.path / "myproject/settings.py").read_text(encoding="utf-8")
    assert reference.CHANNEL_LAYERS_IN_MEMORY in settings
    one, other = main["uvicorn"], main["hypercorn"]
    with listening(one) as websocket:
        say(other, "in the other process")
        say(one, "in this process")
        assert heard(websocket) == "in this process"


def test_the_redis_layer_is_for_production_where_there_are_many_processes(
    home: Project, redis: RedisServer, watch: Watch, checks: Checks
) -> None:
    """It broadcasts as the reference configures it; how it waits in silence, our check warns of."""
    layers = replaced(reference.CHANNEL_LAYERS_REDIS, ("6379", str(redis.port)))
    env = with_settings(home, "redis", layers)
    with ExitStack() as stack:
        one, other = (
            watch.over(stack.enter_context(serve(home, name, env=env)))
            for name in ("uvicorn", "daphne")
        )
        with listening(one) as first, listening(other) as second:
            say(one, "hello")
            assert heard(first) == heard(second) == "hello"
            say(other, "goodbye")
            assert heard(first) == heard(second) == "goodbye"
    assert "strawberry_django_realtime.W010" in checks.of("no_cookie_and_no_match")
