"""Demo rows (fictitious records, P35): checks for demo and real rows, and removal of demo rows."""

from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Exists,
    delete,
    exists,
    func,
    insert,
    inspect,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db.views import demo_state
from geo.errors import MixedDataError
from geo.models import (
    Contact,
    Crossing,
    CrossingStatus,
    CrossingSurvey,
    Flow,
    Hazard,
    InformationChannel,
    LoadedFile,
    Location,
    Message,
    Organization,
    Pathway,
    Person,
    Practice,
    Product,
    Proposal,
    Service,
)

#: Name of a `LoadedFile` entry that records that demo rows were removed on purpose; while it
#: exists, demo files are not loaded automatically.
REMOVED = "demo rows removed"

#: Tables with demo rows, each with the SQL condition for a demo row. An assumed status of a real
#: crossing is a demo row too. Boundaries, places and roads are always real.
_DEMO: tuple[tuple[type[Any], ColumnElement[bool]], ...] = (
    (CrossingStatus, CrossingStatus.assumption.is_(True)),
    (CrossingSurvey, CrossingSurvey.demo.is_(True)),
    (Flow, Flow.demo.is_(True)),
    (Hazard, Hazard.demo.is_(True)),
    (Pathway, Pathway.demo.is_(True)),
    (Product, Product.demo.is_(True)),
    (Practice, Practice.demo.is_(True)),
    (Message, Message.demo.is_(True)),
    (Contact, Contact.demo.is_(True)),
    (InformationChannel, InformationChannel.demo.is_(True)),
    (Location, Location.demo.is_(True)),
    (Service, Service.demo.is_(True)),
    # Demo organisations with members (`Person`) are kept; without spaces they are not shown.
    (
        Organization,
        Organization.demo.is_(True) & ~exists().where(Person.organization_id == Organization.id),
    ),
    (Crossing, Crossing.demo.is_(True)),
)
# Tables that must not hold demo and real rows at the same time. `Practice` is left out, because a
# practice is a demo row if and only if its location is a demo row.
_MIXABLE = (
    *(CrossingStatus, Flow, Hazard, Location, Contact),
    *(InformationChannel, Message, Product, Pathway),
)


_STATE = select(demo_state.c.demo)


async def has_demo(session: AsyncSession) -> bool:
    """Return whether a publicly visible row is a demo row (session of any reading tier)."""
    return bool(await session.scalar(_STATE))


async def remove_demo(session: AsyncSession, *, today: date | None = None) -> dict[str, int]:
    """Delete every demo row; record the removal so that demo files do not load automatically.

    Real crossings with an assumed status stay, without that status. Pending proposals about demo
    rows are withdrawn and emptied, because one that is accepted later would become a real record.

    Parameters
    ----------
    session : AsyncSession
        Writer session.
    today : date or None
        Day to record as the day of removal.

    Returns
    -------
    dict of str to int
        Number of deleted rows by table, and of withdrawn proposals.
    """
    removed = {Proposal.__tablename__: await _withdraw_trials(session)}
    for model, is_demo in _DEMO:
        (key,) = inspect(model).primary_key
        gone = await session.scalars(delete(model).where(is_demo).returning(key))
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
    """Delete the entry `REMOVED`, so that demo files load automatically again (writer session)."""
    await session.execute(delete(LoadedFile).where(LoadedFile.name == REMOVED))


async def holds_demo(session: AsyncSession) -> bool:
    """Return whether the tables of `_MIXABLE` hold demo rows (writer session)."""
    return bool(await session.scalar(select(_any(demo=True))))


async def has_only_real(session: AsyncSession) -> bool:
    """Return whether the tables of `_MIXABLE` hold real rows and no demo rows (writer session)."""
    return bool(await session.scalar(select(_any(demo=False) & ~_any(demo=True))))


async def is_demonstration(session: AsyncSession) -> bool:
    """Return whether the tables of `_MIXABLE` hold demo rows and no real rows (writer session)."""
    return bool(await session.scalar(select(_any(demo=True) & ~_any(demo=False))))


async def are_new_demo(session: AsyncSession, *, allow_mixed: bool) -> bool:
    """Return whether new spaces and statements become demo rows (writer session; P35).

    They do if the database holds demo rows only, so that people can try everything and
    `remove_demo` removes the results. With ``allow_mixed``, real rows may stand beside demo rows,
    and new rows are real.
    """
    return not allow_mixed and await is_demonstration(session)


async def _withdraw_trials(session: AsyncSession) -> int:
    """Withdraw and empty the pending proposals about demo rows, and return their number.

    If the database holds demo rows only, every proposal about a space, a crossing or a hazard is
    taken for one about demo rows.
    """
    trial: ColumnElement[bool]
    if await is_demonstration(session):
        trial = Proposal.entity.in_(("space", "crossing", "hazard"))
    else:
        demo_spaces = select(Location.id).where(Location.demo.is_(True))
        is_new = Proposal.changes["demo"].as_boolean().is_(True)
        trial = (Proposal.entity == "space") & or_(is_new, Proposal.record_id.in_(demo_spaces))
    withdrawn = await session.scalars(
        update(Proposal)
        .where(Proposal.state == "pending", trial)
        .values(state="withdrawn", decided_at=func.amparo.now(), changes={})
        .returning(Proposal.id)
        .execution_options(synchronize_session=False)
    )
    return len(withdrawn.all())


async def require_unmixed(session: AsyncSession) -> None:
    """Refuse a database that holds both demo and real rows (writer session).

    Raises
    ------
    MixedDataError
        Both demo and real rows exist.
    """
    if await session.scalar(select(_any(demo=True) & _any(demo=False))):
        raise MixedDataError(_MIXED)


async def require_alike(session: AsyncSession, *, is_demo: bool) -> None:
    """Refuse a proposed row that would mix demo and real rows (writer session).

    Raises
    ------
    MixedDataError
        The proposed row is a demo row and real rows exist, or the other way round.
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
