"""Check of a file of spaces against the stored records: reports every row and writes nothing."""

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.functions import func

from geo.accounts.permissions import Actor, can_propose
from geo.errors import InvalidFileError, InvalidRecordError
from geo.imports.duplicates import alike_rows
from geo.imports.mapping import FieldMapping, as_object, own_mapping, without_row_numbers
from geo.imports.misread_positions import MENDED, mend_positions
from geo.imports.personal_data import require_no_persons_in
from geo.imports.positions import fill_countries, fill_time_zones
from geo.imports.readers.detection import read_table
from geo.imports.readers.table import Table
from geo.imports.reports import Checked, RowReport, harmless
from geo.imports.row_mapping import (
    CLOSED_REMARK,
    HOURS_REMARK,
    LEFT_OUT_REMARK,
    TELLING_DIGITS,
    CodeWords,
    Draft,
    RowProblem,
    Unread,
    drafts,
    missing_columns,
    words,
)
from geo.imports.town_positions import place_in_towns
from geo.models import Location, RestrictedReader
from geo.reasons import CodedReason, in_file
from geo.records import space_documents
from geo.records.row_validation import ID, Circumstances
from geo.records.space_rows import NIGHT_REMARK
from geo.spaces.eligibility import NIGHT_SERVICE
from geo.vocabulary import read_vocabulary

#: Callback that reports progress, called with the number of checked rows and of all rows.
Progress = Callable[[int, int], None]

#: Fields of a partners-only record that its export for partners blurs or leaves out (P5).
_BLURRED = frozenset(
    {"lon", "lat", "coord_precision", "address", "landmark", "road", "road_km", "itinerary"}
)

#: Codes of notes that are kept even if their row changes nothing, because the file says something
#: that the record does not say.
_ALWAYS_SAID = frozenset({NIGHT_REMARK, HOURS_REMARK, LEFT_OUT_REMARK}) | MENDED

#: Rows between two calls of a `Progress`.
_STEP = 500


@dataclass(frozen=True)
class _Known:
    """Stored data that the rows of a file are compared with."""

    stored: Mapping[str, dict[str, Any]]
    organizations: Mapping[str, tuple[str, str]]
    said: Circumstances
    referrers: Collection[str]
    actor: Actor | None
    source: str


async def check_file(
    session: AsyncSession,
    data: bytes,
    name: str,
    mapping: FieldMapping | None = None,
    *,
    now: datetime,
    today: date,
    actor: Actor | None = None,
    source: str | None = None,
    progress: Progress | None = None,
    table: Table | None = None,
) -> Checked:
    """Report the effect that each row of a file would have (writer session; writes nothing).

    Parameters
    ----------
    data : bytes
        Content of the file.
    name : str
        Name of the file, for messages.
    mapping : FieldMapping or None
        Mapping of columns to fields. None is for a file whose columns have the names of fields, or
        HXL hashtags.
    now, today
        Moment of the import (aware) and its day.
    actor : Actor or None
        The importer: records hidden from the importer count as absent, and changes to other
        organisations' records are refused. None is the operator of the machine.
    source : str or None
        Source of new records whose row states no source.
    progress : callable or None
        See `Progress`.
    table : Table or None
        Table of the file, if the caller has read the file already, with the mapping's reading
        options (`geo.imports.sandbox`).

    Raises
    ------
    InvalidFileError
        The file or the mapping as a whole cannot be used.
    PersonalDataError
        A column is about persons, such as names of refugees.
    """
    vocabulary = await read_vocabulary(session)
    known_words = words(vocabulary.active, vocabulary.names)
    if table is None:
        reading = mapping.reading if mapping else None
        table = await asyncio.to_thread(read_table, name, data, reading)
    used, made, remarks = await asyncio.to_thread(_drafted, name, table, mapping, known_words)
    known = await _known(
        session, made, actor=actor, now=now, today=today, source=source or f"import of {today}"
    )
    new = [draft for draft in made if draft.id not in known.stored]
    places = _columns(used, "lat", "lon", "position") or "lat, lon"
    await mend_positions(session, made, column=places)
    if used.without_position == "town":
        await place_in_towns(session, made, new=new)
    await fill_countries(session, made, new=new, column=_columns(used, "country"))
    await fill_time_zones(session, new)
    rows = await asyncio.to_thread(_compared, made, used, known, progress)
    rows = await alike_rows(session, rows, known.stored, actor=actor)
    return Checked(
        name=name,
        format=table.format,
        sha256=hashlib.sha256(data).hexdigest(),
        mapping=as_object(used),
        source=known.source,
        rows=tuple(rows),
        remarks=(*table.remarks, *remarks),
    )


def _drafted(
    name: str, table: Table, mapping: FieldMapping | None, known: CodeWords
) -> tuple[FieldMapping, list[Draft], list[CodedReason]]:
    require_no_persons_in(table)
    used = (
        mapping
        if mapping and mapping.fields
        else without_row_numbers(table, own_mapping(table, mapping), is_ours=True)
    )
    if not used.fields:
        raise InvalidFileError([in_file(name, CodedReason("file_needs_mapping"))])
    if missing := missing_columns(table, used):
        raise InvalidFileError(
            [in_file(name, CodedReason("file_lacks_column", column=one)) for one in missing]
        )
    made, remarks = drafts(table, used, known)
    unused = [c for c in table.columns if c not in used.columns() and c not in used.ignored]
    if unused:
        remarks.append(CodedReason("columns_not_used", columns=unused))
    return used, made, remarks


def _columns(mapping: FieldMapping, *names: str) -> str:
    return ", ".join(column for name in names for column in mapping.fields.get(name, ()))


async def _known(
    session: AsyncSession,
    made: Sequence[Draft],
    *,
    actor: Actor | None,
    now: datetime,
    today: date,
    source: str,
) -> _Known:
    ids = [draft.id for draft in made if draft.id]
    named = {
        point
        for draft in made
        for point in draft.changes.get("referral_points") or ()
        if isinstance(point, str)
    }
    visible = await visible_ids(session, [*ids, *named], actor)
    stored = await space_documents.read_documents(session, [id_ for id_ in ids if id_ in visible])
    return _Known(
        stored=stored,
        organizations=await space_documents.known_organizations(
            session, [*(draft.changes for draft in made), *stored.values()]
        ),
        said=await space_documents.circumstances(session, now=now, today=today),
        referrers=visible | set(ids),
        actor=actor,
        source=source,
    )


async def visible_ids(session: AsyncSession, ids: Iterable[str], actor: Actor | None) -> set[str]:
    """Return the ids among ``ids`` of existing spaces that the actor may see (writer session).

    A restricted space is visible only to its named readers; for other people its id counts as
    unused (P39). Without an actor, every existing space is visible.
    """
    question = select(Location.id).where(Location.id == func.any(list(ids)))
    if actor is not None:
        is_named = (
            select(1)
            .where(RestrictedReader.location_id == Location.id, RestrictedReader.person == actor.id)
            .exists()
        )
        question = question.where(or_(Location.visibility != "restricted", is_named))
    return set(await session.scalars(question))


def _compared(
    made: Sequence[Draft], mapping: FieldMapping, known: _Known, progress: Progress | None
) -> list[RowReport]:
    columns = {name: ", ".join(used) for name, used in mapping.fields.items()}
    columns |= {name: column for column, names in mapping.parts.items() for name in names}
    rows = []
    for n, draft in enumerate(made):
        if progress is not None and n % _STEP == 0:
            progress(n, len(made))
        rows.append(_row(draft, columns, known))
    if progress is not None:
        progress(len(made), len(made))
    return rows


def _row(draft: Draft, columns: Mapping[str, str], known: _Known) -> RowReport:
    before = known.stored.get(draft.id)
    told = {problem.field for problem in draft.problems}
    changes = _stated(_without_reopening(draft, before), before)
    problems, waived = _of_cells(draft, changes, before)
    after, notes = None, list[CodedReason]()
    try:
        after, notes = merged(draft.id, changes, before, known)
    except InvalidRecordError as error:
        for name, reason in error.problems:
            # A cell that could not be read leaves its field empty. The draft already has a problem
            # for this field, so a second problem about the empty field is not added.
            if name not in told:
                problems.append(RowProblem(columns.get(name, ""), name, harmless(name, reason)))
    problems += [
        RowProblem(
            columns.get("referral_points", ""),
            "referral_points",
            CodedReason("row_unknown_referrer"),
        )
        for point in changes.get("referral_points") or ()
        if point not in known.referrers
    ]
    if after is not None and _contradicts_night(changes, after):
        reason = CodedReason("row_night_contradicted", service=NIGHT_SERVICE)
        problems.append(RowProblem(columns.get("overnight", ""), "overnight", reason))
    if after is not None and known.actor is not None:
        problems += _authority(known.actor, before, after)
    if problems or after is None:
        # A malformed id may be free text about a person, so the report leaves the id out.
        named = draft.id if ID.fullmatch(draft.id) else ""
        return RowReport(draft.number, named, "bad", problems=tuple(problems))
    if before is None and "status" in columns and changes.get("status") is None:
        notes.append(CodedReason("row_status_not_told"))
    different = tuple(space_documents.differences(before, after))
    state = "new" if before is None else "changed" if different else "unchanged"
    return RowReport(
        number=draft.number,
        id=draft.id,
        state=state,
        fields=tuple(changes) if before is None else different,
        notes=tuple(
            note
            for note in (*draft.notes, *waived, *notes)
            if state != "unchanged" or note.code in _ALWAYS_SAID
        ),
        quarantined=any(note.code == "made_restricted" for note in notes),
        changes=changes,
        base=digest(before),
    )


#: Statuses of a space that receives nobody.
_CLOSING = frozenset({"closed", "temporarily_closed"})


def _closes(changes: Mapping[str, Any]) -> bool:
    """Return whether a row closes its space or makes it confidential."""
    return changes.get("confidential") is True or changes.get("status") in _CLOSING


def _of_cells(
    draft: Draft, changes: Mapping[str, Any], before: Mapping[str, Any] | None
) -> tuple[list[RowProblem], list[CodedReason]]:
    """Return the problems of a row's cells, and notes on the problems that are waived.

    If a row closes its space or makes it confidential, problems with its cells of services are
    waived: the closing must not wait until somebody has read these cells (P40, P52).
    """
    if _closes(changes):
        waived = [one for one in draft.problems if one.reason.code == "row_services_to_be_read"]
        kept = [one for one in draft.problems if one not in waived]
        return kept, [CodedReason(LEFT_OUT_REMARK, column=one.column) for one in waived]
    told = {problem.field for problem in draft.problems}
    unread = [
        RowProblem(cell.column, name, CodedReason("row_unread_of_stored"))
        for name, cell in draft.unread.items()
        if before and name not in told and not _agree(name, before.get(name), cell)
    ]
    return [*draft.problems, *unread], []


def _agree(name: str, stored: Any, unread: Unread) -> bool:  # noqa: ANN401 - a stored list
    """Return whether a cell that was not imported names every stored value of its field."""
    if name == "public_phones":
        stored = [re.sub(r"\D", "", str(number))[-TELLING_DIGITS:] for number in stored or ()]
    return unread.agreeing.issuperset(stored or ())


def _without_reopening(draft: Draft, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a row's changes, without a status read from hours if the space is closed for good."""
    by_hours = any(note.code == CLOSED_REMARK for note in draft.notes)
    if before is not None and before.get("status") == "closed" and by_hours:
        return {name: value for name, value in draft.changes.items() if name != "status"}
    return draft.changes


def _contradicts_night(changes: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether a row denies overnight stays although its space has them as a service.

    The opposite, overnight stays without the service, is no problem: they are not published.
    """
    return changes.get("overnight") is False and NIGHT_SERVICE in (after.get("services") or ())


def _stated(changes: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the changes of a row that are compared with the stored record.

    Empty values of a new record are left out. A position that an export for partners blurred to a
    grid cell (P5) is left out too, so that the record keeps its exact position.
    """
    if before is not None:
        is_blurred = str(changes.get("coord_precision") or "").startswith("grid_")
        kept = _BLURRED if is_blurred else frozenset[str]()
        return {name: value for name, value in changes.items() if name not in kept}
    return {name: value for name, value in changes.items() if value is not None}


def merged(
    id_: str, changes: Mapping[str, Any], before: dict[str, Any] | None, known: _Known
) -> tuple[dict[str, Any], list[CodedReason]]:
    """Return the record's canonical document after a row's changes, and remarks on the record.

    Raises
    ------
    InvalidRecordError
        The document breaks a rule; the error names each field.
    """
    document = {**space_documents.patched(before or {}, changes), "id": id_}
    return space_documents.compare(
        document, before, known.organizations, known.said, source=known.source
    )


def _authority(
    actor: Actor, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> list[RowProblem]:
    owner = before or after
    if can_propose(
        actor, organization_id=owner["organization_id"], country=owner["country"]
    ) and can_propose(actor, organization_id=after["organization_id"], country=after["country"]):
        return []
    return [RowProblem("", "organization", CodedReason("row_of_others"))]


def digest(document: Mapping[str, Any] | None) -> str:
    """Return a digest of a record's document, to detect later changes; empty without a record."""
    if document is None:
        return ""
    told = json.dumps(document, sort_keys=True, default=str).encode()
    return hashlib.sha256(told).hexdigest()[:32]
