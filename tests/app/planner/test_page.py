"""`/planner` over HTTP: complete without scripts, of public records alone."""

import csv
import html
import io
import json
import re
from datetime import timedelta

import pytest

from geo import models
from tests.conftest import partner_header, run_sql
from tests.fixtures.clock import run_today

CORRIDOR = {"corridor": "cucuta-bogota", "service": "overnight"}


async def answered(client, status=200, headers=None, **fields):
    answer = await client.post("/planner", data={**CORRIDOR, **fields}, headers=headers)
    assert answer.status_code == status, answer.text
    return answer


def text_of(answer):
    return text_of_html(answer.text)


def text_of_html(document):
    return html.unescape(re.sub(r"<[^>]+>", " ", document))


def block_of(answer):
    return json.loads(
        re.search(r'<script type="application/json" id="view-data">(.*?)</script>', answer.text)[1]
    )


async def figures(client, **more):
    body = {"corridor": CORRIDOR["corridor"], "services": ["overnight"], **more}
    return (await client.post("/corridors/coverage", json=body)).json()


async def test_the_page_says_what_the_api_answers(client):
    found = await figures(client)
    page = await client.get("/planner?corridor=cucuta-bogota&lang=es")
    block = block_of(page)
    long = [gap for gap in found["services"][0]["gaps"] if gap["length_m"] > 25_000]
    drawn = sorted([round(gap["from_m"]), round(gap["to_m"])] for gap in long)
    assert sorted(gap[:2] for gap in block["gaps"]) == drawn
    assert len(drawn) > 2
    assert [space[0] for space in block["spaces"]] == [
        round(space["at_m"]) for space in found["spaces"]
    ]
    assert "DEMO: datos ficticios" in text_of(page)
    # The strip stripes the same stretches.
    assert page.text.count('class="piece"') == len(drawn)


async def test_the_way_back_has_the_same_gaps_from_the_other_end(client):
    there, back = (
        block_of(await answered(client)),
        block_of(await answered(client, direction="backward")),
    )
    turned = [[round(there["length_m"] - to), round(there["length_m"] - begin)]
              for begin, to, _ in there["gaps"]]  # fmt: skip
    for one, other in zip(sorted(turned), sorted(gap[:2] for gap in back["gaps"]), strict=True):
        assert one == pytest.approx(other, abs=1)
    assert back["heights"] == there["heights"][::-1]
    assert any(height is not None for height in there["heights"])


async def test_a_trial_space_changes_what_the_api_says_it_changes(client):
    page = await answered(client, add_km="300,04")
    assert block_of(page)["pins"] == [300_000]
    block = block_of(page)
    # The same place by its position, as the API takes it.
    line, at_m = [], 0
    lon = lat = 0
    for step in range(0, len(block["line"]), 3):
        lon, lat, at_m = (a + b for a, b in zip((lon, lat, at_m), block["line"][step : step + 3]))  # noqa: B905
        line.append((abs(at_m - 300_000), lon / 1e5, lat / 1e5))
    _, lon, lat = min(line)
    added = [{"lon": lon, "lat": lat, "services": ["overnight"]}]
    change = (await figures(client, added=added))["what_if"]["changes"][0]
    said = re.search(r"tramo más largo (\d+) km → (\d+) km", text_of(page))
    assert int(said[2]) - int(said[1]) == pytest.approx(change["longest_m"] / 1e3, abs=25)
    # Turned round it stays where it is; taken away, the figures are those of before.
    turned = block_of(await answered(client, pin="300", direction="backward"))
    assert turned["pins"] == [round(block["length_m"] - 300_000)]
    assert block_of(await answered(client, pin="300", remove="0"))["pins"] == []
    beyond = await answered(client, 400, add_km="700")
    assert "kilómetro del corredor" in text_of(beyond)


async def test_two_days_are_compared_from_the_earlier_to_the_later(client):
    today = run_today()
    far = today.replace(year=today.year + 5)
    page = text_of(await answered(client, compare=far.isoformat()))
    assert "un día no tiene datos" in page
    assert "sin datos de ese día" in page
    same = text_of(await answered(client, compare=today.isoformat()))
    assert re.search(r"tramo más largo (\d+) km → \1 km", same)


async def lapse(settings, day):
    """Let every confirmation end on a day."""
    await run_sql(settings, "update amparo.locations set expires_on = :day", day=day)


async def test_two_days_do_not_differ_by_confirmations_to_come(
    own_client, settings_for, loaded_clone
):
    """On a day for which nobody has confirmed yet no space is said to close."""
    await lapse(settings_for(loaded_clone), run_today() + timedelta(days=9))
    near, far = (run_today() + timedelta(days=days) for days in (2, 9))
    await run_sql(
        settings_for(loaded_clone),
        "update amparo.locations set expires_on = :day where id = :id",
        day=near,
        id=(await figures(own_client))["spaces"][0]["id"],
    )
    page = text_of(await answered(own_client, on=far.isoformat(), compare=near.isoformat()))
    assert "si todos vuelven a confirmar" in page
    assert "Sin confirmar todavía para el" in page
    assert "Solo el" not in page


async def test_a_trial_space_is_in_the_tables_and_in_the_report(client):
    before = block_of(await answered(client))["gaps"]
    longest = max(before, key=lambda gap: gap[1] - gap[0])
    middle_km = (longest[0] + longest[1]) / 2e3
    page = await answered(client, add_km=f"{middle_km:.1f}")
    after = [gap[:2] for gap in block_of(page)["gaps"]]
    assert longest[:2] not in after
    assert [longest[0], round(middle_km, 1) * 1e3] in after
    table = page.text.partition('id="spaces-title"')[2].partition("</section>")[0]
    assert "espacio de prueba" in table
    report = (await answered(client, add_km=f"{middle_km:.1f}", f="html")).text
    assert "Con 1 espacio de prueba, que no existe." in report
    figures_ = text_of_html(report.partition("<h2>Cifras</h2>")[2].partition("<h2>Personas")[0])
    assert "espacio de prueba" in figures_
    assert f"{round((longest[1] - longest[0]) / 1e3)} km" not in figures_


async def test_p47_the_report_is_in_the_language_of_the_page(client):
    report = (await answered(client, lang="en", f="html", pin="300")).text
    assert '<html lang="en">' in report
    said = text_of_html(report.partition("</script></head>")[2] or report)
    for spanish in ("Cifras", "Espacios", "Personas", "Fuentes", "Tramo", "inicio", "Servicio "):
        assert spanish not in said


async def test_a_city_does_not_live_within_a_kilometre(client):
    """Bogotá has millions of people; the corridor ends in it and passes few of them."""
    bands = (await figures(client))["people"]["bands"]
    assert bands[0]["people"] < 3_000_000 < bands[2]["people"]
    page = text_of(await answered(client))
    assert "cada ciudad se reparte en un círculo" in page


async def test_nights_are_those_of_the_itinerary_or_the_stretches_that_fail(client):
    page = text_of(await answered(client, nights="1"))
    section = page.partition("No hay dónde dormir cada noche")[2]
    told = [int(km) for km in re.findall(r", (\d+) km: [a-zé]", section)]
    ends = [[-72.4508, 7.8179], [-74.08175, 4.60971]]
    body = {"start": ends[0], "end": ends[1], "itineraries": 1, "max_nights": 60}
    problem = (await client.post("/itineraries", json=body)).json()
    failing = [round(one["length_m"] / 1e3) for one in problem["stretches"]]
    assert len(failing) > 1
    assert told == failing
    past = await answered(client, nights="1", on=f"{run_today().year - 1}-01-01")
    assert "para hoy y los días que vienen" in text_of(past)


async def test_files_have_the_figures_of_the_page(client):
    found = await figures(client)
    answer = await answered(client, f="csv", pin="300")
    assert answer.headers["content-disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    plain = [float(row["length_m"]) for row in rows if row["state"] == "on"]
    assert plain == [gap["length_m"] for gap in found["services"][0]["gaps"]]
    tried = [row for row in rows if row["state"] == "what_if"]
    assert len(tried) == len(plain) + 1
    assert {row["to_name"] for row in tried} >= {"added.0"}
    drawing = (await answered(client, f="svg", lang="en")).text
    assert "DEMO" in drawing
    assert "Height" in drawing
    assert await answered(client, 400, f="exe")


async def test_links_of_the_ranking_open_their_gap(client):
    page = await client.get("/planner?lang=es")
    links = re.findall(r'<a href="(/planner\?[^"]*)#([^"]*)" data-view', page.text)
    assert len(links) > 5
    address, fragment = (html.unescape(part) for part in links[0])
    at_m = 1e3 * float(re.search(r"at=(\d+)", fragment)[1])
    block = block_of(await client.get(address))
    assert any(begin <= at_m <= end for begin, end, _ in block["gaps"])


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"corridor": "nowhere"}, 400, "No se conoce ese corredor"),
        ({"service": "unicorns"}, 400, "uno a veinte servicios"),
        ({"on": "ayer"}, 400, "año, mes y día"),
        ({"pin": "nan"}, 400, "kilómetro del corredor"),
        ({"pin": [str(km) for km in range(21)]}, 400, "hasta veinte"),
        ({"profile": "vehicle"}, 400, "No se conoce"),
    ],
)
async def test_what_cannot_be_answered_says_what_to_do(client, fields, status, said):
    assert said in text_of(await answered(client, status, **fields))


async def test_p38_protected_services_are_neither_offered_nor_counted(client):
    protected = models.PROTECTED_SERVICES[0]
    page = await client.get("/planner")
    assert f'value="{protected}"' not in page.text
    refused = await answered(client, 422, service=protected)
    assert "view-data" not in refused.text


async def test_p8_the_page_shows_public_spaces_whoever_asks(own_client, settings_for, loaded_clone):
    settings = settings_for(loaded_clone)
    shown = block_of(await answered(own_client))
    update = "update amparo.locations set visibility = 'partners' where id = 'DEMO-011'"
    await run_sql(settings, update)
    headers = await partner_header(settings)
    by_partner = await answered(own_client, headers=headers)
    assert block_of(by_partner) == block_of(await answered(own_client))
    assert len(block_of(by_partner)["spaces"]) == len(shown["spaces"]) - 1
    for f in ("csv", "geojson", "svg"):
        assert "011" not in (await answered(own_client, headers=headers, f=f)).text
    body = {"corridor": CORRIDOR["corridor"]}
    api = await own_client.post("/corridors/coverage", json=body, headers=headers)
    assert "DEMO-011" in api.text, "partners see it through the API"


async def test_nights_at_spaces_along_the_corridor_stand_on_the_strip(
    own_client, settings_for, loaded_clone
):
    # A place to sleep every 14 km of Pacaraima - Boa Vista, whose road lies in one country.
    await run_sql(
        settings_for(loaded_clone),
        """
        with line as (
          select ST_LineInterpolatePoint(geom, n / 16.0) as at, n
          from amparo.corridors, generate_series(1, 15) as n where id = 'pacaraima-boa-vista'
        ), moved as (
          select id, row_number() over (order by id) as n from amparo.locations
          where visibility = 'public' and not confidential and overnight
            and expires_on >= amparo.now()::date limit 15
        )
        update amparo.locations as one
        set geom = line.at, country = 'BR', admin1 = null, timezone = 'America/Boa_Vista',
            access = 'open', status = 'active', minimum_age = null, maximum_age = null,
            genders = null, families_only = false, maximum_nights = null
        from moved join line using (n) where one.id = moved.id
        """,
    )
    page = await answered(own_client, corridor="pacaraima-boa-vista", nights="1")
    nights = int(re.search(r"(\d+) noches", page.text)[1])
    listed = re.findall(r"<li>[^<]*\(km (\d+)\)</li>", page.text)
    assert len(listed) == nights >= 8
    assert [int(km) for km in listed] == sorted(int(km) for km in listed)
    # On the strip as in the list.
    assert page.text.count("<circle") == nights
