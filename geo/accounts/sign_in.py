"""Sign-in by invitation, password or identity provider, and browser sessions.

Secrets in links and cookies are 256 random bits, of which only the SHA-256 is stored.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import known_devices, outbox, second_factor
from geo.accounts.people import as_actor, folded_address, is_address
from geo.accounts.permissions import Actor, Means, Role
from geo.accounts.signing_keys import COOKIES, sealed, signing_key
from geo.accounts.tokens import SECRET_BYTES, digest, revoke_tokens_of
from geo.accounts.web_sessions import end_sessions_of
from geo.audit import trail
from geo.db import clock
from geo.errors import InvalidTokenError, LinkError, NotFoundError
from geo.models import Invitation, Organization, Person, SecondFactor, WebSession

#: Time for which an invitation is valid.
INVITATION_LIFE = timedelta(hours=72)

#: Age from which the stored last use of a session is updated, so that each session causes at most
#: one write per minute.
_SIGHTING = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Invited:
    """The person that an invitation is for, with the name of their organisation, if any."""

    person_id: str
    name: str
    email: str
    organization: str | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """Id and password hash of an account; both are None for an unknown e-mail address."""

    person_id: str | None
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A valid browser session and its actor."""

    session_id: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class HalfSignedIn:
    """A browser session of a person who has given a password but not yet a second factor.

    The session has no actor yet, and gives access only to the page that asks for the factor.

    Parameters
    ----------
    has_factor
        Whether the person has set up an authenticator app, so that the page asks for a code;
        otherwise they have to set up an app first.
    """

    person_id: str
    email: str
    has_factor: bool


async def invite(session: AsyncSession, person_id: str, *, by: str = "system") -> str:
    """Return the secret of a single-use link by which a person sets a password (writer session).

    Whoever makes the link could use it. So the call ends the person's older links, sessions, known
    devices and tokens, and notifies the person. The second factor stays.

    Parameters
    ----------
    by
        Actor in the audit entry.

    Raises
    ------
    NotFoundError
        There is no such active person.
    """
    if not await session.scalar(select(Person.active).where(Person.id == person_id)):
        msg = "there is no such active person"
        raise NotFoundError(msg)
    await _end_invitations(session, person_id)
    await end_sessions_of(session, person_id)
    await second_factor.end_devices_of(session, person_id)
    ended = await revoke_tokens_of(session, person_id)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    await session.execute(
        Invitation.__table__.insert().values(  # type: ignore[attr-defined]  # a Table
            id=str(uuid.uuid4()),
            token_sha256=digest(secret),
            person_id=person_id,
            # Use the database's clock, as `read_invitation` and `accept_invitation` do.
            expires_at=clock.now() + INVITATION_LIFE,
        )
    )
    await trail.record(
        session,
        actor=by,
        action="person.invited",
        entity="person",
        record_id=person_id,
        details={"tokens_ended": ended},
    )
    await outbox.announce(session, "account.invited", {}, people=[person_id], to_webhooks=False)
    return secret


async def read_invitation(session: AsyncSession, secret: str) -> Invited:
    """Return the person that an invitation is for, without using it up (writer session).

    Raises
    ------
    LinkError
        The invitation was used, has expired or never existed.
    """
    found = (
        await session.execute(
            select(Person.id, Person.name, Person.email, Organization.name)
            .join(Invitation, Invitation.person_id == Person.id)
            .outerjoin(Organization, Organization.id == Person.organization_id)
            .where(
                Invitation.token_sha256 == digest(secret),
                Invitation.used_at.is_(None),
                Invitation.expires_at > clock.now(),
                Person.active,
            )
        )
    ).one_or_none()
    if found is None:
        msg = "the invitation is not valid"
        raise LinkError(msg)
    return Invited(*found)


async def accept_invitation(session: AsyncSession, secret: str, password_hash: str) -> str:
    """Set a password by an invitation, which is used up (writer session).

    Ends the person's other invitations, sessions and known devices.

    Returns
    -------
    str
        Id of the person.

    Raises
    ------
    LinkError
        The invitation was used, has expired or never existed.
    """
    # One atomic statement, so that of two simultaneous requests only one uses the invitation.
    person_id: str | None = await session.scalar(
        update(Invitation)
        .where(
            Invitation.token_sha256 == digest(secret),
            Invitation.used_at.is_(None),
            Invitation.expires_at > clock.now(),
            Invitation.person_id.in_(select(Person.id).where(Person.active)),
        )
        .values(used_at=clock.now())
        .returning(Invitation.person_id)
    )
    if person_id is None:
        msg = "the invitation is not valid"
        raise LinkError(msg)
    await _end_invitations(session, person_id)
    await end_sessions_of(session, person_id)
    await second_factor.end_devices_of(session, person_id)
    await store_password(session, person_id, password_hash)
    await _record(session, person_id, "person.password_set", person_id)
    return person_id


async def read_credentials(session: AsyncSession, email: str) -> Credentials:
    """Return the credentials of an active person by e-mail address (writer session)."""
    found = (
        await session.execute(
            select(Person.id, Person.password_hash).where(
                Person.email == folded_address(email), Person.active
            )
        )
    ).one_or_none()
    return Credentials(None, None) if found is None else Credentials(*found)


async def store_password(session: AsyncSession, person_id: str, password_hash: str) -> None:
    """Store the hash of a person's password (writer session)."""
    await session.execute(
        update(Person).where(Person.id == person_id).values(password_hash=password_hash)
    )


async def find_identity(
    session: AsyncSession, *, issuer: str, subject: str, email: str | None, is_verified: bool
) -> str:
    """Return the id of the person to whom a subject of an identity provider belongs (OIDC).

    Needs a writer session. At the first sign-in the account is found by an e-mail address that the
    provider has verified, and the subject is stored; from then on only the subject identifies the
    person.

    Raises
    ------
    NotFoundError
        No account belongs to the identity.
    """
    if not subject.isprintable():
        msg = "no identity has such a subject"
        raise NotFoundError(msg)
    known = await session.scalar(
        select(Person.id).where(
            Person.oidc_issuer == issuer, Person.oidc_subject == subject, Person.active
        )
    )
    if known is not None:
        return known
    linked: str | None = None
    if email is not None and is_verified and is_address(folded_address(email)):
        linked = await session.scalar(
            update(Person)
            .where(
                Person.email == folded_address(email),
                Person.active,
                Person.oidc_subject.is_(None),
                ~select(Person.id)
                .where(Person.oidc_issuer == issuer, Person.oidc_subject == subject)
                .correlate(None)
                .exists(),
            )
            .values(oidc_issuer=issuer, oidc_subject=subject)
            .returning(Person.id)
        )
    if linked is None:
        msg = "there is no account for that identity"
        raise NotFoundError(msg)
    await _record(session, linked, "person.identity_linked", linked)
    return linked


async def start_session(
    session: AsyncSession, person_id: str, *, lifetime: timedelta, has_shown_factor: bool = False
) -> str:
    """Start a browser session and return the secret for its cookie (writer session).

    Parameters
    ----------
    has_shown_factor
        Whether the person gave a second factor or used a trusted device. If not, `read_session`
        returns `HalfSignedIn` for a person who needs a second factor.

    Raises
    ------
    NotFoundError
        There is no such active person.
    """
    if not await session.scalar(select(Person.active).where(Person.id == person_id)):
        msg = "there is no such active person"
        raise NotFoundError(msg)
    # Delete all ended sessions at each start of a session (P29: deletion after a set time).
    await session.execute(
        delete(WebSession).where(
            or_(WebSession.expires_at < clock.now(), WebSession.ended_at.is_not(None))
        )
    )
    key = await signing_key(session, COOKIES)
    secret = sealed(key, secrets.token_urlsafe(SECRET_BYTES))
    await session.execute(
        WebSession.__table__.insert().values(  # type: ignore[attr-defined]  # a Table
            id=str(uuid.uuid4()),
            token_sha256=digest(secret),
            person_id=person_id,
            expires_at=clock.now() + lifetime,
            factor_at=clock.now() if has_shown_factor else None,
        )
    )
    return secret


async def needs_factor(session: AsyncSession, person_id: str, *, is_required: bool) -> bool:
    """Return whether a person has to give a second factor at sign-in (writer session).

    Parameters
    ----------
    is_required
        Whether people with a role of `second_factor.REQUIRED_OF` need a second factor; otherwise
        only people who have set up a second factor are asked.
    """
    row = (
        await session.execute(
            select(Person.role, SecondFactor.person_id.is_not(None))
            .outerjoin(SecondFactor, SecondFactor.person_id == Person.id)
            .where(Person.id == person_id)
        )
    ).one_or_none()
    return row is not None and _is_asked(row[0], has_factor=row[1], is_required=is_required)


def _is_asked(role: str, *, has_factor: bool, is_required: bool) -> bool:
    return has_factor or (is_required and Role(role) in second_factor.REQUIRED_OF)


async def read_session(
    session: AsyncSession, secret: str, *, idle: timedelta, is_factor_required: bool = True
) -> SignedIn | HalfSignedIn:
    """Return the browser session of a cookie's secret, and update its last use (writer session).

    A person who signed in by a password alone, and has since got a role that needs a second factor
    or set up a second factor, gets `HalfSignedIn`.

    Raises
    ------
    InvalidTokenError
        The session has ended, was idle for too long, or never existed.
    """
    found = (
        await session.execute(
            select(
                WebSession.id,
                WebSession.seen_at < clock.now() - _SIGHTING,
                WebSession.factor_at.is_not(None),
                SecondFactor.person_id.is_not(None),
                Person,
            )
            .join(Person, Person.id == WebSession.person_id)
            .outerjoin(SecondFactor, SecondFactor.person_id == Person.id)
            .where(
                WebSession.token_sha256 == digest(secret),
                WebSession.ended_at.is_(None),
                WebSession.expires_at > clock.now(),
                WebSession.seen_at > clock.now() - idle,
                Person.active,
            )
        )
    ).one_or_none()
    if found is None:
        msg = "the session is over"
        raise InvalidTokenError(msg)
    session_id, is_unseen, has_shown, has_factor, person = found
    if is_unseen:
        await session.execute(
            update(WebSession).where(WebSession.id == session_id).values(seen_at=clock.now())
        )
    if not has_shown and _is_asked(
        person.role, has_factor=has_factor, is_required=is_factor_required
    ):
        return HalfSignedIn(person.id, person.email, has_factor)
    return SignedIn(session_id, as_actor(person, means=Means.SESSION))


async def end_session(session: AsyncSession, secret: str) -> None:
    """End a browser session (writer session); an unknown secret is ignored."""
    await session.execute(
        update(WebSession)
        .where(WebSession.token_sha256 == digest(secret), WebSession.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


async def _end_invitations(session: AsyncSession, person_id: str) -> None:
    await session.execute(
        update(Invitation)
        .where(Invitation.person_id == person_id, Invitation.used_at.is_(None))
        .values(used_at=clock.now())
    )


async def _record(session: AsyncSession, actor: str, action: str, person_id: str) -> None:
    await trail.record(session, actor=actor, action=action, entity="person", record_id=person_id)


async def forget_ended(session: AsyncSession, now: datetime) -> int:
    """Delete ended sessions, invitations and known devices; return how many (writer session)."""
    gone = await known_devices.forget_expired(session, now)
    for model, ended_at in ((WebSession, WebSession.ended_at), (Invitation, Invitation.used_at)):
        deleted = await session.scalars(
            delete(model).where(or_(model.expires_at < now, ended_at < now)).returning(model.id)
        )
        gone += len(deleted.all())
    return gone
