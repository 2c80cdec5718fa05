"""The route form: ends of every kind, answers with all that the page shows, files and messages."""

import itertools
import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from defusedxml.ElementTree import fromstring

from app.i18n.gsm7 import SEPTETS, septets
from app.journeys.route_ends import rounded
from geo.text.languages import LANGUAGES
from tests.app.page_models.test_renderer import Outline
from tests.conftest import run_sql

AT = "2026-11-26T08:00"
CUCUTA, BUCARAMANGA = "Cúcuta, CO", "Bucaramanga, CO"
ENDS = {"start": CUCUTA, "end": BUCARAMANGA, "at": AT}
SPACE, SPACE_NAME = "DEMO-011", "DEMO Albergue temporal 011 – Pamplona (ficticio)"
CROSSING = "crossing:X-BOLIVAR"
HERE = "here:-72.50831,7.89412"
CODES = sorted(LANGUAGES)


async def send(client, status=200, **form):
    response = await client.post("/plan", data=form)
    assert response.status_code == status, response.text[:500]
    return response


def fields_of(html):
    """Return the route form's own fields, and the buttons that belong to it."""
    outline = Outline(html)
    fields = {
        attrs["id"]: attrs.get("value")
        for tag, attrs in outline.tags
        if tag == "input" and attrs.get("id") in {"start", "end", "start-ref", "end-ref", "at"}
    }
    choices = [
        (attrs["name"], attrs["value"])
        for tag, attrs in outline.tags
        if tag == "button" and attrs.get("form") == "plan-form"
    ]
    return fields, choices


def links_of(html, start):
    return [
        attrs["href"]
        for tag, attrs in Outline(html).tags
        if tag == "a" and (attrs.get("href") or "").startswith(start)
    ]


# Ends.


async def test_a_space_chosen_in_a_list_waits_for_the_other_end(client):
    html = (await send(client, end_choice=f"space:{SPACE}")).text
    fields, _ = fields_of(html)
    assert (fields["end"], fields["end-ref"]) == (SPACE_NAME, f"space:{SPACE}")
    assert fields["start"] == ""
    assert fields["at"]
    assert "¿Desde dónde sale?" in html


async def test_from_a_space_to_a_side_of_a_crossing(client):
    start, end = f"space:{SPACE}", f"{CROSSING}:CO"
    html = (await send(client, start_choice=start, end_choice=end, at=AT)).text
    assert Outline(html).text.count("lado de Colombia")
    fields, _ = fields_of(html)
    assert (fields["start-ref"], fields["end-ref"]) == (start, end)
    # What was understood asks the same again, in any language.
    form = {"start": fields["start"], "end": fields["end"], "at": AT, "lang": "en"}
    again = await send(client, start_ref=start, end_ref=end, **form)
    assert "on foot" in again.text


async def test_p33_a_side_of_a_crossing_is_asked_for_and_never_guessed(client):
    html = (await send(client, 400, start=CUCUTA, end_choice=CROSSING, at=AT)).text
    _, choices = fields_of(html)
    assert choices == [("end_choice", f"{CROSSING}:CO"), ("end_choice", f"{CROSSING}:VE")]
    typed = (await send(client, 400, start=CUCUTA, end="Puente", at=AT)).text
    assert len(fields_of(typed)[1]) == 8
    own = (await send(client, start=CUCUTA, end_choice=f"{CROSSING}:CO", at=AT)).text
    assert "Paso oficial" not in Outline(own).text
    across = (await send(client, start=CUCUTA, end_choice=f"{CROSSING}:VE", at=AT)).text
    assert "Paso oficial Puente Internacional Simón Bolívar" in Outline(across).text
    await send(client, 400, start=CUCUTA, end_choice=f"{CROSSING}:PE", at=AT)


async def test_p33_a_point_between_two_banks_is_refused_with_what_to_do(client):
    form = {"start": CUCUTA, "end_ref": "point:-72.48,7.79", "at": AT, "consent": "yes"}
    html = (await send(client, 422, **form)).text
    assert "aquí no se adivina el lado" in html


async def test_p48_a_position_counts_only_with_consent(client):
    html = (await send(client, 400, start_ref=HERE, end=BUCARAMANGA, at=AT)).text
    assert "No se envió su ubicación" in html
    assert "here:" not in html
    agreed = await send(client, start_ref=HERE, end=BUCARAMANGA, at=AT, consent="yes")
    assert agreed.headers["cache-control"] == "no-store"


async def test_p48_a_position_is_rounded_before_anything_is_done_with_it(client):
    html = (await send(client, start_ref=HERE, end=BUCARAMANGA, at=AT, consent="yes")).text
    fields, _ = fields_of(html)
    assert fields["start-ref"] == "here:-72.508,7.894"
    assert "72.50831" not in html
    swapped = await send(client, start_ref=HERE, end=BUCARAMANGA, swap="1", consent="yes")
    assert "72.50831" not in swapped.text
    assert rounded("point:-72.50831,7.89412") == "point:-72.508,7.894"
    assert rounded(f"space:{SPACE}") == f"space:{SPACE}"


@pytest.mark.parametrize(
    "ref",
    ["here:nan,1", "here:1", "here:,", "point:7.894,-72.508", "point:999,1", "point:1e999,2"],
)
async def test_what_is_no_position_is_not_known(client, ref):
    assert rounded(ref) == ""
    html = (await send(client, start_choice=ref, end=BUCARAMANGA, at=AT, consent="yes")).text
    assert "¿Desde dónde sale?" in html


@pytest.mark.parametrize(
    "ref",
    ["space:", "space:NOPE", "space:' or 1=1", f"{CROSSING}:XX", "crossing:::", "place:", "x:y"],
)
async def test_a_reference_to_nothing_is_explained(client, ref):
    html = (await send(client, 400, start=CUCUTA, end_choice=ref, at=AT)).text
    assert "No se encontró" in html


async def test_p39_a_hidden_space_is_answered_as_one_that_never_was(
    own_client, loaded_clone, settings_for
):
    hide = "update amparo.locations set visibility = 'restricted' where id = 'DEMO-011'"
    await run_sql(settings_for(loaded_clone), hide)
    hidden = await send(own_client, 400, start=CUCUTA, end_choice=f"space:{SPACE}", at=AT)
    never = await send(own_client, 400, start=CUCUTA, end_choice="space:NEVER-1", at=AT)
    made = re.compile(r'"made": "[^"]*"')
    assert made.sub("", hidden.text) == made.sub("", never.text)


async def test_who_changes_the_text_means_the_text(client):
    form = {"start": CUCUTA, "end": BUCARAMANGA, "end_ref": f"space:{SPACE}", "at": AT}
    html = (await send(client, **form)).text
    assert fields_of(html)[0]["end-ref"] == ""
    assert "De Cúcuta, Colombia a Bucaramanga, Colombia" in Outline(html).text


async def test_places_alike_are_chosen_with_one_tap(client):
    html = (await send(client, 400, start="San José", end=BUCARAMANGA, at=AT)).text
    _, choices = fields_of(html)
    assert ("start_choice", "place:San José, CR") in choices


async def test_ends_change_places_without_scripts(client):
    refs = {"start_ref": f"space:{SPACE}", "end_ref": ""}
    form = {"start": SPACE_NAME, "end": CUCUTA, "at": AT}
    fields, _ = fields_of((await send(client, **form, **refs, swap="1")).text)
    assert (fields["start"], fields["end"]) == (CUCUTA, SPACE_NAME)
    assert fields["end-ref"] == f"space:{SPACE}"


async def test_lists_and_pages_of_spaces_lead_to_the_form(client):
    pages = [
        (await client.get(path, headers={"Accept": "text/html"})).text
        for path in ("/", "/crossings")
    ]
    buttons = {
        (attrs["name"], attrs["value"])
        for html in pages
        for tag, attrs in Outline(html).tags
        if tag == "button" and attrs.get("form") == "go"
    }
    assert ("end_choice", f"{CROSSING}:CO") in buttons
    assert ("start_choice", f"{CROSSING}:VE") in buttons
    assert any(value.startswith("space:") for _, value in buttons)
    place = (await client.get(f"/spaces/{SPACE}", headers={"Accept": "text/html"})).text
    assert f'name="start_choice" value="space:{SPACE}"' in place


# Who travels.


@pytest.mark.parametrize("profile", ["family", "reduced_mobility"])
async def test_others_than_adults_walk_less_a_day(client, profile):
    html = (await send(client, **ENDS, profile=profile)).text
    days = re.search(r'id="route-1">(?:<small>.*?</small> )?(\d+) días a pie', html)
    assert days is not None
    assert int(days[1]) > 8
    assert f'value="{profile}" selected' in html


async def test_a_vehicle_takes_hours_and_no_days(client):
    text = Outline((await send(client, **ENDS, profile="vehicle")).text).text
    assert "horas en vehículo" in text
    assert "días a pie" not in text
    assert "Por días" not in text


async def test_an_unknown_profile_is_an_adult(client):
    assert 'value="adult" selected' in (await send(client, **ENDS, profile="bird")).text


# What a card says.


async def test_each_route_is_a_card_with_all_that_decides(client):
    html = (await send(client, **ENDS)).text
    cards = html.count("data-route=")
    assert 2 <= cards <= 5
    text = Outline(html).text
    for said in (
        "días a pie",
        "195 km de camino",
        "espacios en el camino",
        "El tramo más largo sin un lugar abierto para dormir: 47 km",
        "Pregunte por transporte",
        "no hay información",
        "Por días, durmiendo en espacios",
        "El camino, tramo por tramo",
    ):
        assert said in text, said
    assert len(re.findall(r'id="lines">\[', html)) == 1


async def test_a_card_says_what_the_way_keeps_out_of(client):
    text = Outline((await send(client, **ENDS)).text).text
    assert "Qué evita este camino" in text
    assert re.search(r"El camino \d pasa por ahí\.", text)


async def test_a_barred_place_near_the_way_is_named(own_client, loaded_clone, settings_for):
    await run_sql(
        settings_for(loaded_clone),
        """
        insert into amparo.hazards (id, family, kind, title, geom, geom_public, effect,
            valid_from, reported_at, approved_at, visibility, demo)
        select 'T-X', 'physical', 'bridge_out', 'prueba al lado', g, g, 'exclusion',
            '2026-01-01', '2026-01-01', amparo.now(), 'public', true
        from st_buffer(st_setsrid(st_makepoint(-72.67, 7.6), 4326), 0.01) g
        """,
    )
    text = Outline((await send(own_client, **ENDS)).text).text
    assert "prueba al lado. Los caminos que se buscan aquí no pasan por ahí." in text


async def test_stretches_cover_the_way_in_order(client):
    html = (await send(client, **ENDS)).text
    first = html.split("data-route=")[1]
    parts = [tuple(map(int, p)) for p in re.findall(r'data-from="(\d+)" data-to="(\d+)"', first)]
    assert parts[0][0] == 0
    assert all(one[1] == two[0] for one, two in itertools.pairwise(parts))
    assert parts[-1][1] == pytest.approx(195_000, abs=1_500)


async def test_an_end_that_is_a_space_says_whether_it_is_open(client):
    form = {"start": CUCUTA, "end_choice": f"space:{SPACE}", "at": AT}
    text = Outline((await send(client, **form)).text).text
    assert "según su horario" in text
    assert "DEMO: fecha ficticia" in text


async def test_a_way_of_one_day_tells_of_any_open_space_and_draws_no_stages(client):
    html = (await send(client, start=CUCUTA, end="Los Patios, CO", at=AT)).text
    text = Outline(html).text
    assert "1 día a pie" in text
    assert "sin un espacio de apoyo abierto" in text
    assert "dormir en el camino" not in text


# P35, P45, P46.


@pytest.mark.parametrize("lang", CODES)
async def test_p46_an_answer_promises_nothing_in_any_language(client, lang):
    text = Outline((await send(client, **ENDS, lang=lang)).text).text
    text = re.sub(r"no promete[^.]*\.", "", text)
    assert "%" not in text
    assert not re.search(
        r"\bsegur[oa]s?\b|\bsafe|segurança|\bsûre?s?\b|sekirite", text, re.IGNORECASE
    )
    assert re.search(r"10 (a|à|to) 13 (d[ií]as|days|jours|jou)\b", text)


async def test_p45_the_lines_of_the_countries_on_the_way_come_along(client):
    text = Outline((await send(client, **ENDS)).text).text
    assert "Teléfonos de ayuda de la zona" in text
    assert "Emergencias" in text


async def test_p35_every_hazard_and_space_of_a_demo_says_so(client):
    html = (await send(client, **ENDS)).text
    assert html.count("demo-mark") > 10
    assert "DEMO: datos ficticios" in html


# Files and messages.


@pytest.mark.parametrize(("kind", "root"), [("gpx", "gpx"), ("kml", "kml")])
async def test_p48_a_file_leaves_the_start_out_and_its_name_says_nothing(client, kind, root):
    response = await send(client, **ENDS, file=f"{kind}:0")
    assert fromstring(response.content).tag.endswith(f"}}{root}")
    disposition = response.headers["content-disposition"]
    assert disposition == f'attachment; filename="amparo.{kind}"'
    assert response.headers["cache-control"] == "private, no-store"
    assert "Cúcuta, CO" not in response.text
    assert "DEMO" in response.text


async def test_each_route_has_a_file_of_its_own(client):
    one, two = [(await send(client, **ENDS, file=f"gpx:{n}")).text for n in (0, 1)]
    assert one != two


async def test_a_file_of_a_route_that_is_no_more_is_refused_with_what_to_do(client):
    html = (await send(client, 409, **ENDS, file="gpx:4")).text
    assert "Busque otra vez" in html


@pytest.mark.parametrize("file", ["gpx:9", "exe:0", "gpx", "gpx:-1", "gpx:²"])
async def test_what_is_no_file_is_answered_with_the_page(client, file):
    response = await send(client, **ENDS, file=file)
    assert response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("lang", CODES)
async def test_messages_fit_and_say_demo_days_and_the_date(client, lang):
    html = (await send(client, **ENDS, lang=lang)).text
    bodies = [parse_qs(urlsplit(link).query)["body"][0] for link in links_of(html, "sms:")]
    assert len(bodies) == html.count("data-route=")
    for body in bodies:
        assert septets(body) <= SEPTETS
        assert body.startswith("DEMO ")
        assert "Bucaramanga" in body
        assert "km" in body
        assert re.search(r"\d\d/\d\d/\d\d$", body)


async def test_p48_messages_say_nothing_of_the_start(client):
    form = {"start_ref": HERE, "end": BUCARAMANGA, "at": AT, "consent": "yes"}
    html = (await send(client, **form)).text
    texts = [
        unquote(link) for start in ("https://wa.me/", "sms:") for link in links_of(html, start)
    ]
    assert texts
    for text in texts:
        assert "Cúcuta" not in text
        assert "ubicación" not in text
        assert "7.89" not in text
        # Lengths by fives: no circle around the end gives the start away.
        before = re.split(r"sin (?:ningún )?lugar para dormir", text)[0][-8:]
        lengths = re.findall(r"hasta (\d+) km", text)
        assert all(int(km) % 5 == 0 or km in before for km in lengths)


async def test_p46_a_message_carries_the_notice_and_what_is_not_known(client):
    html = (await send(client, **ENDS)).text
    text = unquote(links_of(html, "https://wa.me/")[0])
    for said in (
        "47 km sin ningún lugar para dormir",
        "no hay información",
        "No invita a viajar",
        "DEMO",
    ):
        assert said in text, said


async def test_the_map_of_the_phone_opens_a_space_with_a_position_of_its_own(
    own_client, loaded_clone, settings_for
):
    exact = "update amparo.locations set coord_precision = 'point' where id = 'DEMO-011'"
    await run_sql(settings_for(loaded_clone), exact)
    space = await send(own_client, start=CUCUTA, end_choice=f"space:{SPACE}", at=AT)
    assert len(set(links_of(space.text, "geo:"))) == 1


async def test_p48_the_end_has_a_map_link_only_where_its_position_is_published(client):
    crossing = await send(client, start=CUCUTA, end_choice=f"{CROSSING}:CO", at=AT)
    assert links_of(crossing.text, "geo:")
    for form in (
        {"end": BUCARAMANGA},
        # Its published position is its town's.
        {"end_choice": f"space:{SPACE}"},
        {"end_ref": "point:-73.119,7.119", "consent": "yes"},
    ):
        assert links_of((await send(client, start=CUCUTA, at=AT, **form)).text, "geo:") == []


async def test_p48_the_title_that_a_history_keeps_names_no_place(client):
    title = re.search(r"<title>(.*?)</title>", (await send(client, **ENDS)).text)
    assert title is not None
    assert title[1] == "Camino · Amparo"


async def test_p48_nothing_of_a_question_is_logged(client, caplog):
    caplog.set_level("DEBUG")
    form = {"start_ref": HERE, "end": "S3CRET", "at": AT, "consent": "yes"}
    await send(client, 400, **form)
    await send(client, **{**form, "end": BUCARAMANGA})
    for record in caplog.records:
        if record.name.startswith("amparo"):
            assert not re.search(r"72\.5|7\.89|S3CRET|Bucaramanga|here:", record.getMessage())


async def test_a_form_of_a_page_that_a_phone_kept_still_works(client):
    assert "días a pie" in (await send(client, **ENDS, mode="foot")).text
