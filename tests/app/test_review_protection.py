"""What a hostile reader would try with guidance, voices, standards, match, exports and hours."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from geo import models, tokens
from geo.db import Tier
from tests.conftest import client_of, clone, opened

PEOPLE = {"coordinator": "coordinator"}


@pytest.fixture(scope="module")
async def desk(cluster: Any, loaded_template: str, settings_for: Any) -> Any:
    """Give a client over loaded data and the headers of a coordinator."""
    settings = settings_for(
        clone(cluster, loaded_template),
        allow_demo_mixed=True,
        rate_per_minute=0,
        token_rate_per_minute=0,
        sign_in_rate_per_minute=0,
    )
    headers = {}
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        rows = [
            {"id": name, "name": name, "email": f"{name}@example.org", "role": role}
            for name, role in PEOPLE.items()
        ]
        await session.execute(insert(models.Person), rows)
        for name in PEOPLE:
            _, secret = await tokens.issue_token(
                session,
                scope="edit",
                holder=name,
                expires_at=datetime.now(UTC) + timedelta(days=1),
                person_id=name,
            )
            headers[name] = {"Authorization": f"Bearer {secret}"}
    async with client_of(settings) as client:
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
    yield body
    yield {**body, "unknown\u0000": 1}
    for name in body:
        yield {key: value for key, value in body.items() if key != name}
        for odd in ODD:
            yield {**body, name: odd}
        inner = body[name]
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            for part in variants(inner[0]):
                yield {**body, name: [part]}


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_no_body_makes_an_error_of_the_server(desk: Any, method, path, body):
    import json

    client, headers = desk
    sent = [json.dumps(variant).encode() for variant in variants(body)] + list(RAW)
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
    "", "%00", "%FF", "%ED%A0%80", "-1", "1e400", "nan", "inf", "9" * 400, "CO", "ZZ", "es", "x" * 3000,
    "%F0%9F%98%80", "food", "gbv_response", "2100-12-31T23:59:59-12:00", "DEMO-006", "'%22;--", "a%00b",
)  # fmt: skip
MATCHING = {"lon": "-72.508", "lat": "7.894", "service": "food"}
PATHWAY = {"need": "food", "country": "CO"}


@pytest.mark.parametrize("path", READS)
async def test_no_query_makes_an_error_of_the_server(desk: Any, path):
    client, headers = desk
    base = MATCHING if path == "/spaces/match" else PATHWAY if "pathways" in path else {}
    base = {"space": "DEMO-006"} if path == "/practices" else base
    for name in sorted(NAMES):
        for value in VALUES:
            query = "&".join(f"{n}={v}" for n, v in {**base, name: value}.items())
            for asker in ({}, headers["coordinator"]):
                answer = await client.get(f"{path}?{query}", headers=asker)
                assert answer.status_code < 500, (query[:200], answer.text)
