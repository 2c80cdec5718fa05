"""``/network/crossings``: statements about official crossings, of one or of several (P32).

The page of a crossing also takes the position of its post, as somebody saw it on site; a position
waits for a second person. Border posts tagged in OpenStreetMap only help to find the place (P10,
P12).

"Closed" and "not known" apply at once, with a coded source; "open" waits for a second person (P40),
and so does a source in free text (P51). One form can close several crossings, each by a statement
of its own. The form offers the time zones of the nearest towns, so that nobody has to type one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from app.access.forms import Form, FormDep
from app.access.identity import CONSOLE
from app.console.forms.inputs import chosen_in, text_in
from app.console.forms.labels import CODED
from app.console.forms.layout import Desk, DeskDep, RecordId, see
from app.console.forms.submitted import submitted
from app.console.forms.trial import allows_mixed, is_trial
from app.console.space_forms.fields import TIMEZONES
from app.i18n.coded_reasons import source_names
from app.i18n.time_zones import zone_name
from app.i18n.translation import Words
from geo.accounts.permissions import Actor, can_propose
from geo.errors import InvalidRecordError, NotFoundError
from geo.geography import crossings
from geo.geography.crossing_clocks import Clock, clocks_of
from geo.geography.crossings import CrossingState, CrossingStatement
from geo.hours.openings import WEEKDAYS, zone
from geo.proposals import pending, submission
from geo.proposals.submission import ChangeRequest
from geo.reasons import CodedReason
from geo.subjects.crossing_surveys import SURVEY_FIELDS, posts_near
from geo.text.coded_reasons import SOURCES, staff_reason
from geo.text.normalize import folded

router = APIRouter(include_in_schema=False)

CROSSINGS = f"{CONSOLE}/crossings"
CROSSING = f"{CROSSINGS}/{{crossing}}"
POSITION = f"{CROSSING}/position"

#: Form fields with a single line of text.
_TEXTS = ("state", "valid_from", "valid_to", "opens_at", "closes_at", "source")

#: States that one form can give to several crossings: those that close. A crossing is opened by a
#: form of its own, with its hours, and by a second person.
CLOSING_STATES = ("closed", "not_known")

#: Upper limit of crossings stated by one form: more than the longest border has.
MAX_AT_ONCE = 50

type Clocks = Mapping[str, tuple[Clock, ...]]
type Count = Annotated[int, Query(ge=0, le=MAX_AT_ONCE)]


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
    border: Annotated[str, Query(max_length=5)] = "",
    stated: Count = 0,
    waiting: Count = 0,
) -> Response:
    """Show every crossing with its state now; those of the own countries first."""
    return await _list_page(desk, q=q, border=border, stated=stated, waiting=waiting)


@router.post(CROSSINGS)
async def state_several(desk: DeskDep, form: FormDep) -> Response:
    """Close several crossings, or say that nothing is known of them any more."""

    async def work() -> Response:
        chosen = list(dict.fromkeys(chosen_in(form, "crossing")))
        _require_closing(chosen, form)
        known = {one.id: one for one in await crossings.states_at(desk.staff, desk.now)}
        clocks = await clocks_of(desk.staff, [known[i] for i in chosen if i in known], desk.now)
        outcomes = await submission.propose(
            desk.session,
            desk.actor,
            "crossing",
            [ChangeRequest(one, _statement_in(desk, form, clocks.get(one, ()))) for one in chosen],
            reason=_reason_in(form),
            via="web",
            now=desk.now,
            allow_mixed=allows_mixed(desk),
        )
        waiting = sum(outcome.proposal_id is not None for outcome in outcomes)
        return see(f"{CROSSINGS}?stated={len(outcomes)}&waiting={waiting}")

    again = partial(
        _list_page, desk, q=form.get("q", "")[:120], border=form.get("border", "")[:5], typed=form
    )
    return await submitted(desk, work, again)


def _reason_in(form: Form) -> str:
    """Return the reason that staff read: the typed one, else the name of the coded source.

    A source in free text is no reason: the statement then waits for a second person, who needs a
    typed reason.
    """
    code = None if text_in(form, "source") else text_in(form, "source_code")
    return staff_reason(form.get("reason"), code, SOURCES)


def _require_closing(chosen: Sequence[str], form: Form) -> None:
    problems = []
    if not chosen:
        problems.append(("crossing", CodedReason("missing")))
    elif len(chosen) > MAX_AT_ONCE:
        problems.append(("crossing", CodedReason("length", most=MAX_AT_ONCE)))
    if form.get("state") not in CLOSING_STATES:
        problems.append(("state", CodedReason("not_one_of", choices=CLOSING_STATES)))
    if problems:
        raise InvalidRecordError(problems)


@router.get(CROSSING)
async def crossing_page(
    desk: DeskDep, crossing: RecordId, done: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """Show what was stated of a crossing, and the form of a new statement."""
    return await _page(desk, crossing, done=done)


@router.post(CROSSING)
async def state(desk: DeskDep, crossing: RecordId, form: FormDep) -> Response:
    """Propose the state and hours of a crossing from a day on; a closure holds at once (P40)."""

    async def work() -> Response:
        found = await _known(desk, crossing)
        clocks = await clocks_of(desk.staff, [found], desk.now)
        outcome = await submission.propose_crossing(
            desk.session,
            desk.actor,
            crossing_id=crossing,
            statement=_statement_in(desk, form, clocks[crossing]),
            reason=form.get("reason", ""),
            via="web",
            now=desk.now,
            allow_mixed=allows_mixed(desk),
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
            allow_mixed=allows_mixed(desk),
        )
        return see(f"{CONSOLE}/proposals/{outcome.proposal_id}?sent=true")

    return await submitted(desk, work, partial(_page, desk, crossing, surveyed=form))


def _statement_in(desk: Desk, form: Form, clocks: Sequence[Clock]) -> dict[str, Any]:
    """Return the unvalidated statement of a form, with hours only if the state is "open".

    Without a first day the statement begins today, by the clock of the crossing.
    """
    made: dict[str, Any] = {
        name: value for name in _TEXTS if (value := text_in(form, name)) is not None
    }
    timezone = _timezone_in(form, clocks)
    if timezone is not None:
        made["timezone"] = timezone
        made.setdefault("valid_from", desk.now.astimezone(zone(timezone)).date().isoformat())
    if "source" not in made and (code := text_in(form, "source_code")) is not None:
        made["source"] = code
    if made.get("state") != "open":
        # The form may still hold the hours of the previous statement.
        made.pop("opens_at", None)
        made.pop("closes_at", None)
    days = chosen_in(form, "byday")
    return made | ({"byday": days} if days and made.get("state") == "open" else {})


def _timezone_in(form: Form, clocks: Sequence[Clock]) -> str | None:
    """Return the chosen time zone if ``clocks`` (zones of nearby towns) has it, else their first.

    Without clocks (no town is loaded), any zone of `TIMEZONES` may be chosen.
    """
    typed = text_in(form, "timezone")
    if not clocks:
        return typed if typed in TIMEZONES else None
    return typed if typed in {clock.timezone for clock in clocks} else clocks[0].timezone


async def _known(desk: Desk, crossing_id: str) -> CrossingState:
    for found in await crossings.states_at(desk.staff, desk.now):
        if found.id == crossing_id:
            return found
    msg = f"there is no crossing '{crossing_id[:100]}'"
    raise NotFoundError(msg)


async def _list_page(
    desk: Desk,
    *,
    q: str,
    border: str,
    stated: int = 0,
    waiting: int = 0,
    typed: Form | None = None,
    problems: Mapping[str, str] | None = None,
) -> Response:
    w, own = desk.words, desk.actor.countries
    every = await crossings.states_at(desk.staff, desk.now)
    found = [
        crossing
        for crossing in every
        if folded(q) in folded(" ".join([crossing.name, crossing.id, *_sides(w, crossing)]))
        and border in {"", _border(crossing)}
    ]
    found.sort(key=lambda c: (not own & {c.country_a, c.country_b}, *_sides(w, c), c.name, c.id))
    borders = {_border(crossing): " – ".join(_sides(w, crossing)) for crossing in every}
    return desk.page(
        "crossings",
        status=400 if problems else 200,
        found=found,
        clocks=await _clock_names(desk, found),
        q=q,
        border=border,
        borders=sorted(borders.items(), key=lambda pair: pair[1]),
        states=CODED["state"],
        closing_states=CLOSING_STATES,
        stateable={one.id for one in found if _may_state(desk.actor, one)},
        ticked=chosen_in(typed, "crossing") if typed is not None else (),
        typed=typed or {},
        sources=source_names(w),
        problems=problems or {},
        stated=stated,
        waiting=waiting,
        is_trial=await is_trial(desk),
    )


async def _clock_names(desk: Desk, found: Sequence[CrossingState]) -> dict[str, str]:
    """Return the name of each crossing's usual time zone (the first of its clocks), by its id."""
    clocks = await clocks_of(desk.staff, found, desk.now)
    return {one: clock_name(desk.words, own[0]) for one, own in clocks.items() if own}


async def _page(
    desk: Desk,
    crossing_id: str,
    *,
    done: str = "",
    typed: Form | None = None,
    surveyed: Form | None = None,
    problems: Mapping[str, str] | None = None,
) -> Response:
    w = desk.words
    found = await _known(desk, crossing_id)
    said = await crossings.statements_of(desk.staff, crossing_id)
    clocks = (await clocks_of(desk.staff, [found], desk.now))[crossing_id]
    named = [(clock.timezone, clock_name(w, clock)) for clock in clocks]
    return desk.page(
        "crossing",
        status=400 if problems else 200,
        crossing=found,
        states=CODED["state"],
        may_state=_may_state(desk.actor, found),
        is_trial=await is_trial(desk),
        waiting=[
            proposal
            for proposal in await pending.pending(desk.session, desk.actor, record_id=crossing_id)
            if proposal.entity == "crossing"
        ],
        said=[_in_words(w, statement, dict(named)) for statement in said],
        typed=typed if typed is not None else _first(desk, found, clocks),
        ticked=chosen_in(typed, "byday") if typed is not None else _days(said),
        sources=source_names(w),
        days=w.weekdays(),
        surveyed=surveyed or {},
        posts=await posts_near(desk.staff, crossing_id),
        clocks=named,
        timezones=[(name, name) for name in sorted({*TIMEZONES, found.timezone or TIMEZONES[0]})],
        problems=problems or {},
        done=done,
    )


def _may_state(actor: Actor, crossing: CrossingState) -> bool:
    countries = (crossing.country_a, crossing.country_b)
    return any(can_propose(actor, organization_id=None, country=code) for code in countries)


def _first(desk: Desk, found: CrossingState, clocks: Sequence[Clock]) -> dict[str, str]:
    """Return the form's initial values: the crossing's time zone, and today's date there.

    The state has no initial value: a person must choose it.
    """
    timezone = clocks[0].timezone if clocks else found.timezone or ""
    today = desk.now.astimezone(zone(timezone or "UTC")).date()
    return {"valid_from": today.isoformat(), "timezone": timezone}


def _days(said: Sequence[CrossingStatement]) -> Sequence[str]:
    return [day for day in WEEKDAYS if not said or day in said[0].byday]


def clock_name(w: Words, clock: Clock) -> str:
    """Return the name of a clock: its town, or the city in the IANA name of its time zone."""
    if clock.place is None:
        return zone_name(w, clock.timezone)
    return f"{clock.place}, {w.country(str(clock.country))}"


def _in_words(w: Words, said: CrossingStatement, clocks: Mapping[str, str]) -> StatementView:
    until = "" if said.valid_to is None else f" – {w.day(said.valid_to)}"
    hours = ""
    if said.opens_at is not None and said.closes_at is not None:
        days = [name for code, name in w.weekdays() if code in said.byday]
        named = "" if len(days) == len(WEEKDAYS) else f"{', '.join(days)} "
        clock = clocks.get(said.timezone) or clock_name(w, Clock(said.timezone, None, None))
        local = w.gettext("hora de %(place)s") % {"place": clock}
        hours = f"{named}{said.opens_at:%H:%M}-{said.closes_at:%H:%M} ({local})"
    return StatementView(
        w.gettext(CODED["state"][said.state]),
        w.day(said.valid_from) + until,
        hours,
        said.source,
        said.assumption,
    )


def _sides(w: Words, crossing: CrossingState) -> tuple[str, str]:
    return w.country(crossing.country_a), w.country(crossing.country_b)


def _border(crossing: CrossingState) -> str:
    return "-".join(sorted((crossing.country_a, crossing.country_b)))
