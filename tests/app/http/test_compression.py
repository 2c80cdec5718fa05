"""Compression: what is agreed on, what is left alone, and tags that name their coding."""

import gzip
import zlib
from pathlib import Path

import cramjam
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from app.http.assets import asset_content
from app.http.compression import SMALLEST, ZSTD, Compression, read_accepted
from app.http.pipeline import Pipeline

TEXT = b"albergue y agua potable; " * 400
TAG = '"tag"'
UNPACK = {
    "zstd": lambda body: bytes(cramjam.zstd.decompress(body)),
    "br": lambda body: bytes(cramjam.brotli.decompress(body)),
    "gzip": gzip.decompress,
}
BROWSER = "gzip, deflate, br, zstd"


async def _pieces():
    for number in range(3):
        yield TEXT + str(number).encode()


def _answers(path: Path):
    def plain(request):
        if request.headers.get("if-none-match") in {TAG, f"W/{TAG}"}:
            return Response(status_code=304, headers={"ETag": TAG})
        return Response(TEXT, media_type="text/plain", headers={"ETag": TAG})

    async def seen(request):
        return Response(request.headers.get("if-none-match", ""), media_type="text/plain")

    return {
        "plain": plain,
        "seen": seen,
        "small": lambda _: Response(TEXT[: SMALLEST - 1], media_type="text/plain"),
        "weak": lambda _: Response(TEXT, media_type="text/plain", headers={"ETag": f"W/{TAG}"}),
        "image": lambda _: Response(TEXT, media_type="image/png"),
        "vector": lambda _: Response(TEXT, media_type="image/svg+xml"),
        "tile": lambda _: Response(TEXT, media_type="application/vnd.mapbox-vector-tile"),
        "encoded": lambda _: Response(
            gzip.compress(TEXT), media_type="text/plain", headers={"Content-Encoding": "gzip"}
        ),
        "nothing": lambda _: Response(status_code=204),
        "problem": lambda _: Response(TEXT, 404, media_type="application/problem+json"),
        "stream": lambda _: StreamingResponse(_pieces(), media_type="text/csv"),
        "file": lambda _: FileResponse(path, media_type="text/plain"),
        "private/plain": plain,
    }


@pytest.fixture(scope="module")
async def raw(tmp_path_factory):
    """Ask without httpx decoding anything: a function of a path and `Accept-Encoding`."""
    path = tmp_path_factory.mktemp("files") / "file.txt"
    path.write_bytes(TEXT)
    app = Starlette(
        routes=[Route(f"/{name}", answer) for name, answer in _answers(path).items()],
        middleware=[Middleware(Pipeline, steps=[Compression("/private")])],
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://amparo.test") as client:

        async def ask(path, accepted, *, method="GET", **headers):
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            sent = {"Accept-Encoding": accepted, **headers}
            async with client.stream(method, path, headers=sent) as response:
                response.sent = b"".join([piece async for piece in response.aiter_raw()])
                return response

        yield ask


@pytest.mark.parametrize(
    ("stated", "codings", "plain"),
    [
        (BROWSER, "zstd br gzip", True),
        ("gzip, deflate, br", "br gzip", True),
        ("gzip", "gzip", True),
        ("X-GZip", "gzip", True),
        ("", "", True),
        ("deflate", "", True),
        ("*", "zstd br gzip", True),
        ("zstd;q=0.2, gzip;q=0.9, br;q=0", "gzip zstd", True),
        ("zstd ; q=0.5 , br ; Q=0.5", "zstd br", True),
        ("gzip;q=0", "", True),
        ("gzip;q=0.000, *;q=0.1", "zstd br", True),
        ("identity, gzip;q=0.5", "", True),
        ("identity;q=0.5, gzip;q=0.5", "gzip", True),
        ("identity;q=0, gzip;q=0.001", "gzip", False),
        ("*;q=0", "", False),
        ("*;q=0, identity", "", True),
        ("*;q=0, br", "br", False),
        # Not understood, so not said.
        ("gzip;q=2, zstd;q=-1, br;q=0.1234", "", True),
        ("gzip;level=9", "", True),
        (";;,,=,q=1", "", True),
    ],
)
def test_what_an_asker_takes(stated, codings, plain):
    accepted = read_accepted(stated)
    assert " ".join(coding.name for coding in accepted.codings) == codings
    assert accepted.plain is plain


@pytest.mark.parametrize(("accepted", "name"), [(BROWSER, "zstd"), ("br", "br"), ("gzip", "gzip")])
@pytest.mark.parametrize("path", ["plain", "vector", "tile", "problem"])
async def test_a_body_is_the_same_in_every_coding(raw, path, accepted, name):
    response = await raw(path, accepted)
    assert response.headers["content-encoding"] == name
    assert response.headers["vary"] == "Accept-Encoding"
    assert int(response.headers["content-length"]) == len(response.sent) < len(TEXT)
    assert UNPACK[name](response.sent) == TEXT


async def test_a_body_large_enough_for_a_thread_is_the_same(raw, monkeypatch):
    from app.http import compression

    small = [type(one)(one.name, one.library, 1, 1, 10) for one in compression.CODINGS]
    monkeypatch.setattr(compression, "CODINGS", tuple(small))
    compression.read_accepted.cache_clear()
    try:
        response = await raw("plain", "gzip")
    finally:
        compression.read_accepted.cache_clear()
    assert gzip.decompress(response.sent) == TEXT


@pytest.mark.parametrize("path", ["small", "plain"])
async def test_what_could_be_compressed_says_so_where_it_is_not(raw, path):
    response = await raw(path, "identity")
    assert "content-encoding" not in response.headers
    assert response.headers["vary"] == "Accept-Encoding"


async def test_a_small_body_is_compressed_only_for_who_takes_no_other(raw):
    assert "content-encoding" not in (await raw("small", BROWSER)).headers
    response = await raw("small", "identity;q=0, br")
    assert UNPACK["br"](response.sent) == TEXT[: SMALLEST - 1]
    # Nothing that we have: an answer that may be unreadable is better than none.
    assert (await raw("plain", "identity;q=0, deflate")).sent == TEXT


@pytest.mark.parametrize("path", ["image", "nothing"])
async def test_images_and_nothing_stay_as_they_are(raw, path):
    response = await raw(path, BROWSER)
    assert "content-encoding" not in response.headers
    assert "vary" not in response.headers


async def test_what_is_compressed_already_stays_as_it_is(raw):
    response = await raw("encoded", BROWSER)
    assert response.headers["content-encoding"] == "gzip"
    assert gzip.decompress(response.sent) == TEXT


async def test_a_part_of_a_file_stays_as_it_is(raw):
    response = await raw("file", BROWSER, Range="bytes=10-2999")
    assert response.status_code == 206
    assert response.sent == TEXT[10:3000]
    assert "content-encoding" not in response.headers


async def test_what_is_private_stays_as_it_is(raw):
    response = await raw("private/plain", BROWSER)
    assert response.sent == TEXT
    assert response.headers["etag"] == TAG


@pytest.mark.parametrize("name", ["zstd", "br", "gzip"])
async def test_a_stream_arrives_piece_by_piece(raw, name):
    response = await raw("stream", name)
    assert response.headers["content-encoding"] == name
    assert "content-length" not in response.headers
    assert UNPACK[name](response.sent) == b"".join([piece async for piece in _pieces()])


async def test_each_piece_of_a_stream_can_be_read_when_it_comes():
    # httpx gathers what an application sends, so this looks at the messages themselves.
    messages = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        messages.append(message)

    scope = {
        "type": "http",
        "path": "/",
        "method": "GET",
        "headers": [(b"accept-encoding", b"gzip")],
    }
    stream = StreamingResponse(_pieces(), media_type="text/csv")
    await Pipeline(stream, [Compression("/private")])(
        {**scope, "asgi": {"spec_version": "2.4"}}, receive, send
    )
    reader = zlib.decompressobj(31)
    read = [reader.decompress(message["body"]) for message in messages[1:]]
    assert read == [piece async for piece in _pieces()] + [b""]
    assert reader.eof


async def test_a_head_has_the_headers_of_the_get(raw):
    for path in ("plain", "small", "stream"):
        for accepted in (BROWSER, "gzip", ""):
            got = await raw(path, accepted)
            head = await raw(path, accepted, method="HEAD")
            assert head.sent == b""
            for answer in (head, got):
                del answer.headers["x-request-id"]
            assert head.headers == got.headers


async def test_strong_tags_differ_by_coding_and_weak_ones_do_not(raw):
    tags = {one: (await raw("plain", one)).headers["etag"] for one in ("zstd", "br", "gzip", "")}
    assert tags == {"zstd": '"tag-zstd"', "br": '"tag-br"', "gzip": '"tag-gzip"', "": TAG}
    for accepted in (BROWSER, "gzip", ""):
        assert (await raw("weak", accepted)).headers["etag"] == f"W/{TAG}"


@pytest.mark.parametrize(
    ("known", "accepted", "tag"),
    [
        ('"tag-zstd"', BROWSER, '"tag-zstd"'),
        ('"tag-gzip"', BROWSER, '"tag-gzip"'),
        ('W/"tag-gzip"', "gzip", '"tag-gzip"'),
        (TAG, BROWSER, TAG),
        (TAG, "", TAG),
        ('"tag-gzip"', "br", None),
        ('"tag-gzip"', "", None),
        ('"other-zstd"', BROWSER, None),
    ],
)
async def test_a_known_tag_is_a_304_with_this_tag(raw, known, accepted, tag):
    response = await raw("plain", accepted, If_None_Match=known)
    assert response.status_code == (200 if tag is None else 304)
    if tag is not None:
        assert response.sent == b""
        assert response.headers["etag"] == tag
        assert response.headers["vary"] == "Accept-Encoding"
        assert "content-encoding" not in response.headers


async def test_each_of_several_tags_loses_its_coding(raw):
    response = await raw("seen", "gzip, br", If_None_Match='"a-gzip", W/"b-br","c-zstd", "d"')
    assert response.sent == b'"a", W/"b","c-zstd", "d"'


@pytest.mark.parametrize("accepted", ["zstd", "br", "gzip", BROWSER])
async def test_public_answers_keep_their_tags_in_every_coding(small, accepted):
    headers = {"Accept-Encoding": accepted}
    async with small.stream("GET", "/collections", headers=headers) as response:
        packed = b"".join([piece async for piece in response.aiter_raw()])
    name = response.headers["content-encoding"]
    plain = await small.get("/collections", headers={"Accept-Encoding": "identity"})
    assert UNPACK[name](packed) == plain.content
    tag = response.headers["etag"]
    assert tag == f'{plain.headers["etag"][:-1]}-{name}"'
    again = await small.get("/collections", headers={**headers, "If-None-Match": tag})
    assert again.status_code == 304
    assert again.headers["etag"] == tag
    assert {"Accept", "Accept-Encoding"} <= set(again.headers["vary"].split(", "))


async def test_pages_are_compressed_harder_than_answers_for_programs(small):
    headers = {"Accept": "text/html", "Accept-Encoding": "zstd"}
    async with small.stream("GET", "/?lang=es", headers=headers) as response:
        packed = b"".join([piece async for piece in response.aiter_raw()])
    assert len(packed) < 0.95 * len(ZSTD.packed(UNPACK["zstd"](packed)))


async def test_the_console_is_sent_as_it_is(small):
    response = await small.get("/network/sign-in", headers={"Accept-Encoding": BROWSER})
    assert response.status_code == 200
    assert len(response.content) >= SMALLEST
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize(
    ("accepted", "name"), [(BROWSER, "br"), ("zstd", "zstd"), ("gzip", "gzip"), ("br;q=0", None)]
)
async def test_the_pages_own_files_are_kept_compressed(small, accepted, name):
    content = asset_content("page.js")
    headers = {"Accept-Encoding": accepted}
    async with small.stream("GET", "/static/page.js?v=1", headers=headers) as response:
        sent = b"".join([piece async for piece in response.aiter_raw()])
    assert response.headers.get("content-encoding") == name
    assert "Accept-Encoding" in response.headers["vary"]
    assert "immutable" in response.headers["cache-control"]
    assert (sent if name is None else UNPACK[name](sent)) == content
