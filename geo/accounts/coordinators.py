"""Alerts to coordinators about one person's many removals or unusual reading (P52, P56)."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import outbox
from geo.accounts.permissions import Role
from geo.models import Person


async def call(session: AsyncSession, event: str, person: str) -> None:
    """Alert the coordinators about a person; if there is no coordinator, the administrators.

    ``event`` is one of `geo.accounts.outbox.WATCH_EVENTS`. The alert is not sent to the person whom
    it is about.
    """
    for role in (Role.COORDINATOR, Role.ADMIN):
        people = await session.scalars(
            select(Person.id).where(Person.active, Person.role == role, Person.id != person)
        )
        called = people.all()
        if called:
            await outbox.announce(
                session, event, {"person": person}, people=called, to_webhooks=False
            )
            return
