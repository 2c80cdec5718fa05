"""MapLibre styles (specification version 8), made from the catalogue.

There are no sprites and no glyphs, so that nothing is loaded from another host: signs are circles,
lines and areas that differ in fill, ring and dash, never in colour alone. One style also has names,
for clients that draw text with the fonts of their machine (MapLibre GL JS from 5.11).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from tiles.catalogue.layer import Layer, Shape, Sign
from tiles.catalogue.layers import BOUNDARIES, CATALOGUE, LANDSCAPE, PLACES, ROADS
from tiles.errors import UnknownStyleError
from tiles.features.style import BASE_LAYERS, DRAWING_ORDER, INK, PAPER, WATER

Drawn = dict[str, Any]

MEDIA_TYPE: Final = "application/vnd.mapbox.style+json"

#: Layers of the basemap, bottom to top: all base layers but the landscape, which has no low zooms.
BASEMAP_LAYERS: Final = tuple(layer for layer in BASE_LAYERS if layer is not LANDSCAPE)

#: Radius of a point's sign, pixels [A]: the size of signs in dense places on the web map.
_RADIUS = 7
#: Width of the ring around a point's sign, pixels [A].
_RING = 2

_WHITE = "#FFFFFF"
_DASH = [3, 2]

_AREAS = ["in", ["geometry-type"], ["literal", ["Polygon", "MultiPolygon"]]]
_LINES = ["in", ["geometry-type"], ["literal", ["LineString", "MultiLineString"]]]
_POINTS = ["in", ["geometry-type"], ["literal", ["Point", "MultiPoint"]]]


@dataclass(frozen=True)
class StyleEntry:
    """A style that can be requested.

    Parameters
    ----------
    id, title
        Its name in URLs, and its title in lists.
    make
        Function that makes the style document from the base URL without a trailing slash.
    """

    id: str
    title: str
    make: Callable[[str], Drawn]


def find_style(style_id: str) -> StyleEntry:
    """Return a style by its id.

    Raises
    ------
    UnknownStyleError
        There is no style with this id.
    """
    if style_id not in _BY_ID:
        raise UnknownStyleError
    return _BY_ID[style_id]


def _whole(base: str, *, has_names: bool = False) -> Drawn:
    drawn = [one for layer in DRAWING_ORDER for one in _layers_of(layer, layer.name)]
    names = [_place_names(PLACES.name)] if has_names else []
    return _document("Amparo", _sources(DRAWING_ORDER, base), [_water(), *drawn, *names])


def _of_layer(layer: Layer) -> Callable[[str], Drawn]:
    def make(base: str) -> Drawn:
        return _document(layer.title, _sources([layer], base), [*_layers_of(layer, layer.name)])

    return make


def _basemap(base: str) -> Drawn:
    source = {
        "type": "vector",
        "url": f"pmtiles://{base}/basemap.pmtiles",
        "attribution": "; ".join(dict.fromkeys(one.attribution for one in BASEMAP_LAYERS)),
    }
    drawn = [one for layer in BASEMAP_LAYERS for one in _layers_of(layer, "basemap")]
    return _document("Amparo basemap", {"basemap": source}, [_water(), *drawn])


def _document(name: str, sources: Drawn, layers: list[Drawn]) -> Drawn:
    return {"version": 8, "name": name, "sources": sources, "layers": layers}


def _sources(layers: Iterable[Layer], base: str) -> Drawn:
    return {
        layer.name: {"type": "vector", "url": f"{base}/tiles/{layer.name}/tilejson"}
        for layer in layers
    }


def _water() -> Drawn:
    return {"id": "water", "type": "background", "paint": {"background-color": WATER}}


def _layers_of(layer: Layer, source: str) -> Iterator[Drawn]:
    """Yield the style layers of a catalogue layer.

    Boundaries, roads and places have style layers written by hand; those of all other layers are
    made from their signs.
    """
    if layer is BOUNDARIES:
        parts = _boundaries()
    elif layer is ROADS:
        parts = _roads()
    elif layer is PLACES:
        parts = _places()
    else:
        parts = _signs(layer)
    for part in parts:
        yield {
            "id": f"{layer.name}{part.pop('suffix')}",
            "source": source,
            "source-layer": layer.name,
            "minzoom": part.pop("from_zoom", layer.min_zoom),
            **part,
        }


def _boundaries() -> Iterator[Drawn]:
    style = BOUNDARIES.style
    is_country = ["==", ["get", "level"], 0]
    line = {"line-color": style.sign.colour, "line-opacity": style.opacity}
    yield {
        "suffix": "-land",
        "type": "fill",
        "filter": is_country,
        "paint": {"fill-color": PAPER},
    }
    yield {
        "suffix": "-units",
        "type": "line",
        "filter": ["!", is_country],
        # First zoom at which the map has room for the borders of first-level units, as on the web
        # map; tiles have these units from zoom 4 on.
        "from_zoom": 5,
        "paint": {**line, "line-width": style.width_px * 0.7, "line-dasharray": _DASH},
    }
    yield {
        "suffix": "-countries",
        "type": "line",
        "filter": is_country,
        "paint": {**line, "line-width": style.width_px * 1.6},
    }


def _roads() -> Iterator[Drawn]:
    style = ROADS.style
    main = ["motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link"]

    def width(grown: float) -> list[Any]:
        # Minor roads are thinner, so that they differ by form and not only by the zoom of
        # appearance.
        is_main = ["in", ["get", "highway"], ["literal", main]]
        return ["case", is_main, style.width_px * grown, style.width_px * grown * 0.6]

    is_ferry = ["==", ["get", "highway"], "ferry"]
    line = {
        "line-color": style.sign.colour,
        "line-opacity": style.opacity,
        "line-width": ["interpolate", ["linear"], ["zoom"], 7, width(1), 14, width(3)],
    }
    layout = {"line-cap": "round", "line-join": "round"}
    yield {
        "suffix": "",
        "type": "line",
        "filter": ["!", is_ferry],
        "layout": layout,
        "paint": line,
    }
    yield {
        "suffix": "-ferries",
        "type": "line",
        "filter": is_ferry,
        "paint": {**line, "line-dasharray": _DASH},
    }


def _places() -> Iterator[Drawn]:
    # Dot size by population: 2 px for a village, 5 px for a city of millions.
    size = ["interpolate", ["linear"], ["ln", ["max", ["get", "population"], 1]], 8, 2, 15, 5]
    yield {
        "suffix": "",
        "type": "circle",
        "paint": {
            "circle-color": _WHITE,
            "circle-radius": size,
            "circle-stroke-color": PLACES.style.sign.colour,
            "circle-stroke-width": 1,
        },
    }


def _place_names(source: str) -> Drawn:
    return {
        "id": "places-names",
        "type": "symbol",
        "source": source,
        "source-layer": PLACES.name,
        "minzoom": PLACES.min_zoom,
        "layout": {
            "text-field": ["get", "name"],
            "text-font": ["sans-serif"],
            "text-size": 12,
            "text-offset": [0, 0.6],
            "text-anchor": "top",
            "symbol-sort-key": ["-", 0, ["get", "population"]],
        },
        "paint": {
            "text-color": PLACES.style.sign.colour,
            "text-halo-color": _WHITE,
            "text-halo-width": 1.5,
        },
    }


def _signs(layer: Layer) -> Iterator[Drawn]:
    """Yield the signs of a layer: one for each value of a property, and one for other values."""
    style = layer.style
    if style.by is None:
        yield from _sign(layer, style.sign, "", None)
        return
    value = ["get", style.by]
    known = list(style.values)
    yield from _sign(layer, style.sign, "", ["!", ["in", value, ["literal", known]]])
    for one, sign in style.values.items():
        yield from _sign(layer, sign, f"-{one}", ["==", value, one])


def _sign(layer: Layer, sign: Sign, suffix: str, is_it: list[Any] | None) -> Iterator[Drawn]:
    def part(name: str, kind: str, shape: list[Any], paint: Drawn) -> Drawn:
        # The geometry type is only filtered in layers of mixed geometries.
        both = [one for one in (shape if layer.shape is Shape.MIXED else None, is_it) if one]
        filtered = {"filter": both[0] if len(both) == 1 else ["all", *both]} if both else {}
        return {"suffix": f"{suffix}{name}", "type": kind, **filtered, "paint": paint}

    detail = sign.form.partition("-")[2]
    if layer.shape in {Shape.POLYGON, Shape.MIXED}:
        filling = {"fill-color": sign.colour, "fill-opacity": layer.style.opacity * 0.6}
        yield part("-area", "fill", _AREAS, filling)
        edge = {"line-color": sign.colour, "line-width": layer.style.width_px}
        # As on the web map: barred areas have a solid edge, other areas a dashed one.
        dashed = {} if detail == "barred" else {"line-dasharray": _DASH}
        yield part("-edge", "line", _AREAS, {**edge, **dashed})
    if layer.shape in {Shape.LINE, Shape.MIXED}:
        yield part("-line", "line", _LINES, _line(layer, detail, sign.colour))
    if layer.shape in {Shape.POINT, Shape.MIXED}:
        yield part("-point", "circle", _POINTS, _circle(sign.colour, detail))
        if detail in {"crossed", "barred"}:
            eye = {"circle-color": _WHITE, "circle-radius": _RADIUS / 2.5}
            yield part("-eye", "circle", _POINTS, eye)


def _line(layer: Layer, detail: str, colour: str) -> Drawn:
    line = {
        "line-color": colour,
        "line-width": layer.style.width_px,
        "line-opacity": layer.style.opacity,
    }
    return {**line, "line-dasharray": _DASH} if detail == "dashed" else line


def _circle(colour: str, detail: str) -> Drawn:
    """Return a point's sign: filled, or hollow where the state is not known."""
    is_hollow = detail == "question"
    return {
        "circle-color": _WHITE if is_hollow else colour,
        "circle-radius": _RADIUS,
        "circle-stroke-color": colour if is_hollow else INK,
        "circle-stroke-width": _RING * 2 if is_hollow else _RING / 2,
    }


#: All styles: the default with all layers first, then one for each layer.
STYLES: Final = (
    StyleEntry("amparo", "All layers", _whole),
    StyleEntry("amparo-names", "All layers, with names", lambda base: _whole(base, has_names=True)),
    StyleEntry("basemap", "Land, borders, water, places and main roads from one file", _basemap),
    *(StyleEntry(layer.name, layer.title, _of_layer(layer)) for layer in CATALOGUE),
)
_BY_ID: Final = {entry.id: entry for entry in STYLES}
