"""Uploaded import files that wait for a mapping, and the report made by each check of a file."""

import asyncio
import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_staff
from geo.errors import ConflictError, NotFoundError
from geo.imports import reports
from geo.imports.batches import KEPT_DAYS
from geo.imports.cells.fields import kind_of
from geo.imports.check import check_file
from geo.imports.column_parts import taken_apart
from geo.imports.columns.services import joined_parts
from geo.imports.headers import remembered
from geo.imports.mapping import FieldMapping, as_object, parse_mapping
from geo.imports.mapping_suggestion import suggest_for
from geo.imports.personal_data import require_no_persons_in
from geo.imports.readers.detection import ReadingOptions
from geo.imports.readers.limits import TooHeavyError
from geo.imports.readers.table import Table, Value
from geo.imports.row_mapping import SPARED_WORDS, CodeWords
from geo.imports.sandbox import read_apart
from geo.models import ImportBatch
from geo.reasons import CodedReason, from_stored
from geo.records import upsert
from geo.text.normalize import folded

#: Most labels of a field that a person is asked to translate to codes; a field with more labels
#: holds free text.
MAX_LABELS = 60

#: Most bytes of a mapping file; the largest mapping in the project has three thousand.
MAPPING_BYTES = 262_144

#: Number of example cells shown for a column, so that a person recognises the column.
_SHOWN = 2
_LONGEST_CELL = 60

#: Separators of the items in one cell, as `geo.imports.cells.cell_values` splits them.
_SEPARATOR = re.compile(r"[|;,\n]")


@dataclass(frozen=True)
class Upload:
    """Uploaded import file whose mapping may still be changed.

    Attributes
    ----------
    mapping : mapping
        Mapping as an object in the form of `geo.imports.mapping.as_object`, suggested or corrected
        by a person.
    notes : tuple of CodedReason
        Decisions that the suggested mapping leaves to a person; empty once the file is checked.
    state : str
        ``uploaded``, or ``checked`` once there is a report.
    """

    id: str
    file_name: str
    format: str
    state: str
    source: str
    mapping: Mapping[str, Any]
    notes: tuple[CodedReason, ...]
    content: bytes


@dataclass(frozen=True)
class Column:
    """Column of an uploaded file with a few example cells, for a person to recognise."""

    name: str
    examples: tuple[str, ...]


async def upload(
    session: AsyncSession,
    actor: Actor,
    name: str,
    data: bytes,
    *,
    source: str,
    today: date,
    mapping: bytes | None = None,
) -> str:
    """Store an uploaded file with a mapping for at most a week; return its id (writer session).

    Parameters
    ----------
    source : str
        Source of new records whose row states no source.
    mapping : bytes or None
        Content of a mapping file; None lets `geo.imports.mapping_suggestion` suggest a mapping.

    Raises
    ------
    ForbiddenError
        The actor's role does not work on records.
    InvalidFileError, PersonalDataError
        The file cannot be read, or has a column about persons; nothing of the file is stored.
    """
    require_staff(actor)
    if mapping is None:
        table = await _read(session, actor, name, data)
        words = await remembered.recall(session, actor)
        suggested = await asyncio.to_thread(suggest_for, table, None, words)
        stated, notes = as_object(suggested.mapping), suggested.notes
    else:
        if len(mapping) > MAPPING_BYTES:
            raise TooHeavyError("mapping", "cells")
        read = parse_mapping(mapping)
        stated, notes = as_object(read), list[CodedReason]()
        require_no_persons_in(await _read(session, actor, name, data, read.reading))
    batch_id = uuid.uuid4().hex
    await session.execute(
        insert(ImportBatch).values(
            id=batch_id,
            person_id=actor.id,
            file_name=name[:200],
            format=stated.get("format") or "",
            sha256=hashlib.sha256(data).hexdigest(),
            mapping=stated,
            documents=[],
            report={
                "source": source,
                "counts": {},
                "remarks": [note.stored() for note in notes],
                "rows": [],
            },
            content=data,
            state="uploaded",
            delete_on=today + timedelta(days=KEPT_DAYS),
        )
    )
    return batch_id


async def read_upload(session: AsyncSession, batch_id: str, actor: Actor) -> Upload:
    """Return one of the actor's own uploaded files whose mapping may still change (writer session).

    Raises
    ------
    NotFoundError
        The actor has no import with this id.
    ConflictError
        The import is already applied or discarded, which deletes the file.
    """
    found = await session.scalar(
        select(ImportBatch).where(ImportBatch.id == batch_id, ImportBatch.person_id == actor.id)
    )
    if found is None:
        raise NotFoundError(f"there is no import '{batch_id[:40]}'")
    if found.content is None:
        raise ConflictError(CodedReason("import_closed"))
    notes = found.report["remarks"] if found.state == "uploaded" else ()
    return Upload(
        id=found.id,
        file_name=found.file_name,
        format=found.format,
        state=found.state,
        source=found.report["source"],
        mapping=found.mapping,
        notes=tuple(map(from_stored, notes)),
        content=found.content,
    )


async def check_upload(
    session: AsyncSession,
    batch: Upload,
    actor: Actor,
    mapping: Mapping[str, Any],
    *,
    now: datetime,
    today: date,
) -> None:
    """Check an uploaded file with a mapping, and store the report (writer session).

    Raises
    ------
    InvalidFileError, PersonalDataError
        The mapping or the file cannot be used; the stored mapping and report do not change.
    ConflictError
        The import was applied or discarded while the check ran.
    """
    used = parse_mapping(mapping)
    checked = await check_file(
        session,
        batch.content,
        batch.file_name,
        used,
        table=await _read(session, actor, batch.file_name, batch.content, used.reading),
        now=now,
        today=today,
        actor=actor,
        source=batch.source or None,
    )
    kept = await session.scalar(
        update(ImportBatch)
        .where(
            ImportBatch.id == batch.id,
            ImportBatch.person_id == actor.id,
            ImportBatch.content.is_not(None),
        )
        .values(
            format=checked.format,
            # The mapping is stored as the person wrote it, without the parser's completions.
            mapping=dict(mapping),
            documents=reports.documents(checked),
            report=reports.as_object(checked),
            state="checked",
        )
        .returning(ImportBatch.id)
    )
    if kept is None:
        raise ConflictError(CodedReason("import_closed"))
    # The person has seen these choices, so they are suggested for the organisation's next file.
    await remembered.remember(session, actor, mapping, now=now)


async def suggest_anew(
    session: AsyncSession, batch: Upload, actor: Actor, read: Mapping[str, Any]
) -> None:
    """Read an uploaded file with other options, such as another sheet, and suggest a mapping again.

    Needs a writer session.

    Raises
    ------
    InvalidFileError, PersonalDataError
        The file cannot be read with these options, or has a column about persons; the stored
        mapping and report do not change.
    """
    reading = ReadingOptions(**read)
    table = await _read(session, actor, batch.file_name, batch.content, reading)
    words = await remembered.recall(session, actor)
    suggested = await asyncio.to_thread(suggest_for, table, reading, words)
    await session.execute(
        update(ImportBatch)
        .where(
            ImportBatch.id == batch.id,
            ImportBatch.person_id == actor.id,
            ImportBatch.content.is_not(None),
        )
        .values(
            mapping=as_object(suggested.mapping),
            documents=[],
            report={
                "source": batch.source,
                "counts": {},
                "remarks": [note.stored() for note in suggested.notes],
                "rows": [],
            },
            state="uploaded",
        )
    )


async def table_of(
    session: AsyncSession, batch: Upload, actor: Actor, mapping: Mapping[str, Any]
) -> Table:
    """Return an uploaded file as a table, read with the options of a mapping object.

    Raises
    ------
    InvalidFileError, PersonalDataError
        The file cannot be read with these options, or has a column about persons.
    """
    reading = ReadingOptions(format=mapping.get("format"), **mapping.get("read", {}))
    table = await _read(session, actor, batch.file_name, batch.content, reading)
    require_no_persons_in(table)
    return table


async def _read(
    session: AsyncSession,
    actor: Actor,
    name: str,
    data: bytes,
    reading: ReadingOptions | None = None,
) -> Table:
    """Read a file in a child process, one file at a time for each person (writer session).

    Raises
    ------
    TooHeavyError
        The file exceeds the limits of `geo.imports.sandbox.read_apart`, or another file of this
        person is being read.
    InvalidFileError
        The file cannot be read.
    """
    # The lock is an advisory lock of PostgreSQL, so it holds for all server processes, to the end
    # of this transaction.
    if not await upsert.is_alone(session, _turn_of(actor)):
        raise TooHeavyError(name, "turn")
    return await read_apart(name, data, reading)


def _turn_of(actor: Actor) -> int:
    """Return the key of the PostgreSQL advisory lock held while a file of this person is read."""
    digest = hashlib.sha256(f"import:{actor.id}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def columns_of(table: Table) -> list[Column]:
    """Return the columns of an uploaded file's table, each with a few example cells."""
    return [Column(name, tuple(_examples(table, name))) for name in table.columns]


def _examples(table: Table, column: str) -> list[str]:
    found: list[str] = []
    for line in table.lines:
        cell = line.cells.get(column)
        written = "" if cell is None else " ".join(str(cell).split())[:_LONGEST_CELL]
        if written and written not in found:
            found.append(written)
            if len(found) == _SHOWN:
                break
    return found


def labels_of(table: Table, mapping: Mapping[str, Any], known: CodeWords) -> dict[str, list[str]]:
    """Return the labels in the cells of each coded field that stand for no known code.

    A field with more than `MAX_LABELS` such labels holds free text and is left out. If a field of
    `SPARED_WORDS` has more, only its labels without an entry in the mapping are counted and
    returned.

    Parameters
    ----------
    mapping : mapping
        Mapping as an object (`geo.imports.mapping.as_object`).
    """
    stated = FieldMapping(
        fields={name: tuple(columns) for name, columns in mapping.get("fields", {}).items()},
        parts={column: tuple(names) for column, names in mapping.get("parts", {}).items()},
    )
    table, apart = taken_apart(table, stated)
    separators = mapping.get("separators", {})
    found: dict[str, list[str]] = {}
    for name, meanings in known.labels.items():
        codes = set(meanings.values())
        is_list = kind_of(name) in {"list", "flags"}
        labels = dict.fromkeys(
            label
            for column in apart.fields.get(name, ())
            for line in table.lines
            for item in _labels(line.cells.get(column), separators.get(name), is_list=is_list)
            for label in (joined_parts(item) if name == "services" else [item])
            if known.code(name, label) not in codes
        )
        asked = list(labels)
        if name in SPARED_WORDS and len(asked) > MAX_LABELS:
            told = set(map(folded, mapping.get("values", {}).get(name, ())))
            asked = [label for label in asked if folded(label) not in told]
        if 0 < len(asked) <= MAX_LABELS:
            found[name] = asked
    return found


def _labels(cell: Value, separator: str | None, *, is_list: bool) -> list[str]:
    items = [] if cell is None else cell if isinstance(cell, list) else [cell]
    if is_list:
        items = [
            part
            for item in items
            for part in (str(item).split(separator) if separator else _SEPARATOR.split(str(item)))
        ]
    return [label for item in items if (label := str(item).strip())]
