"""The roads that people walk on, from an osmnx graph or an imported one, and who walks there."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import networkx as nx
import numpy as np

from routing.errors import InvalidInput
from routing.graph.road_graph import RoadGraph
from routing.networkx_backend.from_osmnx import from_osmnx
from routing.osm_tags.edge_flags import Mode
from routing.reach.network import ReachNetworks
from routing.router.reachability import Reacher
from routing.router.regional import Router
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard
from routing.travel.profiles import PROFILES, Profile
from routing.travel.sketch_towns import Towns

#: Expected form of a country, as errors word it.
COUNTRY_CODE: Final = "a code of two capital letters (ISO 3166-1 alpha-2)"

#: Stated time of import of a graph that tells no date.
_NO_TIME: Final = "unknown"


@dataclass(frozen=True, eq=False)
class WalkingNetwork:
    """Roads, who walks on them, and what is known of borders and hazards.

    What searches need is prepared on first use and kept, so one network serves many questions; it
    may be shared between threads.

    Parameters
    ----------
    graph
        The road graph.
    profile
        Who walks: pace, longest day and hours of walking.
    crossings
        Official crossings in their state at the time of the question. A border is passed at one
        that is known to be open, and nowhere else (P10).
    hazards
        Hazards that hold at the time of the question; exclusions are never touched (P11, P14).
    """

    graph: RoadGraph
    profile: Profile
    crossings: tuple[Crossing, ...] = ()
    hazards: tuple[Hazard, ...] = ()

    @cached_property
    def router(self) -> Router:
        """Router on these roads."""
        return Router(self.graph, profile=self.profile)

    @cached_property
    def reacher(self) -> Reacher:
        """Finder of ways from one place to many."""
        return Reacher(self.router)

    @cached_property
    def reach_networks(self) -> ReachNetworks:
        """Networks for isochrones: the roads with their costs at a time."""
        return ReachNetworks(self.router)

    @cached_property
    def towns(self) -> Towns | None:
        """Towns of a sketch (a network of lines between towns); None for true roads.

        On a sketch a space supports routes through its town, wherever in the town it stands.
        """
        return Towns.of_sketch(self.graph)


def walking_network(
    roads: nx.MultiDiGraph | RoadGraph,
    *,
    country: str | None = None,
    is_sketch: bool = False,
    profile: str = "adult",
    crossings: Sequence[Crossing] = (),
    hazards: Sequence[Hazard] = (),
) -> WalkingNetwork:
    """Prepare roads for walkers.

    Parameters
    ----------
    roads
        A graph as osmnx makes it: simplified or not, projected or in degrees, with ``x`` and ``y``
        of nodes, and ``osmid``, ``length`` (metres) and ``highway`` of edges; each edge is used in
        its own direction where its tags let people walk. For walkers make it with
        ``network_type="walk"`` or ``"all"``. Or a graph that `routing.read_osm` has read.
    country
        ISO 3166-1 alpha-2 code of the country in which all of an osmnx graph lies: cut the graph at
        the border first, or ways that cross it unseen are taken for ways within the country. None
        where every node tells its own by an attribute ``country``; edges between two countries are
        then passed at open official crossings alone.
    is_sketch
        Whether the edges are straight lines between towns, as in the demonstration: a place may
        then lie 25 km from its road instead of 1 km, and a space of a town supports a way through
        it.
    profile
        A name in `routing.travel.profiles.PROFILES`: ``"adult"``, ``"family"`` or
        ``"reduced_mobility"``.
    crossings, hazards
        As for `WalkingNetwork`.

    Raises
    ------
    InvalidInput
        There is no such profile, a node has no country or no position, or an edge no length.
    GraphError
        Other attributes are missing, or nobody may walk on any road.
    """
    chosen = PROFILES.get(profile)
    if chosen is None or chosen.mode is not Mode.FOOT:
        on_foot = sorted(one.name for one in PROFILES.values() if one.mode is Mode.FOOT)
        raise InvalidInput("profile", f"one of {', '.join(on_foot)}", profile)
    graph = roads if isinstance(roads, RoadGraph) else _of_osmnx(roads, country, is_sketch)
    return WalkingNetwork(graph, chosen, tuple(crossings), tuple(hazards))


def _of_osmnx(roads: nx.MultiDiGraph, country: str | None, is_sketch: bool) -> RoadGraph:
    if country is not None and not is_country_code(country):
        raise InvalidInput("country", COUNTRY_CODE, country)
    degrees = _in_degrees(roads)
    _check(degrees, country)
    if country is not None:
        nx.set_node_attributes(degrees, country, "country")
    return from_osmnx(
        degrees,
        imported_at=str(degrees.graph.get("created_date", _NO_TIME)),
        kind="sketch" if is_sketch else "osm",
    )


def _in_degrees(roads: nx.MultiDiGraph) -> nx.MultiDiGraph:
    """Return a copy of a graph in degrees, which may be written to."""
    from pyproj import CRS  # noqa: PLC0415 -- a graph read by `read_osm` needs none
    from pyproj.exceptions import CRSError  # noqa: PLC0415 -- see above

    try:
        crs = CRS.from_user_input(roads.graph.get("crs"))
    except CRSError as error:
        raise InvalidInput("crs", "the graph names its coordinate reference system") from error
    if crs.is_projected:
        from osmnx import project_graph

        degrees: nx.MultiDiGraph = project_graph(roads, to_latlong=True)
    else:
        degrees = roads.copy()
    # The graph may name EPSG:4326 in another way, such as by a WKT text.
    if CRS.from_user_input(degrees.graph["crs"]).equals(CRS("EPSG:4326"), ignore_axis_order=True):
        degrees.graph["crs"] = "epsg:4326"
    return degrees


def _check(roads: nx.MultiDiGraph, country: str | None) -> None:
    """Refuse attributes that the conversion could not read, or would misread."""
    for node, data in roads.nodes(data=True):
        if not all(_is_number(data.get(name)) for name in ("x", "y")):
            raise InvalidInput("x and y", "a node has two finite coordinates", node)
        if country is None and not is_country_code(data.get("country")):
            expected = f"name that of the whole graph or of every node by {COUNTRY_CODE}"
            raise InvalidInput("country", expected, node)
    for tail, head, length_m in roads.edges(data="length"):
        if not _is_number(length_m) or length_m < 0:
            raise InvalidInput("length", "an edge has a length in metres", (tail, head))


def is_country_code(value: object) -> bool:
    """Return whether a value has the form of an ISO 3166-1 alpha-2 code."""
    return isinstance(value, str) and re.fullmatch("[A-Z]{2}", value) is not None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and bool(np.isfinite(value))
