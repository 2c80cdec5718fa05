"""Import of OpenStreetMap data (PBF or XML) into the directory of a road graph."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Required, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from routing.engine.metric_cache import base_metrics
from routing.errors import ImportFailed
from routing.geometry.geodesy import UNITS_PER_DEGREE
from routing.graph.atomic_write import Staged
from routing.graph.builder import NodeTable, PieceTable
from routing.graph.elevation import HeightRasters, climbs_m
from routing.graph.node_splitting import part
from routing.graph.regions import write_graph
from routing.graph.road_graph import RoadGraph
from routing.graph.storage import GraphMeta, check_name
from routing.osm import country_areas as boundary_files
from routing.osm.border_strip import (
    STRIP_M,
    BorderStrip,
    Boundaries,
    OfficialCrossing,
    node_countries,
    strip_pieces,
    strip_segments,
)
from routing.osm.junction_split import Pieces, WaySegments, cut, segments_of
from routing.osm.landscape import read_landscape
from routing.osm.reader import read_nodes, read_ways
from routing.osm.restriction_relations import read_restrictions
from routing.osm.sketch_crossings import CrossingSplit, split_crossings
from routing.osm.way_table import (
    Names,
    NodePlaces,
    Progress,
    WayTable,
    check_source,
    extract_timestamp,
)
from routing.osm_tags.barriers import UNBARRED
from routing.osm_tags.edge_flags import EdgeFlag
from routing.osm_tags.ways import HIGHWAY_CLASSES
from routing.travel.profiles import ADULT
from routing.travel.request import AVERSIONS

__all__ = ["OfficialCrossing", "import_osm", "read_osm"]

type Array = NDArray[Any]

_BORDER_CLASS = HIGHWAY_CLASSES.index("border")
_THRESHOLD_CLASS = HIGHWAY_CLASSES.index("threshold")
_BORDER_FLAGS = int(EdgeFlag.FOOT | EdgeFlag.VEHICLE | EdgeFlag.BORDER)
_RAISED = int(EdgeFlag.BRIDGE | EdgeFlag.TUNNEL)
_OSM_ATTRIBUTION = "© OpenStreetMap contributors"  # licence: opendatacommons.org/licenses/odbl
_SKETCH_ATTRIBUTION = "Amparo corridor sketch; places GeoNames (CC BY 4.0)"


class ReadOptions(TypedDict, total=False):
    """Options of :func:`read_osm` that :func:`import_osm` hands on."""

    dem: Path | Sequence[Path] | None
    country: str | None
    boundaries: Path | None
    boundary_error_m: float
    border_strip_m: float
    official_crossings: Sequence[OfficialCrossing]
    imported_at: Required[str]
    title: str | None


def import_osm(
    source: Path,
    graphs_dir: Path,
    name: str,
    *,
    progress: Progress | None = None,
    staged: Staged | None = None,
    **options: Unpack[ReadOptions],
) -> GraphMeta:
    """Import a file as region ``name``, replacing an older version once the new one is complete.

    Parameters are those of :func:`read_osm`, and ``staged`` of `routing.graph.regions.write_graph`.

    Raises
    ------
    ImportFailed
        If the file, height raster or boundary file cannot be used.
    GraphError
        If the region name is invalid or the disk refuses the write; an older version stays.
    """
    check_name(name)
    report = progress or _silent
    graph, strip = _read_network(source, name, progress=report, **options)
    landscape = [] if strip is None else read_landscape(source, strip, report)
    graph.meta.report["landscape_features"] = len(landscape)
    report("hierarchy", 0, 1)
    arcs = graph.hierarchy.topology.arc_count  # the first access builds the hierarchy
    report("hierarchy", arcs, arcs)
    report("metrics", 0, 1)
    metrics = base_metrics(graph, ADULT, AVERSIONS)
    report("metrics", 1, 1)
    report("writing", 0, 1)
    meta = write_graph(graphs_dir, graph, metrics, staged, landscape)
    report("writing", 1, 1)
    return meta


def read_osm(
    source: Path,
    name: str,
    *,
    dem: Path | Sequence[Path] | None = None,
    country: str | None = None,
    boundaries: Path | None = None,
    boundary_error_m: float = 0.0,
    border_strip_m: float = STRIP_M,
    official_crossings: Sequence[OfficialCrossing] = (),
    imported_at: str,
    title: str | None = None,
    progress: Progress | None = None,
) -> RoadGraph:
    """Read a file of OpenStreetMap data into a road graph in memory.

    Parameters
    ----------
    source
        ``.osm.pbf``, ``.osm`` or ``.osm.gz``. A file whose nodes are tagged
        ``amparo:countries`` is a corridor sketch.
    name, title
        Name (as in paths) and title (for readers) of the region.
    dem
        Height raster, or several, as of tiles; cells of 90 m or finer give slope, coarser ones only
        heights.
    country
        ISO 3166-1 alpha-2 code, if the whole extract lies in one country. Border lines do not
        become official by this.
    boundaries
        Official boundary file (GeoJSON); see ``routing.osm.country_areas.from_file``. Only its
        lines are official: minor ways near them stay if they keep clear of them (P34).
    boundary_error_m
        Largest distance of that file's lines from the true border, metres.
    border_strip_m
        Width, on each side of a border, of the strip that P34 clears of minor ways, metres.
    official_crossings
        The only places where roads may cross a border.
    imported_at
        Time of the import, ISO 8601.
    progress
        Called with (stage, done, total); a total of 0 means unknown.

    Raises
    ------
    ImportFailed
        If the data cannot be used; the message says what to do.
    """
    graph, _ = _read_network(
        source,
        name,
        progress=progress or _silent,
        dem=dem,
        country=country,
        boundaries=boundaries,
        boundary_error_m=boundary_error_m,
        border_strip_m=border_strip_m,
        official_crossings=official_crossings,
        imported_at=imported_at,
        title=title,
    )
    return graph


def _read_network(
    source: Path,
    name: str,
    *,
    progress: Progress,
    dem: Path | Sequence[Path] | None = None,
    country: str | None = None,
    boundaries: Path | None = None,
    boundary_error_m: float = 0.0,
    border_strip_m: float = STRIP_M,
    official_crossings: Sequence[OfficialCrossing] = (),
    imported_at: str,
    title: str | None = None,
) -> tuple[RoadGraph, BorderStrip | None]:
    """Read a file for `read_osm`; return the graph and the border strip, None for a sketch."""
    check_source(source)
    names = Names()
    ways = read_ways(source, names, progress)
    places = read_nodes(source, ways.refs, names, progress)
    report = {"ways_read": ways.read, "ways_used": len(ways)}
    segments = segments_of(ways, places)
    report["node_references_outside"] = segments.missing
    strip = None
    if places.countries:
        network = _sketch_network(ways, places, segments, report)
    else:
        known = _boundaries(source, country, boundaries, boundary_error_m, progress)
        strip = BorderStrip(known, official_crossings, strip_m=border_strip_m)
        network = _street_network(ways, places, segments, known, strip, country, report)
    heights = _heights(network, ways, places, dem, progress)
    report["restrictions_read"], restrictions = read_restrictions(source, progress)
    report["restrictions_used"] = 0  # `RoadGraph.build` sets the final count
    nodes, pieces = _tables(network, ways, places, heights)
    graph = RoadGraph.build(
        nodes,
        pieces,
        list(names),
        name=name,
        title=title,
        kind=network.kind,
        imported_at=imported_at,
        source=f"{source.name} (sha256 {_sha256(source)})",
        licence="CC BY 4.0" if network.kind == "sketch" else "ODbL 1.0",
        attribution=_SKETCH_ATTRIBUTION if network.kind == "sketch" else _OSM_ATTRIBUTION,
        countries=network.countries,
        has_slope=heights.has_slope,
        extract_timestamp=extract_timestamp(source),
        report=report,
        restrictions=restrictions,
    )
    return graph, strip


def _silent(stage: str, done: int, total: int) -> None:
    """Ignore a report of progress."""


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- the network: pieces with their nodes ----------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Network:
    """Network of a region: pieces of road, their end nodes, and edges that join nodes.

    Each node has a row of the node places and a country. ``borders`` and ``thresholds``, int64
    [., 2], are edges between nodes at the same place. ``passing``, uint16 [., 2], holds the flags
    of both directions of each threshold.
    """

    kind: str
    pieces: Pieces
    tail: Array
    head: Array
    place: Array
    country: Array
    countries: tuple[str, ...]
    borders: Array = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    thresholds: Array = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    passing: Array = field(default_factory=lambda: np.empty((0, 2), dtype=np.uint16))


def _sketch_network(
    ways: WayTable, places: NodePlaces, segments: WaySegments, report: dict[str, int]
) -> _Network:
    pieces = cut(ways, segments, np.ones(len(segments), dtype=bool))
    split: CrossingSplit = split_crossings(pieces.tail, pieces.head, places.countries)
    keep = ~split.dropped
    report["pieces_without_common_country"] = int(split.dropped.sum())
    return _Network(
        "sketch",
        pieces.take(keep),
        split.tail[keep],
        split.head[keep],
        split.place,
        split.country,
        split.countries,
        split.borders,
    )


def _boundaries(
    source: Path,
    country: str | None,
    boundaries: Path | None,
    error_m: float,
    progress: Progress,
) -> Boundaries:
    """Return the known borders, always including the border lines drawn in the extract."""
    if country is not None and boundaries is not None:
        raise ImportFailed("give either a country for the whole extract or a boundary file")
    extract = boundary_files.from_extract(source, progress)
    if boundaries is not None:
        official = boundary_files.from_file(boundaries, error_m=error_m)
        lines = official.lines + extract.lines
        return replace(official, lines=lines)
    if country is not None:
        return Boundaries((_alpha_2(country),), (), extract.lines, error_m)
    return extract


def _alpha_2(country: str) -> str:
    if len(country) != 2 or not country.isalpha():  # noqa: PLR2004 -- ISO 3166-1 alpha-2
        raise ImportFailed(f"country {country!r}: give two letters, as in CO")
    return country.upper()


def _street_network(
    ways: WayTable,
    places: NodePlaces,
    segments: WaySegments,
    known: Boundaries,
    strip: BorderStrip,
    whole: str | None,
    report: dict[str, int],
) -> _Network:
    keep = np.ones(len(segments), dtype=bool)
    if not strip.is_empty:
        keep = ~strip_segments(strip, ways, places, segments)
    report["segments_in_border_strip"] = int(np.count_nonzero(~keep))
    if not keep.any():
        raise ImportFailed("no road is left once the border strip (rule P34) is taken away")
    lonlat = places.lon / UNITS_PER_DEGREE, places.lat / UNITS_PER_DEGREE
    if whole is None:
        country = node_countries(*lonlat, known.areas)
    else:
        country = np.zeros(len(places.lon), dtype=np.int16)
    barred = places.passed_by != UNBARRED
    pieces = cut(ways, segments, keep, barred)
    while (gone := _gone(ways, places, pieces, known, strip, country, report)).any():
        if gone.all():
            raise ImportFailed(
                "no road lies inside a known country; does the boundary file cover this extract?"
            )
        # Cut the ways again: where only a removed road was joined there is no junction any more. A
        # road split there, or a gap in the piece numbers, would reveal the removed road (P34).
        keep[keep] = ~np.repeat(gone, np.diff(pieces.shape_start) - 1)
        pieces = cut(ways, segments, keep, barred)
    place, ends = np.unique(np.concatenate((pieces.tail, pieces.head)), return_inverse=True)
    flags = ways.columns["forward"] | ways.columns["backward"]
    tail, head = np.split(ends, 2)
    parted = part(tail, head, flags[pieces.way], places.passed_by[place])
    report["thresholds"] = len(parted.pairs)
    place = np.concatenate((place, place[parted.origin]))
    return _Network(
        "osm",
        pieces,
        parted.tail,
        parted.head,
        place,
        country[place],
        known.countries,
        thresholds=parted.pairs,
        passing=np.column_stack((parted.forward, parted.backward)),
    )


def _gone(
    ways: WayTable,
    places: NodePlaces,
    pieces: Pieces,
    known: Boundaries,
    strip: BorderStrip,
    country: Array,
    report: dict[str, int],
) -> Array:
    """Return which pieces border rules remove, bool [K]; add their numbers to the report."""
    gone = np.zeros(len(pieces), dtype=bool)
    if not strip.is_empty:
        gone = strip_pieces(strip, ways, places, pieces, country)
    lost = {"pieces_across_border": int(gone.sum())}
    if known.areas:  # a road into an unknown country might cross a border unseen: remove it
        unknown = (country[pieces.tail] < 0) | (country[pieces.head] < 0)
        lost["pieces_in_unknown_country"] = int((unknown & ~gone).sum())
        gone |= unknown
    report |= {what: report.get(what, 0) + count for what, count in lost.items()}
    return gone


# --- heights ---------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Heights:
    """Height of each graph node, ascent and descent of each piece, metres; NaN where not known."""

    node_m: Array
    ascent_m: Array
    descent_m: Array
    has_slope: bool


def _heights(
    network: _Network,
    ways: WayTable,
    places: NodePlaces,
    dem: Path | Sequence[Path] | None,
    progress: Progress,
) -> _Heights:
    node_m = places.elevation_m[network.place].astype(np.float64)
    files = [dem] if isinstance(dem, Path) else list(dem or ())
    if not files:
        return _Heights(node_m, *_between_ends(node_m, network), has_slope=False)
    progress("heights", 0, 1)
    lonlat = np.column_stack((places.lon, places.lat)) / UNITS_PER_DEGREE
    with HeightRasters(files) as raster:
        measured = raster.heights_m(*lonlat[network.place].T)
        if np.isnan(measured).all():
            raise ImportFailed(f"{files[0].name}: the height raster covers no node of this extract")
        node_m = np.where(np.isnan(measured), node_m, measured)
        ascent, descent = _between_ends(node_m, network)
        if raster.gives_slope:
            pieces = network.pieces
            is_raised = (ways.columns["forward"][pieces.way] & _RAISED) != 0
            ascent, descent = climbs_m(raster, pieces.shape_start, lonlat[pieces.shape], is_raised)
        progress("heights", 1, 1)
        return _Heights(node_m, ascent, descent, raster.gives_slope)


def _between_ends(node_m: Array, network: _Network) -> tuple[Array, Array]:
    """Return the ascent and descent of each piece as if it rose or fell evenly from end to end."""
    rise = node_m[network.head] - node_m[network.tail]
    return np.maximum(rise, 0.0), np.maximum(-rise, 0.0)


# --- tables ----------------------------------------------------------------------------------


def _tables(
    network: _Network, ways: WayTable, places: NodePlaces, heights: _Heights
) -> tuple[NodeTable, PieceTable]:
    place = network.place
    nodes = NodeTable(
        lon=places.lon[place],
        lat=places.lat[place],
        elevation_m=heights.node_m.astype(np.float32),
        country=network.country,
        osm_id=places.osm_id[place],
        name=places.name[place],
    )
    pieces, borders, thresholds = network.pieces, network.borders, network.thresholds
    of_way = {name: column[pieces.way] for name, column in ways.columns.items()}
    # Thresholds come first, with the lowest way id, so that rows are mostly sorted by way.
    joints = np.concatenate((thresholds, borders))
    before = len(thresholds)

    def among(column: Array, at_joint: float | Array) -> Array:
        own = np.broadcast_to(np.asarray(at_joint, dtype=column.dtype), len(joints))
        return np.concatenate((own[:before], column, own[before:]))

    joint_class = np.repeat([_THRESHOLD_CLASS, _BORDER_CLASS], [before, len(borders)])
    at_border = np.full((len(borders), 2), _BORDER_FLAGS, dtype=np.uint16)
    passing = np.concatenate((network.passing, at_border))
    shape, shape_start = _shapes(pieces, place[thresholds], place[borders])
    return nodes, PieceTable(
        tail=among(network.tail, joints[:, 0]),
        head=among(network.head, joints[:, 1]),
        length_m=among(pieces.length_m, 0.0),
        road_class=among(of_way["road_class"], joint_class),
        surface=among(of_way["surface"], 0),
        smoothness=among(of_way["smoothness"], 0),
        maxspeed_kmh=among(of_way["maxspeed_kmh"], 0),
        forward=among(of_way["forward"], passing[:, 0]),
        backward=among(of_way["backward"], passing[:, 1]),
        way_id=among(ways.way_id[pieces.way], 0),
        piece=among(pieces.number, np.arange(len(joints))),
        name=among(of_way["name"], -1),
        ref=among(of_way["ref"], -1),
        ascent_m=among(_known_or_zero(heights.ascent_m), 0.0),
        descent_m=among(_known_or_zero(heights.descent_m), 0.0),
        shape_start=shape_start,
        shape_lon=places.lon[shape],
        shape_lat=places.lat[shape],
    )


def _shapes(pieces: Pieces, before: Array, after: Array) -> tuple[Array, Array]:
    """Return the shapes of thresholds, pieces and border edges, concatenated, and their offsets."""
    shape = np.concatenate((before.ravel(), pieces.shape, after.ravel()))
    counts = np.concatenate(
        (np.full(len(before), 2), np.diff(pieces.shape_start), np.full(len(after), 2))
    )
    return shape, np.concatenate(([0], np.cumsum(counts))).astype(np.int64)


def _known_or_zero(climb_m: Array) -> Array:
    return np.nan_to_num(climb_m, nan=0.0).astype(np.float32)
