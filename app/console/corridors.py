"""``/network/corridors``: which loss hurts a corridor most, and where a space is missing."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.access.identity import CONSOLE
from app.console.forms.layout import Desk, DeskDep
from app.planning.corridors import CorridorRequest, MeasuredCorridor, measure_corridor
from app.planning.losses import ranked_losses
from app.planning.siting import SitingProposal, fewest_new_spaces
from app.runtime.work_limit import search
from app.settings import Settings
from app.snapshots.read_source import ReadSource
from geo.accounts import staff_reads
from geo.db.sessions import Database, Tier
from geo.errors import NotFoundError
from geo.geography import coverage_gaps
from geo.geography.coverage_gaps import CorridorLine
from geo.spaces.eligibility import NIGHT_SERVICE
from routing.corridors.figures import CorridorTargets
from routing.errors import SolverFailed

router = APIRouter(include_in_schema=False)

CORRIDORS = f"{CONSOLE}/corridors"

#: Longest acceptable gaps to choose from, kilometres: a day of a family and of an adult
#: (algorithms.md, section 3), and twice that.
GAPS_KM = (15, 25, 50)

#: Gaps shown of all corridors together.
SHOWN = 20

#: Share of a gap that is still within reach of its ends; the page shows no such share.
_NO_REACH = 0.0


class Asked(BaseModel):
    """Which corridor, which service, and how long a gap may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    corridor: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] = ""
    service: Annotated[str, Field(max_length=60, pattern=r"^[^\x00]*$")] = NIGHT_SERVICE
    gap_km: int = 25


@router.get(CORRIDORS)
async def corridors_page(
    request: Request, desk: DeskDep, asked: Annotated[Asked, Query()]
) -> Response:
    """Show the longest gaps of all corridors, and what is missing and may be lost on one of them.

    Spaces that the public does not see are written down.

    Restricted spaces are left out as in every computation: the page counts what partners see.
    """
    database: Database = request.state.database
    gap_km = asked.gap_km if asked.gap_km in GAPS_KM else GAPS_KM[1]
    found: MeasuredCorridor | None = None
    async with database.session(Tier.PARTNER) as session:
        corridors = await coverage_gaps.visible_corridors(session)
        services = await coverage_gaps.counted_services(session)
        if asked.corridor and asked.service not in services:
            raise NotFoundError("no such service")
        gaps = await coverage_gaps.longest_gaps(
            session, asked.service, on=desk.now.date(), limit=SHOWN
        )
        if asked.corridor:
            found = await _measured(request, ReadSource(session), asked, gap_km, desk)
    losses = () if found is None else ranked_losses(found)
    proposal = None if found is None else await _proposal(found)
    staff_reads.show(desk.staff, "spaces", (one.id for one in losses))
    terms = await desk.terms()
    return desk.page(
        "corridors",
        corridors=_by_name(corridors),
        services=[(code, terms.name("service", code)) for code in services],
        gaps_km=GAPS_KM,
        gaps=gaps,
        asked=asked,
        gap_km=gap_km,
        found=found,
        losses=losses,
        proposal=proposal,
    )


async def _measured(
    request: Request, source: ReadSource, asked: Asked, gap_km: int, desk: Desk
) -> MeasuredCorridor:
    settings: Settings = request.state.settings
    question = CorridorRequest(
        corridor=asked.corridor,
        places=(),
        is_backward=False,
        services=(asked.service,),
        on=None,
        compared_on=None,
        targets=CorridorTargets(_NO_REACH, gap_km * 1e3),
    )
    return await measure_corridor(
        source,
        request.state.network,
        request.state.corridor_lines,
        question,
        now=desk.now,
        access_m=settings.access_m,
    )


async def _proposal(found: MeasuredCorridor) -> SitingProposal | None:
    """Return the fewest new spaces; None if the solver gives up, which the page then says."""
    try:
        return await search(partial(fewest_new_spaces, found))
    except SolverFailed:
        return None


def _by_name(corridors: tuple[CorridorLine, ...]) -> list[tuple[str, str]]:
    return sorted(((one.id, one.name) for one in corridors), key=lambda one: one[1])
