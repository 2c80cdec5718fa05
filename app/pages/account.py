"""``/network/sign-in``, ``/network/invitation``: sign-in to and sign-out from the console.

Responses are the same, and take as long, whether or not an e-mail address is known.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, RedirectResponse

from app.access import oidc
from app.access.dependencies import BaseUrlDep, ClockDep
from app.access.forms import AnonymousFormDep, Form, FormDep, anonymous_token, keep_anonymous
from app.access.identity import (
    CONSOLE,
    COOKIE,
    SIGN_IN,
    drop_cookie,
    find_asker,
    safe_next,
    set_cookie,
)
from app.access.sign_in import (
    CODE,
    count_try,
    end_session,
    has_room,
    own_device,
    shown_device,
    signed_in,
    without_copies,
)
from app.access.sign_in_text import TOO_COMMON, TOO_MANY, TOO_SHORT, UNEQUAL, WRONG
from app.exceptions import TooManyRequestsError
from app.http.problems import problem_responses
from app.http.rate_limits import PostLimit, RateLimits
from app.i18n.translation import marked, negotiate
from app.page_models.renderer import render_network
from geo.accounts import passwords, second_factor, sign_in
from geo.accounts.known_devices import Device
from geo.accounts.people import folded_address
from geo.db.sessions import Database, Tier
from geo.errors import InvalidRecordError, LinkError, NotFoundError

router = APIRouter(include_in_schema=False)

INVITATION = f"{CONSOLE}/invitation/{{token}}"
CALLBACK = f"{SIGN_IN}/oidc/callback"

NO_ACCOUNT = marked("Para esa identidad no hay una cuenta. Pídala a quien administra la red.")
NOT_DONE = marked("El proveedor no completó la entrada. Pruebe de nuevo.")
INVALID_LINK = marked("El enlace ya se usó o venció. Pida otro a quien administra la red.")


class SignInQuery(BaseModel):
    """Where to go after signing in, and the language of the page."""

    next: str | None = None
    lang: str | None = None


class LanguageQuery(BaseModel):
    """The language of a page."""

    lang: str | None = None


class Return(BaseModel):
    """What providers send along with a return; only the first four are looked at."""

    code: str | None = None
    state: str | None = None
    iss: str | None = None
    error: str | None = None
    error_description: str | None = None
    error_uri: str | None = None
    scope: str | None = None
    session_state: str | None = None
    client_id: str | None = None
    authuser: str | None = None
    hd: str | None = None
    prompt: str | None = None


@router.get(SIGN_IN, responses=problem_responses(400, 503))
async def sign_in_page(request: Request, asked: Annotated[SignInQuery, Query()]) -> Response:
    """Show the form; who is signed in already goes on."""
    asker = await find_asker(request)
    if asker.actor is not None:
        return _see(safe_next(asked.next))
    if asker.half is not None:
        return _see(f"{CODE}?{urlencode({'next': safe_next(asked.next)})}")
    return _sign_in_page(request, safe_next(asked.next))


@router.post(SIGN_IN, responses=problem_responses(400, 403, 415, 429, 503))
async def sign_in_by_password(
    request: Request, clock: ClockDep, form: AnonymousFormDep
) -> Response:
    """Sign in by e-mail address and password, and by a code along with them where one is written.

    Whoever is not known waits where an address, or all at an account, have tried too often; a
    known device and a code that is right do not.
    """
    email, password = form.get("email", ""), form.get("password", "")
    goes_on = safe_next(form.get("next"))
    try:
        tried = await _tried(request, form, clock())
    except TooManyRequestsError as error:
        return _too_many_page(request, goes_on, email, error)
    known = tried.known
    # No database session is open here, so that no connection is held while a password is verified.
    is_right = await passwords.verify_password(
        known.password_hash, password, is_known_device=tried.is_known
    )
    if not is_right or known.person_id is None or known.password_hash is None:
        return _sign_in_page(request, goes_on, problem=WRONG, email=email, status=401)
    hashed = None
    if passwords.needs_rehash(known.password_hash):
        hashed = await passwords.hash_password(password)
    database: Database = request.state.database
    has_code = tried.has_code
    async with database.session(Tier.WRITER) as session:
        if hashed is not None:
            await sign_in.store_password(session, known.person_id, hashed)
        if has_code and not second_factor.is_digits(form["code"]):
            # A recovery code is used up only with the right password; an app's code is used up when
            # checked.
            verdict = await second_factor.check(session, known.person_id, form["code"], now=clock())
            has_code = verdict.opens
    device = await without_copies(request, tried.device, known.person_id)
    return await signed_in(
        request, known.person_id, goes_on, device=device, has_shown_factor=has_code
    )


@dataclass(frozen=True)
class _Tried:
    """A permitted sign-in attempt: the account and the device.

    Parameters
    ----------
    has_code
        Whether a correct second-factor code was sent with the password.
    is_known
        Whether the device is known for the account and is below its rate limit.
    """

    known: sign_in.Credentials
    device: Device | None
    has_code: bool = False
    is_known: bool = False


async def _tried(request: Request, form: Form, now: datetime) -> _Tried:
    """Count a sign-in attempt against the limits, unless a known device or a right code exempts it.

    Raises
    ------
    TooManyRequestsError
        If the address or the account has reached its limit.
    """
    email, code = form.get("email", ""), form.get("code", "").strip()
    device = await shown_device(request)
    if device is None and not code:
        count_try(request, email)  # refuses a flood before any database query (P55)
    database: Database = request.state.database
    async with database.session(Tier.WRITER) as session:
        known = await sign_in.read_credentials(session, email)
        has_code = bool(code) and await _is_code(request, session, known, form, now)
    if has_code or (device is None and not code):
        return _Tried(known, device, has_code)
    own = own_device(device, known.person_id)
    is_known = own is not None and has_room(request.state.limits, own)
    if not is_known:
        count_try(request, email)
    return _Tried(known, device, is_known=is_known)


async def _is_code(
    request: Request,
    session: AsyncSession,
    known: sign_in.Credentials,
    form: Form,
    now: datetime,
) -> bool:
    """Return whether the second-factor code sent with the password is correct.

    Six digits can be guessed, so attempts with six digits are limited to a few per hour.
    """
    code = form["code"]
    if not second_factor.is_digits(code):
        return await second_factor.is_recovery_code(session, known.person_id, code)
    limits: RateLimits = request.state.limits
    try:
        limits.hit("early-code", folded_address(form.get("email", "")))
    except TooManyRequestsError:
        return False
    verdict = await second_factor.check(session, known.person_id, code, now=now, is_counted=False)
    return verdict.opens


@router.post(f"{CONSOLE}/sign-out", responses=problem_responses(400, 403, 415, 503))
async def sign_out(request: Request, _form: FormDep) -> Response:
    """End the browser's session; who signs in here stays known."""
    await end_session(request)
    response = _see(SIGN_IN)
    drop_cookie(response, request, COOKIE)
    return response


@router.get(INVITATION, responses=problem_responses(400, 503))
async def invitation_page(
    request: Request,
    token: str,
    asked: Annotated[LanguageQuery, Query()],  # noqa: ARG001 -- the page reads it from the request
) -> Response:
    """Show the form in which a person sets a password; looking uses nothing up."""
    database: Database = request.state.database
    try:
        async with database.session(Tier.WRITER) as session:
            invited = await sign_in.read_invitation(session, token)
    except LinkError:
        return _sign_in_page(request, CONSOLE, problem=INVALID_LINK, status=410)
    return _password_page(request, invited)


@router.post(INVITATION, responses=problem_responses(400, 403, 415, 429, 503))
async def accept_invitation(
    request: Request, token: str, _limit: PostLimit, form: AnonymousFormDep
) -> Response:
    """Set the password, once, and sign in; a second factor that was set up is still asked for."""
    database: Database = request.state.database
    try:
        async with database.session(Tier.WRITER) as session:
            invited = await sign_in.read_invitation(session, token)
        problem = await _password_problem(form, invited)
        if problem is not None:
            return _password_page(request, invited, problem=problem)
        hashed = await passwords.hash_password(form["password"])
        async with database.session(Tier.WRITER) as session:
            person_id = await sign_in.accept_invitation(session, token, hashed)
    except LinkError:
        return _sign_in_page(request, CONSOLE, problem=INVALID_LINK, status=410)
    return await signed_in(request, person_id, CONSOLE, device=None)


@router.get(f"{SIGN_IN}/oidc", responses=problem_responses(400, 404, 503))
async def sign_in_elsewhere(
    request: Request, base: BaseUrlDep, asked: Annotated[SignInQuery, Query()]
) -> Response:
    """Lead to the identity provider."""
    goes_on = safe_next(asked.next)
    try:
        url, cookie = await _provider(request).begin(f"{base}{CALLBACK}", goes_on)
    except oidc.OidcError:
        return _sign_in_page(request, goes_on, problem=NOT_DONE, status=502)
    response = RedirectResponse(url, status_code=303)
    set_cookie(response, request, oidc.COOKIE, cookie, oidc.LIFE_S)
    return response


@router.get(CALLBACK, responses=problem_responses(400, 404, 429, 503))
async def return_from_elsewhere(
    request: Request,
    _limit: PostLimit,
    returned: Annotated[Return, Query()],
) -> Response:
    """Take back who signed in at the identity provider."""
    database: Database = request.state.database
    provider = _provider(request)
    try:
        identity, goes_on = await provider.complete(
            request.cookies.get(oidc.COOKIE),
            returned.model_dump(include={"code", "state", "iss", "error"}),
        )
        async with database.session(Tier.WRITER) as session:
            person_id = await sign_in.find_identity(
                session,
                issuer=identity.issuer,
                subject=identity.subject,
                email=identity.email,
                is_verified=identity.is_verified,
            )
    except oidc.OidcError:
        response = _sign_in_page(request, CONSOLE, problem=NOT_DONE, status=400)
    except NotFoundError:
        response = _sign_in_page(request, CONSOLE, problem=NO_ACCOUNT, status=403)
    else:
        device = await without_copies(request, await shown_device(request), person_id)
        response = await signed_in(
            request,
            person_id,
            safe_next(goes_on),
            device=device,
            has_shown_factor=identity.has_two_factors,
        )
    drop_cookie(response, request, oidc.COOKIE)
    return response


def _provider(request: Request) -> oidc.Provider:
    provider: oidc.Provider | None = request.state.provider
    if provider is None:
        msg = "no identity provider is set"
        raise NotFoundError(msg)
    return provider


async def _password_problem(form: Form, invited: sign_in.Invited) -> str | None:
    password = form.get("password", "")
    if len(password) < passwords.SHORTEST:
        return TOO_SHORT
    if password != form.get("again", ""):
        return UNEQUAL
    context = [invited.name, *filter(None, [invited.organization])]
    try:
        await passwords.refuse_guessable(password, email=invited.email, context=context)
    except InvalidRecordError:
        return TOO_COMMON
    return None


def _too_many_page(
    request: Request, goes_on: str, email: str, error: TooManyRequestsError
) -> Response:
    """Return the page for too many attempts; its form takes a second-factor code.

    A correct code exempts the next attempt from the limit.
    """
    response = _sign_in_page(request, goes_on, problem=TOO_MANY, email=email, status=429)
    response.headers.update(error.headers)
    return response


def _sign_in_page(
    request: Request,
    goes_on: str,
    *,
    problem: str | None = None,
    email: str = "",
    status: int = 200,
) -> Response:
    values: dict[str, object] = {"next": goes_on, "problem": problem, "email": email[:320]}
    values["asks_code"] = problem == TOO_MANY
    has_provider = request.state.provider is not None
    return _form_page(request, "sign_in", status, has_provider=has_provider, **values)


def _password_page(
    request: Request, invited: sign_in.Invited, *, problem: str | None = None
) -> Response:
    status = 200 if problem is None else 400
    return _form_page(
        request, "set_password", status, problem=problem, name=invited.name, email=invited.email
    )


def _form_page(request: Request, name: str, status: int, /, **values: object) -> Response:
    """Render a form page for people who are not signed in, with an anonymous CSRF token."""
    csrf, secret = anonymous_token(request)
    lang = negotiate(request.query_params.get("lang"), request.headers.get("accept-language"))
    body = render_network(name, lang, actor=None, csrf=csrf, **values)
    response = HTMLResponse(body, status_code=status)
    keep_anonymous(response, request, secret)
    return response


def _see(location: str) -> Response:
    return RedirectResponse(location, status_code=303)
