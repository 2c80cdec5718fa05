"""Sign-in: limits on password attempts, known devices, and start of a session.

Three counters limit password guessing: attempts per client address, per address and account, and
per account by all unknown devices. The counters never block a known device (a browser in which the
account's owner has signed in before), nor a person who sends a second factor along with the
password. Otherwise an attacker could lock a person out during an emergency merely by failing to
sign in.
"""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from app.access.forms import FORM_COOKIE
from app.access.identity import COOKIE, SIGN_IN, Seals, drop_cookie, set_cookie
from app.exceptions import TooManyRequestsError
from app.http.rate_limits import RateLimits, client_of
from app.settings import Settings
from geo.accounts import known_devices, sign_in
from geo.accounts.known_devices import Device
from geo.accounts.people import folded_address
from geo.db.sessions import Database, Tier

#: Name of the cookie of a known device (a browser), sent only to the paths of the sign-in.
DEVICE_COOKIE = "amparo_device"

#: Path of the page that asks for a second factor.
CODE = f"{SIGN_IN}/code"
#: Path of the page that sets a second factor up.
FACTOR = f"{SIGN_IN}/factor"


async def shown_device(request: Request) -> Device | None:
    """Return the known device that the request's cookie names, whichever account it belongs to.

    Return None if the cookie is missing or names no known device.
    """
    secret = request.cookies.get(DEVICE_COOKIE)
    database: Database = request.state.database
    seals: Seals = request.state.seals
    if secret is None or not await seals.holds(database, secret):
        return None
    async with database.session(Tier.WRITER) as session:
        return await known_devices.find_device(session, secret)


def own_device(device: Device | None, person_id: str | None) -> Device | None:
    """Return the device if it belongs to the account and its cookie holds the current secret.

    Return None for any other device.
    """
    if device is None or not device.is_present or device.person_id != person_id:
        return None
    return device


def has_room(limits: RateLimits, device: Device) -> bool:
    """Count a sign-in attempt by a known device; return False if the device's limit is reached."""
    try:
        limits.hit("device", device.id)
    except TooManyRequestsError:
        return False
    return True


def count_try(request: Request, email: str) -> None:
    """Count a sign-in attempt by an unknown device at an account, which need not exist.

    Raises
    ------
    TooManyRequestsError
        A limit is reached: that of the client's address, that of the address at this account, or
        that of all unknown devices at this account.
    """
    limits: RateLimits = request.state.limits
    address, account = client_of(request.scope), folded_address(email)
    limits.hit_all({"sign-in": address, "pair": f"{address} {account}", "account": account})


async def without_copies(request: Request, device: Device | None, person_id: str) -> Device | None:
    """Return the device, unless the request's cookie holds a former secret of the device.

    Secrets change at each sign-in, so a former one shows that the cookie was copied.

    A device of this account with a former secret is no longer known from then on, and None is
    returned. Call the function only after the password was found correct.
    """
    if device is None or device.person_id != person_id or device.is_present:
        return device
    database: Database = request.state.database
    async with database.session(Tier.WRITER) as session:
        await known_devices.end_copied(session, device)
    return None


async def end_session(request: Request) -> None:
    """End the session of the request's cookie, if any."""
    brought = request.cookies.get(COOKIE)
    if brought is not None:
        database: Database = request.state.database
        async with database.session(Tier.WRITER) as session:
            await sign_in.end_session(session, brought)


@dataclass(frozen=True, slots=True)
class Started:
    """Secrets of a started session and of its browser, to be set as cookies by `give_cookies`.

    Parameters
    ----------
    secret
        Secret of the session.
    device
        Secret by which the browser is recognised as a known device at the next sign-in; None while
        the session waits for a second factor.
    """

    secret: str
    device: str | None


async def signed_in(
    request: Request,
    person_id: str,
    goes_on: str,
    *,
    device: Device | None,
    has_shown_factor: bool = False,
    trusts: bool = False,
) -> Response:
    """Start a session, and redirect to ``goes_on`` or to the page that asks for a second factor.

    Parameters other than ``goes_on``, a path, are those of `started`.
    """
    database: Database = request.state.database
    async with database.session(Tier.WRITER) as session:
        begun = await started(
            request,
            session,
            person_id,
            device=device,
            has_shown_factor=has_shown_factor,
            trusts=trusts,
        )
    location = goes_on if begun.device else f"{CODE}?{urlencode({'next': goes_on})}"
    response = RedirectResponse(location, status_code=303)
    give_cookies(response, request, begun)
    return response


async def started(
    request: Request,
    session: AsyncSession,
    person_id: str,
    *,
    device: Device | None,
    has_shown_factor: bool = False,
    trusts: bool = False,
) -> Started:
    """Start a session with a new secret, and end the session of the request's cookie.

    Needs a writer session of the database. While a second factor is missing, the started session
    only gives access to the page that asks for the factor, and the device is not remembered.

    Parameters
    ----------
    device
        Device returned by `shown_device`.
    has_shown_factor
        Whether a second factor was shown together with the password.
    trusts
        Whether the person wants the device to replace the second factor from now on.
    """
    settings: Settings = request.state.settings
    brought = request.cookies.get(COOKIE)
    if brought is not None:
        await sign_in.end_session(session, brought)
    has_shown = has_shown_factor or _stands_for_factor(settings, device, person_id)
    is_half = not has_shown and await sign_in.needs_factor(
        session, person_id, is_required=settings.is_factor_required
    )
    lifetime = timedelta(minutes=settings.session_minutes)
    secret = await sign_in.start_session(
        session, person_id, lifetime=lifetime, has_shown_factor=has_shown
    )
    if is_half:
        return Started(secret, None)
    return Started(secret, await _remembered(session, settings, person_id, device, trusts=trusts))


def give_cookies(response: Response, request: Request, begun: Started) -> None:
    """Set the cookies of a started session on a response."""
    settings: Settings = request.state.settings
    set_cookie(response, request, COOKIE, begun.secret, settings.session_minutes * 60)
    if begun.device is not None:
        life_s = settings.known_device_days * 86_400
        set_cookie(response, request, DEVICE_COOKIE, begun.device, life_s, path=SIGN_IN)
    drop_cookie(response, request, FORM_COOKIE)


async def _remembered(
    session: AsyncSession,
    settings: Settings,
    person_id: str,
    device: Device | None,
    *,
    trusts: bool,
) -> str:
    days = settings.trusted_device_days if trusts else 0
    return await known_devices.remember_device(
        session,
        person_id,
        device,
        life=timedelta(days=settings.known_device_days),
        trusted_for=timedelta(days=days) if days else None,
    )


def _stands_for_factor(settings: Settings, device: Device | None, person_id: str) -> bool:
    own = own_device(device, person_id)
    return own is not None and own.is_trusted and settings.trusted_device_days > 0
