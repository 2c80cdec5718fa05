"""What a hostile reader would try with guidance, voices, standards, match, exports and hours."""

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle, islice
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update

from geo import models
from geo.accounts import tokens
from geo.db.sessions import Tier
from geo.vocabulary import protect_term
from tests.conftest import client_of, clone, opened
from tests.fixtures.clock import run_now, run_today
from tests.fixtures.examples import examples, is_long

#: A demo refuge in Cúcuta, and an id as long that nothing has.
HIDDEN, NEVER = "DEMO-008", "DEMO-908"

PEOPLE = {"coordinator": "coordinator", "editor": "editor", "approver": "approver"}


@pytest.fixture(scope="module")
async def desk(cluster: Any, loaded_template: str, settings_for: Any) -> Any:
    """Give a client over loaded data and the headers of a coordinator."""
    settings = settings_for(
        clone(cluster, loaded_template),
        allow_demo_mixed=True,
        rate_per_minute=0,
        token_rate_per_minute=0,
        sign_in_rate_per_minute=0,
        report_rate_per_minute=0,
    )
    headers = {}
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        # The editor's own organisation runs the space that nobody named them for.
        organization = await session.scalar(
            select(models.Location.organization_id).where(models.Location.id == HIDDEN)
        )
        rows = [
            {
                "id": name,
                "name": name,
                "email": f"{name}@example.org",
                "role": role,
                "countries": ["CO"],
                "organization_id": organization if role == "editor" else None,
            }
            for name, role in PEOPLE.items()
        ]
        await session.execute(insert(models.Person), rows)
        for name in PEOPLE:
            _, secret = await tokens.issue_token(
                session,
                scope="edit",
                holder=name,
                expires_at=run_now() + timedelta(days=1),
                person_id=name,
            )
            headers[name] = {"Authorization": f"Bearer {secret}"}
    async with client_of(settings, is_written_elsewhere=False) as client:
        yield client, headers


READS = (
    "/vocabularies",
    "/contacts",
    "/messages",
    "/messages/x",
    "/products",
    "/practices",
    "/pathways",
    "/pathways/controlled",
    "/message-drafts",
    "/feedback/counts",
    "/requests/counts",
    "/feedback/spaces",
    "/complaints",
    "/rumours",
    "/standards",
    "/standards/spaces/x/assessments",
    "/standards/assessments/x",
    "/spaces/match",
    "/exports/text",
)
WRITES = (
    ("POST", "/feedback", {"space": "x", "was_served": True}),
    ("POST", "/complaints", {"space": "x", "category": "other", "body": "x", "admin1": "x"}),
    ("POST", "/requests", {"service": "food", "country": "CO", "admin1": "x"}),
    ("POST", "/rumours", {"claim": "x", "country": "CO", "admin1": "x", "heard_on": "2026-11-01"}),
    ("POST", "/rumours/x/answer", {"message": "x"}),
    ("POST", "/rumours/x/retire", {}),
    ("POST", "/complaints/x", {"state": "closed"}),
    (
        "POST",
        "/messages",
        {
            "key": "k", "language": "es", "audience": "partners", "body": "x",
            "valid_from": "2026-11-01", "valid_to": "2026-12-01", "safety": True,
        },
    ),
    ("POST", "/messages/x/review", {"accept": True, "reason": "x", "reader": "x"}),
    (
        "POST",
        "/products",
        {
            "title": "t", "language": "es", "audience": "partners", "url": "https://x.org/",
            "source": "s", "visibility": "public", "spaces": ["DEMO-006"], "summary": "x",
            "valid_from": "2026-11-01", "valid_to": "2026-12-01",
            "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
        },
    ),
    ("POST", "/products/x/review", {"accept": False, "reason": "x"}),
    (
        "POST",
        "/practices",
        {
            "space": "DEMO-006", "title": "t", "body": "b", "noted_on": "2026-11-01",
            "language": "es", "public": True,
        },
    ),
    (
        "PUT",
        "/contacts/x",
        {
            "kind": "gbv", "name": "n", "country": "CO", "admin1": "x", "phone": "123",
            "whatsapp": "123", "hours": "x", "languages": ["es"], "independent": True,
            "confirmed_on": "2026-11-01", "expires_on": "2026-12-30", "visibility": "public",
            "source": "s", "licence": "x",
        },
    ),
    (
        "PUT",
        "/pathways/x",
        {
            "need": "food", "country": "CO", "admin1": "x", "title": "t", "source": "s",
            "confirmed_on": "2026-11-01", "expires_on": "2026-12-30", "visibility": "public",
            "steps": [{"instruction": "i", "contact": "DEMO-C02", "space": "DEMO-006"}],
        },
    ),
    ("POST", "/pathways/x/readers", {"person": "x"}),
    (
        "POST",
        "/standards/checklists",
        {
            "kind": "support_space", "title": "t", "valid_months": 3, "pass_score": 0.5,
            "example": False,
            "items": [
                {"standard": "s", "question": "q", "evidence_needed": True, "essential": True}
            ],
        },
    ),
    ("POST", "/standards/checklists/x/publish", {}),
    ("POST", "/standards/spaces/DEMO-006/assessments", {}),
    (
        "PUT",
        "/standards/assessments/x/answers",
        {"answers": [{"position": 1, "answer": "yes", "evidence": "x"}]},
    ),
    ("POST", "/standards/assessments/x/verify", {"accept": True, "reason": "x"}),
    ("POST", "/standards/organizations/x/membership/withdraw", {"reason": "x"}),
    (
        "POST",
        "/spaces/match",
        {
            "lon": -72.508, "lat": 7.894, "service": ["food"], "at": "2026-11-25T10:00:00Z",
            "country": "CO", "age": 3, "gender": "women", "children": 1, "people": 3,
            "alone": False, "languages": ["es"], "documents": ["none"], "limit": 3,
        },
    ),
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 2**31, 2**63, 10**30, 1e308, 1.5, "", " ", "\u0000", "a\u0000b", "\ud800",
    "x" * 3000, "٣", "2026-11-25", "9999-12-31", "0001-01-01", [], [None], ["\u0000"], [[]], {},
    {"a": {"b": [1]}}, [{}], "none", "2100-12-31T23:59:59+14:00", "1970-01-01T00:00:00-14:00",
)  # fmt: skip
RAW = (
    b"", b"{", b"[]", b"null", b"1", b'"x"', b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe{}",
    b'{"space": NaN}', b'{"x": 1e999}', b"\xed\xa0\x80", b'{"a": "\\ud800"}',
    b'{"lon": 1, "lon": 2}',
)  # fmt: skip


def variants(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give a body with each field left out, and with odd values of it: all with `--long`.

    Else fields take turns: what one of ten does not get the others do.
    """
    yield body
    yield {**body, "unknown\u0000": 1}
    count = examples(len(ODD), 3)
    for turn, (name, inner) in enumerate(body.items()):
        yield {key: value for key, value in body.items() if key != name}
        for at in range(turn * count, (turn + 1) * count):
            yield {**body, name: ODD[at % len(ODD)]}
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            for part in variants(inner[0]):
                yield {**body, name: [part]}


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_no_body_makes_an_error_of_the_server(desk: Any, method, path, body):
    client, headers = desk
    # What is no JSON is read before anybody knows what it is sent to: all with `--long`, else each
    # operation gets every fifth.
    fifth = slice(WRITES.index((method, path, body)) % 5, None, 5)
    raw = RAW if is_long() else RAW[fifth]
    sent = [*(json.dumps(variant).encode() for variant in variants(body)), *raw]
    for content in sent:
        answer = await client.request(
            method,
            path,
            content=content,
            headers={**headers["coordinator"], "Content-Type": "application/json"},
        )
        assert answer.status_code < 500, (content[:300], answer.text)


NAMES = {
    "country", "admin1", "lang", "audience", "space", "need", "kind", "vocabulary", "locality",
    "service", "lon", "lat", "at", "age", "gender", "languages", "documents", "limit", "nonsense",
}  # fmt: skip
VALUES = (
    "", "%00", "%FF", "%ED%A0%80", "-1", "1e400", "nan", "inf", "9" * 400, "CO", "ZZ", "es",
    "x" * 3000, "%F0%9F%98%80", "food", "gbv_response", "2100-12-31T23:59:59-12:00", "DEMO-006",
    "'%22;--", "a%00b",
)  # fmt: skip
MATCHING = {"lon": "-72.508", "lat": "7.894", "service": "food"}
PATHWAY = {"need": "food", "country": "CO"}


@pytest.mark.parametrize("path", READS)
async def test_no_query_makes_an_error_of_the_server(desk: Any, path):
    client, headers = desk
    base = MATCHING if path == "/spaces/match" else PATHWAY if "pathways" in path else {}
    base = {"space": "DEMO-006"} if path == "/practices" else base
    for at, name in enumerate(sorted(NAMES), READS.index(path)):
        known = await client.get(path, params={name: "x"}, headers=headers["coordinator"])
        # What it does not know is refused by its name, whatever the value, before anybody is asked:
        # one such name of one endpoint has all.
        has_all = is_long() or (name, path) == ("nonsense", READS[0])
        is_refused = "unknown parameter" in known.text and not has_all
        # All with `--long`; else names take turns: what one does not get the next one does.
        half = VALUES if is_long() or has_all else VALUES[at % 2 :: 2]
        for turn, value in enumerate(VALUES[:1] if is_refused else half):
            query = "&".join(f"{n}={v}" for n, v in {**base, name: value}.items())
            askers = [{}, headers["coordinator"]]
            # Both with `--long`, and about what is refused; else they take turns.
            count = 2 if is_refused else examples(2, 1)
            for asker in islice(cycle(askers), turn, turn + count):
                answer = await client.get(f"{path}?{query}", headers=asker)
                assert answer.status_code < 500, (query[:200], answer.text)
                assert not is_refused or asker == {} or answer.status_code == 400


#: Everything of guidance, voices, standards, exports and pages that takes the id of a space.
OF_A_SPACE = (
    ("GET", "/spaces/{id}", None),
    ("GET", "/spaces/{id}?f=html", None),
    ("GET", "/spaces/{id}/complaint", None),
    ("POST", "/spaces/{id}/feedback", "said=served"),
    ("POST", "/spaces/{id}/complaint", "category=other&body=x"),
    ("GET", "/products?space={id}", None),
    ("GET", "/practices?space={id}", None),
    ("POST", "/feedback", {"space": "{id}", "was_open": True}),
    ("POST", "/complaints", {"space": "{id}", "category": "other"}),
    ("POST", "/practices", {"space": "{id}", "title": "t", "body": "b", "noted_on": "2026-11-01"}),
    (
        "POST",
        "/products",
        {
            "title": "t", "language": "es", "audience": "partners", "url": "https://x.org/",
            "source": "s", "visibility": "public", "spaces": ["{id}"], "summary": "x",
            "valid_from": "2026-11-01", "valid_to": "2026-12-01",
        },
    ),
    (
        "PUT",
        "/pathways/x",
        {
            "need": "food", "country": "CO", "title": "t", "source": "s", "visibility": "public",
            "confirmed_on": "2026-11-01", "expires_on": "2026-12-30",
            "steps": [{"instruction": "i", "space": "{id}"}],
        },
    ),
    ("POST", "/standards/spaces/{id}/assessments", {}),
    ("GET", "/standards/spaces/{id}/assessments", None),
    ("GET", "/standards/assessments/{id}", None),
    ("GET", "/spaces/{id}/record", None),
    ("POST", "/spaces/{id}/close", {"state": "closed", "reason": "x"}),
    ("GET", "/exports/csv?locality={id}", None),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), OF_A_SPACE)
async def test_p39_what_is_hidden_and_what_never_was_get_the_same_answer(desk, method, path, body):
    client, headers = desk
    for who in (None, *PEOPLE):
        answers = []
        for space in (HIDDEN, NEVER):
            sent = (body if isinstance(body, str) else json.dumps(body)).replace("{id}", space)
            kind = "x-www-form-urlencoded" if isinstance(body, str) else "json"
            answer = await client.request(
                method,
                path.replace("{id}", space),
                content=None if body is None else sent,
                headers={**headers.get(who, {}), "Content-Type": f"application/{kind}"},
            )
            answers.append((answer.status_code, *_told(answer, space)))
        assert answers[0] == answers[1], who


def _told(answer: Any, space: str) -> tuple[Any, str]:
    """Give headers and text of an answer without the number of its request and the space's id."""
    number = answer.headers["x-request-id"]
    told = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    if space in answer.text:
        told.pop("etag", None)
        # Compressed, two ids of the same length take a byte more or less.
        told.pop("content-length", None)
    return told, answer.text.replace(number, "REQUEST").replace(space, "SPACE")


def whole(answer: Any) -> Any:
    """Give what an answer says but for the moment of saying it."""
    return {name: value for name, value in answer.json().items() if name != "data_as_of"}


async def test_p3_of_protected_help_nothing_but_hotlines_and_no_count_is_published(
    cluster, loaded_template, settings_for
):
    """A unit with refuges, asked for and reported, answers as the same unit without any."""
    answers = []
    for has_refuges in (True, False):
        settings = settings_for(clone(cluster, loaded_template), allow_demo_mixed=True)
        async with opened(settings) as database, database.session(Tier.WRITER) as session:
            # Protected since: what was asked for before is not counted any more.
            await protect_term(session, "service", "legal_advice")
            if has_refuges:
                await _report_refuges(session)
            else:
                await session.execute(text("delete from amparo.locations where id = 'DEMO-008'"))
        async with client_of(settings) as client:
            pathway = await client.get("/pathways?need=gbv_response&country=CO&admin1=Cúcuta")
            assert pathway.json()["pathways"] == []
            kinds = {line["kind"] for line in pathway.json()["contacts"]}
            assert kinds <= {"gbv", "child_protection", "emergency"}
            counts = [await client.get(f"/{of}/counts") for of in ("feedback", "requests")]
            assert [count.json()["counts"] for count in counts] == [[], []]
            refused = await client.post(
                "/requests", json={"service": "gbv_response", "country": "CO"}
            )
            assert refused.status_code == 422
            answers.append([whole(answer) for answer in (pathway, *counts, refused)])
    assert answers[0] == answers[1]


async def _report_refuges(session: Any) -> None:
    """Say of every refuge, months ago, more than the disclosure rules need to let a count out."""
    refuges = list(
        await session.scalars(
            select(models.Location.id).where(models.Location.visibility == "restricted")
        )
    )
    assert len(refuges) >= 4
    await session.execute(
        update(models.Location)
        .where(models.Location.id.in_(refuges))
        .values(country="CO", admin1="Norte de Santander")
    )
    long_ago = run_today() - timedelta(days=60)
    await session.execute(
        insert(models.Feedback),
        [
            {
                "id": f"{refuge}-{n}",
                "location_id": refuge,
                "was_served": True,
                "was_open": True,
                "received_on": long_ago,
            }
            for refuge in refuges
            for n in range(50)
        ],
    )
    await session.execute(
        insert(models.ServiceRequest),
        [
            {
                "id": f"r-{n}",
                "service": "legal_advice",
                "country": "CO",
                "admin1": "Norte de Santander",
                "requested_on": long_ago,
            }
            for n in range(50)
        ],
    )


async def test_p30_a_demonstration_shows_towns_and_invented_numbers_alone(
    client, settings_for, loaded_shared
):
    found = (await client.get("/collections/spaces/items?limit=1000")).json()["features"]
    assert len(found) > 50
    near = text(
        "select exists (select from places p where p.country = :country"
        " and st_dwithin(p.geom, st_setsrid(st_makepoint(:lon, :lat), 4326), 0.005))"
    )
    async with (
        opened(settings_for(loaded_shared)) as database,
        database.session(Tier.WRITER) as session,
    ):
        for feature in found:
            said = feature["properties"]
            assert said["demo"]
            assert said["name"].startswith("DEMO")
            numbers = [phone["number"] for phone in said["phones"] or ()]
            assert all(number.startswith("+000") for number in numbers), "rings nobody"
            lon, lat = feature["geometry"]["coordinates"]
            values = {"country": said["country"], "lon": lon, "lat": lat}
            is_town = await session.scalar(near, values)
            # Where the gazetteer has no town: a place on the road, to a hundredth of a degree.
            assert is_town or (round(lon, 2), round(lat, 2)) == (lon, lat), said["name"]
