"""Guidance as subjects of proposals: lines to call, pathways, checklists, terms, rumours (P53).

What people call, follow or read is changed by two: the first proposes, the second sees old beside
new. A record of these has no number of its revision: it is known by a digest of what it holds.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.errors import ConflictError
from geo.models import Checklist, Contact, Pathway, Rumour, Term
from geo.subjects import contacts, texts
from geo.subjects.records import SubjectKind

KINDS: Mapping[str, SubjectKind] = {
    "contact": contacts.CONTACTS,
    "pathway": contacts.PATHWAYS,
    "checklist": texts.CHECKLISTS,
    "term": texts.TERMS,
    "rumour": texts.RUMOURS,
}

_TABLES: Mapping[str, type[Contact | Pathway | Checklist | Rumour]] = {
    "contact": Contact,
    "pathway": Pathway,
    "checklist": Checklist,
    "rumour": Rumour,
}


async def lock(session: AsyncSession, entity: str, ids: Sequence[str]) -> None:
    """Let nobody else change these records until the transaction ends, in one order (writer)."""
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
    """Refuse to make anew what is there by now: nobody has compared it (writer).

    Raises
    ------
    ConflictError
        It is there.
    """
    if await KINDS[entity].read(session, [record_id]):
        msg = "a record with this id exists already: propose the change of it"
        raise ConflictError(msg)
