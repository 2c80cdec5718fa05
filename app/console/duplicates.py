"""``/network/duplicates``: spaces that may be the same, side by side for a person to decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from app.access.forms import FormDep
from app.access.identity import CONSOLE
from app.console.forms.inputs import error_texts
from app.console.forms.labels import FIELD_LABELS
from app.console.forms.layout import Desk, DeskDep, RecordId, see
from app.console.forms.record_view import TermNames, value_lines
from app.console.forms.returning import flash_of, return_path, with_flash
from app.i18n.translation import Words
from geo.accounts import restricted_access
from geo.db.sessions import Database
from geo.desk.waiting import COUNTED_PAIRS
from geo.errors import InvalidRecordError
from geo.imports import duplicates
from geo.imports.duplicates import OpenPair
from geo.proposals.record_visibility import shown_document
from geo.records import space_documents

router = APIRouter(include_in_schema=False)

DUPLICATES = f"{CONSOLE}/duplicates"
PAIR = f"{DUPLICATES}/{{left}}/{{right}}"

#: Fields that are lists, in which a merge can combine the values of both records.
TOGETHER = ("services", "sectors", "languages", "referral_points", "amenities", "public_phones")

_CHOICES = ("keep", "other", "both")


@dataclass(frozen=True, slots=True)
class FieldSides:
    """A field in which two records differ: the lines of text of each, and the ticked choice.

    Parameters
    ----------
    chosen
        Whose value the merged record gets: ``keep`` (the record that stays), ``other``, or ``both``
        combined, only if ``is_list``.
    """

    name: str
    label: str
    keep: Sequence[str]
    other: Sequence[str]
    is_list: bool
    chosen: str


@dataclass(frozen=True, slots=True)
class PairSides:
    """Two records side by side: the one that a merge keeps, the one it ends, their differences."""

    pair: OpenPair
    stays: Mapping[str, Any]
    goes: Mapping[str, Any]
    rows: Sequence[FieldSides]


@router.get(DUPLICATES)
async def duplicates_page(
    desk: DeskDep, done: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """Show the pairs that this person may decide."""
    return desk.page(
        "duplicates",
        pairs=await duplicates.open_pairs(desk.session, desk.actor, limit=COUNTED_PAIRS),
        shown=COUNTED_PAIRS,
        flash=flash_of({"done": done}),
    )


@router.get(PAIR)
async def pair_page(desk: DeskDep, left: RecordId, right: RecordId) -> Response:
    """Show two spaces side by side; opening a restricted one is written down (P31)."""
    pair = await duplicates.open_pair(desk.session, desk.actor, left, right)
    await _note_reading(desk, pair)
    return await _pair_page(desk, pair, left)


@router.post(PAIR)
async def decide(desk: DeskDep, left: RecordId, right: RecordId, form: FormDep) -> Response:
    """Propose to merge two spaces into the first, or remember that they are two."""
    pair = await duplicates.open_pair(desk.session, desk.actor, left, right)
    keep, other = (right, left) if form.get("keep") == right else (left, right)
    back = return_path(form, DUPLICATES)
    try:
        async with desk.session.begin_nested():
            if form.get("do") == "distinct":
                await duplicates.tell_apart(desk.session, left, right, desk.actor, now=desk.now)
                return see(with_flash(back, "distinct"))
            if form.get("do") == "merge":
                await duplicates.merge(
                    desk.session,
                    keep,
                    other,
                    desk.actor,
                    now=desk.now,
                    choices=_choices(form),
                )
                return see(with_flash(back, "merged"))
    except InvalidRecordError as error:
        return await _pair_page(
            desk, pair, keep, typed=form, problems=error_texts(desk.words, error.problems)
        )
    # No decision yet: the form was sent to choose which record stays, so the page is rendered again
    # with other proposed values.
    return await _pair_page(desk, pair, keep)


def _choices(form: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix("field-"): value
        for name, value in form.items()
        if name.startswith("field-") and value in _CHOICES
    }


async def _note_reading(desk: Desk, pair: OpenPair) -> None:
    database: Database = desk.request.state.database
    sides = ((pair.left, pair.is_left_restricted), (pair.right, pair.is_right_restricted))
    for space_id, is_restricted in sides:
        if is_restricted:
            await restricted_access.read(database, space_id, person=desk.actor.id)


async def pair_sides(
    desk: Desk, pair: OpenPair, keep: str, typed: Mapping[str, str] | None = None
) -> PairSides:
    """Return the two records of a pair side by side, with the choices that are ticked.

    Parameters
    ----------
    keep
        Id of the record that stays.
    typed
        Choices that were sent; None for the proposed ones.
    """
    w, terms = desk.words, await desk.terms()
    other = pair.right if keep == pair.left else pair.left
    found = await space_documents.read_documents(desk.session, [keep, other])
    stays, goes = [
        await shown_document(desk.session, desk.actor, found[id_]) for id_ in (keep, other)
    ]
    united = duplicates.united(stays, goes)
    rows = [
        FieldSides(
            name,
            w.gettext(FIELD_LABELS.get("position" if name == "lon" else name, name)),
            _lines(w, terms, name, stays),
            _lines(w, terms, name, goes),
            is_list=name in TOGETHER,
            chosen=(typed or {}).get(f"field-{name}") or _proposed(name, united, goes),
        )
        for name in duplicates.differing(stays, goes)
    ]
    return PairSides(pair, stays, goes, rows)


async def _pair_page(
    desk: Desk,
    pair: OpenPair,
    keep: str,
    *,
    typed: Mapping[str, str] | None = None,
    problems: dict[str, str] | None = None,
) -> Response:
    return desk.page(
        "duplicate",
        status=400 if problems else 200,
        sides=await pair_sides(desk, pair, keep, typed),
        problems=problems or {},
    )


def _lines(w: Words, terms: TermNames, name: str, document: Mapping[str, Any]) -> list[str]:
    if name == "lon":
        return [f"{document['lat']}, {document['lon']}"]
    return value_lines(w, terms, name, document.get(name), document.get("timezone") or "UTC")


def _proposed(name: str, united: Mapping[str, object], goes: Mapping[str, object]) -> str:
    """Return the choice ticked for a field at first, a value of `FieldSides.chosen`."""
    if name in TOGETHER:
        return "both"
    return "other" if name in united and united[name] == goes.get(name) else "keep"
