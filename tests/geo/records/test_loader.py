"""Loading files: what is refused and where, and that the same file twice changes nothing."""

import gzip
import hashlib
import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from geo.db.sessions import Tier
from geo.errors import InvalidFileError, MixedDataError
from geo.guidance import feedback
from geo.models import (
    Crossing,
    CrossingStatus,
    Flow,
    Hazard,
    LoadedFile,
    Location,
    Organization,
    Place,
    ReferralPoint,
    Schedule,
    Service,
)
from geo.records import demo_rows, loader
from geo.records.quarantine import protected_reason
from geo.records.readers import read
from geo.records.space_documents import patched, read_documents, store_documents
from geo.text.countries import misplacement
from tests.fixtures.clock import run_now

DATA = Path(__file__).resolve().parents[3] / "data"
#: Of the shipped data all but towns and units, which take seconds to load.
SPACES = DATA / "spaces"
NOW = run_now()
TODAY = NOW.date()

SPACE = {
    "id": "R-1",
    "name": "Punto de información",
    "organisation": "Organización real",
    "kind": "information_orientation_point",
    "services": ["information"],
    "country": "CO",
    "timezone": "America/Bogota",
    "locality": "Cúcuta",
    "visibility": "public",
    "confirmed_on": str(TODAY - timedelta(days=3)),
    "schedule": {"byday": "MO,TU", "opens_at": "08:00", "closes_at": "17:00"},
}


def space(lon=-72.5, lat=7.9, **changes):
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": SPACE | changes,
    }


def collection(*features):
    lines = ",\n".join(json.dumps(feature) for feature in features)
    return '{"type": "FeatureCollection", "features": [\n' + lines + "\n]}\n"


def write(folder, name, content):
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


async def load(session, *paths, **options):
    options = {"today": TODAY, "now": NOW, "automatic": False} | options
    return await loader.load_paths(session, list(paths), **options)


async def count(session, model):
    return await session.scalar(select(func.count()).select_from(model))


async def refused(session, *paths, **options):
    with pytest.raises(InvalidFileError) as caught:
        await load(session, *paths, **options)
    return caught.value.problems


# --- the data that Amparo ships -------------------------------------------------------------


async def test_the_shipped_data_load_and_load_again_without_change(loaded_database):
    """The first time is that of the tests' template, for which they are loaded as by `./run`."""
    async with loaded_database.session(Tier.WRITER) as session:
        counts = {model: await count(session, model) for model in (Place, Location, Crossing, Flow)}
        assert counts == {Place: 31_421, Location: 70, Crossing: 37, Flow: 14}
        # Who asks next does not read all places for the nearest one: the planner knows how many.
        known = "select reltuples from pg_class where oid = cast(:named as regclass)"
        for model in (Place, Location):
            named = {"named": f"amparo.{model.__tablename__}"}
            assert await session.scalar(text(known), named) == counts[model]
        second = await load(session, DATA, shipped=DATA, automatic=True)
        assert {file.outcome for file in second.files} == {"unchanged"}
        assert second.lines() == [f"{len(second.files)} files unchanged"]
        assert counts == {model: await count(session, model) for model in counts}


async def test_demo_dates_count_from_the_day_of_loading(session):
    days = {}
    for today in (date(2026, 11, 24), date(2027, 3, 1)):
        now = datetime.combine(today, datetime.min.time(), UTC)
        report = await load(session, SPACES, automatic=True, today=today, now=now)
        demo_files = {f.outcome for f in report.files if f.name.startswith("demo")}
        assert demo_files == {"loaded"}
        days[today] = (
            await session.scalar(select(Location.confirmed_on).where(Location.id == "DEMO-001")),
            await session.scalar(select(Location.expires_on).where(Location.id == "DEMO-001")),
            await session.scalar(select(func.max(Flow.week))),
            await session.scalar(select(func.max(Hazard.reported_at))),
        )
    assert days[date(2026, 11, 24)][:2] == (date(2026, 11, 12), date(2027, 2, 10))
    for before, after in zip(*days.values(), strict=True):
        shift = after - before
        assert shift in (timedelta(days=97), timedelta(days=98)), "97 days later, weeks in step"


async def test_an_unchanged_real_file_is_unchanged_on_another_day(session, tmp_path):
    path = write(tmp_path, "real_spaces.geojson", collection(space()))
    await load(session, path)
    report = await load(session, path, today=TODAY + timedelta(days=1))
    assert report.files[0].outcome == "unchanged"


async def test_every_demo_row_says_demo(session):
    report = await load(session, SPACES, automatic=True)
    assert not [line for file in report.files for line in file.remarks]
    for model, column in ((Location, Location.name), (Hazard, Hazard.title)):
        rows = (await session.execute(select(column, model.demo))).all()
        assert rows
        assert all(title.startswith("DEMO") and is_demo for title, is_demo in rows)
    statuses = (await session.scalars(select(CrossingStatus))).all()
    assert all(s.assumption and "supuesto de demostración" in s.source for s in statuses)


async def test_p12_no_informal_crossing_is_shipped(session):
    await load(session, SPACES, automatic=True)
    names = [*await session.scalars(select(Crossing.name))]
    assert len(names) == 37
    assert not [n for n in names if "trocha" in n.lower() or "informal" in n.lower()]
    assert {"X-RUMICHACA-CO", "X-RUMICHACA-EC"} <= set(await session.scalars(select(Crossing.id)))


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lon": 7.9, "lat": -72.5}, "swapped"),
        ({"lon": -72.5, "lat": 47.9}, "outside CO"),
        ({"lon": 200}, "out of range"),
        ({"country": "COL"}, "alpha-2"),
        ({"country": "XX"}, "alpha-2"),
        ({"timezone": "Bogota"}, "time zone"),
        ({"kind": "hostel"}, "not one of"),
        ({"status": "open"}, "not one of"),
        ({"services": ["teleport"]}, "teleport"),
        ({"confirmed_on": "24/11/2026"}, "not a date"),
        ({"confirmed_on": "2026-02-30"}, "not a date"),
        ({"confirmed_on": None}, "missing"),
        ({"confirmed_on": str(TODAY + timedelta(days=9))}, "future"),
        ({"expires_on": "2001-01-01"}, "not after"),
        ({"name": ""}, "name is missing"),
        ({"organisation": None}, "missing"),
        ({"visibility": "everyone"}, "not one of"),
        ({"schedule": {"opens_at": "8am", "closes_at": "17:00"}}, "HH:MM"),
        ({"schedule": {"byday": "LU", "opens_at": "08:00", "closes_at": "17:00"}}, "LU"),
        ({"schedule": {"freq": "DAILY", "opens_at": "08:00", "closes_at": "17:00"}}, "freq"),
        ({"schedule": {"freq": "MONTHLY", "opens_at": "08:00", "closes_at": "17:00"}}, "on which"),
        ({"schedule": {"opens_at": "25:00", "closes_at": "17:00"}}, "HH:MM"),
        ({"schedule": "always"}, "not a list of objects"),
        ({"capacity": -4}, "between"),
        ({"capacity": "many"}, "not a number"),
        ({"capacity": True}, "not a number"),
        ({"capacity": 10, "available": 11}, "more than capacity"),
        ({"overnight": "perhaps"}, "neither true nor false"),
        ({"referral_from": "R-404"}, "not known"),
        ({"id": "R 1"}, "may hold"),
        ({"name": "x" * 3000}, "longer"),
        ({"languages": ["espanol"]}, "ISO 639"),
        ({"languages": ["español"]}, "not a code"),
        ({"public_phones": ["+57 300 x"]}, "telephone"),
    ],
)
async def test_a_bad_row_is_named_by_file_line_and_reason(session, tmp_path, changes, reason):
    bad = space(**{"id": "R-2"} | changes)
    path = write(tmp_path, "spaces.geojson", collection(space(), bad))
    problems = await refused(session, path)
    assert all(problem.startswith("spaces.geojson:3: ") for problem in problems)
    assert reason in problems[0]
    assert await count(session, Location) == 0


async def test_every_problem_is_told_and_nothing_is_stored(session, tmp_path):
    good = write(tmp_path, "good_spaces.geojson", collection(space(id="G-1")))
    bad = write(
        tmp_path,
        "spaces.geojson",
        collection(space(id="A", country="XX"), space(id="B"), space(id="B"), space(7.9, -72.5)),
    )
    problems = await refused(session, good, bad)
    assert [p.split(": ")[0] for p in problems] == [f"spaces.geojson:{n}" for n in (2, 4, 5)]
    assert "line 3 already" in problems[1]
    assert await count(session, Location) == 0
    assert await count(session, LoadedFile) == 0


async def test_a_bad_file_keeps_what_was_loaded_before(session, tmp_path):
    path = write(tmp_path, "spaces.geojson", collection(space()))
    await load(session, path)
    write(tmp_path, "spaces.geojson", collection(space(name="Otro"), space(id="R-2", kind="x")))
    await refused(session, path)
    assert [*await session.scalars(select(Location.name))] == ["Punto de información"]


CROSSINGS = "id,name,country_a,country_b,lon,lat,visibility,source\n"


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (CROSSINGS + "X-1,Uno,CO,VE,-72.4,7.8,public\n", 2, "7 columns"),
        (CROSSINGS + "X-1,Uno,CO,CO,-72.4,7.8,public,a\n", 2, "the same"),
        (
            CROSSINGS + 'X-1,"Uno\nDos",CO,VE,-72.4,7.8,public,a\nX-2,Tres,CO,VE,x,7.8,public,a\n',
            4,
            "number",
        ),
        (CROSSINGS + "\n\nX-1,Uno,CO,VE,7.8,-72.4,public,a\n", 4, "swapped"),
        (CROSSINGS + "X-1,Uno,CO,VE,nan,7.8,public,a\n", 2, "number"),
        ("id,id\n", 1, "twice"),
        ("id,\n", 1, "without a name"),
        ("", 1, "empty"),
        (CROSSINGS + 'X-1,"Uno,CO,VE,-72.4,7.8,public,a\n', 2, "not CSV"),
    ],
)
async def test_csv_problems_name_the_line_of_the_file(session, tmp_path, content, line, reason):
    problems = await refused(session, write(tmp_path, "crossings.csv", content))
    assert problems[0].startswith(f"crossings.csv:{line}: "), problems
    assert reason in problems[0]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"type": "FeatureCollection",\n "features": [}', ":2: is not JSON"),
        ('{"type": "FeatureCollection"}', "not a GeoJSON FeatureCollection"),
        ("[]", "not JSON: expected"),
        ('{"type": "FeatureCollection", "features": [\n\n 3]}', ":3: is not a GeoJSON Feature"),
        (
            '{"type": "FeatureCollection", "features": [{"type": "Feature", "x": NaN}]}',
            "NaN is not JSON",
        ),
        (
            (
                '{"type": "FeatureCollection", "features": [\n{"type": "Feature",'
                ' "geometry": {"type": "Point", "coordinates": ["a", 1]}}]}'
            ),
            ":2: geometry is not GeoJSON",
        ),
        (
            '{"type": "FeatureCollection", "crs": {"name": "EPSG:3857"}, "features": []}',
            "reference system",
        ),
        ('{"type": "FeatureCollection", "features": []} x', "text after the end"),
    ],
)
async def test_geojson_problems_name_the_line_of_the_file(session, tmp_path, content, reason):
    problems = await refused(session, write(tmp_path, "spaces.geojson", content))
    assert reason in problems[0]


async def test_a_file_that_is_no_text_or_half_an_archive_is_refused(session, tmp_path):
    (tmp_path / "spaces.geojson").write_bytes(b"{\n\xff")
    assert "spaces.geojson:2: is not UTF-8" in await refused(session, tmp_path / "spaces.geojson")
    whole = gzip.compress(b"id\n" * 1000)
    (tmp_path / "places.csv.gz").write_bytes(whole[: len(whole) // 2])
    problems = await refused(session, tmp_path / "places.csv.gz")
    assert "not a whole gzip" in problems[0]


async def test_an_unknown_name_is_refused_with_those_that_are_known(session, tmp_path):
    problems = await refused(session, write(tmp_path, "notes.txt", "x"))
    assert "*spaces.geojson" in problems[0]
    with pytest.raises(FileNotFoundError):
        await load(session, tmp_path / "absent_spaces.geojson")


async def test_a_status_needs_its_crossing(session, tmp_path):
    path = write(
        tmp_path,
        "crossing_statuses.csv",
        "id,crossing_id,state,valid_from,timezone,source\n"
        "S-1,X-404,open,2026-01-01,America/Bogota,a\n",
    )
    problems = await refused(session, path)
    assert problems == ["crossing_statuses.csv:2: crossing_id 'X-404' is not known"]


async def test_an_id_of_another_file_is_not_taken_over(session, tmp_path):
    await load(session, write(tmp_path, "a_spaces.geojson", collection(space())))
    problems = await refused(session, write(tmp_path, "b_spaces.geojson", collection(space())))
    assert problems == ["b_spaces.geojson:2: id 'R-1' is in a_spaces.geojson already"]


CROSSINGS = (
    "id,name,country_a,country_b,lon,lat,visibility,source\n"
    "OWN-1,Mi puente,CO,VE,-72.45,7.82,public,yo\n"
)


async def test_a_file_of_ones_own_named_like_a_shipped_one_stays(session, tmp_path):
    own = write(tmp_path, "crossings.csv", CROSSINGS)
    for paths in ([own], [SPACES], [own], [SPACES]):
        await load(session, *paths, shipped=DATA, automatic=paths == [SPACES])
        assert await session.get(Crossing, "OWN-1", populate_existing=True) is not None
    assert await count(session, Crossing) == 38


async def test_a_shipped_row_gives_way_to_a_users_row_of_its_id(session, tmp_path):
    shipped = (SPACES / "crossings.csv").read_text(encoding="utf-8").splitlines()
    id_ = shipped[1].partition(",")[0]
    own = write(tmp_path, "my_crossings.csv", CROSSINGS.replace("OWN-1", id_))
    await load(session, own)

    async def name():
        return (await session.get(Crossing, id_, populate_existing=True)).name

    report = await load(session, SPACES, shipped=DATA, automatic=True)
    assert await name() == "Mi puente"
    assert await count(session, Crossing) == 37
    assert (
        "amparo:crossings.csv: rows not loaded because my_crossings.csv has their ids: 1"
        in report.lines()
    )
    again = await load(session, SPACES, shipped=DATA, automatic=True)
    assert {file.outcome for file in again.files} == {"unchanged"}
    # Once the user's file has it no longer, the shipped row comes back.
    await load(session, write(tmp_path, "my_crossings.csv", CROSSINGS))
    await load(session, SPACES, shipped=DATA, automatic=True)
    assert await name() != "Mi puente"
    assert await count(session, Crossing) == 38


async def test_a_shipped_space_that_gives_way_takes_its_parts_along(session, tmp_path):
    own = write(tmp_path, "my_spaces.geojson", collection(space(id="DEMO-001")))
    await load(session, own)
    report = await load(session, SPACES, shipped=DATA, allow_mixed=True)
    assert any("my_spaces.geojson has their ids: 1" in line for line in report.lines())
    assert (await session.get(Location, "DEMO-001")).name == SPACE["name"]
    schedules = await session.scalar(
        select(func.count()).select_from(Schedule).where(Schedule.location_id == "DEMO-001")
    )
    assert schedules == 1


async def test_a_user_cannot_replace_a_shipped_row_unnoticed(session, tmp_path):
    await load(session, SPACES / "crossings.csv", shipped=DATA)
    content = (SPACES / "crossings.csv").read_text(encoding="utf-8")
    problems = await refused(session, write(tmp_path, "crossings.csv", content), shipped=DATA)
    assert len(problems) == 37
    assert problems[0].endswith(" is in amparo:crossings.csv already")


async def test_a_name_of_the_shipped_files_cannot_be_taken(session, tmp_path):
    problems = await refused(session, write(tmp_path, "amparo:crossings.csv", CROSSINGS))
    assert "Amparo's own" in problems[0]


async def test_a_folder_with_nothing_to_load_is_refused(session, tmp_path):
    for _ in range(2):
        problems = await refused(session, tmp_path)
        assert problems[0].startswith(f"{tmp_path.name}:1: holds no file that is one of ")
        assert "*spaces.geojson" in problems[0]
        write(tmp_path, "notes.txt", "nothing")


async def test_the_reason_against_a_text_is_the_one_that_holds(session, tmp_path):
    for name, reason in (("x" * 2001, "is longer than 2000"), ("a\x00b", "cannot be stored")):
        path = write(tmp_path, "a_spaces.geojson", collection(space(name=name)))
        [problem] = await refused(session, path)
        assert reason in problem
        assert ("longer" in problem) != ("stored" in problem)


@pytest.mark.parametrize(
    ("position", "country", "wrong"),
    [
        ((-72.5, 7.9), "CO", False),
        ((7.9, -72.5), "CO", True),
        ((7.9, -72.5), None, True),
        ((-72.5, 7.9), None, False),
        ((2.35, 48.85), None, False),
        ((2.35, 48.85), "FR", False),
        ((-51.2, -30.0), "BR", False),
        ((float("nan"), 7.9), "CO", True),
    ],
)
def test_misplaced_positions_are_noticed(position, country, wrong):
    assert (misplacement(*position, country) is not None) == wrong


# --- what is stored ----------------------------------------------------------------------------


async def test_midnight_written_as_24_is_midnight(session, tmp_path):
    hours = {"opens_at": "00:00", "closes_at": "24:00"}
    await load(session, write(tmp_path, "spaces.geojson", collection(space(schedule=hours))))
    schedule = await session.scalar(select(Schedule))
    assert str(schedule.opens_at) == str(schedule.closes_at) == "00:00:00"
    assert set(schedule.byday) == {"MO", "TU", "WE", "TH", "FR", "SA", "SU"}


async def test_a_newer_file_updates_adds_and_removes(session, tmp_path):
    path = write(
        tmp_path,
        "spaces.geojson",
        collection(space(), space(id="R-2", organisation="Otra", services=["food"])),
    )
    await load(session, path)
    await session.execute(
        text("update amparo.locations set hidden_at = amparo.now() where id = 'R-1'")
    )
    write(
        tmp_path,
        "spaces.geojson",
        collection(space(name="Nombre nuevo", services=["health"]), space(id="R-3")),
    )
    report = await load(session, path)
    rows = dict((await session.execute(select(Location.id, Location.name))).all())
    assert rows == {"R-1": "Nombre nuevo", "R-3": "Punto de información"}
    assert [*await session.scalars(select(Organization.name))] == ["Organización real"]
    assert set(await session.scalars(select(Service.code))) == {"health", "information"}
    assert report.files[0].removed == {"locations": 1, "organizations": 1, "services": 1}
    # An emergency hide outlives the file (P24).
    hidden = select(Location.hidden_at).where(Location.id == "R-1")
    session.expire_all()
    assert await session.scalar(hidden) is not None


async def test_p24_a_hide_outlives_a_file_that_leaves_the_space_out_for_a_while(session, tmp_path):
    path = write(tmp_path, "spaces.geojson", collection(space(), space(id="R-2")))
    await load(session, path)
    await session.execute(
        text("update amparo.locations set hidden_at = amparo.now() where id = 'R-2'")
    )
    write(tmp_path, "spaces.geojson", collection(space()))
    await load(session, path)
    kept = select(Location.status, Location.hidden_at).where(Location.id == "R-2")
    status, hidden_at = (await session.execute(kept)).one()
    assert (status, hidden_at is None) == ("closed", False)
    write(tmp_path, "spaces.geojson", collection(space(), space(id="R-2")))
    await load(session, path)
    status, hidden_at = (await session.execute(kept)).one()
    assert (status, hidden_at is None) == ("active", False)


async def test_p44_a_file_that_leaves_a_space_out_takes_no_complaint_along(session, tmp_path):
    path = write(tmp_path, "spaces.geojson", collection(space(), space(id="R-2"), space(id="R-3")))
    await load(session, path)
    await feedback.complain(session, "R-2", category="unsafe", body=None, today=TODAY)
    write(tmp_path, "spaces.geojson", collection(space()))
    await load(session, path)
    rows = dict((await session.execute(select(Location.id, Location.status))).all())
    assert rows == {"R-1": "active", "R-2": "closed"}
    assert await session.scalar(select(func.amparo.has_open_complaint("R-2")))


async def test_no_load_undoes_what_was_edited(session, tmp_path):
    path = write(tmp_path, "spaces.geojson", collection(space(), space(id="R-2")))
    await load(session, path)
    document = (await read_documents(session, ["R-1"]))["R-1"]
    changed = patched(document, {"status": "closed"})
    await store_documents(session, [changed], now=NOW, today=TODAY, source="prueba")
    # The same file is no news.
    assert (await load(session, path)).files[0].outcome == "unchanged"
    # A newer one with the space is refused by name and line, and leaving it out deletes nothing.
    write(tmp_path, "spaces.geojson", collection(space(name="Otra vez"), space(id="R-2")))
    problems = await refused(session, path)
    assert problems[0].startswith("spaces.geojson:2: id 'R-1' was edited since")
    write(tmp_path, "spaces.geojson", collection(space(id="R-2", name="Nuevo")))
    await load(session, path)
    rows = dict((await session.execute(select(Location.id, Location.status))).all())
    assert rows == {"R-1": "closed", "R-2": "active"}


async def test_a_file_of_ours_gives_way_to_what_was_edited(session):
    await load(session, SPACES, shipped=DATA)
    document = (await read_documents(session, ["DEMO-009"]))["DEMO-009"]
    changed = patched(document, {"name": "DEMO Cambiado"})
    await store_documents(session, [changed], now=NOW, today=TODAY, source="prueba")
    tomorrow = {"today": TODAY + timedelta(days=1), "now": NOW + timedelta(days=1)}
    report = await load(session, SPACES, shipped=DATA, **tomorrow)
    assert (
        "amparo:demo_spaces.geojson: rows not loaded because edited here has their ids: 1"
        in report.lines()
    )
    assert (await read_documents(session, ["DEMO-009"]))["DEMO-009"]["name"] == "DEMO Cambiado"


async def test_a_referral_may_point_further_down(session, tmp_path):
    path = write(
        tmp_path,
        "spaces.geojson",
        collection(space(referral_from="R-2", access="referral_only"), space(id="R-2")),
    )
    await load(session, path)
    points = await session.execute(select(ReferralPoint.location_id, ReferralPoint.referrer_id))
    assert [tuple(row) for row in points] == [("R-1", "R-2")]


async def test_a_real_space_without_expiry_expires_by_its_kind(session, tmp_path):
    await load(
        session,
        write(
            tmp_path,
            "spaces.geojson",
            collection(
                space(),
                space(id="R-2", services=["overnight"]),
                space(id="R-3", kind="mobile_unit"),
            ),
        ),
    )
    days = {
        row.id: (row.expires_on - row.confirmed_on).days
        for row in await session.execute(
            select(Location.id, Location.expires_on, Location.confirmed_on)
        )
    }
    assert days == {"R-1": 90, "R-2": 30, "R-3": 7}


# --- protection --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "safe_space"},
        {"services": ["food", "gbv_response"]},
        {"name": "Casa de acogida San José"},
        {"name": "Refugio para mujeres"},
        {"eligibility": "Sobrevivientes de violencia de género"},
        {"notice": "Atención a niñas y niños no acompañados"},
        {"notice": "Abrigo para mulheres"},
        {"alternate_name": "LGBTIQ+ shelter"},
        {"eligibility": "Víctimas de trata"},
        {"confidential": True},
    ],
)
async def test_p38_protected_records_are_quarantined_whatever_the_file_states(
    session, tmp_path, changes
):
    report = await load(session, write(tmp_path, "spaces.geojson", collection(space(**changes))))
    row = (await session.execute(select(Location.visibility, Location.confidential))).one()
    assert tuple(row) == ("restricted", True)
    assert "spaces.geojson:2: " in report.files[0].remarks[0]
    assert "P38" in report.files[0].remarks[0]
    assert set(await session.scalars(select(Service.visibility))) == {"restricted"}


@pytest.mark.parametrize(
    "text_",
    [
        "Personas refugiadas, migrantes y comunidad de acogida",
        "Se trata de un punto de información",
        "Albergue temporal para familias",
        "Espacio amigable para la niñez",
        "Punto de apoyo con agua segura",
    ],
)
def test_ordinary_words_are_not_quarantined(text_):
    assert protected_reason("support_space", ["food", "child_protection"], [text_]) is None


async def test_p1_a_space_without_visibility_is_restricted(session, tmp_path):
    await load(session, write(tmp_path, "spaces.geojson", collection(space(visibility=None))))
    assert await session.scalar(select(Location.visibility)) == "restricted"


async def test_p36_a_human_threat_without_a_public_extent_has_no_public_geometry(session, tmp_path):
    stated = {
        "family": "human_threat",
        "kind": "robbery",
        "title": "Robos",
        "source": "a",
        "valid_from": "2026-11-01T00:00:00-05:00",
        "visibility": "public",
    }
    line = {"type": "LineString", "coordinates": [[-73.0, 7.0], [-73.0, 7.3]]}
    area = {"type": "Polygon", "coordinates": [[[-73, 7], [-72.9, 7], [-72.9, 7.1], [-73, 7]]]}
    path = write(
        tmp_path,
        "hazards.geojson",
        collection(
            {"type": "Feature", "geometry": area, "properties": stated | {"id": "H-1"}},
            {
                "type": "Feature",
                "geometry": line,
                "properties": stated | {"id": "H-2", "public_extent": "road"},
            },
        ),
    )
    await load(session, path)
    rows = {
        row.id: row
        for row in await session.execute(
            select(Hazard.id, Hazard.geom_public, Hazard.public_length_km)
        )
    }
    assert rows["H-1"].geom_public is None
    # 0.3 degrees of latitude, measured, not believed.
    assert rows["H-2"].public_length_km == pytest.approx(33.2, abs=0.1)
    bad = stated | {"id": "H-3", "public_extent": "municipality"}
    problems = await refused(
        session,
        write(
            tmp_path,
            "more_hazards.geojson",
            collection({"type": "Feature", "geometry": line, "properties": bad}),
        ),
    )
    assert "not a Polygon" in problems[0]


async def test_p35_demo_and_real_rows_do_not_mix(session, tmp_path):
    await load(session, SPACES, automatic=True)
    real = write(tmp_path, "real_spaces.geojson", collection(space()))
    with pytest.raises(MixedDataError):
        await load(session, real)
    assert await session.get(Location, "R-1") is None
    await load(session, real, allow_mixed=True)
    assert await session.get(Location, "R-1") is not None


async def test_p35_real_rows_refuse_a_demonstration(session, tmp_path):
    await load(session, write(tmp_path, "real_spaces.geojson", collection(space())))
    with pytest.raises(MixedDataError):
        await load(session, SPACES / "demo_spaces.geojson")
    assert await count(session, Location) == 1


async def test_p35_a_demonstration_that_nobody_named_stays_away_from_real_rows(session, tmp_path):
    await load(session, write(tmp_path, "real_spaces.geojson", collection(space())))
    report = await load(session, SPACES, automatic=True)
    assert "demo_spaces.geojson: not loaded, real rows are there" in report.lines()
    assert await count(session, Location) == 1
    assert await count(session, Crossing) == 37


async def test_p35_removed_demo_rows_stay_removed_until_named(session):
    await load(session, SPACES, automatic=True)
    removed = await demo_rows.remove_demo(session)
    assert removed["locations"] == 70
    assert removed["crossing_statuses"] == 37
    for model in (Location, Flow, Hazard, CrossingStatus, Organization, Service):
        assert await count(session, model) == 0, model
    assert await count(session, Crossing) == 37
    again = await load(session, SPACES, automatic=True)
    outcomes = {f.name: f.outcome for f in again.files}
    skipped = {name for name in outcomes if name.startswith("demo_")} | {"crossing_statuses.csv"}
    assert outcomes == dict.fromkeys(outcomes, "unchanged") | dict.fromkeys(skipped, "skipped")
    assert {"demo_spaces.geojson", "demo_hazards.geojson", "demo_flows.csv"} <= skipped
    assert await count(session, Location) == 0
    await load(session, SPACES / "demo_spaces.geojson")
    assert await count(session, Location) == 70
    again = await load(session, SPACES, automatic=True)
    assert not {f.name for f in again.files if f.outcome == "skipped"}


async def test_p35_demo_state_is_what_the_public_could_see(loaded_database):
    async with loaded_database.session(Tier.PUBLIC) as public:
        assert await demo_rows.has_demo(public)
    async with loaded_database.session(Tier.WRITER) as writer:
        await demo_rows.remove_demo(writer)
    async with loaded_database.session(Tier.PUBLIC) as public:
        assert not await demo_rows.has_demo(public)


async def test_p17_a_flow_file_with_a_personal_column_is_refused(session, tmp_path):
    path = write(
        tmp_path,
        "flows.csv",
        "id,kind,origin,week,direction,n,groups,largest_share,method,lon,lat,phone\n"
        "F-1,point,G3685533,2026-11-02,in,40,9,0.3,head_count,-72.5,7.9,3001234567\n",
    )
    problems = await refused(session, path)
    assert problems[0].startswith("flows.csv:2: ")
    assert "phone" in problems[0]
    assert "3001234567" not in problems[0]


async def test_the_demonstration_moves_on_with_the_week(session):
    """On a Monday each of its counts takes over the week that the next one had."""
    sunday, demo_flows = date(2026, 11, 29), SPACES / "demo_flows.csv"
    weeks = {}
    for today in (sunday, sunday + timedelta(days=1)):
        now = datetime.combine(today, datetime.min.time(), UTC)
        await load(session, demo_flows, today=today, now=now)
        weeks[today] = dict((await session.execute(select(Flow.id, Flow.week))).all())
    before, after = weeks.values()
    assert after == {id_: week + timedelta(weeks=1) for id_, week in before.items()}


async def test_counts_may_change_places_with_each_other(session, tmp_path):
    head = "id,kind,origin,week,direction,n,groups,largest_share,method,lon,lat\n"
    row = "{},point,G3685533,2026-11-{:02},in,40,9,0.3,head_count,-72.5,7.9\n".format
    await load(session, write(tmp_path, "flows.csv", head + row("F-1", 2) + row("F-2", 9)))
    await load(session, write(tmp_path, "flows.csv", head + row("F-1", 9) + row("F-2", 2)))
    stored = dict((await session.execute(select(Flow.id, Flow.week))).all())
    assert stored == {"F-1": date(2026, 11, 9), "F-2": date(2026, 11, 2)}


async def test_a_second_count_of_the_same_is_refused_by_line(session, tmp_path):
    head = "id,kind,origin,week,direction,n,groups,largest_share,method,lon,lat\n"
    row = ",point,G3685533,2026-11-02,in,40,9,0.3,head_count,-72.5,7.9\n"
    problems = await refused(session, write(tmp_path, "flows.csv", f"{head}F-1{row}F-2{row}"))
    assert problems == ["flows.csv:3: the same count is there under another id"]
    await load(session, write(tmp_path, "flows.csv", f"{head}F-1{row}"))
    # A new id for the same count in the same file is an update; in another it is a conflict.
    await load(session, write(tmp_path, "flows.csv", f"{head}F-9{row}"))
    problems = await refused(session, write(tmp_path, "more_flows.csv", f"{head}F-3{row}"))
    assert "under another id" in problems[0]


# --- reading -----------------------------------------------------------------------------------


def test_geojson_lines_are_those_of_the_file():
    text_ = json.dumps(
        {"type": "FeatureCollection", "features": [space(id=f"S-{n}") for n in range(3)]},
        indent=1,
    )
    records = read("spaces.geojson", text_.encode()).records
    lines = text_.splitlines()
    assert [record.fields["id"] for record in records] == ["S-0", "S-1", "S-2"]
    for record in records:
        assert lines[record.line - 1].strip() == "{"
        assert '"type": "Feature"' in lines[record.line]


async def test_progress_names_every_file(session, tmp_path):
    shutil.copy(SPACES / "crossings.csv", tmp_path)
    shutil.copy(SPACES / "crossing_statuses.csv", tmp_path)
    seen = []
    await load(session, tmp_path, progress=lambda *step: seen.append(step))
    assert seen == [("crossings.csv", 0, 2), ("crossing_statuses.csv", 1, 2)]


@pytest.mark.parametrize("folder", ["boundaries", "roads", "spaces"])
def test_sources_list_the_checksum_of_every_data_file(folder):
    sources = (DATA / folder / "SOURCES.md").read_text(encoding="utf-8")
    files = [
        path
        for path in (DATA / folder).iterdir()
        if path.suffix not in {".md", ".py"} and path.is_file()
    ]
    assert files
    for path in files:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert f"{digest}  {path.name}" in sources, path.name
