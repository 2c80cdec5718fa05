"""Known devices: browsers of earlier sign-ins, which strangers' failed attempts cannot lock out.

A cookie of the browser holds a secret of 256 random bits, of which only the SHA-256 is stored. The
secret belongs to one account and changes at each sign-in. If the previous secret is sent with the
right password, the cookie was copied or a response was lost: the device is then forgotten, for all
holders of the cookie.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.signing_keys import COOKIES, sealed, signing_key
from geo.accounts.tokens import SECRET_BYTES, digest
from geo.audit import trail
from geo.db import clock
from geo.models import KnownDevice, Person


@dataclass(frozen=True, slots=True)
class Device:
    """A browser with which a person has signed in before.

    Parameters
    ----------
    is_trusted
        Whether the device replaces the second factor, because the person gave a second factor on
        the device and chose to have the device remembered.
    is_present
        Whether the cookie holds the current secret, not the previous one.
    """

    id: str
    person_id: str
    is_trusted: bool
    is_present: bool


async def find_device(session: AsyncSession, secret: str) -> Device | None:
    """Return the known device of a cookie's secret, or None (writer session)."""
    shown = digest(secret)
    row = (
        await session.execute(
            select(
                KnownDevice.id,
                KnownDevice.person_id,
                func.coalesce(KnownDevice.trusted_until > clock.now(), False),
                KnownDevice.token_sha256 == shown,
            )
            .join(Person, Person.id == KnownDevice.person_id)
            .where(
                or_(KnownDevice.token_sha256 == shown, KnownDevice.previous_sha256 == shown),
                KnownDevice.expires_at > clock.now(),
                Person.active,
            )
        )
    ).one_or_none()
    return None if row is None else Device(*row)


async def remember_device(
    session: AsyncSession,
    person_id: str,
    device: Device | None,
    *,
    life: timedelta,
    trusted_for: timedelta | None,
) -> str:
    """Remember a browser after a sign-in (writer session), and return the cookie's new secret.

    Parameters
    ----------
    device
        Device of the cookie that the browser sent, perhaps of another person; None without cookie.
    life
        Time for which the device stays known without another sign-in.
    trusted_for
        Time from now for which the device replaces the second factor; None leaves it unchanged.
    """
    secret = sealed(await signing_key(session, COOKIES), secrets.token_urlsafe(SECRET_BYTES))
    if device is not None and device.person_id == person_id and device.is_present:
        values = {"previous_sha256": KnownDevice.token_sha256, "token_sha256": digest(secret)}
        values["expires_at"] = clock.now() + life
        if trusted_for is not None:
            values["trusted_until"] = clock.now() + trusted_for
        changed = await session.scalar(
            update(KnownDevice)
            .where(KnownDevice.id == device.id)
            .values(values)
            .returning(KnownDevice.id)
        )
        if changed is not None:
            return secret
    await session.execute(
        insert(KnownDevice).values(
            id=str(uuid.uuid4()),
            token_sha256=digest(secret),
            person_id=person_id,
            trusted_until=None if trusted_for is None else clock.now() + trusted_for,
            expires_at=clock.now() + life,
        )
    )
    return secret


async def end_copied(session: AsyncSession, device: Device) -> None:
    """Forget a device whose previous secret was sent with the right password (writer session)."""
    await session.execute(delete(KnownDevice).where(KnownDevice.id == device.id))
    await trail.record(
        session,
        actor=device.person_id,
        action="person.device_ended",
        entity="person",
        record_id=device.person_id,
    )


async def forget_expired(session: AsyncSession, now: datetime) -> int:
    """Delete expired devices (writer session), and return how many."""
    gone = await session.scalars(
        delete(KnownDevice).where(KnownDevice.expires_at < now).returning(KnownDevice.id)
    )
    return len(gone.all())
