"""Conversion of submissions to proposals, made by a service account of one organisation."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import outbox
from geo.accounts.people import load_actor
from geo.accounts.permissions import Actor, Means, Role
from geo.audit import trail
from geo.errors import ForbiddenError
from geo.imports.apply import ImportResult, to_proposals
from geo.imports.check import check_file, visible_ids
from geo.imports.mapping import FieldMapping, as_object
from geo.imports.reports import Checked
from geo.models import Person, Proposal
from geo.proposals import decisions
from geo.sources import ledger
from geo.sources.survey_form import ID, table_of

#: Reason of a proposal for a new or edited submission.
_REASON = "formulario {name}: envío nuevo o editado"
#: Reason for withdrawing a proposal whose submission was edited.
_EDITED = "formulario {name}: el envío se editó"
#: Reason for withdrawing a proposal whose submission was deleted.
_DELETED = "formulario {name}: el envío se borró"


@dataclass(frozen=True)
class Source:
    """Survey form on another server, and how its submissions become spaces.

    Attributes
    ----------
    name : str
        Name of the source in Amparo; part of the ids of its spaces.
    mapping : FieldMapping
        Questions by field.
    asked : tuple of str
        Questions that are read (`geo.sources.survey_form.require_readable`).
    person_id : str
        The service account that proposes.
    """

    name: str
    mapping: FieldMapping
    asked: tuple[str, ...]
    person_id: str


@dataclass(frozen=True)
class Reading:
    """Submissions of a source that one run has read, and where the run ended.

    Attributes
    ----------
    submissions : sequence of mapping
        Submissions that are new, and older ones that the current sweep reads again
        (`geo.sources.ledger`).
    position : Position
        Place up to which the source is read after this run.
    ends : bool
        Whether the sweep has reached the last submission.
    """

    submissions: Sequence[Mapping[str, Any]]
    position: ledger.Position
    ends: bool


@dataclass(frozen=True)
class PullResult:
    """Outcome of a run: numbers of submissions, problems, and spaces whose submission was deleted.

    Attributes
    ----------
    read, taken : int
        Number of submissions that were read, and of the new or edited ones among them.
    result : ImportResult
        Number of changes that were proposed or made.
    problems : tuple of str
        Problems of the rows that are left out, without any value.
    gone : tuple of str
        Ids of spaces whose submission was deleted.
    """

    read: int
    taken: int
    result: ImportResult
    problems: tuple[str, ...]
    gone: tuple[str, ...]


async def service_account(session: AsyncSession, person_id: str) -> Actor:
    """Return the service account that proposes for a source (writer session).

    The account acts as a program, so that it never counts as a second person (P50).

    Raises
    ------
    ForbiddenError
        The account has another role than editor, or belongs to no organisation. Any other account
        could do more than a source needs.
    NotFoundError
        There is no such account, or it is deactivated.
    """
    actor = await load_actor(session, person_id, means=Means.PROGRAM)
    if actor.role is not Role.EDITOR or actor.organization_id is None:
        msg = "a source proposes by an account that is an editor of one organisation, and no more"
        raise ForbiddenError(msg)
    return actor


async def take(
    session: AsyncSession, source: Source, reading: Reading, *, now: datetime, dry_run: bool = False
) -> PullResult:
    """Propose the changes of new and edited submissions; ask about deleted ones (writer session).

    A proposal is published when a second person has accepted it, except a change that one person
    may make alone, such as closing a space: that takes effect at once, as a removal made by the
    account (P40, P52). If a submission was deleted, its pending proposal is withdrawn; its space
    stays as it is, and the organisation is asked what to do with the space.

    Parameters
    ----------
    dry_run : bool
        Only check; nothing is written.
    """
    actor = await service_account(session, source.person_id)
    mapping = _with_id(source)
    stated = as_object(mapping)
    seen = {int(one[ID]): one for one in reading.submissions}
    known = await ledger.digests(session, source.name, list(seen))
    said = {id_: ledger.digest_of(one, source.asked, stated) for id_, one in seen.items()}
    fresh = [id_ for id_ in seen if known.get(id_) != said[id_]]
    result, problems, spaces = ImportResult(), tuple[str, ...](), dict[int, str]()
    if fresh:
        data = json.dumps([said[id_] for id_ in fresh]).encode()
        checked = await check_file(
            session,
            data,
            source.name,
            mapping,
            now=now,
            today=now.date(),
            actor=actor,
            source=f"formulario {source.name}",
            table=table_of([seen[id_] for id_ in fresh], source.asked),
        )
        problems = tuple(str(problem) for problem in checked.problems())
        spaces = {fresh[row.number - 1]: row.id for row in checked.rows}
        result = await _proposed(session, source, checked, actor, now=now, dry_run=dry_run)
    gone: tuple[str, ...] = ()
    if not dry_run:
        taken = {id_: (spaces.get(id_, ""), said[id_]) for id_ in fresh}
        gone = await _noted(session, source, reading, actor, taken, now=now)
    return PullResult(len(seen), len(fresh), result, problems, gone)


async def _noted(
    session: AsyncSession,
    source: Source,
    reading: Reading,
    actor: Actor,
    taken: Mapping[int, tuple[str, str]],
    *,
    now: datetime,
) -> tuple[str, ...]:
    """Update the ledger after a run; return the existing spaces whose submission was deleted."""
    assert actor.organization_id is not None  # noqa: S101 -- `service_account` sees to it
    name, sweep = source.name, reading.position.sweep
    await ledger.add(session, name)
    await ledger.remember(session, name, actor.organization_id, taken, sweep=sweep)
    there = sorted({int(one[ID]) for one in reading.submissions} - set(taken))
    await ledger.see(session, name, there, sweep)
    went = await ledger.move(session, name, reading.position, ends=reading.ends, now=now)
    # A pending proposal of a deleted submission must not be published. A published space stays
    # until somebody has answered the question about it.
    await _withdraw_waiting(session, actor, went, _DELETED.format(name=name), now=now)
    gone = tuple(sorted(await visible_ids(session, went, None)))
    if gone:
        await _ask_about(session, source, actor, gone)
    return gone


def _with_id(source: Source) -> FieldMapping:
    """Return the source's mapping, with record ids made from `ID` if no question holds them."""
    mapping = source.mapping
    if "id" in mapping.fields or mapping.id_columns:
        return mapping
    return replace(mapping, id_prefix=f"kobo-{source.name}", id_columns=(ID,))


async def _proposed(
    session: AsyncSession,
    source: Source,
    checked: Checked,
    actor: Actor,
    *,
    now: datetime,
    dry_run: bool,
) -> ImportResult:
    counts = checked.counts()
    if not dry_run:
        # At most one proposal waits for a space: the one from the latest version of a submission.
        ids = [row.id for row in checked.rows if row.id]
        await _withdraw_waiting(session, actor, ids, _EDITED.format(name=source.name), now=now)
    if dry_run or not checked.writable():
        return ImportResult(unchanged=counts["unchanged"], left_out=counts["bad"])
    return await to_proposals(
        session,
        checked,
        actor,
        now=now,
        reason=_REASON.format(name=source.name),
        batch_id=uuid.uuid4().hex,
        only_good=True,
    )


async def _withdraw_waiting(
    session: AsyncSession, actor: Actor, ids: Sequence[str], reason: str, *, now: datetime
) -> None:
    """Withdraw the account's undecided proposals about the spaces ``ids``."""
    waiting = await session.scalars(
        select(Proposal.id)
        .where(
            Proposal.proposed_by == actor.id,
            Proposal.entity == "space",
            Proposal.proposed_via == "import",
            Proposal.state == "pending",
            or_(Proposal.record_id.in_(ids), Proposal.changes["id"].astext.in_(ids)),
        )
        .order_by(Proposal.id)
    )
    for proposal_id in waiting.all():
        await decisions.withdraw(session, actor, proposal_id, reason, now=now)


async def _ask_about(
    session: AsyncSession, source: Source, actor: Actor, gone: Sequence[str]
) -> None:
    """Notify the organisation's people that submissions of these spaces were deleted; audit it."""
    people = await session.scalars(
        select(Person.id).where(
            Person.organization_id == actor.organization_id,
            Person.active,
            Person.id != actor.id,
            Person.role != Role.VIEWER,
        )
    )
    await outbox.announce(
        session,
        "source.gone",
        {"source": source.name, "count": len(gone)},
        people=people.all(),
        to_webhooks=False,
    )
    await trail.record(
        session,
        actor=actor.id,
        action="source.gone",
        entity="import",
        record_id=None,
        details={"source": source.name, "records": list(gone)},
    )
