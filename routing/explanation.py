"""What each stretch of a route is like, and what it adds to the totals.

Legs are cut where a hazard begins or ends, and joined again where nothing that is said of them
changes. What a stretch adds is worked out as the totals of `routing.route` are, on the same shares
of the same edges, so that the stretches of a route sum to its totals whatever the cuts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from routing.access import HIGHWAY_CLASSES, SURFACES, EdgeFlag
from routing.contact import Contact
from routing.cost import ALTITUDES_M, Travel
from routing.exposure import covered_share
from routing.legs import Legs
from routing.risk import Applied, State, applied

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Flags = NDArray[np.bool_]
type Column = NDArray[Any]

#: What is less than a millimetre of road is rounding: no stretch begins for it.
_NOTHING_M: Final = 1e-3

#: So is so small a part of an edge, or of the most that any stretch adds; sums keep nine digits.
_ROUNDING: Final = 1e-13

#: A tag by the bits that say yes and no: neither, one, the other, and both (yes wins).
_TRISTATE: Final = (None, True, False, True)

_NOWHERE: Final[Mapping[str, float]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SegmentFactor:
    """A relative risk of `routing.risk` on a stretch inside a hazard with a cited rate.

    Parameters
    ----------
    kind
        The hazard's kind.
    name
        Key of the factor.
    value
        What the rate is multiplied by; 1 where it is not known.
    is_unknown
        The tag it hangs on is missing.
    """

    kind: str
    name: str
    value: float
    is_unknown: bool


class RouteSegment(NamedTuple):
    """A stretch of a route on which nothing that is said of it changes.

    An answer may have thousands: a frozen dataclass takes seven times as long to make.

    Parameters
    ----------
    from_m, to_m
        Where it begins and ends, metres along the route.
    road, ref
        Name and number, None without.
    road_class
        One of ``HIGHWAY_CLASSES``.
    surface
        One of ``SURFACES``; None where not known.
    lit, sidewalk
        None where not known.
    night
        Walked by night.
    hazards
        Ids of the hazards that it lies inside.
    ascent_m, descent_m
        Metres climbed and gone down.
    duration_s
        Moving time.
    exposure
        What it adds to the route's exposure, by the same kinds and in the same units; a kind that
        is not there is 0.
    unknown
        Metres by what is not known of them, as the route's; what is not there is 0.
    factors
        Relative risks that apply, or would if a tag were known.
    network, as_of
        The road graph that says so, and the day its source was made, ISO 8601; the day it was read
        where the source does not say.
    """

    from_m: float
    to_m: float
    road: str | None
    ref: str | None
    road_class: str
    surface: str | None
    lit: bool | None
    sidewalk: bool | None
    night: bool
    hazards: tuple[str, ...]
    ascent_m: float
    descent_m: float
    duration_s: float
    exposure: Mapping[str, float]
    unknown: Mapping[str, float]
    factors: tuple[SegmentFactor, ...]
    network: str
    as_of: str

    @property
    def length_m(self) -> float:
        """Length, metres."""
        return self.to_m - self.from_m

    def moved(self, by_m: float) -> "RouteSegment":
        """Give the same stretch as part of a way that begins so much earlier."""
        return self._replace(from_m=self.from_m + by_m, to_m=self.to_m + by_m)


def explained(
    travel: Travel, legs: Legs, contacts: Sequence[Contact], night: NDArray[np.bool_]
) -> tuple[RouteSegment, ...]:
    """Tell a way stretch by stretch.

    Parameters
    ----------
    travel
        The profile's costs on the graph.
    legs
        The way, in order of travel.
    contacts
        Every hazard that counts, laid over the graph.
    night
        bool [legs], which of them are walked by night.
    """
    if not len(legs.edge):
        return ()
    met = [(item, item.parts(legs)) for item in contacts]
    met = [row for row in met if (row[1][2] > row[1][1]).any()]
    pieces, leg = _cut(travel, legs, [parts for _, parts in met])
    return _Explaining(travel, pieces, [item for item, _ in met], night[leg]).segments()


def _cut(
    travel: Travel, legs: Legs, parts: Sequence[tuple[Ints, Floats, Floats]]
) -> tuple[Legs, Ints]:
    """Cut legs where a hazard begins or ends: (pieces, leg int64 [pieces])."""
    whole = np.arange(len(legs.edge))
    if not parts:
        return legs, whole
    length_m = travel.length_m(legs.edge)
    leg = np.concatenate([row[0] for row in parts] * 2)
    share = np.concatenate([row[1] for row in parts] + [row[2] for row in parts])
    room = np.minimum(share - legs.start[leg], legs.end[leg] - share)
    inner = room * length_m[leg] > _NOTHING_M
    leg = np.concatenate([whole, leg[inner]])
    start = np.concatenate([legs.start, share[inner]])
    order = np.lexsort((start, leg))
    leg, start = leg[order], start[order]
    # Parts of one hazard that follow one another meet but for rounding.
    again = (leg[1:] == leg[:-1]) & (np.diff(start) * length_m[leg[1:]] <= _NOTHING_M)
    kept = np.append(True, ~again)
    leg, start = leg[kept], start[kept]
    last = np.append(leg[1:] != leg[:-1], True)
    end = np.where(last, legs.end[leg], np.append(start[1:], 0.0))
    return Legs(legs.edge[leg], start, end), leg


class _Explaining:
    """One way, cut into pieces; P pieces, in order of travel.

    Parameters
    ----------
    travel
        The profile's costs on the graph.
    pieces
        Cut where a hazard begins or ends.
    met
        The hazards that some of the way lies inside.
    night
        bool [P].
    """

    def __init__(self, travel: Travel, pieces: Legs, met: Sequence[Contact], night: Flags) -> None:
        self.travel = travel
        self.pieces = pieces
        self.met = met
        self.night = night
        self.length_m = travel.length_m(pieces.edge)
        self.metres = self.length_m * pieces.share
        self.shares = [item.share_of(pieces) for item in met]
        least_m = np.minimum(_NOTHING_M, self.metres / 2)
        self.inside = [share * self.length_m > least_m for share in self.shares]
        self.height_known = travel.height_known(pieces.edge)

    def segments(self) -> tuple[RouteSegment, ...]:
        """Join the pieces of which the same is said."""
        facts, factors = self._facts(), self._factors()
        told = [*facts.values(), *self.inside, self.height_known]
        told += [column for _, one in factors for column in (one.state, one.value)]
        first, shown = self._joined(told)
        ends_m = np.cumsum(self.metres)
        to_m = np.append(ends_m[first[1:] - 1], ends_m[-1])
        added = {
            what: np.add.reduceat(values, first).tolist() for what, values in self._added().items()
        }
        exposure = _mappings(self._exposure(), first)
        unknown = _mappings(self._unknown(), first)
        meta = self.travel.graph.meta
        rows = zip(
            np.append(0.0, to_m[:-1]).tolist(),
            to_m.tolist(),
            self._names(facts["name"][shown]),
            self._names(facts["ref"][shown]),
            [HIGHWAY_CLASSES[row] for row in facts["class"][shown].tolist()],
            [SURFACES[row] if row else None for row in facts["surface"][shown].tolist()],
            [_TRISTATE[row] for row in facts["lit"][shown].tolist()],
            [_TRISTATE[row] for row in facts["sidewalk"][shown].tolist()],
            self.night[shown].tolist(),
            self._hazards(shown),
            added["ascent"],
            added["descent"],
            added["duration"],
            exposure,
            unknown,
            self._factors_of(factors, shown),
            [meta.name] * len(first),
            [(meta.extract_timestamp or meta.imported_at)[:10]] * len(first),
            strict=True,
        )
        return tuple(starmap(RouteSegment, rows))

    # --- what is said ---------------------------------------------------------------------------

    def _facts(self) -> dict[str, Column]:
        graph, edge = self.travel.graph, self.pieces.edge
        flags = graph.edge_flags[edge]
        return {
            "name": graph.edge_name[edge],
            "ref": graph.edge_ref[edge],
            "class": graph.edge_class[edge],
            "surface": graph.edge_surface[edge],
            "lit": _tristate(flags, EdgeFlag.LIT_YES, EdgeFlag.LIT_NO),
            "sidewalk": _tristate(flags, EdgeFlag.SIDEWALK_YES, EdgeFlag.SIDEWALK_NO),
            "night": self.night,
        }

    def _factors(self) -> list[tuple[str, Applied]]:
        """Give the relative risks by kind; they do not apply outside the kind's rated hazards."""
        inside: dict[str, Flags] = {}
        for item, here in zip(self.met, self.inside, strict=True):
            if item.hazard.rate_per_km is not None:
                kind = item.hazard.kind
                inside[kind] = inside.get(kind, np.zeros_like(here)) | here
        found = []
        for kind, here in inside.items():
            for one in applied(self.travel.graph, kind, self.pieces.edge, self.night):
                state = np.where(here, one.state, np.uint8(State.DOES_NOT_APPLY))
                value = np.where(state == State.APPLIED, one.value, 1.0)
                found.append((kind, Applied(one.factor, value, state)))
        return found

    def _joined(self, told: Sequence[Column]) -> tuple[Ints, Ints]:
        """Give the first piece of each segment, and the piece that speaks for it.

        A piece without length (a border edge of the sketch) belongs to what comes before it.
        """
        long = np.flatnonzero(self.metres > 0)
        if not len(long):
            long = np.zeros(1, dtype=np.int64)
        differs = np.zeros(len(long) - 1, dtype=np.bool_)
        for column in told:
            of_long = column[long]
            differs |= of_long[1:] != of_long[:-1]
        shown = long[np.append(True, differs)]
        first = shown.copy()
        first[0] = 0
        return first, shown

    def _names(self, index: Column) -> list[str | None]:
        name = self.travel.graph.name_at
        known = {row: name(row) for row in np.unique(index).tolist()}
        return [known[row] for row in index.tolist()]

    def _hazards(self, shown: Ints) -> list[tuple[str, ...]]:
        ids: list[tuple[str, ...]] = [()] * len(shown)
        for item, here in zip(self.met, self.inside, strict=True):
            for row in np.flatnonzero(here[shown]).tolist():
                ids[row] += (item.hazard.id,)
        return ids

    @staticmethod
    def _factors_of(
        factors: Sequence[tuple[str, Applied]], shown: Ints
    ) -> list[tuple[SegmentFactor, ...]]:
        found: list[tuple[SegmentFactor, ...]] = [()] * len(shown)
        for kind, one in factors:
            state, value = one.state[shown], one.value[shown]
            for row in np.flatnonzero(state != State.DOES_NOT_APPLY).tolist():
                is_unknown = bool(state[row] == State.UNKNOWN)
                found[row] += (SegmentFactor(kind, one.factor.name, float(value[row]), is_unknown),)
        return found

    # --- what is added --------------------------------------------------------------------------

    def _added(self) -> dict[str, Floats]:
        graph, edge, share = self.travel.graph, self.pieces.edge, self.pieces.share
        return {
            "ascent": graph.edge_ascent_m[edge] * share,
            "descent": graph.edge_descent_m[edge] * share,
            "duration": self.travel.time_s(edge) * share,
        }

    def _exposure(self) -> dict[str, Floats]:
        """Give what each piece adds by kind, as `Route.exposure` sums it."""
        found: dict[str, Floats] = {}
        unrated: dict[str, list[Contact]] = {}
        for item, share in zip(self.met, self.shares, strict=True):
            hazard = item.hazard
            if hazard.rate_per_km is None:
                unrated.setdefault(hazard.kind, []).append(item)
                continue
            risk = self.travel.relative_risk(hazard, self.pieces.edge, self.night)
            events = hazard.rate_per_km * share * self.length_m * risk / 1000
            found[hazard.kind] = found.get(hazard.kind, 0.0) + events
        rated = frozenset(found)
        for kind, items in unrated.items():
            key = f"{kind}_without_rate" if kind in rated else kind
            found[key] = covered_share(items, self.pieces) * self.length_m / 1000
        if self.height_known.any():
            for kind, limit_m in ALTITUDES_M.items():
                found[kind] = self.travel.hours_above(self.pieces, limit_m)
        return found

    def _unknown(self) -> dict[str, Floats]:
        facts = self._facts()
        left_m = self.metres - covered_share(self.met, self.pieces) * self.length_m
        return {
            "hazards": np.where(left_m > _ROUNDING * self.length_m, left_m, 0.0),
            "elevation": np.where(self.height_known, 0.0, self.metres),
            "surface": np.where(facts["surface"] == 0, self.metres, 0.0),
            "lit": np.where(facts["lit"] == 0, self.metres, 0.0),
        }


def _tristate(flags: Column, yes: EdgeFlag, no: EdgeFlag) -> Column:
    """Give the row of `_TRISTATE` of a tag, uint8 [k]."""
    is_yes, is_no = (flags & int(yes)) != 0, (flags & int(no)) != 0
    return np.asarray(is_yes + 2 * is_no.astype(np.uint8))


def _mappings(columns: Mapping[str, Floats], first: Ints) -> list[Mapping[str, float]]:
    """Sum pieces to segments and give each what it has of every column."""
    found: list[dict[str, float] | None] = [None] * len(first)
    for what, values in columns.items():
        sums = np.add.reduceat(values, first)
        some = np.flatnonzero(sums > _ROUNDING * sums.max())
        for row, value in zip(some.tolist(), sums[some].tolist(), strict=True):
            known = found[row]
            if known is None:
                found[row] = {what: value}
            else:
                known[what] = value
    return [_NOWHERE if one is None else one for one in found]
