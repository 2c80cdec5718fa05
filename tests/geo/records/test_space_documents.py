"""A space as one document: complete, canonical, and the same rules on every way in."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from geo.errors import InvalidRecordError, MixedDataError
from geo.models import Capacity, Location, Organization, Service
from geo.reasons import from_column
from geo.records import space_documents
from geo.records.space_documents import (
    FIELDS,
    circumstances,
    differences,
    document_of,
    patched,
    read_documents,
    rows_of,
    store_documents,
)
from tests.fixtures.clock import run_now

TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)

FULL = {
    "id": "R-1",
    "name": "Punto Uno",
    "kind": "shelter",
    "organization": "Organización Uno",
    "lon": -72.5,
    "lat": 7.9,
    "coord_precision": "point",
    "country": "CO",
    "admin1": "Norte de Santander",
    "locality": "Cúcuta",
    "timezone": "America/Bogota",
    "status": "active",
    "access": "referral_only",
    "referral_points": ["R-2"],
    "overnight": True,
    "sectors": ["Shelter", "Protection"],
    "services": ["overnight", "food"],
    "eligibility": "Familias",
    "minimum_age": 0,
    "maximum_age": 99,
    "genders": ["women", "men"],
    "families_only": True,
    "children_alone": "no",
    "cost": "Gratis",
    "documents_required": [],
    "maximum_nights": 3,
    "address": "Calle 1 # 2-3",
    "landmark": "Frente al parque",
    "road": "Ruta 55",
    "road_km": 12.5,
    "amenities": {"wifi": False, "toilets": True},
    "step_free": True,
    "data_shared": "Ninguno",
    "holidays": "open",
    "languages": ["es", "en"],
    "public_phones": ["+57 1 234", {"number": "+57 300", "type": "whatsapp", "description": None}],
    "public_contact": "Ventanilla",
    "notice": "Llegue antes de las 18:00",
    "schedules": [
        {"byday": ["MO", "TU"], "opens_at": "18:00", "closes_at": "08:00", "last_entry": "20:00"},
        {"freq": "MONTHLY", "byday": ["1SA"], "opens_at": "09:00", "closes_at": "12:00"},
    ],
    "schedule_exceptions": [{"starts_on": "2026-12-24", "ends_on": "2026-12-25", "reason": "Nav"}],
    "itinerary": [
        {
            "place": "Pamplona",
            "lon": -72.65,
            "lat": 7.37,
            "starts_at": "2026-12-01T08:00:00-05:00",
            "ends_at": "2026-12-01T12:00:00-05:00",
        }
    ],
    "capacity": 40,
    "available": 12,
    "visibility": "public",
    "confirmed_on": "2026-11-20",
    "confirmed_by": "Encargada",
    "consent_on": "2026-11-01",
    "source": "Visita",
    "licence": "CC BY 4.0",
}
OTHER = {
    "id": "R-2",
    "name": "Punto Dos",
    "kind": "information_orientation_point",
    "organization": "Organización Uno",
    "lon": -72.51,
    "lat": 7.91,
    "country": "CO",
    "timezone": "America/Bogota",
    "visibility": "public",
    "confirmed_on": "2026-11-20",
}


async def store(session, *documents, **options):
    return await store_documents(
        session, documents, now=NOW, today=TODAY, source="prueba", **options
    )


async def read(session, id_):
    return (await read_documents(session, [id_]))[id_]


async def test_a_document_is_complete_and_stored_again_it_changes_nothing(session):
    assert (await store(session, FULL, OTHER)).added == ("R-1", "R-2")
    document = await read(session, "R-1")
    assert tuple(document) == FIELDS
    for field, value in FULL.items():
        if field in {"schedules", "schedule_exceptions", "itinerary"}:
            assert len(document[field]) == len(value)
        elif isinstance(value, list) and field != "public_phones":
            assert document[field] == sorted(value), field
        else:
            assert document[field] == value, field
    assert document["organization_id"] == "organizacion-uno"
    assert document["fees"] == "free"
    assert document["expires_on"] == "2026-12-20"  # 30 days, because people sleep there
    assert document["schedules"][0]["last_entry"] in {"20:00", None}
    assert document["itinerary"][0]["starts_at"] == "2026-12-01T13:00:00Z"
    report = await store(session, document, await read(session, "R-2"))
    assert report.unchanged == ("R-1", "R-2")
    assert not report.added + report.changed


async def test_every_demo_space_reads_and_stores_again_without_a_change(loaded_database):
    from geo.db.sessions import Tier

    async with loaded_database.session(Tier.WRITER) as session:
        today = await session.scalar(select(func.amparo.today()))
        ids = list(await session.scalars(select(Location.id)))
        documents = await read_documents(session, ids)
        assert len(documents) == len(ids) > 50
        report = await store_documents(
            session, list(documents.values()), now=run_now(), today=today, source="x"
        )
    assert set(report.unchanged) == set(ids)


async def test_the_rows_of_a_document_give_the_document_that_is_read(session):
    await store(session, FULL, OTHER)
    said = await circumstances(session, now=NOW, today=TODAY)
    document = await read(session, "R-1")
    assert document_of(rows_of(document, said)) == document


async def test_only_what_differs_is_written(session):
    await store(session, FULL, OTHER)
    document = patched(await read(session, "R-1"), {"status": "full"})
    report = await store(session, document, await read(session, "R-2"))
    assert report.changed == ("R-1",)
    assert report.unchanged == ("R-2",)
    assert (await read(session, "R-1"))["status"] == "full"


async def test_none_clears_a_field_and_what_follows_is_computed_anew(session):
    await store(session, FULL, OTHER)
    before = await read(session, "R-1")
    after = patched(before, {"landmark": None, "confirmed_on": "2026-11-24", "cost": "COP 5000"})
    await store(session, after)
    stored = await read(session, "R-1")
    assert differences(before, stored) == {
        "landmark": ("Frente al parque", None),
        "cost": ("Gratis", "COP 5000"),
        "fees": ("free", "not_known"),
        "confirmed_on": ("2026-11-20", "2026-11-24"),
        "expires_on": ("2026-12-20", "2026-12-24"),
    }


async def test_p42_a_new_count_has_its_own_time_and_the_same_count_keeps_it(session):
    await store(session, FULL, OTHER)
    assert (await read(session, "R-1"))["capacity_updated"] == "2026-11-25T12:00:00Z"
    later = NOW + timedelta(hours=1)
    again = await store_documents(session, [FULL], now=later, today=TODAY, source="x")
    assert again.unchanged == ("R-1",)
    fewer = patched(await read(session, "R-1"), {"available": 3})
    await store_documents(session, [fewer], now=later, today=TODAY, source="x")
    assert (await read(session, "R-1"))["capacity_updated"] == "2026-11-25T13:00:00Z"


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "castle"}, "kind"),
        ({"services": ["teleport"]}, "services"),
        ({"sectors": ["Magic"]}, "sectors"),
        ({"amenities": {"sauna": True}}, "amenities"),
        ({"genders": ["dragons"]}, "genders"),
        ({"documents_required": ["novel"]}, "documents_required"),
        ({"lat": "north"}, "lat"),
        ({"lon": 7.9, "lat": -72.5}, "lat"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"minimum_age": 50, "maximum_age": 10}, "minimum_age"),
        ({"schedules": [{"opens_at": "25:00", "closes_at": "08:00"}]}, "schedules"),
        ({"schedules": "always"}, "schedules"),
        ({"schedule_exceptions": [{"starts_on": "2026-01-02", "ends_on": "2026-01-01"}]},
         "schedule_exceptions"),
        ({"itinerary": [{"place": "X", "starts_at": "2026-01-01"}]}, "itinerary"),
        ({"public_phones": ["call me"]}, "public_phones"),
        ({"available": 50}, "available"),
        ({"capacity_updated": "2027-01-01T00:00:00Z"}, "capacity_updated"),
        ({"confirmed_on": "2027-01-01"}, "confirmed_on"),
        ({"consent_on": "2027-01-01"}, "consent_on"),
        ({"referral_points": ["R-404"]}, "referral_points"),
        ({"referral_points": ["R-1"]}, "referral_points"),
        ({"name": None}, "name"),
        ({"children_alone": "maybe"}, "children_alone"),
        ({"surprise": 1}, "surprise"),
    ],
)  # fmt: skip
async def test_a_broken_field_is_named_and_nothing_is_stored(session, changes, field):
    with pytest.raises(InvalidRecordError) as caught:
        await store(session, FULL | changes, OTHER | {"id": "R-2"})
    assert {name.removeprefix("R-1: ") for name, _ in caught.value.problems} == {field}
    assert await session.scalar(select(func.count()).select_from(Location)) == 0


def test_a_field_nobody_knows_and_another_id_are_no_patch():
    with pytest.raises(InvalidRecordError) as caught:
        patched({"id": "R-1"}, {"id": "R-2", "colour": "red"})
    assert [field for field, _ in caught.value.problems] == ["colour", "id"]


async def test_p38_a_protected_document_is_restricted_whatever_it_states(session):
    secret = OTHER | {"name": "Casa refugio para mujeres", "visibility": "public"}
    report = await store(session, secret)
    stored = await read(session, "R-2")
    assert (stored["visibility"], stored["confidential"]) == ("restricted", True)
    assert "(P38)" in report.remarks[0]
    reason = await session.scalar(select(Location.quarantined).where(Location.id == "R-2"))
    assert from_column(reason).code == "protected_words"


async def test_p24_a_hide_survives_every_document(session):
    await store(session, FULL, OTHER)
    await session.execute(
        text("update amparo.locations set hidden_at = amparo.now() where id = 'R-1'")
    )
    await store(session, patched(await read(session, "R-1"), {"notice": "otro"}))
    assert await session.scalar(select(Location.hidden_at).where(Location.id == "R-1")) is not None


async def test_p35_a_real_space_does_not_slip_in_beside_demo_rows(session):
    await store(session, OTHER | {"demo": True})
    with pytest.raises(MixedDataError):
        await store(session, OTHER | {"id": "R-3"})
    await store(session, OTHER | {"id": "R-3"}, allow_mixed=True)


async def test_an_organisation_is_found_by_its_name_and_keeps_it(session):
    session.add(Organization(id="org-77", name="Organización Uno"))
    await session.flush()
    await store(session, OTHER)
    assert (await read(session, "R-2"))["organization_id"] == "org-77"
    await store(session, (await read(session, "R-2")) | {"organization": "Otro nombre"})
    stored = await read(session, "R-2")
    assert (stored["organization_id"], stored["organization"]) == ("org-77", "Organización Uno")
    await store(session, patched(stored, {"organization": "Otra Organización"}))
    assert (await read(session, "R-2"))["organization_id"] == "otra-organizacion"


async def test_a_service_is_seen_as_far_as_the_most_open_place_that_offers_it(session):
    await store(session, FULL, OTHER)
    seen = select(Service.visibility).where(Service.code == "food")
    assert await session.scalar(seen) == "public"
    await store(session, patched(await read(session, "R-1"), {"visibility": "partners"}))
    assert await session.scalar(seen) == "partners"


async def test_a_count_that_is_taken_back_is_gone(session):
    await store(session, FULL, OTHER)
    await store(session, patched(await read(session, "R-1"), {"capacity": None, "available": None}))
    assert await session.scalar(select(func.count()).select_from(Capacity)) == 0


_CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")
TEXT = st.one_of(st.none(), st.text(_CHARACTERS, max_size=30))


@st.composite
def documents(draw):
    """Give documents with whatever a form could send that keeps the rules."""
    clock = st.times().map(lambda t: f"{t:%H:%M}")
    days = st.dates(date(2026, 1, 1), date(2027, 12, 31)).map(str)
    rule = st.fixed_dictionaries(
        {"opens_at": clock, "closes_at": clock},
        optional={
            "byday": st.lists(st.sampled_from(["MO", "TU", "SU"]), unique=True),
            "last_entry": clock,
            "valid_from": days,
            "description": TEXT,
        },
    )
    return OTHER | {
        "lon": draw(st.floats(-74, -72)),
        "lat": draw(st.floats(5, 9)),
        "landmark": draw(TEXT),
        "eligibility": draw(TEXT),
        "data_shared": draw(TEXT),
        "cost": draw(TEXT),
        "road_km": draw(st.one_of(st.none(), st.floats(0, 900))),
        "languages": draw(st.lists(st.sampled_from(["es", "pt", "guc"]), unique=True)),
        "services": draw(st.lists(st.sampled_from(["food", "showers"]), unique=True)),
        "amenities": draw(st.dictionaries(st.sampled_from(["wifi", "toilets"]), st.booleans())),
        "documents_required": draw(st.one_of(st.none(), st.just([]), st.just(["passport"]))),
        "step_free": draw(st.one_of(st.none(), st.booleans())),
        "schedules": draw(st.lists(rule, max_size=4)),
        "public_phones": draw(st.lists(st.sampled_from(["+57 1", "123", "*99#"]), max_size=3)),
        "visibility": draw(st.sampled_from(["public", "partners", "restricted"])),
    }


@given(document=documents())
def test_rows_and_document_say_the_same(document):
    vocabulary = space_documents.Circumstances(TODAY, NOW, {}, VOCABULARY)
    once = document_of(rows_of(document, vocabulary))
    assert document_of(rows_of(once, vocabulary)) == once


def _vocabulary():
    from geo.vocabulary import Vocabulary

    active = {
        "space_kind": ("information_orientation_point",),
        "service": ("food", "showers"),
        "sector": (),
        "gender": (),
        "document": ("passport",),
        "amenity": ("wifi", "toilets"),
        "phone_type": ("voice",),
    }
    nothing = {name: frozenset() for name in active}
    return Vocabulary(active, nothing, {"information_orientation_point": 90}, {})


VOCABULARY = _vocabulary()
