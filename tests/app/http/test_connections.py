"""Connections over real sockets: what each may send, how long it may take, how many there may be.

The clock is the tests' own; nothing here waits for time to pass.
"""

import asyncio
import socket
import struct
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
import uvicorn

from app.http import connections as module
from app.http.connections import Connection, Connections
from app.settings import Settings

PLAIN = b"GET / HTTP/1.1\r\nHost: amparo.test\r\n\r\n"
HALF = b"GET / HTTP/1.1\r\nHost: amparo.test\r\n"


class Clock:
    """A steady clock that stands still until it is moved, in seconds."""

    def __init__(self):
        self.now_s = 1_000.0

    def __call__(self):
        return self.now_s


class Talk:
    """One end of a connection to the server."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    def send(self, data):
        self.writer.write(data)

    async def answer(self):
        """Return the status, the headers and the body of the next answer."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = {}
        for line in head[1:-2]:
            name, _, value = line.partition(": ")
            fields[name.lower()] = value
        body = await self.reader.readexactly(int(fields.get("content-length", 0)))
        return int(head[0].split()[1]), fields, body

    async def is_ended(self):
        """Wait until the server has ended it."""
        try:
            return await self.reader.read() is not None
        except ConnectionResetError:
            return True


class Served:
    """A server with an application that reads the body, and answers with its size."""

    def __init__(self, **settings):
        self.clock = Clock()
        most = settings.pop("most", None)
        self.all = Connections(Settings(**settings), steady_s=self.clock, most=most)
        self.bodies = []
        self.answer = b"here"
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.talks = []

    async def __call__(self, scope, receive, send):
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            size += len(message["body"])
            more = message["more_body"]
        self.bodies.append((size, scope["headers"]))
        await self.go_on.wait()
        length = str(len(self.answer)).encode()
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", length)],
            }
        )
        await send({"type": "http.response.body", "body": self.answer})

    async def talk(self, *, room=None, source="127.0.0.1"):
        """Open a connection; ``room`` is how many bytes its end takes in ahead."""
        end = socket.socket()
        if room is not None:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        end.setblocking(False)
        end.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(end, ("127.0.0.1", self.port))
        limit = room or 65_536
        talk = Talk(*await asyncio.open_connection(sock=end, limit=limit))
        self.talks.append(talk)
        return talk

    def pass_s(self, seconds):
        """Let time pass, and have the server look."""
        self.clock.now_s += seconds
        self.all.look()

    async def until(self, holds):
        """Let the server come to a state."""
        async with asyncio.timeout(30):
            while not holds():  # noqa: ASYNC110 -- nobody tells of it
                await asyncio.sleep(0)


@asynccontextmanager
async def serving(**settings):
    served = Served(**settings)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        served.port = listening.getsockname()[1]
        config = uvicorn.Config(
            served, http=Connection, ws="none", lifespan="off", log_level="critical"
        )
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        # Not by `serve`, which looks ten times a second whether it shall end, and waits then.
        await server.startup(sockets=[listening])
        await server.on_tick(0)
        # As the lifespan of the application puts it there.
        server.lifespan.state[module.STATE_KEY] = served.all
        try:
            yield served
        finally:
            served.go_on.set()
            for talk in served.talks:
                talk.writer.transport.abort()
            for one in server.servers:
                one.close()
            state = server.server_state
            for connection in [*state.connections]:
                connection.shutdown()
            await served.until(lambda: not state.connections and not state.tasks)


def check_problem(answer, status):
    code, fields, body = answer
    assert code == status
    assert fields["content-type"] == "application/problem+json"
    assert fields["connection"] == "close"
    assert fields["x-content-type-options"] == "nosniff"
    assert orjson.loads(body)["status"] == status


# -- what is sent ------------------------------------------------------------------------------


async def test_requests_are_answered_one_after_the_other():
    async with serving() as served:
        talk = await served.talk()
        for size in (0, 3, 100_000):
            length = f"Content-Length: {size}".encode()
            talk.send(HALF + length + b"\r\n\r\n" + b"x" * size)
            assert (await talk.answer())[0] == 200
        assert [size for size, _ in served.bodies] == [0, 3, 100_000]
        assert len(served.all) == 1


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 32_768 + b" HTTP/1.1\r\nHost: amparo.test\r\n\r\n",
        HALF + b"A: " + b"a" * 32_768 + b"\r\n\r\n",
        HALF + b"A: 1\r\n" * 100 + b"\r\n",
        HALF + b"".join(b"A%d: %s\r\n" % (n, b"a" * 900) for n in range(40)) + b"\r\n",
    ],
    ids=["address", "one header", "many headers", "in all"],
)
async def test_p55_a_head_beyond_its_limit_reaches_nobody(head):
    async with serving() as served:
        talk = await served.talk()
        talk.send(head)
        check_problem(await talk.answer(), 431)
        assert await talk.is_ended()
        assert served.bodies == []


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET /",
        HALF + b"A: ",
        HALF + b"Transfer-Encoding: chunked\r\n\r\n1;a=",
        HALF + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: ",
    ],
    ids=["address", "header", "extension of a chunk", "trailer"],
)
async def test_p55_what_does_not_end_is_ended(beginning):
    async with serving() as served:
        talk = await served.talk()
        talk.send(beginning + b"a" * 1_000_000)
        assert await talk.is_ended()
        assert served.bodies == []
        # It stays until its client has had the time to read that.
        assert len(served.all) == 1
        served.pass_s(3)
        await served.until(lambda: not len(served.all))


async def test_p55_empty_lines_before_a_request_are_not_endless():
    async with serving() as served:
        talk = await served.talk()
        talk.send(b"\r\n" * 20_000)
        check_problem(await talk.answer(), 431)


async def test_a_head_of_the_limit_is_read():
    async with serving() as served:
        talk = await served.talk()
        talk.send(HALF + b"A: " + b"a" * 30_000 + b"\r\n\r\n")
        assert (await talk.answer())[0] == 200


async def test_trailers_are_no_headers():
    async with serving() as served:
        talk = await served.talk()
        talk.send(HALF + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nCookie: forged\r\n\r\n")
        assert (await talk.answer())[0] == 200
        ((size, headers),) = served.bodies
        assert size == 1
        assert b"cookie" not in dict(headers)


async def test_p55_a_thousand_requests_ahead_are_not_kept():
    async with serving() as served:
        served.go_on.clear()
        talk = await served.talk()
        talk.send(PLAIN * 1_000)
        assert await talk.is_ended()


# -- how long it takes -------------------------------------------------------------------------


async def test_p55_a_head_has_its_time():
    async with serving() as served:
        talk = await served.talk()
        talk.send(HALF)
        await served.until(lambda: len(served.all) == 1 and _first(served)._fruitless_bytes)
        served.pass_s(20)
        talk.send(b"A: a\r\n")
        await served.until(lambda: _first(served)._fruitless_bytes > len(HALF))
        served.pass_s(1)
        check_problem(await talk.answer(), 408)
        assert await talk.is_ended()


async def test_p55_a_body_has_its_time_and_what_its_size_takes():
    async with serving() as served:
        talk = await served.talk()
        talk.send(HALF + b"Content-Length: 100000\r\n\r\n" + b"x" * 20_000)
        await served.until(lambda: _first(served)._body_bytes == 20_000)
        served.pass_s(20 + 20_000 / 500)
        talk.send(b"x" * 500)
        await served.until(lambda: _first(served)._body_bytes == 20_500)
        served.pass_s(1)
        talk.send(b"x")
        await served.until(lambda: _first(served)._body_bytes == 20_501)
        assert not _first(served).transport.is_closing()
        served.pass_s(1)
        assert await talk.is_ended()
        assert served.bodies == []


async def test_who_is_being_served_may_wait():
    async with serving() as served:
        served.go_on.clear()
        talk = await served.talk()
        talk.send(PLAIN)
        await served.until(lambda: served.bodies)
        served.pass_s(1_000)
        served.go_on.set()
        assert (await talk.answer())[0] == 200


async def test_p55_who_takes_nothing_of_an_answer_is_ended():
    async with serving() as served:
        served.answer = b"x" * 30_000_000
        talk = await served.talk(room=4_096)
        talk.send(PLAIN)
        await served.until(lambda: len(served.all._unsent) == 1)
        served.pass_s(1)
        served.pass_s(19)
        assert len(served.all) == 1
        served.pass_s(1)
        await served.until(lambda: not len(served.all))
        assert len(served.all._unsent) == 0


async def test_who_takes_an_answer_slowly_keeps_it():
    async with serving(slowest_bytes_s=100) as served:
        served.answer = b"x" * 30_000_000
        talk = await served.talk(room=4_096)
        talk.send(PLAIN)
        await served.until(lambda: len(served.all._unsent) == 1)
        served.pass_s(1)
        for _ in range(5):
            before = _first(served).unsent_bytes
            while _first(served).unsent_bytes > before - 2_000:
                await talk.reader.read(65_536)
            served.pass_s(20)
            assert len(served.all) == 1


async def test_p55_answers_that_nobody_takes_do_not_fill_the_memory():
    async with serving(unsent_mb=40) as served:
        served.answer = b"x" * 30_000_000
        first, second = [await served.talk(room=4_096) for _ in range(2)]
        first.send(PLAIN)
        await served.until(lambda: len(served.all._unsent) == 1)
        second.send(PLAIN)
        await served.until(lambda: len(served.all) == 1)
        assert len(await second.reader.readexactly(1_000_000)) == 1_000_000


# -- how many there are ------------------------------------------------------------------------


async def test_p55_who_waits_longest_makes_room_for_who_comes():
    async with serving(connections_per_address=3) as served:
        talks = []
        for count in range(1, 4):
            talks.append(await served.talk())
            talks[-1].send(HALF)
            await served.until(lambda count=count: len(served.all) == count)
        coming = await served.talk()
        coming.send(PLAIN)
        assert (await coming.answer())[0] == 200
        assert await talks[0].is_ended()
        assert len(served.all) == 3
        talks[1].send(b"\r\n")
        assert (await talks[1].answer())[0] == 200


async def test_p55_who_is_served_makes_no_room():
    async with serving(connections_per_address=2) as served:
        served.go_on.clear()
        talks = [await served.talk() for _ in range(2)]
        for talk in talks:
            talk.send(PLAIN)
        await served.until(lambda: len(served.bodies) == 2)
        refused = await served.talk()
        answer = await refused.answer()
        check_problem(answer, 503)
        assert int(answer[1]["retry-after"]) > 0
        assert await refused.is_ended()
        # Another address is not that one.
        other = await served.talk(source="127.0.0.2")
        served.go_on.set()
        other.send(PLAIN)
        for talk in (*talks, other):
            assert (await talk.answer())[0] == 200


async def test_trusted_proxies_are_many_clients():
    async with serving(connections_per_address=1, trusted_proxy="127.0.0.0/31") as served:
        served.go_on.clear()
        talks = [await served.talk() for _ in range(5)]
        for talk in talks:
            talk.send(PLAIN)
        await served.until(lambda: len(served.bodies) == 5)


async def test_p55_in_all_the_address_that_waits_most_makes_room():
    async with serving(most=6) as served:
        for count in range(1, 6):
            await served.talk(source="127.0.0.2")
            await served.until(lambda count=count: len(served.all) == count)
        other = await served.talk(source="127.0.0.3")
        other.send(HALF)
        await served.until(lambda: len(served.all) == 6)
        third = await served.talk(source="127.0.0.4")
        third.send(PLAIN)
        assert (await third.answer())[0] == 200
        other.send(b"\r\n")
        assert (await other.answer())[0] == 200
        assert await served.talks[0].is_ended()


async def test_p55_beyond_all_connections_503(monkeypatch):
    async with serving(most=2) as served:
        served.go_on.clear()
        for source in ("127.0.0.2", "127.0.0.3"):
            (await served.talk(source=source)).send(PLAIN)
        await served.until(lambda: len(served.bodies) == 2)
        check_problem(await (await served.talk()).answer(), 503)
        # Few wait for their client to read why.
        monkeypatch.setattr(module, "_LINGERING", 0)
        assert await (await served.talk()).is_ended()


async def test_places_come_back():
    async with serving(connections_per_address=2) as served:
        for _ in range(5):
            talk = await served.talk()
            talk.send(PLAIN)
            assert (await talk.answer())[0] == 200
            talk.writer.close()
            await served.until(lambda: not len(served.all))
            # A reset is an end too.
            talk = await served.talk()
            await served.until(lambda: len(served.all) == 1)
            end = talk.writer.get_extra_info("socket")
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            talk.writer.close()
            await served.until(lambda: not len(served.all))
        assert served.all._clients == {}


def test_there_are_no_more_connections_than_descriptors(monkeypatch):
    limit = 1_024 + len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr(module.resource, "getrlimit", lambda _what: (limit, limit))
    most = Connections(Settings(connections=5_000)).most
    assert 200 < most < 700
    monkeypatch.setattr(module.resource, "getrlimit", lambda _what: (100_000, 100_000))
    assert Connections(Settings(connections=5_000)).most == 5_000


def _first(served):
    return next(iter(served.all._open))
