"""``/network/corridors``: which loss hurts a corridor most, and where a space is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from app.access.forms import Form, FormDep
from app.console.forms.inputs import error_texts
from app.console.forms.layout import Desk, DeskDep
from app.console.planning.corridor_question import (
    CORRIDORS,
    GAPS_KM,
    Asked,
    CorridorChoices,
    choices,
    measured,
)
from app.console.planning.siting_form import bytes_of, flows_in
from app.console.planning.what_if import question_of
from app.planning.corridor_crossings import (
    CrossingAlong,
    CrossingLoss,
    crossing_losses,
    crossings_along,
    stages_of,
)
from app.planning.corridors import MeasuredCorridor
from app.planning.losses import (
    BedsAlong,
    ExpectedArrivals,
    SpaceLoss,
    arrivals_near,
    beds_along,
    expected_by,
    ranked_losses,
)
from app.planning.siting.fewest_spaces import SitingProposal, fewest_new_spaces
from app.runtime.work_limit import search
from app.snapshots.read_source import ReadSource
from geo.accounts import staff_reads
from geo.db.sessions import Database, Tier
from geo.errors import InvalidRecordError, NotFoundError
from geo.geography import coverage_gaps
from geo.geography.released_counts import latest_counts
from geo.planning import scenarios
from geo.spaces.beds import beds_of
from routing.corridors.stages import DailyStages
from routing.errors import SolverFailed

router = APIRouter(include_in_schema=False)

#: Number of gaps that the page's ranking over all corridors shows.
SHOWN: Final = 20


@dataclass(frozen=True, eq=False)
class LossReport:
    """What losing each space or crossing does to a corridor, and how far a party gets today.

    ``spaces`` starts with the worst loss. ``shut`` has the crossings that are shut now.
    ``proposal`` has the fewest new spaces that close all long gaps, None if the solver gave up.
    """

    found: MeasuredCorridor
    stages: DailyStages
    shut: tuple[CrossingAlong, ...]
    spaces: tuple[SpaceLoss, ...]
    crossings: tuple[CrossingLoss, ...]
    beds: BedsAlong
    proposal: SitingProposal | None


@router.get(CORRIDORS)
async def corridors_page(
    request: Request, desk: DeskDep, asked: Annotated[Asked, Query()]
) -> Response:
    """Show the longest gaps of all corridors, and what is missing and may be lost on one of them.

    Spaces that the public does not see are written down.

    Restricted spaces are left out as in every computation: the page counts what partners see.
    """
    return await _page(request, desk, asked)


@router.post(CORRIDORS)
async def corridors_with_arrivals(request: Request, desk: DeskDep, form: FormDep) -> Response:
    """Show the same with the people a day of a file, which is not kept."""
    return await _page(request, desk, question_of(form), form)


async def _page(request: Request, desk: Desk, asked: Asked, form: Form | None = None) -> Response:
    database: Database = request.state.database
    report: LossReport | None = None
    arrivals: ExpectedArrivals | None = None
    problems: Mapping[str, str] = {}
    async with database.session(Tier.PARTNER) as session:
        source = ReadSource(session)
        offered = await choices(desk, source)
        gaps = await coverage_gaps.longest_gaps(
            session, asked.service, on=desk.now.date(), limit=SHOWN
        )
        if form is not None:
            try:
                arrivals = await _arrivals_in(form, asked, offered)
            except InvalidRecordError as error:
                problems = error_texts(desk.words, error.problems)
        if asked.corridor:
            report = await _report(request, source, asked, offered, desk, arrivals)
    staff_reads.show(desk.staff, "space", [] if report is None else [s.id for s in report.spaces])
    return desk.page(
        "corridors",
        status=400 if problems else 200,
        problems=problems,
        corridors=offered.corridors,
        services=offered.services,
        gaps_km=GAPS_KM,
        gaps=gaps,
        asked=asked,
        gap_km=asked.day_km,
        report=report,
        scenarios=await scenarios.scenarios_of(desk.session, desk.actor.id),
    )


async def _arrivals_in(form: Form, asked: Asked, offered: CorridorChoices) -> ExpectedArrivals:
    """Return the people a day on the corridor, from the file that was sent with a form.

    Raises
    ------
    InvalidRecordError
        There is no file, or the file has no number for the corridor.
    """
    content = await bytes_of(form.files.get("people"), "people")
    if asked.corridor not in dict(offered.corridors):
        msg = "no such corridor"
        raise NotFoundError(msg)
    return ExpectedArrivals(flows_in(content, offered.corridors, [asked.corridor])[asked.corridor])


async def _report(
    request: Request,
    source: ReadSource,
    asked: Asked,
    offered: CorridorChoices,
    desk: Desk,
    arrivals: ExpectedArrivals | None,
) -> LossReport:
    found = await measured(request, source, asked, offered, desk)
    crossings = crossings_along(found, desk.now)
    stages = stages_of(found, crossings)
    beds = await beds_of(source.session, [at.support.id for at in found.spaces])
    counts = await latest_counts(source.session)
    await source.session.close()
    spaces = ranked_losses(found, stages, beds)
    lost = crossing_losses(found.now.supports, stages, crossings)
    return LossReport(
        found=found,
        stages=stages,
        shut=tuple(one for one in crossings if one.is_shut),
        spaces=spaces,
        crossings=tuple(
            sorted(lost, key=lambda one: (-one.beyond, -one.beyond_m, one.crossing.id))
        ),
        beds=beds_along(spaces, arrivals or expected_by(arrivals_near(found, counts))),
        proposal=await _proposal(found),
    )


async def _proposal(found: MeasuredCorridor) -> SitingProposal | None:
    """Return the fewest new spaces that close all long gaps; None if the solver gives up."""
    try:
        return await search(partial(fewest_new_spaces, found))
    except SolverFailed:
        return None
