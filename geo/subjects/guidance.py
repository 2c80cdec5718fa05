"""Proposals about guidance: contacts, channels, pathways, checklists, terms, rumours (P53).

Guidance is changed by two people: the first proposes, the second compares the old version with the
new. Guidance records have no revision number; a digest of their content serves as one.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.errors import ConflictError
from geo.models import Checklist, Contact, InformationChannel, Pathway, Rumour, Term
from geo.subjects import contacts, texts
from geo.subjects.records import SubjectKind

KINDS: Mapping[str, SubjectKind] = {
    "contact": contacts.CONTACTS,
    "channel": contacts.CHANNELS,
    "pathway": contacts.PATHWAYS,
    "checklist": texts.CHECKLISTS,
    "term": texts.TERMS,
    "rumour": texts.RUMOURS,
}

_TABLES: Mapping[str, type[Contact | InformationChannel | Pathway | Checklist | Rumour]] = {
    "contact": Contact,
    "channel": InformationChannel,
    "pathway": Pathway,
    "checklist": Checklist,
    "rumour": Rumour,
}


async def lock(session: AsyncSession, entity: str, ids: Sequence[str]) -> None:
    """Lock records until the transaction ends, always in the same order (writer session)."""
    if entity == "term":
        for one in sorted(ids):
            name, _, code = one.partition("/")
            await session.get(Term, (name, code), with_for_update=True)
        return
    table = _TABLES[entity]
    await session.execute(
        select(table.id).where(table.id.in_(ids)).order_by(table.id).with_for_update()
    )


async def require_absent(session: AsyncSession, entity: str, record_id: str) -> None:
    """Refuse to create a guidance record whose id is in use by now (writer session).

    The proposal was made for a new record, so nobody has compared it with the existing record.

    Raises
    ------
    ConflictError
        The record exists.
    """
    if await KINDS[entity].read(session, [record_id]):
        msg = "a record with this id exists already: propose the change of it"
        raise ConflictError(msg)
