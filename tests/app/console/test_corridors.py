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


@pytest.fixture(scope="module")
async def fullest(client):
    """Give the corridor with most spaces to sleep along it: how many, its name, its figures."""
    named = (await client.get("/collections/corridors/items?limit=1000")).json()["features"]
    counted = []
    for one in named:
        found = await client.post("/corridors/coverage", json={"corridor": one["id"]})
        counted.append((found.json()["services"][0]["supports"], one["id"], found.json()))
    return max(counted, key=lambda one: one[:2])


async def test_the_worst_loss_comes_first_and_its_gap_is_that_of_the_corridor(fullest, as_person):
    count, corridor, figures = fullest
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


async def test_as_few_spaces_as_can_be_are_proposed_and_close_every_gap(fullest, as_person):
    _, corridor, figures = fullest
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


async def test_a_solver_that_gives_up_breaks_no_page(fullest, as_person, monkeypatch):
    def gives_up(*_args):
        raise SolverFailed("kUnknown")

    monkeypatch.setattr(corridor_spaces, "fewest_spaces", gives_up)
    _, corridor, _ = fullest
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


async def test_p56_what_partners_alone_see_is_written_down(
    client, fullest, as_person, database, settings
):
    _, corridor, figures = fullest
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


WHAT_IF = "/network/corridors/what-if"


def cells_of(page):
    """Give the figures of a comparison: by label, before and after, the first number of each."""
    rows = re.findall(r'<th scope="row">([^<]+)</th><td[^>]*>(\d+)[^<]*</td><td[^>]*>(\d+)', page)
    return {label: (int(was), int(becomes)) for label, was, becomes in rows}


def figures_at(places_m, length_m, day_m):
    """Count and measure supports at some places, from nothing but their places."""
    gaps = [b - a for a, b in pairwise([0.0, *sorted(places_m), length_m])]
    mean_m = sum(gap**2 for gap in gaps) / (2 * length_m)
    unmet_m = sum(max(0.0, gap - day_m) for gap in gaps)
    return [len(places_m), *(round(m / 1e3) for m in (max(gaps), mean_m, unmet_m))]


async def test_a_what_if_has_the_figures_of_the_corridor_as_it_would_be(client, fullest, as_person):
    _, corridor, figures = fullest
    length_m = figures["length_m"]
    at_m = {one["id"]: one["at_m"] for one in figures["spaces"]}
    first, second, third, *_ = at_m
    editor = await as_person("ed")
    asked = {"corridor": corridor, "service": "overnight", "gap_km": "25"}
    cases = [
        ({"closed": [first, second]}, at_m | {first: None, second: None}),
        ({"moved": first, "moved_km": "1,5"}, at_m | {first: 1500.0}),
        ({"hours": first, "opens_at": "08:00", "closes_at": "17:00"}, at_m | {first: None}),
        ({"hours": first, "opens_at": "20:30", "closes_at": "06:00"}, at_m),
        ({"added": "100 200.5"}, at_m | {"x": 1e5, "y": 200.5e3}),
        (
            {"closed": [third], "moved": first, "moved_km": "9", "added": "7"},
            at_m | {third: None, first: 9e3, "x": 7e3},
        ),
    ]
    for changes, places in cases:
        page = await editor.post(WHAT_IF, **asked, **changes)
        assert page.status_code == 200, page.text
        told = [*cells_of(text_of(page)).values()]
        now = figures_at(list(at_m.values()), length_m, 25e3)
        then = figures_at([m for m in places.values() if m is not None], length_m, 25e3)
        assert told == [pytest.approx(pair, abs=1) for pair in zip(now, then, strict=True)]
        assert "no-store" in page.headers["cache-control"]
    again = await client.post("/corridors/coverage", json={"corridor": corridor})
    assert again.json()["services"] == figures["services"]


async def test_a_crossing_that_would_be_shut_is_named_with_what_lies_beyond(client, as_person):
    figures = await client.post("/corridors/coverage", json={"corridor": "cucuta-bogota"})
    editor = await as_person("ed")
    page = text_of(await editor.get("/network/corridors?corridor=cucuta-bogota"))
    section = page.partition('id="crossings-title"')[2].partition("</section>")[0]
    beyond = f"más allá quedan 607 km y {len(figures.json()['spaces'])} espacios"
    assert "Puente Internacional Simón Bolívar" in section
    # Shut, the bridge at the start lets nobody begin.
    assert "de noche en noche se llegaría hasta el km 0" in section
    asked = {"corridor": "cucuta-bogota", "service": "overnight", "gap_km": "50"}
    page = await editor.post(WHAT_IF, **asked, shut=["X-BOLIVAR"])
    told = text_of(page).partition("Lo que queda cortado")[2].partition("</section>")[0]
    assert "Puente Internacional Simón Bolívar" in told
    assert beyond in " ".join(re.sub("<[^>]+>", " ", told).split())
    after = text_of(page).partition("Con el cambio:")[2].partition("</p>")[0]
    assert "se llega hasta el km 0." in after


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, "No hay ningún cambio"),
        ({"closed": ["nowhere"]}, "Elija una opción"),
        ({"shut": ["X-RUMICHACA-CO"]}, "Elija una opción"),
        ({"hours": "nowhere", "opens_at": "10:00", "closes_at": "11:00"}, "Elija una opción"),
        ({"hours": "x", "opens_at": "25:00", "closes_at": "10:00+01:00"}, "hora válida"),
        ({"added": "nan"}, "entre 0 y 606"),
        ({"added": "inf -1"}, "entre 0 y 606"),
        ({"added": "1 " * 21}, "Hay más de 20"),
        ({"added": "cerca"}, "Escriba un número"),
        ({"moved": "nowhere", "moved_km": ""}, "Escriba un número"),
    ],
)
async def test_a_what_if_says_what_is_wrong_with_it(client, as_person, changes, field):
    asked = {"corridor": "cucuta-bogota", "service": "overnight", "gap_km": "25"}
    page = await (await as_person("ed")).post(WHAT_IF, **asked, **changes)
    assert page.status_code == 400
    assert field in text_of(page)


async def test_a_space_is_changed_in_one_way_only(fullest, as_person):
    _, corridor, figures = fullest
    space = figures["spaces"][0]["id"]
    changes = {"closed": [space], "moved": space, "moved_km": "3"}
    page = await (await as_person("ed")).post(WHAT_IF, corridor=corridor, **changes)
    assert page.status_code == 400
    assert "Está dos veces." in text_of(page)


async def test_nobody_else_asks_what_if_and_no_other_site(client, as_person):
    fields = {"corridor": "cucuta-bogota", "added": "7"}
    viewer, editor = await as_person("vi"), await as_person("ed")
    assert (await viewer.post(WHAT_IF, **fields)).status_code == 403
    assert (await editor.post(WHAT_IF, **fields, csrf="forged")).status_code == 403
    assert (await editor.post(WHAT_IF, corridor="nowhere", added="7")).status_code == 404
    assert (await client.post(WHAT_IF, data=fields)).status_code in {303, 401}


async def test_p42_beds_are_numbers_for_those_who_are_signed_in(
    client, fullest, as_person, settings
):
    _, corridor, figures = fullest
    space = figures["spaces"][0]["id"]
    await run_sql(
        settings,
        "insert into amparo.capacities (location_id, available, maximum, updated)"
        " values (:id, 12, 41, amparo.now()) on conflict (location_id)"
        " do update set available = 12, maximum = 41",
        id=space,
    )
    page = text_of(await (await as_person("ed")).get(f"/network/corridors?corridor={corridor}"))
    assert "12 de 41 camas libres" in page
    again = await client.post("/corridors/coverage", json={"corridor": corridor})
    assert "41" not in str(again.json()["spaces"])


async def test_beds_stand_beside_the_people_of_the_planners_file(fullest, as_person, settings):
    _, corridor, figures = fullest
    for space, maximum in zip(figures["spaces"], (30, 5000), strict=False):
        await run_sql(
            settings,
            "insert into amparo.capacities (location_id, available, maximum, updated)"
            " values (:id, 3, :most, amparo.now()) on conflict (location_id)"
            " do update set maximum = :most",
            id=space["id"],
            most=maximum,
        )
    editor, page_of = await as_person("ed"), f"/network/corridors?corridor={corridor}"

    async def sent(content):
        editor.client.cookies.clear()
        csrf = re.search('name="csrf" value="([^"]+)"', (await editor.get(page_of)).text).group(1)
        return await editor.client.post(
            "/network/corridors",
            data={"csrf": csrf, "corridor": corridor},
            files={"people": ("gente.csv", content)},
            headers=editor.headers,
        )

    page = text_of(await sent(f"corredor;personas\n{corridor};72,5".encode()))
    assert "Pasan unas 72 personas al día, según su archivo." in page
    assert "si todos los de un día duermen aquí, faltan 43 camas" in page
    assert "alcanzan si todos los de un día duermen aquí" in page
    # Nothing of the file is kept.
    assert "según su archivo" not in text_of(await editor.get(page_of))
    wrong = await sent(b"otro;72")
    assert wrong.status_code == 400
    assert "La fila 1" in text_of(wrong)


async def test_roads_have_the_time_to_the_nearest_space_of_the_corridor(client, as_person):
    editor = await as_person("ed")
    path = "/network/corridors/reach.geojson?corridor=cucuta-bogota&minutes=120"
    file = await editor.get(path)
    assert file.status_code == 200, file.text
    assert "no-store" in file.headers["cache-control"]
    found = file.json()["features"]
    seconds = [one["properties"][end] for one in found for end in ("begin_s", "end_s")]
    # From every space some road leads away, and nothing is farther than was asked.
    assert min(seconds) < 600
    assert 3_600 < max(seconds) <= 7_200
    assert file.json()["demo"]
    client.cookies.clear()
    assert (await client.get(path, headers={"Accept": "text/html"})).status_code == 303
    for wrong in ("minutes=0", "minutes=241", "corridor=nowhere"):
        answer = await editor.get(path.partition("?")[0] + f"?corridor=cucuta-bogota&{wrong}")
        assert answer.status_code in {400, 404}
