"""What the loss of a space would do to a corridor, for those who are signed in.

Which closure hurts most is what somebody who wants to hurt would ask, so it stands in no public
answer, file or cache.
"""

from dataclasses import dataclass

from app.planning.corridors import MeasuredCorridor
from routing.corridors.losses import corridor_losses


@dataclass(frozen=True, slots=True)
class SpaceLoss:
    """Loss of one service of one space.

    Attributes
    ----------
    id, name, locality : str
        The space.
    service : str
        Code of the service.
    at_m : float
        Metres along the corridor.
    gap_m : float
        Length of the gap that the loss leaves, metres.
    before, after : str or None
        Names of the spaces at the ends of that gap; None at an end of the corridor.
    unmet_m : float
        Metres beyond the acceptable gap that it adds.
    is_alone : bool
        Whether no other space with the service lies within the acceptable gap.
    """

    id: str
    name: str
    locality: str
    service: str
    at_m: float
    gap_m: float
    before: str | None
    after: str | None
    unmet_m: float
    is_alone: bool


def ranked_losses(found: MeasuredCorridor) -> tuple[SpaceLoss, ...]:
    """Return the losses of a corridor, the worst first (`CorridorLosses.ranked`)."""
    losses = corridor_losses(found.now.supports, found.request.targets)
    alone = losses.alone(found.request.targets.gap_m)

    def name(row: int) -> str | None:
        return found.spaces[row].support.name if row >= 0 else None

    return tuple(
        SpaceLoss(
            id=found.spaces[int(losses.row[one])].support.id,
            name=found.spaces[int(losses.row[one])].support.name,
            locality=found.spaces[int(losses.row[one])].support.place,
            service=found.request.services[int(losses.service[one])],
            at_m=float(found.now.supports.at_m[losses.row[one]]),
            gap_m=float(losses.gap_m[one]),
            before=name(int(losses.before_row[one])),
            after=name(int(losses.after_row[one])),
            unmet_m=float(losses.unmet_m[one]),
            is_alone=bool(alone[one]),
        )
        for one in losses.ranked().tolist()
    )
