"""Who may do what: the rules of roles, organisations and countries; no database here.

An editor works for one organisation, an approver decides in some countries, a coordinator in the
region; an administrator runs the accounts and closes in an emergency, but approves nothing by
being one. Nobody accepts an own proposal (P23, P40).

What a second person does, and what opens accounts, is for people who are there: who signed in
themselves. A token proposes, closes and hides in its person's name, and never stands for a second
person, whoever holds it (P50). Every rule about that is here, by `is_present`; the command line
has no `Actor`, since who has the machine has the database.
"""

from dataclasses import dataclass
from enum import StrEnum

from geo.errors import ForbiddenError, SessionNeededError


class Role(StrEnum):
    """What a person is for the network, from least to most."""

    VIEWER = "viewer"
    EDITOR = "editor"
    APPROVER = "approver"
    COORDINATOR = "coordinator"
    ADMIN = "admin"


class Means(StrEnum):
    """By what somebody has shown who they are: signed in, or by a token that a program holds."""

    SESSION = "session"
    PROGRAM = "program"


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
    means
        By what they have shown who they are; who does not say so is no more than a program.
    """

    id: str
    name: str
    role: Role
    organization_id: str | None
    countries: frozenset[str]
    language: str = "es"
    means: Means = Means.PROGRAM


_REGION = frozenset({Role.COORDINATOR})
_HIGHEST = frozenset({Role.COORDINATOR, Role.ADMIN})
_STAFF = frozenset({Role.EDITOR, Role.APPROVER, Role.COORDINATOR, Role.ADMIN})


def is_staff(actor: Actor) -> bool:
    """Return whether somebody works on records: an editor or above."""
    return actor.role in _STAFF


def is_present(actor: Actor) -> bool:
    """Return whether somebody is there themselves, and not a program in their name (P50)."""
    return actor.means is Means.SESSION


def can_propose(actor: Actor, *, organization_id: str | None, country: str | None) -> bool:
    """Return whether somebody may propose a change of a record of that organisation and country."""
    if actor.role in _HIGHEST:
        return True
    return is_staff(actor) and (
        _is_own(actor, organization_id) or _approves_in(actor, country=country)
    )


def can_close(actor: Actor, *, organization_id: str | None, country: str | None) -> bool:
    """Return whether somebody may close a record at once (P40: one owner, immediate)."""
    return can_propose(actor, organization_id=organization_id, country=country)


def can_approve(actor: Actor, *, country: str | None, proposed_by: str | None) -> bool:
    """Return whether somebody may decide a proposal; never one's own (P23), nor a program (P50)."""
    if not is_present(actor) or (proposed_by is not None and proposed_by == actor.id):
        return False
    return actor.role in _REGION or _approves_in(actor, country=country)


def can_hide(actor: Actor, *, country: str | None) -> bool:
    """Return whether somebody may hide at once what lies in a country (P24); None: anywhere."""
    return actor.role in _HIGHEST or _approves_in(actor, country=country)


def can_review(actor: Actor) -> bool:
    """Return whether somebody lets texts, checklists and members in: coordinating, and there."""
    return is_present(actor) and can_coordinate(actor)


def can_coordinate(actor: Actor) -> bool:
    """Return whether somebody keeps vocabularies, checklists and messages."""
    return actor.role in _HIGHEST


def can_administer(actor: Actor) -> bool:
    """Return whether somebody keeps accounts and tokens; no program does (P50)."""
    return is_present(actor) and actor.role is Role.ADMIN


def can_audit(actor: Actor) -> bool:
    """Return whether somebody reads the audit chain; no program does (P50)."""
    return is_present(actor) and actor.role in _HIGHEST


def require_staff(actor: Actor) -> None:
    """Refuse who is not an editor or above.

    Raises
    ------
    ForbiddenError
        Says who may.
    """
    _require(is_staff(actor), "this is for editors, approvers, coordinators and administrators")


def require_present(actor: Actor) -> None:
    """Refuse a program, whoever's name it acts in.

    Raises
    ------
    SessionNeededError
        Says what helps.
    """
    if not is_present(actor):
        raise SessionNeededError


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
    SessionNeededError
        A program asks.
    ForbiddenError
        Says who may, or that it is the actor's own.
    """
    require_present(actor)
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


def require_review(actor: Actor) -> None:
    """Refuse who may not let texts, checklists and members in.

    Raises
    ------
    SessionNeededError
        A program asks.
    ForbiddenError
        Says who may.
    """
    require_present(actor)
    require_coordinate(actor)


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
    SessionNeededError
        A program asks.
    ForbiddenError
        Says who may.
    """
    require_present(actor)
    _require(can_administer(actor), "accounts are kept by administrators")


def require_audit(actor: Actor) -> None:
    """Refuse who may not read the audit chain.

    Raises
    ------
    SessionNeededError
        A program asks.
    ForbiddenError
        Says who may.
    """
    require_present(actor)
    _require(can_audit(actor), "the audit is read by coordinators and administrators")


def _is_own(actor: Actor, organization_id: str | None) -> bool:
    return organization_id is not None and organization_id == actor.organization_id


def _approves_in(actor: Actor, *, country: str | None) -> bool:
    return actor.role is Role.APPROVER and country is not None and country in actor.countries


def _require(allowed: bool, who: str) -> None:
    if not allowed:
        raise ForbiddenError(who)
