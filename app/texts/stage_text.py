"""Sentences about the stages of a walking route: what forbids one, what is shut on it, what helps.

A stage says what is known, never that people should sleep on the road, nor that a bed is free. A
mistranslation of any text here can cause harm (P47).
"""

from collections.abc import Iterator, Mapping
from typing import Final

from app.i18n.translation import marked_safety
from app.journeys.route_nights import DayStage
from app.texts.route_export import demo_marked
from routing.planning.day_reach import Constraint, binding

#: Sentences by code, without the full stop.
SAID: Final[Mapping[str, str]] = {
    "stage_no_bed": marked_safety(
        "En esos días no se conoce un lugar abierto para dormir en el camino"
    ),
    "stage_daylight": marked_safety("No se llega con luz de día"),
    "stage_height": marked_safety(
        "Se duerme más de 500 m más arriba que la noche anterior: la altura puede enfermar"
    ),
    "stage_crossing": marked_safety("El paso oficial no abre a tiempo para pasar con luz de día"),
    "stage_hours": marked_safety("Se llega cuando ya no dejan entrar"),
    "stage_closed": marked_safety(
        "Esa noche no cuente con %(name)s: según su horario no abre, o nadie lo ha confirmado"
    ),
    "stage_full": marked_safety("%(name)s está lleno"),
    "stage_vehicle": marked_safety("Pregunte por transporte para ese tramo"),
    "stage_beds": marked_safety(
        "Son los lugares abiertos según su horario la noche de cada fecha, y se llega a ellos de "
        "día si no se dice otra cosa. Llame antes: puede que no haya cupo"
    ),
    "stage_early": marked_safety("Saliendo al amanecer se llega"),
}

_CODES: Final[Mapping[Constraint, str]] = {
    Constraint.DAYLIGHT: "stage_daylight",
    Constraint.HEIGHT: "stage_height",
    Constraint.CROSSING: "stage_crossing",
    Constraint.HOURS: "stage_hours",
}

type Said = tuple[str, Mapping[str, str]]


def stage_said(stage: DayStage) -> Iterator[Said]:
    """Yield the sentences about a stage, with their values; none if it can be walked."""
    if not stage.fails:
        return
    if stage.days > 1:
        yield SAID["stage_no_bed"], {}
    code = _CODES.get(binding(stage.fails))
    # That a way of days is too long for one is said by its days.
    if code is not None and not (stage.days > 1 and code == "stage_daylight"):
        yield SAID[code], {}
    for one in stage.shut:
        space = one.stop.space
        name = demo_marked(space.name, is_demo=space.demo)
        yield SAID[f"stage_{one.state}"], {"name": name}
    if stage.remedies is not None and stage.remedies.earlier_departure:
        yield SAID["stage_early"], {}
    if stage.remedies is None or stage.remedies.vehicle or stage.days > 1:
        yield SAID["stage_vehicle"], {}
