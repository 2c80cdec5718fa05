"""What is exported is imported again without a change, from every format that has all fields."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from geo.db.sessions import Tier
from geo.exports.formats import FORMATS
from geo.exports.snapshot import Selection, read_snapshot
from geo.imports.check import check_file
from geo.records import space_documents
from tests.conftest import clone, opened
from tests.fixtures.clock import run_now

NOW = run_now().replace(microsecond=0)
TODAY = NOW.date()

FULL = {
    "id": "CO-0001",
    "name": "Albergue Ñandú, «La Única»",
    "kind": "shelter",
    "organization": "Organización Única",
    "lon": -72.508123,
    "lat": 7.894,
    "coord_precision": "point",
    "country": "CO",
    "admin1": "Norte de Santander",
    "locality": "Cúcuta",
    "timezone": "America/Bogota",
    "access": "referral_only",
    "referral_points": ["CO-0002"],
    "overnight": True,
    "services": ["food", "overnight"],
    "sectors": ["Food Security", "Shelter"],
    "eligibility": "toda persona; +18",
    "minimum_age": 18,
    "maximum_age": 99,
    "genders": ["women"],
    "families_only": True,
    "children_alone": "no",
    "cost": "=gratuito",
    "fees": "free",
    "documents_required": [],
    "maximum_nights": 3,
    "address": "Calle 1 # 2-3\npiso 2",
    "landmark": "frente a la iglesia",
    "road": "Ruta 55",
    "road_km": 12.5,
    "amenities": {"toilets": True, "wifi": False},
    "step_free": True,
    "data_shared": "'nada' con autoridades",
    "languages": ["es", "pt"],
    "public_phones": [
        {"number": "+57 601 000 0000"},
        {"number": "+57 300 000 0000", "type": "cell", "description": "WhatsApp, de día"},
    ],
    "public_contact": "@albergue en redes",
    "notice": "Llegue antes de las 20:00",
    "schedules": [
        {"byday": ["MO", "FR"], "opens_at": "16:00", "closes_at": "08:00", "last_entry": "20:00"},
        {"freq": "MONTHLY", "byday": ["1SA", "-1SU"], "opens_at": "09:00", "closes_at": "12:00"},
        {
            "freq": "WEEKLY",
            "interval": 2,
            "dtstart": "2026-01-05",
            "count": 20,
            "byday": ["TU"],
            "opens_at": "09:00",
            "closes_at": "12:00",
            "timezone": "America/Caracas",
            "valid_from": "2026-01-01",
        },
        {"freq": "MONTHLY", "bymonthday": [1, -1], "opens_at": "09:00", "closes_at": "12:00"},
    ],
    "schedule_exceptions": [
        {"starts_on": "2027-12-24", "ends_on": "2027-12-25", "closed": True, "reason": "Navidad"},
        {"starts_on": "2027-12-31", "opens_at": "09:00", "closes_at": "12:00"},
    ],
    "holidays": "closed",
    "capacity": 40,
    "available": 7,
    "capacity_updated": (NOW - timedelta(hours=3)).isoformat(),
    "confirmed_on": (TODAY - timedelta(days=3)).isoformat(),
    "expires_on": (TODAY + timedelta(days=20)).isoformat(),
    "visibility": "public",
    "source": "https://example.org/a?b=1,2",
    "licence": "CC BY 4.0",
}

PLAIN = {
    "id": "CO-0002",
    "name": "Punto de Orientación",
    "kind": "information_orientation_point",
    "organization": "Otra Organización",
    "lon": -72.4,
    "lat": 7.8,
    "country": "CO",
    "locality": "Los Patios",
    "timezone": "America/Bogota",
    "services": ["information"],
    "languages": ["es"],
    "public_phones": ["+57 601 111 1111", "123"],
    "schedules": [{"byday": ["MO", "TU"], "opens_at": "08:00", "closes_at": "17:00"}],
    "confirmed_on": (TODAY - timedelta(days=1)).isoformat(),
    "visibility": "public",
    "source": "prueba",
}

BARE = {
    "id": "CO-0003",
    "name": "Comedor",
    "kind": "community_kitchen",
    "organization": "Otra Organización",
    "lon": -72.45,
    "lat": 7.85,
    "country": "CO",
    "timezone": "America/Bogota",
    "eligibility": "familias",
    "minimum_age": 3,
    "status": "temporarily_closed",
    "confirmed_on": TODAY.isoformat(),
    "visibility": "public",
    "source": "prueba",
}


def made_ids(snapshot):
    return [record["id"] for record in snapshot.records]


async def store_all(database):
    async with database.session(Tier.WRITER) as session:
        await space_documents.store_documents(
            session, [FULL, PLAIN, BARE], now=NOW, today=TODAY, source="prueba"
        )


@pytest.fixture(scope="module")
async def stored(cluster, empty_template, settings_for):
    """Give a database of these spaces, for tests that only read."""
    async with opened(settings_for(clone(cluster, empty_template))) as database:
        await store_all(database)
        yield database


# Text is for people.
@pytest.mark.every(4)
@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"text"}))
@pytest.mark.parametrize("tier", [Tier.PUBLIC, Tier.PARTNER])
async def test_an_export_is_imported_without_a_change(stored, name, tier):
    async with stored.session(tier) as session:
        snapshot = await read_snapshot(session, tier, Selection(), now=NOW)
    assert len(snapshot.records) == 3
    chosen = FORMATS[name]
    async with stored.session(Tier.WRITER) as session:
        checked = await check_file(
            session,
            chosen.write(snapshot),
            chosen.file_name(snapshot),
            now=NOW,
            today=TODAY,
        )
    assert [row.problems for row in checked.rows if row.problems] == []
    assert {row.id: row.fields for row in checked.rows} == dict.fromkeys(made_ids(snapshot), ())
    assert {row.state for row in checked.rows} == {"unchanged"}


@pytest.mark.every(3)
@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"text", "gpkg"}))
async def test_an_export_makes_the_same_records_elsewhere(
    stored, empty_template, cluster, settings_for, name
):
    async with stored.session(Tier.PARTNER) as session:
        snapshot = await read_snapshot(session, Tier.PARTNER, Selection(), now=NOW)
    chosen = FORMATS[name]
    async with (
        opened(settings_for(clone(cluster, empty_template))) as elsewhere,
        elsewhere.session(Tier.WRITER) as session,
    ):
        data = chosen.write(snapshot)
        checked = await check_file(session, data, chosen.file_name(snapshot), now=NOW, today=TODAY)
        assert [row.problems for row in checked.rows if row.problems] == []
        documents = [{**row.changes, "id": row.id} for row in checked.rows]
        await space_documents.store_documents(
            session, documents, now=NOW, today=TODAY, source="prueba"
        )
        made = await space_documents.read_documents(session, ["CO-0001", "CO-0002", "CO-0003"])
    async with stored.session(Tier.WRITER) as session:
        was = await space_documents.read_documents(session, list(made))
    for space_id, document in was.items():
        assert space_documents.differences(document, made[space_id]) == {}


async def test_p5_a_blurred_position_overwrites_no_true_one(empty_database):
    stored = empty_database
    await store_all(stored)
    async with stored.session(Tier.WRITER) as session:
        await session.execute(
            text("update amparo.locations set visibility = 'partners' where id = 'CO-0001'")
        )
    async with stored.session(Tier.PARTNER) as session:
        snapshot = await read_snapshot(session, Tier.PARTNER, Selection(), now=NOW)
    blurred = next(r for r in snapshot.records if r["id"] == "CO-0001")
    assert blurred["coord_precision"] == "grid_0.05"
    assert (blurred["lon"], blurred["address"]) == (pytest.approx(-72.5), None)
    chosen = FORMATS["csv"]
    async with stored.session(Tier.WRITER) as session:
        checked = await check_file(
            session, chosen.write(snapshot), "partner.csv", now=NOW, today=TODAY
        )
    row = next(row for row in checked.rows if row.id == "CO-0001")
    assert not {"lon", "lat", "coord_precision", "address"} & set(row.fields)
