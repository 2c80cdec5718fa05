"""How checked rows of files are written: in which order, what replaces what, what is deleted."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from geoalchemy2 import Geography
from geoalchemy2.shape import from_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import case, cast, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.copying import copy_rows
from geo.models import (
    PROTECTED_SERVICES,
    Base,
    Boundary,
    Capacity,
    Crossing,
    CrossingStatus,
    Flow,
    Hazard,
    Language,
    LoadedFile,
    Location,
    Organization,
    Phone,
    Place,
    Schedule,
    Service,
    ServiceAtLocation,
)

Row = dict[str, Any]

#: Tables whose rows a file owns by their ids, parents first.
OWNED: tuple[type[Any], ...] = (
    Boundary,
    Place,
    Organization,
    Service,
    Location,
    Crossing,
    CrossingStatus,
    Hazard,
    Flow,
)

#: Of these, the ones that several records and files may name: they are kept while one does.
SHARED = (Organization, Service)

#: Of these, the large ones without anything hanging on them: replaced by COPY.
BULK = (Boundary, Place)

#: What hangs on a location and is replaced with it.
PARTS: tuple[type[Any], ...] = (ServiceAtLocation, Schedule, Phone, Language, Capacity)

#: Columns that name a row of another table.
REFERENCES = (
    (CrossingStatus, "crossing_id", Crossing),
    (Location, "referral_from", Location),
)

#: What a count of people is about: unique in the table, whatever the ids.
FLOW_KEY = ("origin", "destination", "week", "direction", "method")

_OPENNESS = {"public": 0, "partners": 1, "restricted": 2}


def key_of(model: type[Base], row: Mapping[str, Any]) -> str:
    """Return what tells a row from others of its table."""
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


async def existing(session: AsyncSession, model: type[Any], ids: Iterable[str]) -> set[str]:
    """Return which of ``ids`` the table has."""
    return set(await session.scalars(select(model.id).where(model.id == func.any(list(ids)))))


async def foreign_flows(
    session: AsyncSession, rows: Sequence[Row], own: Iterable[str]
) -> set[tuple[Any, ...]]:
    """Return the keys of counts that the table has under an id which is not one of ``own``."""
    columns = [getattr(Flow, name) for name in FLOW_KEY]
    columns[1] = func.coalesce(Flow.destination, "")
    keys = [flow_key(row) for row in rows]
    found = await session.execute(
        select(*columns).where(tuple_(*columns).in_(keys), Flow.id != func.all(list(own)))
    )
    return {tuple(key) for key in found}


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
    for model in OWNED:
        made = rows.get(model)
        if not made:
            continue
        if model in BULK:
            gone = {*before.get(model.__tablename__, ()), *(row["id"] for row in made)}
            await session.execute(delete(model).where(model.id == func.any(list(gone))))
            await _copy(session, model, made)
        elif model is Location:
            await _write_locations(session, rows)
        else:
            await _upsert(session, model, made)
    if rows.get(Hazard):
        await _measure_roads(session)
    if rows.get(Service):
        await _open_services(session)


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
    adding = insert(model)
    changed = {name: adding.excluded[name] for name in rows[0] if name != "id"}
    await session.execute(
        adding.on_conflict_do_update(index_elements=["id"], set_=changed),
        [_encoded(row) for row in rows],
    )


def _encoded(row: Row) -> Row:
    return {
        name: from_shape(value, srid=4326) if isinstance(value, BaseGeometry) else value
        for name, value in row.items()
    }


async def _write_locations(session: AsyncSession, rows: Mapping[type[Any], Sequence[Row]]) -> None:
    locations = rows[Location]
    # A space may refer to one further down: first all of them, then who refers to whom.
    await _upsert(session, Location, [row | {"referral_from": None} for row in locations])
    referring = [
        {"id": row["id"], "referral_from": row["referral_from"]}
        for row in locations
        if row["referral_from"] is not None
    ]
    if referring:
        await session.execute(update(Location), referring)
    ids = [row["id"] for row in locations]
    for part in PARTS:
        await session.execute(
            delete(part).where(part.location_id == func.any(ids)),
            execution_options={"synchronize_session": False},
        )
        if rows.get(part):
            await session.execute(insert(part), list(rows[part]))


async def _measure_roads(session: AsyncSession) -> None:
    """Measure the roads that human threats are published on: a file is not believed (P36)."""
    length_m = func.ST_Length(cast(Hazard.geom_public, Geography))
    await session.execute(
        update(Hazard)
        .where(Hazard.public_extent == "road")
        .values(public_length_km=length_m / 1000),
        execution_options={"synchronize_session": False},
    )


async def _open_services(session: AsyncSession) -> None:
    """Give services and organisations the visibility of the most open place that has them.

    Protected services stay restricted wherever they are offered (P38).
    """
    openness = case(_OPENNESS, value=Location.visibility)
    for model, question in (
        (
            Service,
            select(Location.visibility)
            .join(ServiceAtLocation, ServiceAtLocation.location_id == Location.id)
            .where(ServiceAtLocation.service_id == Service.id)
            .where(Service.code.not_in(PROTECTED_SERVICES)),
        ),
        (
            Organization,
            select(Location.visibility).where(Location.organization_id == Organization.id),
        ),
    ):
        most_open = question.order_by(openness).limit(1).correlate(model).scalar_subquery()
        await session.execute(
            update(model).values(visibility=func.coalesce(most_open, "restricted")),
            execution_options={"synchronize_session": False},
        )
