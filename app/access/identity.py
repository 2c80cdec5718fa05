"""Who asks: by an access token in the header, or by the console's cookie under ``/network``.

Neither opens what the other does (P50): the console takes its cookie alone, and refuses a request
that shows a token as well; everywhere else the cookie is not looked at.

A credential that does not hold is refused, never silently taken for the public: a partner whose
token has expired must not believe that what the public sees is all there is.
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

#: The part of the addresses where people work on records, and where the cookie is sent.
CONSOLE = "/network"
SIGN_IN = f"{CONSOLE}/sign-in"

COOKIE = "amparo_session"

#: Scopes that open the partner tier of the published API; the staff tier is for named people on
#: the pages and endpoints of editors alone (P1).
READING_SCOPES = ("partner", "edit")

#: Where counts of people are sent, and what opens it.
COUNTS = "/movement"
COUNTING_SCOPES = ("movement",)

_SCHEME = "bearer "


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and what they may see of the published API.

    Parameters
    ----------
    tier
        PUBLIC without a credential, else PARTNER.
    actor
        The person, where there is one: of a web sign-in, or of a token of scope ``edit``.
    secret
        Of the web sign-in's cookie; forms are signed with it.
    half
        Whose sign-in waits for its second factor: nobody's yet, and there is no actor.
    """

    tier: Tier
    actor: Actor | None = None
    secret: str | None = None
    half: HalfSignedIn | None = None

    @property
    def csrf(self) -> str:
        """What a form of this sign-in carries in its field ``csrf``; new at every reading."""
        return form_token(self.secret) if self.secret is not None else ""


ANYBODY = Asker(Tier.PUBLIC)


class Seals:
    """Tells cookies that a sign-in here has given out from invented ones, without a look-up."""

    def __init__(self) -> None:
        self._key: bytes | None = None

    async def holds(self, database: Database, cookie: str) -> bool:
        """Tell whether a cookie carries our seal; whether its session still lives, it does not say.

        Raises
        ------
        DatabaseUnavailableError
            The key was not read yet, and cannot be.
        """
        if self._key is None:
            async with database.session(Tier.WRITER) as session:
                self._key = await signing_key(session, COOKIES)
        return is_sealed(self._key, cookie)


async def find_asker(request: Request) -> Asker:
    """Return who asks, looked up once a request.

    Raises
    ------
    TokenAtConsoleError
        It is a page of the console, and there is an Authorization header.
    UnauthorizedError
        The Authorization header is not a bearer token.
    InvalidTokenError
        The token opens nothing here.
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
        raise TokenAtConsoleError  # `ConsoleAlone` has refused it before; this is where it counts
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
        return ANYBODY  # a sign-in that is over leads to a new one
    if isinstance(signed_in, HalfSignedIn):
        return Asker(Tier.PUBLIC, None, secret, signed_in)
    return Asker(Tier.PARTNER, signed_in.actor, secret)


async def granted(request: Request, session: AsyncSession, scopes: Sequence[str]) -> Grant:
    """Return what the request's token opens (writer), and remember that it is a real one.

    Raises
    ------
    UnauthorizedError
        The Authorization header is not a bearer token.
    InvalidTokenError
        The token opens nothing here.
    """
    grant = await tokens.check_token(session, bearer_secret(request), scope=scopes)
    setattr(request.state, IS_GRANTED, True)
    return grant


async def may_write(scope: Scope) -> bool:
    """Return whether a request shows a sign-in or token that opens a change of something.

    Raises
    ------
    DatabaseUnavailableError
        It cannot be looked up.
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
    """Return the secret of the Authorization header.

    Raises
    ------
    UnauthorizedError
        There is none, or of another scheme.
    """
    stated = request.headers.get("authorization", "")
    if stated[: len(_SCHEME)].lower() != _SCHEME:
        raise UnauthorizedError
    return stated[len(_SCHEME) :].strip()


async def require_actor(request: Request) -> Actor:
    """Return the person who asks.

    Raises
    ------
    SignInNeededError
        Nobody, on a page of the console; leads to the sign-in.
    UnauthorizedError
        Nobody, elsewhere.
    InvalidTokenError
        The token opens nothing here.
    """
    asker = await find_asker(request)
    if asker.actor is not None:
        return asker.actor
    if is_below(routed_path(request.scope), CONSOLE):
        raise SignInNeededError(_sign_in_location(request))
    raise UnauthorizedError


def _sign_in_location(request: Request) -> str:
    # A form that was sent too late cannot be sent again by a link.
    came_from = routed_path(request.scope) if request.method in {"GET", "HEAD"} else CONSOLE
    return f"{SIGN_IN}?next={quote(came_from, safe='/')}"


def safe_next(stated: str | None) -> str:
    """Return where to go after signing in: a path of the console, whatever was asked for."""
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
    """Set a cookie that scripts cannot read and other sites cannot send along."""
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
    """Delete a cookie of `set_cookie`."""
    response.delete_cookie(
        name, path=CONSOLE, secure=_is_encrypted(request), httponly=True, samesite="lax"
    )


def _is_encrypted(request: Request) -> bool:
    settings: Settings = request.state.settings
    public = settings.public_url
    return request.url.scheme == "https" or (public is not None and public.scheme == "https")
