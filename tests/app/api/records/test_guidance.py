"""Guidance, voices and standards over HTTP: what each asker is told, and who may write."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text

from app.api.records.feedback import NOT_URGENT
from geo import models
from geo.accounts import tokens
from geo.accounts.permissions import Actor, Means, Role
from geo.db.sessions import Tier
from geo.errors import ForbiddenError
from geo.guidance import pathways
from geo.proposals import decisions
from geo.records import demo_rows
from tests.conftest import client_of, clone, opened
from tests.fixtures.clock import run_now, run_today
from tests.fixtures.desk import visitor

GUIDANCE = "/network/guidance"
ENDS = {"start": [-72.508, 7.894], "end": [-73.126, 7.125]}
PEOPLE = {
    "editor": {"role": "editor"},
    "coordinator": {"role": "coordinator"},
    "second": {"role": "coordinator"},
    "approver": {"role": "approver", "countries": ["CO"]},
}


@pytest.fixture(scope="module")
def settings(cluster: Any, loaded_template: str, settings_for: Any) -> Any:
    """Give the settings of a database of this module: each test writes of something else there."""
    return settings_for(clone(cluster, loaded_template))


@pytest.fixture(scope="module")
async def own_client(settings: Any) -> Any:
    """Talk to an application over it."""
    async with client_of(settings) as talking:
        yield talking


@pytest.fixture(scope="module")
async def bearers(settings: Any) -> dict[str, dict[str, str]]:
    """Give headers for each of `PEOPLE`, and of a partner."""
    return await issued(settings)


@pytest.fixture(scope="module")
async def without_demo(cluster: Any, loaded_template: str, settings_for: Any) -> Any:
    """Give a client, headers and settings where the demonstration was taken away."""
    made = settings_for(clone(cluster, loaded_template))
    headers = await issued(made)
    async with opened(made) as database, database.session(Tier.WRITER) as session:
        await demo_rows.remove_demo(session)
    async with client_of(made) as talking:
        yield talking, headers, made


async def issued(settings: Any) -> dict[str, dict[str, str]]:
    headers = {}
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        organization = await session.scalar(
            text("select organization_id from locations where id = 'DEMO-006'")
        )
        blank = {"countries": [], "organization_id": None}
        rows = [
            {**blank, **who, "id": name, "name": name, "email": f"{name}@example.org"}
            for name, who in PEOPLE.items()
        ]
        rows[0]["organization_id"] = organization
        await session.execute(insert(models.Person), rows)
        until = run_now() + timedelta(days=1)
        for name in (*PEOPLE, "partner"):
            is_person = name in PEOPLE
            _, secret = await tokens.issue_token(
                session,
                scope="edit" if is_person else "partner",
                holder=name,
                expires_at=until,
                person_id=name if is_person else None,
            )
            headers[name] = {"Authorization": f"Bearer {secret}"}
    return headers


async def entered(client: Any, settings: Any, person: str) -> Any:
    """Sign one of `PEOPLE` in at the console."""
    async with opened(settings) as database:
        return await visitor(client, database, person)


async def accept(settings: Any, who: str, sent: Any) -> None:
    """Let somebody decide on what waits, as at the console."""
    person = PEOPLE[who]
    countries = frozenset(person.get("countries", ()))
    actor = Actor(who, who, Role(person["role"]), None, countries, means=Means.SESSION)
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        proposal, now = sent.json()["proposal_id"], run_now()
        await decisions.accept(session, actor, proposal, "visto", now=now)


async def test_p53_a_hotline_changes_by_two_and_goes_by_one(without_demo):
    own_client, bearers, settings = without_demo
    line = {
        "kind": "psea",
        "name": "Línea independiente",
        "country": "CO",
        "phone": "018000 11",
        "independent": True,
        "confirmed_on": str(run_today()),
        "visibility": "public",
        "source": "prueba",
    }

    async def phones():
        found = (await own_client.get("/contacts?country=CO")).json()["contacts"]
        return [one["phone"] for one in found]

    async def put(who, **changes):
        body = line | changes
        return await own_client.put("/contacts/psea-co", json=body, headers=bearers[who])

    assert (await put("editor")).status_code == 403
    assert (await put("coordinator", reason=7)).status_code == 400
    first = await put("coordinator", reason="confirmada por teléfono")
    assert (first.status_code, await phones()) == (202, [])
    with pytest.raises(ForbiddenError):
        await accept(settings, "coordinator", first)
    await accept(settings, "second", first)
    assert await phones() == ["018000 11"]
    trap = await put("coordinator", phone="300 666 6666")
    assert (trap.status_code, trap.json()["waiting_fields"]) == (202, ["phone"])
    assert await phones() == ["018000 11"]
    path = f"/proposals/{trap.json()['proposal_id']}"
    seen = (await own_client.get(path, headers=bearers["second"])).json()
    assert seen["differences"] == {"phone": {"before": "018000 11", "after": "300 666 6666"}}
    assert (await put("coordinator")).json()["applied"] is False
    gone = await own_client.delete("/contacts/psea-co", headers=bearers["coordinator"])
    assert (gone.status_code, await phones()) == (200, [])
    left = (await own_client.get(path, headers=bearers["second"])).json()
    assert left["state"] == "withdrawn"


async def test_p45_contacts_say_what_is_not_known(client):
    answer = (await client.get("/contacts?country=VE")).json()
    assert [line["kind"] for line in answer["contacts"]] == ["emergency", "psea"]
    assert answer["not_known"] == ["asylum", "gbv", "child_protection"]
    assert all(line["expires_on"] > line["confirmed_on"] for line in answer["contacts"])
    everywhere = (await client.get("/contacts")).json()
    assert {line["country"] for line in everywhere["contacts"]} == {"CO", "VE", "EC"}


async def test_p35_demo_contacts_say_so_and_ring_nobody(client):
    answer = (await client.get("/contacts")).json()
    assert answer["demo"] is True
    assert answer["notice"].startswith("DEMO")
    for line in answer["contacts"]:
        assert line["name"].startswith("DEMO")
        assert line["phone"].startswith("+000")  # no country has the code 000 (ITU-T E.164)


async def test_p1_partners_lines_are_for_partners(own_client, bearers):
    ids = {line["id"] for line in (await own_client.get("/contacts")).json()["contacts"]}
    assert not {"DEMO-C10", "DEMO-C11"} & ids
    partner = await own_client.get("/contacts", headers=bearers["partner"])
    assert "DEMO-C10" in partner.text
    assert "DEMO-C11" not in partner.text
    assert partner.headers["cache-control"] == "private, no-store"


async def test_p47_the_spanish_original_is_labelled(client):
    english = (await client.get("/messages/altitude_cold?lang=en")).json()
    assert (english["language"], english["original"]) == ("en", False)
    portuguese = (await client.get("/messages/altitude_cold?lang=pt")).json()
    assert (portuguese["language"], portuguese["original"]) == ("es", True)
    everything = (await client.get("/messages?lang=ht")).json()["messages"]
    assert {message["original"] for message in everything} == {True}
    assert "rascunho" not in (await client.get("/messages?lang=pt")).text
    assert (await client.get("/messages/update_hours")).status_code == 404


async def test_messages_are_written_reviewed_and_then_shown(without_demo):
    own_client, bearers, settings = without_demo
    draft = {
        "key": "open_today",
        "language": "es",
        "audience": "people_on_the_move",
        "body": "Abierto hoy.",
        "valid_from": str(run_today()),
    }
    assert (await own_client.post("/messages", json=draft)).status_code == 401
    written = await own_client.post("/messages", json=draft, headers=bearers["coordinator"])
    assert written.status_code == 201
    path = f"/messages/{written.json()['id']}"
    yes = {"accept": True}
    assert (await own_client.get("/messages/open_today")).status_code == 404
    submitted = await own_client.post(f"{path}/submit", headers=bearers["coordinator"])
    assert submitted.status_code == 200
    drafts = await own_client.get("/message-drafts", headers=bearers["editor"])
    assert [row["state"] for row in drafts.json()["drafts"]] == ["submitted"]
    for who in ("editor", "second"):
        review = await own_client.post(f"{path}/review", json=yes, headers=bearers[who])
        assert review.json()["type"] == "urn:amparo:problem:session-needed", "P50"
    one = f"{GUIDANCE}{path}"
    for who, status in (("editor", 403), ("coordinator", 403), ("second", 303), ("second", 409)):
        review = await (await entered(own_client, settings, who)).post(one, do="accept")
        assert review.status_code == status, who
    assert (await own_client.get("/messages/open_today")).json()["body"] == "Abierto hoy."
    assert (await own_client.post(f"{path}/retire", headers=bearers["second"])).status_code == 200
    assert (await own_client.get("/messages/open_today")).status_code == 404


async def test_p38_a_protected_need_gets_hotlines_and_nothing_else(client):
    for need in models.PROTECTED_SERVICES:
        answer = (await client.get(f"/pathways?need={need}&country=CO")).json()
        assert answer["protected"] is True
        assert answer["pathways"] == []
        assert {line["kind"] for line in answer["contacts"]} == {
            "gbv",
            "child_protection",
            "emergency",
        }
        assert "DEMO Ruta reservada" not in str(answer)


async def test_a_pathway_is_given_step_by_step(client):
    at = "need=legal_advice&country=CO&admin1=norte de santander"
    own, whole = (await client.get(f"/pathways?{at}")).json()["pathways"]
    assert own["steps"][0]["space"]["id"] == "DEMO-006"
    assert own["steps"][1]["contact"]["id"] == "DEMO-C02"
    assert whole["admin1"] is None
    assert (await client.get("/pathways?need=nonsense&country=CO")).json()["field"] == "need"


async def test_p31_controlled_pathways_are_for_named_people(own_client, bearers, settings):
    path = "/pathways/controlled?need=gbv_response&country=CO"
    assert (await own_client.get(path)).status_code == 401
    assert (await own_client.get(path, headers=bearers["partner"])).status_code == 401
    assert (await own_client.get(path, headers=bearers["editor"])).json() == {"pathways": []}
    by_token = await own_client.post(
        "/pathways/DEMO-W03/readers", json={"person": "editor"}, headers=bearers["coordinator"]
    )
    assert by_token.json()["type"] == "urn:amparo:problem:session-needed", "P50"
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        await pathways.name_reader(session, "cli", "DEMO-W03", "editor")
    (way,) = (await own_client.get(path, headers=bearers["editor"])).json()["pathways"]
    assert way["id"] == "DEMO-W03"


async def test_products_are_listed_at_spaces_and_along_routes(client):
    at = (await client.get("/products?space=DEMO-006")).json()["products"]
    assert [product["id"] for product in at] == ["DEMO-P02"]
    for feature in (await client.post("/routes", json=ENDS)).json()["features"]:
        (along,) = feature["properties"]["products"]
        assert along["id"] == "DEMO-P01"
        assert along["url"].startswith("https://")


async def test_p25_p39_feedback_answers_the_same_whatever_there_is(client):
    answers = set()
    for space in ("DEMO-006", "DEMO-999", "none"):
        response = await client.post("/feedback", json={"space": space, "was_open": False})
        assert response.status_code == 202
        answers.add(response.content)
    assert len(answers) == 1
    for wrong in ({}, {"space": "x"}, {"space": "x", "was_open": True, "text": "hello"}):
        assert (await client.post("/feedback", json=wrong)).status_code == 400


async def test_p44_a_complaint_is_answered_with_an_independent_line(client):
    complaint = {"space": "DEMO-006", "category": "charged", "country": "CO"}
    response = await client.post("/complaints", json=complaint)
    assert response.status_code == 202
    answer = response.json()
    assert "Nadie lee esto con urgencia" in answer["notice"]
    assert NOT_URGENT in answer["notice"]
    assert [line["id"] for line in answer["independent_lines"]] == ["DEMO-C05"]
    other = await client.post("/complaints", json={**complaint, "space": "DEMO-999"})
    assert other.content == response.content


async def test_p44_complaints_are_read_by_coordinators_alone(own_client, bearers):
    body = {"space": "DEMO-006", "category": "other", "body": "palabras"}
    await own_client.post("/complaints", json=body)
    assert (await own_client.get("/complaints")).status_code == 401
    for who in ("editor", "approver"):
        found = await own_client.get("/complaints", headers=bearers[who])
        assert found.json() == {"complaints": []}
    (complaint,) = (await own_client.get("/complaints", headers=bearers["coordinator"])).json()[
        "complaints"
    ]
    assert complaint["body"] == "palabras"
    path = f"/complaints/{complaint['id']}"
    closing = {"state": "closed"}
    assert (await own_client.post(path, json=closing, headers=bearers["editor"])).status_code == 403
    closed = await own_client.post(path, json=closing, headers=bearers["coordinator"])
    assert closed.status_code == 200


async def test_p44_a_protected_service_is_not_asked_for(client):
    for service in models.PROTECTED_SERVICES:
        response = await client.post("/requests", json={"service": service, "country": "CO"})
        assert response.status_code == 422
        assert "hotline" in response.json()
    fine = await client.post("/requests", json={"service": "food", "country": "CO"})
    assert fine.status_code == 202
    wrong = await client.post("/requests", json={"service": "nonsense", "country": "CO"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "service")


async def test_counts_say_nothing_of_few(client):
    for path in ("/feedback/counts", "/requests/counts"):
        assert (await client.get(path)).json()["counts"] == []


async def test_p51_a_rumour_is_shown_with_its_answer_by_two(own_client, bearers, settings):
    heard = {"claim": "Hay que pagar", "country": "CO", "heard_on": "2026-11-01"}
    made = await own_client.post("/rumours", json=heard, headers=bearers["editor"])
    path = f"/rumours/{made.json()['id']}"
    assert (await own_client.get("/rumours")).json()["rumours"] == []
    answer = {"message": "bridge_rumour"}
    # The answer publishes the claim: one records it, another releases it (P51).
    sent = await own_client.post(f"{path}/answer", json=answer, headers=bearers["editor"])
    assert sent.status_code == 202
    assert (await own_client.get("/rumours")).json()["rumours"] == []
    with pytest.raises(ForbiddenError):
        await accept(settings, "editor", sent)
    await accept(settings, "approver", sent)
    (shown,) = (await own_client.get("/rumours?country=CO&lang=en")).json()["rumours"]
    assert shown["answer"]["original"] is True
    await own_client.post(f"{path}/retire", headers=bearers["editor"])
    assert (await own_client.get("/rumours")).json()["rumours"] == []


async def test_p28_standards_lead_to_membership_step_by_step(own_client, bearers, settings):
    items = [{"standard": "S", "question": "Q?", "essential": True, "evidence_needed": True}]
    draft = {"kind": "support_space", "title": "List", "items": items}
    (example,) = (await own_client.get("/standards")).json()["checklists"]
    assert example["example"] is True
    made = await own_client.post(
        "/standards/checklists", json=draft, headers=bearers["coordinator"]
    )
    assert made.status_code == 201
    sent = await own_client.post(
        f"/standards/checklists/{made.json()['id']}/publish", headers=bearers["coordinator"]
    )
    assert sent.status_code == 202
    assert (await own_client.get("/standards")).json()["checklists"] == [example]
    await accept(settings, "second", sent)
    (own,) = (await own_client.get("/standards")).json()["checklists"]
    assert (own["version"], own["example"]) == (1, False)
    started = await own_client.post(
        "/standards/spaces/DEMO-006/assessments", headers=bearers["editor"]
    )
    assert started.status_code == 201
    path = f"/standards/assessments/{started.json()['id']}"
    given = {"answers": [{"position": 1, "answer": "yes"}]}
    put = await own_client.put(f"{path}/answers", json=given, headers=bearers["editor"])
    assert put.status_code == 200
    lacking = await own_client.post(f"{path}/submit", headers=bearers["editor"])
    assert lacking.json()["errors"] == [
        {"field": "answers.1", "reason": "needs its evidence", "code": "evidence_needed"}
    ]
    given["answers"][0]["evidence"] = "seen"
    await own_client.put(f"{path}/answers", json=given, headers=bearers["editor"])
    assert (await own_client.post(f"{path}/submit", headers=bearers["editor"])).status_code == 200
    yes = {"accept": True}
    by_token = await own_client.post(f"{path}/verify", json=yes, headers=bearers["approver"])
    assert by_token.json()["type"] == "urn:amparo:problem:session-needed", "P50"
    for who, status in (("editor", 403), ("approver", 303)):
        reviewer = await entered(own_client, settings, who)
        verified = await reviewer.post(f"/network{path}", do="verify")
        assert verified.status_code == status
    read = (await own_client.get(path, headers=bearers["editor"])).json()
    assert (read["state"], float(read["score"])) == ("verified", 1.0)
    by_token = await own_client.post(
        "/standards/organizations/none/membership", headers=bearers["coordinator"]
    )
    assert by_token.json()["type"] == "urn:amparo:problem:session-needed", "P50"
    coordinator = await entered(own_client, settings, "coordinator")
    refused = await coordinator.post("/network/standards/members/none", do="grant")
    assert refused.status_code == 404
