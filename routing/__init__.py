"""How to walk there: a library over numpy arrays, without database, HTTP, settings or clock.

Start here with your own roads and spaces: `walking_network` takes a graph of osmnx (or one that
`read_osm` has read), `support_spaces` a GeoDataFrame of spaces; `measure_corridor`,
`find_itineraries`, `draw_isochrones` and `propose_sites` return GeoDataFrames. Lengths are in
metres, times in seconds, places as longitude and latitude in degrees, WGS 84. Errors are subclasses
of `RoutingError`. ``docs/examples/library.py`` is an example.

These names are imported on their first use, so that ``import routing`` alone costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from routing.errors import RoutingError
    from routing.frames.corridor import CorridorFrames, measure_corridor
    from routing.frames.isochrones import draw_isochrones
    from routing.frames.itineraries import ItineraryFrames, find_itineraries
    from routing.frames.sites import ProposedSites, propose_sites
    from routing.frames.support_spaces import SupportSpaces, support_spaces
    from routing.frames.walking_network import WalkingNetwork, walking_network
    from routing.osm.importer import read_osm

__all__ = [
    "CorridorFrames",
    "ItineraryFrames",
    "ProposedSites",
    "RoutingError",
    "SupportSpaces",
    "WalkingNetwork",
    "draw_isochrones",
    "find_itineraries",
    "measure_corridor",
    "propose_sites",
    "read_osm",
    "support_spaces",
    "walking_network",
]

_MODULES: Final = {
    "routing.errors": ("RoutingError",),
    "routing.frames.corridor": ("CorridorFrames", "measure_corridor"),
    "routing.frames.isochrones": ("draw_isochrones",),
    "routing.frames.itineraries": ("ItineraryFrames", "find_itineraries"),
    "routing.frames.sites": ("ProposedSites", "propose_sites"),
    "routing.frames.support_spaces": ("SupportSpaces", "support_spaces"),
    "routing.frames.walking_network": ("WalkingNetwork", "walking_network"),
    "routing.osm.importer": ("read_osm",),
}
_MODULE_OF: Final = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- any public object
    """Import a public object on its first use (PEP 562)."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
