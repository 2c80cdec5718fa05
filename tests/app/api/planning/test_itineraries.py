"""``POST /itineraries``: days on foot, each night at a space that takes the party in."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from app.planning import itineraries
from geo.db.sessions import Tier
from geo.records import space_documents
from routing.errors import TooManyLabels
from routing.geometry.geodesy import great_circle_m
from routing.planning.daylight import sun_times
from tests.app.pages.test_space import REFERRER, TODAY
from tests.conftest import client_of, clone, opened, run_sql
from tests.fixtures.undoing import Kept

CUCUTA, BUCARAMANGA, LA_DONJUANA = [-72.508, 7.894], [-73.126, 7.125], [-72.6, 7.69]
SAN_ANTONIO, BOGOTA = [-72.4436, 7.8145], [-74.08, 4.71]
AT = "2026-11-26T06:00:00-05:00"
ENDS = {"start": CUCUTA, "end": BUCARAMANGA, "at": AT}
ALL_DAY = {"byday": ["MO", "TU", "WE", "TH", "FR", "SA", "SU"], "opens_at": "00:00"}
OPEN = {**REFERRER, "schedules": [ALL_DAY | {"closes_at": "00:00"}], "services": ["overnight"]}
#: Halfway between the places to sleep whose distance is too long, on the sketch.
HALFWAY = [(-72.624, 7.533), (-72.759, 7.278), (-72.92, 7.145), (-73.048, 7.1175)]
EXCLUSION = """
    insert into amparo.hazards (id, family, kind, title, geom, geom_public, effect,
        independent_sources, valid_from, valid_to, reported_at, approved_at, visibility, demo)
    select :id, :family, 'flood', 'Prueba', g, g, 'exclusion', 1,
        :valid_from, :valid_to, '2026-11-01', '2026-11-01', 'public', true
    from st_buffer(st_setsrid(st_makepoint(:lon, :lat), 4326), 0.01) g
"""


async def ask(client, **body):
    return await client.post("/itineraries", json={**ENDS, **body})


async def answered(client, **body):
    response = await ask(client, **body)
    assert response.status_code == 200, response.text
    assert "no-store" in response.headers["cache-control"]
    return response.json()


async def failed(client, **body):
    response = await ask(client, **body)
    assert response.status_code == 422, response.text
    assert "no-store" in response.headers["cache-control"]
    found = response.json()
    assert found["type"] == "urn:amparo:problem:no-itinerary"
    return found


def names(stretches):
    return [(one["from"].get("locality"), one["to"].get("locality")) for one in stretches]


@pytest.fixture(scope="module")
async def kept(cluster, loaded_template, settings_for):
    """Give a loaded database of this module, of which tests may change some rows."""
    made = Kept(
        settings_for(clone(cluster, loaded_template)), "hazards", "crossing_statuses", "capacities"
    )
    await made.take()
    return made


@pytest.fixture(scope="module")
async def changing(kept):
    """Talk to an application over it."""
    async with client_of(kept.settings) as talking:
        yield talking


@pytest.fixture
async def settings(kept):
    """Give the settings to change it with; what a test changes is put back."""
    async with kept.undone() as given:
        yield given


@pytest.fixture(scope="module")
async def mended(cluster, loaded_template, settings_for):
    """Talk to an application with four more spaces, where a day's walk ends between two others."""
    made = settings_for(clone(cluster, loaded_template))
    spaces = [
        {
            **OPEN,
            "id": f"DEMO-T{n}",
            "demo": True,
            "name": f"Casa {n}",
            "lon": lon,
            "lat": lat,
            "locality": f"Km {n}",
        }
        for n, (lon, lat) in enumerate(HALFWAY)
    ]
    async with opened(made) as database, database.session(Tier.WRITER) as session:
        await space_documents.store_documents(
            session, spaces, now=datetime(2026, 11, 25, tzinfo=UTC), today=TODAY, source="test"
        )
    async with client_of(made) as client:
        yield client


async def test_cucuta_to_bucaramanga_fails_on_four_stretches(client):
    found = await failed(client)
    stretches = found["stretches"]
    assert [one["length_m"] for one in stretches] == pytest.approx(
        [42_300, 47_000, 32_800, 40_200], abs=2_000
    )
    assert names(stretches) == [
        ("La Donjuana", "Pamplona"),
        ("Pamplona", "Berlín (Tona)"),
        ("Berlín (Tona)", "El Picacho"),
        ("El Picacho", None),
    ]
    assert stretches[-1]["to"] == {"kind": "end", "name": "Bucaramanga"}
    for one in stretches:
        assert one["binding"] == "distance"
        assert one["mended_by"]["vehicle"]
        assert one["mended_by"]["more_spaces"] == 1
        assert one["before"]["id"] == one["from"]["id"]
        assert one["advice"].startswith(
            f"{one['length_m'] / 1e3:.0f} km sin ningún lugar para dormir"
        )
    assert found["max_day_m"] == 25_000
    assert found["off_network_m"].keys() == {"start", "end"}
    assert {line["country"] for line in found["lines"]} == {"CO"}
    assert "nights_needed" in found
    assert not found["is_cut_off"]


async def test_one_more_space_on_each_stretch_mends_it(mended):
    found = await answered(mended)
    for feature in found["features"]:
        told = feature["properties"]
        assert len(told["days"]) == told["nights"] + 1
        assert {f"DEMO-T{n}" for n in range(4)} <= {day["to"].get("id") for day in told["days"]}
        assert len(feature["geometry"]["coordinates"]) == len(told["days"]) - told["rests"]


def sun(place, day):
    times = sun_times(np.array([place["lon"]]), np.array([place["lat"]]), day, 1)
    midnight = datetime.combine(day, datetime.min.time(), UTC)
    return (midnight + timedelta(seconds=float(s[0, 0])) for s in (times.rise_s, times.set_s))


async def test_each_day_is_one_that_can_be_walked(client):
    found = await answered(client, max_day_m=48_000, itineraries=7)
    assert found["front"] >= len(found["features"]) >= 1
    best = [criterion for one in found["features"] for criterion in one["properties"]["best_in"]]
    assert set(best) == {"nights", "exposure", "hardest_day"}
    for feature in found["features"]:
        days = feature["properties"]["days"]
        assert days[0]["from"] == {"kind": "start", "name": "Cúcuta"}
        assert days[-1]["to"] == {"kind": "end", "name": "Bucaramanga"}
        assert sum(day["distance_m"] for day in days) == pytest.approx(
            feature["properties"]["distance_m"], abs=len(days)
        )
        for number, day in enumerate(days):
            assert date.fromisoformat(day["date"]) == date(2026, 11, 26) + timedelta(days=number)
            assert day["distance_m"] <= 48_000
            assert day["sleeps"] == (number < len(days) - 1)
            for place in (day["from"], day["to"]):
                if place["kind"] == "space":
                    rise, dusk = sun(place, date.fromisoformat(day["date"]))
                    assert datetime.fromisoformat(day["departure"]) >= rise - timedelta(seconds=1)
                    entered = datetime.fromisoformat(day["entry"] or day["arrival"])
                    assert entered <= dusk - timedelta(minutes=29)
            if day["sleeps"]:
                row = await client.get(f"/collections/spaces/items/{day['to']['id']}")
                assert "overnight" in row.json()["properties"]["services"]
        for before, after in pairwise(days):
            assert before["to"] == after["from"]


async def test_without_a_time_the_party_leaves_when_it_is_next_light(client):
    """The clock of tests begins on 25 November at 10:00 in Cúcuta."""
    response = await client.post("/itineraries", json={**ENDS, "at": None, "max_day_m": 48_000})
    assert response.json()["at"] == "2026-11-26T06:00:00-05:00"
    late = await failed(client, at="2026-11-26T17:00:00-05:00", max_day_m=48_000)
    assert late["stretches"][0]["binding"] == "daylight"
    assert late["stretches"][0]["mended_by"]["earlier_departure"]


async def test_a_full_space_and_a_party_that_a_space_does_not_take_bind(changing, settings):
    await run_sql(
        settings, "update amparo.capacities set available = 0 where location_id = 'DEMO-011'"
    )
    found = await failed(changing, max_day_m=48_000)
    assert {one["binding"] for one in found["stretches"]} <= {"beds", "distance"}


async def test_closures_of_roads_hold_on_their_days(changing, settings):
    """An exclusion across the only short road at La Donjuana, two days after the departure."""
    flood = {"family": "physical", "lon": -72.62, "lat": 7.60}
    days = {"valid_from": datetime(2026, 11, 26, tzinfo=UTC)}
    over = {"id": "T-OVER", "valid_to": datetime(2026, 11, 26, 12, tzinfo=UTC)}
    await run_sql(settings, EXCLUSION, **flood, **days, **over)
    # It is over, with a day's margin, when the party comes by on the third day.
    at = "2026-11-26T06:00:00-05:00"
    assert await answered(changing, at=at, max_day_m=48_000)
    await run_sql(settings, "delete from amparo.hazards where id = 'T-OVER'")
    lasting = {"id": "T-LASTS", "valid_to": datetime(2027, 1, 1, tzinfo=UTC)}
    begun = {"valid_from": datetime(2026, 11, 27, 5, tzinfo=UTC)}
    await run_sql(settings, EXCLUSION, **flood, **begun, **lasting)
    found = await failed(changing, at=at, max_day_m=48_000)
    (one,) = [one for one in found["stretches"] if "road" in one["constraints"]]
    assert (one["from"]["locality"], one["to"]["locality"]) == ("La Donjuana", "Pamplona")


async def test_a_gap_longer_than_any_day_is_named_too(client):
    found = await failed(client, end=BOGOTA, max_nights=60)
    assert names(found["stretches"])[-1] == ("El Picacho", None)
    route = (await client.post("/routes", json={"start": CUCUTA, "end": BOGOTA, "at": AT})).json()
    gaps = [one["properties"]["longest_gap"]["length_m"] for one in route["features"]]
    assert found["stretches"][-1]["length_m"] in gaps


async def test_on_a_large_network_the_spaces_nearest_to_the_way_are_looked_at(client, monkeypatch):
    whole = await failed(client)
    monkeypatch.setattr(itineraries, "MOST_JUNCTIONS", 1)
    monkeypatch.setattr(itineraries, "FEWEST_SPACES", 5)
    assert (await failed(client))["stretches"] == whole["stretches"]
    monkeypatch.setattr(itineraries, "FEWEST_SPACES", 1)
    assert len((await failed(client))["stretches"]) < len(whole["stretches"])


async def test_a_border_is_crossed_at_an_official_crossing(client):
    found = await answered(client, start=SAN_ANTONIO, end=LA_DONJUANA, max_day_m=48_000)
    for feature in found["features"]:
        (first, *others) = feature["properties"]["days"]
        assert first["crossings"]
        assert not any(day["crossings"] for day in others)


async def test_what_refuses_a_route_refuses_itineraries(changing, settings):
    await run_sql(
        settings,
        "update amparo.crossing_statuses set state = 'closed' where crossing_id = any(:ids)",
        ids=["X-BOLIVAR", "X-SANTANDER", "X-TIENDITAS", "X-UNION"],
    )
    body = {"start": SAN_ANTONIO, "end": CUCUTA, "at": AT}
    route = (await changing.post("/routes", json=body)).json()
    itinerary = (await changing.post("/itineraries", json=body)).json()
    assert route["type"] == itinerary["type"] == "urn:amparo:problem:long-detour"
    assert route["because"] == itinerary["because"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"end": CUCUTA}, "end"),
        ({"mode": "vehicle"}, "mode"),
        ({"profile": "vehicle"}, "profile"),
        ({"max_day_m": 500}, "max_day_m"),
        ({"max_nights": 61}, "max_nights"),
        ({"party": {"people": 0}}, "party.people"),
        ({"party": {"gender": "unicorn"}}, "gender"),
        ({"via": [LA_DONJUANA]}, "via"),
        ({"start": [7.894, -72.508]}, "start"),
    ],
)
async def test_bad_questions_name_their_field(client, body, field):
    response = await ask(client, **body)
    assert response.status_code in {400, 422}
    assert response.json()["field"] == field


async def test_p8_p24_what_is_hidden_counts_for_no_night(own_client, loaded_clone, settings_for):
    """Hiding a space is as if it had never been: the answer is the same."""
    settings = settings_for(loaded_clone)
    shown = (await answered(own_client, max_day_m=48_000))["features"][0]["properties"]["days"]
    used = next(day["to"]["id"] for day in shown if day["to"].get("locality") == "Pamplona")
    gone = "update amparo.locations set hidden_at = amparo.now() where id = :id"
    await run_sql(settings, gone, id=used)
    hidden = await failed(own_client, max_day_m=48_000)
    assert used not in str(hidden)
    await run_sql(settings, "delete from amparo.locations where id = :id", id=used)
    never = await failed(own_client, max_day_m=48_000)
    assert {**hidden, "data_as_of": None} == {**never, "data_as_of": None}


async def test_more_trade_offs_than_can_be_searched_are_said(client, monkeypatch):
    def too_many(*_args):
        raise TooManyLabels(1, 1)

    monkeypatch.setattr(itineraries, "answer", too_many)
    response = await ask(client)
    assert response.status_code == 422
    assert response.json()["type"] == "urn:amparo:problem:too-many-trade-offs"


async def test_a_leg_is_no_longer_than_the_road(client):
    found = await answered(client, max_day_m=48_000)
    for feature in found["features"]:
        for line in feature["geometry"]["coordinates"]:
            lon, lat = np.array(line).T
            chord_m = great_circle_m(lon[0], lat[0], lon[-1], lat[-1])
            longest_m = max(day["distance_m"] for day in feature["properties"]["days"])
            assert chord_m <= longest_m
