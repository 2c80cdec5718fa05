"""Spaces with the overnight service, with routing objects made once for all requests and dates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from app.snapshots.open_spaces import support
from geo.spaces.candidates import NightSpace
from routing.travel.support_points import Supports


@dataclass(frozen=True, eq=False, slots=True)
class NightSpaces:
    """Spaces with the overnight service that take people in without a referral.

    Attributes
    ----------
    by_id
        The spaces by id. On which nights they are open depends on the date of the journey.
    supports
        The spaces as objects of the routing library.
    """

    by_id: Mapping[str, NightSpace]
    supports: Supports

    @classmethod
    def of(cls, spaces: Iterable[NightSpace]) -> Self:
        """Build an instance from spaces with the overnight service."""
        by_id = {one.candidate.id: one for one in spaces}
        return cls(by_id, Supports(support(one.space) for one in by_id.values()))
