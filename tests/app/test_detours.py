"""P54: a long way says what closed the open one, or is refused; what is hidden is no reason."""

from datetime import datetime

import pytest

from tests.conftest import run_sql

SAN_ANTONIO, CUCUTA = (-72.4436, 7.8145), (-72.508, 7.894)
PAMPLONA = (-72.648, 7.376)
NORTH, SOUTH = (-61.11, 4.60), (-60.67, 2.82)
AT = "2026-11-24T08:00:00-05:00"

TACHIRA = ("X-BOLIVAR", "X-SANTANDER", "X-TIENDITAS", "X-UNION")

FLOOD = """
    insert into amparo.hazards (id, family, kind, title, geom, geom_public, effect,
        valid_from, valid_to, reported_at, approved_at, visibility, demo)
    select 'T-1', 'physical', 'flood', 'Crecida en La Donjuana', g, g, 'exclusion',
        '2026-11-01', '2027-03-01', '2026-11-01', '2026-11-01', 'public', true
    from st_buffer(st_setsrid(st_makepoint(-72.62, 7.65), 4326), 0.06) g
"""


async def ask(client, start, end, **more):
    return await client.post("/routes", json={"start": start, "end": end, "at": AT, **more})


@pytest.fixture
def settings(loaded_clone, settings_for):
    return settings_for(loaded_clone)


async def close(settings, ids, state="closed"):
    await run_sql(
        settings,
        "update amparo.crossing_statuses set state = :state where crossing_id = any(:ids)",
        state=state,
        ids=list(ids),
    )


async def hide(settings, crossing_id):
    await run_sql(
        settings,
        "update amparo.crossings set visibility = 'restricted' where id = :id",
        id=crossing_id,
    )


async def test_try(own_client, settings):
    import json
    def show(r):
        b = r.json()
        if r.status_code == 200:
            for f in b["features"]:
                p = f["properties"]
                print({k: p[k] for k in ("distance_m", "walking_days", "because", "detour", "aversion")})
        else:
            print(json.dumps(b, indent=1, ensure_ascii=False)[:3500])
    show(await ask(own_client, SAN_ANTONIO, CUCUTA))
    await close(settings, TACHIRA)
    show(await ask(own_client, SAN_ANTONIO, CUCUTA))
    show(await ask(own_client, SAN_ANTONIO, CUCUTA, accept_detour=True))
    await run_sql(settings, FLOOD)
    show(await ask(own_client, CUCUTA, PAMPLONA))
    await hide(settings, "X-PACARAIMA")
    show(await ask(own_client, NORTH, SOUTH))
    show(await ask(own_client, NORTH, SOUTH, accept_detour=True))
    assert 0
