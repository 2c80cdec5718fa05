"""Sentences about stages that break the rules for a day's walk: why, closed spaces, and remedies.

The sentences state only known data. None tells people to sleep on the road, and none says that a
bed is free. A mistranslation of any text here can cause harm (P47).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.i18n.translation import marked_safety
from app.journeys.route_nights import DayStage
from app.texts.route_export import demo_marked
from routing.planning.day_reach import Constraint, binding
from routing.planning.mending import Remedies

#: Sentences about stages by code, without the full stop.
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
    "stage_start": marked_safety("Se cuenta con que la primera noche se queda donde está"),
    "stage_beds": marked_safety(
        "Son los lugares abiertos según su horario la noche de cada fecha, y se llega a ellos de "
        "día si no se dice otra cosa. Llame antes: puede que no haya cupo"
    ),
    "stage_early": marked_safety("Saliendo al amanecer se llega"),
}

#: Names of the rules for a stage in JSON responses.
CONSTRAINTS: Final[Mapping[Constraint, str]] = {
    Constraint.DISTANCE: "distance",
    Constraint.DAYLIGHT: "daylight",
    Constraint.HEIGHT: "height",
    Constraint.ROAD: "road",
    Constraint.CROSSING: "crossing",
    Constraint.HOURS: "hours",
    Constraint.BEDS: "beds",
    Constraint.CLOSED: "closed",
    Constraint.STAY: "stay",
}

_CODES: Final[Mapping[Constraint, str]] = {
    Constraint.DAYLIGHT: "stage_daylight",
    Constraint.HEIGHT: "stage_height",
    Constraint.CROSSING: "stage_crossing",
    Constraint.HOURS: "stage_hours",
}


def constraints_of(fails: Constraint) -> dict[str, Any]:
    """Return the rules that a stage breaks as JSON members; ``binding`` is the decisive one."""
    return {
        "binding": CONSTRAINTS[binding(fails)] if fails else None,
        "constraints": [name for bit, name in CONSTRAINTS.items() if bit in fails],
    }


def mended_by(remedies: Remedies) -> dict[str, Any]:
    """Return the changes, each sufficient by itself, that would make a stage possible, as JSON."""
    longer_m = remedies.longer_day_m
    return {
        "vehicle": remedies.vehicle,
        "longer_day_m": None if longer_m is None else round(longer_m),
        "more_spaces": remedies.more_spaces,
        "earlier_departure": remedies.earlier_departure,
    }


def stage_json(stage: DayStage) -> dict[str, Any]:
    """Return a stage as a JSON object."""
    return {
        "date": stage.date,
        "days": stage.days,
        "from_m": round(stage.from_m),
        "to_m": round(stage.to_m),
        "space": None if stage.stop is None else stage.stop.space.id,
        "nights": stage.nights,
        **constraints_of(stage.fails),
        "shut": [{"id": one.stop.space.id, "state": one.state} for one in stage.shut],
        "mended_by": None if stage.remedies is None else mended_by(stage.remedies),
    }


type Said = tuple[str, Mapping[str, str]]


def stage_said(stage: DayStage) -> Iterator[Said]:
    """Yield sentences about a stage that breaks the rules, each with values for its placeholders.

    Yield none for a stage that can be walked by the rules.
    """
    if not stage.fails:
        return
    if stage.days > 1:
        yield SAID["stage_no_bed"], {}
    for bit, code in _CODES.items():
        # Leave out the rule of daylight for a stage of several days: its first sentence already
        # says that one day is too short.
        if bit in stage.fails and not (stage.days > 1 and bit is Constraint.DAYLIGHT):
            yield SAID[code], {}
    for one in stage.shut:
        space = one.stop.space
        name = demo_marked(space.name, is_demo=space.demo)
        yield SAID[f"stage_{one.state}"], {"name": name}
    if stage.remedies is not None and stage.remedies.earlier_departure:
        yield SAID["stage_early"], {}
    if stage.remedies is None or stage.remedies.vehicle or stage.days > 1:
        yield SAID["stage_vehicle"], {}
