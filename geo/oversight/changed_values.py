"""Old and new values of the changes that audit entries name (P29, P31, P39).

The audit chain holds only names of fields and ids, never values. New values come from the proposal
that an entry names, as long as the proposal keeps them, and old values from the version of the
space before the entry; the erasure of a space deletes both. The values of a space are withheld if
the space is restricted, was restricted before the entry, or is hidden from the reader.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import staff_reads
from geo.accounts.permissions import Actor
from geo.audit.trail import ChainEntry
from geo.models import Location, Proposal, SpaceVersion
from geo.proposals.record_visibility import shown_document
from geo.removals.hidden_records import untold_hidden

#: Kinds of record whose values are shown to everybody who may read the audit. Of spaces, only the
#: values of proposals that `_tellable` returns are shown; of all other kinds, none.
_OPEN = frozenset({"crossing", "contact", "pathway", "term"})

#: Fields that name a person; their values are never returned.
_PERSONAL = frozenset({"confirmed_by"})

#: Field of the stored record of a version (`SpaceVersion`) by field of a space's document, for
#: fields whose names differ.
_STORED: Mapping[str, str] = {
    "cost": "fees",
    "fees": "fee_kind",
    "public_phones": "phones",
    "public_contact": "contact",
    "schedule_exceptions": "exceptions",
    "referral_points": "referrers",
    "capacity": "capacity_maximum",
    "available": "capacity_available",
}


@dataclass(frozen=True, slots=True)
class ChangedRecord:
    """Old and new values of one record that an audit entry says was changed.

    Attributes
    ----------
    record_id : str or None
        None for a new record that nobody accepted.
    values : mapping of str to (before, after)
        Values by field; ``before`` is None if the old value is not kept. Empty if the values are
        withheld or no longer kept.
    timezone : str
        IANA name of the record's time zone, for opening hours without a time zone of their own.
    """

    record_id: str | None
    values: Mapping[str, tuple[Any, Any]]
    timezone: str


async def changed_values(
    session: AsyncSession, actor: Actor, entries: Sequence[ChainEntry]
) -> Mapping[int, tuple[ChangedRecord, ...]]:
    """Return the changes by the number of their entry, for entries that name proposals.

    Needs a writer session. The caller checks that the actor may read the audit.
    """
    named = {entry.seq: _proposals_of(entry) for entry in entries}
    ids = sorted({id_ for found in named.values() for id_ in found})
    if not ids:
        return {}
    rows = await session.scalars(select(Proposal).where(Proposal.id == func.any(ids)))
    proposals = {row.id: row for row in rows}
    spaces = [row for row in proposals.values() if row.entity == "space"]
    tellable = await _tellable(session, actor, spaces)
    versions = await _versions(session, tellable)
    told: dict[int, tuple[ChangedRecord, ...]] = {}
    for entry in entries:
        found = [proposals[id_] for id_ in named[entry.seq] if id_ in proposals]
        made = []
        for proposal in found:
            before = _before(versions.get(proposal.record_id or "", ()), entry)
            is_told = proposal.entity in _OPEN or (
                proposal.id in tellable and not _is_restricted(before)
            )
            made.append(await _record(session, actor, proposal, before, is_told=is_told))
        if made:
            told[entry.seq] = tuple(made)
    return told


def _proposals_of(entry: ChainEntry) -> list[str]:
    """Return the ids of the proposals that an entry names: one, or one for each of its records."""
    one, several = entry.details.get("proposal_id"), entry.details.get("proposals")
    if isinstance(several, Mapping):
        return [str(id_) for id_ in several.values()]
    return [one] if isinstance(one, str) else []


async def _tellable(
    session: AsyncSession, actor: Actor, proposals: Iterable[Proposal]
) -> dict[str, str | None]:
    """Return which of some proposals about spaces have values that the actor may see.

    The keys are ids of proposals, the values ids of their spaces: None for a proposed new space.
    """
    found = list(proposals)
    records = sorted({row.record_id for row in found if row.record_id is not None})
    open_now = set(
        await session.scalars(
            select(Location.id).where(
                Location.id == func.any(records), Location.visibility != "restricted"
            )
        )
    )
    open_now -= await untold_hidden(session, actor, open_now) if open_now else set()
    staff_reads.show(session, "space", sorted(open_now))
    return {
        row.id: row.record_id
        for row in found
        if row.record_id in open_now
        # A new space without a stated visibility would be restricted (P1).
        or (row.record_id is None and row.changes.get("visibility") in {"public", "partners"})
    }


async def _versions(
    session: AsyncSession, tellable: Mapping[str, str | None]
) -> dict[str, list[Any]]:
    """Return the versions of the spaces by space id, each list with the newest first."""
    records = sorted({id_ for id_ in tellable.values() if id_ is not None})
    rows = await session.execute(
        select(
            SpaceVersion.location_id,
            SpaceVersion.valid_from,
            SpaceVersion.record,
            func.ST_X(SpaceVersion.geom).label("lon"),
            func.ST_Y(SpaceVersion.geom).label("lat"),
        )
        .where(SpaceVersion.location_id == func.any(records))
        .order_by(SpaceVersion.valid_from.desc())
    )
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.location_id, []).append(row)
    return found


def _before(versions: Iterable[Any], entry: ChainEntry) -> dict[str, Any]:
    """Return the record as it was before an entry, or an empty one if there was no record.

    The version that the entry's own change made begins at the commit, later than the entry.
    """
    for version in versions:
        if version.valid_from < entry.at:
            return {**version.record, "lon": version.lon, "lat": version.lat}
    return {}


def _is_restricted(record: Mapping[str, Any]) -> bool:
    return bool(record) and (record["visibility"] == "restricted" or record["confidential"])


async def _record(
    session: AsyncSession,
    actor: Actor,
    proposal: Proposal,
    before: Mapping[str, Any],
    *,
    is_told: bool,
) -> ChangedRecord:
    timezone = str(proposal.changes.get("timezone") or before.get("timezone") or "UTC")
    if not is_told:
        return ChangedRecord(proposal.record_id, {}, timezone)
    after = {name: value for name, value in proposal.changes.items() if name not in _PERSONAL}
    old = {name: _stored(before, name) for name in after}
    if proposal.entity == "space":
        after, old = [await shown_document(session, actor, one) for one in (after, old)]
    values = {name: (old.get(name), value) for name, value in after.items()}
    return ChangedRecord(proposal.record_id, values, timezone)


def _stored(record: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 -- any value of a field
    """Return the value that a version's stored record has for a field of the public document.

    The record names some fields otherwise than the document does.
    """
    if name == "services":
        return sorted(service["code"] for service in record.get("service_ids") or [])
    return record.get(_STORED.get(name, name))
