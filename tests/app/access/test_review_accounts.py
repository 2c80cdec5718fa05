"""What a hostile insider would try: editors, approvers, link holders, programs in their name."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select

from app.access.forms import get_anonymous_form, get_form, get_half_form
from geo.accounts import people
from geo.confirmations import answers
from geo.db.sessions import Tier
from geo.errors import InvalidRecordError
from geo.models import AuditEntry, RestrictedReader
from geo.records import space_documents
from geo.subjects.subject import NEW_SPACE, changed, read_subject, split
from tests.conftest import client_of, clone, opened
from tests.fixtures.desk import decide
from tests.fixtures.network import (
    NOW,
    OTHER_EDITOR,
    PEOPLE,
    SPACE,
    add_people,
    edit_tokens,
    fill_network,
)
from tests.fixtures.signing_in import signed_in

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
                {"id": "enlazada"},
            )
            session.add(RestrictedReader(location_id="oculta", person="ed2"))
            keys = await edit_tokens(session, *PEOPLE)
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

    async def decide(self, person, proposal_id, **form):
        return await decide(self.client, self.database, person, proposal_id, **form)

    async def document(self, space_id="casa"):
        async with self.database.session(Tier.WRITER) as session:
            return (await space_documents.read_documents(session, [space_id]))[space_id]


# -- P39: that a restricted space exists -------------------------------------------------------


async def test_p39_a_referral_point_tells_nothing_of_a_restricted_space(desk):
    hidden = await desk.propose("ed", {"referral_points": ["oculta"]})
    absent = await desk.propose("ed", {"referral_points": ["nunca"]})
    assert hidden.status_code == absent.status_code == 400
    assert hidden.text.replace("oculta", "nunca") == absent.text
    # Who is named for it may say so, and no second person learns it by accepting.
    known = await desk.propose("ed2", {"referral_points": ["oculta"]}, "otra")
    assert known.status_code == 201, known.text
    answer = await desk.decide("ap", known.json()["proposal_id"])
    assert answer.status_code == 400
    assert "oculta" in answer.text, "the problem names what the proposal says"


async def test_p39_a_record_names_no_restricted_space_to_others(desk):
    seen = (await desk.ask("GET", "/spaces/remite/record", "ed")).json()["record"]
    assert seen["referral_points"] == []
    named = (await desk.ask("GET", "/spaces/remite/record", "ed2")).json()["record"]
    assert named["referral_points"] == ["oculta"]
    # What one does not see one does not take away either.
    made = (await desk.propose("ed", {"referral_points": ["casa"]}, "remite")).json()
    diff = await desk.ask("GET", f"/proposals/{made['proposal_id']}", "ap")
    assert "oculta" not in diff.text
    assert diff.json()["differences"]["referral_points"] == {"before": [], "after": ["casa"]}
    assert (await desk.decide("ap", made["proposal_id"])).status_code == 303
    assert (await desk.document("remite"))["referral_points"] == ["casa", "oculta"]


async def test_p39_a_hidden_id_is_refused_like_one_that_never_was(desk):
    for method, path, body in (
        ("POST", "/proposals", {"record_id": "{}", "changes": {"name": "x"}, "reason": "x"}),
        ("POST", "/spaces/{}/close", {"status": "full", "reason": "x"}),
        ("POST", "/hides", {"entity": "space", "id": "{}", "reason": "x"}),
        ("GET", "/spaces/{}/record", None),
    ):
        said = []
        for space_id in ("oculta", "nunca!"):
            filled = {
                k: v.replace("{}", space_id) if v == "{}" else v for k, v in (body or {}).items()
            }
            answer = await desk.ask(
                method, path.format(space_id), "pe", **({"json": filled} if body else {})
            )
            said.append((answer.status_code, answer.text.replace(space_id, "-")))
        assert said[0] == said[1]
        assert said[0][0] == 404


# -- P31: what a restricted space is, was or would be ------------------------------------------


async def readings(desk, person):
    async with desk.database.session(Tier.WRITER) as session:
        question = select(AuditEntry.seq).where(
            AuditEntry.action == "restricted.read", AuditEntry.actor == person
        )
        return len((await session.scalars(question)).all())


async def test_p31_looking_at_proposals_of_restricted_spaces_is_audited(desk):
    new = {**SPACE, "id": "refugio-nuevo", "name": "Nuevo", **HIDDEN}
    made = (await desk.propose("ed", new, None)).json()
    path = f"/proposals/{made['proposal_id']}"
    before = await readings(desk, "ap")
    assert (await desk.ask("GET", path, "ap")).status_code == 200
    assert await readings(desk, "ap") == before + 1
    assert (await desk.decide("ap", made["proposal_id"])).status_code == 303
    # Its contents stay in the decided proposal.
    assert (await desk.ask("GET", path, "ap")).status_code == 200
    assert await readings(desk, "ap") == before + 2
    assert (await desk.ask("GET", path, "co")).status_code == 404


# -- P41: whose a link is ----------------------------------------------------------------------


async def issued(desk, space_id, actor):
    async with desk.database.session(Tier.WRITER) as session:
        link = await answers.issue_link(session, space_id, "whatsapp", actor, now=NOW)
    return f"/confirm/{link.token}"


async def test_p41_a_link_ends_with_the_operator_it_was_sent_to(desk):
    path = await issued(desk, "llena", None)
    assert (await desk.client.get(path)).status_code == 200
    made = await desk.propose(
        "co", {"organization": "Otra organización", "organization_id": "org2"}, "llena"
    )
    assert (await desk.decide("ap", made.json()["proposal_id"])).status_code == 303
    assert (await desk.client.get(path)).status_code == 410
    assert (await desk.client.post(path, data={"answer": "full"})).status_code == 410


async def test_p41_links_end_with_who_sent_them(desk):
    leaver = replace(OTHER_EDITOR, id="leaver")
    async with desk.database.session(Tier.WRITER) as session:
        await add_people(session, leaver)
        desk.keys |= await edit_tokens(session, leaver)
    path = await issued(desk, "otra", leaver)
    async with desk.database.session(Tier.WRITER) as session:
        await people.deactivate(session, "leaver")
        await people.activate(session, "leaver")
    assert (await desk.client.post(path, data={"answer": "as_listed"})).status_code == 410
    assert (await desk.propose("leaver", {"notice": "x"}, "otra")).status_code == 401


async def test_p24_the_page_of_a_link_shows_nothing_of_a_hidden_space(desk):
    path = await issued(desk, "enlazada", None)
    assert "+57 300 0000000" in (await desk.client.get(path)).text
    hidden = await desk.ask(
        "POST", "/hides", "ap", json={"entity": "space", "id": "enlazada", "reason": "amenaza"}
    )
    assert hidden.status_code == 201, hidden.text
    page = await desk.client.get(path)
    assert page.status_code == 200
    assert "+57 300 0000000" not in page.text


# -- forms, cookies, nonsense ------------------------------------------------------------------


def all_routes(routes):
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from all_routes(included.routes)
        elif isinstance(route, APIRoute):
            yield route


def test_every_form_of_the_console_is_checked(desk):
    """No address under /network takes a POST without the token of the form (CSRF)."""

    def calls(dependant):
        yield dependant.call
        for one in dependant.dependencies:
            yield from calls(one)

    posts = [
        route
        for route in all_routes(desk.client.application.routes)
        if route.path.startswith("/network") and route.methods - {"GET", "HEAD"}
    ]
    assert len(posts) > 20
    for route in posts:
        is_for_nobody = route.path in {"/network/sign-in", "/network/invitation/{token}"}
        is_for_half = route.path in {"/network/sign-in/code", "/network/sign-in/factor"}
        read = get_half_form if is_for_half else get_form
        read = get_anonymous_form if is_for_nobody else read
        assert read in set(calls(route.dependant)), route.path


async def test_the_cookie_opens_nothing_outside_the_console(desk):
    async with desk.database.session(Tier.WRITER) as session:
        secret = await signed_in(session, "co")
    cookie = {"Cookie": f"amparo_session={secret}"}
    body = {"record_id": "casa", "changes": {"status": "closed"}, "reason": "x"}
    for more in ({}, {"Host": "x/network/?a="}, {"X-HTTP-Method-Override": "PUT"}):
        answer = await desk.client.post("/proposals", json=body, headers=cookie | more)
        assert answer.status_code == 401
    assert (await desk.client.get("/network", headers=cookie)).status_code == 200


async def test_a_reason_that_cannot_be_stored_is_refused(desk):
    nul = {"entity": "space", "id": "casa", "reason": "a\x00b"}
    assert (await desk.ask("POST", "/hides", "co", json=nul)).status_code == 400
    organization = await desk.propose("ed", {"organization": "a\x00b"})
    assert organization.status_code == 400


NONSENSE: list[Any] = [
    *(None, True, -1, 1e308, int("9" * 400), 2**63, [], [[]], [None], [{}], {}, {"a": {"b": []}}),
    *("", "x" * 3000, "NaN", "0001-01-01", "9999-12-31", "24:00", "\u202e\x00"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    [{"starts_on": "0001-01-01", "ends_on": "9999-12-31", "closed": True}],
    [{"starts_on": "9999-12-31", "closed": False, "opens_at": "08:00", "closes_at": "07:00"}],
    [{"place": "x", "starts_at": "0001-01-01T00:00:00+14:00", "ends_at": "0001-01-02T00:00:00Z"}],
    [{"byday": ["MO"], "opens_at": "08:00", "closes_at": "07:00", "valid_to": "9999-12-31"}],
    [{"dtstart": "0001-01-01", "opens_at": "08:00", "closes_at": "07:00", "interval": 52}],
    [{"dtstart": "9999-12-31", "opens_at": "00:00", "closes_at": "00:00", "count": 1000}],
    [{"byday": [{}], "opens_at": [], "closes_at": {}}],
]


@pytest.mark.every(5)
@pytest.mark.parametrize("field", space_documents.FIELDS)
async def test_nonsense_in_a_field_is_refused_not_an_incident(desk, field):
    async with desk.database.session(Tier.WRITER) as session:
        said = await space_documents.circumstances(session, now=NOW, today=NOW.date())
        subject = await read_subject(session, "space", "casa")
    for value in NONSENSE:
        for one, changes in ((subject, {field: value}), (NEW_SPACE, {**SPACE, field: value})):
            try:
                after = changed(one, changes, said)
            except InvalidRecordError:
                continue
            split(one, after, NOW.date())


async def test_deep_json_is_refused_not_an_incident(desk):
    deep = "[" * 1000 + "]" * 1000
    for value in (deep, '[{"number":' + deep + "}]"):
        body = f'{{"record_id":"casa","changes":{{"public_phones":{value}}},"reason":"x"}}'
        answer = await desk.ask(
            "POST",
            "/proposals",
            "ed",
            content=body,
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 400, answer.text
