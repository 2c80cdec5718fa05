"""Words as rows: named in five languages, edited by coordinators, protected by the database."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from geo import vocabulary
from geo.db import views
from geo.db.sessions import Tier
from geo.errors import (
    ConflictError,
    InvalidRecordError,
    NotFoundError,
    ProtectedServiceError,
    UnknownServiceError,
)
from geo.models import (
    PROTECTED_KINDS,
    PROTECTED_SERVICES,
    VOCABULARIES,
    Location,
    Service,
    Term,
    TermName,
)
from geo.records import loader
from geo.records.readers import FileRow
from geo.records.row_validation import Circumstances, Row
from geo.records.space_documents import store_documents
from geo.records.vocabulary_rows import read_term
from geo.text.languages import LANGUAGES

FILE = Path(__file__).resolve().parents[2] / "data" / "spaces" / "vocabulary.csv"
TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SPACE = {
    "id": "R-1",
    "name": "Punto Uno",
    "kind": "support_space",
    "services": ["food", "showers"],
    "organization": "Organización Uno",
    "lon": -72.5,
    "lat": 7.9,
    "country": "CO",
    "timezone": "America/Bogota",
    "visibility": "public",
    "confirmed_on": "2026-11-20",
}


async def store(session, document):
    return await store_documents(session, [document], now=NOW, today=TODAY, source="prueba")


async def load(session, path=FILE):
    return await loader.load_paths(session, [path], today=TODAY, now=NOW)


async def visibility(session, id_="R-1"):
    return await session.scalar(select(Location.visibility).where(Location.id == id_))


async def refuses(session, statement, match):
    with pytest.raises(IntegrityError, match=match):
        async with session.begin_nested():
            await session.execute(text(statement))


# --- the file ---------------------------------------------------------------------------------


def rows():
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_term_is_named_in_five_languages():
    assert {row["vocabulary"] for row in rows()} == set(VOCABULARIES)
    for row in rows():
        assert all(row[language].strip() for language in LANGUAGES), row["code"]


def test_p38_the_file_protects_what_is_protected_for_good_and_nothing_less():
    protected = {(row["vocabulary"], row["code"]) for row in rows() if row["protected"] == "true"}
    assert protected == {("space_kind", kind) for kind in PROTECTED_KINDS} | {
        ("service", code) for code in PROTECTED_SERVICES
    }


def test_p41_kinds_hold_for_7_30_or_90_days():
    days = {r["code"]: int(r["validity_days"]) for r in rows() if r["vocabulary"] == "space_kind"}
    assert days["mobile_unit"] == 7
    overnight = {"shelter", "temporary_shelter", "overnight_reception", "health_reception"}
    assert {days[kind] for kind in overnight} == {30}
    assert set(days.values()) == {7, 30, 90}


async def test_the_file_names_every_term_the_migration_made_and_is_loaded_once(session):
    made = {tuple(key) for key in await session.execute(select(Term.vocabulary, Term.code))}
    assert made <= {(row["vocabulary"], row["code"]) for row in rows()}
    assert (await load(session)).files[0].outcome == "loaded"
    assert await session.scalar(select(func.count()).select_from(TermName)) == 5 * len(rows())
    assert (await load(session)).files[0].outcome == "unchanged"


async def test_what_a_coordinator_edited_is_not_changed_back(session, tmp_path):
    await load(session)
    await vocabulary.rename_term(session, "service", "food", "es", "Alimentación")
    newer = tmp_path / "vocabulary.csv"
    newer.write_text(FILE.read_text("utf-8").replace("Duchas", "Duchitas"), "utf-8")
    await load(session, newer)
    names = select(TermName.name).where(TermName.vocabulary == "service", TermName.language == "es")
    assert await session.scalar(names.where(TermName.code == "food")) == "Alimentación"
    assert await session.scalar(names.where(TermName.code == "showers")) == "Duchitas"


async def test_spaces_may_use_terms_of_a_file_beside_them(session, tmp_path):
    (tmp_path / "vocabulary.csv").write_text(
        "vocabulary,code,es\nspace_kind,school,Escuela\nservice,haircut,Peluquería\n", "utf-8"
    )
    header = "id,name,organisation,kind,services,lon,lat,country,timezone,visibility,confirmed_on"
    (tmp_path / "spaces.csv").write_text(
        f"{header}\nS-1,Escuela,Org,school,haircut,-72.5,7.9,CO,America/Bogota,public,2026-11-20\n",
        "utf-8",
    )
    await load(session, tmp_path)
    assert await session.scalar(select(Location.kind)) == "school"
    assert await session.scalar(select(Service.name)) in {"Peluquería", "Haircut"}


# --- asking -----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", PROTECTED_SERVICES)
async def test_p38_a_protected_service_cannot_be_asked_for(shared_database, code):
    async with shared_database.session(Tier.PUBLIC) as public:
        with pytest.raises(ProtectedServiceError):
            await vocabulary.check_services(public, ["food", code])


async def test_an_unknown_service_is_refused_with_the_known_ones(shared_database):
    async with shared_database.session(Tier.PUBLIC) as public:
        await vocabulary.check_services(public, await vocabulary.services(public))
        with pytest.raises(UnknownServiceError, match="drinking_water") as refused:
            await vocabulary.check_services(public, ["food", "teleport"])
    assert refused.value.parameters["service"] == "teleport"


async def test_every_service_of_the_data_is_in_the_vocabulary(shared_database):
    async with shared_database.session(Tier.PUBLIC) as public:
        offered = await public.scalars(select(views.spaces.c.services))
        known = set(await vocabulary.services(public))
        assert {code for codes in offered for code in codes} <= known
    assert not known & set(PROTECTED_SERVICES)


async def test_p38_no_protected_term_is_listed_below_the_staff(shared_database):
    secret = {*PROTECTED_KINDS, *PROTECTED_SERVICES}
    for tier in (Tier.PUBLIC, Tier.PARTNER):
        async with shared_database.session(tier) as asker:
            assert not secret & {term.code for term in await vocabulary.named_terms(asker)}
    async with shared_database.session(Tier.STAFF) as staff:
        assert secret <= {term.code for term in await vocabulary.named_terms(staff)}


async def test_p47_a_name_says_its_language_and_whether_anybody_read_it(loaded_database):
    async with loaded_database.session(Tier.WRITER) as writer:
        await vocabulary.rename_term(writer, "service", "food", "fr", "Repas", reviewed_by="ana")
        await vocabulary.add_term(writer, "service", "haircut", {"es": "Peluquería"})
    async with loaded_database.session(Tier.PUBLIC) as public:
        named = {term.code: term for term in await vocabulary.named_terms(public, "fr", "service")}
    assert (named["food"].name, named["food"].language, named["food"].reviewed) == (
        "Repas",
        "fr",
        True,
    )
    assert (named["showers"].language, named["showers"].reviewed) == ("fr", False)
    assert (named["haircut"].name, named["haircut"].language) == ("Peluquería", "es")


async def test_the_endpoint_publishes_the_words(client):
    answer = await client.get("/vocabularies?lang=ht&vocabulary=service")
    assert answer.status_code == 200
    listed = answer.json()["vocabularies"]["service"]
    assert listed[0] | {"names": None} == {
        "code": "overnight",
        "parent": None,
        "name": "Kote pou dòmi",
        "language": "ht",
        "reviewed": False,
        "names": None,
        "active": True,
        "validity_days": None,
    }
    assert not {term["code"] for term in listed} & set(PROTECTED_SERVICES)
    whole = (await client.get("/vocabularies")).json()["vocabularies"]
    assert set(whole) == set(VOCABULARIES)
    assert (await client.get("/vocabularies?lang=xx")).status_code == 400


# --- editing ----------------------------------------------------------------------------------


async def test_a_term_is_added_used_and_retired(session):
    with pytest.raises(InvalidRecordError):
        await store(session, SPACE | {"services": ["haircut"]})
    await vocabulary.add_term(session, "service", "haircut", {"es": "Peluquería"})
    await store(session, SPACE | {"services": ["haircut"]})
    with pytest.raises(ConflictError):
        await vocabulary.remove_term(session, "service", "haircut")
    await vocabulary.retire_term(session, "service", "haircut")
    with pytest.raises(InvalidRecordError):
        await store(session, SPACE | {"id": "R-2", "services": ["haircut"]})
    await vocabulary.add_term(session, "service", "haircut", {"es": "Peluquería"})
    await store(session, SPACE | {"id": "R-2", "services": ["haircut"]})


async def test_a_term_that_nobody_uses_can_be_taken_away(session):
    await vocabulary.add_term(session, "amenity", "saunna", {"es": "Sauna"})
    await vocabulary.remove_term(session, "amenity", "saunna")
    with pytest.raises(NotFoundError):
        await vocabulary.retire_term(session, "amenity", "saunna")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"vocabulary": "colour"}, "vocabulary"),
        ({"code": "no/slash"}, "code"),
        ({"names": {"en": "Only English"}}, "names"),
        ({"names": {"es": "Sí", "xx": "?"}}, "names"),
        ({"names": {"es": " "}}, "names"),
        ({"validity_days": 400}, "validity_days"),
    ],
)
async def test_a_broken_term_is_refused(session, change, field):
    good = {"vocabulary": "space_kind", "code": "school", "names": {"es": "Escuela"}}
    with pytest.raises(InvalidRecordError) as refused:
        await vocabulary.add_term(session, **good | change)
    assert [name for name, _ in refused.value.problems] == [field]


# --- protecting -------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "code"), [("space_kind", "support_space"), ("service", "food")])
async def test_p38_protecting_a_term_hides_what_uses_it_in_the_same_transaction(
    session, kind, code
):
    await store(session, SPACE)
    await store(session, SPACE | {"id": "R-2", "kind": "mobile_unit", "services": ["showers"]})
    assert await vocabulary.protect_term(session, kind, code) == 1
    assert await visibility(session) == "restricted"
    assert await visibility(session, "R-2") == "public"
    if kind == "service":
        seen = select(Service.visibility).where(Service.code == "food")
        assert await session.scalar(seen) == "restricted"
    # And nothing makes it public again: not SQL, not a document.
    await refuses(
        session,
        "update amparo.locations set visibility = 'public', confidential = false where id = 'R-1'",
        "restricted",
    )
    await store(session, SPACE)
    assert await visibility(session) == "restricted"


async def test_p38_the_database_refuses_a_protected_service_at_a_visible_space(session):
    await store(session, SPACE)
    await store(session, SPACE | {"id": "R-9", "services": ["gbv_response"]})
    assert await visibility(session, "R-9") == "restricted"
    await refuses(
        session,
        "insert into amparo.service_at_location (id, location_id, service_id)"
        " select 'x', 'R-1', id from amparo.services where code = 'gbv_response'",
        "protected",
    )
    await refuses(
        session,
        "update amparo.services set code = 'lgbtiq_refuge' where code = 'food'",
        "restricted",
    )


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("update amparo.locations set kind = 'castle'", "vocabulary"),
        ("update amparo.services set code = 'teleport'", "vocabulary"),
        ("update amparo.terms set protected = false where code = 'safe_space'", "protected"),
        ("delete from amparo.terms where code = 'gbv_response'", "retired"),
        ("delete from amparo.terms where code = 'food'", "retired"),
        ("update amparo.terms set code = 'feast' where code = 'food'", "never changed"),
    ],
)
async def test_the_database_keeps_words_and_records_together(session, statement, match):
    await store(session, SPACE)
    await refuses(session, statement, match)


async def test_p38_a_protected_service_of_a_coordinator_cannot_be_asked_for(loaded_database):
    async with loaded_database.session(Tier.WRITER) as writer:
        await vocabulary.protect_term(writer, "service", "psychosocial_support")
    async with loaded_database.session(Tier.PUBLIC) as public:
        with pytest.raises(ProtectedServiceError):
            await vocabulary.check_services(public, ["psychosocial_support"])
        assert "psychosocial_support" not in await vocabulary.services(public)


async def test_p38_a_term_whose_words_speak_of_refuges_is_protected_whoever_adds_it(session):
    hidden_blank = "Safe\u200bhouse"
    await vocabulary.add_term(session, "service", "rest_house", {"es": "Casa de reposo"})
    await vocabulary.add_term(session, "service", "casa_refugio", {"es": "Alojamiento"})
    await vocabulary.add_term(session, "space_kind", "house_b", {"es": "Casa", "en": hidden_blank})
    await vocabulary.add_term(session, "amenity", "survivor", {"es": "Sobreviviente"})
    known = (await vocabulary.read_vocabulary(session)).protected
    assert "rest_house" not in known["service"]
    assert "casa_refugio" in known["service"]
    assert "house_b" in known["space_kind"]
    assert "survivor" not in known["amenity"]
    for name in ("Casa abrigo", "Casa de repouso"):
        await vocabulary.rename_term(session, "service", "rest_house", "pt", name)
        known = (await vocabulary.read_vocabulary(session)).protected
        assert "rest_house" in known["service"], "and stays so"


@pytest.mark.parametrize(
    ("stated", "protected"),
    [({"code": "refuge_w", "fr": "Foyer pour femmes"}, True), ({"code": "rest_house"}, False)],
)
async def test_p38_a_file_of_terms_cannot_open_a_term_of_refuges(session, stated, protected):
    fields = {"vocabulary": "service", "es": "Casa de reposo", "protected": False, **stated}
    row = Row(FileRow(1, fields))
    said = Circumstances(TODAY, NOW, {}, await vocabulary.read_vocabulary(session))
    (term,) = read_term(row, said)[Term]
    assert term["protected"] is protected
    assert bool(row.notes) is protected
