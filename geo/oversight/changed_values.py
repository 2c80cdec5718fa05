"""Old and new values of the changes that audit entries name (P29, P31, P39).

The chain itself holds names of fields and ids alone, never a value. The new values are those of the
proposal that an entry names, as long as they are kept; the old ones those of the space's version
before the entry. What is erased is gone from here with both. Nothing is told of a space that is
restricted, or was then, nor of one that is hidden from the reader.
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

#: Kinds of record whose proposed values all who audit may read; of other kinds the fields alone.
_OPEN = frozenset({"crossing", "contact", "pathway", "term"})

#: Fields that name a person, never shown here.
_PERSONAL = frozenset({"confirmed_by"})

#: Names of a document's fields in the record of a version, where they differ.
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
    """What one entry says was changed of one record.

    Attributes
    ----------
    record_id : str or None
        None for a new record that nobody accepted.
    values : mapping of str to (before, after)
        Values by field; ``before`` is None where it is not kept. Empty if they are withheld or no
        longer kept.
    timezone : str
        IANA name of the record's time zone, for hours that state none.
    """

    record_id: str | None
    values: Mapping[str, tuple[Any, Any]]
    timezone: str


async def changed_values(
    session: AsyncSession, actor: Actor, entries: Sequence[ChainEntry]
) -> Mapping[int, tuple[ChangedRecord, ...]]:
    """Return the changes of the entries that name proposals, by the entry's number.

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
    """Return the ids of the proposals that an entry names, one or one for each record."""
    one, several = entry.details.get("proposal_id"), entry.details.get("proposals")
    if isinstance(several, Mapping):
        return [str(id_) for id_ in several.values()]
    return [one] if isinstance(one, str) else []


async def _tellable(
    session: AsyncSession, actor: Actor, proposals: Iterable[Proposal]
) -> dict[str, str | None]:
    """Return the proposals about spaces whose values may be told: id, and the space's id."""
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
    """Return the versions of the spaces, the newest first."""
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
    """Return the record as it was before an entry; a version begins at the commit, which is later.

    Empty if there was none.
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
    """Return a document's field from the record of a version."""
    if name == "services":
        return sorted(service["code"] for service in record.get("service_ids") or [])
    return record.get(_STORED.get(name, name))
