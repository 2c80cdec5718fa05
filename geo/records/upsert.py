"""How checked rows of files are written: in which order, what replaces what, what is deleted."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geography
from sqlalchemy import case, cast, delete, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.bulk_insert import insert_rows
from geo.db.row_copy import copy_rows
from geo.models import (
    Base,
    Boundary,
    Capacity,
    Checklist,
    ChecklistItem,
    Contact,
    Corridor,
    Crossing,
    CrossingStatus,
    Flow,
    Hazard,
    ItineraryStop,
    Language,
    LoadedFile,
    Location,
    Message,
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

Row = dict[str, Any]

#: Tables whose rows a file owns by their ids, parents first.
OWNED: tuple[type[Any], ...] = (
    Boundary,
    Place,
    Corridor,
    Organization,
    Service,
    Location,
    Crossing,
    CrossingStatus,
    Hazard,
    Flow,
    Contact,
    Message,
    Product,
    Pathway,
    Checklist,
)

#: Of these, the ones that several records and files may name: they are kept while one does.
SHARED = (Organization, Service)

#: Of these, the large ones without anything hanging on them: replaced by COPY.
BULK = (Boundary, Place)

#: What hangs on a location and is replaced with it.
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

#: What hangs on other records and is replaced with them, by the column that names its record.
HANGING: tuple[tuple[type[Any], str, type[Any]], ...] = (
    (ProductAtLocation, "product_id", Product),
    (PathwayStep, "pathway_id", Pathway),
    (ChecklistItem, "checklist_id", Checklist),
)

#: Who has the rows that were changed in Amparo since a file brought them.
EDITED = "edited here"

#: Any fixed number: one process does the day's upkeep.
UPKEEP_LOCK = 4_155_009

#: Likewise: one process computes the gaps of corridors.
COVERAGE_LOCK = 4_155_010

#: From so many spaces at once the planner's statistics are refreshed with them: right after a
#: load of 10,000 it expected 50, and read them in 6 s instead of 1 (measured).
MANY_SPACES = 1_000
#: Likewise from so many services that were opened: the planner still expected none of them to be
#: open, and the versions of 10,000 spaces took 10 s to read instead of 2 (measured).
MANY_SERVICES = 50
REFRESH_STATISTICS = text(
    "analyze amparo.locations, amparo.organizations, amparo.services, amparo.service_at_location,"
    " amparo.schedules, amparo.phones, amparo.languages, amparo.capacities"
)

#: Columns that name a row of another table.
REFERENCES = (
    (CrossingStatus, "crossing_id", Crossing),
    (ReferralPoint, "referrer_id", Location),
    (ProductAtLocation, "location_id", Location),
    (PathwayStep, "contact_id", Contact),
    (PathwayStep, "location_id", Location),
)

#: What a count of people is about: unique in the table, whatever the ids.
FLOW_KEY = ("origin", "destination", "week", "direction", "method")

_OPENNESS = {"public": 0, "partners": 1, "restricted": 2}


def key_of(model: type[Base], row: Mapping[str, Any]) -> str:
    """Return what tells a row from others of its table."""
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
    """Return the files taken in so far, by name."""
    return {file.name: file for file in await session.scalars(select(LoadedFile))}


async def remembered(session: AsyncSession, prefix: str) -> dict[str, str]:
    """Return the checksums of what is remembered under names with ``prefix``, by the rest."""
    found = await session.execute(
        select(LoadedFile.name, LoadedFile.sha256).where(
            LoadedFile.name.startswith(prefix, autoescape=True)
        )
    )
    return {row.name.removeprefix(prefix): row.sha256 for row in found}


async def remember(session: AsyncSession, name: str, sha256: str, day: date) -> None:
    """Remember that what ``name`` stands for was taken in, with this checksum."""
    await session.merge(LoadedFile(name=name, sha256=sha256, loaded_on=day, details={}))


async def forget(session: AsyncSession, name: str) -> None:
    """Forget what `remember` remembered."""
    await session.execute(delete(LoadedFile).where(LoadedFile.name == name))


async def alone(session: AsyncSession, lock: int) -> None:
    """Wait until no other transaction has the lock, and hold it to the end of this one."""
    await session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": lock})


async def is_alone(session: AsyncSession, lock: int) -> bool:
    """Hold the lock to the end of this transaction unless another has it; wait for nobody."""
    return bool(await session.scalar(text("select pg_try_advisory_xact_lock(:key)"), {"key": lock}))


async def existing(session: AsyncSession, model: type[Any], ids: Iterable[str]) -> set[str]:
    """Return which of ``ids`` the table has."""
    return set(await session.scalars(select(model.id).where(model.id == func.any(list(ids)))))


async def edited_spaces(session: AsyncSession) -> set[str]:
    """Return the spaces that no file owns any longer, because they were changed in Amparo."""
    return set(await session.scalars(select(Location.id).where(Location.edited_at.is_not(None))))


async def take_over(session: AsyncSession, ids: Collection[str], now: datetime) -> None:
    """Take spaces out of the ownership of the files that brought them: no load changes them."""
    await session.execute(
        update(Location)
        .where(Location.id == func.any(list(ids)), Location.edited_at.is_(None))
        .values(edited_at=now),
        execution_options={"synchronize_session": False},
    )


async def releases(session: AsyncSession) -> dict[str, frozenset[str]]:
    """Return the reasons of quarantine that were judged not to hold, by space (P38)."""
    found = await session.execute(
        select(Location.id, Location.released).where(func.cardinality(Location.released) > 0)
    )
    return {row.id: frozenset(row.released) for row in found}


async def foreign_flows(
    session: AsyncSession, rows: Sequence[Row], own: Iterable[str]
) -> set[tuple[Any, ...]]:
    """Return the keys of counts that the table has under an id which is not one of ``own``."""
    columns = _flow_subject()
    keys = [flow_key(row) for row in rows]
    found = await session.execute(
        select(*columns).where(tuple_(*columns).in_(keys), Flow.id != func.all(list(own)))
    )
    return {tuple(key) for key in found}


def _flow_subject() -> list[Any]:
    """Return the columns of `flow_key`; no destination is an empty one."""
    columns: list[Any] = [getattr(Flow, name) for name in FLOW_KEY]
    columns[1] = func.coalesce(Flow.destination, "")
    return columns


def flow_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what a count is about; no destination is an empty one."""
    return tuple(row[name] if row[name] is not None else "" for name in FLOW_KEY)


async def write(
    session: AsyncSession,
    rows: Mapping[type[Any], Sequence[Row]],
    before: Mapping[str, Sequence[str]],
) -> None:
    """Insert or update the rows of one file.

    Parameters
    ----------
    session : AsyncSession
        Of the writer.
    rows : mapping of model to rows
        Checked; geometries are shapely's. Every row of a table has the same columns. Columns
        that a file does not state, such as an emergency hide, keep their values.
    before : mapping of str to ids
        Ids the file had when it was last loaded, by table.
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
    """Delete the rows a file had and has no longer, and say how many of which table.

    ``shared`` ones go after the file is written, and only if nothing needs them then; the
    others before.
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
            # P24: deleted now and brought again later, it would come back unhidden. P44: whoever
            # keeps the file does not get rid of a complaint so. It stays, closed: lifting the
            # hide does not publish what nobody stands for.
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
    """Delete counts that are about something else from now on.

    `FLOW_KEY` is judged row by row: a count that takes over the week of the next one, as those of
    the demonstration do every Monday, would meet it before it has moved on.
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
    """Insert or update spaces and replace their parts; organisations and services are there."""
    locations = rows[Location]
    ids = [row["id"] for row in locations]
    # First what they offered: a space that no longer offers what is protected may be opened.
    for part in PARTS:
        await session.execute(
            delete(part).where(part.location_id == func.any(ids)),
            execution_options={"synchronize_session": False},
        )
    # A space may be referred to by one further down: first all of them, then their parts.
    await _upsert(session, Location, locations)
    for part in PARTS:
        await insert_rows(session, part, rows.get(part, ()))
    if len(locations) >= MANY_SPACES:
        await session.execute(REFRESH_STATISTICS)


async def _replace_hanging(
    session: AsyncSession,
    part: type[Any],
    column: str,
    owners: Sequence[Row],
    made: Sequence[Row],
) -> None:
    """Replace what hangs on the records of a file."""
    if owners:
        await session.execute(
            delete(part).where(getattr(part, column) == func.any([row["id"] for row in owners])),
            execution_options={"synchronize_session": False},
        )
    await insert_rows(session, part, made)


async def _write_terms(session: AsyncSession, rows: Mapping[type[Any], Sequence[Row]]) -> None:
    """Add or update terms and their names, except those that a coordinator has edited."""
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
    """Measure the roads that human threats are published on: a file is not believed (P36)."""
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
    """Return services and organisations the visibility of the most open place that has them.

    Protected services stay restricted wherever they are offered (P38).

    Parameters
    ----------
    session : AsyncSession
        Of the writer.
    organizations : collection of str or None
        Only these and their services; None for all.
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
        # Only rows that change are written: each is a change of the spaces that show it.
        changing = update(model).where(model.visibility != most_open).values(visibility=most_open)
        if organizations is not None:
            key = model.organization_id if model is Service else model.id
            changing = changing.where(key == func.any(list(organizations)))
        changed = await session.execute(
            changing.returning(model.id), execution_options={"synchronize_session": False}
        )
        if model is Service and len(changed.all()) >= MANY_SERVICES:
            await session.execute(text("analyze amparo.services"))
