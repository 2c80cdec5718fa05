"""``POST /routes/tradeoffs``: time against exposure, as a few routes that cover all ways."""

from itertools import pairwise

import pytest

from app.journeys import trade_offs
from routing.biobjective import route_front
from routing.errors import TooManyLabels
from tests.conftest import run_sql

CUCUTA, BUCARAMANGA, SAN_CRISTOBAL = [-72.508, 7.894], [-73.126, 7.125], [-72.225, 7.767]
AT = "2026-11-24T08:00:00-05:00"
ENDS = {"start": CUCUTA, "end": BUCARAMANGA, "mode": "foot", "at": AT}


async def ask(client, **body):
    return await client.post("/routes/tradeoffs", json={**ENDS, **body})


async def test_smoke(client):
    for ends in (ENDS, {**ENDS, "start": SAN_CRISTOBAL}, {**ENDS, "end": [-74.08, 4.71]}, {**ENDS, "end":[-77.043, -12.046]}, {**ENDS,"start":SAN_CRISTOBAL,"end":CUCUTA}):
        a = (await client.post("/routes", json=ends)).json()
        for f in a.get("features",[]):
            p=f["properties"]; print("R", p["duration_s"],p["aversion"],{k:round(v["value"],3) for k,v in p["exposure"].items()},p["crossings"])
        r = await client.post("/routes/tradeoffs", json=ends)
        b = r.json()
        print(r.status_code, b.get("front"), b.get("why"))
        for f in b.get("features",[]):
            p=f["properties"]; print("T", p["duration_s"],p["trade_off"],{k:round(v["value"],3) for k,v in p["exposure"].items()},p["crossings"])
