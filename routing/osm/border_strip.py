"""Borders during import: each node's country, and the strip cleared of minor ways (P34)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from routing.geometry.geodesy import EARTH_RADIUS_M, UNITS_PER_DEGREE, great_circle_m, mercator_m
from routing.graph.components import label_components
from routing.osm.junction_split import Pieces, WaySegments
from routing.osm.way_table import NodePlaces, WayTable
from routing.osm_tags.edge_flags import EdgeFlag
from routing.osm_tags.ways import HIGHWAY_CLASSES

type Array = NDArray[Any]

#: Width of the border strip, from which minor ways are removed, on each side of the border line,
#: metres, as P34 proposes.
STRIP_M = 1_000.0
#: Near an official line, a minor way stays if neither it nor any minor way joined with it comes
#: nearer to the line than this distance, or than the line's error where that is larger [A] (P34).
CLEAR_M = 100.0
#: Distance from an official crossing within which roads are its approaches, metres
#: (design/definitions.md, "Border").
APPROACH_M = 500.0
#: Longest stretch that border lines are cut into. In a short stretch, a line that is straight in
#: degrees and one that is straight in the Mercator plane differ by centimetres (0.02 degree at
#: latitude 60: 6 cm).
_STRETCH_DEG = 0.02
#: Side of the prefilter's cells, degrees: a street with a kilometre on either side fits in a cell.
_SIEVE_DEG = 0.05
#: Classes of ways that are always removed where they meet a border line. Footway, cycleway and
#: steps are not among them: walkers may well pass an official crossing on one.
_ROUGH = [HIGHWAY_CLASSES.index(name) for name in ("track", "path", "bridleway")]


@dataclass(frozen=True, slots=True)
class OfficialCrossing:
    """Border crossing run by a government; whether it is open is decided at each route request.

    Parameters
    ----------
    countries
        ISO 3166-1 alpha-2 codes of the two sides.
    """

    id: str
    lon: float
    lat: float
    countries: tuple[str, str]


@dataclass(frozen=True, eq=False)
class Boundaries:
    """Known borders of a region.

    Parameters
    ----------
    countries
        ISO 3166-1 alpha-2 code of each area.
    areas
        Polygons of ``countries``, EPSG:4326; empty where none is complete.
    lines
        Border lines, EPSG:4326.
    error_m
        Largest distance of the lines from the true border, metres.
    is_official
        Whether the lines come from an official boundary file. Lines that volunteers drew into an
        extract are not official, because anyone who wants a path on the map could move them.
    """

    countries: tuple[str, ...] = ()
    areas: tuple[BaseGeometry, ...] = ()
    lines: tuple[BaseGeometry, ...] = ()
    error_m: float = 0.0
    is_official: bool = False


def node_countries(lon: Array, lat: Array, areas: Sequence[BaseGeometry]) -> NDArray[np.int16]:
    """Return the index of the area that contains each point, -1 for none; outlines count as inside.

    Parameters
    ----------
    lon, lat
        Degrees.
    """
    country = np.full(len(lon), -1, dtype=np.int16)
    for index, area in enumerate(areas):
        west, south, east, north = area.bounds
        near = (country < 0) & (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        rows = np.flatnonzero(near)
        shapely.prepare(area)
        inside = shapely.intersects_xy(area, lon[rows], lat[rows])
        country[rows[inside]] = index
    return country


class BorderStrip:
    """Spatial index of the border lines, to find segments, lines and areas near or across them.

    Distances are taken in the Mercator plane, where a metre at latitude phi measures
    1 / cos(phi) everywhere and in every direction.

    Parameters
    ----------
    boundaries
        Border lines and their error.
    crossings
        Official crossings, whose approaches are kept.
    strip_m
        Width of the strip on each side, metres; at least the lines' error (P34).
    approach_m
        Distance from a crossing within which roads are its approaches, metres.
    clear_m
        Distance that joined minor ways must keep from an official line in order to stay, metres.
    """

    def __init__(
        self,
        boundaries: Boundaries,
        crossings: Sequence[OfficialCrossing],
        *,
        strip_m: float = STRIP_M,
        approach_m: float = APPROACH_M,
        clear_m: float = CLEAR_M,
    ) -> None:
        self.strip_m = max(strip_m, boundaries.error_m)
        self.error_m = boundaries.error_m
        self.is_official = boundaries.is_official
        self.clear_m = max(clear_m, boundaries.error_m)
        self.countries = boundaries.countries
        self.has_areas = bool(boundaries.areas)
        self.approach_m = approach_m
        self._crossings = tuple(crossings)
        stretches = _stretches(boundaries.lines)
        self._tree = _tree(stretches)
        self._plane = _tree(mercator_m(stretches))
        self._sieve = _Sieve(stretches) if len(stretches) else None

    def near(self, ends: Array, distance_m: float) -> NDArray[np.bool_]:
        """Return whether each segment comes within the distance of a border line.

        Parameters
        ----------
        ends
            float64 [S, 2, 2], degrees.
        """
        result = np.zeros(len(ends), dtype=bool)
        rows = self._candidates(ends, distance_m)
        if len(rows):
            plane = mercator_m(ends[rows])
            lines: Array = np.asarray(shapely.linestrings(plane))
            is_point = (plane[:, 0] == plane[:, 1]).all(axis=1)  # GEOS: such a line meets nothing
            lines[is_point] = shapely.points(plane[is_point, 0])
            stretch = 1 / np.cos(np.radians(np.abs(ends[rows, :, 1]).max(axis=1)))
            hit = self._plane.query(lines, predicate="dwithin", distance=distance_m * stretch)
            result[rows[np.unique(hit[0])]] = True
        return result

    def _candidates(self, ends: Array, distance_m: float) -> Array:
        high = np.abs(ends[:, :, 1]).max(initial=0.0)
        # Widened a little: this is only a prefilter, the exact test follows.
        dlat = np.degrees(distance_m / EARTH_RADIUS_M) * 1.01
        dlon = dlat / max(np.cos(np.radians(high)), 1e-3)
        wider = np.array([dlon, dlat])
        low, top = (pick(ends[:, 0], ends[:, 1]) for pick in (np.minimum, np.maximum))
        return np.flatnonzero(self.may_meet(low - wider, top + wider))

    def may_meet(self, low: Array, high: Array) -> NDArray[np.bool_]:
        """Return whether a border line may run through each box; False is definite, True is not.

        Parameters
        ----------
        low, high
            float64 [K, 2], degrees: south-western and north-eastern corners.
        """
        if self._sieve is None:
            return np.zeros(len(low), dtype=bool)
        return self._sieve.may_meet(low, high)

    def meetings(self, lines: Array) -> tuple[Array, Array]:
        """Return where lines meet a border line: the index of the line, and the point.

        Parameters
        ----------
        lines
            LineStrings in degrees.

        Returns
        -------
        tuple
            int64 [H] and float64 [H, 2] (degrees). A stretch shared with a border gives both ends.
        """
        which, stretch = self._tree.query(lines, predicate="intersects")
        common = shapely.intersection(lines[which], self._tree.geometries[stretch])
        points, index = shapely.get_coordinates(common, return_index=True)
        return which[index], points

    def inside(self, areas: Array) -> Array:
        """Return which areas, as indices, a border line runs through or lies in.

        Parameters
        ----------
        areas
            Areas in degrees.
        """
        which, _ = self._tree.query(areas, predicate="intersects")
        return np.unique(which)

    def near_crossing(
        self, points: Array, pairs: tuple[Array, Sequence[str]] | None = None
    ) -> NDArray[np.bool_]:
        """Return whether each point lies within `approach_m` of an official crossing.

        Parameters
        ----------
        points
            float64 [H, 2], degrees.
        pairs
            Optional: int [H, 2], two countries per point, as indices of the codes that follow; then
            only crossings that join these two countries are considered.
        """
        result = np.zeros(len(points), dtype=bool)
        for crossing in self._crossings:
            distance = great_circle_m(points[:, 0], points[:, 1], crossing.lon, crossing.lat)
            fits = distance <= self.approach_m
            if pairs is not None:
                index, codes = pairs
                sides = [codes.index(code) if code in codes else -1 for code in crossing.countries]
                pair = (np.sort(index, axis=1) == sorted(sides)).all(axis=1)
                fits &= pair & (index >= 0).all(axis=1)
            result |= fits
        return result

    @property
    def is_empty(self) -> bool:
        """Whether the region has no border line."""
        return self._sieve is None


class _Sieve:
    """Prefilter for roads near a border: a grid of coarse cells, with those that a border passes.

    Parameters
    ----------
    stretches
        float64 [L, 2, 2], degrees, each shorter than a cell.
    """

    def __init__(self, stretches: Array) -> None:
        low, high = stretches.min(axis=1), stretches.max(axis=1)
        self._origin = np.floor(low.min(axis=0) / _SIEVE_DEG).astype(np.int64) - 1
        size = np.floor(high.max(axis=0) / _SIEVE_DEG).astype(np.int64) - self._origin + 2
        # Places outside the grid are looked up in a ring of empty cells around it.
        self._is_met = np.zeros(size, dtype=bool)
        for column, row in self._corners(low, high):
            self._is_met[column, row] = True

    def _corners(self, low: Array, high: Array) -> Iterator[tuple[Array, Array]]:
        """Yield the cells of the four corners of each box."""
        cells = [
            np.clip(
                np.floor(corner / _SIEVE_DEG).astype(np.int64) - self._origin,
                0,
                np.array(self._is_met.shape) - 1,
            )
            for corner in (low, high)
        ]
        for one in cells:
            for other in cells:
                yield one[:, 0], other[:, 1]

    def may_meet(self, low: Array, high: Array) -> NDArray[np.bool_]:
        """Return whether a border may run through each box, as `BorderStrip.may_meet`."""
        # A box no longer than a cell touches only the cells of its corners; a longer box may touch
        # more, so the answer for it is always "may meet".
        result = (high - low > _SIEVE_DEG).any(axis=1)
        for column, row in self._corners(low, high):
            result |= self._is_met[column, row]
        return np.asarray(result)


def _stretches(lines: Sequence[BaseGeometry]) -> Array:
    """Cut border lines into straight stretches of at most 0.02 degree, float64 [L, 2, 2]."""
    parts = shapely.get_parts(np.array(lines, dtype=object)) if lines else np.array([])
    parts = parts[~shapely.is_empty(parts)] if len(parts) else parts
    if not len(parts):
        return np.empty((0, 2, 2))
    parts = shapely.segmentize(parts, _STRETCH_DEG)
    points, index = shapely.get_coordinates(parts, return_index=True)
    same = index[:-1] == index[1:]
    return np.stack((points[:-1][same], points[1:][same]), axis=1)


def _tree(stretches: Array) -> shapely.STRtree:
    lines: Array = np.asarray(shapely.linestrings(stretches))
    return shapely.STRtree(lines)


# --- rule P34 ------------------------------------------------------------------------------


def strip_segments(
    strip: BorderStrip, ways: WayTable, places: NodePlaces, segments: WaySegments
) -> NDArray[np.bool_]:
    """Return the segments that P34 removes before junctions are determined, bool [S].

    Paths, tracks and fords inside the strip are removed, wherever they lead. A ferry that touches
    the strip is removed entirely, since the rest of its line leads nowhere. The approaches of
    official crossings stay, except fords. Near an *official* line, a path or track stays if its
    whole minor component (`_reaching_line`) keeps clear of the line.
    """
    way = segments.way
    forded = places.is_ford[segments.tail] | places.is_ford[segments.head]
    ford = ways.columns["is_ford"][way] | forded
    ferry = (ways.columns["forward"][way] & EdgeFlag.FERRY) != 0
    minor = np.flatnonzero(ways.columns["is_minor"][way] | ford)
    ends = _ends(places, segments.tail[minor], segments.head[minor])
    near = np.flatnonzero(strip.near(ends, strip.strip_m))
    suspect, near_ends = minor[near], ends[near]
    approach = strip.near_crossing(near_ends[:, 0]) & strip.near_crossing(near_ends[:, 1])
    gone = ~approach | ford[suspect]
    if strip.is_official:
        # An approach of a crossing may meet the line: only other segments count as meeting it.
        meets = np.zeros(len(minor), dtype=bool)
        meets[near[~approach]] = strip.near(near_ends[~approach], strip.clear_m)
        meets |= _is_cut(ways, segments)[way[minor]]
        reaching = _reaching_line(segments.tail[minor], segments.head[minor], meets)
        gone &= reaching[near] | ford[suspect] | ferry[suspect]
    result = np.zeros(len(segments), dtype=bool)
    result[suspect[gone]] = True
    lost_ferries = np.unique(way[result & ferry])
    return np.asarray(result | (ferry & np.isin(way, lost_ferries)))


def _is_cut(ways: WayTable, segments: WaySegments) -> NDArray[np.bool_]:
    """Return which ways have nodes that the file lacks, so may lead anywhere, bool [W]."""
    drawn = np.bincount(segments.way, minlength=len(ways))
    return np.asarray(drawn < np.diff(ways.refs_start) - 1)


def _reaching_line(tail: Array, head: Array, meets: Array) -> NDArray[np.bool_]:
    """Return which minor segments lead, over minor segments alone, to one that meets the line.

    Two segments are joined where they share a node, even if a road runs through that node: a path
    that goes on beyond a road is the same path to a walker. Roads themselves join nothing.

    Parameters
    ----------
    tail, head
        Nodes of each segment.
    meets
        bool, which segments come too near to the line, or may do so.
    """
    if not meets.any():
        return np.zeros(len(tail), dtype=bool)
    _, row = np.unique(np.concatenate((tail, head)), return_inverse=True)
    both = np.asarray(row, dtype=np.int32)
    other = np.concatenate((both[len(tail) :], both[: len(tail)]))
    order = np.argsort(both, kind="stable")
    first = np.searchsorted(both[order], np.arange(int(both.max()) + 2)).astype(np.int64)
    label, count = label_components(first, other[order], np.ones(len(both), dtype=np.bool_))
    component = label[both[: len(tail)]]
    is_met = np.zeros(count, dtype=bool)
    is_met[component[meets]] = True
    return np.asarray(is_met[component])


def strip_pieces(
    strip: BorderStrip,
    ways: WayTable,
    places: NodePlaces,
    pieces: Pieces,
    country: NDArray[np.int16],
) -> NDArray[np.bool_]:
    """Return the pieces that P34 removes because they meet the border off crossings, bool [K].

    A piece that meets or crosses a border line, or whose ends lie in different countries, stays
    only at an official crossing of these countries; a path or track that meets the line never
    stays. If a bridge is removed, so are all bridges of the same way inside the strip. Without
    areas, the country on either side is unknown, and no piece may meet the line.

    Parameters
    ----------
    country
        int16 [N] over the node places, index in the boundaries' countries, -1 for none.
    """
    ends = np.stack((country[pieces.tail], country[pieces.head]), axis=1)
    differ = (ends[:, 0] != ends[:, 1]) & (ends >= 0).all(axis=1)
    close = np.flatnonzero(strip.may_meet(*_boxes(places, pieces)))
    which, points = strip.meetings(_lines(places, pieces, close))
    which = close[which]
    allowed = np.where(
        differ[which],
        strip.near_crossing(points, (ends[which], strip.countries)),
        strip.near_crossing(points),
    )
    allowed &= strip.has_areas & ~np.isin(ways.columns["road_class"], _ROUGH)[pieces.way[which]]
    gone, met = np.zeros(len(pieces), dtype=bool), np.zeros(len(pieces), dtype=bool)
    gone[which[~allowed]] = True
    met[which] = True
    # A piece with ends in two countries that meets no border line shows that the data contradict
    # each other: remove the piece.
    gone |= differ & ~met
    gone |= _roams_abroad(strip, places, pieces, country) & ~differ
    return gone | _bridges(strip, ways, places, pieces, gone)


def _roams_abroad(
    strip: BorderStrip, places: NodePlaces, pieces: Pieces, country: NDArray[np.int16]
) -> NDArray[np.bool_]:
    """Return which pieces leave the country of their first end, away from any crossing, bool [K].

    Such a piece may leave a country at one official crossing and return at another. As both its
    ends lie in one country, no route would check whether these crossings are open.
    """
    if not strip.has_areas:
        return np.zeros(len(pieces), dtype=bool)
    index = np.repeat(np.arange(len(pieces)), np.diff(pieces.shape_start))
    abroad = np.flatnonzero(country[pieces.shape] != country[pieces.tail][index])
    lonlat = np.column_stack((places.lon, places.lat)) / UNITS_PER_DEGREE
    far = abroad[~strip.near_crossing(lonlat[pieces.shape[abroad]])]
    return np.bincount(index[far], minlength=len(pieces)) > 0


def _bridges(
    strip: BorderStrip, ways: WayTable, places: NodePlaces, pieces: Pieces, gone: Array
) -> NDArray[np.bool_]:
    """Return the bridges to remove, bool [K].

    A bridge is removed if it is in ``gone``, or if it comes within the error of a border line and
    is no approach of an official crossing. Other bridges on the same way are removed if they come
    within the strip.
    """
    bridge = (ways.columns["forward"][pieces.way] & EdgeFlag.BRIDGE) != 0
    rows = np.flatnonzero(bridge)
    lost = gone[rows]
    if strip.error_m > 0:
        points = _ends(places, pieces.tail[rows], pieces.head[rows])
        approach = strip.near_crossing(points[:, 0]) & strip.near_crossing(points[:, 1])
        lost = lost | (_near(strip, places, pieces, rows, strip.error_m) & ~approach)
    same_way = np.isin(pieces.way[rows], pieces.way[rows[lost]])
    result = np.zeros(len(pieces), dtype=bool)
    result[rows] = lost | (same_way & _near(strip, places, pieces, rows, strip.strip_m))
    return result


def _near(
    strip: BorderStrip, places: NodePlaces, pieces: Pieces, rows: Array, distance_m: float
) -> NDArray[np.bool_]:
    """Return whether any segment of each given piece comes within the distance of a border line."""
    first, last = pieces.shape_start[rows], pieces.shape_start[rows + 1] - 1
    counts = last - first
    offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    position = np.repeat(first, counts) + offset
    ends = _ends(places, pieces.shape[position], pieces.shape[position + 1])
    index = np.repeat(np.arange(len(rows)), counts)
    return np.bincount(index, weights=strip.near(ends, distance_m), minlength=len(rows)) > 0


def _ends(places: NodePlaces, tail: Array, head: Array) -> Array:
    lonlat = np.column_stack((places.lon, places.lat)) / UNITS_PER_DEGREE
    return np.stack((lonlat[tail], lonlat[head]), axis=1)


def _boxes(places: NodePlaces, pieces: Pieces) -> tuple[Array, Array]:
    """Return the corners of the box around each piece, degrees, float64 [K, 2] each."""
    lonlat = np.column_stack((places.lon, places.lat))[pieces.shape] / UNITS_PER_DEGREE
    first = pieces.shape_start[:-1]
    return np.minimum.reduceat(lonlat, first), np.maximum.reduceat(lonlat, first)


def _lines(places: NodePlaces, pieces: Pieces, rows: Array) -> Array:
    """Return the given pieces as LineStrings, degrees."""
    is_wanted = np.zeros(len(pieces), dtype=bool)
    is_wanted[rows] = True
    wanted = pieces.take(is_wanted)
    points = np.column_stack((places.lon, places.lat))[wanted.shape] / UNITS_PER_DEGREE
    index = np.repeat(np.arange(len(wanted)), np.diff(wanted.shape_start))
    if not len(index):
        return np.empty(0, dtype=object)
    lines: Array = np.asarray(shapely.linestrings(points, indices=index))
    return lines
