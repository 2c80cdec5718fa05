"""``/network/crossings``: statements about official crossings, and the form that adds one (P32).

Below stands where the post is: a position waits for a second person, and what volunteers tagged in
an extract is a hint for whoever goes and looks, nothing else (P10, P12).

"Closed" and "not known" apply at once, with a coded source; "open" waits for a second person (P40),
and so does a source in free text (P51).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from app.access.forms import Form, FormDep
from app.access.identity import CONSOLE
from app.console.forms.fields import TIMEZONES
from app.console.forms.inputs import chosen_in, text_in
from app.console.forms.labels import CODED
from app.console.forms.layout import Desk, DeskDep, RecordId, see
from app.console.forms.submitted import submitted
from app.i18n.coded_reasons import source_names
from app.i18n.translation import Words
from geo.accounts.permissions import can_propose
from geo.errors import NotFoundError
from geo.geography import crossings
from geo.geography.crossings import CrossingState, CrossingStatement
from geo.hours.openings import WEEKDAYS, zone
from geo.proposals import pending, submission
from geo.subjects.crossing_surveys import SURVEY_FIELDS, posts_near
from geo.text.normalize import folded

router = APIRouter(include_in_schema=False)

CROSSINGS = f"{CONSOLE}/crossings"
CROSSING = f"{CROSSINGS}/{{crossing}}"
POSITION = f"{CROSSING}/position"

#: Form fields with a single line of text.
_TEXTS = ("state", "valid_from", "valid_to", "timezone", "opens_at", "closes_at", "source")


@dataclass(frozen=True)
class StatementView:
    """A dated statement about a crossing, as texts for the page."""

    state: str
    days: str
    hours: str
    source: str
    is_assumption: bool


@router.get(CROSSINGS)
async def crossings_page(
    desk: DeskDep,
    q: Annotated[str, Query(max_length=120)] = "",
) -> Response:
    """Show every crossing with its state now; those of the own countries first."""
    w, own = desk.words, desk.actor.countries
    found = [
        crossing
        for crossing in await crossings.states_at(desk.staff, desk.now)
        if folded(q) in folded(" ".join([crossing.name, crossing.id, *_sides(w, crossing)]))
    ]
    found.sort(key=lambda c: (not own & {c.country_a, c.country_b}, *_sides(w, c), c.name, c.id))
    return desk.page("crossings", found=found, q=q, states=CODED["state"])


@router.get(CROSSING)
async def crossing_page(
    desk: DeskDep, crossing: RecordId, done: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """Show what was stated of a crossing, and the form of a new statement."""
    return await _page(desk, crossing, done=done)


@router.post(CROSSING)
async def state(desk: DeskDep, crossing: RecordId, form: FormDep) -> Response:
    """State what is known of a crossing from a day on."""

    async def work() -> Response:
        outcome = await submission.propose_crossing(
            desk.session,
            desk.actor,
            crossing_id=crossing,
            statement=_statement_in(form),
            reason=form.get("reason", ""),
            via="web",
            now=desk.now,
        )
        if outcome.proposal_id is not None and not outcome.applied:
            return see(f"{CONSOLE}/proposals/{outcome.proposal_id}?sent=true")
        done = "applied" if outcome.proposal_id is None else "both"
        return see(f"{CROSSINGS}/{crossing}?done={done}")

    return await submitted(desk, work, partial(_page, desk, crossing, typed=form))


@router.post(POSITION)
async def survey(desk: DeskDep, crossing: RecordId, form: FormDep) -> Response:
    """Propose where the post of a crossing stands, as somebody saw it; it waits for another."""

    async def work() -> Response:
        outcome = await submission.propose_crossing(
            desk.session,
            desk.actor,
            crossing_id=crossing,
            statement={name: text_in(form, name) for name in SURVEY_FIELDS},
            reason=form.get("reason", ""),
            via="web",
            now=desk.now,
        )
        return see(f"{CONSOLE}/proposals/{outcome.proposal_id}?sent=true")

    return await submitted(desk, work, partial(_page, desk, crossing, surveyed=form))


def _statement_in(form: Form) -> dict[str, Any]:
    """Return the unvalidated statement of a form, with hours only if the state is "open"."""
    made: dict[str, Any] = {
        name: value for name in _TEXTS if (value := text_in(form, name)) is not None
    }
    if "source" not in made and (code := text_in(form, "source_code")) is not None:
        made["source"] = code
    if made.get("state") != "open":
        # The form may still hold the hours of the previous statement.
        made.pop("opens_at", None)
        made.pop("closes_at", None)
    days = chosen_in(form, "byday")
    return made | ({"byday": days} if days and made.get("state") == "open" else {})


async def _page(
    desk: Desk,
    crossing_id: str,
    *,
    done: str = "",
    typed: Form | None = None,
    surveyed: Form | None = None,
    problems: Mapping[str, str] | None = None,
) -> Response:
    w, actor = desk.words, desk.actor
    known = {found.id: found for found in await crossings.states_at(desk.staff, desk.now)}
    if crossing_id not in known:
        msg = f"there is no crossing '{crossing_id[:100]}'"
        raise NotFoundError(msg)
    found = known[crossing_id]
    said = await crossings.statements_of(desk.staff, crossing_id)
    countries = (found.country_a, found.country_b)
    return desk.page(
        "crossing",
        status=400 if problems else 200,
        crossing=found,
        states=CODED["state"],
        may_state=any(can_propose(actor, organization_id=None, country=c) for c in countries),
        waiting=[
            proposal
            for proposal in await pending.pending(desk.session, actor, record_id=crossing_id)
            if proposal.entity == "crossing"
        ],
        said=[_in_words(w, statement) for statement in said],
        typed=typed if typed is not None else _first(desk, found),
        ticked=chosen_in(typed, "byday") if typed is not None else _days(said),
        sources=source_names(w),
        days=w.weekdays(),
        surveyed=surveyed or {},
        posts=await posts_near(desk.staff, crossing_id),
        timezones=[(name, name) for name in sorted({*TIMEZONES, found.timezone or TIMEZONES[0]})],
        problems=problems or {},
        done=done,
    )


def _first(desk: Desk, found: CrossingState) -> dict[str, str]:
    """Return the form's initial values: the crossing's timezone, and today's date there.

    Only values that cannot be wrong are filled in.
    """
    today = desk.now.astimezone(zone(found.timezone or "UTC")).date()
    return {"valid_from": today.isoformat(), "timezone": found.timezone or ""}


def _days(said: Sequence[CrossingStatement]) -> Sequence[str]:
    return [day for day in WEEKDAYS if not said or day in said[0].byday]


def _in_words(w: Words, said: CrossingStatement) -> StatementView:
    until = "" if said.valid_to is None else f" – {w.day(said.valid_to)}"
    hours = ""
    if said.opens_at is not None and said.closes_at is not None:
        days = [name for code, name in w.weekdays() if code in said.byday]
        named = "" if len(days) == len(WEEKDAYS) else f"{', '.join(days)} "
        hours = f"{named}{said.opens_at:%H:%M}-{said.closes_at:%H:%M} ({said.timezone})"
    return StatementView(
        w.gettext(CODED["state"][said.state]),
        w.day(said.valid_from) + until,
        hours,
        said.source,
        said.assumption,
    )


def _sides(w: Words, crossing: CrossingState) -> tuple[str, str]:
    return w.country(crossing.country_a), w.country(crossing.country_b)
