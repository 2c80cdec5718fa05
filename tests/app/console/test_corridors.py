"""``/network/corridors``: which loss hurts a corridor most, for those who are signed in alone."""

import math
import re
from itertools import pairwise

import pytest
from sqlalchemy import select

from geo import models
from geo.db.sessions import Tier
from routing.errors import SolverFailed
from routing.siting import corridor_spaces
from tests.conftest import client_of, clone, opened, run_sql
from tests.fixtures.desk import text_of
from tests.fixtures.network import EDITOR, VIEWER, add_people


@pytest.fixture(scope="module")
async def settings(cluster, loaded_template, settings_for):
    return settings_for(clone(cluster, loaded_template), public_url="http://amparo.test")


@pytest.fixture(scope="module")
async def database(settings):
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            session.add(models.Organization(id="org", name="Organización de prueba"))
            await session.flush()
            await add_people(session, EDITOR, VIEWER)
        yield database


@pytest.fixture(scope="module")
async def client(settings, database):
    async with client_of(settings) as client:
        yield client


async def corridor_of(client):
    """Give the corridor with most spaces to sleep along it."""
    named = (await client.get("/collections/corridors/items?limit=1000")).json()["features"]
    counted = []
    for one in named:
        found = await client.post("/corridors/coverage", json={"corridor": one["id"]})
        counted.append((found.json()["services"][0]["supports"], one["id"], found.json()))
    return max(counted, key=lambda one: one[:2])


async def test_the_worst_loss_comes_first_and_its_gap_is_that_of_the_corridor(client, as_person):
    count, corridor, figures = await corridor_of(client)
    assert count >= 2
    editor = await as_person("ed")
    assert corridor in (await editor.get("/network/corridors")).text
    page = await editor.get(f"/network/corridors?corridor={corridor}&gap_km=25")
    assert page.status_code == 200, page.text
    told = [int(km) for km in re.findall(r"quedarían (\d+) km", text_of(page))]
    gaps = [gap["length_m"] for gap in figures["services"][0]["gaps"]]
    left = [(a + b) / 1e3 for a, b in pairwise(gaps)]
    assert sorted(told) == pytest.approx(sorted(left), abs=1)
    assert len(told) == count
    # By metres beyond a day's walk that each adds, then by how much the longest gap grows.
    worst = max(
        (round(max(0, a + b - 25e3) - max(0, a - 25e3) - max(0, b - 25e3)), a + b)
        for a, b in pairwise(gaps)
    )
    assert told[0] == pytest.approx(worst[1] / 1e3, abs=1)


async def test_as_few_spaces_as_can_be_are_proposed_and_close_every_gap(client, as_person):
    _, corridor, figures = await corridor_of(client)
    gaps = [gap["length_m"] for gap in figures["services"][0]["gaps"]]
    editor = await as_person("ed")
    for gap_km in (25, 50):
        page = text_of(await editor.get(f"/network/corridors?corridor={corridor}&gap_km={gap_km}"))
        (count,) = map(int, re.findall(r"Con (\d+) espacios? más", page))
        # Nobody needs fewer: each gap by itself takes so many, and points stand every kilometre.
        assert count == sum(max(0, math.ceil(gap / (gap_km * 1e3)) - 1) for gap in gaps)
        assert "Con menos no alcanza." in page
        section = page.partition("Dónde falta")[2].partition("</section>")[0]
        new_km = [int(km) for km in re.findall(r"en el km (\d+)</span>", section)]
        old_km = [one["at_m"] / 1e3 for one in figures["spaces"]]
        stops = sorted([0.0, *new_km, *old_km, figures["length_m"] / 1e3])
        assert max(b - a for a, b in pairwise(stops)) <= gap_km + 1


async def test_the_longest_gaps_of_all_corridors_come_first(client, as_person):
    layer = await client.get("/collections/coverage/items?service=overnight&limit=10000")
    stored = sorted(
        (gap["properties"]["length_m"] for gap in layer.json()["features"]), reverse=True
    )
    page = text_of(await (await as_person("ed")).get("/network/corridors"))
    section = page.partition('id="gaps-title"')[2].partition("</section>")[0]
    told = [int(km) for km in re.findall(r"(\d+) km ·", section)]
    assert told == [round(length_m / 1e3) for length_m in stored[:20]]


async def test_a_solver_that_gives_up_breaks_no_page(client, as_person, monkeypatch):
    def gives_up(*_args):
        raise SolverFailed("kUnknown")

    monkeypatch.setattr(corridor_spaces, "fewest_spaces", gives_up)
    _, corridor, _ = await corridor_of(client)
    page = await (await as_person("ed")).get(f"/network/corridors?corridor={corridor}")
    assert page.status_code == 200
    assert "Ahora no se puede calcular." in text_of(page)


async def test_nobody_else_is_told(client, as_person):
    answer = await client.get("/network/corridors", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    viewer = await as_person("vi")
    assert (await viewer.get("/network/corridors")).status_code == 403
    editor = await as_person("ed")
    for query in ("corridor=nowhere", "corridor=nowhere&service=gbv_response"):
        assert (await editor.get(f"/network/corridors?{query}")).status_code == 404


async def test_p56_what_partners_alone_see_is_written_down(client, as_person, database, settings):
    _, corridor, figures = await corridor_of(client)
    space = figures["spaces"][0]["id"]
    shown_to = "update amparo.locations set visibility = :visibility where id = :id"
    await run_sql(settings, shown_to, id=space, visibility="partners")
    try:
        editor = await as_person("ed")
        page = await editor.get(f"/network/corridors?corridor={corridor}")
        assert f"/network/spaces/{space}" in page.text
        again = await client.post("/corridors/coverage", json={"corridor": corridor})
        assert space not in again.text
    finally:
        await run_sql(settings, shown_to, id=space, visibility="public")
    async with database.session(Tier.WRITER) as session:
        rows = await session.scalars(
            select(models.AuditEntry.details).where(models.AuditEntry.actor == "ed")
        )
        assert any(space in str(details) for details in rows)
