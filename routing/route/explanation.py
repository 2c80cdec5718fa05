"""Stretches of a route: the attributes of each, and its contribution to the route's totals.

Legs are cut where a hazard begins or ends, and consecutive pieces with equal attributes are merged
again. Contributions are computed by the same formulas as the totals in `routing.route.route`, on
the same shares of the same edges, so the stretches of a route sum to its totals wherever legs are
cut.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.osm_tags.ways import HIGHWAY_CLASSES, SURFACES
from routing.route import _segment_kernels
from routing.route._segment_kernels import Looked
from routing.route.segments import RouteSegments, SegmentFactor
from routing.travel.cost_model import ALTITUDES_M, Travel
from routing.travel.exposure import covered_share
from routing.travel.hazard_overlay import HazardContact
from routing.travel.legs import Legs
from routing.travel.relative_risk import AppliedFactor, FactorState, applied

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Flags = NDArray[np.bool_]

#: Length of road below which a piece is a rounding error and begins no stretch, metres.
_NOTHING_M: Final = 1e-3

#: Share of an edge, or of the largest contribution of any stretch, below which a value is a
#: rounding error and set to 0. The sums are then still right to nine digits.
_ROUNDING: Final = 1e-13

#: Value of a tag by its bits for yes (1) and no (2): neither, yes, no, and both (yes wins).
_TRISTATE: Final = (None, True, False, True)

#: Attribute -> the row of `tell`'s sums with the metres of each stretch for which it is unknown.
_UNKNOWN: Final = {
    "hazards": _segment_kernels.UNREPORTED_M,
    "elevation": _segment_kernels.NO_HEIGHT_M,
    "surface": _segment_kernels.NO_SURFACE_M,
    "lit": _segment_kernels.NO_LIT_M,
}


def explained(
    travel: Travel,
    legs: Legs,
    contacts: Sequence[HazardContact],
    night: NDArray[np.bool_],
    looked: Looked | None = None,
) -> RouteSegments:
    """Return the stretches of a route.

    Parameters
    ----------
    travel
        The profile's costs on the graph.
    legs
        The route's legs, in order of travel.
    contacts
        Every hazard in force, overlaid on the graph.
    night
        bool [legs], which legs are walked by night.
    looked
        Attributes of the legs, where already looked up in the graph's tables.
    """
    if not len(legs.edge):
        return RouteSegments()
    looked = looked or Looked.of(travel, legs.edge)
    met = [(item, item.parts(legs)) for item in contacts]
    met = [row for row in met if (row[1][2] > row[1][1]).any()]
    if not met:
        return _Explaining(travel, legs, [], night, looked).segments()
    pieces, leg = _cut(legs, looked, [parts for _, parts in met])
    hazards = [item for item, _ in met]
    return _Explaining(travel, pieces, hazards, night[leg], looked.only(leg)).segments()


def _cut(
    legs: Legs, looked: Looked, parts: Sequence[tuple[Ints, Floats, Floats]]
) -> tuple[Legs, Ints]:
    """Cut legs where a hazard begins or ends: (pieces, int64 [pieces], each piece's leg)."""
    whole = np.arange(len(legs.edge))
    length_m = looked.measured_m[_segment_kernels.LENGTH_M]
    leg = np.concatenate([row[0] for row in parts] * 2)
    share = np.concatenate([row[1] for row in parts] + [row[2] for row in parts])
    room = np.minimum(share - legs.start[leg], legs.end[leg] - share)
    inner = room * length_m[leg] > _NOTHING_M
    leg = np.concatenate([whole, leg[inner]])
    start = np.concatenate([legs.start, share[inner]])
    order = np.lexsort((start, leg))
    leg, start = leg[order], start[order]
    # Rounding may part two consecutive parts inside one hazard: merge cuts less than a millimetre
    # apart.
    again = (leg[1:] == leg[:-1]) & (np.diff(start) * length_m[leg[1:]] <= _NOTHING_M)
    kept = np.append(True, ~again)
    leg, start = leg[kept], start[kept]
    last = np.append(leg[1:] != leg[:-1], True)
    end = np.where(last, legs.end[leg], np.append(start[1:], 0.0))
    return Legs(legs.edge[leg], start, end), leg


class _Explaining:
    """One route, cut into P pieces in order of travel.

    Parameters
    ----------
    travel
        The profile's costs on the graph.
    pieces
        Legs, cut where a hazard begins or ends.
    met
        The hazards that some part of the route lies inside.
    night
        bool [P], which pieces are walked by night.
    looked
        Attributes of the pieces from the graph's tables.
    """

    def __init__(
        self,
        travel: Travel,
        pieces: Legs,
        met: Sequence[HazardContact],
        night: Flags,
        looked: Looked,
    ) -> None:
        self.travel = travel
        self.pieces = pieces
        self.met = met
        self.night = night
        self.looked = looked
        self.length_m: Floats = looked.measured_m[_segment_kernels.LENGTH_M]
        self.metres: Floats = self.length_m * pieces.share
        self.shares = [item.share_of(pieces) for item in met]
        least_m = np.minimum(_NOTHING_M, self.metres / 2)
        self.inside = [share * self.length_m > least_m for share in self.shares]

    def segments(self) -> RouteSegments:
        """Merge consecutive pieces with equal attributes; return the stretches."""
        factors = self._factors()
        more = self.inside + [column for _, one in factors for column in (one.state, one.value)]
        looked, graph = self.looked, self.travel.graph
        said, sums = _segment_kernels.tell(
            self.pieces.share,
            looked.noted,
            looked.measured_m,
            looked.time_s,
            self._unreported_m(),
            self.night,
            np.array(more, dtype=np.float64).reshape(len(more), len(self.night)),
        )
        shown = said[_segment_kernels.SHOWN]
        rows, to_m = said.tolist(), sums[_segment_kernels.TO_M]
        meta = graph.meta
        return RouteSegments(
            from_m=np.concatenate([np.zeros(1), to_m[:-1]]),
            to_m=to_m,
            road=graph.names_at(rows[_segment_kernels.NAME]),
            ref=graph.names_at(rows[_segment_kernels.REF]),
            road_class=[HIGHWAY_CLASSES[row] for row in rows[_segment_kernels.CLASS]],
            surface=[SURFACES[row] if row else None for row in rows[_segment_kernels.SURFACE]],
            lit=[_TRISTATE[row] for row in rows[_segment_kernels.LIT]],
            sidewalk=[_TRISTATE[row] for row in rows[_segment_kernels.SIDEWALK]],
            night=self.night[shown].tolist(),
            hazards=self._hazards(shown),
            ascent_m=sums[_segment_kernels.CLIMBED_M],
            descent_m=sums[_segment_kernels.FALLEN_M],
            duration_s=sums[_segment_kernels.DURATION_S],
            exposure=self._exposures(shown),
            unknown={what: _unrounded(sums[row]) for what, row in _UNKNOWN.items()},
            factors=self._factors_of(factors, shown),
            network=[meta.name] * len(shown),
            as_of=[(meta.extract_timestamp or meta.imported_at)[:10]] * len(shown),
        )

    # --- attributes -----------------------------------------------------------------------------

    def _factors(self) -> list[tuple[str, AppliedFactor]]:
        """Return the relative risks on each piece, by kind of hazard.

        They apply only inside hazards of the kind with a cited rate.
        """
        inside: dict[str, Flags] = {}
        for item, here in zip(self.met, self.inside, strict=True):
            if item.hazard.rate_per_km is not None:
                kind = item.hazard.kind
                inside[kind] = inside.get(kind, np.zeros_like(here)) | here
        found = []
        for kind, here in inside.items():
            for one in applied(self.travel.graph, kind, self.pieces.edge, self.night):
                state = np.where(here, one.state, np.uint8(FactorState.DOES_NOT_APPLY))
                value = np.where(state == FactorState.APPLIED, one.value, 1.0)
                found.append((kind, AppliedFactor(one.factor, value, state)))
        return found

    def _hazards(self, shown: Ints) -> list[tuple[str, ...]]:
        ids: list[tuple[str, ...]] = [()] * len(shown)
        for item, here in zip(self.met, self.inside, strict=True):
            for row in np.flatnonzero(here[shown]).tolist():
                ids[row] += (item.hazard.id,)
        return ids

    @staticmethod
    def _factors_of(
        factors: Sequence[tuple[str, AppliedFactor]], shown: Ints
    ) -> list[tuple[SegmentFactor, ...]]:
        found: list[tuple[SegmentFactor, ...]] = [()] * len(shown)
        for kind, one in factors:
            state, value = one.state[shown], one.value[shown]
            for row in np.flatnonzero(state != FactorState.DOES_NOT_APPLY).tolist():
                is_unknown = bool(state[row] == FactorState.UNKNOWN)
                found[row] += (SegmentFactor(kind, one.factor.name, float(value[row]), is_unknown),)
        return found

    # --- contributions --------------------------------------------------------------------------

    def _exposures(self, shown: Ints) -> dict[str, Floats]:
        """Return the exposure of each stretch, summed over its pieces, by kind."""
        columns = self._exposure()
        first = shown.copy()
        first[0] = 0
        return {what: _unrounded(np.add.reduceat(of, first)) for what, of in columns.items()}

    def _exposure(self) -> dict[str, Floats]:
        """Return the exposure of each piece by kind, computed as in `Route.exposure`."""
        found: dict[str, Floats] = {}
        unrated: dict[str, list[HazardContact]] = {}
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
        if self.looked.noted[_segment_kernels.KNOWN].any():
            for kind, limit_m in ALTITUDES_M.items():
                found[kind] = self.travel.hours_above(self.pieces, limit_m)
        return found

    def _unreported_m(self) -> Floats:
        if not self.met:
            return self.metres
        left_m = self.metres - covered_share(self.met, self.pieces) * self.length_m
        return np.where(left_m > _ROUNDING * self.length_m, left_m, 0.0)


def _unrounded(values: Floats) -> Floats:
    """Set values that are only rounding errors to 0."""
    return np.where(values > _ROUNDING * values.max(), values, 0.0)
