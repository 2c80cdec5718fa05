"""Renders the pages: view models in, HTML out; no database, no request, no clock."""

import math
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from app import route_words, trade_words, wording
from app.web import labels
from app.web.assets import STATIC_FOLDER, asset_url, vendored_url
from app.web.frames import Frame
from app.web.i18n import LANGUAGES, Words, words
from app.web.views import (
    Crossing,
    Gap,
    HomeView,
    PlanView,
    ProblemView,
    Route,
    RouteSpace,
    Space,
)

__all__ = [
    "SECURITY_HEADERS",
    "STATIC_FOLDER",
    "asset_url",
    "confirmed",
    "days_on_foot",
    "itinerary",
    "opening",
    "render_home",
    "render_network",
    "render_open",
    "render_plan",
    "render_problem",
    "vendored_url",
]

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
}
"""Headers every page is sent with: nothing inline, nothing from elsewhere, no traces."""

_TEMPLATES = Path(__file__).with_name("templates")


def render_home(view: HomeView, lang: str) -> str:
    """Render the page `/` in a language of `LANGUAGES`."""
    groups: dict[str, list[Space]] = {}
    for space in view.spaces:
        groups.setdefault(space.country, []).append(space)
    return _template("home.html", lang).render(
        view=view, frame=view.frame, form=view.form, groups=groups, **_page(view.frame, lang)
    )


def render_plan(view: PlanView, lang: str) -> str:
    """Render the answer to the route form."""
    question = {
        "start": [round(x, 3) for x in view.start],
        "end": [round(x, 3) for x in view.end],
        "mode": view.form.mode,
        "at": view.at.astimezone(ZoneInfo(view.timezone)).isoformat(timespec="minutes"),
        # Of lines alone; what they are like is on the page already.
        "explain": False,
    }
    return _template("plan.html", lang).render(
        view=view, frame=view.frame, form=view.form, question=question, **_page(view.frame, lang)
    )


def render_problem(view: ProblemView, lang: str) -> str:
    """Render the route form again with why there is no route, and what to do instead."""
    return _template("problem.html", lang).render(
        view=view, frame=view.frame, form=view.form, **_page(view.frame, lang)
    )


def render_open(name: str, frame: Frame, lang: str, /, **values: object) -> str:
    """Render a page without a map that anybody may see, `templates/<name>.html`."""
    return _template(f"{name}.html", lang).render(frame=frame, **values, **_page(frame, lang))


def render_network(name: str, lang: str, /, **values: object) -> str:
    """Render a page of the console, `templates/network/<name>.html`.

    Each needs `actor` (who is signed in, or None) and `csrf` (the token its forms carry).
    """
    return _template(f"network/{name}.html", lang).render(lang=lang, **values)


@dataclass(frozen=True)
class Stop:
    """One line of a route's itinerary, `at_m` metres after the start.

    `is_in_gap` tells that the way on from here is part of the longest gap.
    """

    kind: Literal["space", "crossing", "gap"]
    at_m: float
    is_in_gap: bool = False
    space: RouteSpace | None = None
    crossing: Crossing | None = None
    gap: Gap | None = None


def itinerary(route: Route) -> list[Stop]:
    """Order what lies on a route; its longest gap comes after whatever it starts at."""
    start = end = math.inf
    if route.gap is not None:
        # Half a metre absorbs rounding between the position of a space and the ends of a gap.
        start = route.gap.from_m + 0.5
        end = route.gap.from_m + route.gap.length_m - 0.5

    def is_in_gap(at_m: float) -> bool:
        return start < at_m < end

    stops = [Stop("space", s.at_m, is_in_gap(s.at_m), space=s) for s in route.spaces]
    stops += [
        Stop("crossing", c.at_m, is_in_gap(c.at_m), crossing=c)
        for c in route.crossings
        if c.at_m is not None
    ]
    stops.sort(key=lambda stop: stop.at_m)
    if route.gap is not None:
        before = sum(stop.at_m <= start for stop in stops)
        stops.insert(before, Stop("gap", route.gap.from_m, is_in_gap=True, gap=route.gap))
    return stops


def confirmed(w: Words, space: Space, frame: Frame) -> str | Markup:
    """Say when a space was last confirmed; a demo date is never one (rules P22 and P35)."""
    if space.is_demo:
        return w.gettext("DEMO: fecha ficticia")
    if space.confirmed_on is None:
        return w.gettext("Sin confirmar: llame antes de ir")
    today = frame.now.astimezone(ZoneInfo(space.timezone)).date()
    days = max(0, (today - space.confirmed_on).days)
    if days == 0:
        return w.gettext("Confirmado hoy")
    if space.call_before:
        text = w.ngettext(
            "Confirmado hace %(num)s día: llame antes de ir",
            "Confirmado hace %(num)s días: llame antes de ir",
            days,
        )
    else:
        text = w.ngettext("Confirmado hace %(num)s día", "Confirmado hace %(num)s días", days)
    return text % {"num": w.integer(days)}


def opening(w: Words, space: Space, frame: Frame) -> tuple[str, str]:
    """Say whether a space is open by its schedule, in its own time zone (rule P43).

    Returns
    -------
    tuple of str
        A state for the style (`open`, `shut`, `unknown`) and the words.
    """
    by_status = {
        "full": w.gettext("Lleno por ahora"),
        "temporarily_closed": w.gettext("Cerrado por un tiempo"),
        "closed": w.gettext("Cerrado"),
    }
    if space.status in by_status:
        return "shut", by_status[space.status]
    if space.is_open is None:
        return "unknown", (
            w.gettext("Hoy es festivo y no se sabe si abre: llame antes de ir")
            if space.doubt == "holiday"
            else w.gettext("Horario no conocido: pregunte antes de ir")
        )
    if space.changes_at is None:
        return (
            ("open", w.gettext("Según su horario, abierto las 24 horas"))
            if space.is_open
            else ("shut", w.gettext("Según su horario, cerrado"))
        )
    if not space.is_open:
        text = w.gettext("Según su horario, cerrado. Abre: %(time)s")
        return "shut", text % {"time": _local(w, space, frame, space.changes_at)}
    closes = {"time": _local(w, space, frame, space.changes_at)}
    if space.last_entry is None:
        return "open", w.gettext("Según su horario, abierto hasta: %(time)s") % closes
    closes["entry"] = _local(w, space, frame, space.last_entry)
    if space.last_entry < frame.now:
        return "shut", w.gettext(
            "Según su horario, abierto hasta: %(time)s, pero la última entrada fue: %(entry)s"
        ) % closes
    return "open", w.gettext(
        "Según su horario, abierto hasta: %(time)s. Última entrada: %(entry)s"
    ) % closes


def _local(w: Words, space: Space, frame: Frame, at: datetime) -> str:
    """Write an instant in the space's own time: the hour alone where it is today."""
    zone = ZoneInfo(space.timezone)
    is_today = at.astimezone(zone).date() == frame.now.astimezone(zone).date()
    return (w.clock if is_today else w.moment)(at, space.timezone)


def days_on_foot(w: Words, route: Route) -> str:
    """Write a route's duration in days, never in hours (rule P46)."""
    slow = route.walking_days_slow
    if slow is not None and slow > route.walking_days:
        return w.gettext("%(low)s a %(high)s días a pie") % {
            "low": w.integer(route.walking_days),
            "high": w.integer(slow),
        }
    text = w.ngettext("%(num)s día a pie", "%(num)s días a pie", route.walking_days)
    return text % {"num": w.integer(route.walking_days)}


def trade(w: Words, route: Route) -> Markup:
    """Say what a route trades against the quickest of the answer (P46)."""
    if route.told is None:
        return Markup()
    return route_words.marked_up(w, trade_words.trade_words(w, route.told))


def stretches(w: Words, route: Route) -> list[Markup]:
    """Say what the way is like, one text a stretch."""
    about = route.told
    if about is None:
        return []
    return [
        route_words.marked_up(w, route_words.stretch_words(w, about, part))
        for part in route_words.stretches(about.route.segments)
    ]


def _page(frame: Frame, lang: str) -> dict[str, object]:
    # What the modules in static/ need to know; a data block, which the policy does not run.
    w = words(lang)
    data = {
        "lang": lang,
        "map": asset_url("map.js"),
        "style": asset_url("style.js"),
        "ol": vendored_url(".js"),
        "olCss": vendored_url(".css"),
        "layers": [layer for layer in frame.layers if layer["id"] in labels.SHOWN_LAYERS],
        "texts": {
            "loading": w.gettext("Cargando el mapa…"),
            "failed": w.gettext("El mapa no cargó. La lista tiene los mismos lugares."),
            "searching": w.gettext("Buscando camino…"),
            "done": w.gettext("Respuesta lista, debajo del formulario."),
            "unavailable": w.gettext("No hubo respuesta. Pruebe en unos minutos."),
            "undrawn": w.gettext("La línea no se pudo dibujar. El texto vale igual."),
            "onMap": w.gettext("Ver en el mapa"),
            "inList": w.gettext("Ver en la lista"),
            "close": w.gettext("Cerrar"),
            "zoomIn": w.gettext("Acercar"),
            "zoomOut": w.gettext("Alejar"),
        },
    }
    return {
        "data": data,
        "lang": lang,
        "space_kind": partial(labels.term, w, frame.names, "space_kind"),
        "service_name": partial(labels.term, w, frame.names, "service"),
        "by_need": partial(labels.in_order, frame.names, "service"),
    }


@cache
def _environment(lang: str) -> Environment:
    w = words(lang)
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        w.gettext, w.ngettext, newstyle=True, pgettext=w.pgettext, npgettext=w.npgettext
    )
    environment.globals.update(
        w=w,
        languages=LANGUAGES,
        asset_url=asset_url,
        safety=w.safety,
        original=w.original,
        wording=wording,
        itinerary=itinerary,
        confirmed=partial(confirmed, w),
        opening=partial(opening, w),
        days_on_foot=partial(days_on_foot, w),
        shown_layers=labels.SHOWN_LAYERS,
        value_name=partial(labels.layer_value, w),
        layer_name=partial(labels.layer, w),
        hazard_kind=partial(labels.hazard, w),
        crossing_state=partial(labels.crossing_state, w),
        trade=partial(trade, w),
        stretches=partial(stretches, w),
    )
    return environment


def _template(name: str, lang: str) -> Template:
    return _environment(lang).get_template(name)
