"""Sends shapes over eight connections: a process of its own, light enough to start at once.

`benchmarks.load` starts it as `python -m benchmarks._load_attack PORT SECONDS DRAWN SEED`.
"""

import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import Sequence
from typing import Final

from benchmarks._load_shapes import Shape, drawn_shapes, known_shapes

CLIENTS: Final = 8

#: Of this machine, from where it attacks.
ATTACKER: Final = "127.0.0.2"

#: After which an answer, or a shape, is given up.
PATIENCE_S: Final = 20.0


async def connect(
    port: int, source: str, *, room: int | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    end = socket.socket()
    if room is not None:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    end.setblocking(False)
    end.bind((source, 0))
    try:
        await asyncio.get_running_loop().sock_connect(end, ("127.0.0.1", port))
    except BaseException:
        end.close()
        raise
    return await asyncio.open_connection(sock=end, limit=room or 65_536)


async def send(port: int, shape: Shape) -> None:
    """Send a shape, and take what is answered."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await connect(port, ATTACKER)
            try:
                for piece in shape.pieces():
                    writer.write(piece)
                    await writer.drain()
                await reader.read(65_536)
            finally:
                writer.transport.abort()


def attack(port: int, shapes: Sequence[Shape], seconds: float) -> None:
    """Send all shapes again and again over eight connections; a process of its own."""

    async def client(number: int, until: float) -> None:
        turn = number * len(shapes) // CLIENTS
        while time.monotonic() < until:
            await send(port, shapes[turn % len(shapes)])
            turn += 1

    async def clients() -> None:
        until = time.monotonic() + seconds
        await asyncio.gather(*(client(number, until) for number in range(CLIENTS)))

    asyncio.run(clients())


if __name__ == "__main__":
    _port, _seconds, _drawn, _seed = sys.argv[1:]
    _shapes = [*known_shapes(), *drawn_shapes(int(_drawn), int(_seed))]
    attack(int(_port), _shapes, float(_seconds))
