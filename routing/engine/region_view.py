"""One region as a request sees it, and the costs of the parts of edges at the request's ends."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from routing.engine.avoid_search import Closed
from routing.engine.metric_cache import Ground, Residents
from routing.engine.mode_network import ModeNetwork, Piece
from routing.engine.portal_plan import Portal
from routing.errors import NoRoute
from routing.graph.snapping import Snap
from routing.travel.conditions import Situation
from routing.travel.cost_model import CostModel, Prices
from routing.travel.crossings import Gate
from routing.travel.hard_rules import Rules
from routing.travel.legs import Legs

type Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class RegionView:
    """One region as a request sees it.

    Parameters
    ----------
    ground
        Network and costs of the profile.
    residents
        Cache of the region's metrics.
    situation
        Hazards and closures at the requested time.
    rules
        Borders and exclusions that routes must respect.
    closed
        Edges that the requester's own obstacles close; None without obstacles.
    """

    ground: Ground
    residents: Residents
    situation: Situation
    rules: Rules
    closed: Closed | None = None

    def model(self, aversion: float) -> CostModel:
        """Return the cost model at an aversion."""
        situation = self.situation
        return CostModel(self.ground.travel, situation.contacts, aversion, situation.night)

    @property
    def met_network(self) -> ModeNetwork:
        """Network that places snap to: the roads outside exclusions that are kept secret (P36)."""
        return self.ground.network.without(self.situation.untold)

    @property
    def gates(self) -> dict[int, Gate]:
        """Border edges outside secret exclusions (P36), each with its official posts."""
        untold = frozenset(self.situation.untold.tolist())
        return {edge: gate for edge, gate in self.rules.gates.items() if edge not in untold}

    def without_obstacles(self) -> "RegionView":
        """Return the same region for a request without obstacles."""
        return replace(self, rules=replace(self.rules, bans=self.situation.bans), closed=None)

    def require_free(self, point: tuple[float, float], snap: Snap, which: str) -> None:
        """Refuse a place that an exclusion separates from the road it snaps to.

        Raises
        ------
        NoRoute
            If an exclusion lies at the point, or between the point and the road (P11, P14).
        """
        # Exclusions on the road itself are handled by the search.
        places = [point, (snap.lon, snap.lat)]
        if snap.distance_m > 0 and (blocked := self.rules.between(places)):
            is_excluded = any(blocker.kind != "no_road" for blocker in blocked)
            what = "an exclusion lies" if is_excluded else "there is no way"
            raise NoRoute(f"{what} between the {which} and the road", blocked)

    def portals(self, region: int) -> list[Portal]:
        """Return the border edges that have an official post, as portals of this region."""
        travel, turns, gates = self.ground.travel, self.ground.network.turns, self.gates
        edges = np.array(sorted(gates), dtype=np.int64)
        edges = edges[travel.usable(edges)]
        columns = (edges, travel.time_s(edges), travel.length_m(edges))
        return [
            Portal(
                (region, node),
                (region, leave),
                gate.posts,
                (edge, 0.0, 1.0),
                before=(gate.at * time_s, gate.at * length_m),
                after=((1 - gate.at) * time_s, (1 - gate.at) * length_m),
            )
            for edge, time_s, length_m in zip(*(row.tolist() for row in columns), strict=True)
            if (gate := gates[edge]).posts
            for node in turns.comes_from(edge)
            if (leave := turns.onward(node, edge)) is not None
        ]


@dataclass(frozen=True, eq=False, slots=True)
class Priced:
    """Parts of edges of one region, with their prices at every aversion.

    Parameters
    ----------
    prices
        Prices of the pieces.
    barred
        bool [pieces], whether each piece touches an exclusion.
    untold
        bool [pieces], whether each piece touches a secret exclusion: closed at any price.
    """

    prices: Prices
    barred: NDArray[np.bool_]
    untold: NDArray[np.bool_]

    @classmethod
    def of(cls, side: RegionView, pieces: Sequence[Piece]) -> Self:
        """Compute the prices of parts of edges in a region."""
        legs = Legs.of(pieces)
        barred, untold = side.rules.meets(legs), side.rules.meets_untold(legs)
        return cls(side.model(0.0).prices(legs), barred, untold)

    def at(self, aversion: float, banned_s: float) -> Floats:
        """Return the cost of each piece at an aversion to exposure, float64 [pieces], seconds.

        A piece that touches an exclusion costs ``banned_s`` more; a secret one is infinite.
        """
        cost_s = self.prices.at(aversion)
        cost_s[self.barred] += banned_s
        cost_s[self.untold] = np.inf
        return cost_s
