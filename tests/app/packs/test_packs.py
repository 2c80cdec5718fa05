"""What phones take along: public alone, short, and the same as the server says."""

from datetime import datetime, timedelta

import pytest

from app.packs.builder import Maker
from app.packs.spaces import DEGREE_PARTS, Flag
from app.packs.timespan import HORIZON_DAYS, PACK_DAYS
from geo.db.sessions import Tier
from geo.hours.space_hours import hours_of
from geo.models import PROTECTED_SERVICES
from geo.spaces.queries import listed_spaces
from tests.conftest import client_of, run_sql
from tests.fixtures.clock import run_now

CONFIDENTIAL = ("DEMO-008", "DEMO-030", "DEMO-035", "DEMO-043", "DEMO-062")
PARTNERS_ONLY = ("DEMO-021", "DEMO-026", "DEMO-048", "DEMO-063", "DEMO-065")


@pytest.fixture
async def nearby(client):
    answer = await client.get("/nearby.json")
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture
async def pack(client):
    answer = await client.get("/packs/CO")
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture
async def listed(shared_database):
    async with shared_database.session(Tier.PUBLIC) as session:
        return await listed_spaces(session)


def test_nearby_has_every_listed_space_once(nearby, listed):
    columns = nearby["spaces"]["columns"]
    assert columns["id"] == [space.id for space in listed]
    assert {len(column) for column in columns.values()} == {len(listed)}
    for index, space in enumerate(listed):
        assert columns["lon"][index] / DEGREE_PARTS == pytest.approx(space.lon, abs=1e-5)
        services = nearby["spaces"]["lists"]["services"][columns["services"][index]]
        assert services == space.properties["services"]
        assert bool(columns["flags"][index] & Flag.DEMO) == space.properties["demo"]


async def test_towns_are_those_that_routes_know(client):
    answer = await client.get("/towns.json")
    labels = answer.json()
    assert labels == sorted(set(labels))
    assert {"Cúcuta, CO", "Bucaramanga, CO", "Oruro, BO"} <= set(labels)
    again = await client.get("/towns.json", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.clock
def test_the_hours_of_nearby_are_the_schedules(nearby, listed):
    start = datetime.fromisoformat(nearby["start"])
    hours = nearby["spaces"]["lists"]["hours"]
    for space, place in zip(listed, nearby["spaces"]["columns"]["hours"], strict=True):
        known = hours_of(space.properties)
        told = [] if place < 0 else list(zip(*[iter(hours[place])] * 4, strict=True))
        for minute in range(0, HORIZON_DAYS * 1440, 197):
            held = [is_certain for a, b, _entry, is_certain in told if a <= minute < b]
            state = known.status_at(start + timedelta(minutes=minute)).state
            expected = {(): "closed", (1,): "open", (0,): "not_known"}[tuple(held)]
            assert state == ("not_known" if place < 0 else expected), space.id


def test_p35_no_demo_row_reads_as_confirmed(nearby):
    columns = nearby["spaces"]["columns"]
    assert nearby["demo"]
    assert set(columns["confirmed"]) == set(columns["call_from"]) == {None}


@pytest.mark.parametrize("path", ["/nearby.json", "/packs", "/packs/CO", "/packs/VE"])
async def test_p2_a_phone_takes_no_hidden_space_along(client, partner, path):
    public, shared = await client.get(path), await partner.get(path)
    assert public.status_code == 200
    # Public whoever asks: a phone is lost and searched.
    assert public.content == shared.content
    for hidden in {*CONFIDENTIAL, *PARTNERS_ONLY}:
        assert hidden.encode() not in public.content


def test_p10_roads_of_a_pack_cross_borders_at_official_crossings_alone(pack):
    nodes, roads = pack["around"]["roads"]["nodes"], pack["around"]["roads"]["roads"]
    crossing = pack["around"]["crossings"]
    borders = 0
    for tail, head, gates in zip(roads["tail"], roads["head"], roads["gates"], strict=True):
        sides = {nodes["country"][tail], nodes["country"][head]}
        if len(sides) == 1:
            assert gates is None
            continue
        borders += 1
        assert gates
        assert all(set(crossing[gate]["countries"]) == sides for gate in gates)
    assert borders > 20


def test_p36_exclusions_are_no_roads_and_hazards_are_named(pack):
    around = pack["around"]
    exclusions = {n for n, one in enumerate(around["hazards"]) if one["effect"] == "exclusion"}
    named = {n for met in around["roads"]["roads"]["hazards"] if met for n in met}
    assert exclusions
    assert named
    assert not named & exclusions


@pytest.mark.clock
def test_p32_crossings_tell_three_states_and_when_they_change(pack):
    for crossing in pack["around"]["crossings"]:
        minutes = [minute for minute, _state in crossing["changes"]]
        assert minutes[0] == 0
        assert minutes == sorted(set(minutes))
        assert {state for _minute, state in crossing["changes"]} <= {"open", "closed", "not_known"}


@pytest.mark.clock
def test_p49_a_pack_expires(pack):
    start = datetime.fromisoformat(pack["start"])
    assert pack["expires_on"] == (start + timedelta(days=PACK_DAYS)).date().isoformat()


def test_p45_lines_to_call_are_in_a_pack(pack):
    kinds = {line["kind"] for line in pack["contacts"]} | set(pack["contacts_not_known"])
    assert {"emergency", "asylum", "gbv", "child_protection", "psea"} <= kinds


def test_p49_advice_in_a_pack_is_public_dated_and_reviewed(pack):
    advice = pack["advice"]
    keys = {(text["key"], text["language"]) for text in advice["texts"]}
    assert {("altitude_cold", "es"), ("altitude_cold", "en"), ("rest_and_talk", "es")} <= keys
    assert ("altitude_cold", "pt") not in keys  # nobody has reviewed it (P47)
    assert not {key for key, _ in keys} & {"update_hours"}  # for operators alone
    assert {text["kind"] for text in advice["texts"]} == {"information", "campaign", "self_care"}
    # Partners' and restricted channels are no part of what a phone holds (P37).
    assert [one["name"] for one in advice["channels"]] == [
        "DEMO Cartelera del parque (ficticia)",
        "DEMO Radio de ejemplo (ficticia)",
    ]
    assert all(one["until"] and one["demo"] for one in advice["channels"])
    assert advice["pathways"]
    assert all(one["steps"] and one["until"] for one in advice["pathways"])
    assert not {one["need"] for one in advice["pathways"]} & set(PROTECTED_SERVICES)


async def test_advice_is_a_page_with_the_same_texts_labelled_where_original(client):
    for lang, told in (("es", "Descanse, tome agua"), ("en", "It is cold at night")):
        page = (await client.get(f"/advice?lang={lang}")).text
        assert told in page
        assert "DEMO Radio de ejemplo" in page
        assert "DEMO Grupo de organizaciones" not in page
        assert "DEMO Lista interna" not in page
    assert '<p lang="es">DEMO (ficticio): Descanse' in (await client.get("/advice?lang=ht")).text


async def test_channels_are_asked_for_by_area_and_medium(client, partner):
    found = (await client.get("/channels?country=CO&admin1=norte de santander")).json()
    assert [one["id"] for one in found["channels"]] == ["DEMO-K02", "DEMO-K01"]
    radio = (await client.get("/channels?medium=radio")).json()["channels"]
    assert [one["id"] for one in radio] == ["DEMO-K01"]
    assert (await client.get("/channels?country=BR")).json()["channels"] == []
    seen = {one["id"] for one in (await partner.get("/channels")).json()["channels"]}
    assert seen == {"DEMO-K01", "DEMO-K02", "DEMO-K03"}
    assert (await client.get("/channels?medium=smoke")).status_code == 400


async def test_sizes_are_told_before_anything_is_loaded(client):
    offered = (await client.get("/packs")).json()["packs"]
    assert [one["country"] for one in offered] == sorted(one["country"] for one in offered)
    one = next(one for one in offered if one["country"] == "CO")
    loaded = await client.get("/packs/CO", headers={"Accept-Encoding": "br"})
    raw = int(loaded.headers["content-length"])
    assert one["size_bytes"] == pytest.approx(raw, rel=0.05)
    assert one["href"].endswith("/packs/CO")


async def test_what_was_loaded_is_not_loaded_again(client):
    for path in ("/nearby.json", "/packs/CO"):
        first = await client.get(path)
        assert first.headers["cache-control"] == "public, no-cache"
        again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304


@pytest.mark.parametrize(("country", "status"), [("ZZ", 404), ("co", 400), ("COL", 400)])
async def test_a_country_without_spaces_has_no_pack(client, country, status):
    answer = await client.get(f"/packs/{country}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_p24_what_is_hidden_is_in_no_new_pack(own_client, loaded_clone, settings_for):
    for path in ("/packs/CO", "/nearby.json"):
        assert b"DEMO-006" in (await own_client.get(path)).content
    await run_sql(
        settings_for(loaded_clone),
        "update amparo.locations set hidden_at = amparo.now() where id = 'DEMO-006'",
    )
    for path in ("/packs/CO", "/nearby.json"):
        assert b"DEMO-006" not in (await own_client.get(path)).content


async def test_sizes_are_not_measured_anew_each_hour(loaded_shared, settings_for, monkeypatch):
    made, moment = [], [run_now()]
    pack = Maker.pack

    async def counted(maker, country):
        made.append(country)
        return await pack(maker, country)

    monkeypatch.setattr(Maker, "pack", counted)
    async with client_of(settings_for(loaded_shared), clock=lambda: moment[0]) as client:
        first = (await client.get("/packs")).json()
        moment[0] += timedelta(hours=1, minutes=1)
        second = (await client.get("/packs")).json()
    assert second["start"] > first["start"]
    assert second["packs"] == first["packs"]
    assert made == [one["country"] for one in first["packs"]]
