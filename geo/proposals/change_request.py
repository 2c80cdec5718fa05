"""Change requests, split into fields that apply at once and fields that wait for approval (P40)."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, can_propose, require_propose
from geo.errors import ConflictError, InvalidRecordError, NothingChangesError
from geo.models import Location
from geo.proposals.record_visibility import unknown, with_referral_points
from geo.reasons import CodedReason
from geo.records.row_validation import Circumstances
from geo.records.space_documents import rows_of
from geo.subjects.guidance import KINDS
from geo.subjects.subject import NEW, ChangeSubject, Document, Owner, changed, owner_of, split
from geo.text import coded_reasons


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A requested change of a record, or a request for a new record.

    Attributes
    ----------
    record_id : str or None
        None for a new record.
    changes : mapping
        Fields with their new values; None clears a field.
    base_revision : int or None
        Revision of the record that the change is based on; None for the current revision.
    released : tuple of str
        Protected phrases (P38) in the record that the request declares harmless.
    merged_id : str or None
        A duplicate space to merge into this one; then no field applies before a second person
        approves.
    """

    record_id: str | None
    changes: Mapping[str, Any]
    base_revision: int | None = None
    released: tuple[str, ...] = ()
    merged_id: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A change request split into fields that apply at once (``now``) and that wait (``later``).

    ``owner.is_restricted`` is set if the change reveals a restricted record. ``is_restricting`` is
    set if the change makes the record restricted: the record is then hidden until a second person
    approves (P52).
    """

    subject: ChangeSubject
    now: Document
    later: Document
    owner: Owner
    released: tuple[str, ...] = ()
    merged: ChangeSubject | None = None
    is_restricting: bool = False

    @property
    def restricted_ids(self) -> list[str]:
        """Return the ids of the restricted records that the change reveals."""
        told = [self.subject] if self.merged is None else [self.subject, self.merged]
        return [str(one.record_id) for one in told if one.is_restricted]


def change_of(
    actor: Actor | None,
    entity: str,
    want: ChangeRequest,
    subjects: Mapping[str, ChangeSubject],
    circumstances: Circumstances,
) -> Change:
    """Return a change request split into fields that apply at once and fields that wait.

    Raises
    ------
    NotFoundError, ForbiddenError, ConflictError, InvalidRecordError
        As in `geo.proposals.submission.propose`.
    """
    changes = coded_reasons.in_words(entity, want.changes)
    if want.record_id is not None:
        subject = _found(entity, want.record_id, subjects)
    elif entity in NEW:
        subject = NEW[entity]
        changes.setdefault("id", new_id(entity))
    else:
        raise InvalidRecordError([("record_id", CodedReason("new_not_proposed", entity=entity))])
    if want.base_revision is not None and want.base_revision != subject.revision:
        msg = "the record has changed since you read it; look at it again"
        raise ConflictError(msg)
    said = circumstances.with_released(want.record_id, want.released)
    after = changed(subject, changes, said)
    owner = owner_of(subject, after, said)
    if actor is not None and entity not in KINDS:
        _require_any(actor, owner)
    if want.merged_id is not None:
        merged = _found(entity, want.merged_id, subjects)
        return _union(actor, subject, after, owner, merged)
    cut = split(subject, after, said.today)
    if not cut.now and not cut.later:
        raise NothingChangesError
    now, later = cut.now, cut.later
    if subject.document is None and entity == "space":
        later = _stated(later)
    is_restricting = _is_restricting(subject, now, later, said)
    if is_restricting and not _asks_to_restrict(later):
        # Protected words in the new texts would restrict the space once stored (P38), so every
        # field waits.
        now, later = {}, {name: after[name] for name in {*now, *later}}
    return Change(subject, now, later, owner, want.released, is_restricting=is_restricting)


def _stated(document: Document) -> Document:
    """Return the fields of a new space that have a value: only these are part of the proposal.

    An empty ``documents_required`` is a value: no documents are required.
    """
    return {
        name: value
        for name, value in document.items()
        if value not in (None, "", [], {}) or (name == "documents_required" and value == [])
    }


def _is_restricting(
    subject: ChangeSubject, now: Document, later: Document, circumstances: Circumstances
) -> bool:
    """Return whether a change would make an unrestricted space restricted.

    The change can state so, or its texts can have protected words (P38).
    """
    before = subject.document
    if subject.entity != "space" or before is None or subject.is_restricted:
        return False
    if _asks_to_restrict(later):
        return True
    if not now:
        return False
    (location,) = rows_of({**before, **now}, circumstances)[Location]
    return bool(location["visibility"] == "restricted")


def _asks_to_restrict(later: Document) -> bool:
    return later.get("visibility") == "restricted" or bool(later.get("confidential"))


def _union(
    actor: Actor | None,
    subject: ChangeSubject,
    after: Document,
    owner: Owner,
    merged: ChangeSubject,
) -> Change:
    """Return a change that merges another record into the subject; every field waits."""
    if actor is not None:
        _require_any(actor, Owner(merged.organization_id, merged.countries, merged.is_restricted))
    before = subject.document or {}
    later = {name: value for name, value in after.items() if before.get(name) != value}
    is_restricted = owner.is_restricted or merged.is_restricted
    return Change(subject, {}, later, replace(owner, is_restricted=is_restricted), (), merged)


def _found(entity: str, record_id: str, subjects: Mapping[str, ChangeSubject]) -> ChangeSubject:
    if record_id not in subjects:
        raise unknown(entity, record_id)
    return subjects[record_id]


async def with_known_points(
    session: AsyncSession,
    actor: Actor,
    wanted: Sequence[ChangeRequest],
    subjects: Mapping[str, ChangeSubject],
) -> list[ChangeRequest]:
    """Return change requests whose referral points are checked and completed for the actor.

    See `geo.proposals.record_visibility.with_referral_points`.
    """
    coming = {str(want.changes.get("id")) for want in wanted if want.record_id is None}
    made = []
    for want in wanted:
        subject = subjects.get(want.record_id or "", NEW["space"])
        changes = await with_referral_points(
            session, actor, subject.document, want.changes, coming=coming
        )
        made.append(replace(want, changes=changes))
    return made


def new_id(entity: str) -> str:
    """Return a random id for a new record that was proposed without an id."""
    return f"{entity}-{uuid.uuid4().hex[:12]}"


def own_organization(want: ChangeRequest, actor: Actor | None) -> str | None:
    """Return the organisation of the actor as the default for a new record, else None."""
    return actor.organization_id if actor is not None and want.record_id is None else None


def _require_any(actor: Actor, owner: Owner) -> None:
    """Refuse an actor who works neither for the owning organisation nor in the record's countries.

    Working in one of the countries is enough.
    """
    for country in owner.countries:
        if can_propose(actor, organization_id=owner.organization_id, country=country):
            return
    require_propose(actor, organization_id=owner.organization_id, country=None)
