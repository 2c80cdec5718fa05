"""Possible duplicates among spaces: found, queued for a person to decide, merged or told apart.

A pair with a restricted space is shown only to the coordinators named as readers of that space;
other people's lists and reports are the same as if the space did not exist (P38, P39).
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from geo.accounts import staff_reads
from geo.accounts.permissions import Actor, Role, can_coordinate, require_staff
from geo.audit import trail
from geo.errors import ConflictError, NotFoundError
from geo.imports.reports import Likeness, RowReport
from geo.imports.similarity import Pair, Spot, pairs, phones_of, spot_of
from geo.models import Duplicate, Location, Phone, RestrictedReader
from geo.proposals import submission
from geo.proposals.record_visibility import shown_document
from geo.records import space_documents
from geo.removals.hidden_records import untold_hidden

#: Most possible duplicates that an import report lists for one row.
_MAX_ALIKE = 5

#: Fields of a document that the search for duplicates compares. For a row that changes none of
#: these fields, no duplicates are searched.
_TELLING = {"name", "lon", "lat", "coord_precision", "country", "locality", "public_phones"}

#: List fields that get the items of both records when two records of one place are merged.
_UNITED = ("services", "sectors", "languages", "referral_points")


async def alike_rows(
    session: AsyncSession,
    rows: Sequence[RowReport],
    stored: Mapping[str, Mapping[str, Any]],
    *,
    actor: Actor | None,
) -> list[RowReport]:
    """Add to each row of an import report its possible duplicates (writer session).

    Only new rows, and rows that change a compared field, are searched. Restricted spaces that the
    actor is not a named reader of, and pairs already judged to be different places, are left out.

    Parameters
    ----------
    stored : mapping of str to document
        The stored document of each row's record, by id.
    """
    telling = [
        row
        for row in rows
        if row.state == "new" or (row.state == "changed" and _TELLING & set(row.fields))
    ]
    fresh = {
        row.id: spot
        for row in telling
        if (spot := spot_of({**stored.get(row.id, {}), **row.changes}, row.id))
    }
    if not fresh:
        return list(rows)
    numbers = {row.id: row.number for row in rows if row.state == "new"}
    old = await _spots(session, {spot.country for spot in fresh.values()}, actor)
    told_apart = await _decided(session, fresh)
    found: dict[str, list[Likeness]] = defaultdict(list)
    for pair in await asyncio.to_thread(pairs, list(fresh.values()), old):
        if (pair.left, pair.right) in told_apart:
            continue
        for id_, other in ((pair.left, pair.right), (pair.right, pair.left)):
            if id_ in fresh:
                named = f"row {numbers[other]}" if other in numbers else other
                found[id_].append(Likeness(named, pair.score, pair.reasons))
    return [replace(row, alike=tuple(found[row.id][:_MAX_ALIKE])) if row.id in found else row
            for row in rows]  # fmt: skip


async def remember_alike(session: AsyncSession, ids: Collection[str]) -> int:
    """Queue the possible duplicates of the given spaces for a decision (writer session).

    Pairs that a person has decided keep their decision. Undecided pairs of the given spaces that
    are no longer similar are deleted.

    Returns
    -------
    int
        Number of similar pairs found, decided ones included.
    """
    if not ids:
        return 0
    wanted = set(ids)
    spots = await _spots(session, None, None)
    fresh = [spot for spot in spots if spot.id in wanted]
    old = [spot for spot in spots if spot.id not in wanted]
    found = await asyncio.to_thread(pairs, fresh, old)
    named = func.any(list(wanted))
    await session.execute(
        delete(Duplicate).where(
            Duplicate.state == "open",
            or_(Duplicate.left_id == named, Duplicate.right_id == named),
        )
    )
    if found:
        await session.execute(
            insert(Duplicate).on_conflict_do_nothing(), [_row(pair) for pair in found]
        )
    return len(found)


async def find_duplicates(session: AsyncSession) -> int:
    """Queue every possible duplicate among spaces not closed; return the count (writer session)."""
    return await remember_alike(session, set(await session.scalars(select(Location.id))))


@dataclass(frozen=True, slots=True)
class OpenPair:
    """Possible duplicate that no person has decided yet, with the names of both spaces.

    Lists show only the id of a restricted space (P31).
    """

    left: str
    right: str
    left_name: str
    right_name: str
    score: float
    reasons: Mapping[str, Any]
    is_left_restricted: bool
    is_right_restricted: bool

    @property
    def is_restricted(self) -> bool:
        """Whether a space of the pair is restricted, so that opening the pair is recorded."""
        return self.is_left_restricted or self.is_right_restricted


async def open_pairs(
    session: AsyncSession, actor: Actor | None, *, limit: int = 100, shown: int | None = None
) -> list[OpenPair]:
    """Return the undecided duplicates that an actor may decide, best score first (writer session).

    Parameters
    ----------
    actor : Actor or None
        An editor sees pairs with a space of the editor's organisation, an approver pairs in the
        approver's countries; neither sees pairs with a restricted space. None is the operator of
        the machine, who sees all pairs.
    shown : int or None
        Number of pairs that a page shows, while it only counts the others; None for all.

    Raises
    ------
    ForbiddenError
        The actor's role does not work on records.
    """
    found = await _open_pairs(session, actor, limit)
    seen = {one for pair in found[:shown] for one in (pair.left, pair.right)}
    staff_reads.show(session, "space", seen)
    return found


async def _open_pairs(session: AsyncSession, actor: Actor | None, limit: int) -> list[OpenPair]:
    left, right = aliased(Location), aliased(Location)
    question = (
        select(
            Duplicate.left_id,
            Duplicate.right_id,
            left.name,
            right.name,
            Duplicate.score,
            Duplicate.reasons,
            left.visibility == "restricted",
            right.visibility == "restricted",
        )
        .join(left, left.id == Duplicate.left_id)
        .join(right, right.id == Duplicate.right_id)
        .where(Duplicate.state == "open")
        .order_by(Duplicate.score.desc(), Duplicate.left_id, Duplicate.right_id)
        .limit(limit)
    )
    if actor is not None:
        require_staff(actor)
        question = question.where(_may_know(left, actor), _may_know(right, actor))
        if not can_coordinate(actor):
            question = question.where(
                *(space.visibility != "restricted" for space in (left, right))
            )
        if actor.role is Role.EDITOR:
            question = question.where(
                or_(*(x.organization_id == actor.organization_id for x in (left, right)))
            )
        elif actor.role is Role.APPROVER:
            question = question.where(left.country == func.any(sorted(actor.countries)))
    found = [OpenPair(*row) for row in await session.execute(question)]
    if actor is not None:
        ids = {id_ for pair in found for id_ in (pair.left, pair.right)}
        untold = await untold_hidden(session, actor, ids)
        found = [pair for pair in found if not {pair.left, pair.right} & untold]
    return found


async def open_pair(session: AsyncSession, actor: Actor, left: str, right: str) -> OpenPair:
    """Return the undecided pair of two spaces, given in either order (writer session).

    Raises
    ------
    ForbiddenError
        The actor's role does not work on records.
    NotFoundError
        The two spaces are no undecided pair, or the actor may not see the pair.
    """
    left, right = sorted((left, right))
    for pair in await _open_pairs(session, actor, 100_000):
        if (pair.left, pair.right) == (left, right):
            staff_reads.show(session, "space", [left, right])
            return pair
    raise NotFoundError(f"there is no open pair of '{left[:100]}' and '{right[:100]}'")


async def tell_apart(
    session: AsyncSession, left: str, right: str, actor: Actor, *, now: datetime
) -> None:
    """Record that two similar spaces are different places (writer session).

    Raises
    ------
    NotFoundError
        The two spaces are no undecided pair, or the actor may not see the pair.
    """
    await _decide(session, left, right, actor, state="distinct", now=now)


async def merge(
    session: AsyncSession,
    keep: str,
    other: str,
    actor: Actor,
    *,
    now: datetime,
    choices: Mapping[str, str] | None = None,
) -> submission.Outcome:
    """Propose to merge the space ``other`` into the space ``keep`` (writer session).

    Each field takes the value of the record that was confirmed later; lists are united, and the
    narrower visibility holds. The merge waits for a second person's acceptance. Then the record
    ``other`` becomes closed and restricted, which hides it, and records that referred to ``other``
    refer to ``keep``.

    Parameters
    ----------
    choices : mapping of str to str or None
        By field, a person's choice that replaces the rule: ``keep``, ``other`` or ``both``.

    Raises
    ------
    NotFoundError
        The two spaces are no undecided pair, or the actor may not see the pair.
    ForbiddenError, ConflictError, InvalidRecordError
        As `geo.proposals.submission.propose`.
    """
    await _decide(session, keep, other, actor, state="merging", now=now)
    found = await space_documents.read_documents(session, [keep, other])
    # Referral points that are restricted spaces are left out of the documents that the merging
    # person compares, but stay in the stored record (P39).
    stays, goes = [await shown_document(session, actor, found[id_]) for id_ in (keep, other)]
    wanted = submission.ChangeRequest(keep, chosen(stays, goes, choices or {}), merged_id=other)
    (outcome,) = await submission.propose(
        session, actor, "space", [wanted], reason="two records of one place", via="import", now=now
    )
    return outcome


def united(keep: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes of ``keep`` by which the document ``other`` is merged into it."""
    newer = (other.get("confirmed_on") or "") > (keep.get("confirmed_on") or "")
    changes: dict[str, Any] = {}
    for name in space_documents.FIELDS:
        if name in _APART or name in _UNITED or name in {"amenities", "public_phones"}:
            continue
        mine, theirs = keep.get(name), other.get(name)
        if _says(theirs) and mine != theirs and (newer or not _says(mine)):
            changes[name] = theirs
    for name in _UNITED:
        both = sorted({*(keep.get(name) or ()), *(other.get(name) or ())} - {keep["id"]})
        changes[name] = [item for item in both if item != other["id"]]
    first, second = (other, keep) if newer else (keep, other)
    changes["amenities"] = {**(second.get("amenities") or {}), **(first.get("amenities") or {})}
    phones = [*(first.get("public_phones") or ()), *(second.get("public_phones") or ())]
    numbers = [phone["number"] if isinstance(phone, Mapping) else phone for phone in phones]
    changes["public_phones"] = [
        phone for n, phone in enumerate(phones) if numbers[n] not in numbers[:n]
    ]
    narrow = ("public", "partners", "restricted")
    changes["visibility"] = max(keep["visibility"], other["visibility"], key=narrow.index)
    changes["confidential"] = keep["confidential"] or other["confidential"]
    return {
        name: value
        for name, value in changes.items()
        if value != keep.get(name) and (_says(value) or _says(keep.get(name)))
    }


def differing(keep: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the fields of two records that differ and whose value the merging person may choose.

    Fields that belong together, such as lon and lat, are returned as one field.
    """
    differ = {
        _TIED.get(name, name)
        for name in space_documents.FIELDS
        if name not in _APART and keep.get(name) != other.get(name)
    }
    return [name for name in space_documents.FIELDS if name in differ]


def chosen(
    keep: Mapping[str, Any], other: Mapping[str, Any], choices: Mapping[str, str]
) -> dict[str, Any]:
    """Return the changes of ``keep`` by `united`, except for fields where a person made a choice.

    The choice ``keep`` drops the change, ``other`` takes the other record's value, and any other
    choice leaves the change of `united`.
    """
    changes = united(keep, other)
    for name in space_documents.FIELDS:
        if name in _APART or keep.get(name) == other.get(name):
            continue
        match choices.get(_TIED.get(name, name)):
            case "keep":
                changes.pop(name, None)
            case "other":
                changes[name] = other.get(name)
    return changes


#: Fields that take the choice made for another field, by that field. With the longitude of one
#: record and the latitude of the other, the space would be at a third place.
_TIED = {"lat": "lon", "coord_precision": "lon", "capacity_updated": "available"}

#: Fields to which neither the rule of the later confirmation nor a person's choice applies:
#: identity, origin, and visibility, of which the narrower holds.
_APART = {
    "id", "demo", "organization", "organization_id", "visibility", "confidential", "consent_on",
    "source", "licence",
}  # fmt: skip


def _says(value: Any) -> bool:  # noqa: ANN401 - any field
    return value not in (None, "", [], {}, "not_known")


async def _decide(
    session: AsyncSession, left: str, right: str, actor: Actor, *, state: str, now: datetime
) -> None:
    await open_pair(session, actor, left, right)
    left, right = sorted((left, right))
    done = await session.execute(
        update(Duplicate)
        .where(Duplicate.left_id == left, Duplicate.right_id == right, Duplicate.state == "open")
        .values(state=state, decided_by=actor.id, decided_at=now)
        .returning(Duplicate.left_id)
    )
    if done.scalar_one_or_none() is None:
        raise ConflictError("the pair was decided meanwhile")
    await trail.record(
        session,
        actor=actor.id,
        action=f"duplicate.{state}",
        entity="space",
        record_id=left,
        details={"other": right},
    )


def _may_know(location: Any, actor: Actor) -> Any:  # noqa: ANN401 - an alias, an expression
    named = (
        select(1)
        .where(RestrictedReader.location_id == location.id, RestrictedReader.person == actor.id)
        .correlate(location)
        .exists()
    )
    return or_(location.visibility != "restricted", named)


async def _decided(session: AsyncSession, ids: Iterable[str]) -> set[tuple[str, str]]:
    named = func.any(list(ids))
    rows = await session.execute(
        select(Duplicate.left_id, Duplicate.right_id).where(
            Duplicate.state == "distinct",
            or_(Duplicate.left_id == named, Duplicate.right_id == named),
        )
    )
    return {(left, right) for left, right in rows}


async def _spots(
    session: AsyncSession, countries: Collection[str] | None, actor: Actor | None
) -> list[Spot]:
    """Return the compared properties of the spaces that are not closed (writer session).

    With an actor, restricted spaces of which the actor is no named reader are left out.
    """
    question = select(
        Location.id,
        Location.name,
        func.ST_X(Location.geom),
        func.ST_Y(Location.geom),
        Location.coord_precision == "point",
        Location.country,
        func.coalesce(Location.locality, ""),
    ).where(Location.status != "closed")
    numbers = select(Phone.location_id, Phone.number, Location.country).join(
        Location, Location.id == Phone.location_id
    )
    if countries is not None:
        inside = Location.country == func.any(sorted(countries))
        question, numbers = question.where(inside), numbers.where(inside)
    if actor is not None:
        question = question.where(_may_know(Location, actor))
    phones: dict[str, list[str]] = defaultdict(list)
    for id_, number, country in await session.execute(numbers):
        phones[id_] += phones_of([number], country)
    rows = await session.execute(question)
    return [
        Spot(
            id=id_,
            name=name,
            lon=lon,
            lat=lat,
            is_exact=is_exact,
            country=country,
            locality=locality,
            phones=tuple(phones.get(id_, ())),
        )
        for id_, name, lon, lat, is_exact, country, locality in rows
    ]


def _row(pair: Pair) -> dict[str, Any]:
    return {
        "left_id": pair.left,
        "right_id": pair.right,
        "score": pair.score,
        "reasons": dict(pair.reasons),
    }
