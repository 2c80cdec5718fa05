"""Report of a corridor in one HTML file that opens without a network: map, strip, tables, sources.

folium draws the map. Its scripts are written into the file, and no tile is loaded from anywhere.
folium renders its own output once more as a Jinja template, and puts texts between backticks in its
scripts. So in texts from records, characters with a meaning in Jinja or between backticks are
written as HTML references, too (`_inert`).
"""

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from math import isnan
from pathlib import Path
from typing import Any, Final

import folium
import shapely
from branca.element import Element
from markupsafe import Markup

from app.i18n import route_phrases
from app.i18n.translation import Words
from app.planning import corridor_rows
from app.planning.corridor_strip import strip_of, svg
from app.planning.corridors import MeasuredCorridor
from app.planning.population_raster import RasterPeople

_ROOT: Final = Path(__file__).resolve().parents[2]
_VENDOR: Final = _ROOT / "app" / "static" / "vendor"
_COUNTRIES: Final = _ROOT / "data" / "boundaries" / "admin0.geojson.gz"

#: Width of the margin around the corridor's bounding box in which countries are drawn, degrees.
_MARGIN: Final = 1.5
#: Tolerance of simplifying the outlines of countries, degrees.
_COARSE: Final = 0.01

#: Colours with a contrast of 4.5 or more to the map's ground.
_LINE, _GAP, _SPACE, _GROUND = "#0b3d63", "#8a1c1c", "#0b3d63", "#f4f1ea"

#: Matches the random id (32 hexadecimal digits) that folium gives to an element.
_IDS: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")

_STYLE: Final = """
body{font:16px/1.45 system-ui,sans-serif;margin:0;color:#1a1a1a;background:#fff}
main{max-width:60rem;margin:0 auto;padding:1rem}
.folium-map{position:relative!important;width:100%!important;height:26rem!important;left:0!important;
top:0!important;background:#dfe7ee}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
th,td{border:1px solid #999;padding:.3rem .5rem;text-align:left;vertical-align:top}
.notice{border:2px solid #1a1a1a;padding:.5rem .75rem}
.strip{display:block}.drawn{padding:0 .5rem}.scroll{overflow-x:auto}
"""


class _OfflineMap(folium.Map):
    """folium's map without scripts and styles from other places."""

    default_js = []  # noqa: RUF012 -- as folium declares it
    default_css = []  # noqa: RUF012


def report(found: MeasuredCorridor, names: Sequence[str], w: Words) -> str:
    """Return the report as an HTML document.

    Parameters
    ----------
    found
        Figures of the corridor, with those of added spaces where it has some.
    names
        Name of each service, in the order of the request.
    w
        Language of the texts.
    """
    title = corridor_rows.name_of(found)
    chart = _map(found, names, w)
    root: Any = chart.get_root()
    root.title = _inert(title)
    root.header.add_child(Element(f"<style>{_STYLE}</style>"))
    root.header.add_child(Element(f"<style>{_asset('leaflet-*.css')}</style>"))
    root.header.add_child(Element(f"<script>{_asset('leaflet-*.js')}</script>"))
    before = Markup("").join(_before(found, title, names, w))
    root.html.add_child(Element(_plain(before)), name="before")
    # Rendering puts the map into the document, so that the tables added later come below it.
    root.render()
    # Attribution to Leaflet in words, without the flag of its default prefix.
    no_flag = f"{chart.get_name()}.attributionControl.setPrefix('Leaflet');"
    root.script.add_child(Element(no_flag))
    root.html.add_child(Element(_plain(Markup("").join(_after(found, names, w)))), name="after")
    document: str = root.render()
    return _numbered(document.replace("<html>", f'<html lang="{w.lang}">', 1))


def _numbered(document: str) -> str:
    """Replace folium's random ids by consecutive ones, so that equal figures give equal files."""
    numbers: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return numbers.setdefault(found[0], f"{len(numbers):032x}")

    return _IDS.sub(number, document)


#: References for the characters of Jinja and of scripts that HTML escaping leaves alone.
_REFERENCES: Final = str.maketrans({char: f"&#{ord(char)};" for char in "{}`\\$"})


def _inert(text: str) -> str:
    """Return a text escaped for HTML, for strings in scripts, and for Jinja."""
    return escape(text).translate(_REFERENCES)


def _plain(html: Markup) -> str:
    """Return HTML, whose texts must be escaped for HTML already, escaped for Jinja as well."""
    return str(html).translate(_REFERENCES)


@cache
def _asset(pattern: str) -> str:
    """Return the text of a vendored script or style sheet, fit to be embedded in the document."""
    (path,) = _VENDOR.glob(pattern)
    text = path.read_text(encoding="utf-8")
    # "</script" would end the element; "raw" keeps Jinja from reading the file.
    for mark in ("</script", "</style", "{{", "{%", "{#"):
        text = text.replace(mark, mark[0] + "\\" + mark[1:] if mark.startswith("<") else mark)
    return "{% raw %}" + text + "{% endraw %}"


def _ends(found: MeasuredCorridor, w: Words) -> tuple[str, str]:
    """Return the names of start and end in the direction of travel.

    The ends of a corridor without names of its own are its first and its last town.
    """
    towns = found.towns
    if found.ends() is None and len(towns) > 1:
        return towns[0].name, towns[-1].name
    return found.ends() or (w.gettext("inicio del corredor"), w.gettext("fin del corredor"))


def _map(found: MeasuredCorridor, names: Sequence[str], w: Words) -> _OfflineMap:
    lon, lat = found.way.line.coordinates.T
    bounds = [[float(lat.min()), float(lon.min())], [float(lat.max()), float(lon.max())]]
    chart = _OfflineMap(tiles=None, control_scale=True, attr="")
    folium.GeoJson(
        _countries(*bounds[0][::-1], *bounds[1][::-1]),
        name=w.gettext("Países"),
        control=False,
        style_function=lambda _: {
            "color": "#777", "weight": 1.5, "dashArray": "6 4", "fillColor": _GROUND,
            "fillOpacity": 1,
        },
    ).add_to(chart)  # fmt: skip
    folium.GeoJson(
        {"type": "LineString", "coordinates": found.way.line.coordinates.round(5).tolist()},
        name=w.gettext("Corredor"),
        control=False,
        style_function=lambda _: {"color": _LINE, "weight": 4},
    ).add_to(chart)
    for row, name in enumerate(names):
        _layer(found, row, name, w).add_to(chart)
    folium.LayerControl(collapsed=False).add_to(chart)
    chart.fit_bounds(bounds)
    return chart


def _layer(found: MeasuredCorridor, row: int, name: str, w: Words) -> folium.FeatureGroup:
    """Return the map layer of a service: its spaces and long gaps; readers can switch it off.

    An added space has no place off the line, so gaps begin and end at it and nothing is drawn.
    """
    layer = folium.FeatureGroup(name=_inert(name), show=row == 0)
    if not found.now.is_known[row]:
        return layer
    for gap in found.shown_figures.gaps.of(row):
        if gap.length_m > found.request.targets.gap_m:
            folium.GeoJson(
                {"type": "LineString", "coordinates": corridor_rows.line_of(found, gap).tolist()},
                style_function=lambda _: {"color": _GAP, "weight": 8, "dashArray": "3 9"},
                tooltip=_inert(_without(gap.length_m, name, w)),
            ).add_to(layer)
    named: set[str] = set()
    for column, at in enumerate(found.spaces):
        if not found.now.supports.counts[row, column]:
            continue
        place = [at.support.lat, at.support.lon]
        folium.CircleMarker(
            place,
            radius=7,
            color="#fff",
            weight=2,
            fill=True,
            fill_color=_SPACE,
            fill_opacity=1,
            tooltip=_inert(at.support.name),
        ).add_to(layer)
        # A town is named once, however many spaces stand in it.
        if at.support.place not in named:
            named.add(at.support.place)
            label = folium.Tooltip(_inert(at.support.place), permanent=True, direction="right")
            folium.CircleMarker(place, radius=0, opacity=0, tooltip=label).add_to(layer)
    return layer


@cache
def _outlines() -> tuple[shapely.Geometry, ...]:
    with gzip.open(_COUNTRIES, "rt", encoding="utf-8") as file:
        features = json.load(file)["features"]
    return tuple(shapely.geometry.shape(one["geometry"]) for one in features)


def _countries(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """Return countries around a box as GeoJSON, cut and simplified, as the map's background."""
    box = shapely.box(west - _MARGIN, south - _MARGIN, east + _MARGIN, north + _MARGIN)
    cut = (shapely.intersection(shapely.make_valid(one), box) for one in _outlines())
    drawn = [shapely.simplify(one, _COARSE) for one in cut if not one.is_empty]
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {},
                "geometry": shapely.geometry.mapping(shapely.set_precision(one, 0.001)),
            }
            for one in drawn
        ],
    }


def _without(length_m: float, name: str, w: Words) -> str:
    text = w.gettext("%(service)s: tramo de %(km)s sin ninguno")
    return text % {"service": name, "km": w.km(length_m)}


def _before(
    found: MeasuredCorridor, title: str, names: Sequence[str], w: Words
) -> Iterator[Markup]:
    """Yield the report's parts above the map: title, notice, how to read it, strip."""
    request, length_m = found.request, found.now.supports.length_m
    yield Markup("<main><h1>{}</h1>").format(title)
    yield Markup('<p class="notice">{}</p>').format(route_phrases.notice(is_demo=found.has_demo))
    told = w.gettext(
        "%(start)s - %(end)s, %(length)s. Espacios abiertos el %(day)s, según sus horarios. Cuenta"
        " quien está a %(access)s o menos del camino; un tramo es largo a partir de %(gap)s."
    )
    start, end = _ends(found, w)
    values = {
        "start": start, "end": end, "length": w.km(length_m), "day": w.day(found.now.on),
        "access": w.km(found.access_m), "gap": w.km(request.targets.gap_m),
    }  # fmt: skip
    yield Markup("<p>{}</p>").format(told % values)
    if found.with_added is not None:
        added = w.ngettext(
            "Con %(num)s espacio de prueba, que no existe.",
            "Con %(num)s espacios de prueba, que no existen.",
            len(found.with_added) - len(found.spaces),
        )
        number = len(found.with_added) - len(found.spaces)
        yield Markup("<p><strong>{}</strong></p>").format(added % {"num": number})
    yield Markup('<h2>{}</h2><div class="drawn">{}</div><h2>{}</h2>').format(
        w.gettext("Tramos sin servicio"), svg(strip_of(found, names, w)), w.gettext("Mapa")
    )


def _after(found: MeasuredCorridor, names: Sequence[str], w: Words) -> Iterator[Markup]:
    """Yield the report's parts below the map: tables and sources."""
    heading = Markup("<h2>{}</h2>")
    yield heading.format(w.gettext("Cifras"))
    yield _table(
        (w.gettext("Servicio"), w.gettext("Espacios"), w.gettext("Tramo más largo"),
         w.gettext("Desde"), w.gettext("Hasta"), w.gettext("Distancia media al siguiente"),
         w.gettext("Sin confirmar")),
        _figures(found, names, w),
    )  # fmt: skip
    yield heading.format(w.gettext("Espacios"))
    yield _table(
        ("km", w.gettext("Espacio"), w.gettext("Lugar"), w.gettext("Servicios")),
        _spaces(found, names, w),
    )
    yield heading.format(w.gettext("Personas cerca"))
    raster = found.by_raster
    within, people = w.gettext("A menos de"), w.gettext("Personas")
    if raster is not None and raster.people is not None:
        yield _table(
            (within, people, w.gettext("Superficie con dato")), _by_raster(raster.people, w)
        )
        text = w.gettext("Población: %(source)s; cada celda cuenta por su parte")
        of_people = text % {"source": raster.source}
    else:
        yield _table(
            (within, people, w.gettext("Pueblos"), w.gettext("Sin dato")), _people(found, w)
        )
        of_people = w.gettext(
            "Población de pueblos: GeoNames (CC BY 4.0), repartida en un círculo desde el centro"
        )
    sources = w.gettext(
        "Espacios: red Amparo. Caminos: %(roads)s. %(people)s; no cuenta a quien va por el camino."
        " Contornos: Natural Earth, solo para orientarse: no son límites oficiales. Los servicios"
        " protegidos no se cuentan."
    )
    values = {"roads": corridor_rows.roads_of(found, w), "people": of_people}
    yield Markup("<h2>{}</h2><p>{}</p></main>").format(w.gettext("Fuentes"), sources % values)


def _figures(found: MeasuredCorridor, names: Sequence[str], w: Words) -> Iterator[Sequence[object]]:
    figures, data = found.shown_figures, found.data
    ends = _ends(found, w)
    for row, name in enumerate(names):
        if not found.now.is_known[row]:
            yield (name, w.gettext("sin datos de ese día"), "", "", "", "", "")
            continue
        gap = figures.longest_gap(row)
        yield (
            name, int(figures.supports[row]), w.km(gap.length_m),
            corridor_rows.end_name(found, gap.from_row, 0, w) or ends[0],
            corridor_rows.end_name(found, gap.to_row, 1, w) or ends[1],
            w.km(float(figures.mean_to_next_m[row])), int(data.undated[row]),
        )  # fmt: skip


def _spaces(found: MeasuredCorridor, names: Sequence[str], w: Words) -> Iterator[Sequence[object]]:
    supports = found.shown_supports
    for row in supports.at_m.argsort(kind="stable").tolist():
        offered = [name for n, name in enumerate(names) if supports.counts[n, row]]
        if offered:
            is_added = row >= len(found.spaces)
            place = "" if is_added else found.spaces[row].support.place
            name = corridor_rows.end_name(found, row, 0, w)
            yield round(supports.at_m[row] / 1e3), name, place, ", ".join(offered)


def _people(found: MeasuredCorridor, w: Words) -> Iterator[Sequence[object]]:
    near = found.people
    for band, people, towns, unknown in zip(
        near.within_m.tolist(), near.people.tolist(), near.towns, near.unknown, strict=True
    ):
        yield w.km(band), _counted(people, w), int(towns), int(unknown)


def _by_raster(near: RasterPeople, w: Words) -> Iterator[Sequence[object]]:
    rows = (near.within_m.tolist(), near.people.tolist(), near.known_share.tolist())
    for band, people, share in zip(*rows, strict=True):
        yield w.km(band), _counted(people, w), f"{share:.0%}"


def _counted(people: float, w: Words) -> str:
    return w.gettext("no se sabe") if isnan(people) else w.integer(round(people))


def _table(heads: Sequence[str], rows: Iterator[Sequence[object]]) -> Markup:
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(one) for one in heads)
    body = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row)
        )
        for row in rows
    )
    return Markup(
        '<div class="scroll"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(head, body)
