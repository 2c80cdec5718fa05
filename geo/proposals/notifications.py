"""Audit entries of changes, and messages about pending proposals to the people who decide."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import outbox
from geo.audit import trail
from geo.proposals.record_visibility import named
from geo.subjects.subject import Owner


async def note(
    session: AsyncSession,
    who: str,
    action: str,
    entity: str,
    fields: Mapping[str, Sequence[str]],
    *,
    proposals: Mapping[str, str] | None = None,
    **details: str,
) -> None:
    """Write to the audit which fields of which records were changed, never their values.

    Parameters
    ----------
    who : str
        The actor, as in `geo.audit.trail.record`.
    fields : mapping of str to sequence of str
        Names of the changed fields by record id.
    proposals : mapping of str to str or None
        Ids of the proposals that hold the values, by record id.
    """
    record_id = next(iter(fields)) if len(fields) == 1 else None
    what: dict[str, Any] = (
        {"records": fields} if record_id is None else {"fields": fields[record_id]}
    )
    if proposals:
        named = {"proposals": dict(proposals)}
        what |= named if record_id is None else {"proposal_id": proposals[record_id]}
    await trail.record(
        session,
        actor=who,
        action=action,
        entity=entity,
        record_id=record_id,
        details={**what, **details},
    )


async def tell_deciders(
    session: AsyncSession,
    payload: dict[str, Any],
    owner: Owner,
    *,
    record_id: str | None,
    restricted_ids: Iterable[str],
    but: str | None,
) -> None:
    """Notify the people who may decide on a proposal, except ``but``.

    For proposals about restricted records, only people who are named readers of each of
    ``restricted_ids`` are notified.
    """
    people = await _deciders(session, [owner], but)
    for restricted_id in restricted_ids:
        people &= await named(session, restricted_id)
    if not owner.is_restricted:
        payload = payload | {"record_id": record_id}
    await outbox.announce(
        session,
        "proposal.created",
        payload,
        people=people,
        organization_id=owner.organization_id,
        to_webhooks=not owner.is_restricted,
    )


async def tell_of_batch(
    session: AsyncSession, batch_id: str, owners: Iterable[Owner], *, but: str | None
) -> None:
    """Notify the people who may decide on the proposals of an import, once about all of them."""
    await outbox.announce(
        session,
        "proposal.created",
        {"batch_id": batch_id},
        people=await _deciders(session, owners, but),
        to_webhooks=False,
    )


async def _deciders(session: AsyncSession, owners: Iterable[Owner], but: str | None) -> set[str]:
    people: set[str] = set()
    for country in {country for owner in owners for country in owner.countries or (None,)}:
        people |= set(await outbox.deciders(session, country, but=but))
    return people
