"""What a hostile insider would try: editors, approvers, link holders, and programs in their name."""

from datetime import UTC, datetime, timedelta

import pytest

from geo import space_documents, tokens
from geo.db import Tier
from geo.models import RestrictedReader
from tests.conftest import client_of, clone, opened
from tests.fixtures.network import PEOPLE, SPACE, fill_network

HIDDEN = {"visibility": "restricted", "confidential": True}


@pytest.fixture(scope="module")
async def desk(cluster, empty_template, settings_for):
    """Give a client over a small network, and a token of scope edit for each person."""
    settings = settings_for(clone(cluster, empty_template))
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            await fill_network(
                session,
                {"id": "oculta", "name": "Oc", **HIDDEN},
                {"id": "remite", "referral_points": ["oculta"]},
                {"id": "otra", "organization": "Otra organización", "organization_id": "org2"},
                {"id": "llena", "available": 0},
            )
            session.add(RestrictedReader(location_id="oculta", person="ed2"))
            keys = {}
            for person in PEOPLE:
                _, keys[person.id] = await tokens.issue_token(
                    session,
                    scope="edit",
                    holder="test",
                    person_id=person.id,
                    expires_at=datetime.now(UTC) + timedelta(days=1),
                )
        async with client_of(settings) as client:
            yield Desk(client, keys, database)


class Desk:
    def __init__(self, client, keys, database):
        self.client, self.keys, self.database = client, keys, database

    async def ask(self, method, path, person=None, **how):
        headers = {"Authorization": f"Bearer {self.keys[person]}"} if person else {}
        return await self.client.request(
            method, path, headers=headers | how.pop("headers", {}), **how
        )

    async def propose(self, person, changes, record_id="casa", **more):
        body = {"record_id": record_id, "changes": changes, "reason": "why", **more}
        return await self.ask("POST", "/proposals", person, json=body)

    async def accept(self, person, proposal_id, **more):
        path = f"/proposals/{proposal_id}/accept"
        return await self.ask("POST", path, person, json={"reason": "ok", **more})

    async def document(self, space_id="casa"):
        async with self.database.session(Tier.WRITER) as session:
            return (await space_documents.read_documents(session, [space_id]))[space_id]


# -- nonsense ---------------------------------------------------------------------------------

DEEP: object = "x"
for _ in range(800):
    DEEP = [DEEP]

NONSENSE = [
    None,
    True,
    -1,
    1e308,
    int("9" * 400),
    2**63,
    [],
    [[]],
    [None],
    [{}],
    {},
    {"a": {"b": []}},
    "",
    "x" * 3000,
    "NaN",
    "0001-01-01",
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "24:00",
    "\u202e\u0000",
    DEEP,
    [{"number": DEEP}],
    [{"starts_on": "0001-01-01", "ends_on": "9999-12-31", "closed": True}],
    [{"starts_on": "9999-12-31", "closed": False, "opens_at": "08:00", "closes_at": "07:00"}],
    [{"place": "x", "starts_at": "0001-01-01T00:00:00+14:00", "ends_at": "0001-01-02T00:00:00Z"}],
    [{"byday": ["MO"], "opens_at": "08:00", "closes_at": "07:00", "valid_to": "9999-12-31"}],
    [{"dtstart": "0001-01-01", "opens_at": "08:00", "closes_at": "07:00", "interval": 52}],
    [{"dtstart": "9999-12-31", "opens_at": "00:00", "closes_at": "00:00", "count": 1000}],
    [{"byday": [{}], "opens_at": [], "closes_at": {}}],
    [{"freq": "MONTHLY", "byday": ["5MO"], "opens_at": "23:59", "closes_at": "23:58"}],
]


@pytest.mark.parametrize("field", space_documents.FIELDS)
async def test_nonsense_in_a_field_is_refused_not_an_incident(desk, field):
    for value in NONSENSE:
        for record_id, changes in (
            ("casa", {field: value}),
            (None, {**SPACE, "id": f"n-{field}", field: value}),
        ):
            body = {"record_id": record_id, "changes": changes, "reason": "why"}
            import json

            answer = await desk.ask(
                "POST",
                "/proposals",
                "ed",
                content=json.dumps(body),
                headers={"content-type": "application/json"},
            )
            assert answer.status_code in {201, 400, 403, 409}, (value, answer.text)
