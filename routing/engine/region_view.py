"""One region as a request finds it, and what the pieces that a request asks for cost there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from routing.engine.avoid_search import Closed
from routing.engine.metric_cache import Ground, Residents
from routing.engine.mode_network import ModeNetwork, Piece
from routing.engine.portal_search import Portal
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
    """One region as a request finds it.

    Parameters
    ----------
    ground
        Network and costs of the profile.
    residents
        The region's metrics at hand.
    situation
        What counts at the asked time.
    rules
        What may not be done.
    closed
        What the asker's own obstacles close; None without any.
    """

    ground: Ground
    residents: Residents
    situation: Situation
    rules: Rules
    closed: Closed | None = None

    def model(self, aversion: float) -> CostModel:
        """Return what things cost at an aversion."""
        situation = self.situation
        return CostModel(self.ground.travel, situation.contacts, aversion, situation.night)

    @property
    def met_network(self) -> ModeNetwork:
        """The roads that places meet: without those closed in secret (P36)."""
        return self.ground.network.without(self.situation.untold)

    @property
    def gates(self) -> dict[int, Gate]:
        """The border edges with their posts: without those closed in secret (P36)."""
        untold = frozenset(self.situation.untold.tolist())
        return {edge: gate for edge, gate in self.rules.gates.items() if edge not in untold}

    def without_obstacles(self) -> "RegionView":
        """Return the region as one finds it who keeps out of nothing."""
        return replace(self, rules=replace(self.rules, bans=self.situation.bans), closed=None)

    def require_free(self, point: tuple[float, float], snap: Snap, which: str) -> None:
        """Refuse a place that an exclusion parts from the road it meets.

        Raises
        ------
        NoRoute
            An exclusion lies at the point, or between it and the road (P11, P14).
        """
        # On the road it is the search's matter.
        places = [point, (snap.lon, snap.lat)]
        if snap.distance_m > 0 and (blocked := self.rules.between(places)):
            is_told = any(blocker.kind != "no_road" for blocker in blocked)
            what = "an exclusion lies" if is_told else "there is no way"
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
    """Pieces of one region that a request asks for at every weight.

    Parameters
    ----------
    prices
        Of the pieces.
    barred
        bool [pieces], which of them touch an exclusion.
    untold
        bool [pieces], which of them touch one that nobody is told of: closed at any price.
    """

    prices: Prices
    barred: NDArray[np.bool_]
    untold: NDArray[np.bool_]

    @classmethod
    def of(cls, side: RegionView, pieces: Sequence[Piece]) -> Self:
        """Work out what they cost in a region."""
        legs = Legs.of(pieces)
        barred, untold = side.rules.meets(legs), side.rules.meets_untold(legs)
        return cls(side.model(0.0).prices(legs), barred, untold)

    def at(self, aversion: float, banned_s: float) -> Floats:
        """Return the cost of each, seconds; more where it touches an exclusion."""
        cost_s = self.prices.at(aversion)
        cost_s[self.barred] += banned_s
        cost_s[self.untold] = np.inf
        return cost_s
