"""Proposals about contacts, channels and pathways, whose changes need two people (P53).

A removal by one person applies at once. Restricted records are for their named readers, so their
texts never wait in the queue of proposals, which other people read.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.errors import InvalidRecordError
from geo.models import (
    CHANNEL_STATES,
    Base,
    Contact,
    InformationChannel,
    Location,
    Pathway,
    PathwayStep,
)
from geo.reasons import CodedReason
from geo.records.guidance_rows import checked, read_channel, read_contact, read_pathway
from geo.records.row_validation import Circumstances
from geo.subjects.change_rules import ChangeSplit
from geo.subjects.records import CurrentRecord, Document, SubjectKind, revision_of

#: Fields that one person may clear at once; any new value waits for a second person.
_WITHDRAWN = ("phone", "whatsapp", "hours", "address")
_VISIBILITIES = ("public", "partners", "restricted")
#: Fields of a confirmation, which only make sense together.
_CONFIRMATION = ("confirmed_on", "expires_on")


def contact_document(fields: Mapping[str, Any], circumstances: Circumstances) -> Document:
    """Return a contact as a document, from the fields that an imported file of contacts has.

    Raises
    ------
    InvalidRecordError
        A field breaks its rule; the error names every such field.
    """
    rows, _ = checked(read_contact, fields, circumstances)
    return _written(rows[Contact][0])


def channel_document(fields: Mapping[str, Any], circumstances: Circumstances) -> Document:
    """Return an information channel as a document, from the fields of a file of channels.

    A channel whose texts have protected words is restricted (P38).

    Raises
    ------
    InvalidRecordError
        A field breaks its rule; the error names every such field.
    """
    rows, _ = checked(read_channel, fields, circumstances)
    return _written(rows[InformationChannel][0])


def pathway_document(
    fields: Mapping[str, Any], circumstances: Circumstances
) -> tuple[Document, tuple[str, ...]]:
    """Return a pathway with its steps as a document, and remarks on fields that a rule changed.

    For example, a pathway whose texts have protected words is made restricted (P38).
    """
    rows, remarks = checked(read_pathway, fields, circumstances)
    return _written(rows[Pathway][0]) | {"steps": _steps(rows[PathwayStep])}, remarks


def _written(row: Mapping[str, Any]) -> Document:
    return {
        str(name): value.isoformat() if isinstance(value, date) else value
        for name, value in row.items()
    }


def _steps(rows: Sequence[Mapping[str, Any]]) -> list[Document]:
    return [
        {name: row[name] for name in ("instruction", "contact_id", "location_id")} for row in rows
    ]


def _columns(record: Base, model: type[Base]) -> Document:
    return _written({column.name: getattr(record, column.name) for column in model.__table__.c})


def _shown(document: Document) -> CurrentRecord:
    """Return a record as the queue of proposals may show it: without texts if it is restricted."""
    revision, country = revision_of(document), document["country"]
    if document["visibility"] == "restricted":
        document = {name: document[name] for name in ("id", "visibility", "country")}
    return CurrentRecord(document, revision, country)


async def _read_contacts(session: AsyncSession, ids: Sequence[str]) -> dict[str, CurrentRecord]:
    found = await session.scalars(
        select(Contact).where(Contact.id.in_(ids)), execution_options={"populate_existing": True}
    )
    return {one.id: _shown(_columns(one, Contact)) for one in found}


async def _read_channels(session: AsyncSession, ids: Sequence[str]) -> dict[str, CurrentRecord]:
    found = await session.scalars(
        select(InformationChannel).where(InformationChannel.id.in_(ids)),
        execution_options={"populate_existing": True},
    )
    return {one.id: _shown(_columns(one, InformationChannel)) for one in found}


async def _read_pathways(session: AsyncSession, ids: Sequence[str]) -> dict[str, CurrentRecord]:
    found = await session.scalars(
        select(Pathway).where(Pathway.id.in_(ids)), execution_options={"populate_existing": True}
    )
    s = PathwayStep
    steps: dict[str, list[Mapping[str, Any]]] = {}
    rows = await session.execute(
        select(s.pathway_id, s.instruction, s.contact_id, s.location_id)
        .where(s.pathway_id.in_(ids))
        .order_by(s.pathway_id, s.position)
    )
    for row in rows.mappings():
        steps.setdefault(row["pathway_id"], []).append({str(k): row[k] for k in row})
    return {
        one.id: _shown(_columns(one, Pathway) | {"steps": _steps(steps.get(one.id, []))})
        for one in found
    }


def _check_contact(document: Mapping[str, Any], circumstances: Circumstances) -> Document:
    real = {name: value for name, value in document.items() if name != "demo"}
    return contact_document(real, circumstances) | {"demo": document["demo"]}


def _check_channel(document: Mapping[str, Any], circumstances: Circumstances) -> Document:
    real = {name: value for name, value in document.items() if name != "demo"}
    return channel_document(real, circumstances) | {"demo": document["demo"]}


def _check_pathway(document: Mapping[str, Any], circumstances: Circumstances) -> Document:
    real = {name: value for name, value in document.items() if name not in {"demo", "steps"}}
    steps = [
        {
            "instruction": step["instruction"],
            "contact": step["contact_id"],
            "space": step["location_id"],
        }
        for step in document["steps"]
    ]
    made, _ = pathway_document(real | {"steps": steps}, circumstances)
    return made | {"demo": document["demo"]}


def _split_record(before: Mapping[str, Any] | None, after: Document) -> ChangeSplit:
    """Split a change of a contact, channel or pathway: removals apply at once, the rest waits.

    A change that leaves or makes the record restricted applies at once, since only named readers
    see it; a record that ceases to be restricted waits with all its fields.
    """
    old = before or {}
    changed = {name: value for name, value in after.items() if old.get(name) != value}
    if before is not None and after["visibility"] == "restricted":
        return ChangeSplit(changed, {})
    if old.get("visibility") in {None, "restricted"}:
        return ChangeSplit({}, changed)
    now = {name: value for name, value in changed.items() if _takes_away(name, old[name], value)}
    if any(name in changed and name not in now for name in _CONFIRMATION):
        now = {name: value for name, value in now.items() if name not in _CONFIRMATION}
    return ChangeSplit(now, {name: value for name, value in changed.items() if name not in now})


def _takes_away(name: str, before: Any, after: Any) -> bool:  # noqa: ANN401 -- any field's value
    if name in _WITHDRAWN:
        return after is None
    if name == "visibility":
        return _VISIBILITIES.index(after) > _VISIBILITIES.index(before)
    if name == "expires_on":
        return str(after) < str(before)
    if name == "status":
        return CHANNEL_STATES.index(after) > CHANNEL_STATES.index(before)
    return name == "languages" and set(after) < set(before)


async def _store_contact(
    session: AsyncSession, record_id: str, document: Document, _today: date
) -> None:
    await _put(session, Contact, record_id, document)


async def _store_channel(
    session: AsyncSession, record_id: str, document: Document, _today: date
) -> None:
    await _put(session, InformationChannel, record_id, document)


async def _store_pathway(
    session: AsyncSession, record_id: str, document: Document, _today: date
) -> None:
    await require_known_steps(session, document["steps"])
    row = {name: value for name, value in document.items() if name != "steps"}
    await _put(session, Pathway, record_id, row)
    await session.execute(delete(PathwayStep).where(PathwayStep.pathway_id == record_id))
    await session.execute(
        insert(PathwayStep),
        [
            step | {"pathway_id": record_id, "position": position}
            for position, step in enumerate(document["steps"], start=1)
        ],
    )


async def _put(
    session: AsyncSession,
    model: type[Contact | InformationChannel | Pathway],
    record_id: str,
    document: Document,
) -> None:
    days = {name: date.fromisoformat(document[name]) for name in _CONFIRMATION}
    row = document | days | {"id": record_id}
    there = await session.scalar(select(model.id).where(model.id == record_id).with_for_update())
    # If two proposals create records with the same id at the same time, the second insert fails.
    how: Any = insert(model) if there is None else update(model).where(model.id == record_id)
    await session.execute(how.values(**row), execution_options={"synchronize_session": False})


async def require_known_steps(session: AsyncSession, steps: Sequence[Mapping[str, Any]]) -> None:
    """Refuse steps of a pathway that refer to an unknown contact or space (writer session).

    Raises
    ------
    InvalidRecordError
        A contact or space is unknown (the error says which), or an instruction has a space's name.
    """
    problems = []
    for step in steps:
        if step["contact_id"] is not None and not await session.get(Contact, step["contact_id"]):
            problems.append(
                ("steps", CodedReason("unknown_contact", contact=step["contact_id"][:40]))
            )
        if step["location_id"] is None:
            continue
        location = await session.get(Location, step["location_id"])
        # A restricted space gets the same error as one that never existed (P39).
        if location is None or location.visibility == "restricted":
            problems.append(("steps", CodedReason("unknown_space", space=step["location_id"][:40])))
        elif location.name in step["instruction"]:
            # If the space is hidden one day, its name would stay in the text of the instruction.
            problems.append(("steps", CodedReason("instruction_names_space")))
    if problems:
        raise InvalidRecordError(problems)


CONTACTS = SubjectKind(_read_contacts, _check_contact, _split_record, _store_contact)
CHANNELS = SubjectKind(_read_channels, _check_channel, _split_record, _store_channel)
PATHWAYS = SubjectKind(_read_pathways, _check_pathway, _split_record, _store_pathway)
