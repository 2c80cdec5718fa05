"""Permission rules by role, organisation and country, without database access.

An editor works for one organisation, an approver decides on proposals in some countries, a
coordinator in the whole region. An administrator manages the accounts and may close or hide records
in an emergency, but decides on no proposal. Nobody accepts a proposal of their own (P23, P40).

Only people who signed in themselves can act as a second person or manage accounts. A program with a
token proposes, closes and hides in the name of a person, but never counts as a second person (P50).
`is_present` tells such a program from a person. The command line has no `Actor`: anybody with
access to the server has access to the database too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Concatenate

from geo.errors import ForbiddenError, SessionNeededError


class Role(StrEnum):
    """Role of a person in the network, from the least permissions to the most."""

    VIEWER = "viewer"
    EDITOR = "editor"
    APPROVER = "approver"
    COORDINATOR = "coordinator"
    ADMIN = "admin"


class Means(StrEnum):
    """How an actor was authenticated: by a browser session, or by the token of a program."""

    SESSION = "session"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person who is signed in, or in whose name a token acts.

    Parameters
    ----------
    id, name
        Id and name of the person; the name is shown to colleagues, never in a public response (P6).
    role
        Role, which decides the permissions.
    organization_id
        Organisation whose records the person edits; None if they belong to none.
    countries
        Two-letter codes of the countries in which an approver decides.
    language
        Language of messages to the person.
    means
        How the actor was authenticated; by default a program, which has fewer permissions.
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
    """Return whether an actor may work on records, which needs the role of an editor or above."""
    return actor.role in _STAFF


def is_present(actor: Actor) -> bool:
    """Return whether an actor signed in themselves, and is no program with a token (P50)."""
    return actor.means is Means.SESSION


def can_propose(actor: Actor, *, organization_id: str | None, country: str | None) -> bool:
    """Return whether an actor may propose changes to a record of an organisation and country."""
    if actor.role in _HIGHEST:
        return True
    return is_staff(actor) and (
        _is_own(actor, organization_id) or _approves_in(actor, country=country)
    )


def can_close(actor: Actor, *, organization_id: str | None, country: str | None) -> bool:
    """Return whether an actor may close a record, which needs no second person (P40)."""
    return can_propose(actor, organization_id=organization_id, country=country)


def can_approve(actor: Actor, *, country: str | None, proposed_by: str | None) -> bool:
    """Return whether an actor may decide on a proposal of a country.

    Never the proposer (P23), and never a program with a token (P50).
    """
    if not is_present(actor) or (proposed_by is not None and proposed_by == actor.id):
        return False
    return actor.role in _REGION or _approves_in(actor, country=country)


def can_hide(actor: Actor, *, country: str | None) -> bool:
    """Return whether an actor may hide records of a country at once (P24).

    With None as ``country``, return whether the actor may hide records of every country.
    """
    return actor.role in _HIGHEST or _approves_in(actor, country=country)


def can_coordinate(actor: Actor) -> bool:
    """Return whether an actor may edit vocabularies, checklists and messages."""
    return actor.role in _HIGHEST


def can_administer(actor: Actor) -> bool:
    """Return whether an actor may manage accounts and tokens; no program may (P50)."""
    return is_present(actor) and actor.role is Role.ADMIN


def can_audit(actor: Actor) -> bool:
    """Return whether an actor may read the audit chain; no program may (P50)."""
    return is_present(actor) and actor.role in _HIGHEST


def require_present(actor: Actor) -> None:
    """Refuse a program with a token, even if the token acts in a person's name.

    Raises
    ------
    SessionNeededError
        The request comes from a program; the error says that a person has to sign in.
    """
    if not is_present(actor):
        raise SessionNeededError


def _requirement[**P](
    may: Callable[Concatenate[Actor, P], bool], who: str, *, in_person: bool = False
) -> Callable[Concatenate[Actor, P], None]:
    """Return a function that refuses an actor for whom the permission rule ``may`` is false.

    The function has the parameters of ``may``. It raises `ForbiddenError` with ``who``, a text that
    names the roles that have the permission. If the permission is for people alone (``in_person``),
    the function first refuses a program, as `require_present` does.
    """

    def require(actor: Actor, /, *args: P.args, **about: P.kwargs) -> None:
        if in_person:
            require_present(actor)
        if not may(actor, *args, **about):
            raise ForbiddenError(who)

    return require


#: Refuse an actor below the role of an editor.
require_staff = _requirement(
    is_staff, "this is for editors, approvers, coordinators and administrators"
)

#: Refuse an actor who may not change a record of an organisation and country.
require_propose = _requirement(
    can_propose,
    "a record is changed by an editor of its organisation, an approver of its country or a "
    "coordinator",
)

#: Refuse an actor who may not close a record at once.
require_close = _requirement(
    can_close,
    "a record is closed by an editor of its organisation, an approver of its country, a "
    "coordinator or an administrator",
)

#: Refuse an actor who may not hide records of a country at once.
require_hide = _requirement(
    can_hide, "hiding at once is for an approver of the country, a coordinator or an administrator"
)

#: Refuse an actor who is neither coordinator nor administrator.
require_coordinate = _requirement(can_coordinate, "this is for coordinators and administrators")

#: Refuse an actor who may not approve texts, checklists and members; no program may (P50).
require_review = _requirement(
    can_coordinate, "this is for coordinators and administrators", in_person=True
)

#: Refuse an actor who is no administrator; no program may manage accounts (P50).
require_administer = _requirement(
    can_administer, "accounts are kept by administrators", in_person=True
)

#: Refuse an actor who may not read the audit chain; no program may (P50).
require_audit = _requirement(
    can_audit, "the audit is read by coordinators and administrators", in_person=True
)

_require_decide = _requirement(
    can_approve,
    "a proposal is decided by an approver of its country or a coordinator",
    in_person=True,
)


def require_approve(actor: Actor, *, country: str | None, proposed_by: str | None) -> None:
    """Refuse an actor who may not decide on a proposal.

    Raises
    ------
    SessionNeededError
        The request comes from a program with a token.
    ForbiddenError
        The proposal is the actor's own, or the actor lacks this permission; the error says why.
    """
    require_present(actor)
    if proposed_by is not None and proposed_by == actor.id:
        msg = "nobody decides an own proposal: a second person has to"
        raise ForbiddenError(msg)
    _require_decide(actor, country=country, proposed_by=proposed_by)


def _is_own(actor: Actor, organization_id: str | None) -> bool:
    return organization_id is not None and organization_id == actor.organization_id


def _approves_in(actor: Actor, *, country: str | None) -> bool:
    return actor.role is Role.APPROVER and country is not None and country in actor.countries
