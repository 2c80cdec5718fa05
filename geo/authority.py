"""Who may do what: the rules of roles, organisations and countries; no database here.

An editor works for one organisation, an approver decides in some countries, a coordinator in the
region; an administrator runs the accounts and closes in an emergency, but approves nothing by
being one. Nobody accepts an own proposal (P23, P40).
"""

from dataclasses import dataclass
from enum import StrEnum

from geo.errors import ForbiddenError


class Role(StrEnum):
    """What a person is for the network, from least to most."""

    VIEWER = "viewer"
    EDITOR = "editor"
    APPROVER = "approver"
    COORDINATOR = "coordinator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person who is signed in, or in whose name a token acts.

    Parameters
    ----------
    id, name
        Of the person; the name is for colleagues and in no public answer (P6).
    role
        What they may do.
    organization_id
        Whose records they edit; None where they belong to none.
    countries
        Two-letter codes where an approver decides.
    language
        In which they are written to.
    """

    id: str
    name: str
    role: Role
    organization_id: str | None
    countries: frozenset[str]
    language: str = "es"


_REGION = frozenset({Role.COORDINATOR})
_HIGHEST = frozenset({Role.COORDINATOR, Role.ADMIN})
_STAFF = frozenset({Role.EDITOR, Role.APPROVER, Role.COORDINATOR, Role.ADMIN})


def is_staff(actor: Actor) -> bool:
    """Tell whether somebody works on records: an editor or above."""
    return actor.role in _STAFF


def can_propose(actor: Actor, *, organization_id: str | None, country: str | None) -> bool:
    """Tell whether somebody may propose a change of a record of that organisation and country."""
    if actor.role in _HIGHEST:
        return True
    return is_staff(actor) and (
        _is_own(actor, organization_id) or _approves_in(actor, country=country)
    )


def can_close(actor: Actor, *, organization_id: str | None, country: str | None) -> bool:
    """Tell whether somebody may close a record at once (P40: one owner, immediate)."""
    return can_propose(actor, organization_id=organization_id, country=country)


def can_approve(actor: Actor, *, country: str | None, proposed_by: str | None) -> bool:
    """Tell whether somebody may decide a proposal; never one's own (P23)."""
    if proposed_by is not None and proposed_by == actor.id:
        return False
    return actor.role in _REGION or _approves_in(actor, country=country)


def can_hide(actor: Actor, *, country: str | None) -> bool:
    """Tell whether somebody may hide at once what lies in a country (P24); None: anywhere."""
    return actor.role in _HIGHEST or _approves_in(actor, country=country)


def can_coordinate(actor: Actor) -> bool:
    """Tell whether somebody keeps vocabularies, checklists and messages."""
    return actor.role in _HIGHEST


def can_administer(actor: Actor) -> bool:
    """Tell whether somebody keeps accounts and tokens."""
    return actor.role is Role.ADMIN


def can_audit(actor: Actor) -> bool:
    """Tell whether somebody reads the audit chain."""
    return actor.role in _HIGHEST


def require_staff(actor: Actor) -> None:
    """Refuse who is not an editor or above.

    Raises
    ------
    ForbiddenError
        Says who may.
    """
    _require(is_staff(actor), "this is for editors, approvers, coordinators and administrators")


def require_propose(actor: Actor, *, organization_id: str | None, country: str | None) -> None:
    """Refuse who may not change a record of that organisation and country.

    Raises
    ------
    ForbiddenError
        Says who may.
    """
    _require(
        can_propose(actor, organization_id=organization_id, country=country),
        "a record is changed by an editor of its organisation, an approver of its country or a "
        "coordinator",
    )


def require_close(actor: Actor, *, organization_id: str | None, country: str | None) -> None:
    """Refuse who may not close a record at once.

    Raises
    ------
    ForbiddenError
        Says who may.
    """
    _require(
        can_close(actor, organization_id=organization_id, country=country),
        "a record is closed by an editor of its organisation, an approver of its country, a "
        "coordinator or an administrator",
    )


def require_approve(actor: Actor, *, country: str | None, proposed_by: str | None) -> None:
    """Refuse who may not decide a proposal.

    Raises
    ------
    ForbiddenError
        Says who may, or that it is the actor's own.
    """
    _require(
        proposed_by is None or proposed_by != actor.id,
        "nobody decides an own proposal: a second person has to",
    )
    _require(
        can_approve(actor, country=country, proposed_by=proposed_by),
        "a proposal is decided by an approver of its country or a coordinator",
    )


def require_hide(actor: Actor, *, country: str | None) -> None:
    """Refuse who may not hide at once what lies in a country.

    Raises
    ------
    ForbiddenError
        Says who may.
    """
    _require(
        can_hide(actor, country=country),
        "hiding at once is for an approver of the country, a coordinator or an administrator",
    )


def require_coordinate(actor: Actor) -> None:
    """Refuse who does not coordinate.

    Raises
    ------
    ForbiddenError
        Says who may.
    """
    _require(can_coordinate(actor), "this is for coordinators and administrators")


def require_administer(actor: Actor) -> None:
    """Refuse who does not administer.

    Raises
    ------
    ForbiddenError
        Says who may.
    """
    _require(can_administer(actor), "accounts are kept by administrators")


def require_audit(actor: Actor) -> None:
    """Refuse who may not read the audit chain.

    Raises
    ------
    ForbiddenError
        Says who may.
    """
    _require(can_audit(actor), "the audit is read by coordinators and administrators")


def _is_own(actor: Actor, organization_id: str | None) -> bool:
    return organization_id is not None and organization_id == actor.organization_id


def _approves_in(actor: Actor, *, country: str | None) -> bool:
    return actor.role is Role.APPROVER and country is not None and country in actor.countries


def _require(allowed: bool, who: str) -> None:
    if not allowed:
        raise ForbiddenError(who)
