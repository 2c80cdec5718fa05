"""Question that all planning pages share: which corridor, which service, how long a day's walk."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from app.access.identity import CONSOLE
from app.console.forms.layout import Desk
from app.planning.corridors import CorridorRequest, MeasuredCorridor, measure_corridor
from app.settings import Settings
from app.snapshots.read_source import ReadSource
from geo.errors import NotFoundError
from geo.geography import coverage_gaps
from geo.spaces.eligibility import NIGHT_SERVICE
from routing.corridors.figures import CorridorTargets

CORRIDORS: Final = f"{CONSOLE}/corridors"

#: Longest acceptable gaps to choose from, kilometres: a day's walk of a family, one of an adult
#: (algorithms.md, section 3), and two of an adult.
GAPS_KM: Final = (15, 25, 50)

#: Value for the distance up to which help is within reach, metres. A request needs one; 0 will do,
#: because these pages show no figure that depends on it.
_NO_REACH: Final = 0.0


class Asked(BaseModel):
    """Which corridor, which service, and how long a gap may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    corridor: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] = ""
    service: Annotated[str, Field(max_length=60, pattern=r"^[^\x00]*$")] = NIGHT_SERVICE
    gap_km: int = GAPS_KM[1]

    @property
    def day_km(self) -> int:
        """The chosen longest gap, kilometres; the middle one of `GAPS_KM` if not among them."""
        return self.gap_km if self.gap_km in GAPS_KM else GAPS_KM[1]


@dataclass(frozen=True)
class CorridorChoices:
    """Corridors and services to choose from, as id or code and name."""

    corridors: list[tuple[str, str]]
    services: list[tuple[str, str]]


async def choices(desk: Desk, source: ReadSource) -> CorridorChoices:
    """Return the corridors and services that partners see, by name."""
    corridors = await coverage_gaps.visible_corridors(source.session)
    services = await coverage_gaps.counted_services(source.session)
    terms = await desk.terms()
    return CorridorChoices(
        sorted(((one.id, one.name) for one in corridors), key=lambda one: one[1]),
        [(code, terms.name("service", code)) for code in services],
    )


async def measured(
    request: Request, source: ReadSource, asked: Asked, offered: CorridorChoices, desk: Desk
) -> MeasuredCorridor:
    """Measure the corridor by the records that partners see, on the server's road networks.

    Raises
    ------
    NotFoundError
        There is no such corridor or service.
    """
    if asked.service not in dict(offered.services):
        msg = "no such service"
        raise NotFoundError(msg)
    settings: Settings = request.state.settings
    question = CorridorRequest(
        corridor=asked.corridor,
        places=(),
        is_backward=False,
        services=(asked.service,),
        on=None,
        compared_on=None,
        targets=CorridorTargets(_NO_REACH, asked.day_km * 1e3),
    )
    return await measure_corridor(
        source,
        request.state.network,
        request.state.corridor_lines,
        question,
        now=desk.now,
        access_m=settings.access_m,
    )
