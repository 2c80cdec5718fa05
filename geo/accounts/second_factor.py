"""The second factor of a sign-in: codes of an authenticator app, and recovery codes on paper.

A code follows RFC 6238: six digits of HMAC-SHA-1 over a time step of 30 s. Each code is accepted
once: the step of the last accepted code is stored with the secret. Wrong codes are counted per
account in the database, so that an attacker with more IP addresses gets no more attempts.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from pyotp import TOTP
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts import outbox
from geo.accounts.permissions import Role
from geo.accounts.signing_keys import signing_key
from geo.accounts.tokens import revoke_tokens_of
from geo.accounts.web_sessions import end_sessions_of
from geo.audit import trail
from geo.db import clock
from geo.models import FactorReset, KnownDevice, Person, RecoveryCode, SecondFactor

#: Roles that need a second factor, because they decide on proposals, hide records or manage
#: accounts.
REQUIRED_OF = frozenset({Role.APPROVER, Role.COORDINATOR, Role.ADMIN})

#: Name of the service in an authenticator app.
ISSUER = "Amparo"

#: Length of a time step in seconds (RFC 6238, section 4.1).
STEP_S = 30
#: Number of time steps before and after the present one that are accepted too, for network delay
#: and clock drift (RFC 6238, section 5.2).
_STEPS_BESIDE = 1

#: Length of the app's secret in bytes, equal to that of the HMAC output (RFC 4226, section 4, R6).
_SECRET_BYTES = 20
_PURPOSE = "second-factors"

#: Maximum number of wrong codes of an account within `FAILURES_WITHIN` (our choice [A]). Since
#: three time steps are accepted at once, an attacker who has the password guesses a code with a
#: chance of 1 in 1,400 a day.
MOST_FAILURES = 10
FAILURES_WITHIN = timedelta(hours=1)

#: Number of recovery codes on paper; each has 80 random bits, so guessing is hopeless.
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10

#: Time within which a second administrator may agree to a reset.
RESET_LIFE = timedelta(hours=24)

_DIGITS = re.compile(r"[0-9]{6}", re.ASCII)
_BLANKS = re.compile(r"[\s-]+")


class CodeVerdict(StrEnum):
    """The result of checking a code of the second factor."""

    RIGHT = "right"
    RECOVERY = "recovery"
    WRONG = "wrong"
    #: The code was not checked, because there were too many wrong codes before.
    WAIT = "wait"

    @property
    def opens(self) -> bool:
        """Whether the code is accepted as the second factor."""
        return self in {CodeVerdict.RIGHT, CodeVerdict.RECOVERY}


@dataclass(frozen=True, slots=True)
class FactorStatus:
    """The state of a person's second factor.

    Parameters
    ----------
    is_set
        Whether an authenticator app is set up.
    codes_left
        Number of unused recovery codes.
    devices
        Number of known devices (browsers).
    """

    is_set: bool
    codes_left: int
    devices: int


@dataclass(frozen=True, slots=True)
class Reset:
    """A reset of a second factor that one administrator asked for and a second has to agree to.

    Parameters
    ----------
    asked_by
        Id of the administrator who asked.
    name
        Name of this administrator, shown to the second one.
    """

    asked_by: str
    name: str


async def offered_secret(session: AsyncSession, sign_in_secret: str) -> str:
    """Return the secret with which a person sets up an authenticator app, in base 32.

    Needs a writer session. The secret is derived from the sign-in's secret by a key in the
    database: reloading the page shows the same secret, and nothing is stored before a first code
    confirms the app.
    """
    key = await signing_key(session, _PURPOSE)
    made = hmac.digest(key, sign_in_secret.encode("utf-8", "surrogatepass"), "sha256")
    return base64.b32encode(made[:_SECRET_BYTES]).decode()


def provisioning_uri(secret: str, email: str) -> str:
    """Return the URI in the QR code by which an authenticator app reads the secret."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


async def standing(session: AsyncSession, person_id: str) -> FactorStatus:
    """Return the state of a person's second factor (writer session)."""
    unused = select(func.count()).where(
        RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None)
    )
    known = select(func.count()).where(
        KnownDevice.person_id == person_id, KnownDevice.expires_at > clock.now()
    )
    return FactorStatus(
        is_set=await _secret_of(session, person_id) is not None,
        codes_left=await session.scalar(unused) or 0,
        devices=await session.scalar(known) or 0,
    )


async def set_up(
    session: AsyncSession,
    person_id: str,
    secret: str,
    code: str,
    *,
    now: datetime,
    replaces: bool = False,
) -> list[str] | None:
    """Set up an authenticator app as the second factor, if its code is right; notify the person.

    Needs a writer session.

    Parameters
    ----------
    replaces
        Whether the new app may replace the person's present app; the caller has then checked a code
        of the present app.

    Returns
    -------
    list of str or None
        New recovery codes, to be shown only this once. None if the code is wrong, or if the person
        has another app and ``replaces`` is false.
    """
    step = _step_of(secret, _plain(code), now)
    if step is None:
        return None
    # Of two simultaneous requests the second waits here, and then sees the app of the first.
    await session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
    if not replaces and await _secret_of(session, person_id) is not None:
        return None
    await _forget(session, person_id)
    await session.execute(
        insert(SecondFactor).values(person_id=person_id, secret=secret, last_step=step)
    )
    await _record(session, person_id, "person.factor_added", person_id)
    await outbox.announce(
        session, "account.factor_added", {}, people=[person_id], to_webhooks=False
    )
    return await _new_codes(session, person_id)


async def check(
    session: AsyncSession,
    person_id: str | None,
    code: str,
    *,
    now: datetime,
    is_counted: bool = True,
) -> CodeVerdict:
    """Check an app's code or a recovery code, and use it up, since each code is accepted once.

    Needs a writer session.

    Parameters
    ----------
    person_id
        None if no account has the stated address; the same queries are made then, so that the
        response time does not reveal the missing account.
    now
        Current time, timezone-aware.
    is_counted
        Whether wrong codes are counted, and block further codes if there are too many. False on a
        known device, which strangers' attempts must not lock out; the caller limits its attempts.
    """
    plain = _plain(code)
    if not _DIGITS.fullmatch(plain):
        return await _check_recovery(session, person_id, plain)
    factor = await session.scalar(
        select(SecondFactor).where(SecondFactor.person_id == (person_id or "")).with_for_update()
    )
    if factor is None:
        return CodeVerdict.WRONG
    is_past = factor.failures_since is None or factor.failures_since <= now - FAILURES_WITHIN
    failures = 0 if is_past else factor.failures
    if is_counted and failures >= MOST_FAILURES:
        return CodeVerdict.WAIT
    step = _step_of(factor.secret, plain, now)
    if step is not None and step > factor.last_step:
        await _store(session, factor.person_id, {"last_step": step})
        return CodeVerdict.RIGHT
    if is_counted:
        since = now if is_past else factor.failures_since
        counted = {"failures": failures + 1, "failures_since": since}
        await _store(session, factor.person_id, counted)
        if failures + 1 == MOST_FAILURES:
            await _warn(session, factor.person_id)
    return CodeVerdict.WRONG


async def is_recovery_code(session: AsyncSession, person_id: str | None, code: str) -> bool:
    """Return whether a recovery code is valid, without using it up (writer session)."""
    found = await session.scalar(
        select(RecoveryCode.person_id).where(
            RecoveryCode.code_sha256 == _digest(_plain(code)),
            RecoveryCode.person_id == (person_id or ""),
            RecoveryCode.used_at.is_(None),
        )
    )
    return found is not None


def fits(secret: str, code: str, *, now: datetime) -> bool:
    """Return whether a code matches an app that is about to be set up, without storing anything."""
    return _step_of(secret, _plain(code), now) is not None


def is_digits(code: str) -> bool:
    """Return whether a code has the form of an app's code: six digits."""
    return _DIGITS.fullmatch(_plain(code)) is not None


async def renew_codes(session: AsyncSession, person_id: str) -> list[str]:
    """Replace a person's recovery codes and return the new codes (writer session).

    The caller must have checked a code of the person's second factor.
    """
    await _record(session, person_id, "person.codes_renewed", person_id)
    return await _new_codes(session, person_id)


async def reset(session: AsyncSession, person_id: str, *, by: str) -> None:
    """Delete a person's second factor, so that they set up another at the next sign-in.

    Needs a writer session. The person's browser sessions, known devices and tokens end, and the
    person is notified.
    """
    await _forget(session, person_id)
    await end_devices_of(session, person_id)
    await end_sessions_of(session, person_id)
    ended = await revoke_tokens_of(session, person_id)
    await session.execute(delete(FactorReset).where(FactorReset.person_id == person_id))
    await _record(session, by, "person.factor_reset", person_id, {"tokens_ended": ended})
    await outbox.announce(
        session, "account.factor_reset", {}, people=[person_id], to_webhooks=False
    )


async def waiting_reset(session: AsyncSession, person_id: str) -> Reset | None:
    """Return the reset of a person's second factor that waits for a second administrator, or None.

    Needs a writer session.
    """
    found = (
        await session.execute(
            select(FactorReset.asked_by, Person.name)
            .join(Person, Person.id == FactorReset.asked_by)
            .where(
                FactorReset.person_id == person_id,
                FactorReset.asked_at > clock.now() - RESET_LIFE,
                # A request by a person who is no administrator any more does not count.
                Person.active,
                Person.role == Role.ADMIN,
            )
        )
    ).one_or_none()
    return None if found is None else Reset(*found)


async def ask_reset(session: AsyncSession, person_id: str, *, by: str) -> bool:
    """Ask for a reset as the first administrator, or agree to it as the second one (P52).

    Needs a writer session. The caller has checked that ``by`` is an administrator and not the
    person themselves.

    Returns
    -------
    bool
        Whether the factor was reset.
    """
    # Of two simultaneous requests the second waits here, and then sees the first.
    await session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
    waiting = await waiting_reset(session, person_id)
    if waiting is not None and waiting.asked_by != by:
        details = {"asked_by": waiting.asked_by}
        await _record(session, by, "person.factor_reset_agreed", person_id, details)
        await reset(session, person_id, by=by)
        return True
    if waiting is None:
        await session.execute(delete(FactorReset).where(FactorReset.person_id == person_id))
        await session.execute(insert(FactorReset).values(person_id=person_id, asked_by=by))
        await _record(session, by, "person.factor_reset_asked", person_id)
    return False


async def record_forgotten(session: AsyncSession, person_id: str, devices: int) -> None:
    """Write to the audit that a person had all their known devices deleted (writer session)."""
    await _record(session, person_id, "person.devices_ended", person_id, {"devices": devices})


async def end_devices_of(session: AsyncSession, person_id: str) -> int:
    """Forget every known device of a person (writer session), and return how many there were."""
    gone = await session.scalars(
        delete(KnownDevice).where(KnownDevice.person_id == person_id).returning(KnownDevice.id)
    )
    return len(gone.all())


def _plain(code: str) -> str:
    return _BLANKS.sub("", code).upper()


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step of a code if it is accepted now, else None."""
    present = int(now.timestamp()) // STEP_S
    found = None
    if not _DIGITS.fullmatch(code):
        return None
    for step in range(present - _STEPS_BESIDE, present + _STEPS_BESIDE + 1):
        # Compare with every step, so that the run time does not reveal which step matches.
        if hmac.compare_digest(TOTP(secret).generate_otp(step).encode(), code.encode()):
            found = step
    return found


async def _check_recovery(session: AsyncSession, person_id: str | None, plain: str) -> CodeVerdict:
    used = await session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.code_sha256 == _digest(plain),
            RecoveryCode.person_id == (person_id or ""),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(RecoveryCode.person_id)
    )
    if used is None:
        return CodeVerdict.WRONG
    await _record(session, used, "person.recovery_code_used", used)
    return CodeVerdict.RECOVERY


async def _new_codes(session: AsyncSession, person_id: str) -> list[str]:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    made = [
        base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()
        for _ in range(RECOVERY_CODES)
    ]
    await session.execute(
        insert(RecoveryCode),
        [{"code_sha256": _digest(code), "person_id": person_id} for code in made],
    )
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in made]


def _digest(plain: str) -> bytes:
    return sha256(plain.encode("utf-8", "surrogatepass")).digest()


async def _secret_of(session: AsyncSession, person_id: str) -> str | None:
    return await session.scalar(
        select(SecondFactor.secret).where(SecondFactor.person_id == person_id)
    )


async def _store(session: AsyncSession, person_id: str, values: Mapping[str, Any]) -> None:
    await session.execute(
        update(SecondFactor).where(SecondFactor.person_id == person_id).values(**values)
    )


async def _forget(session: AsyncSession, person_id: str) -> None:
    for model in (SecondFactor, RecoveryCode):
        await session.execute(delete(model).where(model.person_id == person_id))


async def _warn(session: AsyncSession, person_id: str) -> None:
    """Notify a person of too many wrong codes: somebody may know their password."""
    await _record(session, person_id, "person.codes_refused", person_id)
    await outbox.announce(
        session, "account.codes_refused", {}, people=[person_id], to_webhooks=False
    )


async def _record(
    session: AsyncSession,
    by: str,
    action: str,
    person_id: str,
    details: Mapping[str, Any] | None = None,
) -> None:
    await trail.record(
        session,
        actor=by,
        action=action,
        entity="person",
        record_id=person_id,
        details=details or {},
    )
