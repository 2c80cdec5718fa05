"""What surrounds every request: its steps in their order, `Vary` on every answer, the last net."""

import httpx
import pytest
from starlette.responses import PlainTextResponse, Response

from app.http.pipeline import Exchange, Pipeline, PipelineStep, varying
from tests.conftest import client_of

ORIGIN = "https://map.example.org"

#: Path, what its `Vary` has to name beside `Origin`, method, body: one of each kind of answer.
KINDS = [
    ("/collections", "Accept, Accept-Encoding, Authorization", "GET", 200),
    ("/collections?f=html", "Accept, Accept-Encoding, Authorization", "GET", 200),
    ("/collections/places/items?limit=1", "Accept, Accept-Encoding, Authorization", "GET", 200),
    ("/collections/places/items?limit=1", "Accept, Accept-Encoding, Authorization", "HEAD", 200),
    ("/collections/places/items?f=csv", "Accept, Accept-Encoding, Authorization", "GET", 200),
    ("/collections/places/items?f=fgb", "Accept, Authorization", "GET", 200),
    ("/collections/places/items/nope", "Accept-Encoding, Authorization", "GET", 404),
    ("/collections/places/items?nope=1", "Accept-Encoding, Authorization", "GET", 400),
    ("/collections/places/items", "Accept-Encoding, Authorization", "POST", 405),
    ("/collections/nope", "Accept-Encoding, Authorization", "GET", 404),
    ("/tiles/boundaries/3/2/4", "Accept, Accept-Encoding, Authorization", "GET", 200),
    ("/tiles/places/12/0/0", "Accept, Accept-Encoding, Authorization", "GET", 204),
    ("/tiles/places/tilejson", "Accept, Accept-Encoding, Authorization", "GET", 200),
    ("/", "Accept, Accept-Encoding, Authorization", "GET", 200),
    ("/api", "Accept-Encoding, Authorization", "GET", 200),
    ("/styles/amparo", "Accept-Encoding, Authorization", "GET", 200),
    ("/spaces/nearest?lon=-72.5&lat=7.9", "Accept-Encoding, Authorization", "GET", 200),
    ("/vocabularies", "Accept-Encoding, Authorization", "GET", 200),
    ("/health", "Accept-Encoding, Authorization", "GET", 200),
    ("/nope", "Accept-Encoding, Authorization", "GET", 404),
    ("/routes", "Accept-Encoding, Authorization", "POST", 400),
    ("/network/sign-in", "Authorization", "GET", 200),
    ("/static/page.css", "Accept-Encoding", "GET", 200),
]


@pytest.fixture(scope="module")
async def client(published_settings):
    settings = published_settings.model_copy(update={"cors_origins": ORIGIN})
    async with client_of(settings) as client:
        yield client


def names(response: httpx.Response) -> list[str]:
    assert len(response.headers.get_list("vary")) == 1
    return response.headers["vary"].split(", ")


@pytest.mark.parametrize("origin", [None, ORIGIN, "https://evil.example"])
@pytest.mark.parametrize(("path", "needed", "method", "status"), KINDS)
async def test_every_answer_names_what_it_varies_by_once(
    client, path, needed, method, status, origin
):
    for accepted in ("zstd, br, gzip", "identity"):
        headers = {"Accept-Encoding": accepted} | ({"Origin": origin} if origin else {})
        body = {"json": {}} if method == "POST" else {}
        response = await client.request(method, path, headers=headers, **body)
        assert response.status_code == status
        found = names(response)
        assert {*needed.split(", "), "Origin"} <= {*found}
        assert len({name.lower() for name in found}) == len(found)


async def test_an_unchanged_answer_varies_as_the_whole_one(client):
    for path in ("/collections", "/tiles/boundaries/3/2/4", "/styles/amparo", "/api"):
        whole = await client.get(path)
        known = {"If-None-Match": whole.headers["etag"]}
        unchanged = await client.get(path, headers=known)
        assert unchanged.status_code == 304
        assert {*names(unchanged)} == {*names(whole)}


async def test_what_a_page_asks_before_a_request_varies_by_its_origin(client):
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    response = await client.options("/collections", headers=asked)
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert {"Origin", "Authorization"} <= {*names(response)}
    assert "content-security-policy" in response.headers
    assert len(response.headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("stated", "added", "value"),
    [
        (b"", (), b""),
        (b"", (b"Origin",), b"Origin"),
        (b"Accept", (b"accept", b"Origin", b"Origin"), b"Accept, Origin"),
        (b"Accept,Accept-Encoding , accept", (), b"Accept, Accept-Encoding"),
    ],
)
def test_no_name_stands_twice(stated, added, value):
    assert varying(stated, added) == value


# --- the pass itself ------------------------------------------------------------------------------


class Noting(PipelineStep):
    """Notes when it is asked, and may answer."""

    def __init__(self, name: str, seen: list[str], answer: Response | None = None) -> None:
        self._name, self._seen, self._answer = name, seen, answer

    def begin(self, exchange: Exchange) -> Response | None:
        self._seen.append(f"begin {self._name}")
        return self._answer

    def finish(self, exchange: Exchange) -> None:
        self._seen.append(f"finish {self._name}")


async def told(app, *steps, method="GET", headers=()):
    messages = []

    async def send(message):
        messages.append(message)

    scope = {"type": "http", "method": method, "path": "/", "headers": list(headers)}
    await Pipeline(app, steps)(scope, None, send)
    return messages


async def test_steps_end_the_other_way_round():
    seen = []
    await told(PlainTextResponse("x"), Noting("outer", seen), Noting("inner", seen))
    assert seen == ["begin outer", "begin inner", "finish inner", "finish outer"]


async def test_a_step_that_answers_leaves_the_rest_of_the_pass_as_it_is():
    seen = []
    refusing = Noting("outer", seen, PlainTextResponse("no", 429))
    start, _ = await told(PlainTextResponse("x"), refusing, Noting("inner", seen))
    assert start["status"] == 429
    assert seen == ["begin outer", "finish inner", "finish outer"]


async def test_headers_that_stand_more_than_once_stay_so():
    async def app(scope, receive, send):
        headers = [(b"link", b"<a>"), (b"vary", b"Accept"), (b"link", b"<b>"), (b"vary", b"Origin")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})

    start, _ = await told(app)
    assert [value for name, value in start["headers"] if name == b"link"] == [b"<a>", b"<b>"]
    assert [value for name, value in start["headers"] if name == b"vary"] == [b"Accept, Origin"]


async def test_an_answer_that_breaks_before_its_body_is_an_incident():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        msg = "at -72.5, 7.9"
        raise ValueError(msg)

    start, body = await told(app)
    assert start["status"] == 500
    assert dict(start["headers"])[b"x-request-id"] in body["body"]
    assert b"72" not in body["body"].replace(dict(start["headers"])[b"x-request-id"], b"")


async def test_an_answer_that_breaks_half_way_breaks_the_connection_without_its_words():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        msg = "at -72.5, 7.9"
        raise ValueError(msg)

    with pytest.raises(RuntimeError, match="incident") as caught:
        await told(app)
    assert caught.value.__cause__ is None
    assert "72.5" not in str(caught.value)


async def test_each_request_has_an_id_that_is_a_uuid():
    ids = set()
    for _ in range(20):
        start, _ = await told(PlainTextResponse("x"))
        ids.add(dict(start["headers"])[b"x-request-id"])
    assert len(ids) == 20
    assert all(len(one) == 32 and one[12:13] == b"4" and one[16:17] in b"89ab" for one in ids)


async def test_of_several_lines_the_first_counts_or_all_are_one_list():
    lines = [(b"accept-encoding", b"br"), (b"cookie", b"a"), (b"accept-encoding", b"gzip")]
    scope = {"type": "http", "method": "GET", "headers": [*lines, (b"cookie", b"b")]}
    assert Exchange(scope, None).asked == {b"accept-encoding": b"br,gzip", b"cookie": b"a"}


async def test_a_header_that_a_step_changes_is_changed_for_the_next_step_too():
    scope = {"type": "http", "method": "GET", "headers": [(b"a", b"1"), (b"b", b"2")]}
    exchange = Exchange(scope, None)
    exchange.ask(b"a", None)
    exchange.ask(b"b", b"3")
    assert exchange.asked == {b"b": b"3"} == dict(exchange.scope["headers"])
    assert scope["headers"] == [(b"a", b"1"), (b"b", b"2")]


def test_applications_of_a_process_read_its_declarations_once(tmp_path, monkeypatch):
    """Half a second for each that a test starts."""
    from fastapi import routing

    from app.http.parameter_fields import make_fields
    from app.main import create_app
    from app.settings import Settings

    def refuse(*_args, **_kwargs):
        pytest.fail("a declaration is read again")

    make_fields(create_app(Settings(home=tmp_path)))
    monkeypatch.setattr(routing, "get_dependant", refuse)
    make_fields(create_app(Settings(home=tmp_path)))
