"""The hard rules of one request: edges closed by borders and exclusions, and checks of routes.

Border edges open only at official crossings known to be passable (P10, P32). An edge that touches
a hard exclusion is removed, and so is the part of a first or last edge beyond the exclusion (P11,
P14).
"""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from routing.errors import Blocker, NoRoute
from routing.geometry.bbox_index import reach
from routing.travel.avoid_areas import ASKED
from routing.travel.cost_model import Travel
from routing.travel.crossings import Crossing, Gate
from routing.travel.hazard_overlay import Contacts, HazardContact
from routing.travel.legs import Legs

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Rules:
    """The prohibitions that hold for one request.

    Parameters
    ----------
    travel
        The profile's costs on the graph.
    gates
        Every border edge with its official posts.
    bans
        Hard exclusions overlaid on the graph, and the requester's own obstacles.
    """

    travel: Travel
    gates: Mapping[int, Gate]
    bans: Sequence[HazardContact]

    @property
    def obstacles(self) -> tuple[Blocker, ...]:
        """The areas that the requester avoids, as blockers to name in a refusal."""
        return tuple(_exclusion(ban) for ban in self.bans if ban.hazard.family == ASKED)

    @cached_property
    def closed(self) -> Ints:
        """Edges closed at the requested time: int64 [k], ascending.

        These are border edges without a passable crossing, and edges that touch an exclusion.
        """
        return np.unique(np.concatenate([self._shut, *(ban.edges for ban in self.bans)]))

    @cached_property
    def _shut(self) -> Ints:
        shut = [edge for edge, gate in self.gates.items() if not gate.is_passable]
        return np.sort(np.asarray(shut, dtype=np.int64))

    def legs_s(self, cost_s: Floats, legs: Legs) -> Floats:
        """Return the cost of legs, infinite for closed legs, float64 [legs], seconds.

        An exclusion closes only the legs that touch it, not other parts of their edges.
        """
        closed = self.meets(legs) | np.isin(legs.edge, self._shut)
        return np.where(closed, np.inf, cost_s)

    def meets(self, legs: Legs) -> Bools:
        """Return which legs touch an exclusion, even in a single point: bool [legs]."""
        return self._meets(legs, self._laid)

    def meets_untold(self, legs: Legs) -> Bools:
        """Return which legs touch an exclusion without a public reason: bool [legs]."""
        return self._meets(legs, self._untold)

    @staticmethod
    def _meets(legs: Legs, laid: Contacts) -> Bools:
        met = np.zeros(len(legs.edge), dtype=np.bool_)
        for row in laid.on(legs.edge):
            met |= laid[row].meets(legs)
        return met

    @cached_property
    def _laid(self) -> Contacts:
        return Contacts.of(self.bans)

    @cached_property
    def _untold(self) -> Contacts:
        return Contacts(ban for ban in self.bans if not ban.hazard.is_published)

    def touched(self, legs: Legs) -> bool:
        """Return whether any leg touches an exclusion."""
        return bool(self.meets(legs).any())

    def passed(self, legs: Legs) -> list[Gate]:
        """Return the border edges with their posts on a sequence of legs, in order of travel."""
        if not self.gates:
            return []
        return [self.gates[edge] for edge in legs.edge.tolist() if edge in self.gates]

    def check(self, legs: Legs, coordinates: Floats, judged: Container[int] = ()) -> None:
        """Check a finished route again, from the raw records and not from the search's arrays.

        Parameters
        ----------
        legs, coordinates
            The legs of the route, and its line.
        judged
            Border edges whose crossings were already judged at the time of arrival; any other
            border edge must be passable at the requested time.

        Raises
        ------
        NoRoute
            The route breaks a rule. This would be a defect of the search; the route is refused all
            the same and never returned (P11).
        """
        graph = self.travel.graph
        broken = [_exclusion(ban) for ban in self._met_by(coordinates)]
        for gate in self.passed(legs):
            if gate.edge not in judged:
                broken += [closed_post(post) for post in gate.posts if not post.passable]
            broken += [] if gate.posts else [Blocker("no_road")]
        broken += _repeated([gate.posts for gate in self.passed(legs)])
        joins = graph.edge_head[legs.edge[:-1]] == graph.edge_tail[legs.edge[1:]]
        if not joins.all() or not graph.turns(self.travel.mode).allow(legs.edge.tolist()):
            broken.append(Blocker("no_road"))
        usable = bool(self.travel.usable(legs.edge).all())
        if broken or not usable:
            raise NoRoute("the way found breaks a hard rule and is refused", _unique(broken))

    def _met_by(self, coordinates: Floats) -> list[HazardContact]:
        """Return the exclusions that a line touches."""
        # Most exclusions of a region are far away: only those whose bounding box the line reaches
        # are tested.
        near = [self.bans[row] for row in reach(self._laid.boxes, coordinates)]
        if not near:
            return []
        line = shapely.linestrings(coordinates)
        shapely.prepare(line)
        return [ban for ban in near if shapely.intersects(line, ban.area)]

    def between(self, places: Sequence[tuple[float, float]] | Floats) -> tuple[Blocker, ...]:
        """Return the exclusions that a line off the roads touches, as blockers.

        Parameters
        ----------
        places
            Two or more positions as (lon, lat), degrees.
        """
        return _unique([_exclusion(ban) for ban in self._met_by(np.asarray(places))])

    def exclusions(self, legs: Legs) -> list[Blocker]:
        """Return the exclusions that legs touch, as blockers, in order of travel."""
        met = [(int(np.argmax(ban.meets(legs))), ban) for ban in self.bans if ban.meets(legs).any()]
        return [_exclusion(ban) for _, ban in sorted(met, key=lambda row: row[0])]


def check_once(passed: Sequence[Sequence[Crossing]]) -> None:
    """Check that no official crossing is passed twice, in either direction.

    Parameters
    ----------
    passed
        The posts of each border edge and joint on the route of one leg.

    Raises
    ------
    NoRoute
        A crossing is passed twice. This would be a defect of the search.
    """
    if broken := _repeated(passed):
        raise NoRoute("the way found passes a crossing twice and is refused", broken)


def _repeated(passed: Sequence[Sequence[Crossing]]) -> list[Blocker]:
    posts = [post for gate in passed for post in gate]
    count = Counter(post.id for post in posts)
    return [closed_post(post) for post in posts if count[post.id] > 1]


def closed_post(post: Crossing) -> Blocker:
    """Return a crossing as a blocker, with the state that blocks: closed or not known (P32)."""
    # A blocking crossing that is open now is closed at the time of arrival.
    state = "closed" if post.state == "open" else post.state
    return Blocker("crossing", post.id, post.name, state)


def _exclusion(ban: HazardContact) -> Blocker:
    if ban.hazard.family == ASKED:
        return Blocker("obstacle", ban.hazard.id)
    if not ban.hazard.is_published:
        return Blocker("no_road")
    return Blocker("exclusion", ban.hazard.id, ban.hazard.title or None)


def _unique(found: Sequence[Blocker]) -> tuple[Blocker, ...]:
    return tuple(dict.fromkeys(found))
