"""Contents of the workbench's page, made of public records: sentences, tables, the drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

import numpy as np

from app.i18n import labels
from app.i18n.translation import Words, marked, words
from app.page_models import renderer
from app.page_models.elevation import heights_at
from app.page_models.frames import PageFrame
from app.page_models.route_lines import packed
from app.planner import sentences
from app.planner.measured import CorridorView
from app.planner.nights import Nights
from app.planner.view_form import WALKERS, FormProblem, ViewForm
from app.planning import corridor_rows, corridor_strip
from app.planning.corridor_strip import HeightLine, Strip, StripPiece, StripRow, StripSign
from geo.geography.coverage_gaps import RankedGap
from routing.corridors.gaps import CorridorGap

#: Number of points of the drawn line of heights [A]: about one for every three pixels of a phone.
_SAMPLES: Final = 97

#: Days before and after today that the slider of days offers [A]: a season each way.
_SLIDER_DAYS: Final = 90

#: Most gaps in the table [A]; the files have all.
_MOST_GAPS: Final = 60

#: Names of the file formats that the page offers as buttons, by format, in order.
OFFERED: Final[Mapping[str, str]] = {
    "csv": "CSV",
    "xlsx": "XLSX",
    "geojson": "GeoJSON",
    "gpkg": "GeoPackage",
    "png": "PNG",
    "svg": "SVG",
    "html": marked("Informe con mapa"),
}

#: Words for why a stretch cannot be walked, by the names of `stage_text.CONSTRAINTS`.
BINDING: Final[Mapping[str, str]] = {
    "distance": marked("más de un día de camino"),
    "daylight": marked("no alcanza la luz del día"),
    "height": marked("sube más en un día de lo que se debe"),
    "road": marked("el camino no se puede seguir"),
    "crossing": marked("no consta que el paso fronterizo esté abierto"),
    "hours": marked("el espacio cierra antes de llegar"),
    "beds": marked("no consta que haya lugar"),
    "closed": marked("el espacio no abre esa noche"),
    "stay": marked("el espacio no deja quedarse tantas noches"),
}


@dataclass(frozen=True)
class CorridorChoice:
    """A corridor of the list from which people choose."""

    id: str
    name: str


@dataclass(frozen=True)
class GapLine:
    """A gap as the table shows it; ``service`` is the service's name."""

    service: str
    from_m: float
    to_m: float
    length_m: float
    from_name: str
    to_name: str


@dataclass(frozen=True)
class SpaceLine:
    """A space as the table shows it; ``services`` are the services' names.

    ``id`` is None for a trial space.
    """

    id: str | None
    name: str
    locality: str
    at_m: float
    services: Sequence[str]


@dataclass(frozen=True)
class WorkbenchAnswer:
    """What the page shows of a measured corridor.

    Attributes
    ----------
    said, compared, tried
        Sentences of `app.planner.sentences`: the figures, what differs between the two days, what
        the trial spaces change.
    residents
        Sentences about the people who live near, with the source.
    announced
        Text that screen readers read aloud when the answer appears.
    day_length_m
        Length from which on a gap is long: a day's walk of the profile.
    left_out
        Number of gaps that the table leaves out, which the files have.
    towns
        Towns on the corridor: name, and kilometres along the corridor's own line.
    pins
        Trial spaces: kilometres along the own line, and metres in the direction of travel.
    data
        Data for the page's script, as JSON.
    """

    title: str
    ends: tuple[str, str]
    length_m: float
    strip: Strip
    said: Sequence[str]
    compared: Sequence[str]
    tried: Sequence[str]
    residents: Sequence[str]
    announced: str
    day_length_m: float
    gaps: Sequence[GapLine]
    left_out: int
    spaces: Sequence[SpaceLine]
    towns: Sequence[tuple[str, float]]
    pins: Sequence[tuple[float, float]]
    nights: Nights | None
    data: Mapping[str, Any]


@dataclass(frozen=True)
class WorkbenchPage:
    """Contents of the page; ``ranking`` has the longest gaps of the form's first service."""

    frame: PageFrame
    form: ViewForm
    corridors: Sequence[CorridorChoice]
    services: Sequence[str]
    ranking: Sequence[RankedGap] = ()
    answer: WorkbenchAnswer | None = None
    problem: FormProblem | None = None


def render(page: WorkbenchPage, lang: str) -> str:
    """Render the page in one of the pages' languages."""
    w = words(lang)
    today = page.frame.now.date()
    reach = timedelta(days=_SLIDER_DAYS)
    return renderer.render_with_map(
        "planner",
        page.frame,
        lang,
        {"planner": _texts(w)},
        page=page,
        form=page.form,
        answer=page.answer,
        walkers=[(name, labels.PROFILES[name], one.day_max_m) for name, one in WALKERS.items()],
        offered=OFFERED,
        binding=BINDING,
        first_day=(today - reach).isoformat(),
        last_day=(today + reach).isoformat(),
        drawn=corridor_strip.svg,
        legend=corridor_strip.LEGEND,
        address=partial(_address, lang),
        sorted_services=partial(labels.in_order, page.frame.names, "service"),
    )


def _address(lang: str, gap: RankedGap, service: str) -> str:
    """Return the URL that opens the workbench at a gap.

    Corridor and service are in the query, for the server; the fragment repeats them with the gap's
    middle, for the page's script.
    """
    corridor = {"corridor": gap.corridor, "service": service}
    middle_km = round((gap.from_m + gap.to_m) / 2e3)
    return (
        f"/planner?{urlencode({'lang': lang} | corridor)}#{urlencode(corridor | {'at': middle_km})}"
    )


def strip_names(frame: PageFrame, form: ViewForm, w: Words) -> list[str]:
    """Return the names of the services of a form, for the rows of the strip."""
    return [labels.term(w, frame.names, "service", code) for code in form.services]


def answer_of(
    view: CorridorView, nights: Nights | None, names: Sequence[str], w: Words
) -> WorkbenchAnswer:
    """Return what the page shows of a view.

    Parameters
    ----------
    names
        Names of the services, in the order of the form.
    """
    found = view.found
    heights = _height_line(view, w)
    strip = corridor_strip.strip_of(found, names, w, below=_nights_row(nights, w), heights=heights)
    shown = _gaps(view, names, w)
    spaces = _spaces(view, names, w)
    compared = sentences.compared(found, names, w)
    tried = sentences.tried(found, names, w)
    # Sentences of a comparison state the figures too, so they are not said twice.
    said = [] if compared or tried else sentences.said(found, names, w)
    said += [] if compared else sentences.reconfirmed(found, names, w)
    return WorkbenchAnswer(
        title=corridor_rows.name_of(found),
        ends=_ends(view, w),
        length_m=found.now.supports.length_m,
        strip=strip,
        said=said,
        compared=compared,
        tried=tried,
        residents=sentences.residents(found, w),
        announced=" ".join(tried or compared or said),
        day_length_m=found.request.targets.gap_m,
        gaps=shown[:_MOST_GAPS],
        left_out=max(0, len(shown) - _MOST_GAPS),
        spaces=spaces,
        towns=_towns(view),
        pins=tuple(zip(view.form.pins_km, view.pins_m, strict=True)),
        nights=nights,
        data=_data(view, shown[:_MOST_GAPS], heights),
    )


def _texts(w: Words) -> Mapping[str, str]:
    return {
        "asking": w.gettext("Calculando…"),
        "failed": w.gettext("No hubo respuesta. Pruebe en unos minutos."),
        "at": w.gettext("km %(km)s"),
        "gap": w.gettext("%(service)s: tramo de %(km)s sin ninguno"),
        "height": w.gettext("altura %(metres)s m"),
        "heightUnknown": w.gettext("altura no conocida"),
        "nearby": w.gettext("cerca: %(name)s"),
        "tryHere": w.gettext("Probar un espacio en el km %(km)s"),
        "day": w.gettext("Mover el día"),
    }


def _ends(view: CorridorView, w: Words) -> tuple[str, str]:
    """Return the names of start and end in the direction of travel."""
    towns = view.found.towns
    named = (
        (towns[0].name, towns[-1].name)
        if len(towns) > 1
        else (w.gettext("inicio del corredor"), w.gettext("fin del corredor"))
    )
    return view.found.ends() or named


def _spaces(view: CorridorView, names: Sequence[str], w: Words) -> tuple[SpaceLine, ...]:
    """Return the spaces that count and the trial spaces, in the direction of travel."""
    found = view.found
    stored = [
        SpaceLine(
            row["id"], row["name"], row["locality"], row["at_m"],
            [name for code, name in zip(found.request.services, names, strict=True)
             if code in row["services"].split("|")],
        )
        for row in corridor_rows.spaces_of(found)
    ]  # fmt: skip
    trial = w.gettext("espacio de prueba")
    pins = [SpaceLine(None, trial, "", at_m, names) for at_m in view.pins_m]
    return tuple(sorted((*stored, *pins), key=lambda one: one.at_m))


def _gaps(view: CorridorView, names: Sequence[str], w: Words) -> list[GapLine]:
    """Return the long gaps of every service and the longest of each, the longest first."""
    found, figures = view.found, view.found.shown_figures
    lines = []
    for number, name in enumerate(names):
        if not found.now.is_known[number]:
            continue
        longest = figures.longest_gap(number)
        lines += [
            _line(view, gap, name, w)
            for gap in figures.gaps.of(number)
            if gap.length_m > found.request.targets.gap_m or gap == longest
        ]
    return sorted(lines, key=lambda one: (-one.length_m, one.service, one.from_m))


def _line(view: CorridorView, gap: CorridorGap, name: str, w: Words) -> GapLine:
    starts, ends = (
        corridor_rows.end_name(view.found, row, side, w)
        for side, row in enumerate((gap.from_row, gap.to_row))
    )
    return GapLine(name, gap.from_m, gap.to_m, gap.length_m, starts, ends)


def _towns(view: CorridorView) -> list[tuple[str, float]]:
    """Return name and kilometres along the corridor's own line of each town, each name once."""
    length_m = view.found.now.supports.length_m
    named: dict[str, float] = {}
    for town in view.found.towns:
        at_m = length_m - town.at_m if view.form.is_backward else town.at_m
        named.setdefault(town.name, round(at_m / 1e3, 1))
    return list(named.items())


def _nights_row(nights: Nights | None, w: Words) -> Sequence[StripRow]:
    """Return a strip row with nights or, if no itinerary exists, with the stretches that fail."""
    if nights is None or not (nights.nights or nights.failing):
        return ()
    if nights.nights:
        title = w.ngettext("%(num)s noche", "%(num)s noches", len(nights.nights))
        signs = [
            StripSign(one.at_m, one.name, "night") for one in nights.nights if one.at_m is not None
        ]
        spoken = title % {"num": len(nights.nights)}
        return (StripRow(spoken, spoken, signs=signs),)
    title = w.gettext("Noches: donde no se puede seguir")
    pieces = [
        StripPiece(
            min(one.from_m, one.to_m), max(one.from_m, one.to_m), w.km(one.length_m), "fails"
        )
        for one in nights.failing
        if one.from_m is not None and one.to_m is not None and one.from_m != one.to_m
    ]
    told = ", ".join(w.km(one.length_m) for one in nights.failing)
    return (StripRow(title, f"{title}: {told}", pieces),)


def _height_line(view: CorridorView, w: Words) -> HeightLine:
    length_m = view.found.now.supports.length_m
    at_m = np.linspace(0.0, length_m, _SAMPLES)
    if view.form.is_backward:
        at_m = length_m - at_m
    taken = heights_at(view.heights, at_m)
    heights = [round(one) if np.isfinite(one) else None for one in taken.tolist()]
    known = [one for one in heights if one is not None]
    if not known:
        return HeightLine(w.gettext("Altura: no se conoce"), heights)
    text = w.gettext("Altura: de %(low)s a %(high)s m")
    title = text % {"low": w.integer(min(known)), "high": w.integer(max(known))}
    return HeightLine(title, heights)


def _data(view: CorridorView, gaps: Sequence[GapLine], heights: HeightLine) -> Mapping[str, Any]:
    found = view.found
    return {
        "length_m": round(found.now.supports.length_m, 1),
        "backward": view.form.is_backward,
        "line": packed(found.way.line.coordinates, found.way.line.measure_m),
        "gaps": [[round(one.from_m), round(one.to_m), one.service] for one in gaps],
        "spaces": [
            [round(row["at_m"]), row["lon"], row["lat"], row["name"]]
            for row in corridor_rows.spaces_of(found)
        ],
        "pins": [round(at_m) for at_m in view.pins_m],
        "heights": list(heights.heights_m),
    }
