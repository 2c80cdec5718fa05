"""Detours: what an asker is told of them, and from where on they are refused (P54)."""

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
    """What of long ways is answered.

    Attributes
    ----------
    are_accepted
        The asker wants the long way all the same.
    limits
        From where on a way is refused.
    """

    are_accepted: bool = False
    limits: DetourThresholds = LIMITS

    @classmethod
    def of(cls, settings: Settings, *, are_accepted: bool = False) -> Self:
        """Take the limits that are set here."""
        return cls(
            are_accepted,
            DetourThresholds(
                factor=settings.detour_factor,
                min_extra_s=settings.detour_min_extra_s,
                ceiling_factor=settings.ceiling_factor,
                ceiling_min_s=settings.ceiling_min_s,
            ),
        )


#: As nobody set them, and long ways refused.
ORDINARY: Final = DetourLimits()


@dataclass(frozen=True, slots=True)
class Because:
    """One reason why a way is longer than the open one, as it is published.

    Attributes
    ----------
    reason
        With what it costs.
    until
        When it is next open, as far as that is published: a crossing's first known opening from
        when the open way comes to it, a hazard's end.
    timezone
        IANA name in which that is shown; None where none is known.
    hazard
        The record, where it is one.
    is_demo
        Of a demo row (P35).
    is_open_now
        A crossing that is open at the asked time, and not when the open way comes to it (P32).
    """

    reason: DetourReason
    until: datetime | None = None
    timezone: str | None = None
    hazard: ActiveHazard | None = None
    is_demo: bool = False
    is_open_now: bool = False


class Known(Protocol):
    """What is on record of crossings and hazards, and the time zone of the start."""

    @property
    def crossings(self) -> Sequence[CrossingState]:
        """As the asker's tier sees them."""

    @property
    def hazards(self) -> Sequence[ActiveHazard]:
        """Those that are published."""

    @property
    def timezone(self) -> str:
        """IANA name."""


def published(reasons: Sequence[DetourReason], known: Known) -> list[Because]:
    """Add to reasons what is published of each."""
    return [_because(reason, known) for reason in reasons]


def _because(reason: DetourReason, known: Known) -> Because:
    if reason.kind == "hazard":
        hazard = next((one for one in known.hazards if one.id == reason.id), None)
        if hazard is None:
            return Because(reason)
        return Because(reason, hazard.valid_to, known.timezone, hazard, is_demo=hazard.demo)
    # An own area has a number, which is no crossing's id.
    crossing = next((one for one in known.crossings if one.id == reason.id and reason.name), None)
    if crossing is None:
        return Because(reason)
    opening = reason.opens if reason.kind == "crossing" else None
    is_open_now = reason.kind == "crossing" and crossing.state == "open"
    if is_open_now and opening is None:
        # Nothing is known of then, which is never called closed (P32).
        reason = replace(reason, state="not_known")
    return Because(
        reason, opening, crossing.timezone, is_demo=crossing.demo, is_open_now=is_open_now
    )
