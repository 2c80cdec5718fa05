"""``as_of``: collections as they were on a day, as far as they may be seen today (P39)."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from geo.db.sessions import Tier
from tests.conftest import client_of, opened
from tests.fixtures.clock import run_today

SPACES = "/collections/spaces/items"
TODAY = run_today()

#: In October two spaces stood at another place under another name, and were closed.
OCTOBER = """
insert into amparo.space_versions (location_id, valid_from, valid_to, record, geom)
select location_id, amparo.now() - interval '60 days', amparo.now() - interval '30 days',
    record || '{"name": "DEMO Antes", "status": "closed"}'
        || jsonb_build_object('expires_on', amparo.today() + 10),
    'SRID=4326;POINT(-72.9 7.3)'
from amparo.space_versions where location_id in ('DEMO-006', 'DEMO-009')
"""
SINCE = """
update amparo.space_versions set valid_from = amparo.now() - interval '30 days',
    record = record || jsonb_build_object('assured_on', amparo.today() - 50)
where location_id in ('DEMO-006', 'DEMO-009') and valid_to = 'infinity'
"""


def ago(days):
    return (TODAY - timedelta(days=days)).isoformat()


@pytest.fixture(scope="module")
async def settings(cluster, loaded_template, settings_for):
    from tests.conftest import clone

    name = clone(cluster, loaded_template)
    engine = create_async_engine(cluster.superuser_url(name))
    async with engine.begin() as connection:
        for statement in (SINCE, OCTOBER):
            await connection.execute(text(statement))
    await engine.dispose()
    return settings_for(name)


@pytest.fixture(scope="module")
async def past(settings):
    async with client_of(settings) as client:
        yield client


@pytest.mark.clock
async def test_p39_a_space_as_of_a_day(past):
    now = (await past.get(f"{SPACES}/DEMO-006")).json()
    then = (await past.get(f"{SPACES}/DEMO-006?as_of={ago(45)}")).json()
    assert (then["properties"]["name"], then["properties"]["status"]) == ("DEMO Antes", "closed")
    assert then["geometry"]["coordinates"] == [-72.9, 7.3]
    assert then["links"][0]["href"].endswith(f"/DEMO-006?as_of={ago(45)}")
    today = (await past.get(f"{SPACES}/DEMO-006?as_of={ago(0)}")).json()
    assert today["properties"] == now["properties"]
    assert set(then["properties"]) == set(now["properties"])
    assert (await past.get(f"{SPACES}/DEMO-006?as_of={ago(90)}")).status_code == 404


@pytest.mark.clock
async def test_p39_a_page_as_of_a_day(past):
    page = (await past.get(f"{SPACES}?as_of={ago(45)}")).json()
    assert [f["id"] for f in page["features"]] == ["DEMO-006", "DEMO-009"]
    assert page["numberMatched"] == 2
    around = f"{SPACES}?as_of={ago(45)}&bbox="
    assert (await past.get(around + "-73,7.2,-72.8,7.4")).json()["numberMatched"] == 2
    assert (await past.get(around + "-72.6,7.8,-72.4,8")).json()["numberMatched"] == 0
    empty = (await past.get(f"{SPACES}?as_of={ago(90)}")).json()
    assert (empty["features"], empty["numberMatched"]) == ([], 0)


async def test_p39_pages_of_the_past_lead_on_in_the_past(past):
    everything = (await past.get(f"{SPACES}?as_of={ago(0)}&limit=10000")).json()
    now = (await past.get(f"{SPACES}?limit=10000")).json()
    assert everything["features"] == now["features"]
    address, seen = f"{SPACES}?as_of={ago(0)}&limit=20", []
    while address:
        page = (await past.get(address)).json()
        seen += [f["id"] for f in page["features"]]
        links = {link["rel"]: link["href"] for link in page["links"]}
        assert f"as_of={ago(0)}" in links["self"]
        address = links.get("next")
    assert seen == [f["id"] for f in now["features"]]


NARROWED = (
    "country=PE",
    "id=DEMO-006",
    "filter=country='PE' AND demo=true",
    "filter=name LIKE 'DEMO%25' AND S_INTERSECTS(geom, BBOX(-80, -10, -70, 5))",
    'filter={"op":"<>","args":[{"property":"country"},"CO"]}&sortby=-name',
)


@pytest.mark.every(3)
@pytest.mark.parametrize("narrowed", NARROWED)
async def test_a_filter_of_the_past_asks_the_rows_of_the_past(past, narrowed):
    now = (await past.get(f"{SPACES}?{narrowed}&limit=10000")).json()
    assert now["features"]
    address, seen = f"{SPACES}?{narrowed}&as_of={ago(0)}&limit=3", []
    while address:
        page = (await past.get(address)).json()
        assert page["numberMatched"] == now["numberMatched"]
        seen += page["features"]
        address = {link["rel"]: link["href"] for link in page["links"]}.get("next")
    assert seen == now["features"]
    files = [await past.get(f"{SPACES}?{narrowed}&f=csv{of}") for of in ("", f"&as_of={ago(0)}")]
    assert files[0].text == files[1].text


async def test_a_filter_of_the_past_sees_what_was_true_then(past):
    for condition, count in (
        ("status=closed", 2),
        ("filter=name='DEMO Antes'", 2),
        ("status=active", 0),
        ("filter=S_INTERSECTS(geom, BBOX(-73, 7.2, -72.8, 7.4))", 2),
        ("filter=S_INTERSECTS(geom, BBOX(-72.6, 7.8, -72.4, 8))", 0),
    ):
        page = (await past.get(f"{SPACES}?{condition}&as_of={ago(45)}")).json()
        assert page["numberMatched"] == len(page["features"]) == count, condition


async def test_p39_an_answer_of_the_past_may_be_kept_but_is_asked_for(past):
    first = await past.get(f"{SPACES}/DEMO-006?as_of={ago(45)}")
    tag = {"If-None-Match": first.headers["etag"]}
    assert (await past.get(f"{SPACES}/DEMO-006?as_of={ago(45)}", headers=tag)).status_code == 304
    assert "no-cache" in first.headers["cache-control"]


@pytest.mark.parametrize(
    "as_of",
    ["", "yesterday", "2026-13-01", "2026-02-30", "20261120", "2026-11-20T00:00:00Z", "0001-01-01",
     "1969-12-31", "9999-12-31", (TODAY + timedelta(days=1)).isoformat(), "..", "٢٠٢٦-١١-٢٠"],
)  # fmt: skip
async def test_a_day_that_is_none_or_has_not_come_is_400(past, as_of):
    for path in (SPACES, f"{SPACES}/DEMO-006", "/collections/crossings/items"):
        response = await past.get(path, params={"as_of": as_of})
        assert response.status_code == 400, (path, as_of)
        assert response.json()["field"] == "as_of"


@pytest.mark.parametrize("layer", ["hazards", "roads", "boundaries", "places", "flows"])
async def test_a_collection_without_a_past_says_so(past, layer):
    for path in (f"/collections/{layer}/items", f"/collections/{layer}/items/x"):
        response = await past.get(f"{path}?as_of={ago(1)}")
        assert response.status_code == 400
        assert response.json()["field"] == "as_of"


async def test_p39_what_never_existed_and_what_is_hidden_answer_alike(past):
    never = await past.get(f"{SPACES}/DEMO-999?as_of={ago(0)}")
    assert never.status_code == 404
    # Confidential, for partners, expired.
    for hidden in ("DEMO-008", "DEMO-021", "DEMO-016"):
        for day in (0, 45):
            response = await past.get(f"{SPACES}/{hidden}?as_of={ago(day)}")
            assert response.text == never.text
            assert response.headers.keys() == never.headers.keys()


async def test_p24_p39_a_hide_of_today_hides_the_past(settings, past):
    asked = f"{SPACES}/DEMO-006?as_of={ago(45)}"
    assert (await past.get(asked)).status_code == 200
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        await session.execute(
            text(
                "insert into amparo.hides (id, entity, record_id, reason)"
                " values ('h', 'space', 'DEMO-006', 'x')"
            )
        )
    assert (await past.get(asked)).status_code == 404
    page = (await past.get(f"{SPACES}?as_of={ago(45)}")).json()
    assert [f["id"] for f in page["features"]] == ["DEMO-009"]
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        await session.execute(text("delete from amparo.hides"))
    assert (await past.get(asked)).status_code == 200


@pytest.mark.clock
async def test_p32_crossings_as_of_a_day_are_as_stated_then(settings, past):
    path = "/collections/crossings/items/X-BOLIVAR"
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        await session.execute(
            text(
                "insert into amparo.crossing_statuses (id, crossing_id, state, valid_from,"
                " timezone, source) values ('later', 'X-BOLIVAR', 'closed', amparo.today() - 20,"
                " 'America/Bogota', 'test')"
            )
        )
    now = (await past.get(path)).json()["properties"]
    assert now["state"] == "closed"
    assert len(now["statuses"]) == 2
    for day, state, known in ((10, "closed", 2), (40, "open", 1)):
        then = (await past.get(f"{path}?as_of={ago(day)}")).json()["properties"]
        assert (then["state"], len(then["statuses"])) == (state, known)
        assert set(then) == set(now)
    before = (await past.get(f"{path}?as_of=2020-01-01")).json()["properties"]
    assert (before["state"], before["statuses"]) == ("not_known", [])
    page = (await past.get(f"/collections/crossings/items?as_of={ago(40)}")).json()
    assert {f["properties"]["state"] for f in page["features"]} <= {"open", "closed", "not_known"}
    assert len(page["features"]) > 20


@pytest.mark.clock
async def test_p39_coverage_as_of_a_day_counts_the_records_of_then(past):
    ends = {"start": [-72.508, 7.894], "end": [-73.126, 7.125], "services": ["information"]}

    async def counted(day):
        response = await past.post("/coverage", json={**ends, "as_of": ago(day)})
        assert response.status_code == 200, response.text
        return {space["id"] for space in response.json()["spaces"]}

    assert "DEMO-009" in await counted(0)
    assert "DEMO-009" in await counted(20)
    # Closed in October, and elsewhere.
    assert "DEMO-009" not in await counted(45)
