"""Words about a route: what it trades and what its stretches are like (P35, P36, P46, P47)."""

import itertools
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial

import orjson
import pytest
import shapely

from app.api.routing.segments_json import SegmentWriter
from app.i18n import catalogues, translation
from app.i18n.road_names import CLASSES, SURFACES
from app.texts import route_text, trade_off_text
from app.texts.route_text import RouteTextSource, TextPart, marked_up, plain
from geo.geography.hazards import ActiveHazard
from geo.text.languages import LANGUAGES
from routing.engine.itinerary import Passage
from routing.osm_tags.ways import HIGHWAY_CLASSES
from routing.osm_tags.ways import SURFACES as GRAPH_SURFACES
from routing.route.route import Route
from routing.route.segments import RouteSegment, RouteSegments
from routing.route.trade_offs import ExposureDifference, Trade
from routing.travel.crossings import Crossing
from routing.travel.legs import Legs
from routing.travel.profiles import ADULT, VEHICLE

ES, EN = translation.words("es"), translation.words("en")
TODAY = date(2026, 11, 26)
LABEL = "original text in Spanish"


def hazard(**more):
    row = {
        "id": "H1",
        "family": "physical",
        "kind": "flood",
        "title": "Inundación en la vía",
        "effect": "weight",
        "weight": 1.0,
        "event_count": None,
        "exposure_km": None,
        "rate_source": None,
        "night_only": False,
        "valid_from": datetime(2026, 11, 1, tzinfo=UTC),
        "valid_to": None,
        "published_on": date(2026, 11, 23),
        "source": "Prueba",
        "demo": False,
        "geometry": shapely.Point(0, 0),
    }
    return ActiveHazard(**row | more)


def segment(**more):
    row = {
        "from_m": 0.0,
        "to_m": 1_200.0,
        "road": "Avenida X",
        "ref": None,
        "road_class": "residential",
        "surface": "asphalt",
        "lit": False,
        "sidewalk": True,
        "night": False,
        "hazards": (),
        "ascent_m": 0.0,
        "descent_m": 0.0,
        "duration_s": 900.0,
        "exposure": {},
        "unknown": {},
        "factors": (),
        "network": "tiny",
        "as_of": "2026-11-01",
    }
    return RouteSegment(**row | more)


def route(**more):
    row = {
        "coordinates": None,
        "measure_m": None,
        "legs": Legs.of(()),
        "profile": ADULT,
        "distance_m": 20_000.0,
        "duration_s": 15_000.0,
        "ascent_m": 0.0,
        "ascent": "dem",
        "heights": None,
        "exposure": {},
        "unknown": {"hazards": 0.0, "elevation": 0.0, "surface": 0.0, "lit": 0.0},
        "hazards": (),
        "segments": (),
        "start_snap": None,
        "end_snap": None,
        "arrival": None,
    }
    return Route(**row | more)


def trade(**more):
    row = {
        "against": 0,
        "is_quickest": False,
        "extra_s": 0.0,
        "extra_m": 0.0,
        "wait_s": 0.0,
        "extra_days": 0,
        "exposure": {},
        "unknown": {"hazards": 0.0},
    }
    return Trade(**row | more)


def about(way=None, traded=None, hazards=(), *, is_only=False):
    return RouteTextSource(
        way or route(),
        traded or trade(),
        is_only,
        {one.id: one for one in hazards},
        {"P": "America/Bogota"},
        "America/Caracas",
        TODAY,
    )


def says(told, w=ES):
    return plain(w, trade_off_text.trade_words(w, told))


def test_a_segment_says_road_surface_light_and_hazard_with_its_age():
    told = about(hazards=[hazard()])
    said = route_text.segment_words(ES, told, segment(hazards=("H1",)))
    assert plain(ES, said) == (
        "Segmento de 1,2 km por Avenida X, asfalto, sin luz, con acera;"
        " peligro publicado hace 3 días: inundación"
    )


@pytest.mark.parametrize(
    ("published", "words"),
    [(26, "hoy"), (25, "ayer"), (24, "hace 2 días"), (28, "hoy")],
)
def test_the_age_of_a_hazard_is_counted_in_days(published, words):
    told = about(hazards=[hazard(published_on=date(2026, 11, published))])
    said = route_text.hazard_words(ES, told, "H1")
    assert said.text == f"peligro publicado {words}: inundación"


def test_p35_a_demo_hazard_is_marked_and_an_unnamed_kind_is_shown():
    told = about(hazards=[hazard(demo=True), hazard(id="H2", kind="bee_swarm")])
    assert route_text.hazard_words(ES, told, "H1").text.endswith("(DEMO)")
    assert "bee swarm" in route_text.hazard_words(EN, told, "H2").text


@pytest.mark.parametrize("lang", list(LANGUAGES))
def test_a_segments_text_is_its_words_whatever_was_told_before(lang):
    w, told = translation.words(lang), about(hazards=[hazard(), hazard(id="H2")])
    writer = SegmentWriter(w)
    cases = itertools.product(
        (None, "Avenida X"),
        ((), ("H1",), ("H1", "H2")),
        (None, "asphalt"),
        (None, True),
        (4.0, 340.0, 1_200.0),
        (0.0, 42.0),
        (False, True),
    )
    for road, hazards, surface, lit, to_m, ascent_m, night in cases:
        for unknown in ({}, {"hazards": to_m}):
            one = segment(
                road=road,
                hazards=hazards,
                surface=surface,
                lit=lit,
                to_m=to_m,
                ascent_m=ascent_m,
                night=night,
                unknown=unknown,
            )
            said = plain(w, route_text.segment_words(w, told, one))
            (found,) = orjson.loads(writer.written(told, RouteSegments.of([one])))
            assert found["text"] == said


def test_what_is_not_known_of_a_segment_is_said():
    bare = segment(
        road=None,
        road_class="path",
        surface=None,
        lit=None,
        sidewalk=None,
        ascent_m=2_266.0,
        night=True,
        to_m=340.0,
        unknown={"hazards": 340.0},
    )
    assert plain(ES, route_text.segment_words(ES, about(), bare)) == (
        "Segmento de 340 m: sendero sin nombre, sube 2.266 m, de noche;"
        " no sabemos si hay pavimento ni luz; sin información de peligros"
    )


def test_stretches_join_what_a_person_takes_for_one_road():
    rows = [
        segment(to_m=300.0),
        segment(from_m=300.0, to_m=310.0, road=None, road_class="footway", lit=None),
        segment(from_m=310.0, to_m=900.0, surface="gravel", lit=True, ascent_m=30.0),
        segment(from_m=900.0, to_m=1_000.0, hazards=("H1",)),
        segment(from_m=1_000.0, to_m=1_500.0, road="Calle Y", ref="45"),
    ]
    joined = route_text.stretches(rows)
    assert [part.length_m for part in joined] == [900, 100, 500]
    told = about(hazards=[hazard()])
    texts = [plain(ES, route_text.stretch_words(ES, told, part)) for part in joined]
    assert texts[0] == (
        "Segmento de 900 m por Avenida X, asfalto, grava, con luz en partes, con acera, sube 30 m;"
        " no sabemos si hay luz en partes"
    )
    assert "inundación" in texts[1]
    assert "Calle Y (45)" in texts[2]
    assert route_text.stretches([]) == ()


def test_p46_fewer_reports_never_without_what_nobody_knows():
    way = route(
        distance_m=190_000.0,
        unknown={"hazards": 62_000.0, "elevation": 0.0, "surface": 0.0, "lit": 0.0},
    )
    less = {
        "flood": ExposureDifference(-3.0, "km", 1.0),
        "altitude_over_2800_m": ExposureDifference(-5, "h", 1),
    }
    traded = trade(extra_days=1, extra_s=20_000.0, extra_m=24_000.0, exposure=less)
    assert says(about(way, traded)) == (
        "1 día más a pie; 24 km más de camino; menos peligros reportados;"
        " de 62 km no hay información; menos altura y frío"
    )
    more = replace(traded, unknown={"hazards": 12_000.0})
    assert (
        "menos peligros reportados; de 62 km no hay información,"
        " 12 km más que en el camino más rápido"
    ) in says(about(way, more))
    # Where hazards are listed the length is told there, and here beside what is compared alone.
    listed = partial(trade_off_text.trade_words, ES, has_list_of_hazards=True)
    assert "de 62 km no hay información" in plain(ES, listed(about(way, more)))
    quickest = about(way, replace(traded, is_quickest=True))
    assert "información" not in plain(ES, listed(quickest))
    assert plain(ES, listed(about(way, traded, is_only=True))) == ""


def test_height_is_no_less_where_heights_are_not_known():
    way = route(unknown={"hazards": 0.0, "elevation": 5_000.0, "surface": 0.0, "lit": 0.0})
    less = {"altitude_over_2800_m": ExposureDifference(-5.0, "h", 0.0)}
    assert "altura" not in says(about(way, trade(exposure=less)))
    more = {"altitude_over_2800_m": ExposureDifference(5.0, "h", 6.0)}
    assert says(about(way, trade(exposure=more))) == "Más altura y frío"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([(1.0, 2.0)], "más peligros reportados"),
        ([(-1.0, 0.0)], "menos peligros reportados"),
        ([(-1.0, 0.0), (0.5, 1.0)], "menos de unos peligros reportados y más de otros"),
        ([(0.001, 5.0)], "los mismos peligros reportados"),
        ([(0.0, 0.0)], ""),
    ],
)
def test_hazards_are_compared_kind_by_kind(values, words):
    exposure = {
        f"k{n}": ExposureDifference(value, "km", own) for n, (value, own) in enumerate(values)
    }
    assert says(about(traded=trade(exposure=exposure))).lower() == words


def test_days_beyond_a_day_on_foot_and_time_within_it():
    long = route(distance_m=190_000.0)
    assert says(about(long, trade(extra_s=7_000.0))) == "Los mismos días a pie"
    assert says(about(long, trade(extra_days=-2))) == "2 días menos a pie"
    assert says(about(traded=trade(extra_s=4_200.0))) == "1 h 10 min más"
    assert says(about(traded=trade(extra_s=-1_500.0, extra_m=-800.0))) == (
        "25 min menos; 0,8 km menos de camino"
    )
    assert says(about(route(profile=VEHICLE), trade(extra_s=7_200.0))) == "2 h más"
    assert says(about(traded=trade(is_quickest=True))) == "El más rápido de estos caminos"
    assert says(about(is_only=True)) == ""


def test_a_wait_says_where_and_until_when_in_the_time_of_the_place():
    post = Crossing("P", "Paraguachón", -72.1, 11.3, ("CO", "VE"), passable=True, state="open")
    reached = datetime(2026, 11, 26, 4, tzinfo=UTC)
    way = route(passages=(Passage(post, reached, 7 * 3_600.0), Passage(post, reached, 0.0)))
    wait = "Espere en Paraguachón hasta las 6 a. m. del jueves 26 nov"
    said = says(about(way, is_only=True)).replace("\N{NO-BREAK SPACE}", " ")
    assert said.rstrip(".") == wait
    # The day is in the language of the sentence.
    assert "Thursday" in says(about(way, is_only=True), EN)


def test_p47_unreviewed_words_are_spanish_and_labelled_once():
    parts = [
        TextPart("one", "en"),
        TextPart("dos", "es"),
        TextPart("tres", "es"),
        TextPart("four", "en"),
    ]
    assert plain(EN, parts) == f"One; dos; tres ({LABEL}); four"
    assert marked_up(EN, parts) == (
        f'One; <span lang="es">dos</span>; <span lang="es">tres</span>'
        f' <small class="original">({LABEL})</small>; four'
    )
    assert plain(EN, []) == marked_up(EN, []) == ""
    assert "&lt;b&gt;" in marked_up(EN, [TextPart("<b>", "es"), TextPart("<b>", "en")])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_tells_a_route_and_labels_its_hazards(lang):
    w = translation.words(lang)
    told = about(hazards=[hazard()])
    text = plain(w, route_text.segment_words(w, told, segment(hazards=("H1",))))
    assert "Avenida X" in text
    kind = w.reviewed("Inundación")[1].lower()
    said = "peligro publicado hace %(num)s días: %(kind)s"
    assert w.reviewed(said)[1] % {"num": 3, "kind": kind} in text
    if lang != "es":
        assert "Segmento" not in text
        assert text.endswith(f"({w.gettext('traducción aún no revisada')})")


def test_every_class_and_surface_has_a_name():
    assert CLASSES.keys() == set(HIGHWAY_CLASSES)
    assert SURFACES.keys() == set(GRAPH_SURFACES) - {"unknown"}


def test_p46_no_text_promises_anything():
    for text in catalogues.extract_public():
        assert not re.search(r"segur[oa]|sin peligro|por ciento", text.singular, re.IGNORECASE), (
            text
        )
