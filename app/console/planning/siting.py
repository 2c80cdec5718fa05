"""``/network/siting``: where the next spaces should stand, on one corridor or all."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from app.access.forms import Form, FormDep
from app.access.identity import CONSOLE
from app.console.forms.inputs import error_texts
from app.console.forms.layout import Desk, DeskDep, see
from app.console.planning.corridor_question import Asked, CorridorChoices, choices, measured
from app.console.planning.siting_form import (
    TIME_LIMITS_S,
    bytes_of,
    flows_in,
    kept_fields,
    question_in,
)
from app.http.responses import JSONResponse
from app.planning.corridors import MeasuredCorridor
from app.planning.losses import WEEK_DAYS, arrivals_near
from app.planning.siting.ground import EQUAL, SitingGround, SitingQuestion, siting_ground
from app.planning.siting.runs import SitingRuns
from app.runtime.work_limit import search
from app.snapshots.read_source import ReadSource
from geo.db.sessions import Database, Tier
from geo.errors import ConflictError, InvalidRecordError, NotFoundError
from geo.exports.tables import csv_table
from geo.geography.released_counts import latest_counts
from geo.planning import siting_runs
from geo.planning.siting_runs import Run
from geo.reasons import CodedReason
from geo.spaces.eligibility import NIGHT_SERVICE

router = APIRouter(include_in_schema=False)

SITING: Final = f"{CONSOLE}/siting"

#: Initial values of the form. They ask for the fewest new spaces with which adults find a night's
#: shelter after each day's walk (25 km) on all corridors.
_FIRST: Final = {
    "service": NIGHT_SERVICE,
    "model": "flow",
    "day_km": "25",
    "flows": "equal",
    "cost_outside": "2",
    "time_limit": str(TIME_LIMITS_S[1]),
}

#: Columns of the CSV file of proposed sites.
_COLUMNS: Final = ("corridor", "at_km", "town", "lon", "lat", "cost", "stays")


@router.get(SITING)
async def siting_page(request: Request, desk: DeskDep) -> Response:
    """Show the form, and the person's own search: how far it is, or what it has found."""
    return await _page(request, desk)


@router.post(SITING)
async def begin(request: Request, desk: DeskDep, form: FormDep) -> Response:
    """Begin a search in the background, in the place of the person's last one."""
    try:
        question, ground = await _asked(request, desk, form)
    except InvalidRecordError as error:
        return await _page(request, desk, form, error_texts(desk.words, error.problems))
    database: Database = request.state.database
    runs: SitingRuns = request.state.siting_runs
    try:
        # The run is committed before the search begins, because the search regularly updates the
        # run's row from its own session.
        async with database.session(Tier.WRITER, person=desk.actor.id) as session:
            run = await siting_runs.begin_run(session, desk.actor.id, kept_fields(form), desk.now)
    except ConflictError:
        problems = error_texts(desk.words, [("form", CodedReason("under_way"))])
        return await _page(request, desk, form, problems)
    runs.start(run, ground, question)
    return see(SITING)


@router.post(f"{SITING}/cancel")
async def cancel(desk: DeskDep, form: FormDep) -> Response:  # noqa: ARG001 -- checks the token
    """End the person's search; what it has found so far is its result."""
    await siting_runs.cancel_run(desk.session, desk.actor.id)
    return see(SITING)


@router.get(f"{SITING}/result.json")
async def result_json(desk: DeskDep) -> Response:
    """Return the result of the person's search."""
    return JSONResponse(dict(await _result(desk)))


@router.get(f"{SITING}/result.csv")
async def result_csv(desk: DeskDep) -> Response:
    """Return the proposed sites of the person's search as a table, with Excel's byte-order mark."""
    found = await _result(desk)
    return Response(
        csv_table([_COLUMNS], ([site[name] for name in _COLUMNS] for site in found["sites"])),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="amparo-sitios.csv"'},
    )


async def _result(desk: Desk) -> Mapping[str, Any]:
    run = await siting_runs.read_run(desk.session, desk.actor.id)
    if run is None or run.result is None:
        msg = "no search of yours has a result"
        raise NotFoundError(msg)
    return run.result


async def _asked(request: Request, desk: Desk, form: Form) -> tuple[SitingQuestion, SitingGround]:
    """Return the question of a form, and its sites on corridors measured as partners see them."""
    database: Database = request.state.database
    service = form.get("service", NIGHT_SERVICE)
    async with database.session(Tier.PARTNER) as session:
        source = ReadSource(session)
        offered = await choices(desk, source)
        asked = [one for one in offered.corridors if form.get("corridor", "") in {"", one[0]}]
        if not asked or service not in dict(offered.services):
            msg = "no such corridor or service"
            raise NotFoundError(msg)
        # The form is read before corridors are measured, so that a wrong form costs no time (P55).
        question = await question_in(form, dict.fromkeys((id_ for id_, _ in asked), EQUAL))
        if form.get("flows") == "file":
            content = await bytes_of(form.files.get("people"), "people")
            question = replace(question, people=flows_in(content, asked))
        found = [
            await measured(request, source, Asked(corridor=id_, service=service), offered, desk)
            for id_, _ in asked
        ]
        if form.get("flows") == "released":
            question = replace(question, people=await _released(source, found, offered))
    return question, await search(partial(siting_ground, found, question))


async def _released(
    source: ReadSource, found: list[MeasuredCorridor], offered: CorridorChoices
) -> dict[str, float]:
    """Return people a day on each corridor, by the largest released count at a place on it.

    Raises
    ------
    InvalidRecordError
        A corridor has no released count. The number of people there is unknown, not 0.
    """
    counts, names = await latest_counts(source.session), dict(offered.corridors)
    await source.session.close()
    near = {one.request.corridor or "": arrivals_near(one, counts) for one in found}
    unknown = [names[id_] for id_, one in near.items() if one is None]
    if unknown:
        reason = CodedReason("no_flow", corridors=", ".join(unknown))
        raise InvalidRecordError([("flows", reason)])
    return {id_: one.people / WEEK_DAYS for id_, one in near.items() if one is not None}


async def _page(
    request: Request,
    desk: Desk,
    form: Form | None = None,
    problems: Mapping[str, str] | None = None,
) -> Response:
    database: Database = request.state.database
    async with database.session(Tier.PARTNER) as session:
        offered = await choices(desk, ReadSource(session))
    run: Run | None = await siting_runs.read_run(desk.session, desk.actor.id)
    is_running = run is not None and run.is_running(desk.now)
    return desk.page(
        "siting",
        status=400 if problems else 200,
        corridors=offered.corridors,
        names=dict(offered.corridors),
        services=offered.services,
        time_limits_s=TIME_LIMITS_S,
        run=run,
        is_running=is_running,
        has_died=run is not None and run.state == "running" and not is_running,
        typed=form if form is not None else (run.fields if run is not None else _FIRST),
        problems=problems or {},
    )
