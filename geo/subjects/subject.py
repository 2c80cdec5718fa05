"""Subjects of proposals: a space, a crossing, an organisation, a new hazard, or guidance.

The ``changes`` of a proposal apply to the *document* of its subject. For a space this is the
document of `geo.records.space_documents`, for a crossing its newest statement or the position of
its post, for an organisation its own columns, for a hazard the document of
`geo.records.hazard_documents`; for guidance see `geo.subjects.guidance`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.organizations import is_everybodys
from geo.errors import ConflictError, InvalidRecordError, NotFoundError
from geo.models import (
    AuditEntry,
    Crossing,
    CrossingStatus,
    CrossingSurvey,
    Hazard,
    Location,
    Organization,
    SpaceVersion,
)
from geo.reasons import CodedReason
from geo.records import demo_rows, space_documents
from geo.records.hazard_documents import checked_hazard, store_hazard
from geo.records.readers import FileRow
from geo.records.row_validation import UNSTORABLE, Circumstances, Row
from geo.spaces.eligibility import NIGHT_SERVICE
from geo.subjects import guidance
from geo.subjects.change_rules import ChangeSplit, classify
from geo.subjects.crossing_statements import (
    add_statement,
    checked_statement,
    statement_of,
)
from geo.subjects.crossing_surveys import checked_survey, is_survey, store_survey, survey_of
from geo.subjects.guidance import KINDS
from geo.subjects.records import revision_of
from geo.text import coded_reasons

Document = dict[str, Any]

ORGANIZATION_FIELDS = ("name", "description", "website", "email")

#: Fields of a space that no proposal changes: its id, and whether it is demo data (P35).
FIXED = ("id", "demo")


@dataclass(frozen=True, slots=True)
class ChangeSubject:
    """The current state of a record that a proposal is about.

    Attributes
    ----------
    record_id, document, revision
        Id, content and revision; None for a record that does not exist yet.
    organization_id, countries
        Owning organisation, and countries in which the record lies; a crossing has two.
    is_restricted
        Whether only named readers may know of the record.
    """

    entity: str
    record_id: str | None
    document: Document | None
    revision: int | None
    organization_id: str | None
    countries: tuple[str, ...]
    is_restricted: bool


@dataclass(frozen=True, slots=True)
class Owner:
    """Organisation, countries and restriction of a record, which decide who may change it."""

    organization_id: str | None
    countries: tuple[str, ...]
    is_restricted: bool


_TABLES: Mapping[str, type[Location | Crossing | Organization | Hazard]] = {
    "space": Location,
    "crossing": Crossing,
    "organization": Organization,
    "hazard": Hazard,
}

NEW_SPACE = ChangeSubject("space", None, None, None, None, (), is_restricted=False)

#: Subjects without a record, by entity, for proposals of new records.
NEW: Mapping[str, ChangeSubject] = {
    entity: replace(NEW_SPACE, entity=entity)
    for entity in ("space", "hazard", "contact", "channel", "pathway", "term")
}


async def read_subjects(
    session: AsyncSession, entity: str, ids: Sequence[str], *, lock: bool = False
) -> dict[str, ChangeSubject]:
    """Return the current state of the records with the given ids (writer session).

    Ids without a record are left out.

    Parameters
    ----------
    lock : bool
        Whether to lock the records until the transaction ends.
    """
    if lock:
        await lock_subjects(session, entity, ids)
    if entity in KINDS:
        return {
            one: ChangeSubject(
                entity,
                one,
                found.document,
                found.revision,
                None,
                () if found.country is None else (found.country,),
                is_restricted=False,
            )
            for one, found in (await KINDS[entity].read(session, ids)).items()
        }
    if entity == "space":
        return await _read_spaces(session, ids)
    if entity == "hazard":
        # Proposals never change an existing hazard, so only its existence matters.
        found = await session.scalars(select(Hazard.id).where(Hazard.id.in_(ids)))
        return {one: replace(NEW["hazard"], record_id=one) for one in found}
    return await (_read_crossings if entity == "crossing" else _read_organizations)(session, ids)


async def lock_subjects(session: AsyncSession, entity: str, ids: Sequence[str]) -> None:
    """Lock records until the transaction ends (writer session)."""
    if entity in KINDS:
        await guidance.lock(session, entity, ids)
        return
    table: type[Location | Crossing | Organization | Hazard] = _TABLES[entity]
    await session.execute(
        # Always in the same order, so that two batches over the same records cannot deadlock.
        select(table.id).where(table.id.in_(ids)).order_by(table.id).with_for_update()
    )


async def read_subject(
    session: AsyncSession, entity: str, record_id: str, *, lock: bool = False
) -> ChangeSubject:
    """Return the current state of one record (writer session).

    Raises
    ------
    NotFoundError
        There is no such record.
    """
    found = await read_subjects(session, entity, [record_id], lock=lock)
    if record_id not in found:
        msg = f"there is no {entity} '{record_id[:100]}'"
        raise NotFoundError(msg)
    return found[record_id]


def changed(
    subject: ChangeSubject, changes: Mapping[str, Any], circumstances: Circumstances
) -> Document:
    """Return the changed document, validated by the same rules as records from files.

    Raises
    ------
    InvalidRecordError
        A field is wrong; the error names every wrong field.
    """
    if subject.entity in KINDS:
        return KINDS[subject.entity].check({**(subject.document or {}), **changes}, circumstances)
    if subject.entity == "crossing":
        known = subject.document or {}
        if is_survey(changes):
            registered = (known["lon"], known["lat"])
            return checked_survey(registered, changes, circumstances.today)
        return checked_statement(changes)
    if subject.entity == "organization":
        return _checked_organization(subject.document or {}, changes)
    if subject.entity == "hazard":
        return checked_hazard(changes)
    before = subject.document
    if before is None:
        return _agreed(changes, _canonical(changes, circumstances))
    fixed = [name for name in FIXED if changes.get(name, before[name]) != before[name]]
    if fixed:
        raise InvalidRecordError([(name, CodedReason("fixed")) for name in fixed])
    after = _canonical(space_documents.patched(before, changes), circumstances)
    if not {"visibility", "confidential"} & set(changes):
        # Protected words in its texts restrict a space once they are stored (P38), not before.
        after |= {name: before[name] for name in ("visibility", "confidential")}
    return _agreed(changes, after)


def _agreed(changes: Mapping[str, Any], after: Document) -> Document:
    """Return the changed document; refuse ``overnight`` if it contradicts the services."""
    if changes.get("overnight") not in {None, after["overnight"]}:
        way = "take it away" if after["overnight"] else "add it"
        reason = CodedReason("follows_from_services", service=NIGHT_SERVICE, way=way)
        raise InvalidRecordError([("overnight", reason)])
    return after


def _canonical(document: Mapping[str, Any], circumstances: Circumstances) -> Document:
    return space_documents.document_of(space_documents.rows_of(document, circumstances))


def owner_of(subject: ChangeSubject, after: Document, circumstances: Circumstances) -> Owner:
    """Return the owner of a record; for a new record, the owner that its document implies."""
    if subject.entity == "hazard":
        return Owner(None, (after["country"],), is_restricted=False)
    if subject.entity in KINDS:
        said = {one.get("visibility") for one in (after, subject.document or {})}
        country = after.get("country")
        countries = subject.countries or (() if country is None else (country,))
        return Owner(None, countries, is_restricted="restricted" in said)
    if subject.document is not None or subject.entity != "space":
        return Owner(subject.organization_id, subject.countries, subject.is_restricted)
    (location,) = space_documents.rows_of(after, circumstances)[Location]
    return Owner(
        location["organization_id"],
        (location["country"],),
        is_restricted=location["visibility"] == "restricted",
    )


def split(subject: ChangeSubject, after: Document, today: date) -> ChangeSplit:
    """Split a change into the part that applies at once and the part that waits (P40)."""
    if subject.entity == "space":
        return classify(subject.document, after, today)
    if subject.entity in KINDS:
        return KINDS[subject.entity].split(subject.document, after)
    if subject.entity == "crossing":
        return _split_statement(subject, dict(after), today)
    before = subject.document or {}
    return ChangeSplit(
        {}, {name: value for name, value in after.items() if before.get(name) != value}
    )


def _split_statement(subject: ChangeSubject, after: Document, today: date) -> ChangeSplit:
    """Split a statement on a crossing; "closed" and "not known" both mean impassable (P32, P40).

    Both states apply at once. "Open" waits as a whole, and so does the position of a post, which
    opens streets over a border. Two things could carry a message that nobody has reviewed (P51): a
    source in new words, and a day far from today, whose digits could be a telephone number. If a
    statement has one, a harmless form applies at once, and the statement as written waits: the
    source is the network's code, a far last day is left out, a far first day is today. If the
    statement would then begin earlier than written or end before it begins, all of it waits.
    """
    if is_survey(after) or after["state"] == "open":
        return ChangeSplit({}, after)
    now = dict(after)
    if coded_reasons.is_far(after["valid_to"], today):
        now["valid_to"] = None
    if coded_reasons.is_far(after["valid_from"], today):
        now["valid_from"] = today.isoformat()
        is_over = now["valid_to"] is not None and now["valid_to"] < now["valid_from"]
        if is_over or after["valid_from"] > now["valid_from"]:
            return ChangeSplit({}, after)
    known = (subject.document or {}).get("source")
    if after["source"] != known and not coded_reasons.is_source(after["source"]):
        now["source"] = coded_reasons.SOURCES["network"]
    return ChangeSplit(now, {} if now == after else after)


def revision_after(subject: ChangeSubject, now: Mapping[str, Any]) -> int | None:
    """Return a record's revision after the part ``now`` of a change is applied."""
    if subject.revision is None or not now:
        return subject.revision
    if subject.entity in KINDS:
        return revision_of((subject.document or {}) | dict(now))
    return subject.revision + 1


async def store_subjects(
    session: AsyncSession,
    entity: str,
    documents: Mapping[str, Document],
    *,
    now: datetime,
    source: str,
    allow_mixed: bool = False,
    people: Sequence[str] = (),
) -> None:
    """Store documents by record id (writer session).

    With ``allow_mixed`` new real records may stand beside demo rows, or the other way round (P35).
    ``people`` are the ids of the proposer and of the person who accepts.
    """
    is_demo = entity == "crossing" and await demo_rows.are_new_demo(
        session, allow_mixed=allow_mixed
    )
    if entity == "space":
        await space_documents.store_documents(
            session,
            list(documents.values()),
            now=now,
            today=now.date(),
            source=source,
            allow_mixed=allow_mixed,
        )
    for record_id, document in documents.items():
        if entity in KINDS:
            await KINDS[entity].store(session, record_id, document, now.date())
        elif entity == "crossing" and is_survey(document):
            await store_survey(session, record_id, document, people, is_demo=is_demo)
        elif entity == "crossing":
            await add_statement(session, record_id, document, is_demo=is_demo)
        elif entity == "organization":
            await session.execute(
                update(Organization)
                .where(Organization.id == record_id)
                .values({name: document[name] for name in ORGANIZATION_FIELDS})
            )
        elif entity == "hazard":
            await store_hazard(session, document, now=now, source=source)
    if entity in {"contact", "channel", "pathway"} and not allow_mixed:
        await demo_rows.require_unmixed(session)


async def with_organization(
    session: AsyncSession, changes: Mapping[str, Any], own: str | None
) -> Mapping[str, Any]:
    """Return changes of a space with both id and name of its organisation (writer session).

    ``own`` is the id of the default organisation for changes that name none; with None such
    changes are returned as they are.
    """
    name, stated = changes.get("organization"), changes.get("organization_id")
    if stated or not (name or own) or UNSTORABLE.search(str(name)):
        return changes
    found = (
        await session.execute(
            select(Organization.id, Organization.name)
            .where(Organization.name == str(name).strip() if name else Organization.id == own)
            .order_by(Organization.id)
            .limit(1)
        )
    ).one_or_none()
    if found is None:
        return changes
    return {**changes, "organization_id": found.id, "organization": found.name}


async def require_absent(session: AsyncSession, entity: str, record_id: str) -> None:
    """Refuse a new record whose id is taken by a record that all staff may know of.

    A restricted record counts as absent here (P39); `require_unused` makes the full check later.

    Raises
    ------
    ConflictError
        The id is taken.
    """
    if entity in KINDS:
        await guidance.require_absent(session, entity, record_id)
        return
    visibility = await session.scalar(select(Location.visibility).where(Location.id == record_id))
    if visibility is not None and visibility != "restricted":
        msg = "a record with this id exists already"
        raise ConflictError(msg)


async def require_unused(session: AsyncSession, space_id: str) -> None:
    """Refuse to store a new space under an id that any space has or ever had (writer session).

    Former ids and ids of hidden spaces get the same error, so that it does not reveal which of the
    two an id is (P39). Former ids are refused so that versions and audit entries of a former space
    are never taken for those of the new one.

    Raises
    ------
    ConflictError
        The id is in use or was used before.
    """
    used = or_(
        select(Location.id).where(Location.id == space_id).exists(),
        select(SpaceVersion.id).where(SpaceVersion.location_id == space_id).exists(),
        select(AuditEntry.seq)
        .where(AuditEntry.record_id == space_id, AuditEntry.entity == "space")
        .exists(),
    )
    if await session.scalar(select(used)):
        msg = "the id is in use or was used before: propose the space again with another one"
        raise ConflictError(msg)


# -- spaces ------------------------------------------------------------------------------------


async def _read_spaces(session: AsyncSession, ids: Sequence[str]) -> dict[str, ChangeSubject]:
    question = (
        select(
            Location.id,
            Location.revision,
            Location.organization_id,
            Location.country,
            Location.visibility,
        )
        .where(Location.id.in_(ids))
        .order_by(Location.id)
    )
    rows = (await session.execute(question)).all()
    documents = await space_documents.read_documents(session, [row.id for row in rows])
    return {
        row.id: ChangeSubject(
            "space",
            row.id,
            documents[row.id],
            row.revision,
            row.organization_id,
            (row.country,),
            is_restricted=row.visibility == "restricted",
        )
        for row in rows
    }


# -- crossings ---------------------------------------------------------------------------------


async def _read_crossings(session: AsyncSession, ids: Sequence[str]) -> dict[str, ChangeSubject]:
    question = (
        select(
            Crossing,
            CrossingSurvey,
            func.ST_X(Crossing.geom).label("lon"),
            func.ST_Y(Crossing.geom).label("lat"),
        )
        .outerjoin(CrossingSurvey, CrossingSurvey.crossing_id == Crossing.id)
        .where(Crossing.id.in_(ids))
        .order_by(Crossing.id)
    )
    found = {}
    for crossing, survey, lon, lat in (await session.execute(question)).all():
        statements = (
            await session.scalars(
                select(CrossingStatus)
                .where(CrossingStatus.crossing_id == crossing.id)
                .order_by(CrossingStatus.valid_from.desc(), CrossingStatus.id.collate("C").desc())
            )
        ).all()
        found[crossing.id] = ChangeSubject(
            "crossing",
            crossing.id,
            {"lon": lon, "lat": lat, **survey_of(survey)}
            | (statement_of(statements[0]) if statements else {}),
            len(statements),
            None,
            (crossing.country_a, crossing.country_b),
            is_restricted=crossing.visibility == "restricted",
        )
    return found


# -- organisations -----------------------------------------------------------------------------


async def _read_organizations(
    session: AsyncSession, ids: Sequence[str]
) -> dict[str, ChangeSubject]:
    question = (
        select(Organization, is_everybodys())
        .where(Organization.id.in_(ids))
        .order_by(Organization.id)
    )
    return {
        found.id: ChangeSubject(
            "organization",
            found.id,
            {name: getattr(found, name) for name in ORGANIZATION_FIELDS},
            None,
            found.id,
            (),
            is_restricted=not is_open,
        )
        for found, is_open in await session.execute(question)
    }


def _checked_organization(before: Document, changes: Mapping[str, Any]) -> Document:
    unknown = sorted(set(changes) - set(ORGANIZATION_FIELDS))
    row = Row(FileRow(0, before | dict(changes)))
    made = {
        "name": row.text("name"),
        "description": row.optional_text("description"),
        "website": row.optional_text("website"),
        "email": row.optional_text("email"),
    }
    website, email = made["website"], made["email"]
    if website is not None and not re.fullmatch(r"https?://[^\s<>\"]+", website):
        row.reject(CodedReason("not_https", field="website"), "website")
    if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        row.reject(CodedReason("not_email", field="email"), "email")
    _raise(row, [(name, CodedReason("not_a_field")) for name in unknown])
    return made


def _raise(row: Row, problems: list[tuple[str, CodedReason]]) -> None:
    problems += row.faults
    if problems:
        raise InvalidRecordError(problems)
