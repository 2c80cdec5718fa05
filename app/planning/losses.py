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
    at_m : float
        Metres along the corridor.
    gap_m : float
        Length of the gap that the loss leaves, metres.
    before, after : str or None
        Names of the spaces at the ends of that gap; None at an end of the corridor.
    is_alone : bool
        Whether no other space with the service lies within the acceptable gap.
    """

    id: str
    name: str
    locality: str
    at_m: float
    gap_m: float
    before: str | None
    after: str | None
    is_alone: bool


def ranked_losses(found: MeasuredCorridor) -> tuple[SpaceLoss, ...]:
    """Return the losses of a corridor, the worst first (`CorridorLosses.ranked`)."""
    losses = corridor_losses(found.now.supports, found.request.targets)
    alone = losses.alone(found.request.targets.gap_m)

    def name(row: int) -> str | None:
        return found.spaces[row].support.name if row >= 0 else None

    def loss(one: int) -> SpaceLoss:
        row = int(losses.row[one])
        space = found.spaces[row].support
        return SpaceLoss(
            id=space.id,
            name=space.name,
            locality=space.place,
            at_m=float(found.now.supports.at_m[row]),
            gap_m=float(losses.gap_m[one]),
            before=name(int(losses.before_row[one])),
            after=name(int(losses.after_row[one])),
            is_alone=bool(alone[one]),
        )

    return tuple(map(loss, losses.ranked().tolist()))
