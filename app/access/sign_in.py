"""Getting in: how fast who is not known may try, and what every sign-in ends with.

Three counts stand against trying passwords: of the address, of the address at one account, and of
all that are not known at one account. None of them is a reason against a browser that its owner
has signed in with before, nor against who shows a second factor along with the password: else
whoever wanted to keep somebody out at the moment of an emergency would only have to try.
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

#: The cookie of a browser that is known; sent to the sign-in's own pages alone.
DEVICE_COOKIE = "amparo_device"

#: Where a second factor is asked for, and where one is set up.
CODE = f"{SIGN_IN}/code"
FACTOR = f"{SIGN_IN}/factor"


async def shown_device(request: Request) -> Device | None:
    """Return the device that the request's cookie belongs to, whosever it is, if it is known."""
    secret = request.cookies.get(DEVICE_COOKIE)
    database: Database = request.state.database
    seals: Seals = request.state.seals
    if secret is None or not await seals.holds(database, secret):
        return None
    async with database.session(Tier.WRITER) as session:
        return await known_devices.find_device(session, secret)


def own_device(device: Device | None, person_id: str | None) -> Device | None:
    """Return a device where it is known for that account, by the secret that is its present one."""
    if device is None or not device.is_present or device.person_id != person_id:
        return None
    return device


def has_room(limits: RateLimits, device: Device) -> bool:
    """Count a try of a known device; false where it has tried too often itself."""
    try:
        limits.hit("device", device.id)
    except TooManyRequestsError:
        return False
    return True


def count_try(request: Request, email: str) -> None:
    """Count a try of a device that is not known at an account, whether it exists or not.

    Raises
    ------
    TooManyRequestsError
        The address, the address at this account, or all at this account have tried too often.
    """
    limits: RateLimits = request.state.limits
    address, account = client_of(request.scope), folded_address(email)
    limits.hit_all({"sign-in": address, "pair": f"{address} {account}", "account": account})


async def without_copies(request: Request, device: Device | None, person_id: str) -> Device | None:
    """Return a device, but for one of this account whose secret before was shown: that ends it.

    Who calls it has found the password right.
    """
    if device is None or device.person_id != person_id or device.is_present:
        return device
    database: Database = request.state.database
    async with database.session(Tier.WRITER) as session:
        await known_devices.end_copied(session, device)
    return None


async def end_session(request: Request) -> None:
    """End the session that the browser brought, if any."""
    brought = request.cookies.get(COOKIE)
    if brought is not None:
        database: Database = request.state.database
        async with database.session(Tier.WRITER) as session:
            await sign_in.end_session(session, brought)


@dataclass(frozen=True, slots=True)
class Started:
    """A session that has begun: its cookie's secret, and that of a browser that is known now.

    Parameters
    ----------
    device
        None where the session still waits for a second factor.
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
    """Start a session, and lead on: to where a second factor is asked for, or to ``goes_on``.

    Parameters as `started`'s.
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
    """Start a session under a new secret, whatever the browser brought, which ends (writer).

    Where a second factor is still to be shown, the session opens the page that asks for it alone,
    and the browser stays as unknown as it was.

    Parameters
    ----------
    device
        What `shown_device` said.
    has_shown_factor
        Whether a second factor was shown beside the password.
    trusts
        Whether the browser is to stand for the second factor from now on.
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
    """Send along the cookies of a session that has begun."""
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
