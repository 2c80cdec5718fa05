"""Demo rows: whether there are any, and taking them away for good (P35)."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Exists, delete, exists, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.views import demo_state
from geo.errors import MixedDataError
from geo.models import (
    Contact,
    Crossing,
    CrossingStatus,
    Flow,
    Hazard,
    LoadedFile,
    Location,
    Message,
    Organization,
    Pathway,
    Person,
    Practice,
    Product,
    Service,
)

#: Name among the loaded files that says: removed on purpose, not to be loaded by itself again.
REMOVED = "demo rows removed"

#: What makes a row of each table a demo row. An assumed status of a real crossing is one too;
#: crossings themselves, boundaries, places and roads are real beside a demonstration.
_DEMO: tuple[tuple[type[Any], ColumnElement[bool]], ...] = (
    (CrossingStatus, CrossingStatus.assumption.is_(True)),
    (Flow, Flow.demo.is_(True)),
    (Hazard, Hazard.demo.is_(True)),
    (Pathway, Pathway.demo.is_(True)),
    (Product, Product.demo.is_(True)),
    (Practice, Practice.demo.is_(True)),
    (Message, Message.demo.is_(True)),
    (Contact, Contact.demo.is_(True)),
    (Location, Location.demo.is_(True)),
    (Service, Service.demo.is_(True)),
    # People who joined one keep it; without its demo spaces nothing of it is shown.
    (
        Organization,
        Organization.demo.is_(True) & ~exists().where(Person.organization_id == Organization.id),
    ),
    (Crossing, Crossing.demo.is_(True)),
)
# A practice is a demo where its location is one.
_MIXABLE = (CrossingStatus, Flow, Hazard, Location, Contact, Message, Product, Pathway)


_STATE = select(demo_state.c.demo)


async def has_demo(session: AsyncSession) -> bool:
    """Return whether anything the public could see is a demo row (any reading tier)."""
    return bool(await session.scalar(_STATE))


async def remove_demo(session: AsyncSession, *, today: date | None = None) -> dict[str, int]:
    """Delete every demo row and remember that it was meant.

    Crossings whose status was an assumption stay, and are not known from then on.

    Parameters
    ----------
    session : AsyncSession
        Of the writer.
    today : date or None
        Noted as the day of removal.

    Returns
    -------
    dict of str to int
        Rows deleted by table.
    """
    removed = {}
    for model, is_demo in _DEMO:
        gone = await session.scalars(delete(model).where(is_demo).returning(model.id))
        removed[model.__tablename__] = len(gone.all())
    await session.execute(
        delete(LoadedFile).where(
            or_(LoadedFile.details["demo"].as_boolean(), LoadedFile.name == REMOVED)
        )
    )
    await session.execute(
        insert(LoadedFile).values(name=REMOVED, sha256="", loaded_on=today or date(1970, 1, 1))
    )
    return removed


async def forget_removal(session: AsyncSession) -> None:
    """Let demo rows be loaded by themselves again (writer)."""
    await session.execute(delete(LoadedFile).where(LoadedFile.name == REMOVED))


async def has_only_real(session: AsyncSession) -> bool:
    """Tell whether real rows are there that demo rows would mix with, and no demo rows (writer)."""
    return bool(await session.scalar(select(_any(demo=False) & ~_any(demo=True))))


async def is_demonstration(session: AsyncSession) -> bool:
    """Return whether all there is is a demonstration (writer)."""
    return bool(await session.scalar(select(_any(demo=True) & ~_any(demo=False))))


async def require_unmixed(session: AsyncSession) -> None:
    """Refuse demo and real rows side by side (writer).

    Raises
    ------
    MixedDataError
        Both are there.
    """
    if await session.scalar(select(_any(demo=True) & _any(demo=False))):
        raise MixedDataError(_MIXED)


async def require_alike(session: AsyncSession, *, is_demo: bool) -> None:
    """Refuse to propose a row that would be the first of its kind beside the other (writer).

    Raises
    ------
    MixedDataError
        There are real rows and it is a demo row, or the other way round.
    """
    if await session.scalar(select(_any(demo=not is_demo))):
        raise MixedDataError(_MIXED)


_MIXED = (
    "demo and real rows would stand side by side: run `amparo demo remove` first, or "
    "set AMPARO_ALLOW_DEMO_MIXED=true"
)


def _any(*, demo: bool) -> ColumnElement[bool]:
    found: list[Exists] = [
        exists().where(is_demo if demo else ~is_demo)
        for model, is_demo in _DEMO
        if model in _MIXABLE
    ]
    return or_(*found)
