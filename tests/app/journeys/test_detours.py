"""P54: a long way says what closed the open one, or is refused; what is hidden is no reason."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from types import SimpleNamespace

import pytest
from babel.messages.mofile import write_mo
from babel.support import Translations

from app.i18n import route_phrases, translation
from app.journeys import detours
from app.journeys.errors import Obstacle
from app.snapshots.road_networks import RoadNetworks
from app.texts import detour_text
from geo.geography.crossings import CrossingState
from routing.route.open_world_report import DetourReason
from tests.conftest import client_of, clone, run_sql

SAN_ANTONIO, CUCUTA = (-72.4436, 7.8145), (-72.508, 7.894)
PAMPLONA, BUCARAMANGA = (-72.648, 7.376), (-73.126, 7.125)
NORTH, SOUTH = (-61.11, 4.60), (-60.67, 2.82)  # of Pacaraima, 204 km apart
SAN_CRISTOBAL, TULCAN, IPIALES = (-72.225, 7.767), (-77.7173, 0.8117), (-77.6469, 0.8258)
AT = "2026-11-24T08:00:00-05:00"

TACHIRA = ("X-BOLIVAR", "X-SANTANDER", "X-TIENDITAS", "X-UNION")

HAZARD = """
    insert into amparo.hazards (id, family, kind, title, geom, geom_public, effect,
        independent_sources, valid_from, valid_to, reported_at, approved_at, visibility, demo)
    select :id, :family, :kind, 'Prueba', g, case when :is_public then g end, 'exclusion', 1,
        '2026-11-01', '2027-03-01', '2026-11-01', '2026-11-01', :visibility, true
    from st_buffer(st_setsrid(st_makepoint(:lon, :lat), 4326), 0.06) g
"""
#: Across the only short road, at La Donjuana.
FLOOD = {
    "id": "T-1",
    "family": "physical",
    "kind": "flood",
    "is_public": True,
    "visibility": "public",
    "lon": -72.62,
    "lat": 7.65,
}


@pytest.fixture
def settings(loaded_clone, settings_for):
    return settings_for(loaded_clone)


async def ask(client, start, end, **more):
    return await client.post("/routes", json={"start": start, "end": end, "at": AT, **more})


def refused(response, kind):
    assert response.status_code == 422, response.text
    body = response.json()
    assert body["type"] == f"urn:amparo:problem:{kind}"
    return body


async def close(settings, ids, state="closed"):
    await run_sql(
        settings,
        "update amparo.crossing_statuses set state = :state where crossing_id = any(:ids)",
        state=state,
        ids=list(ids),
    )


@pytest.fixture(scope="module")
async def closed(cluster, loaded_template, settings_for):
    """Talk to an application where the bridges of Táchira are closed; nobody writes there."""
    settings = settings_for(clone(cluster, loaded_template))
    await close(settings, TACHIRA)
    async with client_of(settings, is_written_elsewhere=False) as client:
        yield client


async def hide(settings, *ids):
    hidden = "update amparo.crossings set visibility = 'restricted' where id = any(:ids)"
    await run_sql(settings, hidden, ids=list(ids))


async def test_p54_with_the_tachira_bridges_closed_a_month_is_not_told_as_a_walk(closed):
    body = refused(await ask(closed, SAN_ANTONIO, CUCUTA), "long-detour")
    (why,) = body["because"]
    assert (why["kind"], why["id"], why["state"]) == ("crossing", "X-BOLIVAR", "closed")
    assert why["extra_s"] > 30 * 86_400
    assert why["extra_m"] > 700_000
    assert body["detour"]["walking_days"] == 33
    assert body["next_opening"] is None
    assert body["blocked_by"][0]["id"] == "X-BOLIVAR"
    assert body["nearest_space"]["country"] == "VE"
    assert body["nearest_space"]["phones"]
    assert {line["country"] for line in body["lines"]} == {"VE", "CO"}
    for said in (why["text"], body["detail"]):
        assert "Simón Bolívar" in said
        assert "derecho a pedir protección" in said
        assert "tarda 31 días más" in said
    # The long way only on request, and it says why.
    answer = (await ask(closed, SAN_ANTONIO, CUCUTA, accept_detour=True)).json()
    # The refusal has the days and the arrival of the card: from bed to bed.
    card = answer["features"][0]["properties"]
    assert card["walking_days"] == body["detour"]["walking_days"]
    elapsed = datetime.fromisoformat(card["arrival"]) - datetime.fromisoformat(card["at"])
    assert elapsed.total_seconds() == pytest.approx(body["detour"]["elapsed_s"], abs=1)
    for feature in answer["features"]:
        assert feature["properties"]["detour"]["kind"] == "closure"
        assert feature["properties"]["because"][0]["id"] == "X-BOLIVAR"
        assert feature["properties"]["distance_m"] > 700_000
    # Over waypoints the leg is named that is too long.
    leg = await ask(closed, SAN_CRISTOBAL, CUCUTA, via=[SAN_ANTONIO])
    assert refused(leg, "long-detour")["leg"] == 1
    # What is measured along a way is not measured along that one either.
    ends = {"start": SAN_ANTONIO, "end": CUCUTA, "at": AT}
    refused(await closed.post("/coverage", json=ends), "long-detour")
    measured = await closed.post("/coverage", json={**ends, "accept_detour": True})
    assert measured.json()["length_m"] > 700_000


async def test_p32_a_space_too_far_to_walk_to_is_not_named_as_help(own_client, settings):
    """Where the nearest space is hundreds of kilometres away, the phone lines are the help."""
    await close(settings, TACHIRA)
    far = "update amparo.locations set status = 'closed' where country = 'VE' and id not in"
    far += " (select id from amparo.locations where country = 'VE'"
    far += " order by st_distance(geom, st_setsrid(st_makepoint(-72.4436, 7.8145), 4326)) desc"
    far += " limit 1)"
    await run_sql(settings, far)
    body = refused(await ask(own_client, SAN_ANTONIO, CUCUTA), "long-detour")
    assert body["nearest_space"] is None
    assert body["lines"]


async def test_p47_a_refusal_is_in_the_language_that_the_answer_would_have_had(closed):
    spanish = refused(await ask(closed, SAN_ANTONIO, CUCUTA), "long-detour")
    label = translation.words("en").gettext("traducción aún no revisada")
    assert label not in spanish["detail"]
    ends = {"coordinates": [SAN_ANTONIO, CUCUTA]}
    for address, body, headers in (
        ("/routes", {"start": SAN_ANTONIO, "end": CUCUTA, "at": AT, "lang": "en"}, {}),
        ("/v2/directions/foot-walking/geojson", {**ends, "language": "en"}, {}),
        ("/coverage", {"start": SAN_ANTONIO, "end": CUCUTA, "at": AT}, {"Accept-Language": "en"}),
    ):
        answer = await closed.post(address, json=body, headers=headers)
        english = refused(answer, "long-detour")
        assert answer.headers["Content-Language"] == "en"
        # Nobody has reviewed these words, and each sentence says so.
        for said in (english["detail"], english["because"][0]["text"], english["notice"]):
            assert f"({label})" in said
        assert english["detail"].startswith("Now there is only a much longer way")
    # What the body says wins, as it does for a route.
    answer = await closed.post(
        "/routes",
        json={"start": SAN_ANTONIO, "end": CUCUTA, "at": AT},
        headers={"Accept-Language": "en"},
    )
    assert refused(answer, "long-detour")["detail"] == spanish["detail"]


def test_p47_a_sentence_of_a_refusal_is_said_once_a_person_has_reviewed_it():
    catalogue, compiled = translation.read_catalogue("en"), BytesIO()
    message = catalogue.get(route_phrases.CLOSURE_IS_NOT_THE_END, translation.SAFETY_CONTEXT)
    message.string = "A closure ends no right."
    write_mo(compiled, catalogue)
    compiled.seek(0)
    drafts = translation.drafts_in(catalogue) - {route_phrases.CLOSURE_IS_NOT_THE_END}
    reviewed = translation.Words("en", Translations(compiled), drafts)
    said = detour_text.no_way(reviewed, [Obstacle("crossing", "X", "Rumichaca", "closed")] * 2)
    label = reviewed.gettext("traducción aún no revisada")
    blocked = "There is no way that can be shown: the official crossing Rumichaca is closed"
    assert said == f"{blocked} at that hour ({label}). A closure ends no right."


async def test_p32_p54_a_bridge_that_is_not_known_is_never_told_as_closed(own_client, settings):
    await close(settings, TACHIRA, "not_known")
    body = refused(await ask(own_client, SAN_ANTONIO, CUCUTA), "long-detour")
    assert [why["state"] for why in body["because"]] == ["not_known"]
    assert "No se sabe si el paso oficial" in body["because"][0]["text"]
    assert "cerrado" not in body["detail"]


async def test_p54_every_form_of_asking_refuses_and_answers_alike(closed):
    places = [list(SAN_ANTONIO), list(CUCUTA)]
    asked = {
        "/v2/directions/foot-walking/geojson": {"coordinates": places, "options": {}},
        "/ogc/routes": {
            "inputs": {
                "waypoints": {"type": "MultiPoint", "coordinates": places},
                "when": {"timestamp": AT},
            }
        },
    }
    for address, body in asked.items():
        problem = refused(await closed.post(address, json=body), "long-detour")
        assert [why["id"] for why in problem["because"]] == ["X-BOLIVAR"]
        assert problem.get("error", {"code": 2009})["code"] == 2009
        next(member for name, member in body.items() if name in {"options", "inputs"})[
            "accept_detour"
        ] = True
        answer = await closed.post(address, json=body)
        assert answer.status_code == 200, answer.text
        found = answer.json()["features"][0]["properties"]
        found = found.get("amparo", found)
        assert [why["id"] for why in found["because"]] == ["X-BOLIVAR"]
        assert found["detour"]["kind"] == "closure"


async def test_p54_an_exclusion_that_makes_a_way_long_is_named(own_client, settings):
    assert (await ask(own_client, CUCUTA, PAMPLONA)).json()["features"][0]["properties"][
        "because"
    ] == []
    await run_sql(settings, HAZARD, **FLOOD)
    body = refused(await ask(own_client, CUCUTA, PAMPLONA), "long-detour")
    (why,) = body["because"]
    assert (why["kind"], why["id"], why["name"], why["state"]) == ("hazard", "T-1", "Prueba", None)
    assert why["extra_m"] > 400_000
    assert "inundación" in why["text"]
    assert body["blocked_by"][0]["kind"] == "exclusion"


async def test_p54_a_way_around_what_the_asker_avoids_says_so(client):
    square = [[-72.64, 7.63], [-72.6, 7.63], [-72.6, 7.67], [-72.64, 7.67], [-72.64, 7.63]]
    avoid = [{"type": "Polygon", "coordinates": [square]}]
    body = refused(await ask(client, CUCUTA, PAMPLONA, avoid=avoid), "long-detour")
    (why,) = body["because"]
    assert (why["kind"], why["id"], why["name"]) == ("avoided", "0", None)
    assert "usted pidió evitar" in why["text"].lower()
    # A border that the asker does not cross is not called closed.
    keeps_out = {"coordinates": [SAN_CRISTOBAL, CUCUTA], "options": {"avoid_countries": ["CO"]}}
    answer = await client.post("/v2/directions/foot-walking/geojson", json=keeps_out)
    assert {b["kind"] for b in answer.json()["blocked_by"]} == {"avoided"}


async def test_p54_a_wait_within_a_day_is_told_and_not_refused(client):
    late = "2026-11-24T23:00:00-05:00"
    response = await client.post(
        "/routes", json={"start": IPIALES, "end": TULCAN, "at": late, "mode": "vehicle"}
    )
    best = response.json()["features"][0]["properties"]
    assert {why["id"] for why in best["because"]} == {"X-RUMICHACA-CO", "X-RUMICHACA-EC"}
    assert all(why["next_opening"] for why in best["because"])
    assert best["detour"] is None


@pytest.mark.parametrize("at", ["2026-11-24T19:50:00-05:00", "2026-11-24T05:58:00-05:00"])
async def test_p32_a_bridge_that_is_open_now_is_not_called_closed(client, at):
    """It closes at 20:00 and one comes there by 20:30: it opens at six of the day after."""
    response = await client.post(
        "/routes", json={"start": SAN_CRISTOBAL, "end": CUCUTA, "at": at, "mode": "vehicle"}
    )
    because = response.json()["features"][0]["properties"]["because"]
    if at.startswith("2026-11-24T05"):
        assert because == []  # open by the time one is there
        return
    (why,) = because
    assert datetime.fromisoformat(why["next_opening"]) == datetime(2026, 11, 25, 11, tzinfo=UTC)
    assert "estará cerrado cuando llegue" in why["text"]
    assert "después de su llegada abre: mié 25 nov" in why["text"]


def test_p32_openings_are_told_from_now_and_from_the_arrival():
    """A post MO-FR 08-16, asked on Friday night: the walker would come there on a Saturday."""
    monday, after = (datetime(2026, 12, day, 13, tzinfo=UTC) for day in (7, 21))
    reason = DetourReason("crossing", "X-1", "Uno", "closed", 86_400.0, 0.0, opens=after)
    text, known = translation.words("es"), crossing_state(monday)
    why = detours.published(
        [reason], SimpleNamespace(crossings=[known], hazards=[], timezone="UTC")
    )
    (told,) = detour_text.written(text, why)
    assert told["next_opening"] == monday
    assert told["opens_after_arrival"] == after
    next_one = "próxima apertura conocida: lun 7 dic"
    for words in (next_one, "estará otra vez cerrado", "de su llegada abre: lun 21 dic"):
        assert words in told["text"]
    # Where both are the same opening it is told once.
    same = replace(why[0], until=monday)
    (told,) = detour_text.written(text, [same])
    assert told["text"].count("7 dic") == 1
    assert "cuando llegue" not in told["text"]
    # After the last dated statement nobody knows, and unknown is not called closed.
    (told,) = detour_text.written(text, [replace(why[0], until=None)])
    assert next_one in told["text"]
    assert "no se sabe si el paso oficial Uno" in told["text"]


def crossing_state(opening):
    return CrossingState(
        id="X-1",
        name="Uno",
        country_a="CO",
        country_b="VE",
        lon=0.0,
        lat=0.0,
        state="closed",
        next_opening=opening,
        timezone="UTC",
        source=None,
        assumption=False,
        demo=False,
        valid_from=None,
    )


async def test_p36_p54_ten_thousand_kilometres_for_two_hundred_are_no_answer(own_client, settings):
    await hide(settings, "X-PACARAIMA")
    hidden = [await ask(own_client, NORTH, SOUTH), await ask(own_client, NORTH, SOUTH, lang="en")]
    body = refused(hidden[0], "no-reasonable-way")
    assert (body["because"], body["blocked_by"], body["next_opening"]) == ([], [], None)
    assert "PACARAIMA" not in hidden[0].text.upper().replace(body["nearest_space"]["name"], "")
    assert "No se conoce un camino razonable" in body["detail"]
    on_request = await ask(own_client, NORTH, SOUTH, accept_detour=True)
    best = on_request.json()["features"][0]["properties"]
    assert best["detour"]["kind"] == "ceiling"
    assert "no se conoce la razón" in best["detour"]["text"]
    # As if it had never existed.
    await run_sql(settings, "delete from amparo.crossings where id = 'X-PACARAIMA'")
    never = [await ask(own_client, NORTH, SOUTH), await ask(own_client, NORTH, SOUTH, lang="en")]
    assert [one.content for one in never] == [one.content for one in hidden]


async def test_p36_p39_p54_what_is_hidden_changes_no_reason_refusal_or_ceiling(
    loaded_clone, settings_for
):
    settings = settings_for(loaded_clone)
    await close(settings, ("X-BOLIVAR", "X-TIENDITAS", "X-RUMICHACA-CO"))
    await run_sql(settings, HAZARD, **FLOOD)
    await hide(settings, "X-PACARAIMA", "X-SANTANDER", "X-UNION")
    # Nobody is told of these: for partners alone, of one source alone, without a public extent.
    untold = [
        {"id": "T-2", "visibility": "partners", "lon": -72.55, "lat": 7.75},
        {"id": "T-3", "family": "human_threat", "kind": "armed_presence", "lon": -72.9, "lat": 7.2},
        {"id": "T-4", "is_public": False, "lon": -72.35, "lat": 7.8},
    ]
    for one in untold:
        await run_sql(settings, HAZARD, **(FLOOD | one))
    questions = [
        {"start": start, "end": end, "at": AT, **more}
        for start, end in (
            (SAN_ANTONIO, CUCUTA),
            (CUCUTA, PAMPLONA),
            (CUCUTA, BUCARAMANGA),
            (NORTH, SOUTH),
            (SAN_CRISTOBAL, CUCUTA),
            (IPIALES, TULCAN),
        )
        for more in ({}, {"accept_detour": True, "explain": False})
    ]

    async def answers():
        # Roads of its own each time: what the first application keeps of these would answer both.
        network = RoadNetworks(settings.graphs_dir, settings.walker)
        async with client_of(settings, is_written_elsewhere=False, network=network) as client:
            return [_timeless(await client.post("/routes", json=one)) for one in questions]

    with_them = await answers()
    ids = [one["id"] for one in untold]
    await run_sql(settings, "delete from amparo.hazards where id = any(:ids)", ids=ids)
    ids = ["X-PACARAIMA", "X-SANTANDER", "X-UNION"]
    await run_sql(settings, "delete from amparo.crossings where id = any(:ids)", ids=ids)
    without_them = await answers()
    assert with_them == without_them
    told = json.dumps(with_them)
    for hidden in (*(one["id"] for one in untold), *ids):
        assert hidden not in told
    kinds = {one.get("type", "").rpartition(":")[2] for one in with_them}
    assert {"long-detour", "no-reasonable-way"} <= kinds


def _timeless(response):
    body = response.json()
    for feature in body.get("features", ()):
        del feature["properties"]["data_as_of"]
    return body


async def test_p54_the_page_says_why_whom_to_call_and_shows_the_long_way_on_request(closed):
    form = {"start": "San Antonio del Táchira, VE", "end": "Cúcuta, CO", "at": "2026-11-24T08:00"}
    page = await closed.post("/plan", data=form)
    assert page.status_code == 422, page.text
    text = page.text
    assert "Ahora solo hay un camino mucho más largo" in text
    assert "El paso oficial Puente Internacional Simón Bolívar (DEMO) está cerrado" in text
    assert "derecho a pedir protección" in text
    assert "El espacio más cercano del mismo lado" in text
    assert 'href="tel:' in text
    assert "Ver igualmente el camino largo" in text
    assert 'name="detour" value="yes"' in text
    long = await closed.post("/plan", data={**form, "detour": "yes"})
    assert long.status_code == 200
    assert "Este camino da un rodeo muy largo" in long.text
    assert "está cerrado" in long.text
    # A file of it, and another language, ask for the same.
    assert long.text.count('name="detour" value="yes"') == 2
    file = await closed.post("/plan", data={**form, "detour": "yes", "file": "gpx:0"})
    assert file.headers["content-type"] == "application/gpx+xml"
    # A crossing's name would tell where the way starts (P48).
    assert "Simón Bolívar" not in file.text


@pytest.mark.parametrize("lang", ["en", "pt", "fr", "ht"])
async def test_p47_p54_reasons_say_that_nobody_reviewed_them(client, lang):
    square = [[-72.64, 7.63], [-72.6, 7.63], [-72.6, 7.67], [-72.64, 7.67], [-72.64, 7.63]]
    more = {"avoid": [{"type": "Polygon", "coordinates": [square]}], "accept_detour": True}
    response = await ask(client, CUCUTA, PAMPLONA, lang=lang, **more)
    why = response.json()["features"][0]["properties"]["because"][0]["text"]
    label = translation.words(lang).gettext("traducción aún no revisada")
    assert not why.startswith("Usted pidió evitar")
    assert why.endswith(f"({label})")
