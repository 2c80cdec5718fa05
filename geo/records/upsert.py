"""Writing of checked rows to the database: order of tables, replaced parts, deleted rows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import batched
from typing import Any, Final

from geoalchemy2 import Geography
from sqlalchemy import case, cast, delete, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.bulk_insert import insert_rows
from geo.db.row_copy import copy_rows, refresh_statistics
from geo.models import (
    Base,
    Boundary,
    Capacity,
    Checklist,
    ChecklistItem,
    Contact,
    Crossing,
    CrossingStatus,
    Flow,
    Hazard,
    ItineraryStop,
    Language,
    LoadedFile,
    Location,
    Organization,
    Pathway,
    PathwayStep,
    Phone,
    Place,
    Product,
    ProductAtLocation,
    ReferralPoint,
    Schedule,
    ScheduleException,
    Service,
    ServiceAtLocation,
    Term,
    TermName,
)
from geo.records.file_kinds import KINDS
from geo.records.flows import KEYS_AT_ONCE

Row = dict[str, Any]

#: Tables in which a data file owns rows by their ids; tables that others refer to come first.
OWNED: Final = tuple(model for kind in KINDS for model in kind.owns)

#: Owned tables whose rows several records and files may refer to; a row is kept as long as a record
#: refers to the row.
SHARED = (Organization, Service)

#: Large owned tables to which no other table refers; their rows are deleted and written by COPY.
BULK = (Boundary, Place)

#: Tables of the parts of a location, which are replaced whenever the location is written.
PARTS: tuple[type[Any], ...] = (
    ServiceAtLocation,
    Schedule,
    ScheduleException,
    Phone,
    Language,
    Capacity,
    ReferralPoint,
    ItineraryStop,
)

#: Tables of the parts of other records, which are replaced whenever the record is written: model of
#: the part, its column with the record's id, model of the record.
HANGING: tuple[tuple[type[Any], str, type[Any]], ...] = (
    (ProductAtLocation, "product_id", Product),
    (PathwayStep, "pathway_id", Pathway),
    (ChecklistItem, "checklist_id", Checklist),
)

#: Owner of the spaces that were edited in Amparo after they were loaded from a file; stands in
#: place of a file's name.
EDITED = "edited here"

#: Key (any fixed number) of the advisory lock by which only one process does the daily upkeep.
UPKEEP_LOCK = 4_155_009

#: Key (any fixed number) of the advisory lock by which only one process computes coverage gaps of
#: corridors.
COVERAGE_LOCK = 4_155_010

#: Key (any fixed number) of the advisory lock by which only one process computes access times.
ACCESS_LOCK = 4_155_011

#: Number of spaces in one write from which PostgreSQL's planner statistics are refreshed, instead
#: of some minutes later by autovacuum (its ``autovacuum_analyze_threshold``). With old statistics,
#: reading the nearest spaces after a load of 70 took 16 ms instead of 5; reading 10,000, of which
#: the planner expected 50, took 6 s instead of 1 s (measured).
MANY_SPACES = 50
#: Number of services with changed visibility from which the statistics of their table are
#: refreshed. With old statistics the planner expected no visible service, and reading the versions
#: of 10,000 spaces took 10 s instead of 2 s (measured).
MANY_SERVICES = 50
#: Tables of which the statistics are refreshed after many spaces were written.
_READ_WITH_SPACES: tuple[type[Any], ...] = (
    Location,
    Organization,
    Service,
    ServiceAtLocation,
    Schedule,
    Phone,
    Language,
    Capacity,
)

#: Columns that refer to a row of another table, which must exist: model, column, other model.
REFERENCES = (
    (CrossingStatus, "crossing_id", Crossing),
    (ReferralPoint, "referrer_id", Location),
    (ProductAtLocation, "location_id", Location),
    (PathwayStep, "contact_id", Contact),
    (PathwayStep, "location_id", Location),
)

#: Columns that identify the subject of a count of people; unique in the table in addition to the
#: id.
FLOW_KEY = ("origin", "destination", "week", "direction", "method")

_OPENNESS = {"public": 0, "partners": 1, "restricted": 2}


def key_of(model: type[Base], row: Mapping[str, Any]) -> str:
    """Return the key that identifies a row within its table: the id, or several columns joined."""
    if model is ReferralPoint:
        return f"{row['location_id']}:{row['referrer_id']}"
    if model is ProductAtLocation:
        return f"{row['product_id']}:{row['location_id']}"
    if model is PathwayStep:
        return f"{row['pathway_id']}:{row['position']}"
    if model is ChecklistItem:
        return f"{row['checklist_id']}:{row['position']}"
    if model in {Term, TermName}:
        return ":".join((row["vocabulary"], row["code"], row.get("language", "")))
    return str(row["location_id"] if model is Capacity else row["id"])


async def loaded_files(session: AsyncSession) -> dict[str, LoadedFile]:
    """Return the entries of all data files loaded so far, by name (writer session)."""
    return {file.name: file for file in await session.scalars(select(LoadedFile))}


async def remembered(session: AsyncSession, prefix: str) -> dict[str, str]:
    """Return the checksums that `remember` stored under names with a prefix (writer session).

    The result has the checksums by name without the prefix.
    """
    found = await session.execute(
        select(LoadedFile.name, LoadedFile.sha256).where(
            LoadedFile.name.startswith(prefix, autoescape=True)
        )
    )
    return {row.name.removeprefix(prefix): row.sha256 for row in found}


async def remember(session: AsyncSession, name: str, sha256: str, day: date) -> None:
    """Store the checksum of an input that was taken in, under ``name`` (writer session)."""
    await session.merge(LoadedFile(name=name, sha256=sha256, loaded_on=day, details={}))


async def forget(session: AsyncSession, name: str) -> None:
    """Delete the checksum that `remember` stored under ``name`` (writer session)."""
    await session.execute(delete(LoadedFile).where(LoadedFile.name == name))


async def alone(session: AsyncSession, lock: int) -> None:
    """Wait for an advisory lock and hold it to the end of the transaction."""
    await session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": lock})


async def is_alone(session: AsyncSession, lock: int) -> bool:
    """Try to take an advisory lock to the end of the transaction; return whether it is held now."""
    return bool(await session.scalar(text("select pg_try_advisory_xact_lock(:key)"), {"key": lock}))


async def existing(session: AsyncSession, model: type[Any], ids: Iterable[str]) -> set[str]:
    """Return those of ``ids`` that exist in the model's table."""
    return set(await session.scalars(select(model.id).where(model.id == func.any(list(ids)))))


async def edited_spaces(session: AsyncSession) -> set[str]:
    """Return the ids of the spaces that were edited in Amparo, which therefore no file owns."""
    return set(await session.scalars(select(Location.id).where(Location.edited_at.is_not(None))))


async def take_over(session: AsyncSession, ids: Collection[str], now: datetime) -> None:
    """Mark spaces as edited in Amparo, so that loading their files again does not change them."""
    await session.execute(
        update(Location)
        .where(Location.id == func.any(list(ids)), Location.edited_at.is_(None))
        .values(edited_at=now),
        execution_options={"synchronize_session": False},
    )


async def releases(session: AsyncSession) -> dict[str, frozenset[str]]:
    """Return the protected phrases that were judged not to apply to a space, by space id (P38)."""
    found = await session.execute(
        select(Location.id, Location.released).where(func.cardinality(Location.released) > 0)
    )
    return {row.id: frozenset(row.released) for row in found}


async def foreign_flows(
    session: AsyncSession, rows: Sequence[Row], own: Iterable[str]
) -> set[tuple[Any, ...]]:
    """Return the subjects of ``rows`` that also have a stored count with an id not in ``own``."""
    columns = _flow_subject()
    keys = [flow_key(row) for row in rows]
    others = Flow.id != func.all(list(own))
    found: set[tuple[Any, ...]] = set()
    for part in batched(keys, KEYS_AT_ONCE):
        asked = select(*columns).where(tuple_(*columns).in_(part), others)
        found.update(tuple(key) for key in await session.execute(asked))
    return found


def _flow_subject() -> list[Any]:
    """Return the SQL columns of `FLOW_KEY`, in the form of `flow_key`."""
    columns: list[Any] = [getattr(Flow, name) for name in FLOW_KEY]
    columns[1] = func.coalesce(Flow.destination, "")
    return columns


def flow_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the values of a count's `FLOW_KEY`; a missing destination is the empty text."""
    return tuple(row[name] if row[name] is not None else "" for name in FLOW_KEY)


async def write(
    session: AsyncSession,
    rows: Mapping[type[Any], Sequence[Row]],
    before: Mapping[str, Sequence[str]],
) -> None:
    """Insert or update the rows of one data file.

    Parameters
    ----------
    session : AsyncSession
        Writer session.
    rows : mapping of model to rows
        Checked rows with shapely geometries; all rows of a table have the same columns. Columns of
        a stored row that are absent here, such as the emergency hide, keep their values.
    before : mapping of str to ids
        Ids in the file when it was last loaded, by table.
    """
    await _write_terms(session, rows)
    for model in OWNED:
        made = rows.get(model)
        if not made:
            continue
        if model in BULK:
            gone = {*before.get(model.__tablename__, ()), *(row["id"] for row in made)}
            await session.execute(delete(model).where(model.id == func.any(list(gone))))
            await _copy(session, model, made)
        elif model is Location:
            await write_locations(session, rows)
        else:
            if model is Flow:
                await _give_up_subjects(session, made)
            await _upsert(session, model, made)
    for part, column, owner in HANGING:
        await _replace_hanging(session, part, column, rows.get(owner, ()), rows.get(part, ()))
    if rows.get(Hazard):
        await _measure_roads(session)
    if rows.get(Service):
        await open_services(session)


async def delete_vanished(
    session: AsyncSession,
    before: Mapping[str, Sequence[str]],
    now: Mapping[str, Sequence[str]],
    *,
    shared: bool,
) -> dict[str, int]:
    """Delete the rows that a data file no longer has, and return their number by table.

    Call with ``shared=False`` before the file is written, for all tables but `SHARED`, and with
    ``shared=True`` afterwards, for rows of `SHARED` to which no record refers.
    """
    removed = {}
    for model in reversed(OWNED):
        if (model in SHARED) != shared:
            continue
        table = model.__tablename__
        gone = set(before.get(table, ())) - set(now.get(table, ()))
        if not gone:
            continue
        question = delete(model).where(model.id == func.any(list(gone)))
        if model is Service:
            question = question.where(
                ~select(1).where(ServiceAtLocation.service_id == Service.id).exists()
            )
        elif model is Organization:
            question = question.where(
                ~select(1).where(Location.organization_id == Organization.id).exists()
            )
        elif model is Location:
            # Two kinds of spaces are not deleted. A hidden space (P24, emergency hides) that was
            # deleted and loaded again would no longer be hidden. A space with an open complaint
            # (P44) must not vanish because the file's author leaves the space out. Both are marked
            # as closed, as lifting the hide must not publish a space that its file no longer lists.
            stays = Location.hidden_at.is_not(None) | func.amparo.has_open_complaint(Location.id)
            question = question.where(~stays)
            await session.execute(
                update(Location)
                .where(Location.id == func.any(list(gone)), stays)
                .values(status="closed"),
                execution_options={"synchronize_session": False},
            )
        deleted = await session.scalars(
            question.returning(model.id), execution_options={"synchronize_session": False}
        )
        if count := len(deleted.all()):
            removed[table] = count
    return removed


async def _copy(session: AsyncSession, model: type[Any], rows: Sequence[Row]) -> None:
    columns = tuple(rows[0])
    await copy_rows(
        session, model.__table__, columns, ([row[name] for name in columns] for row in rows)
    )


async def _upsert(session: AsyncSession, model: type[Any], rows: Sequence[Row]) -> None:
    await insert_rows(session, model, rows, key=["id"], update=True)


async def _give_up_subjects(session: AsyncSession, rows: Sequence[Row]) -> None:
    """Delete stored counts whose subject (`FLOW_KEY`) the file changes, before they are rewritten.

    PostgreSQL checks the unique `FLOW_KEY` row by row. Demo counts move to the next week every
    Monday: an update of one count would collide with the next count, which has not moved yet.
    """
    subjects = {row["id"]: flow_key(row) for row in rows}
    stored = await session.execute(
        select(Flow.id, *_flow_subject()).where(Flow.id == func.any(list(subjects)))
    )
    moved = [id_ for id_, *subject in stored if tuple(subject) != subjects[id_]]
    await session.execute(
        delete(Flow).where(Flow.id == func.any(moved)),
        execution_options={"synchronize_session": False},
    )


async def write_locations(session: AsyncSession, rows: Mapping[type[Any], Sequence[Row]]) -> None:
    """Insert or update spaces and replace their parts (writer session).

    Their organisations and services must exist already.
    """
    locations = rows[Location]
    ids = [row["id"] for row in locations]
    # Parts are deleted before the spaces are updated: the database lets a space become public only
    # once the space no longer offers a protected service.
    for part in PARTS:
        await session.execute(
            delete(part).where(part.location_id == func.any(ids)),
            execution_options={"synchronize_session": False},
        )
    # All spaces are written before any parts, because a referral point may be a later space.
    await _upsert(session, Location, locations)
    for part in PARTS:
        await insert_rows(session, part, rows.get(part, ()))
    if len(locations) >= MANY_SPACES:
        await refresh_statistics(session, *(model.__table__ for model in _READ_WITH_SPACES))


async def _replace_hanging(
    session: AsyncSession,
    part: type[Any],
    column: str,
    owners: Sequence[Row],
    made: Sequence[Row],
) -> None:
    """Delete the parts of the records ``owners`` and insert the rows ``made`` instead."""
    if owners:
        await session.execute(
            delete(part).where(getattr(part, column) == func.any([row["id"] for row in owners])),
            execution_options={"synchronize_session": False},
        )
    await insert_rows(session, part, made)


async def _write_terms(session: AsyncSession, rows: Mapping[type[Any], Sequence[Row]]) -> None:
    """Add or update terms and their names, except terms that a coordinator has edited."""
    edited = {
        tuple(key)
        for key in await session.execute(select(Term.vocabulary, Term.code).where(Term.edited))
    }
    keys = ["vocabulary", "code"]
    for model, key in ((Term, keys), (TermName, [*keys, "language"])):
        made = [
            row for row in rows.get(model, ()) if (row["vocabulary"], row["code"]) not in edited
        ]
        await insert_rows(session, model, made, key=key, update=True)


async def _measure_roads(session: AsyncSession) -> None:
    """Set the length of the roads on which human threats are published, from geometry (P36)."""
    length_m = func.ST_Length(cast(Hazard.geom_public, Geography))
    await session.execute(
        update(Hazard)
        .where(Hazard.public_extent == "road")
        .values(public_length_km=length_m / 1000),
        execution_options={"synchronize_session": False},
    )


async def open_services(
    session: AsyncSession, organizations: Collection[str] | None = None
) -> None:
    """Set the visibility of services and organisations to that of their most visible space.

    Protected services stay restricted whatever the visibility of their spaces (P38).

    Parameters
    ----------
    session : AsyncSession
        Writer session.
    organizations : collection of str or None
        Ids of the organisations to update, with their services; None for all.
    """
    openness = case(_OPENNESS, value=Location.visibility)
    for model, question in (
        (
            Service,
            select(Location.visibility)
            .join(ServiceAtLocation, ServiceAtLocation.location_id == Location.id)
            .where(ServiceAtLocation.service_id == Service.id)
            .join(Term, (Term.vocabulary == "service") & (Term.code == Service.code))
            .where(Term.protected.is_(False)),
        ),
        (
            Organization,
            select(Location.visibility).where(Location.organization_id == Organization.id),
        ),
    ):
        most_open = func.coalesce(
            question.order_by(openness).limit(1).correlate(model).scalar_subquery(), "restricted"
        )
        # Rows with the right visibility are not written, because a write of a service or
        # organisation counts as a change of all its spaces.
        changing = update(model).where(model.visibility != most_open).values(visibility=most_open)
        if organizations is not None:
            key = model.organization_id if model is Service else model.id
            changing = changing.where(key == func.any(list(organizations)))
        changed = await session.execute(
            changing.returning(model.id), execution_options={"synchronize_session": False}
        )
        if model is Service and len(changed.all()) >= MANY_SERVICES:
            table = Service.__table__
            await refresh_statistics(session, table)  # type: ignore[arg-type]  # typed as FromClause
