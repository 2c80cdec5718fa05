"""Changes of records over HTTP: who may, what waits, and a problem for every mistake."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from geo.accounts import tokens
from geo.db.sessions import Tier
from geo.models import AuditEntry, Proposal, RestrictedReader
from geo.proposals import decisions
from geo.records import space_documents
from tests.conftest import client_of, clone, opened
from tests.fixtures.clock import run_now
from tests.fixtures.desk import decide
from tests.fixtures.network import APPROVER, NOW, PEOPLE, SPACE, TODAY, edit_tokens, fill_network


@pytest.fixture(scope="module")
async def desk(cluster, empty_template, settings_for):
    """Give a client over a small network, and a token of scope edit for each person."""
    settings = settings_for(clone(cluster, empty_template))
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            await fill_network(
                session,
                {"id": "oculta", "visibility": "restricted", "confidential": True, "name": "Oc"},
                {"id": "cierra"},
                {"id": "parte"},
                {"id": "vista"},
            )
            session.add(RestrictedReader(location_id="oculta", person="ed"))
            keys = await edit_tokens(session, *PEOPLE)
            _, partner = await tokens.issue_token(
                session,
                scope="partner",
                holder="test",
                expires_at=run_now() + timedelta(days=1),
            )
        async with client_of(settings) as client:
            yield Desk(client, keys, partner, database)


class Desk:
    def __init__(self, client, keys, partner, database):
        self.client, self.keys, self.partner, self.database = client, keys, partner, database

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


async def test_p40_propose_compare_and_accept(desk):
    made = await desk.propose("ed", {"services": ["food", "information", "showers"]}, "vista")
    assert made.status_code == 201, made.text
    said = made.json()
    assert (said["applied"], said["waiting_fields"]) == (False, ["services"])
    path = f"/proposals/{said['proposal_id']}"
    queue = (await desk.ask("GET", "/proposals", "ap")).json()["proposals"]
    (waiting,) = (one for one in queue if one["id"] == said["proposal_id"])
    assert waiting["may_decide"] is False, "not by token"
    seen = (await desk.ask("GET", path, "ap")).json()
    assert seen["differences"] == {
        "services": {
            "before": ["food", "information"],
            "after": ["food", "information", "showers"],
        }
    }
    assert (await desk.decide("ed", said["proposal_id"])).status_code == 403
    revision = str(seen["revision"])
    accepted = await desk.decide("ap", said["proposal_id"], revision=revision)
    assert accepted.status_code == 303, accepted.text
    assert "showers" in (await desk.document("vista"))["services"]
    again = await desk.decide("co", said["proposal_id"])
    assert again.status_code == 409
    async with desk.database.session(Tier.WRITER) as session:
        actions = await session.scalars(
            select(AuditEntry.action).where(AuditEntry.record_id == "vista")
        )
        assert {"proposed", "proposal.accepted"} <= set(actions)


async def test_p40_close_takes_effect_at_once(desk):
    until = TODAY + timedelta(days=3)
    closed = await desk.ask(
        "POST",
        "/spaces/cierra/close",
        "ed",
        json={
            "status": "temporarily_closed",
            "reason": "agua",
            "until": until.isoformat(),
            "notice": "Sin agua.",
        },
    )
    assert closed.status_code == 200, closed.text
    made = await desk.document("cierra")
    assert made["status"] == "temporarily_closed"
    assert made["notice"] == f"Sin agua. Hasta el {until:%d/%m/%Y}, según se sabe."
    item = await desk.client.get("/collections/spaces/items/cierra")
    assert item.json()["properties"]["status"] == "temporarily_closed"
    page = await desk.client.get("/spaces/cierra?lang=fr", headers={"Accept": "text/html"})
    assert "Pas d’eau. Jusqu’au" in page.text, "P51: in our words in every language"
    words = {"because": "no_power", "notice": "Pregunte por Mireya en la casa azul."}
    lure = await desk.ask(
        "POST",
        "/spaces/cierra/close",
        "ed",
        json={"status": "closed", "reason": "luz", "until": until.isoformat(), **words},
    )
    assert lure.json()["applied_fields"] == ["notice", "status"]
    assert lure.json()["waiting_fields"] == ["notice"]
    coded = f"Sin luz eléctrica. Hasta el {until:%d/%m/%Y}, según se sabe."
    assert (await desk.document("cierra"))["notice"] == coded, "P51: codes now, words later"
    waiting = await desk.ask("GET", f"/proposals/{lure.json()['proposal_id']}", "ap")
    assert waiting.json()["differences"]["notice"] == {
        "before": coded,
        "after": f"{words['notice']} {coded}",
    }
    unknown = {"status": "closed", "reason": "x", "because": "casa azul"}
    assert (await desk.ask("POST", "/spaces/cierra/close", "ed", json=unknown)).status_code == 400
    past = {"status": "closed", "reason": "x", "until": "2020-01-01"}
    assert (await desk.ask("POST", "/spaces/cierra/close", "ed", json=past)).status_code == 400
    foreign = {"status": "closed", "reason": "x"}
    assert (await desk.ask("POST", "/spaces/casa/close", "ed2", json=foreign)).status_code == 403


async def test_the_whole_record_is_for_staff(desk):
    found = await desk.ask("GET", "/spaces/casa/record", "ed")
    assert found.json()["record"] == await desk.document()
    assert "no-store" in found.headers["cache-control"]
    assert (await desk.ask("GET", "/spaces/casa/record", "vi")).status_code == 403
    assert (await desk.ask("GET", "/spaces/nunca/record", "ed")).status_code == 404


async def test_p31_a_restricted_record_is_read_by_named_people_and_audited(desk):
    refused = await desk.ask("GET", "/spaces/oculta/record", "co")
    absent = await desk.ask("GET", "/spaces/nunca/record", "co")
    assert refused.status_code == absent.status_code == 404
    assert refused.text.replace("oculta", "nunca") == absent.text
    found = await desk.ask("GET", "/spaces/oculta/record", "ed")
    assert found.status_code == 200, found.text
    assert found.json()["record"]["name"] == "Oc"
    async with desk.database.session(Tier.WRITER) as session:
        entries = await session.scalars(
            select(AuditEntry.actor).where(
                AuditEntry.record_id == "oculta", AuditEntry.action.startswith("restricted.read")
            )
        )
        assert set(entries) == {"ed"}


MISTAKES = [
    ("POST", "/proposals", {}, 400),
    ("POST", "/proposals", {"changes": {}, "reason": ""}, 400),
    ("POST", "/proposals", {"changes": {}, "reason": "x", "record_id": "casa"}, 400),
    ("POST", "/proposals", {"changes": {"colour": 1}, "reason": "x", "record_id": "casa"}, 400),
    ("POST", "/proposals", {"changes": [], "reason": "x", "record_id": "casa"}, 400),
    ("POST", "/proposals", {"changes": {"name": "x\x00"}, "reason": "x", "record_id": "casa"}, 400),
    (
        "POST",
        "/proposals",
        {"changes": {"name": {"a": 1}}, "reason": "x", "record_id": "casa"},
        400,
    ),
    (
        "POST",
        "/proposals",
        {"changes": {"schedules": "x"}, "reason": "x", "record_id": "casa"},
        400,
    ),
    (
        "POST",
        "/proposals",
        {"changes": {"schedules": [{"opens_at": 8}]}, "reason": "x", "record_id": "casa"},
        400,
    ),
    ("POST", "/proposals", {"changes": {"services": [1]}, "reason": "x", "record_id": "casa"}, 400),
    ("POST", "/proposals", {"changes": {"amenities": []}, "reason": "x", "record_id": "casa"}, 400),
    ("POST", "/proposals", {"changes": {"lat": "north"}, "reason": "x", "record_id": "casa"}, 400),
    ("POST", "/proposals", {"changes": {"name": "x"}, "reason": "x", "record_id": "nunca"}, 404),
    ("POST", "/proposals", {"changes": {"name": "x"}, "reason": "x", "record_id": "c\x00"}, 400),
    (
        "POST",
        "/proposals",
        {"changes": {"name": "x"}, "reason": "x", "record_id": "casa", "base_revision": 77},
        409,
    ),
    ("POST", "/proposals", {"entity": "crossing", "changes": {}, "reason": "x"}, 400),
    (
        "POST",
        "/proposals",
        {"entity": "crossing", "record_id": "puente", "changes": {"state": 1}, "reason": "x"},
        400,
    ),
    ("POST", "/proposals", {"entity": "hazard", "changes": {}, "reason": "x"}, 400),
    ("GET", "/proposals/nunca", None, 404),
    ("GET", "/proposals?state=odd", None, 400),
    ("GET", "/proposals?colour=red", None, 400),
    ("POST", "/proposals/nunca/accept", {"reason": "x"}, 403),
    ("POST", "/proposals/nunca/accept", {}, 400),
    ("POST", "/proposals/nunca/reject", {"reason": "x"}, 403),
    ("POST", "/proposals/nunca/withdraw", {"reason": "x"}, 404),
    ("POST", "/proposals/accept", {"reason": "x", "ids": []}, 400),
    ("POST", "/proposals/accept", {"reason": "x", "ids": ["x"] * 201}, 400),
    ("POST", "/spaces/casa/close", {"status": "active", "reason": "x"}, 400),
    ("POST", "/spaces/nunca/close", {"status": "closed", "reason": "x"}, 404),
]


@pytest.mark.every(4)
@pytest.mark.parametrize(("method", "path", "body", "status"), MISTAKES, ids=str)
async def test_every_mistake_is_a_problem(desk, method, path, body, status):
    before = await desk.document()
    answer = await desk.ask(method, path, "co", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await desk.document() == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/proposals"),
        ("GET", "/proposals"),
        ("GET", "/proposals/x"),
        ("POST", "/proposals/accept"),
        ("POST", "/proposals/x/accept"),
        ("POST", "/proposals/x/reject"),
        ("POST", "/proposals/x/withdraw"),
        ("GET", "/spaces/casa/record"),
        ("POST", "/spaces/casa/close"),
    ],
)
async def test_p1_records_are_changed_by_token_of_a_person_alone(desk, method, path):
    body = {"reason": "x", "changes": {"name": "x"}, "record_id": "casa", "ids": ["x"]}
    body = {"status": "closed", "reason": "x"} if path.endswith("close") else body
    body = {"reason": "x"} if path.count("/") == 3 and "proposals" in path else body
    body = {"reason": "x", "ids": ["x"]} if path == "/proposals/accept" else body
    body.pop("ids", None) if path == "/proposals" else None
    for headers in (
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": f"Bearer {desk.partner}"},
        {"Cookie": "amparo_session=x"},
    ):
        answer = await desk.ask(
            method, path, headers=headers, json=body if method == "POST" else None
        )
        assert answer.status_code == 401, (headers, answer.text)


async def test_many_at_once_each_with_its_outcome(desk):
    made = [await desk.propose("ed", {"name": f"Parte {n}"}, "parte") for n in range(2)]
    ids = [m.json()["proposal_id"] for m in made]
    async with desk.database.session(Tier.WRITER) as session:
        decided = await decisions.accept_many(session, APPROVER, [*ids, "nunca"], "ok", now=NOW)
    assert [d.result for d in decided] == ["accepted", "accepted", "not_found"]


@pytest.mark.parametrize("person", ["ap", "co", "ad"])
async def test_p50_no_token_stands_for_a_second_person(desk, person):
    made = await desk.propose("ed", {"locality": "Otra"})
    one = made.json()["proposal_id"]
    for path, body in (
        (f"/proposals/{one}/accept", {}),
        (f"/proposals/{one}/reject", {}),
        ("/proposals/accept", {"ids": [one]}),
    ):
        answer = await desk.ask("POST", path, person, json={"reason": "x", **body})
        assert answer.status_code == 403, answer.text
        assert answer.json()["type"] == "urn:amparo:problem:session-needed"
    still = await desk.ask("GET", f"/proposals/{one}", "ed")
    assert still.json()["state"] == "pending"


async def test_a_proposal_is_withdrawn_and_rejected(desk):
    one, two = [
        (await desk.propose("ed", {"locality": name})).json()["proposal_id"] for name in ("A", "B")
    ]
    body = {"reason": "x"}
    assert (
        await desk.ask("POST", f"/proposals/{one}/withdraw", "ap", json=body)
    ).status_code == 403
    assert (
        await desk.ask("POST", f"/proposals/{one}/withdraw", "ed", json=body)
    ).status_code == 200
    assert (await desk.decide("ap", two, do="reject")).status_code == 303
    async with desk.database.session(Tier.WRITER) as session:
        states = await session.execute(
            select(Proposal.id, Proposal.state).where(Proposal.id.in_([one, two]))
        )
        assert dict(states.all()) == {one: "withdrawn", two: "rejected"}


async def test_p6_the_public_never_sees_what_is_proposed(desk):
    made = await desk.propose("ed", {"name": "Nombre que nadie ve", "notice": "full"})
    assert made.json()["applied_fields"] == ["notice"]
    for path in ("/collections/spaces/items", "/collections/spaces/items/casa", "/?f=html"):
        answer = await desk.client.get(path)
        assert "Nombre que nadie ve" not in answer.text
        assert "why" not in answer.text.split()
    assert SPACE["name"] in (await desk.client.get("/collections/spaces/items/casa")).text
