"""``POST /itineraries``: days on foot, each night at a space that takes the party in."""

import json
import pytest

CUCUTA, BUCARAMANGA = [-72.508, 7.894], [-73.126, 7.125]
PAMPLONA = [-72.648, 7.376]
ENDS = {"start": CUCUTA, "end": BUCARAMANGA}


async def test_cucuta_to_bucaramanga_fails_on_four_stretches(client):
    response = await client.post("/itineraries", json=ENDS)
    print(json.dumps(response.json(), indent=1)[:6000])
    assert response.status_code == 422, response.text
    found = response.json()
    assert found["type"] == "urn:amparo:problem:no-itinerary"
    lengths = [one["length_m"] for one in found["stretches"]]
    assert lengths == pytest.approx([42_300, 47_000, 32_800, 40_200], abs=2_000)


async def test_a_longer_day(client):
    response = await client.post("/itineraries", json={**ENDS, "max_day_m": 48_000, "itineraries": 7})
    found = response.json()
    for one in found.get("features", []):
        one["geometry"] = None
    print(json.dumps(found, indent=1)[:9000])
    assert response.status_code == 200, response.text
