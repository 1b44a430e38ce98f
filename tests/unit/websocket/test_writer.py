"""The one way out of a socket."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from autobahn.exception import PayloadExceededError

from strawberry_django.realtime.exceptions import FrameTooLongError
from strawberry_django.realtime.websocket.writer import SocketWriter, refuse_handshake
from tests.support import until

PING = '{"type":"ping"}'


class Server:
    """A server's `send`, which can wait for a client that does not read, or fail."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.error: Exception | None = None

    async def send(self, message: dict[str, Any]) -> None:
        await self.reads.wait()
        if self.error is not None:
            raise self.error
        self.messages.append(message)

    @property
    def texts(self) -> list[str]:
        return [each["text"] for each in self.messages if each["type"] == "websocket.send"]


def writer_to(
    server: Server,
    *,
    max_outbound_bytes: int = 1000,
    send_timeout: float = 5,
    probe: str | None = None,
) -> SocketWriter:
    writer = SocketWriter(
        server.send, max_outbound_bytes=max_outbound_bytes, send_timeout=send_timeout
    )
    writer.probe = None if probe is None else lambda _token: probe
    return writer


async def test_frames_go_out_in_their_order() -> None:
    server = Server()
    writer = writer_to(server)
    await writer.accept("graphql-transport-ws")
    await asyncio.gather(*(writer.send(str(number)) for number in range(5)))
    await writer.close(1000)
    assert server.messages == [
        {"type": "websocket.accept", "subprotocol": "graphql-transport-ws"},
        *({"type": "websocket.send", "text": str(number)} for number in range(5)),
        {"type": "websocket.close", "code": 1000},
    ]
    assert writer.closed.done()


async def write_twenty(writer: SocketWriter, name: str) -> None:
    for _ in range(20):
        await writer.send(name)


async def test_who_has_much_to_write_does_not_hold_up_the_others() -> None:
    server = Server()
    await asyncio.gather(*(write_twenty(writer_to(server), name) for name in "ab"))
    assert "".join(server.texts) == "aaaaaaaabbbbbbbb" * 2 + "aaaabbbb"


async def test_a_socket_has_one_share_however_many_operations_it_has() -> None:
    server = Server()
    first, second = writer_to(server), writer_to(server)
    await asyncio.gather(*(write_twenty(first, "a") for _ in range(5)), write_twenty(second, "b"))
    assert max(map(len, "".join(server.texts).split("b")[:-1])) <= 8
    assert server.texts.count("a") == 100


async def test_once_closed_whoever_goes_on_to_write_can_be_cancelled() -> None:
    writer = writer_to(Server())
    writer.abandon()

    async def write() -> None:
        while True:
            await writer.send("text")

    writing = asyncio.create_task(write())
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait([writing])
    assert writing.cancelled()


async def test_a_cancellation_that_comes_with_what_is_waited_for_is_not_lost() -> None:
    server = Server()
    server.reads.clear()
    sending = asyncio.create_task(writer_to(server).send("text"))
    await asyncio.sleep(0)
    server.reads.set()
    sending.cancel()
    await asyncio.wait([sending])
    assert sending.cancelled()


async def test_only_the_first_close_counts_and_nothing_follows_it() -> None:
    server = Server()
    writer = writer_to(server)
    await writer.close(4400, "first")
    await writer.close(4401, "second")
    await writer.send("too late")
    await writer.ping()
    assert server.messages == [{"type": "websocket.close", "code": 4400, "reason": "first"}]
    assert type(server.messages[0]["code"]) is int


async def test_nothing_waits_behind_a_frame_for_a_client_that_is_gone() -> None:
    server = Server()
    server.reads.clear()
    writer = writer_to(server)
    stuck = asyncio.create_task(writer.send("stuck"))
    await until(lambda: writer._turn.locked())
    writer.abandon()
    await asyncio.wait_for(writer.send("text"), 1)
    stuck.cancel()
    await asyncio.wait([stuck])
    assert server.messages == []


@pytest.mark.parametrize("error", [OSError("gone"), ConnectionResetError(), RuntimeError("closed")])
async def test_a_server_that_says_the_client_is_gone_is_believed(error: Exception) -> None:
    server = Server()
    server.error = error
    writer = writer_to(server)
    await writer.send("text")
    assert writer.closed.done()


async def test_a_frame_that_the_server_finds_too_long_leaves_the_socket_open(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Server()
    writer = writer_to(server, max_outbound_bytes=10, probe=PING)
    server.error = PayloadExceededError("tried to send")
    for write in (writer.send, writer.reply):
        with pytest.raises(FrameTooLongError, match=r"has 100 bytes, .*--websocket"):
            await write("x" * 100)
    server.error = None
    await writer.send("text")
    await writer.reply("reply")
    assert server.texts == ["text", "reply", PING]
    assert len(caplog.records) == 2


async def test_another_error_of_the_server_is_not_hidden() -> None:
    server = Server()
    server.error = ValueError("a fault")
    with pytest.raises(ValueError, match="a fault"):
        await writer_to(server).send("text")


async def test_a_close_frame_that_cannot_be_sent_is_no_fault_of_the_socket() -> None:
    server = Server()
    server.error = AttributeError("no attribute 'transfer_data_task'")  # Uvicorn with websockets.
    writer = writer_to(server)
    await writer.close(4406)
    assert writer.closed.done()


async def test_a_client_that_does_not_read_in_time_is_closed_and_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Server()
    server.reads.clear()
    writer = writer_to(server, send_timeout=0.02)
    sending = [asyncio.create_task(writer.send(text)) for text in "abc"]
    await until(lambda: writer._closing)
    server.reads.set()
    await asyncio.gather(*sending)
    assert server.messages == [
        {
            "type": "websocket.close",
            "code": 4429,
            "reason": "Too slow: messages are not being read (send_timeout)",
        }
    ]
    assert [record.message for record in caplog.records] == [
        "A client has not read for 0.02 s: its socket is closed"
    ]


async def test_even_the_close_frame_waits_for_a_bounded_time_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Server()
    server.reads.clear()
    writer = writer_to(server, send_timeout=0.02)
    await writer.close(4401, "Unauthorized", timeout=0.01)
    assert server.messages == []
    assert writer.closed.done()
    assert caplog.records == []


async def test_a_cancelled_close_leaves_a_closed_writer() -> None:
    server = Server()
    server.reads.clear()
    writer = writer_to(server)
    closing = asyncio.create_task(writer.close(1012))
    await until(lambda: writer._closing)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert writer.closed.done()


async def test_a_client_that_answers_pings_may_have_as_much_as_it_reads() -> None:
    server = Server()
    writer = writer_to(server, max_outbound_bytes=100, probe=PING)
    for _ in range(50):
        await writer.send("x" * 60)
        while server.texts[-1] == PING and writer._pings:
            writer.acknowledge()
    assert len([text for text in server.texts if text != PING]) == 50


async def test_a_bound_below_the_size_of_a_ping_lets_a_frame_through_for_each_answer() -> None:
    server = Server()
    writer = writer_to(server, max_outbound_bytes=1, probe=PING)
    sending = asyncio.create_task(send_many(writer, 3))
    await until(lambda: server.texts == ["x" * 60, PING])
    writer.acknowledge()
    await until(lambda: server.texts == ["x" * 60, PING] * 2)
    writer.acknowledge()
    await sending


async def test_a_client_that_answers_no_ping_gets_no_more_than_the_bound() -> None:
    server = Server()
    writer = writer_to(server, max_outbound_bytes=100, probe=PING)
    sending = asyncio.create_task(send_many(writer, 100))
    await until(lambda: writer._turn.locked())
    sent = sum(map(len, server.texts))
    assert 100 < sent <= 100 + 60 + len(PING)
    assert server.texts.count(PING) == 1
    assert not sending.done()
    writer.acknowledge()
    await until(lambda: sum(map(len, server.texts)) > sent and writer._turn.locked())
    writer.abandon()
    await sending


async def test_a_client_that_sends_tokens_back_is_believed_by_them_alone() -> None:
    server = Server()
    writer = writer_to(server, max_outbound_bytes=100)
    writer.probe = "ping {}".format
    await writer.send("x" * 60)
    first = server.texts[-1].removeprefix("ping ")
    writer.acknowledge("made up")
    writer.acknowledge(first)
    await writer.send("x" * 60)
    second = server.texts[-1].removeprefix("ping ")
    for guess in (None, first):
        writer.acknowledge(guess)
    assert [token for token, _ in writer._pings] == [second]
    for _ in range(100):
        await writer.ping()
        writer.acknowledge()
    assert len(writer._pings) == 16


async def send_many(writer: SocketWriter, count: int) -> None:
    for _ in range(count):
        await writer.send("x" * 60)


async def test_a_client_that_answers_no_ping_is_closed_in_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Server()
    writer = writer_to(server, max_outbound_bytes=100, send_timeout=0.02, probe=PING)
    await send_many(writer, 10)
    assert server.messages[-1]["code"] == 4429
    assert len(caplog.records) == 1


async def test_a_reply_waits_for_no_room() -> None:
    server = Server()
    writer = writer_to(server, max_outbound_bytes=100, probe=PING)
    sending = asyncio.create_task(send_many(writer, 3))
    await until(lambda: writer._turn.locked())
    before = len(server.texts)
    await asyncio.wait_for(writer.reply("pong"), 1)
    assert server.texts[before:] == ["pong"]
    assert not sending.done()
    writer.acknowledge()
    await sending


@pytest.mark.parametrize("has_read", [False, True])
@pytest.mark.parametrize(("more", "code"), [(0, None), (1, 4429)])
async def test_who_asks_on_and_reads_no_answer_is_closed(
    more: int, code: int | None, has_read: bool, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server()
    writer = writer_to(server, max_outbound_bytes=100, probe=PING)
    if has_read:
        await writer.reply("x" * 50)
        await writer.ping()
        writer.acknowledge()
    await writer.reply("x" * (100 + more))
    await writer.reply("next")
    assert server.messages[-1].get("code") == code
    if code:
        reason = "Too slow: answers are not being read (max_outbound_bytes)"
        assert server.messages[-1]["reason"] == reason
        said = "A client asks on and reads no answers: its socket is closed"
        assert [record.message for record in caplog.records] == [said]


async def test_who_is_slow_to_read_what_is_long_may_go_on_asking() -> None:
    server = Server()
    writer = writer_to(server, max_outbound_bytes=100, probe=PING)
    await writer.send("x" * 1000)
    for _ in range(20):
        await writer.reply("pong")
    assert server.texts.count("pong") == 20


async def test_who_reads_the_answers_is_asked_in_time_and_may_have_any_number() -> None:
    server = Server()
    writer = writer_to(server, max_outbound_bytes=100, probe=PING)
    for _ in range(20):
        await writer.reply("x" * 60)
        assert server.texts[-1] == PING
        writer.acknowledge()
    assert server.texts.count(PING) == 20


async def test_a_frame_longer_than_the_bound_is_sent_and_waited_for() -> None:
    server = Server()
    writer = writer_to(server, max_outbound_bytes=100, probe=PING)
    await writer.send("x" * 60)
    await writer.send("x" * 500)
    sending = asyncio.create_task(writer.send("next"))
    await until(lambda: writer._turn.locked())
    writer.acknowledge()
    await until(lambda: server.texts.count(PING) == 2)
    assert not sending.done()
    writer.acknowledge()
    await sending
    assert server.texts[-1] == "next"


async def test_without_a_probe_there_is_no_ping_and_no_bound() -> None:
    server = Server()
    writer = writer_to(server, max_outbound_bytes=100)
    await writer.ping()
    await send_many(writer, 20)
    assert server.texts == ["x" * 60] * 20


@pytest.mark.parametrize("bound", [0, -1])
async def test_a_bound_of_zero_or_less_is_none(bound: int) -> None:
    server = Server()
    writer = writer_to(server, max_outbound_bytes=bound, probe=PING)
    await send_many(writer, 20)
    assert server.texts == ["x" * 60] * 20


@pytest.mark.parametrize("scope", [{}, {"extensions": {}}, {"extensions": None}])
async def test_a_handshake_is_refused_with_a_close_where_the_server_knows_nothing_else(
    scope: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    server = Server()
    await refuse_handshake({"path": "/graphql", **scope}, server.send, 403, "a reason")
    assert server.messages == [{"type": "websocket.close", "code": 1000}]
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.WARNING, "WebSocket /graphql refused (403): a reason")
    ]


async def test_a_handshake_is_refused_with_a_status_where_the_server_can() -> None:
    server = Server()
    scope = {"path": "/graphql", "extensions": {"websocket.http.response": {}}}
    await asyncio.wait_for(refuse_handshake(scope, server.send, 404, "No \ud800 here"), 0.9)
    start, body = server.messages
    assert start["type"] == "websocket.http.response.start"
    assert start["status"] == 404
    assert dict(start["headers"])[b"content-length"] == b"9"
    assert body == {"type": "websocket.http.response.body", "body": b"No ? here"}


async def test_a_code_that_the_server_does_not_send_is_replaced() -> None:
    """Daphne's `send` raises for all codes but 1000 and 3000 to 4999."""

    class Daphne(Server):
        async def send(self, message: dict[str, Any]) -> None:
            if message.get("code") in (1002, 1009, 1011, 1012):
                raise Exception("invalid close code")
            await super().send(message)

    for code, sent in ((1009, 4400), (1011, 4500), (1012, 4012), (1002, 4400), (4401, 4401)):
        server = Daphne()
        writer = writer_to(server)
        await writer.close(code, "why")
        assert server.messages == [{"type": "websocket.close", "code": sent, "reason": "why"}]
        assert writer.closed.done()


async def test_a_path_makes_no_line_of_its_own_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await refuse_handshake({"path": "/\nERROR all is lost"}, Server().send, 403, "a reason")
    assert "WebSocket /\\nERROR all is lost refused (403): a reason" in caplog.messages


class Source:
    """Whose frames wait."""

    waiting = 0

    def refused(self, error: FrameTooLongError) -> None:
        raise AssertionError(error)


async def test_what_waits_of_answers_that_nobody_waits_for_is_bounded() -> None:
    server = Server()
    writer = writer_to(server, max_outbound_bytes=100)
    server.reads.clear()
    for _ in range(2):
        writer.post(None, "x" * 90)
        await asyncio.sleep(0)
    writer.post(None, "x" * 90)
    assert len(writer._backlog or ()) < 3
    for _ in range(10):
        writer.post(None, "x" * 90)
    server.reads.set()
    await writer.closed
    assert [each["code"] for each in server.messages if "code" in each] == [4429]
    assert not writer._backlog


@pytest.mark.parametrize(
    ("policy", "left"), [("drop_oldest", ["a1", "b0", "b1"]), ("latest", ["b0", "b1"])]
)
async def test_room_is_made_among_the_frames_of_one_source(policy: Any, left: list[str]) -> None:
    server = Server()
    writer = writer_to(server, max_outbound_bytes=0)
    one, other = Source(), Source()
    for number in range(2):
        writer.post(one, "a", str(number))
        writer.post(other, "b", str(number))
    writer.drop(one, policy)
    assert (one.waiting, other.waiting) == (len(left) - 2, 2)
    await until(lambda: not one.waiting + other.waiting and writer._draining is None)
    assert sorted(server.texts) == left


async def test_a_server_that_fails_in_its_own_way_ends_the_socket(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = Server()
    server.error = ValueError("of its own")
    writer = writer_to(server)
    writer.post(Source(), "a")
    writer.post(Source(), "b")
    await writer.closed
    assert [record.levelname for record in caplog.records] == ["ERROR"]
