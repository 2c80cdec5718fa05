"""Named planning scenarios, each private to its owner: save, list, read, delete.

Every function needs a writer session.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from geo.audit import trail
from geo.db.typed_rows import typed_row
from geo.errors import InvalidRecordError, NotFoundError
from geo.models import PlanningScenario
from geo.reasons import CodedReason

#: Maximum number of scenarios of a person [A], so that nobody fills the disk.
MOST: Final = 50

#: Maximum length of a name in characters.
MOST_NAME: Final = 80

#: Fields of a form: a text each, or a list of texts.
type Fields = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Scenario: its name, the fields of the form that computes it, and when it was saved."""

    id: str
    name: str
    fields: Fields
    saved_at: datetime


_COLUMNS: Final = (
    PlanningScenario.id,
    PlanningScenario.name,
    PlanningScenario.fields,
    PlanningScenario.saved_at,
)


async def scenarios_of(session: AsyncSession, person: str) -> tuple[Scenario, ...]:
    """Return a person's scenarios, sorted by name."""
    rows = await session.execute(
        select(*_COLUMNS)
        .where(PlanningScenario.person_id == person)
        .order_by(PlanningScenario.name)
    )
    return tuple(typed_row(Scenario, row) for row in rows.mappings())


async def read_scenario(session: AsyncSession, person: str, scenario: str) -> Scenario:
    """Return one of a person's scenarios.

    Raises
    ------
    NotFoundError
        The person has no scenario with that id, whether or not another person has one.
    """
    rows = await session.execute(
        select(*_COLUMNS).where(
            PlanningScenario.person_id == person, PlanningScenario.id == scenario
        )
    )
    row = rows.mappings().one_or_none()
    if row is None:
        msg = "no such scenario"
        raise NotFoundError(msg)
    return typed_row(Scenario, row)


async def save_scenario(
    session: AsyncSession, person: str, name: str, fields: Fields, now: datetime
) -> str:
    """Save a scenario, replacing the person's scenario with the same name; return its id.

    Raises
    ------
    InvalidRecordError
        The name is empty or too long, or the person has `MOST` other scenarios.
    """
    name = name.strip()
    if not 1 <= len(name) <= MOST_NAME:
        raise InvalidRecordError([("name", CodedReason("length", most=MOST_NAME))])
    own = PlanningScenario.person_id == person
    count = await session.scalar(
        select(func.count()).select_from(PlanningScenario).where(own, PlanningScenario.name != name)
    )
    if (count or 0) >= MOST:
        raise InvalidRecordError([("name", CodedReason("too_many", most=MOST))])
    saved = {"fields": dict(fields), "saved_at": now}
    id_: str = (
        await session.execute(
            insert(PlanningScenario)
            .values(id=str(uuid.uuid4()), person_id=person, name=name, **saved)
            .on_conflict_do_update(index_elements=["person_id", "name"], set_=saved)
            .returning(PlanningScenario.id)
        )
    ).scalar_one()
    # A scenario is private, so the audit entry has neither its name nor its fields.
    await _note(session, person, "scenario.save", id_)
    return id_


async def delete_scenario(session: AsyncSession, person: str, scenario: str) -> None:
    """Delete one of a person's scenarios.

    Raises
    ------
    NotFoundError
        The person has no scenario with that id.
    """
    await read_scenario(session, person, scenario)
    await session.execute(
        delete(PlanningScenario).where(
            PlanningScenario.person_id == person, PlanningScenario.id == scenario
        )
    )
    await _note(session, person, "scenario.delete", scenario)


async def _note(session: AsyncSession, person: str, action: str, scenario: str) -> None:
    await trail.record(session, actor=person, action=action, entity="scenario", record_id=scenario)
