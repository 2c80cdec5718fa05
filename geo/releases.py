"""Records that an import held back by their words (P38), and how a coordinator lets them go."""

from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo import audit, storage
from geo.authority import Actor, require_coordinate
from geo.errors import ConflictError, ForbiddenError, InvalidRecordError, NotFoundError
from geo.formats import Record
from geo.models import Location
from geo.quarantine import BY_WORDS, word_reasons
from geo.records import Row
from geo.space_documents import read_documents


@dataclass(frozen=True, slots=True)
class QuarantinedSpace:
    """A space that is restricted because of what its record says; for coordinators only."""

    id: str
    name: str
    country: str
    reason: str

    @property
    def is_releasable(self) -> bool:
        """Whether only words hold it: a protected kind or service is never released."""
        return self.reason.startswith(BY_WORDS)


async def quarantined_spaces(session: AsyncSession, actor: Actor) -> tuple[QuarantinedSpace, ...]:
    """Return the spaces that wait for a coordinator's judgement, by country and name (writer).

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    """
    require_coordinate(actor)
    rows = await session.execute(
        select(Location.id, Location.name, Location.country, Location.quarantined)
        .where(Location.quarantined.is_not(None))
        .order_by(Location.country, Location.name, Location.id)
    )
    return tuple(
        QuarantinedSpace(row.id, row.name, row.country, row.quarantined or "") for row in rows
    )


async def release(
    session: AsyncSession, space_id: str, visibility: str, reason: str, actor: Actor
) -> None:
    """Give a quarantined space the visibility it was meant to have (writer); audited.

    The words that held it are remembered as judged: the same words hold it no more, others would.
    No load changes it from then on.

    Raises
    ------
    ForbiddenError
        The actor is no coordinator, or a protected kind or service holds the space.
    NotFoundError, ConflictError
        There is no such space, or it is not quarantined.
    InvalidRecordError
        The visibility is none to release to, or the reason is missing.
    """
    require_coordinate(actor)
    problems = []
    if visibility not in {"public", "partners"}:
        problems.append(("visibility", "is not one of public, partners"))
    if not reason.strip():
        problems.append(("reason", "is missing"))
    if problems:
        raise InvalidRecordError(problems)
    space = await session.scalar(
        select(Location)
        .where(Location.id == space_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if space is None:
        raise NotFoundError
    if space.quarantined is None:
        msg = f"the space {space_id} is not quarantined"
        raise ConflictError(msg)
    if not space.quarantined.startswith(BY_WORDS):
        msg = "a space of a protected kind or service is never released (P38)"
        raise ForbiddenError(msg)
    document = (await read_documents(session, [space_id]))[space_id]
    judged = sorted({*space.released, *word_reasons(Row(Record(1, document)).texts())})
    await session.execute(
        update(Location)
        .where(Location.id == space_id)
        .values(
            visibility=visibility,
            confidential=False,
            quarantined=None,
            released=judged,
            edited_at=func.coalesce(Location.edited_at, func.now()),
        ),
        execution_options={"synchronize_session": False},
    )
    await storage.open_services(session, [space.organization_id])
    await audit.record(
        session,
        actor=actor.id,
        action="release",
        entity="space",
        record_id=space_id,
        details={"visibility": visibility, "held_by": judged, "reason": reason},
    )
