"""Spaces as documents: objects with all the fields of a file of spaces, in canonical form.

Proposals, imports, confirmations and the staff console read and write documents, so that every
change of a space passes the same rules (`geo.records.space_rows.read_space`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.bulk_insert import insert_rows
from geo.errors import InvalidRecordError
from geo.models import (
    Capacity,
    ItineraryStop,
    Language,
    Location,
    Organization,
    Phone,
    ReferralPoint,
    Schedule,
    ScheduleException,
    Service,
    ServiceAtLocation,
)
from geo.reasons import CodedReason
from geo.records import demo_rows, upsert
from geo.records.document_fields import Document, differences, document_of, made_document, patched
from geo.records.readers import FileRow
from geo.records.row_validation import Circumstances, Row, Rows
from geo.records.space_rows import FIELD_NOTES, FIELDS, read_space
from geo.vocabulary import read_vocabulary

__all__ = [
    "FIELDS",
    "FIELD_NOTES",
    "Document",
    "StoredReport",
    "circumstances",
    "compare",
    "differences",
    "document_of",
    "known_organizations",
    "patched",
    "read_documents",
    "rows_of",
    "store_documents",
]

_PART_MODELS: tuple[type[Any], ...] = (
    Schedule,
    ScheduleException,
    Phone,
    Language,
    Capacity,
    ReferralPoint,
    ItineraryStop,
)


@dataclass(frozen=True)
class StoredReport:
    """Outcome of storing documents: ids by outcome, and remarks.

    A remark reports a change of a document by a rule, such as a space made restricted (P38).
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]
    remarks: tuple[CodedReason, ...] = ()


async def circumstances(session: AsyncSession, *, now: datetime, today: date) -> Circumstances:
    """Read the vocabulary and released phrases that documents are checked with (writer session)."""
    return Circumstances(
        today=today,
        now=now,
        head={},
        vocabulary=await read_vocabulary(session),
        released=await upsert.releases(session),
    )


async def read_documents(session: AsyncSession, ids: Iterable[str]) -> dict[str, Document]:
    """Return spaces as documents, by id; ids that do not exist are left out (writer session)."""
    asked = list(dict.fromkeys(ids))
    # The query uses tables instead of ORM classes, which takes a third of the time; the rows are
    # only read.
    locations, organizations = Location.__table__, Organization.__table__
    found = await session.execute(
        select(
            *_columns(locations),
            func.ST_X(locations.c.geom).label("lon"),
            func.ST_Y(locations.c.geom).label("lat"),
            organizations.c.name.label("organization"),
        )
        .select_from(locations.join(organizations))
        .where(locations.c.id == func.any(asked))
        .order_by(locations.c.id)
    )
    parts = await _parts(session, asked)
    return {
        row["id"]: made_document(row, row["organization"], parts.get(row["id"], {}))
        for row in found.mappings()
    }


def rows_of(document: Mapping[str, Any], said: Circumstances) -> Rows:
    """Convert a document to rows of tables, checked by all rules for files of spaces.

    Raises
    ------
    InvalidRecordError
        A field breaks its rule; the error names each such field.
    """
    return _checked(document, said)[0]


async def store_documents(
    session: AsyncSession,
    documents: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
    today: date,
    source: str,
    allow_mixed: bool = False,
) -> StoredReport:
    """Write the documents that differ from the stored ones, all or none (writer session).

    The written spaces are marked as edited, so that loading the file they came from does not undo
    the change. Emergency hides stay. An existing organisation keeps its name.

    Parameters
    ----------
    session : AsyncSession
        Writer session. Nothing is committed here.
    documents : sequence of document
        Complete documents; a missing field is stored as not known.
    now, today
        Moment of the change (aware) and its day.
    source : str
        Source of new records that state no source.
    allow_mixed : bool
        Allow a new real space while demo rows exist, or the other way round (P35).

    Raises
    ------
    InvalidRecordError
        A field breaks its rule; the error names field and reason. With several documents, the
        field is prefixed with the document's id.
    MixedDataError
        Demo and real rows would mix.
    """
    stated = {str(document.get("id") or ""): document for document in documents}
    await session.execute(
        select(Location.id)
        .where(Location.id == func.any(list(stated)))
        .order_by(Location.id)
        .with_for_update()
    )
    before = await read_documents(session, stated)
    said = await circumstances(session, now=now, today=today)
    known = await known_organizations(session, documents)
    added: list[str] = []
    changed: list[str] = []
    problems: list[tuple[str, CodedReason]] = []
    remarks: list[CodedReason] = []
    writing: list[Rows] = []
    if len(stated) < len(documents):
        problems.append(("id", CodedReason("ids_clash")))
    for id_, document in stated.items():
        old = before.get(id_)
        try:
            rows, notes = _checked(_completed(document, old, known, source), said)
        except InvalidRecordError as error:
            problems += (
                (f"{id_}: {field}" if len(documents) > 1 else field, reason)
                for field, reason in error.problems
            )
            continue
        if document_of(rows) != old:
            writing.append(rows)
            remarks += (CodedReason("of_record", id=id_, note=note) for note in notes)
            (added if old is None else changed).append(id_)
    problems += await _unknown_referrers(session, writing, stated)
    if problems:
        raise InvalidRecordError(problems)
    await _write(session, writing, now)
    if added and not allow_mixed:
        await demo_rows.require_unmixed(session)
    same = set(stated) - set(added) - set(changed)
    return StoredReport(tuple(added), tuple(changed), tuple(sorted(same)), tuple(remarks))


async def _write(session: AsyncSession, writing: Iterable[Rows], now: datetime) -> None:
    together: dict[type[Any], dict[str, dict[str, Any]]] = {}
    for rows in writing:
        for model, made in rows.items():
            table = together.setdefault(model, {})
            for row in made:
                table.setdefault(upsert.key_of(model, row), row)
    if not together:
        return
    merged = {model: list(rows.values()) for model, rows in together.items()}
    ids = [row["id"] for row in merged[Location]]
    organizations = set(
        await session.scalars(
            select(Location.organization_id).where(Location.id == func.any(ids)).distinct()
        )
    )
    for model in (Organization, Service):
        await insert_rows(session, model, merged[model], key=["id"])
    await upsert.write_locations(session, merged)
    organizations |= {row["organization_id"] for row in merged[Location]}
    await upsert.open_services(session, organizations)
    await upsert.take_over(session, ids, now)


def _checked(document: Mapping[str, Any], said: Circumstances) -> tuple[Rows, list[CodedReason]]:
    row = Row(FileRow(1, document))
    rows = read_space(row, said)
    for field in sorted(row.ignored()):
        row.reject(CodedReason("not_a_field"), field)
    if row.faults:
        raise InvalidRecordError(list(dict.fromkeys(row.faults)))
    return rows, row.notes


def _completed(
    document: Mapping[str, Any],
    before: Document | None,
    known: Mapping[str, tuple[str, str]],
    source: str,
) -> Document:
    """Complete a document with fields that follow from stored records.

    These are the organisation's id and name, the source of a new record, and the time of an
    unchanged capacity.
    """
    result = dict(document)
    name = result.pop("organisation", None) or result.get("organization")
    # An organisation is looked up by its id, or by its name where the document has no id.
    found = known.get(str(result.get("organization_id") or "")) or (
        known.get(f"name:{name}") if not result.get("organization_id") else None
    )
    result["organization"] = name
    if found is not None:
        result["organization_id"], result["organization"] = found
    if before is None:
        result["source"] = result.get("source") or source
    elif result.get("capacity_updated") is None and all(
        result.get(field) == before[field] for field in ("capacity", "available")
    ):
        # The same capacity stated again without a time is not a new count, so the time stays.
        result["capacity_updated"] = before["capacity_updated"]
    return result


def compare(
    document: Mapping[str, Any],
    before: Document | None,
    known: Mapping[str, tuple[str, str]],
    said: Circumstances,
    *,
    source: str,
) -> tuple[Document, list[CodedReason]]:
    """Return a document in the form in which it would be stored, and remarks on changes made.

    The function makes no database query.

    Parameters
    ----------
    before : document or None
        Stored document of the same id; None for a new record.
    known : mapping
        Result of `known_organizations`.
    said : Circumstances
        Result of `circumstances`.

    Raises
    ------
    InvalidRecordError
        A field breaks its rule; the error names each such field.
    """
    rows, notes = _checked(_completed(document, before, known, source), said)
    return document_of(rows), notes


async def known_organizations(
    session: AsyncSession, documents: Iterable[Mapping[str, Any]]
) -> dict[str, tuple[str, str]]:
    """Return id and name of the stored organisations that documents state (writer session).

    Each is found under two keys: its id, and ``name:`` with its name.
    """
    names, ids = set(), set()
    for document in documents:
        names.add(str(document.get("organisation") or document.get("organization") or "").strip())
        ids.add(str(document.get("organization_id") or ""))
    rows = await session.execute(
        select(Organization.id, Organization.name)
        .where(
            (Organization.id == func.any(list(ids))) | (Organization.name == func.any(list(names)))
        )
        .order_by(Organization.id.desc())
    )
    found: dict[str, tuple[str, str]] = {}
    for id_, name in rows:
        found[id_] = found[f"name:{name}"] = (id_, name)
    return found


async def _unknown_referrers(
    session: AsyncSession, writing: Iterable[Rows], coming: Collection[str]
) -> list[tuple[str, CodedReason]]:
    named = {row["referrer_id"] for rows in writing for row in rows[ReferralPoint]} - set(coming)
    unknown = named - await upsert.existing(session, Location, named) if named else set()
    return [("referral_points", CodedReason("unknown", value=id_)) for id_ in sorted(unknown)]


async def _parts(
    session: AsyncSession, ids: list[str]
) -> dict[str, dict[type[Any], list[Mapping[Any, Any]]]]:
    """Return the stored parts of spaces (schedules, phones and so on), by space id and model."""
    found: dict[str, dict[type[Any], list[Mapping[Any, Any]]]] = {}
    for model in _PART_MODELS:
        table = model.__table__
        columns = _columns(table)
        if model is ItineraryStop:
            columns += [func.ST_X(table.c.geom).label("lon"), func.ST_Y(table.c.geom).label("lat")]
        rows = await session.execute(
            select(*columns)
            .where(table.c.location_id == func.any(ids))
            .order_by(*table.primary_key.columns)
        )
        for row in rows.mappings():
            found.setdefault(row["location_id"], {}).setdefault(model, []).append(row)
    services, offers = Service.__table__, ServiceAtLocation.__table__
    offered = await session.execute(
        select(offers.c.location_id, services.c.code)
        .select_from(offers.join(services))
        .where(offers.c.location_id == func.any(ids), services.c.status == "active")
        .order_by(services.c.code)
    )
    for location_id, code in offered:
        found.setdefault(location_id, {}).setdefault(Service, []).append({"code": code})
    return found


def _columns(table: Any) -> list[ColumnElement[Any]]:  # noqa: ANN401 - a declared class's table
    return [column for column in table.c if column.name != "geom"]
