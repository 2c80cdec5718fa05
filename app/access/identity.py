"""Identity of the client, by an access token in a header or by the console's cookie.

Token and cookie are never interchangeable (P50): the console, under ``/network``, accepts only its
cookie and refuses a request that also has a token; everywhere else the cookie is ignored.

A request with an invalid token is refused, never treated as anonymous: a partner organisation whose
token has expired must not mistake the public data for the data of its tier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.types import Scope

from app.access.csrf import form_token
from app.exceptions import SignInNeededError, TokenAtConsoleError, UnauthorizedError
from app.http.middleware import is_below, routed_path
from app.http.rate_limits import IS_GRANTED
from app.settings import Settings
from geo.accounts import people, sign_in, tokens
from geo.accounts.permissions import Actor, Means
from geo.accounts.sign_in import HalfSignedIn
from geo.accounts.signing_keys import COOKIES, is_sealed, signing_key
from geo.accounts.tokens import Grant
from geo.db.sessions import Database, Tier
from geo.errors import InvalidTokenError

#: Path prefix of the console, where people work on records. Browsers send the session cookie only
#: to paths below.
CONSOLE = "/network"
SIGN_IN = f"{CONSOLE}/sign-in"

COOKIE = "amparo_session"

#: Token scopes that give access to the partner tier of the published API. The staff tier is open
#: only to named people, on the pages and endpoints for editors (P1).
READING_SCOPES = ("partner", "edit")

#: Path that receives counts of people.
COUNTS = "/movement"
#: Token scopes required for sending counts of people.
COUNTING_SCOPES = ("movement",)

_SCHEME = "bearer "


@dataclass(frozen=True, slots=True)
class Asker:
    """Identity of a client, and the tier of the published API that the client may read.

    Parameters
    ----------
    tier
        PUBLIC without a credential or before the second factor, else PARTNER.
    actor
        Person of a web session or of a token of scope ``edit``; None for other clients.
    secret
        Secret of the session cookie, which signs forms.
    half
        Session that still waits for the person's second factor, during which `actor` is None; None
        for any other client.
    """

    tier: Tier
    actor: Actor | None = None
    secret: str | None = None
    half: HalfSignedIn | None = None

    @property
    def csrf(self) -> str:
        """CSRF token for a form of this session (field ``csrf``); each access makes a new token."""
        return form_token(self.secret) if self.secret is not None else ""


ANYBODY = Asker(Tier.PUBLIC)


class Seals:
    """Checker of cookie signatures, which rejects invented cookies without a database query."""

    def __init__(self) -> None:
        self._key: bytes | None = None

    async def holds(self, database: Database, cookie: str) -> bool:
        """Return whether a cookie has a valid signature, even if its session has ended.

        Raises
        ------
        DatabaseUnavailableError
            The signing key is not cached yet and cannot be read.
        """
        if self._key is None:
            async with database.session(Tier.WRITER) as session:
                self._key = await signing_key(session, COOKIES)
        return is_sealed(self._key, cookie)


async def find_asker(request: Request) -> Asker:
    """Return the identity of the client, which is looked up once per request.

    Raises
    ------
    TokenAtConsoleError
        The request is to the console and has an Authorization header.
    UnauthorizedError
        The Authorization header is not a bearer token.
    InvalidTokenError
        The token is invalid or has none of the scopes for reading.
    """
    known: Asker | None = getattr(request.state, "asker", None)
    if known is None:
        known = await _look_up(request)
        request.state.asker = known
    return known


async def _look_up(request: Request) -> Asker:
    if is_below(routed_path(request.scope), CONSOLE):
        return await _by_cookie(request)
    return await _by_token(request) if "authorization" in request.headers else ANYBODY


async def _by_token(request: Request) -> Asker:
    database: Database = request.state.database
    async with database.session(Tier.WRITER) as session:
        grant = await granted(request, session, READING_SCOPES)
        if grant.scope != "edit" or grant.person_id is None:
            return Asker(Tier.PARTNER)
        actor = await people.load_actor(session, grant.person_id, means=Means.PROGRAM)
        return Asker(Tier.PARTNER, actor)


async def _by_cookie(request: Request) -> Asker:
    if "authorization" in request.headers:
        raise TokenAtConsoleError  # `ConsoleAlone` refuses it too, to save reading a body
    secret = request.cookies.get(COOKIE)
    if secret is None:
        return ANYBODY
    database: Database = request.state.database
    seals: Seals = request.state.seals
    if not await seals.holds(database, secret):
        return ANYBODY
    settings: Settings = request.state.settings
    idle = timedelta(minutes=settings.session_idle_minutes)
    try:
        async with database.session(Tier.WRITER) as session:
            signed_in = await sign_in.read_session(
                session, secret, idle=idle, is_factor_required=settings.is_factor_required
            )
    except InvalidTokenError:
        return ANYBODY  # the session has ended; the client is asked to sign in again
    if isinstance(signed_in, HalfSignedIn):
        return Asker(Tier.PUBLIC, None, secret, signed_in)
    return Asker(Tier.PARTNER, signed_in.actor, secret)


async def granted(request: Request, session: AsyncSession, scopes: Sequence[str]) -> Grant:
    """Check the request's token and return its grant: the scope, and the person if it names one.

    ``session`` has to be a writer session.

    A valid token is marked in the request's state, so that the rate limit does not count the
    request as refused.

    Raises
    ------
    UnauthorizedError
        The Authorization header is not a bearer token.
    InvalidTokenError
        The token is invalid or has none of the scopes.
    """
    grant = await tokens.check_token(session, bearer_secret(request), scope=scopes)
    setattr(request.state, IS_GRANTED, True)
    return grant


async def may_write(scope: Scope) -> bool:
    """Return whether a request has a session or token that permits any kind of change.

    Raises
    ------
    DatabaseUnavailableError
        The credential cannot be looked up.
    """
    request = Request(scope)
    try:
        if scope["path"] == COUNTS:
            database: Database = request.state.database
            async with database.session(Tier.WRITER) as session:
                await granted(request, session, COUNTING_SCOPES)
            return True
        return (await find_asker(request)).actor is not None
    except (UnauthorizedError, InvalidTokenError, TokenAtConsoleError):
        return False


def bearer_secret(request: Request) -> str:
    """Return the bearer token of the Authorization header.

    Raises
    ------
    UnauthorizedError
        The header is missing or has another scheme.
    """
    stated = request.headers.get("authorization", "")
    if stated[: len(_SCHEME)].lower() != _SCHEME:
        raise UnauthorizedError
    return stated[len(_SCHEME) :].strip()


async def require_actor(request: Request) -> Actor:
    """Return the person whom a request's session or token identifies.

    Raises
    ------
    SignInNeededError
        Nobody is signed in to the console; the handler of the error redirects to the sign-in.
    UnauthorizedError
        Outside the console, no token identifies a person.
    InvalidTokenError
        The token is invalid or has none of the scopes for reading.
    """
    asker = await find_asker(request)
    if asker.actor is not None:
        return asker.actor
    if is_below(routed_path(request.scope), CONSOLE):
        raise SignInNeededError(_sign_in_location(request))
    raise UnauthorizedError


def _sign_in_location(request: Request) -> str:
    # A redirect after the sign-in cannot repeat a POST, so a form sent after the end of the session
    # leads to the console's start page.
    came_from = routed_path(request.scope) if request.method in {"GET", "HEAD"} else CONSOLE
    return f"{SIGN_IN}?next={quote(came_from, safe='/')}"


def safe_next(stated: str | None) -> str:
    """Return the path to go to after the sign-in: the stated path if below `CONSOLE`.

    For any other path return `CONSOLE`, so that a forged link cannot lead to another site.
    """
    if stated is None:
        return CONSOLE
    path = stated.partition("?")[0].partition("#")[0]
    plain = all(c.isascii() and c.isprintable() and c not in '\\ "<>' for c in stated)
    is_inside = is_below(path, CONSOLE) and ".." not in path and "//" not in path
    if not plain or not is_inside or is_below(path, SIGN_IN):
        return CONSOLE
    return stated


def set_cookie(
    response: Response,
    request: Request,
    name: str,
    value: str,
    max_age_s: int,
    *,
    path: str = CONSOLE,
) -> None:
    """Set a cookie with HttpOnly and SameSite=Lax, and with Secure under https."""
    response.set_cookie(
        name,
        value,
        max_age=max_age_s,
        path=path,
        secure=_is_encrypted(request),
        httponly=True,
        samesite="lax",
    )


def drop_cookie(response: Response, request: Request, name: str) -> None:
    """Delete a cookie that was set by `set_cookie`."""
    response.delete_cookie(
        name, path=CONSOLE, secure=_is_encrypted(request), httponly=True, samesite="lax"
    )


def _is_encrypted(request: Request) -> bool:
    settings: Settings = request.state.settings
    public = settings.public_url
    return request.url.scheme == "https" or (public is not None and public.scheme == "https")
