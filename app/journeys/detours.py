"""Thresholds from which detours are refused, and the published reasons for a detour (P54)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol, Self

from app.settings import Settings
from geo.geography.crossings import CrossingState
from geo.geography.hazards import ActiveHazard
from routing.route.open_world_report import LIMITS, DetourReason, DetourThresholds


@dataclass(frozen=True, slots=True)
class DetourLimits:
    """Limits on detours for one request.

    Attributes
    ----------
    are_accepted
        Whether the client accepts routes beyond the limits.
    limits
        Thresholds from which a route is refused.
    """

    are_accepted: bool = False
    limits: DetourThresholds = LIMITS

    @classmethod
    def of(cls, settings: Settings, *, are_accepted: bool = False) -> Self:
        """Return the limits with the thresholds of this server's settings."""
        return cls(
            are_accepted,
            DetourThresholds(
                factor=settings.detour_factor,
                min_extra_s=settings.detour_min_extra_s,
                ceiling_factor=settings.ceiling_factor,
                ceiling_min_s=settings.ceiling_min_s,
            ),
        )


#: Limits with the default thresholds; routes beyond the thresholds are refused.
ORDINARY: Final = DetourLimits()


@dataclass(frozen=True, slots=True)
class Because:
    """Published reason why a route is longer than the route that ignores closures.

    Attributes
    ----------
    reason
        The router's reason, with its cost.
    until
        When the closure ends, as far as published: the end of a hazard, or the first known opening
        of a crossing after the route that ignores closures would reach the crossing.
    next_opening
        First known opening of a crossing from the requested time on; None if it is open at that
        time, and for other reasons.
    timezone
        IANA name of the time zone in which `until` is shown; None if unknown.
    hazard
        The hazard's record, if the reason is a hazard.
    is_demo
        Whether the reason comes from a demo row (P35).
    is_open_now
        Whether the reason is a crossing that is open at the requested time, but not when the route
        that ignores closures reaches the crossing (P32).
    """

    reason: DetourReason
    until: datetime | None = None
    timezone: str | None = None
    hazard: ActiveHazard | None = None
    is_demo: bool = False
    is_open_now: bool = False
    next_opening: datetime | None = None

    @property
    def opens_before_arrival(self) -> bool:
        """Whether a crossing opens from the requested time on, and is shut again at the arrival."""
        return self.next_opening is not None and self.next_opening != self.until


class Known(Protocol):
    """Records of crossings and hazards, and the time zone of a journey's start."""

    @property
    def crossings(self) -> Sequence[CrossingState]:
        """Crossings as visible to the client's tier."""

    @property
    def hazards(self) -> Sequence[ActiveHazard]:
        """Published hazards."""

    @property
    def timezone(self) -> str:
        """IANA name of the time zone at the journey's start."""


def published(reasons: Sequence[DetourReason], known: Known) -> list[Because]:
    """Return the router's reasons for a detour with the published record of each."""
    return [_because(reason, known) for reason in reasons]


def _because(reason: DetourReason, known: Known) -> Because:
    if reason.kind == "hazard":
        hazard = next((one for one in known.hazards if one.id == reason.id), None)
        if hazard is None:
            return Because(reason)
        return Because(reason, hazard.valid_to, known.timezone, hazard, is_demo=hazard.demo)
    # An area drawn by the client has a number as its id, and no name; it matches no crossing.
    crossing = next((one for one in known.crossings if one.id == reason.id and reason.name), None)
    if crossing is None:
        return Because(reason)
    opening = reason.opens if reason.kind == "crossing" else None
    is_open_now = reason.kind == "crossing" and crossing.state == "open"
    if is_open_now and opening is None:
        # The state at arrival is not known, and unknown is never called closed (P32).
        reason = replace(reason, state="not_known")
    return Because(
        reason,
        opening,
        crossing.timezone,
        is_demo=crossing.demo,
        is_open_now=is_open_now,
        next_opening=crossing.next_opening if reason.kind == "crossing" else None,
    )
