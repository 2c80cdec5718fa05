"""Styles and legend of the map as plain values, made from the catalogue."""

from typing import Any

from tiles.catalogue.glyphs import GLYPH_OF_KIND, GLYPHS
from tiles.catalogue.layer import Layer, Sign
from tiles.catalogue.layers import (
    BOUNDARIES,
    CATALOGUE,
    GROUND,
    LANDSCAPE,
    PLACES,
    RIVERS,
    ROADS,
    SPACES,
)

#: Colours of land, ink (outlines of signs) and water, the surroundings of the coloured signs. The
#: web map uses the same colours by day (app/static/palette.js, map.css).
PAPER, INK, WATER = "#F7F5EF", "#16262B", "#C9DFE9"

#: Layers of the background map, beneath signs and routes, from bottom to top.
BASE_LAYERS: tuple[Layer, ...] = (BOUNDARIES, RIVERS, GROUND, LANDSCAPE, ROADS, PLACES)

#: West, south, east and north of the picture of the relief, degrees (data/ground/build.py).
RELIEF_BOX = (-118.5, -56.0, -28.5, 33.0)

#: Layers of the map from bottom to top.
DRAWING_ORDER: tuple[Layer, ...] = CATALOGUE[::-1]


def map_layers(*, has_landscape: bool = True) -> list[dict[str, Any]]:
    """Return every layer in drawing order: id, title, geometry, zooms, tiles, style, credit.

    Parameters
    ----------
    has_landscape
        Whether any region has landscape (areas drawn beneath streets); if not, the layer is left
        out.
    """
    return [
        {
            "id": layer.name,
            "title": layer.title,
            "geometry": layer.shape.value,
            "min_zoom": layer.min_zoom,
            "max_zoom": layer.max_zoom,
            "tiles": f"/tiles/{layer.name}/{{z}}/{{x}}/{{y}}",
            "items": f"/collections/{layer.name}/items",
            "style": style(layer),
            "attribution": layer.attribution,
            "is_base": layer in BASE_LAYERS,
            # Whether the layer has shapes to draw. Places are only names, which maps draw
            # separately, above routes and without overlaps.
            "has_shapes": layer is not PLACES,
            "has_names": layer in BASE_LAYERS and layer is not RIVERS,
        }
        for layer in DRAWING_ORDER
        if has_landscape or layer is not LANDSCAPE
    ]


def style(layer: Layer) -> dict[str, Any]:
    """Return the style of a layer; ``values`` maps values of the property ``by`` to other signs."""
    drawn = layer.style
    glyphs = {"glyphs": dict(GLYPHS), "kinds": dict(GLYPH_OF_KIND)} if layer is SPACES else {}
    return {
        **_sign(drawn.sign),
        "width_px": drawn.width_px,
        "opacity": drawn.opacity,
        "by": drawn.by,
        "values": {value: _sign(sign) for value, sign in drawn.values.items()},
        **glyphs,
    }


def legend() -> list[dict[str, str]]:
    """Return one line for each sign of the map, the most important layer first."""
    return [
        {"layer": layer.name, "title": sign.title or layer.title, **_sign(sign)}
        for layer in reversed(DRAWING_ORDER)
        for sign in (layer.style.values.values() or (layer.style.sign,))
    ]


def _sign(sign: Sign) -> dict[str, str]:
    return {"colour": sign.colour, "form": sign.form}
