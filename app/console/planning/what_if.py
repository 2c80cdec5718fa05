"""``/network/corridors/what-if``: a corridor with spaces closed, moved, added, a crossing shut."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from app.access.forms import Form, FormDep
from app.console.forms.inputs import chosen_in, error_texts, text_in
from app.console.forms.layout import Desk, DeskDep, see
from app.console.planning.corridor_question import (
    CORRIDORS,
    GAPS_KM,
    Asked,
    CorridorChoices,
    choices,
    measured,
)
from app.planning.corridors import MeasuredCorridor
from app.planning.what_if import (
    CorridorWorld,
    MovedSpace,
    OtherHours,
    WhatIf,
    WhatIfAnswer,
    corridor_world,
    offering_spaces,
    what_if,
)
from app.runtime.work_limit import search
from app.snapshots.read_source import ReadSource
from geo.accounts import staff_reads
from geo.db.sessions import Database, Tier
from geo.errors import InvalidRecordError, NotFoundError
from geo.hours.openings import clock_time
from geo.planning import scenarios
from geo.reasons import CodedReason

router = APIRouter(include_in_schema=False)

WHAT_IF: Final = f"{CORRIDORS}/what-if"

#: Most added or moved places of a form [A]: with more changes, it would be another corridor.
MOST_CHANGES: Final = 20

#: Most ticked spaces, and most ticked crossings, that a scenario stores.
MOST_TICKED: Final = 500
#: Most characters of a text that a scenario stores.
MOST_TEXT: Final = 200

_TICKED: Final = ("closed", "shut")
_TEXTS: Final = (
    *("corridor", "service", "gap_km", "moved", "moved_km"),
    *("hours", "opens_at", "closes_at", "added"),
)

_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, eq=False)
class GapLine:
    """Gap with the spaces at its ends: None is the corridor's end, "" an added space."""

    length_m: float
    before: str | None
    after: str | None


@router.get(WHAT_IF)
async def what_if_page(
    request: Request, desk: DeskDep, asked: Annotated[Asked, Query()]
) -> Response:
    """Show the form: what could change along a corridor; without one lead to where it is chosen."""
    if not asked.corridor:
        return see(CORRIDORS)
    return await what_if_answer(request, desk, asked, None)


@router.post(WHAT_IF)
async def ask(request: Request, desk: DeskDep, form: FormDep) -> Response:
    """Compare the corridor with itself after the changes of the form; keep them if asked to."""
    asked, problems = question_of(form), None
    if form.get("do") == "save":
        try:
            # A scenario is stored only if its question can be answered today.
            _, world = await _world(request, desk, asked)
            await search(partial(what_if, world, changes_in(form)))
            saved = await scenarios.save_scenario(
                desk.session, desk.actor.id, form.get("name", ""), kept_fields(form), desk.now
            )
        except InvalidRecordError as error:
            problems = error_texts(desk.words, error.problems)
        else:
            return see(f"{CORRIDORS}/scenarios/{saved}")
    return await what_if_answer(request, desk, asked, form, problems=problems)


def question_of(form: Form) -> Asked:
    """Return corridor, service and longest gap of a form.

    Raises
    ------
    NotFoundError
        A value cannot be an id, a code or a number.
    """
    try:
        return Asked.model_validate(
            {name: form[name] for name in Asked.model_fields if name in form}
        )
    except ValidationError as error:
        raise NotFoundError("no such corridor") from error


def kept_fields(form: Form) -> dict[str, str | list[str]]:
    """Return the fields of a form that a scenario keeps."""
    ticked = {name: chosen_in(form, name)[:MOST_TICKED] for name in _TICKED}
    texts = {name: form[name][:MOST_TEXT] for name in _TEXTS if form.get(name, "").strip()}
    return {**texts, **ticked}


async def what_if_answer(
    request: Request,
    desk: Desk,
    asked: Asked,
    form: Form | None,
    *,
    name: str = "",
    problems: Mapping[str, str] | None = None,
) -> Response:
    """Return the page with the form and, if a form was sent, the comparison.

    Parameters
    ----------
    name
        Name of the stored scenario that fills the form.
    problems
        Problems by field of a scenario that could not be stored; there is no comparison then.

    Raises
    ------
    NotFoundError
        There is no such corridor or service.
    """
    offered, world = await _world(request, desk, asked)
    # The page names all spaces along the corridor, also those that are closed on the day.
    shown = {at.support.id for at in (*world.found.spaces, *world.offering)}
    staff_reads.show(desk.staff, "space", shown)
    answer: WhatIfAnswer | None = None
    problems = problems or {}
    if form is not None and not problems:
        try:
            answer = await search(partial(what_if, world, changes_in(form)))
        except InvalidRecordError as error:
            problems = error_texts(desk.words, error.problems)
    return desk.page(
        "what_if",
        status=400 if problems else 200,
        asked=asked,
        gap_km=asked.day_km,
        gaps_km=GAPS_KM,
        corridors=offered.corridors,
        services=offered.services,
        found=world.found,
        offering=[(at.support.id, at.support.name) for at in world.offering],
        crossings=world.crossings,
        name=name or ("" if form is None else form.get("name", "")),
        typed=form if form is not None else {},
        ticked={name: chosen_in(form, name) if form is not None else [] for name in _TICKED},
        problems=problems,
        answer=answer,
        gone=_lines(answer, is_new=False),
        new=_lines(answer, is_new=True),
    )


async def _world(
    request: Request, desk: Desk, asked: Asked
) -> tuple[CorridorChoices, CorridorWorld]:
    database: Database = request.state.database
    async with database.session(Tier.PARTNER) as session:
        source = ReadSource(session)
        offered = await choices(desk, source)
        found: MeasuredCorridor = await measured(request, source, asked, offered, desk)
        offering = await offering_spaces(session, found)
    return offered, await search(partial(corridor_world, found, offering, desk.now))


def changes_in(form: Form) -> WhatIf:
    """Return the changes that a form asks for.

    Raises
    ------
    InvalidRecordError
        A field cannot be read, nothing is changed, or there are too many changes.
    """
    closed, shut = (tuple(dict.fromkeys(chosen_in(form, name))) for name in _TICKED)
    moved, hours = text_in(form, "moved"), text_in(form, "hours")
    asked = WhatIf(
        closed=closed,
        moved=() if moved is None else (MovedSpace(moved, _one_km_in(form, "moved_km")),),
        hours=() if hours is None else (_hours_in(form, hours),),
        shut=shut,
        added_m=tuple(_km_in(form, "added")),
    )
    if asked.is_empty:
        raise InvalidRecordError([("changes", CodedReason("nothing_changes"))])
    return asked


def _hours_in(form: Form, space: str) -> OtherHours:
    names = ("opens_at", "closes_at")
    problems = [
        (name, CodedReason("not_clock"))
        for name in names
        if not _CLOCK.fullmatch(form.get(name, "").strip())
    ]
    if problems:
        raise InvalidRecordError(problems)
    return OtherHours(space, *(clock_time(form[name].strip()) for name in names))


def _one_km_in(form: Form, name: str) -> float:
    found = _km_in(form, name)
    if len(found) != 1:
        raise InvalidRecordError([(name, CodedReason("not_number"))])
    return found[0]


def _km_in(form: Form, name: str) -> list[float]:
    """Parse kilometres, divided by blanks or semicolons, and return metres."""
    written = form.get(name, "").replace(";", " ").split()
    if len(written) > MOST_CHANGES:
        raise InvalidRecordError([(name, CodedReason("too_many", most=MOST_CHANGES))])
    try:
        return [float(one.replace(",", ".")) * 1e3 for one in written]
    except ValueError:
        raise InvalidRecordError([(name, CodedReason("not_number"))]) from None


def _lines(answer: WhatIfAnswer | None, *, is_new: bool) -> list[GapLine]:
    """Return the gaps that the changes create (``is_new``) or close, the longest first."""
    if answer is None:
        return []
    gaps = answer.change.gaps_new(0) if is_new else answer.change.gaps_gone(0)

    def name(row: int | None) -> str | None:
        return None if row is None else answer.names[row] or ""

    lines = [GapLine(gap.length_m, name(gap.from_row), name(gap.to_row)) for gap in gaps]
    return sorted(lines, key=lambda line: -line.length_m)
