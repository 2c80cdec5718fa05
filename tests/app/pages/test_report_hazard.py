"""Reports of hazards over HTTP: idempotent, without a trace, and of no effect until approved."""

import re
from datetime import timedelta
from html import unescape
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.http.assets import STATIC_FOLDER
from geo import models
from geo.db.sessions import Tier
from geo.proposals import idempotency
from tests.conftest import client_of, clone, opened
from tests.fixtures.clock import stopped_clock
from tests.fixtures.desk import fields_of, text_of, visitor
from tests.fixtures.network import NOW, TODAY, fill_network
from tests.fixtures.waiting import until

ENDS = {"start": [-72.508, 7.894], "end": [-73.126, 7.125], "at": "2026-11-26T08:00:00-05:00"}


def seen(**changes):
    return {
        "id": str(uuid4()),
        "kind": "landslide",
        "lon": -72.648,
        "lat": 7.376,
        "seen_on": TODAY.isoformat(),
    } | changes


@pytest.fixture(scope="module")
async def settings(cluster, empty_template, settings_for):
    """Give a database whose clock stands at the moment that the module was read, as ours does."""
    name = clone(cluster, empty_template)
    await stopped_clock(cluster.superuser_url(name), NOW)
    return settings_for(name)


@pytest.fixture(scope="module")
async def database(settings):
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            await fill_network(session)
        yield database


@pytest.fixture(scope="module")
async def talking(settings, database):
    async with client_of(settings, clock=lambda: NOW) as client:
        yield client


async def kept(database):
    async with database.session(Tier.WRITER) as session:
        return await session.scalar(select(func.count()).select_from(models.HazardReport))


async def test_a_report_sent_again_gets_the_same_answer_and_is_kept_once(talking, database):
    report, before = seen(), await kept(database)
    first = await talking.post("/reports", json=report)
    again = await talking.post("/reports", json=report)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["received"] is True
    assert first.headers["cache-control"] == "private, no-store"
    other = await talking.post("/reports", json=report | {"kind": "flood"})
    assert other.status_code == 409
    assert other.json()["type"].endswith("id-used")
    assert await kept(database) == before + 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "x"}, "id"),
        ({"id": "6f1f6d7c-9a0c-1a62-9d0b-0f6a2c1c7e55"}, "id"),  # version 1 tells a machine
        ({"kind": "police_control"}, "kind"),
        ({"kind": "migration_control"}, "kind"),
        ({"kind": "x" * 41}, "kind"),
        ({"lon": 181}, "lon"),
        ({"lon": 2.35, "lat": 48.86}, "lon"),
        ({"seen_on": "2026-11-26T10:00:00Z"}, "seen_on"),
        ({"seen_on": "2020-01-01"}, "seen_on"),
        ({"photo": "x"}, "photo"),
        ({"text": "x"}, "text"),
        ({"reporter": "x"}, "reporter"),
    ],
)
async def test_p37_a_report_has_no_room_for_more(talking, database, changes, field):
    before = await kept(database)
    response = await talking.post("/reports", json=seen(**changes))
    assert response.status_code == 400, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["field"] == field
    assert await kept(database) == before


async def test_p36_an_unapproved_report_changes_no_route_layer_or_count(
    cluster, loaded_clone, settings_for
):
    await stopped_clock(cluster.superuser_url(loaded_clone), NOW)
    async with client_of(settings_for(loaded_clone), clock=lambda: NOW) as client:
        await changes_nothing(client)


async def changes_nothing(client):
    asked = (
        "/collections/hazards/items?limit=1000",
        "/collections/hazards/items?f=csv",
        "/collections/hazards/changes",
        "/collections/hazards",
        "/tiles/hazards/7/38/61",
        "/feedback/counts",
        "/requests/counts",
    )

    async def answers():
        found = []
        for path in asked:
            response = await client.get(path)
            assert response.status_code in {200, 204}, path
            body = re.sub(rb'"(timeStamp|data_as_of)": ?"[^"]*"', b"", response.content)
            found.append((body, response.headers.get("etag")))
        response = await client.post("/routes", json=ENDS)
        body = response.json()
        found.append({name: body[name] for name in ("features", "hazards") if name in body})
        page = (await client.get("/")).text
        found.append(re.findall(r'id="hazard-[^"]*"', page))
        return found

    before = await answers()
    for kind in ("landslide", "flood", "bridge_out", "robbery", "armed_presence"):
        for lat in (7.376, 7.2, 7.3):
            response = await client.post("/reports", json=seen(kind=kind, lat=lat))
            assert response.status_code == 201
    assert await answers() == before


async def test_p48_a_report_leaves_no_coordinate_or_number_in_the_log(talking, caplog):
    report = seen(lon=-72.491, lat=7.873)
    with caplog.at_level("DEBUG"):
        await talking.post("/reports", json=report)
        await talking.post("/reports", json=report | {"kind": "police_control"})
        await talking.post("/report", data={"id": "x", "kind": "flood", "place": "Cúcuta"})
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("amparo"))
    assert "POST /reports 201" in ours
    for trace in ("72.49", "7.873", report["id"], "Cúcuta", "landslide"):
        assert trace not in ours


async def test_reports_share_the_limit_of_other_voices(cluster, empty_template, settings_for):
    limited = settings_for(clone(cluster, empty_template), report_rate_per_minute=3)
    async with client_of(limited) as client:
        answers = [await client.post("/reports", json=seen()) for _ in range(4)]
    assert [one.status_code for one in answers] == [201, 201, 201, 429]
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_the_page_works_without_scripts_and_twice_is_once(own_client):
    page = await own_client.get("/report?lang=es")
    assert page.status_code == 200
    assert page.headers["permissions-policy"].startswith("geolocation=(self)")
    fields = {name: values[0] for name, values in fields_of(page, "/report").items()}
    fields |= {"kind": "landslide", "place": "Pamplona, CO"}
    for _ in range(2):
        sent = await own_client.post("/report", data=fields)
        assert sent.status_code == 200
        assert "Gracias" in sent.text
    unknown = await own_client.post("/report", data=fields | {"place": "Nirgendwo"})
    assert unknown.status_code == 400
    assert "No se reconoce el lugar" in unknown.text
    assert 'value="landslide" required checked' in unknown.text
    assert fields["id"] in unknown.text
    for wrong in ({"kind": "police_control"}, {"id": "x"}, {"more": "x"}):
        response = await own_client.post("/report", data=fields | wrong)
        assert response.status_code == 400, wrong


async def test_who_goes_back_and_says_something_else_has_reported_that_too(talking, database):
    fields = {"id": str(uuid4()), "kind": "heat", "place": "Pamplona, CO"}
    before = await kept(database)
    for changes in ({}, {"kind": "flood"}, {"place": "Pasto, CO"}, {"kind": "flood"}):
        sent = await talking.post("/report", data=fields | changes)
        assert sent.status_code == 200, sent.text
        assert "Gracias" in sent.text
    assert await kept(database) == before + 3


async def test_another_site_makes_no_phone_report(talking):
    forged = {"Sec-Fetch-Site": "cross-site"}
    fields = {"id": str(uuid4()), "kind": "flood", "place": "Cúcuta"}
    assert (await talking.post("/report", data=fields, headers=forged)).status_code == 403
    assert "set-cookie" not in (await talking.get("/report")).headers


async def test_p36_the_page_offers_no_control_and_no_room_for_words(own_client):
    page = unescape((await own_client.get("/report")).text)
    form = page.partition('id="report-form"')[2].partition("</form>")[0]
    assert "<textarea" not in form
    assert 'type="file"' not in form
    offered = set(re.findall(r'name="kind" value="(\w+)"', form))
    assert offered == {*models.PHYSICAL_HAZARDS, *models.HUMAN_THREATS}


async def test_an_approver_makes_a_hazard_of_a_report_and_a_second_person_publishes_it(
    talking, database
):
    await talking.post("/reports", json=seen(kind="bridge_out"))
    approver = await visitor(talking, database, "ap")
    queue = await approver.get("/network/queue")
    place = re.search(r'href="(/network/reports/[^"]+)">Puente', text_of(queue))[1]
    assert "avisos de peligros" in text_of(await approver.get("/network")) or (
        "aviso de un peligro" in text_of(await approver.get("/network"))
    )
    editor = await visitor(talking, database, "ed")
    assert (await editor.get(place)).status_code == 404
    assert "/network/reports/" not in (await editor.get("/network/queue")).text
    page = await approver.get(place)
    fields = {name: values[0] for name, values in fields_of(page, place).items()}
    assert fields["title"] == "Puente caído o cortado"
    wrong = await approver.post(place, **(fields | {"do": "propose", "country": "CO"}))
    assert wrong.status_code == 400  # without a reason
    sent = await approver.follow(
        place, **(fields | {"do": "propose", "country": "CO", "reason": "lo vio la patrulla"})
    )
    assert "espera a una segunda persona" in text_of(sent)
    proposal = re.search(r'action="(/network/proposals/[^"]+)"', sent.text)[1]
    assert (await approver.get(place)).status_code == 404
    coordinator = await visitor(talking, database, "co")
    shown = await coordinator.get(proposal)
    assert "Peligro: Puente caído o cortado" in text_of(shown)
    assert "Se avisa; los caminos pueden pasar" in text_of(shown)
    before = (await talking.get("/collections/hazards/items")).json()
    assert before["numberReturned"] == 0
    done = await coordinator.post(proposal, do="accept", reason="sí")
    assert done.status_code == 303, done.text

    # A worker hears of the commit in its own time; until then its answer may be a moment old.
    async def features():
        return (await talking.get("/collections/hazards/items")).json()["features"]

    (feature,) = await until(features)
    assert feature["properties"]["kind"] == "bridge_out"
    assert feature["properties"]["demo"] is False
    assert (await coordinator.get(proposal)).status_code == 200


async def test_an_approver_discards_a_report(talking, database):
    await talking.post("/reports", json=seen(kind="heat"))
    approver = await visitor(talking, database, "ap")
    queue = text_of(await approver.get("/network/queue"))
    place = re.search(r'href="(/network/reports/[^"]+)">Calor', queue)[1]
    done = await approver.follow(place, do="discard", reason="no es un peligro del camino")
    assert "ya no queda nada de él" in text_of(done)
    assert place not in done.text


async def test_p48_nobody_who_reviews_sees_the_number_a_phone_drew(talking, database):
    report = seen(kind="cold")
    await talking.post("/reports", json=report)
    approver = await visitor(talking, database, "ap")
    queue = await approver.get("/network/queue")
    place = re.search(r'href="(/network/reports/[^"]+)">Frío', text_of(queue))[1]
    for page in (queue, await approver.get(place)):
        assert report["id"] not in page.text
        assert report["id"].replace("-", "") not in page.text


def test_the_phone_keeps_a_report_as_long_as_the_server_takes_it():
    script = (STATIC_FOLDER / "outbox.js").read_text("utf-8")
    (days,) = re.findall(r"REPORT_DAYS = (\d+);", script)
    assert int(days) == idempotency.TAKEN_DAYS


async def test_a_report_made_offline_a_week_ago_still_counts_once(talking):
    old = seen(seen_on=(TODAY - timedelta(days=idempotency.TAKEN_DAYS)).isoformat())
    assert (await talking.post("/reports", json=old)).status_code == 201
    assert (await talking.post("/reports", json=old)).status_code == 200
