"""``POST /routes`` under rubbish: answered, or refused as a problem; never an error of ours."""

import contextlib
import json
import random
from collections import Counter

import pytest
from sqlalchemy.exc import IntegrityError

from tests.conftest import client_of, clone, run_sql
from tests.fixtures.examples import examples

PLACES = [
    (-72.508, 7.894),
    (-73.126, 7.125),
    (-72.225, 7.767),
    (-77.043, -12.046),
    (-66.879, 10.488),
]
NUMBERS = [0, -0.0, 1, 90, -90, 180, -180, 180.0000001, 5e-324, 1e308, -1e-7, 2**63, 10**400]
WORDS = ["", "foot", "NaN", "null", "\u0000", "\ud83d\ude00", "-72.5", "x" * 3_000, "1e999"]
ODD = [None, True, [], {}, [[]], {"type": "Point", "coordinates": [0, 0]}, *NUMBERS, *WORDS]
MOMENTS = ["2026-11-24T08:00:00-05:00", "2026-11-24T23:59:60Z", "2100-12-31T23:59:59-12:00"]
MOMENTS += ["1970-01-01T00:00:00+14:00", "2026-02-30T08:00:00Z", "20261124T080000Z", "2026-11-24"]
MOMENTS += ["2024-02-29T00:00:00+23:59", "٢٠٢٦-11-24T08:00:00Z", 1_764_000_000, -1, 1e20]


def place(rng: random.Random):
    lon, lat = rng.choice(PLACES)
    near = [lon + rng.gauss(0, 0.05), lat + rng.gauss(0, 0.05)]
    if rng.random() < 0.7:
        return near
    return rng.choice(
        [
            near[::-1],
            [rng.choice(NUMBERS), near[1]],
            [near[0], rng.choice(ODD)],
            [rng.choice(NUMBERS) for _ in range(rng.randrange(4))],
            [*near, 0],
            rng.choice(ODD),
        ]
    )


def body(rng: random.Random):
    asked = {"start": place(rng), "end": place(rng)}
    if rng.random() < 0.5:
        asked["mode"] = rng.choice(["foot", "foot", "vehicle", rng.choice(ODD)])
    if rng.random() < 0.5:
        asked["at"] = rng.choice([MOMENTS[0], MOMENTS[0], rng.choice(MOMENTS), rng.choice(ODD)])
    if rng.random() < 0.1:
        asked[rng.choice(["speed", "start ", "START", "at", "__class__"])] = rng.choice(ODD)
    if rng.random() < 0.05:
        return rng.choice([[asked], None, [], "x", 5, {"start": asked}])
    return asked


async def ask_all(client, count: int, seed: int) -> Counter[int]:
    """Ask so many times; give how often each status was answered."""
    rng, statuses = random.Random(seed), Counter[int]()
    for _ in range(count):
        asked = json.dumps(body(rng))
        response = await client.post(
            "/routes", content=asked, headers={"content-type": "application/json"}
        )
        statuses[response.status_code] += 1
        assert response.status_code in {200, 400, 422}, (asked, response.text)
        told = response.json()
        if response.status_code == 200:
            assert told["features"]
            json.dumps(told, allow_nan=False)
        else:
            assert response.headers["content-type"].startswith("application/problem+json")
            assert told["detail"]
    return statuses


async def test_no_body_of_json_is_an_error_of_ours(client):
    statuses = await ask_all(client, examples(250, 50), seed=4)
    assert min(statuses[200], statuses[400], statuses[422]) > examples(10, 1), statuses


@pytest.mark.parametrize("start", ["[", "{", "{{", "\ufeff{}", "nul", "{'start': 1}", '{"start"}'])
async def test_no_body_of_broken_json_is_an_error_of_ours(client, start):
    rng = random.Random(start)
    for text in (start, start + json.dumps(body(rng)), json.dumps(body(rng))[: rng.randrange(40)]):
        for content in (text.encode(), text.encode("utf-16"), text.encode() + b"\xff\xfe\x00"):
            for kind in ("application/json", "text/plain", "application/geo+json", ""):
                response = await client.post(
                    "/routes", content=content, headers={"content-type": kind}
                )
                assert 400 <= response.status_code < 500, (content, response.text)


#: What the table of hazards takes, whatever the desk and the import let in: columns and geometry.
PLAIN = "POLYGON((-72.8 7.4,-72.4 7.4,-72.4 7.8,-72.8 7.8,-72.8 7.4))"
ODD_ROWS = {
    "bow-tie": {"wkt": "POLYGON((-72.8 7.4,-72.4 7.8,-72.4 7.4,-72.8 7.8,-72.8 7.4))"},
    "flat": {"wkt": "POLYGON((-72.8 7.4,-72.4 7.4,-72.6 7.4,-72.8 7.4))"},
    "mixed": {"wkt": "GEOMETRYCOLLECTION(POINT(-72.6 7.6),LINESTRING(-72.6 7.6,-72.6 7.6))"},
    "world": {"wkt": "POLYGON((-180 -90,180 -90,180 90,-180 90,-180 -90))"},
    "heavy": {"weight": 1e6},
    "dear": {"event_count": 2_000_000_000, "exposure_km": 1.0},
}
UNUSABLE_ROWS = {
    "empty": {"wkt": "POLYGON EMPTY"},
    "empty collection": {"wkt": "GEOMETRYCOLLECTION EMPTY"},
    "not a number": {"wkt": "POINT(NaN NaN)"},
    "one corner not a number": {"wkt": "LINESTRING(-72.6 7.6,NaN 7.5,-72.5 7.4)"},
    "no length": {"event_count": 1, "exposure_km": 0.0},
    "negative length": {"event_count": 1, "exposure_km": -1.0},
    "no events of nearly no length": {"event_count": 0, "exposure_km": 1e-300},
    "events of nearly no length": {"event_count": 1, "exposure_km": 1e-310},
    "weight not a number": {"weight": "NaN"},
    "infinite weight": {"weight": "Infinity"},
    "weight near the end of numbers": {"weight": 1e308},
}
INSERT = """
    insert into amparo.hazards (id, family, kind, title, geom, geom_public, effect, weight,
        event_count, exposure_km, rate_source, valid_from, reported_at, approved_at, visibility,
        demo)
    select 'F-1', 'physical', 'flood', 'prueba', g, g, 'weight', cast(:weight as float),
        :event_count, :exposure_km, 'prueba', amparo.now() - interval '2 days',
        amparo.now() - interval '2 days', amparo.now(), 'public', true
    from st_setsrid(st_geomfromtext(:wkt), 4326) g
"""


async def add_hazard(settings, **fields) -> None:
    row = {"wkt": PLAIN, "weight": "1", "event_count": None, "exposure_km": None} | fields
    await run_sql(settings, INSERT, **(row | {"weight": float(row["weight"])}))


async def still_answers(client) -> None:
    asked = {"start": PLACES[0], "end": PLACES[1], "mode": "foot"}
    response = await client.post("/routes", json=asked)
    assert response.status_code == 200, response.text
    await ask_all(client, 5, seed=5)


@pytest.fixture(scope="module")
async def served(cluster, loaded_template, settings_for):
    """Give settings of a database of this module's own, and an application over it."""
    settings = settings_for(clone(cluster, loaded_template))
    async with client_of(settings) as talking:
        yield settings, talking


@pytest.fixture
async def hazardous(served):
    """Give both, for one hazard that goes with the test."""
    yield served
    await run_sql(served[0], "delete from amparo.hazards where id = 'F-1'")


@pytest.mark.every(3)
@pytest.mark.parametrize("name", ODD_ROWS)
async def test_an_odd_hazard_takes_no_route_from_anybody(hazardous, name):
    settings, client = hazardous
    await add_hazard(settings, **ODD_ROWS[name])
    await still_answers(client)


@pytest.mark.every(4)
@pytest.mark.parametrize("name", UNUSABLE_ROWS)
async def test_an_unusable_hazard_takes_no_route_from_anybody(hazardous, name):
    """The table refuses it; what is stored may not turn every answer into an error."""
    settings, client = hazardous
    with contextlib.suppress(IntegrityError):
        await add_hazard(settings, **UNUSABLE_ROWS[name])
    await still_answers(client)
