"""Requests that cost their sender little: those that once stalled a process, and drawn ones.

Each shape is the pieces that go over the wire, one after the other, on a connection of its own.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

#: A client gives up sending after so many bytes: an endless header ends here.
ENDLESS_BYTES: Final = 150_000_000
_PIECE: Final = 65_536

ENDS: Final = {"start": [-72.508, 7.894], "end": [-73.126, 7.125]}

#: Addresses that take a body in JSON from anybody.
_POSTS: Final = (
    *("/routes", "/coverage", "/spaces/match", "/ogc/routes", "/movement", "/proposals"),
    *("/v2/directions/foot-walking/geojson", "/feedback", "/complaints", "/requests"),
)
_GETS: Final = (
    *("/collections/spaces/items", "/collections/places/items", "/spaces/nearest", "/"),
    *("/collections/hazards/items", "/health", "/tiles/places/0/0/0"),
)


@dataclass(frozen=True)
class Shape:
    """One request.

    Parameters
    ----------
    name
        What it is.
    head
        Its line and headers, with the empty line where there is one.
    body
        What follows.
    repeats
        How often ``body`` follows.
    """

    name: str
    head: bytes
    body: bytes = b""
    repeats: int = 1

    def pieces(self) -> Iterator[bytes]:
        """Give what is sent."""
        yield self.head
        for _ in range(self.repeats):
            yield from (self.body[at : at + _PIECE] for at in range(0, len(self.body), _PIECE))


def _post(name: str, path: str, body: bytes, *headers: str) -> Shape:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: amparo.test",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return Shape(name, ("\r\n".join(lines) + "\r\n\r\n").encode(), body)


def _get(name: str, target: str, *headers: str) -> Shape:
    lines = [f"GET {target} HTTP/1.1", "Host: amparo.test", *headers]
    return Shape(name, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"))


def _json(value: Any) -> bytes:  # noqa: ANN401 -- any JSON
    return json.dumps(value, separators=(",", ":")).encode()


def _endless(name: str, head: bytes) -> Shape:
    return Shape(name, head, b"a" * _PIECE, ENDLESS_BYTES // _PIECE)


def known_shapes() -> list[Shape]:
    """Return those that stalled a process before 2026-11-28, or might have."""
    start = b"POST /routes HTTP/1.1\r\nHost: amparo.test\r\n"
    chunked = start + b"Transfer-Encoding: chunked\r\n\r\n"
    line = [[-72.508 + n * 1e-5, 7.894 + n * 1e-5] for n in range(5_000)]
    comb = [[-72.50 + n // 2 * 1e-4, 7.89 + n % 2 * 0.02] for n in range(950)]
    deep = b'{"start":' + b"[" * 30_000 + b"]" * 30_000 + b"}"
    return [
        _endless("a header without an end", start + b"X: "),
        _endless("an address without an end", b"GET /"),
        _endless("an extension of a chunk without an end", chunked + b"1;a="),
        _endless("a trailer without an end", chunked + b"1\r\nx\r\n0\r\nX: "),
        Shape("20,000 headers", start, b"X: 1\r\n" * 20_000),
        Shape("14,000 requests at once", b"", b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n" * 14_000),
        _post("90,000 unknown members", "/routes", _json({**ENDS, **_members(90_000)})),
        _post("4,500 unknown members", "/routes", _json({**ENDS, **_members(4_500)})),
        _post("60,000 wrong points", "/routes", _json({**ENDS, "via": ["x"] * 60_000})),
        _post("15,000 wrong points", "/routes", _json({**ENDS, "via": ["x"] * 15_000})),
        _post("30,000 levels", "/routes", deep),
        _post("20 MB with a forged cookie", "/network/imports", b"x" * 20_000_000, _COOKIE),
        _post("20 MB with a forged token", "/movement", b"[" * 20_000_000, _TOKEN),
        _post("a line of 5,000 points", "/coverage", _json({"route": _line(line)})),
        _post("a line of 5,000 wrong points", "/coverage", _json({"route": _line(["x"] * 5_000)})),
        _post("a line of 60,000 points", "/coverage", _json({"route": _line([[0]] * 60_000)})),
        _post(
            "a comb to keep out of",
            "/routes",
            _json({**ENDS, "avoid": [{"type": "Polygon", "coordinates": [[*comb, comb[0]]]}]}),
        ),
        _post(
            "900 rings of nothing",
            "/routes",
            _json({**ENDS, "avoid": [{"type": "Polygon", "coordinates": [[[0] * 4]] * 900}] * 6}),
        ),
        _get("a filter of 30,000 brackets", "/collections/spaces/items?filter=" + "(" * 30_000),
        _get("3,000 parameters", "/spaces/nearest?" + "&".join(f"a{n}=1" for n in range(3_000))),
        _get("a path of 30,000 slashes", "/" * 30_000),
        _get("6,000 media types", "/", "Accept: " + ",".join(["a/b"] * 6_000)),
        _get("6,000 forged addresses", "/", "X-Forwarded-For: " + ",".join(["1.1"] * 6_000)),
        _get("a forged cookie", "/network", _COOKIE),
    ]


_COOKIE: Final = "Cookie: amparo_session=" + "x" * 43 + "." + "x" * 22
_TOKEN: Final = "Authorization: Bearer forged"  # noqa: S105 -- forged


def _members(count: int) -> dict[str, int]:
    return {f"member{n}": 0 for n in range(count)}


def _line(points: list[Any]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": points}


def drawn_shapes(count: int, seed: int) -> list[Shape]:
    """Return so many drawn ones: bodies of any size and depth, long and odd questions."""
    draw = random.Random(seed)  # noqa: S311 -- no secret
    return [_drawn(draw, n) for n in range(count)]


def _drawn(draw: random.Random, number: int) -> Shape:
    name = f"drawn {number}"
    if draw.random() < 0.3:
        query = "&".join(
            f"{draw.choice(['filter', 'bbox', 'limit', 'service', 'f', 'q'])}="
            + draw.choice(["9", "(", "a,", "%C3%B1", "-1."]) * draw.choice([1, 100, 4_000])
            for _ in range(draw.randint(1, 3))
        )
        header = f"{draw.choice(['Accept', 'Cookie', 'If-None-Match', 'X-Odd'])}: " + draw.choice(
            ["a=1; ", '"x", ', "*/*;q=0."]
        ) * draw.choice([1, 500, 3_000])
        return _get(name, f"{draw.choice(_GETS)}?{query}", header)
    budget = draw.choice([500, 20_000, 60_000, 250_000, 2_000_000])
    value = {**ENDS, draw.choice(["via", "avoid", "route", "services", "odd"]): _any(draw, budget)}
    extra = draw.choice([(), (_TOKEN,), (_COOKIE,)])
    return _post(name, draw.choice(_POSTS), _json(value), *extra)


def _any(draw: random.Random, budget: int, depth: int = 0) -> Any:  # noqa: ANN401 -- any JSON
    """Draw a value of some ``budget`` bytes."""
    kind = draw.randrange(6) if depth < 40 else 5
    if kind == 0:
        return {f"{draw.choice('abc')}{n}": 1 for n in range(min(budget // 8, 50_000))}
    if kind == 1:
        return [_any(draw, budget // 4, depth + 1) for _ in range(4)] if budget > 40 else []
    if kind == 2:
        return [draw.choice([0, "x", None, 1.5, []])] * min(budget // 4, 200_000)
    if kind == 3:
        return [[draw.uniform(-180, 180), draw.uniform(-90, 90)] for _ in range(budget // 40)]
    if kind == 4:
        return {"type": "Polygon", "coordinates": [_any(draw, budget // 2, depth + 1)]}
    return "x" * draw.choice([1, budget])
