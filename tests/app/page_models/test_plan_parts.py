"""What a card of a route is made of: its drawing, its line for the map, its stages by days."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.i18n import route_phrases
from app.i18n.translation import words
from app.journeys.route_nights import DayStage, ShutSpace
from app.page_models import elevation, plan_page, plan_views, route_sharing
from app.page_models.route_lines import packed
from app.texts.stage_text import stage_said
from routing.planning.day_reach import Constraint
from routing.planning.mending import Remedies
from routing.travel.height_profile import Heights
from tests.app.page_models.test_renderer import FRAME, PLAN, ROUTE, Outline

NAN = np.nan


def heights(*legs):
    return Heights(*(np.array(column, dtype=float) for column in zip(*legs, strict=True)))


HILL = heights((0, 10_000, 300, 2_300), (10_000, 20_000, 2_300, 800))


# The drawing.


def test_a_drawing_spans_the_way_and_its_heights():
    drawn = elevation.elevation(HILL, 20_000)
    assert drawn.heights_m[0] == 300
    assert max(drawn.heights_m) == 2_300
    assert drawn.heights_m[-1] == 800
    assert (drawn.low.value_m, drawn.high.value_m) == (300, 2_300)
    points = [tuple(map(float, p.split(","))) for p in drawn.lines[0].split()]
    assert points[0] == (elevation.LEFT, elevation.BOTTOM)
    assert points[-1][0] == elevation.RIGHT
    assert min(y for _, y in points) == elevation.TOP
    assert not drawn.is_partial


@given(st.lists(st.tuples(st.integers(1, 30_000), st.integers(0, 4_800)), min_size=1, max_size=20))
def test_the_drawing_tells_the_highest_point_that_the_route_tells(legs):
    ends_m = np.cumsum([length_m for length_m, _ in legs])
    tops_m = [2_000, *(top_m for _, top_m in legs)]
    route = heights(*zip([0, *ends_m[:-1]], ends_m, tops_m[:-1], tops_m[1:], strict=True))
    drawn = elevation.elevation(route, float(ends_m[-1]))
    assert drawn.highest_m == pytest.approx(route.highest_m())
    assert drawn.lowest_m == pytest.approx(min(tops_m))
    assert len(drawn.heights_m) == elevation.SAMPLES


def test_heights_that_are_not_known_leave_a_hole():
    part = heights((0, 8_000, 300, 900), (8_000, 12_000, NAN, NAN), (12_000, 20_000, 900, 400))
    drawn = elevation.elevation(part, 20_000)
    assert len(drawn.lines) == 2
    assert None in drawn.heights_m
    assert drawn.is_partial


@pytest.mark.parametrize("known", [heights((0, 20_000, NAN, NAN)), heights((0, 0, 5, 5))])
def test_without_heights_there_is_no_drawing(known):
    assert elevation.elevation(known, 20_000 if np.isnan(known.from_m[0]) else 0.0) is None
    route = replace(ROUTE, elevation=None)
    html = plan_page.render_plan(replace(PLAN, routes=(route,)), "es")
    assert "No se conoce la altura de este camino" in html
    assert "<svg viewBox" not in html.split('id="result"')[1].split('id="lines"')[0].replace(
        'class="sign" viewBox', ""
    ).replace('<svg class="sign"', "")


def test_the_longest_stretch_and_the_places_are_marked_where_they_lie():
    drawn = elevation.elevation(
        HILL,
        20_000,
        gap=(5_000, 10_000),
        passed=[
            elevation.PassedMark(10_000, "Arriba", "night"),
            elevation.PassedMark(20_000, "Fin", "x"),
        ],
    )
    width = elevation.RIGHT - elevation.LEFT
    assert drawn.gap == pytest.approx((elevation.LEFT + width / 4, width / 2), abs=0.2)
    assert next((mark.x, mark.y) for mark in drawn.marks) == (
        elevation.LEFT + width / 2,
        elevation.TOP,
    )


def test_the_drawing_in_the_page_has_a_name_and_nothing_inline():
    drawn = elevation.elevation(HILL, 20_000, gap=(5_000, 10_000))
    html = plan_page.render_plan(replace(PLAN, routes=(replace(ROUTE, elevation=drawn),)), "es")
    svg = html.split('class="profile"')[0].rsplit("<svg", 1)[1]
    assert 'role="img"' in svg
    assert 'aria-labelledby="elevation-1"' in svg
    assert "Altura del camino: de 300 a 2.300 m." in Outline(html).text
    assert "style=" not in html
    # P46: nothing in it is green, and nothing is told by colour alone.
    assert "Entre rayas: el tramo más largo" in Outline(html).text


@pytest.mark.parametrize("distance_m", [350, 4_999, 20_000, 195_000, 2_400_000])
def test_the_axis_of_distance_has_few_round_marks(distance_m):
    drawn = elevation.elevation(heights((0, distance_m, 0, 900)), distance_m)
    values = [tick.value_m for tick in drawn.ticks]
    assert 2 <= len(values) <= 6
    assert values[0] == 0
    assert values[-1] <= distance_m
    assert str(int(values[1])).rstrip("0") in {"1", "2", "5"}


# The line.


def unpack(numbers):
    return np.cumsum(np.array(numbers).reshape(-1, 3), axis=0) / [1e5, 1e5, 1]


def test_a_line_for_the_map_keeps_its_ends_and_stays_close():
    x = np.linspace(0, 1, 4_000)
    line = np.column_stack([-72.5 + x * 0.9, 7.9 + 0.05 * np.sin(40 * x)])
    measure = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))]) * 115_000
    found = unpack(packed(line, measure))
    assert len(found) < 500
    assert found[[0, -1], :2] == pytest.approx(line[[0, -1]], abs=1e-5)
    assert found[-1, 2] == pytest.approx(measure[-1], abs=1)
    # What is left out lies within some 25 m of what is drawn.
    y = np.interp(line[:, 0], found[:, 0], found[:, 1])
    assert np.abs(y - line[:, 1]).max() < 0.002
    assert (np.diff(found[:, 2]) >= 0).all()


def test_a_way_without_length_is_a_line_too():
    assert len(unpack(packed(np.array([[-72.5, 7.9]] * 2), np.zeros(2)))) >= 1


# Messages.


def test_a_message_keeps_days_and_date_however_long_the_name_is():
    view = replace(PLAN, end_name="Población de nombre " + "muy largo " * 20)
    for route in view.routes:
        body = route_sharing.short_message(words("es"), view, route)
        assert len(body) <= 160
        assert "8 a 10 dias a pie" in body.replace("í", "i")
        assert body.endswith("24/11/26")


def test_who_drives_is_not_told_to_ask_for_transport():
    route = replace(ROUTE, vehicle_s=20_000.0)
    body = route_sharing.short_message(words("es"), PLAN, route)
    assert "Cerca de 6 horas en vehiculo" in body.replace("í", "i")
    assert "transporte" not in body
    by_vehicle = route_phrases.gap_advice(47_000, 3_300, on_foot=False)
    assert str(by_vehicle).endswith("hace mucho frío de noche")


def test_p47_advice_in_another_language_is_marked_as_spanish():
    body = route_sharing.short_message(words("en"), PLAN, ROUTE)
    assert "[ES]" in body


def test_a_bed_off_the_way_says_how_far_off_it_is():
    spot = plan_views.RouteSpace(
        "S9", "Albergue Nueve", "Berlín", 47_000, has_overnight=True, offroad_m=12_400
    )
    near = replace(spot, name="Albergue Diez", at_m=50_000, offroad_m=49)
    stages = (
        plan_views.StageView(1, 1, 0, 47_000, spot),
        plan_views.StageView(2, 1, 47_000, 60_000),
    )
    route = replace(ROUTE, spaces=(spot, near), stages=stages)
    text = Outline(plan_page.render_plan(replace(PLAN, frame=FRAME, routes=(route,)), "es")).text
    assert text.count("a 12 km del camino") == len(("itinerary", "stages"))
    assert text.count("del camino)") == text.count("a 12 km del camino")


def test_stages_say_where_no_place_to_sleep_is_known():
    spot = plan_views.RouteSpace("S9", "Albergue Nueve", "Berlín", 47_000, has_overnight=True)
    other = SimpleNamespace(space=SimpleNamespace(name="Casa Diez", demo=False))
    failing = DayStage(
        date(2026, 11, 30), 2, 3, 0.0, 47_000.0, None, Constraint.DISTANCE | Constraint.HEIGHT,
        (ShutSpace(other, "full"),), Remedies(vehicle=True),
    )  # fmt: skip
    stages = (
        plan_views.StageView(
            1, 2, 0, 47_000, spot, failing.date, failing.nights, [*stage_said(failing)]
        ),
        plan_views.StageView(3, 1, 47_000, 60_000),
    )
    route = replace(ROUTE, stages=stages, stays_at_start=True)
    text = Outline(plan_page.render_plan(replace(PLAN, frame=FRAME, routes=(route,)), "es")).text
    assert "Días 1 a 2 , 30 nov: 47 km, hasta: Albergue Nueve , Berlín, 3 noches" in text
    said = text.partition("3 noches")[2].partition("Día 3")[0]
    for part in ("no se conoce un lugar abierto para dormir", "500 m más arriba",
                 "Casa Diez está lleno", "Pregunte por transporte"):  # fmt: skip
        assert part in said
    # P46: nothing tells people to sleep on the road, and nothing promises a bed.
    assert "Llame antes: puede que no haya cupo" in text
    assert "la primera noche se queda donde está" in text
    assert "Día 3 : 13 km, hasta: Bucaramanga" in text
