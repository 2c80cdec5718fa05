"""Organisations as the console shows them, and the rules of who may know of an organisation.

The name of an organisation that runs only restricted spaces reveals that these spaces exist (P39).
Such an organisation is shown only to its own people and to named readers of one of its spaces.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from geo.accounts.permissions import Actor
from geo.models import Location, Organization, RestrictedReader
from geo.text.normalize import folded


@dataclass(frozen=True, slots=True)
class Listed:
    """An organisation in a list of the console.

    Attributes
    ----------
    spaces : int
        Number of spaces of the organisation that are not restricted.
    """

    id: str
    name: str
    description: str | None
    website: str | None
    email: str | None
    verified_member: bool
    spaces: int


#: Alias of `Location` for the subqueries of the conditions, because the queries that use the
#: conditions may join `Location` themselves.
_Space = aliased(Location)


def is_everybodys() -> ColumnElement[bool]:
    """Return the SQL condition that all staff may know of an organisation.

    True unless all its spaces are restricted; an organisation without spaces is known to all.
    """
    theirs = select(_Space.id).where(_Space.organization_id == Organization.id)
    return or_(theirs.where(_Space.visibility != "restricted").exists(), ~theirs.exists())


def is_known_to(actor: Actor) -> ColumnElement[bool]:
    """Return the SQL condition that the actor may know of an organisation.

    True if all staff may, if the actor belongs to the organisation, or if the actor is a named
    reader of one of its spaces.
    """
    named = (
        select(RestrictedReader.person)
        .join(_Space, _Space.id == RestrictedReader.location_id)
        .where(_Space.organization_id == Organization.id, RestrictedReader.person == actor.id)
        .exists()
    )
    return or_(is_everybodys(), Organization.id == actor.organization_id, named)


async def known_organizations(session: AsyncSession, actor: Actor, words: str = "") -> list[Listed]:
    """Return the organisations that the actor may know of, sorted by name (writer session).

    Parameters
    ----------
    words : str
        Search words, each of which has to occur in name or id; accents and case are ignored.
    """
    open_spaces = (
        select(func.count())
        .select_from(Location)
        .where(Location.organization_id == Organization.id, Location.visibility != "restricted")
        .scalar_subquery()
    )
    rows = await session.execute(
        select(
            Organization.id,
            Organization.name,
            Organization.description,
            Organization.website,
            Organization.email,
            Organization.verified_member,
            open_spaces,
        )
        .where(is_known_to(actor))
        .order_by(Organization.name, Organization.id)
    )
    wanted = folded(words).split()
    found = [Listed(*row) for row in rows]
    return [each for each in found if _has(wanted, folded(f"{each.name} {each.id}"))]


async def knows(session: AsyncSession, actor: Actor, organization_id: str) -> bool:
    """Return whether the actor may know of an organisation (writer session)."""
    question = select(Organization.id).where(Organization.id == organization_id, is_known_to(actor))
    return await session.scalar(question) is not None


def _has(words: Iterable[str], text: str) -> bool:
    return all(word in text for word in words)
