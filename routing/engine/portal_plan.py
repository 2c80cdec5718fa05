"""Portals between countries and regions, and plans: which portals a route passes, and when."""

from dataclasses import dataclass

from routing.engine.mode_network import Piece
from routing.travel.crossings import Crossing
from routing.travel.legs import Legs

#: A region and a node of it.
type Node = tuple[int, int]

#: A region and the legs of a route in it.
type Section = tuple[int, Legs]


@dataclass(frozen=True, eq=False, slots=True)
class Portal:
    """Passage from a country or a region to another, in one direction.

    Parameters
    ----------
    arrive, leave
        (region, node) before and after the portal.
    posts
        Official posts in order of travel; empty for a joint within one country.
    piece
        The border edge, if the region has one here.
    off_m
        Metres between the two nodes that are on no road of either region.
    before, after
        Moving seconds and metres from the portal's beginning to its first post, and from there to
        its end.
    """

    arrive: Node
    leave: Node
    posts: tuple[Crossing, ...]
    piece: Piece | None = None
    off_m: float = 0.0
    before: tuple[float, float] = (0.0, 0.0)
    after: tuple[float, float] = (0.0, 0.0)

    @property
    def ids(self) -> frozenset[str]:
        """Ids that a leg may pass only once: the posts, or the ends of a joint without posts."""
        if self.posts:
            return frozenset(post.id for post in self.posts)
        ends = (self.arrive, self.leave)
        return frozenset([f"{min(ends)}-{max(ends)}"])


@dataclass(frozen=True, eq=False, slots=True)
class PassedPortal:
    """Portal passed on a route, with times in seconds after departure.

    Parameters
    ----------
    portal
        The portal.
    reached_s
        When its first post is reached.
    through_s
        When its last post is passed; equal to ``reached_s`` where the portal stays closed.
    """

    portal: Portal
    reached_s: float
    through_s: float

    @property
    def wait_s(self) -> float:
        """Seconds of waiting at the portal."""
        return self.through_s - self.reached_s


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """Route that was found: legs by section, and the portals between sections.

    Parameters
    ----------
    sections
        Region and legs of each section, in order of travel, without the border edges.
    passed
        Portals between the sections, one fewer than sections.
    cost_s
        The price of the route, seconds.
    saw_waits
        Whether the search reached a portal that was closed on arrival and opens later.
    """

    sections: tuple[Section, ...]
    passed: tuple[PassedPortal, ...]
    cost_s: float
    saw_waits: bool = False
