"""What each tier reads of a whole record: P43 for everybody, P42 and P5 for partners."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from geo.db import views
from geo.db.sessions import Tier
from geo.models import Location
from geo.records import loader
from geo.records.space_documents import store_documents
from tests.fixtures.clock import run_now, run_today
from tests.geo.records.test_space_documents import FULL, OTHER
from tiles.catalogue.layers import SPACES

TODAY = run_today()
NOW = run_now()
WHOLE = FULL | {
    "confirmed_on": str(TODAY - timedelta(days=2)),
    "consent_on": str(TODAY - timedelta(days=9)),
    "access": "open",
    "itinerary": [
        {
            "place": place,
            "lon": -72.65123,
            "lat": 7.37123,
            "starts_at": (NOW + timedelta(days=days)).isoformat(),
            "ends_at": (NOW + timedelta(days=days, hours=4)).isoformat(),
        }
        for place, days in (("Ayer", -1), ("Mañana", 1))
    ],
}
REFERRER = OTHER | {"confirmed_on": str(TODAY - timedelta(days=2))}


@pytest.fixture
async def database(empty_database):
    async with empty_database.session(Tier.WRITER) as writer:
        await store_documents(
            writer,
            [
                WHOLE,
                REFERRER,
                WHOLE | {"id": "R-3", "visibility": "partners", "referral_points": ["R-2", "R-4"]},
                REFERRER | {"id": "R-4", "visibility": "restricted"},
            ],
            now=NOW,
            today=TODAY,
            source="prueba",
        )
    return empty_database


async def seen(database, tier, id_="R-1"):
    async with database.session(tier) as session:
        rows = await session.execute(text("select * from spaces where id = :id"), {"id": id_})
        return dict(rows.mappings().one())


async def test_p43_the_public_record_says_all_that_a_page_must_show(database):
    row = await seen(database, Tier.PUBLIC)
    shown = {
        "fee_kind": "free",
        "fees": "Gratis",
        "eligibility": "Familias",
        "minimum_age": 0,
        "maximum_age": 99,
        "genders": ["men", "women"],
        "families_only": True,
        "documents_required": [],
        "access": "open",
        "referral_points": ["R-2"],
        "referral_from": "R-2",
        "maximum_nights": 3,
        "confirmed_on": TODAY - timedelta(days=2),
        "landmark": "Frente al parque",
        "address": "Calle 1 # 2-3",
        "road": "Ruta 55",
        "road_km": 12.5,
        "amenities": {"toilets": True, "wifi": False},
        "languages": ["en", "es"],
        "step_free": True,
        "children_alone": "no",
        "data_shared": "Ninguno",
        "holidays": "open",
        "capacity": "places",
        "verified_member": False,
        "organization_id": "organizacion-uno",
    }
    assert {name: row[name] for name in shown} == shown
    assert row["schedules"][0]["last_entry"] in {None, "20:00"}
    assert {rule["freq"] for rule in row["schedules"]} == {"WEEKLY", "MONTHLY"}
    assert row["exceptions"][0] == {
        "starts_on": "2026-12-24",
        "ends_on": "2026-12-25",
        "closed": True,
        "opens_at": None,
        "closes_at": None,
        "reason": "Nav",
    }
    assert [phone["type"] for phone in row["phones"]] == ["voice", "whatsapp"]
    # The layer publishes them all, and nothing beside.
    assert set(shown) | {"schedules", "exceptions", "phones"} <= set(SPACES.columns)
    assert set(SPACES.columns) <= {column.name for column in views.spaces.c}


async def test_p6_p22_what_serves_the_team_alone_is_in_no_published_view(database):
    secret = {"confirmed_by", "consent_on", "quarantined", "released", "edited_at", "revision"}
    for tier in (Tier.PUBLIC, Tier.PARTNER, Tier.STAFF):
        row = await seen(database, tier)
        assert not secret & set(row), tier
        assert "Encargada" not in str(row.values())


async def test_p42_numbers_and_coming_stops_are_for_partners(database):
    public, partner = await seen(database, Tier.PUBLIC), await seen(database, Tier.PARTNER)
    assert not {"itinerary", "capacity_available", "capacity_maximum"} & set(public)
    assert "Mañana" not in str(public)
    assert [stop["place"] for stop in partner["itinerary"]] == ["Mañana"]
    assert (partner["capacity_available"], partner["capacity_maximum"]) == (12, 40)
    staff = await seen(database, Tier.STAFF)
    assert [stop["place"] for stop in staff["itinerary"]] == ["Ayer", "Mañana"]


async def test_p5_nothing_beside_a_blurred_position_undoes_the_blurring(database):
    row = await seen(database, Tier.PARTNER, "R-3")
    assert row["coord_precision"] == "grid_0.05"
    assert [row[name] for name in ("address", "landmark", "road", "road_km")] == [None] * 4
    (stop,) = row["itinerary"]
    assert (stop["lon"], stop["lat"]) == (pytest.approx(-72.65), pytest.approx(7.35))
    whole = await seen(database, Tier.STAFF, "R-3")
    assert whole["address"] == "Calle 1 # 2-3"


async def test_p8_p15_only_visible_referring_points_are_named(database):
    # R-4 is restricted: its name is nowhere, and neither is its number.
    for tier in (Tier.PARTNER, Tier.STAFF):
        assert (await seen(database, tier, "R-3"))["referral_points"] == ["R-2"]


async def test_p35_a_demo_row_has_no_date_of_confirmation(empty_database):
    async with empty_database.session(Tier.WRITER) as writer:
        demo = REFERRER | {"demo": True}
        await store_documents(writer, [demo], now=NOW, today=TODAY, source="x")
    row = await seen(empty_database, Tier.PUBLIC, "R-2")
    assert row["confirmed_on"] is None
    assert row["demo"] is True


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("change", "days"),
    [
        ({"kind": "mobile_unit"}, 7),
        ({"kind": "shelter"}, 30),
        ({"kind": "support_space", "services": ["overnight"]}, 30),
        ({"kind": "support_space"}, 90),
        ({"kind": "mobile_unit", "services": ["overnight"]}, 7),
    ],
)
@pytest.mark.parametrize("stated", [None, "2030-01-01"])
async def test_p41_no_confirmation_holds_longer_than_its_kind_allows(session, change, days, stated):
    space = REFERRER | change | {"expires_on": stated}
    report = await store_documents(session, [space], now=NOW, today=TODAY, source="x")
    confirmed, expires = (
        await session.execute(select(Location.confirmed_on, Location.expires_on))
    ).one()
    assert expires - confirmed == timedelta(days=days)
    assert any("P41" in remark for remark in report.remarks) is (stated is not None)


async def test_p41_an_earlier_expiry_stands(session):
    soon = str(TODAY + timedelta(days=3))
    space = REFERRER | {"expires_on": soon}
    await store_documents(session, [space], now=NOW, today=TODAY, source="x")
    assert await session.scalar(select(Location.expires_on)) == date.fromisoformat(soon)


async def test_p41_a_coordinators_validity_counts(session):
    await session.execute(
        text("update amparo.terms set validity_days = 14 where code = 'support_space'")
    )
    space = REFERRER | {"kind": "support_space"}
    await store_documents(session, [space], now=NOW, today=TODAY, source="x")
    confirmed, expires = (
        await session.execute(select(Location.confirmed_on, Location.expires_on))
    ).one()
    assert expires - confirmed == timedelta(days=14)


async def test_a_file_states_every_field_as_a_document_does(session, tmp_path):
    import json

    lines = ",\n".join(
        json.dumps(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [space["lon"], space["lat"]]},
                "properties": {k: v for k, v in space.items() if k not in {"lon", "lat"}},
            }
        )
        for space in (WHOLE, REFERRER)
    )
    path = tmp_path / "spaces.geojson"
    path.write_text('{"type": "FeatureCollection", "features": [\n' + lines + "\n]}\n", "utf-8")
    report = await loader.load_paths(session, [path], today=TODAY, now=NOW)
    # The second space states no hours, which loading names.
    assert all("no opening hours" in remark for remark in report.files[0].remarks)
    again = await store_documents(session, [WHOLE, REFERRER], now=NOW, today=TODAY, source="x")
    # Only who has the record differs: a document of the same content is no change.
    assert set(again.unchanged) == {"R-1", "R-2"}
