"""The second factor of a sign-in: codes of an authenticator app, and codes on paper for its loss.

A code is RFC 6238's: six digits of HMAC-SHA-1 over a time step of 30 s. Each is taken once, the
step of the last one is kept with the secret, and wrong ones are counted by the account in the
database, so that no number of processes or addresses gives more tries.
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
from geo.audit import trail
from geo.db import clock
from geo.models import FactorReset, KnownDevice, Person, RecoveryCode, SecondFactor, WebSession

#: Who decides, hides or keeps accounts: a password alone opens nothing to them.
REQUIRED_OF = frozenset({Role.APPROVER, Role.COORDINATOR, Role.ADMIN})

#: What an authenticator app calls us.
ISSUER = "Amparo"

#: Seconds of a time step (RFC 6238, section 4.1), and steps beside the present one that are taken:
#: one for the way and the clocks (section 5.2).
STEP_S = 30
_STEPS_BESIDE = 1

#: RFC 4226, section 4, R6: as long as what the HMAC gives out.
_SECRET_BYTES = 20
_PURPOSE = "second-factors"

#: Wrong codes of an account within the time below; our choice [A]: with three steps open at once,
#: whoever has the password finds one within 1 in 1,400 a day.
MOST_FAILURES = 10
FAILURES_WITHIN = timedelta(hours=1)

#: Codes on paper: ten, of 80 random bits each, so that trying them is in vain.
RECOVERY_CODES = 10
_RECOVERY_BYTES = 10

#: For so long a second administrator may agree to a reset.
RESET_LIFE = timedelta(hours=24)

_DIGITS = re.compile(r"[0-9]{6}", re.ASCII)
_BLANKS = re.compile(r"[\s-]+")


class CodeVerdict(StrEnum):
    """What a code is."""

    RIGHT = "right"
    RECOVERY = "recovery"
    WRONG = "wrong"
    #: Too many were wrong; nothing was looked at.
    WAIT = "wait"

    @property
    def opens(self) -> bool:
        """Whether it stands for the second factor."""
        return self in {CodeVerdict.RIGHT, CodeVerdict.RECOVERY}


@dataclass(frozen=True, slots=True)
class FactorStatus:
    """What somebody has of a second factor.

    Parameters
    ----------
    is_set
        Whether an app is set.
    codes_left
        Codes on paper that were not used.
    devices
        Browsers that are known.
    """

    is_set: bool
    codes_left: int
    devices: int


@dataclass(frozen=True, slots=True)
class Reset:
    """A reset that one administrator asked for.

    Parameters
    ----------
    asked_by
        Their id.
    name
        Their name, for colleagues.
    """

    asked_by: str
    name: str


async def offered_secret(session: AsyncSession, sign_in_secret: str) -> str:
    """Return the secret that a sign-in is shown to set up an app with (writer), in base 32.

    It is made of the sign-in's own secret by a key of the database: looking at the page again
    shows the same, and nothing is stored before a code of it has come back.
    """
    key = await signing_key(session, _PURPOSE)
    made = hmac.digest(key, sign_in_secret.encode("utf-8", "surrogatepass"), "sha256")
    return base64.b32encode(made[:_SECRET_BYTES]).decode()


def provisioning_uri(secret: str, email: str) -> str:
    """Return what the app reads from the picture."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


async def standing(session: AsyncSession, person_id: str) -> FactorStatus:
    """Return what a person has of a second factor (writer)."""
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
    """Take an app as the second factor (writer); None where the code is wrong. The person is told.

    Parameters
    ----------
    replaces
        Whether it may take the place of another one, of which who calls it has asked for a code;
        else None where there is one by now.

    Returns
    -------
    list of str
        New codes on paper, shown this once.
    """
    step = _step_of(secret, _plain(code), now)
    if step is None:
        return None
    # Two at the same moment: the second waits here, and finds the first.
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
    """Say what a code is, and take it: it is right once (writer).

    Parameters
    ----------
    person_id
        None where nobody has the address that was written; the same is done in vain.
    now
        Aware.
    is_counted
        Whether wrong ones count, and too many are no longer looked at: what others have tried is
        no reason against somebody on a device that is known, whose tries are counted elsewhere.
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
    """Return whether a code on paper is a person's and unused, without using it up (writer)."""
    found = await session.scalar(
        select(RecoveryCode.person_id).where(
            RecoveryCode.code_sha256 == _digest(_plain(code)),
            RecoveryCode.person_id == (person_id or ""),
            RecoveryCode.used_at.is_(None),
        )
    )
    return found is not None


def fits(secret: str, code: str, *, now: datetime) -> bool:
    """Return whether a code is of an app that is about to be set up; nothing is taken."""
    return _step_of(secret, _plain(code), now) is not None


def is_digits(code: str) -> bool:
    """Return whether a code is written as an app shows it."""
    return _DIGITS.fullmatch(_plain(code)) is not None


async def renew_codes(session: AsyncSession, person_id: str) -> list[str]:
    """Return new codes on paper; those before end (writer). Who calls it has asked for a code."""
    await _record(session, person_id, "person.codes_renewed", person_id)
    return await _new_codes(session, person_id)


async def reset(session: AsyncSession, person_id: str, *, by: str) -> None:
    """Take a second factor away (writer); the person sets up another at the next sign-in.

    What was open in their name ends: sign-ins, known devices, tokens. The person is told.
    """
    await _forget(session, person_id)
    await end_devices_of(session, person_id)
    await session.execute(
        update(WebSession)
        .where(WebSession.person_id == person_id, WebSession.ended_at.is_(None))
        .values(ended_at=clock.now())
    )
    ended = await revoke_tokens_of(session, person_id)
    await session.execute(delete(FactorReset).where(FactorReset.person_id == person_id))
    await _record(session, by, "person.factor_reset", person_id, {"tokens_ended": ended})
    await outbox.announce(
        session, "account.factor_reset", {}, people=[person_id], to_webhooks=False
    )


async def waiting_reset(session: AsyncSession, person_id: str) -> Reset | None:
    """Return the reset that waits for a second administrator, if one does (writer)."""
    found = (
        await session.execute(
            select(FactorReset.asked_by, Person.name)
            .join(Person, Person.id == FactorReset.asked_by)
            .where(
                FactorReset.person_id == person_id,
                FactorReset.asked_at > clock.now() - RESET_LIFE,
                # Who no longer keeps accounts is no first of two.
                Person.active,
                Person.role == Role.ADMIN,
            )
        )
    ).one_or_none()
    return None if found is None else Reset(*found)


async def ask_reset(session: AsyncSession, person_id: str, *, by: str) -> bool:
    """Ask for a reset as one administrator; agree to it as a second one (writer, P52).

    Who calls it has asked whether ``by`` administers, and that it is somebody else's factor.

    Returns
    -------
    bool
        Whether it was done.
    """
    # Two at the same moment: the second waits here, and finds the first.
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
    """Note that somebody has made their browsers unknown (writer)."""
    await _record(session, person_id, "person.devices_ended", person_id, {"devices": devices})


async def end_devices_of(session: AsyncSession, person_id: str) -> int:
    """Make every device of a person unknown (writer), and say how many were known."""
    gone = await session.scalars(
        delete(KnownDevice).where(KnownDevice.person_id == person_id).returning(KnownDevice.id)
    )
    return len(gone.all())


def _plain(code: str) -> str:
    return _BLANKS.sub("", code).upper()


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step, among those open now, that a code belongs to."""
    present = int(now.timestamp()) // STEP_S
    found = None
    if not _DIGITS.fullmatch(code):
        return None
    for step in range(present - _STEPS_BESIDE, present + _STEPS_BESIDE + 1):
        # All are compared, whichever fits.
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
    """Tell somebody that their password is known to who does not have their codes."""
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
