"""The hard rules of one request: what borders and exclusions close, and whether a way keeps them.

Border edges open only at official crossings known to be passable (P10, P32); an edge that touches
a hard exclusion is removed, and so is the part of a first or last edge beyond it (P11, P14).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from routing.cost import ModeBase
from routing.crossings import Crossing, Gate
from routing.errors import Blocker, NoRoute
from routing.exposure import Contact, Legs

type Floats = NDArray[np.float64]
type Bools = NDArray[np.bool_]
type Piece = tuple[int, float, float]


@dataclass(frozen=True, slots=True)
class Waived:
    """Rules set aside while looking for what blocks, and the price of each edge that needs it."""

    crossings: bool = False
    exclusions: bool = False
    price_s: float = 0.0


#: No rule set aside: the only way routes are found.
NOTHING_WAIVED = Waived()


@dataclass(frozen=True, eq=False)
class Rules:
    """What one request may not do.

    Parameters
    ----------
    base
        The mode's costs on the graph.
    gates
        Every border edge with its official posts.
    bans
        Hard exclusions laid over the graph.
    """

    base: ModeBase
    gates: dict[int, Gate]
    bans: Sequence[Contact]

    @cached_property
    def _shut(self) -> Bools:
        """Border edges without a passable crossing, bool [E]."""
        return self._mask([edge for edge, gate in self.gates.items() if not gate.is_passable])

    @cached_property
    def _informal(self) -> Bools:
        """Border edges without any official crossing: nothing opens or names them, bool [E]."""
        return self._mask([edge for edge, gate in self.gates.items() if not gate.posts])

    @cached_property
    def _banned(self) -> Bools:
        """Edges that touch a hard exclusion somewhere, bool [E]."""
        return self._mask(
            np.concatenate([np.zeros(0, dtype=np.int64), *(b.edge for b in self.bans)])
        )

    def _mask(self, edges: Sequence[int] | NDArray[np.int64]) -> Bools:
        mask = np.zeros(len(self.base.usable), dtype=np.bool_)
        mask[np.asarray(edges, dtype=np.int64)] = True
        return mask

    def _touched(self, legs: Legs) -> Bools:
        """Legs that touch an exclusion with the part they use, bool [legs]."""
        met = np.zeros(len(legs.edge), dtype=np.bool_)
        for ban in self.bans:
            met |= ban.meets(legs)
        return met

    def edges_s(self, cost_s: Floats, waived: Waived = NOTHING_WAIVED) -> Floats:
        """Close whole edges.

        Parameters
        ----------
        cost_s
            float64 [E], seconds.
        waived
            Rules to set aside, for a price.

        Returns
        -------
        float64 [E], infinite where closed.
        """
        return self._closed(cost_s, self._shut, self._informal, self._banned, waived)

    def legs_s(self, cost_s: Floats, legs: Legs, waived: Waived = NOTHING_WAIVED) -> Floats:
        """Close pieces of edges; an exclusion closes only the pieces that touch it."""
        shut, informal = self._shut[legs.edge], self._informal[legs.edge]
        return self._closed(cost_s, shut, informal, self._touched(legs), waived)

    @staticmethod
    def _closed(
        cost_s: Floats, shut: Bools, informal: Bools, banned: Bools, waived: Waived
    ) -> Floats:
        closed = informal.copy()
        extra = np.zeros(len(cost_s))
        for mask, is_waived in ((shut, waived.crossings), (banned, waived.exclusions)):
            if is_waived:
                extra += waived.price_s * mask
            else:
                closed |= mask
        return np.where(closed, np.inf, cost_s + extra)

    def passed(self, pieces: Sequence[Piece]) -> list[Gate]:
        """Give the gates on a way, in order."""
        return [self.gates[edge] for edge, _, _ in pieces if edge in self.gates]

    def check(self, pieces: Sequence[Piece], coordinates: Floats) -> None:
        """Check a finished way again, from the raw records and not from the search's arrays.

        Raises
        ------
        NoRoute
            The way breaks a rule. That would be a defect of the search: it is refused all the
            same, never answered (P11).
        """
        graph, line = self.base.graph, shapely.linestrings(coordinates)
        broken = [_exclusion(ban) for ban in self.bans if ban.area.intersects(line)]
        for gate in self.passed(pieces):
            closed = [post for post in gate.posts if not post.passable]
            broken += [_closed_post(post) for post in closed]
            broken += [] if gate.posts else [Blocker("no_road")]
        for (edge, _, _), (following, _, _) in pairwise(pieces):
            if graph.edge_head[edge] != graph.edge_tail[following]:
                broken.append(Blocker("no_road"))
        if not graph.turns(self.base.mode).allow([edge for edge, _, _ in pieces]):
            broken.append(Blocker("no_road"))
        usable = all(self.base.usable[edge] for edge, _, _ in pieces)
        if broken or not usable:
            raise NoRoute("the way found breaks a hard rule and is refused", _unique(broken))

    def blockers(self, pieces: Sequence[Piece]) -> tuple[Blocker, ...]:
        """Name what stands in the way along a path found with rules set aside, in order of travel.

        Only official crossings and exclusions have a name; an informal way never appears (P12).
        """
        found: list[Blocker] = []
        for piece in pieces:
            legs = Legs.of([piece])
            found += [_exclusion(ban) for ban in self.bans if ban.meets(legs).any()]
            gate = self.gates.get(piece[0])
            if gate is not None:
                posts = [post for post in gate.posts if not post.passable]
                found += [_closed_post(post) for post in posts]
        return _unique(found)


def _closed_post(post: Crossing) -> Blocker:
    return Blocker("crossing", post.id, post.name, post.state)


def _exclusion(ban: Contact) -> Blocker:
    return Blocker("exclusion", ban.hazard.id, ban.hazard.title or None)


def _unique(found: Sequence[Blocker]) -> tuple[Blocker, ...]:
    return tuple(dict.fromkeys(found))
