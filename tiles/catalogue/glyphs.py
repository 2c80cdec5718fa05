"""Pictures in the map signs of support spaces (glyphs), for maps and their legends.

The glyph of a space only depends on its public kind, and on whether it has the service
``overnight``. Protected kinds have no glyph of their own, and no glyph depends on a protected
service (P38). All kinds that are not listed here have the general glyph of support.
"""

from collections.abc import Mapping
from typing import Final

#: SVG path data in a box of 20 x 20, filled by the even-odd rule, by name. A name is that of the
#: service that the glyph stands for, as in the vocabulary ``service``, where there is one.
GLYPHS: Final[Mapping[str, str]] = {
    # A bed with a pillow.
    "overnight": "M1 4h3v6h15v7h-3v-3H4v3H1zM5.5 6.5h3.5v2.5H5.5zM10.5 6.5h4a3 3 0 0 1 3 2.5h-7z",
    # The letter i.
    "information": "M8 2h4v4H8zM6.5 8H12v7h2v3H6.5v-3H8.5v-4h-2z",
    # A bowl that steams.
    "food": "M1 10h18a9 8 0 0 1-5.5 7.5v1.5h-7v-1.5A9 8 0 0 1 1 10zM6 2h2v6H6zM12 2h2v6h-2z",
    # A cross.
    "health": "M7 2h6v5h5v6h-5v5H7v-5H2V7h5z",
    # A child with arms up.
    "children": (
        "M7.5 3.5a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0z"
        "M2 5l1.5-1.5L8 7.5h4l4.5-4L18 5l-5 5v9h-2.200v-5H9.200v5H7v-9z"
    ),
    # A telephone that is seen from the front.
    "connectivity": "M5 1h10v18H5zM7 3.5h6v10.5H7zM9 15.5h2v2H9z",
    # A van.
    "mobile": (
        "M1 4h11v3h3.5l3.5 4v5h-2a2.5 2.5 0 0 1-5 0H8a2.5 2.5 0 0 1-5 0H1z"
        "M13.5 8.5v2.5h3.5l-2.200-2.5z"
    ),
    # A heart.
    "support": "M10 18L2.5 10.5a4.700 4.700 0 0 1 7.5-6a4.700 4.700 0 0 1 7.5 6z",
}

#: Glyph of spaces with the service ``overnight``.
SLEEP: Final = "overnight"
#: Glyph of all kinds of space without one of their own.
OTHER: Final = "support"

#: Glyph of each kind of space (vocabulary ``space_kind``) that has one of its own.
GLYPH_OF_KIND: Final[Mapping[str, str]] = {
    "information_orientation_point": "information",
    "health_reception": "health",
    "community_kitchen": "food",
    "connectivity_point": "connectivity",
    "child_friendly_space": "children",
    "mobile_unit": "mobile",
}
