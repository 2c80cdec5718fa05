"""Where hazards lie on the road, and what a route's share of them adds up to.

A hazard's area is laid over the edges once a request; from then on everything is arithmetic on
shares of edges, which is additive over concatenation and does not depend on how an edge is split.
"""

import hashlib
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from routing.errors import InvalidRequest
from routing.graph import RoadGraph
from routing.lines import surrounding

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: Half the width given to a hazard drawn as a line or a point [A]. Hazards come as areas as a
#: rule; a line drawn along a road has to meet it although two drawings never coincide.
TOLERANCE_M: Final = 50.0

#: A weight or a rate above this is a mistake [A]; prices of all below it are finite.
HIGHEST: Final = 1e10

#: Upper exact 95 % Poisson limit for one observed event, as a multiple of it (Garwood, Biometrika
#: 28:437, 1936). A rate that comes without its interval is taken to rest on one event: missing
#: information widens the interval, it never narrows it.
GARWOOD_UPPER: Final = 5.572

#: Degrees that no drawing of a place on Earth exceeds, however it crosses the antimeridian [A].
_FARTHEST: Final = 1_000.0


@dataclass(frozen=True, eq=False, slots=True)
class Hazard:
    """A hazard that counts at the asked time, as the caller knows it.

    Parameters
    ----------
    id, title
        Stable id and display title.
    kind
        Such as ``'flood'``; the key of the answer's ``exposure``.
    family
        ``'physical'`` or ``'human_threat'`` (P36).
    geometry
        Degrees, WGS 84. Areas as they are; lines and points get `TOLERANCE_M` on every side.
    exclusion
        True: no route may touch it (P11, P14).
    weight
        Multiplier >= 1 of its price in the search; 1 where nobody gave a source for more.
    rate_per_km
        Expected events per traveller and kilometre, from a count, a denominator and a source.
    rate_low, rate_high
        Its 95 % interval.
    source
        Where the rate, or the record, comes from.
    unit
        Unit of the expected events; ``'events'`` when None.
    night_only
        Counts only for those who may be there by night.
    key
        Equal for records that lie and cost the same; filled in here.
    """

    id: str
    kind: str
    family: str
    geometry: BaseGeometry
    exclusion: bool = False
    weight: float = 1.0
    rate_per_km: float | None = None
    rate_low: float | None = None
    rate_high: float | None = None
    source: str | None = None
    title: str = ""
    unit: str | None = None
    night_only: bool = False
    key: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Its box says nothing of vertices that are not a number, and GEOS fails on those.
        reach = np.abs(shapely.get_coordinates(self.geometry))
        if self.geometry.is_empty or not (reach <= _FARTHEST).all():
            raise InvalidRequest("hazards", f"hazard {self.id} has no geometry")
        if not 1 <= self.weight <= HIGHEST:  # NaN neither
            raise InvalidRequest("hazards", f"hazard {self.id} has a weight that is none")
        rates = (self.rate_per_km, self.rate_low, self.rate_high)
        if any(rate is not None and not 0 <= rate <= HIGHEST for rate in rates):
            raise InvalidRequest("hazards", f"hazard {self.id} has a rate that is no rate")
        # What where it lies and what it costs depend on; compared by every request.
        told = (self.id, self.kind, self.exclusion, self.weight, rates, self.night_only)
        digest = hashlib.blake2b(self.geometry.wkb, digest_size=16)
        digest.update(repr(told).encode())
        object.__setattr__(self, "key", digest.digest())

    @property
    def upper_rate_per_km(self) -> float | None:
        """Upper 95 % bound of the rate: the given one, else as if resting on one event."""
        if self.rate_per_km is None:
            return None
        if self.rate_high is None:
            return self.rate_per_km * GARWOOD_UPPER
        return max(self.rate_high, self.rate_per_km)


@dataclass(frozen=True, slots=True)
class Exposure:
    """How much of one hazard kind a route meets.

    Parameters
    ----------
    value
        Expected events where a rate is cited, else kilometres inside the hazard, or hours.
    unit
        ``'events'``, ``'km'`` or ``'h'``.
    source
        Where the figure comes from; None where a record names no source.
    interval_95
        Lower and upper bound of expected events. The bounds of several records are added, which
        is wider than the interval of the sum, never narrower.
    p_at_least_one
        ``1 - exp(-value)`` for expected events; for planners, not for the public page (P46).
    """

    value: float
    unit: str
    source: str | None
    interval_95: tuple[float, float] | None = None
    p_at_least_one: float | None = None

    @classmethod
    def sum(cls, items: Sequence["Exposure"]) -> "Exposure":
        """Add exposures of one kind and unit; bounds are known only where all of them are."""
        value = sum(item.value for item in items)
        bounds = [item.interval_95 for item in items if item.interval_95 is not None]
        interval = None
        if len(bounds) == len(items):
            interval = (sum(low for low, _ in bounds), sum(high for _, high in bounds))
        return cls(
            value,
            items[0].unit,
            _sources(item.source for item in items),
            interval,
            None if items[0].p_at_least_one is None else -math.expm1(-value),
        )


@dataclass(frozen=True, eq=False)
class Legs:
    """Pieces of directed edges in order of travel.

    Parameters
    ----------
    edge
        int64 [n].
    start, end
        float64 [n], shares of the edge, 0 <= start <= end <= 1.
    """

    edge: Ints
    start: Floats
    end: Floats

    @classmethod
    def of(cls, pieces: Iterable[tuple[int, float, float]]) -> "Legs":
        """Gather (edge, from, to) triples."""
        rows = list(pieces)
        return cls(
            np.array([row[0] for row in rows], dtype=np.int64),
            np.array([row[1] for row in rows], dtype=np.float64),
            np.array([row[2] for row in rows], dtype=np.float64),
        )

    @classmethod
    def whole(cls, edges: Ints) -> "Legs":
        """Give edges from end to end."""
        return cls(edges, np.zeros(len(edges)), np.ones(len(edges)))

    @property
    def share(self) -> Floats:
        """Share of its edge that each leg uses."""
        return self.end - self.start


@dataclass(frozen=True, eq=False)
class Contact:
    """Where one hazard lies on a graph's edges.

    Parameters
    ----------
    hazard
        The record.
    area
        Its polygonal area in degrees.
    edge
        int64 [n], rising; an edge may occur several times.
    start, end
        float64 [n], the inside part as shares of the edge; equal where it only touches.
    """

    hazard: Hazard
    area: BaseGeometry
    edge: Ints
    start: Floats
    end: Floats

    @cached_property
    def edges(self) -> Ints:
        """The edges that it touches, be it in one point: int64 [k], rising, each once."""
        return np.unique(self.edge)

    def of(self, hazard: Hazard) -> "Contact":
        """Give the same place for another reading of the record."""
        return Contact(hazard, self.area, self.edge, self.start, self.end)

    def parts(self, legs: Legs) -> tuple[Ints, Floats, Floats]:
        """Cut the inside parts to the given legs.

        Returns
        -------
        (leg int64 [m], start float64 [m], end float64 [m]), shares of the leg's edge, start <= end;
        parts that only touch a leg are kept with no length.
        """
        first = np.searchsorted(self.edge, legs.edge, "left")
        count = np.searchsorted(self.edge, legs.edge, "right") - first
        leg = np.repeat(np.arange(len(legs.edge)), count)
        within = np.arange(len(leg)) - np.repeat(np.cumsum(count) - count, count)
        row = first[leg] + within
        start = np.maximum(self.start[row], legs.start[leg])
        end = np.minimum(self.end[row], legs.end[leg])
        met = start <= end
        return leg[met], start[met], end[met]

    def share_of(self, legs: Legs) -> Floats:
        """Share of each leg's *edge* that the leg spends inside, float64 [legs]."""
        leg, start, end = self.parts(legs)
        return np.bincount(leg, end - start, len(legs.edge))

    def meets(self, legs: Legs) -> NDArray[np.bool_]:
        """Tell which legs touch the hazard at all, be it in one point."""
        met = np.zeros(len(legs.edge), dtype=np.bool_)
        met[self.parts(legs)[0]] = True
        return met


def contact(graph: RoadGraph, hazard: Hazard, tolerance_m: float = TOLERANCE_M) -> Contact:
    """Lay a hazard over the edges of a graph.

    The part of a straight segment inside an area is found exactly, in degrees, where shares along a
    straight line are the same as on the ground; segments count by their length in metres.

    Parameters
    ----------
    graph
        The road graph.
    hazard
        The record.
    tolerance_m
        Half the width given to lines and points.
    """
    area = surrounding(shapely.make_valid(hazard.geometry), tolerance_m)
    shapely.prepare(area)
    edges = np.sort(np.asarray(graph.edges_in(area), dtype=np.int64))
    pieces = _Segments.of(graph, edges)
    inside = np.asarray(shapely.covers(area, pieces.shape))
    cut = np.unique(pieces.edge[~inside])
    entire = edges[~np.isin(edges, cut)]
    columns = [
        (entire, np.zeros(len(entire)), np.ones(len(entire))),
        pieces.spans(inside & np.isin(pieces.edge, cut)),
        _cut(area, pieces.only(~inside)),
    ]
    edge, start, end = (np.concatenate(column) for column in zip(*columns, strict=True))
    order = np.lexsort((start, edge))
    return Contact(hazard, area, edge[order], start[order], end[order])


@dataclass(frozen=True, eq=False, slots=True)
class _Segments:
    """Edges split into straight segments.

    ``edge`` int64 [n]; ``shape`` geometries [n]; ``origin`` and ``step`` float64 [n, 2], degrees;
    ``begin`` and ``finish`` float64 [n], shares of the edge.
    """

    edge: Ints
    shape: NDArray[np.object_]
    origin: Floats
    step: Floats
    begin: Floats
    finish: Floats

    @classmethod
    def of(cls, graph: RoadGraph, edges: Ints) -> "_Segments":
        flat, along, count = graph.edge_lines(edges)
        owner = np.repeat(edges, count)
        first = np.flatnonzero(owner[:-1] == owner[1:])
        origin, end = flat[first], flat[first + 1]
        shape = np.empty(len(first), dtype=np.object_)
        # A segment without length is a point: as a line it would meet nothing.
        is_point = (origin == end).all(axis=1)
        shape[is_point] = shapely.points(origin[is_point])
        shape[~is_point] = shapely.linestrings(np.stack([origin, end], axis=1)[~is_point])
        return cls(owner[first], shape, origin, end - origin, along[first], along[first + 1])

    def only(self, rows: NDArray[np.bool_] | Ints) -> "_Segments":
        """Keep some rows."""
        return _Segments(
            self.edge[rows],
            self.shape[rows],
            self.origin[rows],
            self.step[rows],
            self.begin[rows],
            self.finish[rows],
        )

    def spans(self, rows: NDArray[np.bool_]) -> tuple[Ints, Floats, Floats]:
        """Give (edge, from, to) of whole segments."""
        return self.edge[rows], self.begin[rows], self.finish[rows]


def _cut(area: BaseGeometry, pieces: _Segments) -> tuple[Ints, Floats, Floats]:
    """Find the parts of segments inside an area: (edge, from, to), touches without length."""
    pieces = pieces.only(np.asarray(shapely.intersects(area, pieces.shape), dtype=np.bool_))
    parts, row = shapely.get_parts(shapely.intersection(pieces.shape, area), return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    pick, owner = np.arange(len(points)), row[part]
    # The longer of the two axes gives the share without dividing by nearly nothing.
    axis = np.argmax(np.abs(pieces.step[owner]), axis=1)
    length = pieces.step[owner, axis]
    offset = points[pick, axis] - pieces.origin[owner, axis]
    share = np.divide(offset, length, out=np.zeros(len(points)), where=length != 0).clip(0.0, 1.0)
    low, high = np.ones(len(parts)), np.zeros(len(parts))
    np.minimum.at(low, part, share)
    np.maximum.at(high, part, share)
    begin, width = pieces.begin[row], pieces.finish[row] - pieces.begin[row]
    return pieces.edge[row], begin + low * width, begin + high * width


#: Gives what the rate of a hazard is multiplied by on edges: float64 [k] for int64 [k] edges and
#: bool [k], which of them are walked by night.
type Relative = Callable[[Hazard, Ints, NDArray[np.bool_]], Floats]


def hazard_exposure(
    contacts: Sequence[Contact],
    legs: Legs,
    length_m: Floats,
    night: NDArray[np.bool_],
    relative: Relative,
) -> dict[str, Exposure]:
    """Add up what a route meets, by kind.

    ``E = Σ L·λ·Π RR`` in expected events for records with a cited rate. Records without one give
    the kilometres inside any of them, overlaps counted once; beside rated records of the same kind
    they appear as ``<kind>_without_rate``.

    Parameters
    ----------
    contacts
        Hazards laid over the graph.
    legs
        The route.
    length_m
        float64 [legs], length of each leg's whole edge.
    night
        bool [legs], which of them are walked by night.
    relative
        The relative risks.
    """
    rated: dict[str, list[tuple[Hazard, float]]] = defaultdict(list)
    unrated: dict[str, list[Contact]] = defaultdict(list)
    for item in contacts:
        if item.hazard.rate_per_km is None:
            unrated[item.hazard.kind].append(item)
        else:
            share = item.share_of(legs)
            if share.any():
                risk = relative(item.hazard, legs.edge, night)
                rated_km = float((share * length_m * risk).sum()) / 1000
                rated[item.hazard.kind].append((item.hazard, rated_km))
    answer = {kind: _events(rows) for kind, rows in rated.items()}
    for kind, items in unrated.items():
        met = [item for item in items if item.share_of(legs).any()]
        if met:
            key = f"{kind}_without_rate" if kind in rated else kind
            source = _sources(item.hazard.source for item in met)
            answer[key] = Exposure(covered_m(met, legs, length_m) / 1000, "km", source)
    return dict(sorted(answer.items()))


def _events(rows: Sequence[tuple[Hazard, float]]) -> Exposure:
    """Add expected events of one kind over (hazard, kilometres inside times relative risks)."""
    value, low, high, bounded = 0.0, 0.0, 0.0, True
    for hazard, rated_km in rows:
        value += (hazard.rate_per_km or 0.0) * rated_km
        if hazard.rate_low is None or hazard.rate_high is None:
            bounded = False
        else:
            low += hazard.rate_low * rated_km
            high += hazard.rate_high * rated_km
    return Exposure(
        value,
        rows[0][0].unit or "events",
        _sources(hazard.source for hazard, _ in rows),
        (low, high) if bounded else None,
        -math.expm1(-value),
    )


def _sources(sources: Iterable[str | None]) -> str | None:
    return "; ".join(sorted({source for source in sources if source})) or None


def covered_m(contacts: Sequence[Contact], legs: Legs, length_m: Floats) -> float:
    """Give the metres of a route inside at least one hazard, overlaps counted once."""
    return float((covered_share(contacts, legs) * length_m).sum())


def covered_share(contacts: Sequence[Contact], legs: Legs) -> Floats:
    """Give the share of each leg's *edge* that the leg spends in at least one hazard."""
    columns = [item.parts(legs) for item in contacts]
    if not columns:
        return np.zeros(len(legs.edge))
    leg, start, end = (np.concatenate(column) for column in zip(*columns, strict=True))
    if not len(leg):
        return np.zeros(len(legs.edge))
    # Legs are laid side by side two apart, so that one sweep serves all of them.
    low, high = leg * 2.0 + start, leg * 2.0 + end
    order = np.argsort(low, kind="stable")
    low, high, leg = low[order], high[order], leg[order]
    reached = np.concatenate([[-1.0], np.maximum.accumulate(high)[:-1]])
    width = np.maximum(0.0, high - np.maximum(low, reached))
    return np.bincount(leg, width, len(legs.edge))
