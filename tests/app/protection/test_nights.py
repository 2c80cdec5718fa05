"""A place to sleep is a space with the service for it: every surface says the same.

Two spaces stand in one town, open day and night. The flag that is stored beside the services of
each says the opposite of them, as a database could that was loaded before services decided.
"""

import pytest
from sqlalchemy import select, text

from geo.db.sessions import Tier
from geo.db.views import spaces as view
from geo.records import demo_rows, space_documents
from geo.records.readers import FileRow
from geo.records.row_validation import Row
from geo.records.space_rows import NIGHT_REMARK, read_space
from tests.app.pages.test_space import MORNING, REFERRER, TODAY
from tests.conftest import client_of, clone, opened, run_sql

PAMPLONA = "3673045"
ALL_DAY = {"byday": ["MO", "TU", "WE", "TH", "FR", "SA", "SU"], "opens_at": "00:00"}
OPEN = {**REFERRER, "lon": -72.6482, "lat": 7.3756, "locality": "Pamplona"}
OPEN |= {"schedules": [ALL_DAY | {"closes_at": "00:00"}], "maximum_nights": 3}
BED = {**OPEN, "id": "T-BED", "name": "Casa Con Camas", "services": ["food", "overnight"]}
DAY = {**OPEN, "id": "T-DAY", "name": "Casa De Paso", "services": ["food"]}
BOTH, WAY = {"T-BED", "T-DAY"}, {"start": [-72.508, 7.894], "end": [-73.126, 7.125]}


@pytest.fixture(scope="module")
async def settings(cluster, loaded_template, settings_for):
    made = settings_for(clone(cluster, loaded_template), hotline="155")
    async with opened(made) as database, database.session(Tier.WRITER) as session:
        await demo_rows.remove_demo(session)
        await space_documents.store_documents(
            session, [BED, DAY], now=MORNING, today=TODAY, source="test"
        )
    await run_sql(made, "update amparo.locations set overnight = (id = 'T-DAY')")
    return made


@pytest.fixture(scope="module")
async def asking(settings):
    async with client_of(settings, clock=lambda: MORNING) as client:
        yield client


async def read(client, path, **query):
    response = await client.get(path, params=query)
    assert response.status_code == 200, response.text
    return response


async def test_every_surface_has_one_meaning_of_a_place_to_sleep(asking):
    """Walk all of them; each tells the space with the service, and never the other."""
    told = {}
    features = (await read(asking, "/collections/spaces/items")).json()["features"]
    flags = {one["id"]: one["properties"]["overnight"] for one in features}
    assert flags == {"T-BED": True, "T-DAY": False}
    filtered = await read(asking, "/collections/spaces/items", filter="overnight = true")
    told["filter"] = {one["id"] for one in filtered.json()["features"]}
    pamplona = {"lon": -72.648, "lat": 7.376, "service": "overnight"}
    near = (await read(asking, "/spaces/nearest", **pamplona)).json()["features"]
    told["nearest"] = {one["id"] for one in near}
    matched = (await read(asking, "/spaces/match", **pamplona)).json()["features"]
    told["match"] = {one["id"] for one in matched if one["properties"]["role"] == "serves"}
    measured = await asking.post("/coverage", json={**WAY, "services": ["overnight"]})
    told["coverage"] = {one["id"] for one in measured.json()["spaces"]}
    way = {**WAY, "mode": "foot", "at": MORNING.isoformat()}
    stops = (await asking.post("/routes", json=way)).json()["features"][0]["properties"]["stops"]
    assert {stop["id"] for stop in stops} == BOTH
    told["routes"] = {stop["id"] for stop in stops if stop["overnight"]}
    file = (await read(asking, "/nearby.json")).json()["spaces"]
    bits = dict(zip(file["columns"]["id"], file["columns"]["flags"], strict=True))
    told["phone"] = {one for one, flags in bits.items() if flags & 4}
    exported = (await read(asking, "/exports/geojson")).json()["features"]
    told["export"] = {one["id"] for one in exported if one["properties"]["overnight"]}
    assert told == {surface: {"T-BED"} for surface in told}

    names = {
        "page": (await read(asking, "/", f="html", place="Pamplona, CO", service="overnight")),
        "txt": (await read(asking, f"/txt/{PAMPLONA}", service="overnight")),
        "list": (await read(asking, f"/lists/{PAMPLONA}", service="overnight", f="text")),
    }
    for surface, response in names.items():
        assert "Con Camas" in response.text, surface
        assert "De Paso" not in response.text, surface
    pages = [(await read(asking, f"/spaces/{one}", f="html", lang="es")).text for one in BOTH]
    beds, passing = sorted(pages, key=lambda page: "Casa De Paso" in page.partition("</h1>")[0])
    said = [page.partition("<dt>Dormir</dt>")[2].partition("</dd>")[0] for page in (beds, passing)]
    assert "Sí" in said[0]
    assert "No" in said[1]


@pytest.mark.parametrize("tier", [Tier.PUBLIC, Tier.PARTNER, Tier.STAFF], ids=str)
async def test_every_tier_and_every_past_goes_by_the_services_that_it_sees(settings, tier):
    async with opened(settings) as database, database.session(tier) as session:
        rows = await session.execute(select(view.c.id, view.c.overnight))
        assert dict(rows.all()) == {"T-BED": True, "T-DAY": False}
        past = await session.execute(text("select id, overnight from space_versions"))
        assert {tuple(row) for row in past} == {("T-BED", True), ("T-DAY", False)}


@pytest.mark.parametrize(
    ("services", "flag", "is_for_night", "remark"),
    [
        (["overnight"], False, True, "'overnight' is among them"),
        (["food"], True, False, "'overnight' is not among them"),
        (["overnight"], True, True, None),
        (["food"], None, False, None),
    ],
)
async def test_an_import_says_where_a_flag_contradicts_the_services(
    settings, services, flag, is_for_night, remark
):
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        said = await space_documents.circumstances(session, now=MORNING, today=TODAY)
    row = Row(FileRow(1, {**DAY, "services": services, "overnight": flag}))
    rows = read_space(row, said)
    assert space_documents.document_of(rows)["overnight"] is is_for_night
    notes = [note for note in row.notes if note.code == NIGHT_REMARK]
    assert len(notes) == (remark is not None)
    assert all(remark in note for note in notes)
