"""``/network/hides``: hide a space, a crossing or an area from every response at once (P24).

Hiding takes two steps. The first shows which records would disappear, and lets a person choose
among spaces of the same name; the second hides the one chosen. The page also lists removals by one
person, for a second person to confirm (P52).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypedDict

from fastapi import APIRouter, Query, Response

from app.access.forms import Form, FormDep
from app.access.identity import CONSOLE
from app.console.forms.error_text import reason_text
from app.console.forms.labels import HIDE_CODES, REMOVING_ACTS, SIDES
from app.console.forms.layout import Desk, DeskDep, RecordId, see
from app.console.forms.maps import map_data
from geo.accounts.permissions import Actor, can_hide
from geo.errors import InvalidRecordError, NotFoundError
from geo.reasons import CodedReason
from geo.removals import hide_effects, unconfirmed
from geo.removals import hides as hiding
from geo.removals.hide_effects import SpaceEffect
from geo.spaces import staff_search

router = APIRouter(include_in_schema=False)

HIDES = f"{CONSOLE}/hides"

#: Most spaces to choose from for a typed name; a person types a longer name to get fewer.
MOST_MATCHES = 20


@router.get(HIDES)
async def hides(
    desk: DeskDep,
    space: Annotated[str, Query(max_length=200)] = "",
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show the three ways to hide, and what is hidden now."""
    return await _page(desk, {"space": space}, done=done)


@router.post(HIDES)
async def hide(desk: DeskDep, form: FormDep) -> Response:
    """Say what would go out of sight, or hide it at once if that was confirmed."""
    try:
        async with desk.session.begin_nested():
            if form.get("confirmed") != "1":
                return await _confirm_page(desk, form)
            await _hide(desk, form)
    except InvalidRecordError as error:
        return await _page(desk, form, problems=error.problems)
    return see(f"{HIDES}?done=hidden#in-force")


@router.post(f"{HIDES}/{{hide_id}}/lift")
async def lift(desk: DeskDep, hide_id: RecordId, form: FormDep) -> Response:
    """End a hide."""
    try:
        async with desk.session.begin_nested():
            ended = await hiding.lift(
                desk.session,
                hide_id,
                actor=desk.actor,
                reason=form.get("reason", ""),
                now=desk.now,
            )
    except InvalidRecordError as error:
        return await _page(desk, {"lift": hide_id}, problems=error.problems)
    return see(f"{HIDES}?done={'lifted' if ended else 'asked'}#in-force")


@router.post(f"{CONSOLE}/removals/{{removal_id}}/confirm")
async def confirm(desk: DeskDep, removal_id: RecordId, _form: FormDep) -> Response:
    """Agree that something stays out of sight."""
    await unconfirmed.confirm(desk.session, removal_id, actor=desk.actor, now=desk.now)
    return see(f"{HIDES}?done=confirmed#standing")


async def _hide(desk: Desk, form: Form) -> None:
    """Hide the target that was chosen on the page before."""
    session, why = desk.session, _why(desk, form)
    match form.get("entity"):
        case "space":
            await hiding.hide_space(session, _named(form, "chosen"), **why)
        case "crossing":
            await hiding.hide_crossing(session, _named(form, "crossing"), **why)
        case "area":
            await hiding.hide_area(session, _box(form), **why)
        case _:
            raise _no_entity()


async def _confirm_page(desk: Desk, form: Form) -> Response:
    """Show what a hide would take out of sight; nothing is written."""
    entity = form.get("entity", "")
    match entity:
        case "space":
            effect: object = await _spaces_meant(desk, _named(form, "space"))
        case "crossing":
            effect = await _crossing_effect(desk, _named(form, "crossing"))
        case "area":
            effect = await hide_effects.area_effect(desk.staff, _box(form), desk.actor)
        case _:
            raise _no_entity()
    return desk.page(
        "hide_confirm",
        entity=entity,
        effect=effect,
        typed=form,
        codes=HIDE_CODES,
        terms=await desk.terms(),
    )


def _no_entity() -> InvalidRecordError:
    choices = ["space", "crossing", "area"]
    return InvalidRecordError([("entity", CodedReason("not_one_of", choices=choices))])


def _named(form: Form, name: str) -> str:
    """Return the text of a required field; for a space, the id chosen in step two, if any."""
    named = (form.get("chosen") if name == "space" else None) or form.get(name, "").strip()
    if not named:
        raise InvalidRecordError([("name", CodedReason("missing"))])
    return named


async def _spaces_meant(desk: Desk, named: str) -> list[SpaceEffect]:
    """Return the spaces that a typed id or name could mean, of those that the person may hide.

    Raises
    ------
    InvalidRecordError
        None matches.
    ForbiddenError
        Those that match lie where the person may not hide.
    """
    try:
        # The text is tried as an id first, because an id also reaches spaces that no search finds.
        return [await hide_effects.space_effect(desk.session, named, desk.actor)]
    except NotFoundError:
        found = await staff_search.find_spaces(desk.staff, words=named, limit=MOST_MATCHES)
    if not found:
        raise InvalidRecordError([("name", CodedReason("no_match"))]) from None
    hideable = [one for one in found if can_hide(desk.actor, country=one.country)] or found[:1]
    return [await hide_effects.space_effect(desk.session, one.id, desk.actor) for one in hideable]


@dataclass(frozen=True)
class CrossingEffect:
    """A crossing to hide, and how many others of its border stay on the map."""

    id: str
    name: str
    countries: tuple[str, str]
    left: int


async def _crossing_effect(desk: Desk, crossing_id: str) -> CrossingEffect:
    known = await staff_search.crossing_names(desk.staff)
    for id_, name, one, other in known:
        if id_ == crossing_id:
            left = sum({one, other} == {*row[2:]} for row in known) - 1
            return CrossingEffect(id_, name, (one, other), left)
    msg = f"there is no crossing '{crossing_id[:100]}'"
    raise NotFoundError(msg)


class _Why(TypedDict):
    actor: Actor
    reason: str
    code: str
    now: datetime


def _why(desk: Desk, form: Form) -> _Why:
    return {
        "actor": desk.actor,
        "reason": form.get("reason", ""),
        "code": form.get("code", "other"),
        "now": desk.now,
    }


def _box(form: Form) -> dict[str, Any]:
    """Return the rectangle with the form's four sides as GeoJSON."""
    problems, sides = [], []
    for name in SIDES:
        try:
            sides.append(float(form.get(name, "").strip().replace(",", ".")))
        except ValueError:
            problems.append((name, CodedReason("not_number")))
    if problems:
        raise InvalidRecordError(problems)
    west, south, east, north = sides
    if not (west < east and south < north):
        raise InvalidRecordError([("north", CodedReason("box_empty"))])
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


async def _page(
    desk: Desk,
    typed: Mapping[str, str],
    *,
    problems: list[tuple[str, CodedReason]] | None = None,
    done: str = "",
) -> Response:
    actor, w = desk.actor, desk.words
    in_force = await hiding.visible_hides(desk.session, actor)
    ids = [hide.record_id for hide in in_force if hide.record_id is not None]
    spaces = await staff_search.named_spaces(desk.staff, ids)
    crossings = await staff_search.crossing_names(desk.staff)
    anywhere = can_hide(actor, country=None)
    may_hide = anywhere or any(can_hide(actor, country=code) for code in actor.countries)
    return desk.page(
        "hides",
        status=400 if problems else 200,
        typed=typed,
        problems={field: reason_text(w, why) for field, why in problems or []},
        done=done,
        in_force=in_force,
        standing=await unconfirmed.standing(desk.session, actor),
        codes=HIDE_CODES,
        acts=REMOVING_ACTS,
        spaces=spaces,
        crossing_names={id_: name for id_, name, *_ in crossings},
        crossings=[row for row in crossings if _may_hide_any(actor, row[2:])],
        may_hide=may_hide,
        may_hide_area=anywhere,
        liftable={hide.id for hide in in_force if _may_lift(actor, hide, spaces, crossings)},
        map=map_data(w) if anywhere else None,
    )


def _may_hide_any(actor: Actor, countries: tuple[str, ...]) -> bool:
    return any(can_hide(actor, country=code) for code in countries)


def _may_lift(
    actor: Actor,
    hide: hiding.ActiveHide,
    spaces: Mapping[str, staff_search.DirectoryEntry],
    crossings: list[tuple[str, str, str, str]],
) -> bool:
    """Return whether the page offers to lift a hide; the lifting endpoint checks again."""
    if can_hide(actor, country=None):
        return True
    if hide.entity == "space":
        found = spaces.get(hide.record_id or "")
        return found is not None and can_hide(actor, country=found.country)
    sides = next((row[2:] for row in crossings if row[0] == hide.record_id), ())
    return hide.entity == "crossing" and _may_hide_any(actor, sides)
