"""Data of the console's small maps; pages without a map do not load the map's code."""

from typing import Any

from app.http.assets import asset_url, vendored_url
from app.i18n.translation import Words
from tiles.features.style import map_layers


def map_data(w: Words) -> dict[str, Any]:
    """Return the data block of a page with a map: URLs, background layers, texts."""
    return {
        "pinMap": asset_url("pin-map.js"),
        "deskTable": asset_url("desk-table.js"),
        "style": asset_url("style.js"),
        "ol": vendored_url("ol", ".js"),
        "olCss": vendored_url("ol", ".css"),
        "layers": [layer for layer in map_layers() if layer["is_base"]],
        "texts": {
            "pin": w.gettext("Posición: arrástrela, o muévala con las flechas"),
            "before": w.gettext("Antes"),
            "after": w.gettext("Después"),
            "zoomIn": w.gettext("Acercar"),
            "zoomOut": w.gettext("Alejar"),
            "sketch": w.gettext("esquema"),
            "failed": w.gettext("El mapa no cargó. Los campos sirven igual."),
            "corner": w.gettext("Ahora toque la esquina opuesta."),
            "copied": w.gettext("Copiado"),
        },
    }
