"""``/network/sign-in``, ``/network/invitation``: how people get in and out of the console.

Answers are the same, and take as long, whether an e-mail address is known or not.
"""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from starlette.responses import HTMLResponse, RedirectResponse

from app import oidc
from app.askers import (
    CONSOLE,
    COOKIE,
    SIGN_IN,
    drop_cookie,
    find_asker,
    safe_next,
    set_cookie,
)
from app.deps import BaseUrlDep, SettingsDep
from app.forms import FORM_COOKIE, AnonymousFormDep, Form, FormDep, anonymous_token, keep_anonymous
from app.limits import Limits, PostLimit
from app.problems import problem_responses
from app.settings import Settings
from app.web.i18n import marked, negotiate
from app.web.page import render_network
from geo import passwords, sign_in
from geo.db import Database, Tier
from geo.errors import InvalidRecordError, LinkError, NotFoundError

router = APIRouter(include_in_schema=False)

INVITATION = f"{CONSOLE}/invitation/{{token}}"
CALLBACK = f"{SIGN_IN}/oidc/callback"

WRONG = marked("El correo o la contraseña no son correctos.")
NO_ACCOUNT = marked("Para esa identidad no hay una cuenta. Pídala a quien administra la red.")
NOT_DONE = marked("El proveedor no completó la entrada. Pruebe de nuevo.")
INVALID_LINK = marked("El enlace ya se usó o venció. Pida otro a quien administra la red.")
TOO_SHORT = marked("La contraseña necesita al menos 12 caracteres.")
TOO_COMMON = marked("Esa contraseña es de las primeras que se adivinan. Elija otra.")
UNEQUAL = marked("Las dos contraseñas no son iguales.")


class Place(BaseModel):
    """Where to go after signing in, and the language of the page."""

    next: str | None = None
    lang: str | None = None


class Language(BaseModel):
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
async def sign_in_page(request: Request, asked: Annotated[Place, Query()]) -> Response:
    """Show the form; who is signed in already goes on."""
    asker = await find_asker(request)
    if asker.actor is not None:
        return _see(safe_next(asked.next))
    return _sign_in_page(request, safe_next(asked.next))


@router.post(SIGN_IN, responses=problem_responses(400, 403, 415, 429, 503))
async def sign_in_by_password(
    request: Request, settings: SettingsDep, _limit: PostLimit, form: AnonymousFormDep
) -> Response:
    """Sign in by e-mail address and password."""
    email, password = form.get("email", ""), form.get("password", "")
    goes_on = safe_next(form.get("next"))
    limits: Limits = request.state.limits
    limits.hit("email", email.strip().lower())
    database: Database = request.state.database
    async with database.session(Tier.WRITER) as session:
        known = await sign_in.read_credentials(session, email)
    # Between the sessions: a connection is not held while a password is tried.
    is_right = await passwords.verify_password(known.password_hash, password)
    if not is_right or known.person_id is None or known.password_hash is None:
        return _sign_in_page(request, goes_on, problem=WRONG, email=email, status=401)
    if passwords.needs_rehash(known.password_hash):
        hashed = await passwords.hash_password(password)
        async with database.session(Tier.WRITER) as session:
            await sign_in.store_password(session, known.person_id, hashed)
    return await _signed_in(request, settings, known.person_id, goes_on)


@router.post(f"{CONSOLE}/sign-out", responses=problem_responses(400, 403, 415, 503))
async def sign_out(request: Request, _form: FormDep) -> Response:
    """End the browser's session."""
    await _end_session(request)
    response = _see(SIGN_IN)
    drop_cookie(response, request, COOKIE)
    return response


@router.get(INVITATION, responses=problem_responses(400, 503))
async def invitation_page(
    request: Request,
    token: str,
    asked: Annotated[Language, Query()],  # noqa: ARG001 -- read by the page
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
    request: Request, token: str, settings: SettingsDep, _limit: PostLimit, form: AnonymousFormDep
) -> Response:
    """Set the password, once, and sign in."""
    database: Database = request.state.database
    try:
        async with database.session(Tier.WRITER) as session:
            invited = await sign_in.read_invitation(session, token)
        problem = _password_problem(form, invited.email)
        if problem is not None:
            return _password_page(request, invited, problem=problem)
        hashed = await passwords.hash_password(form["password"])
        async with database.session(Tier.WRITER) as session:
            person_id = await sign_in.accept_invitation(session, token, hashed)
    except LinkError:
        return _sign_in_page(request, CONSOLE, problem=INVALID_LINK, status=410)
    return await _signed_in(request, settings, person_id, CONSOLE)


@router.get(f"{SIGN_IN}/oidc", responses=problem_responses(400, 404, 503))
async def sign_in_elsewhere(
    request: Request, base: BaseUrlDep, asked: Annotated[Place, Query()]
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
    settings: SettingsDep,
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
        response = await _signed_in(request, settings, person_id, safe_next(goes_on))
    drop_cookie(response, request, oidc.COOKIE)
    return response


def _provider(request: Request) -> oidc.Provider:
    provider: oidc.Provider | None = request.state.provider
    if provider is None:
        msg = "no identity provider is set"
        raise NotFoundError(msg)
    return provider


async def _signed_in(
    request: Request, settings: Settings, person_id: str, goes_on: str
) -> Response:
    """Start a session under a new secret, whatever the browser brought, and go on."""
    database: Database = request.state.database
    await _end_session(request)
    lifetime = timedelta(minutes=settings.session_minutes)
    async with database.session(Tier.WRITER) as session:
        secret = await sign_in.start_session(session, person_id, lifetime=lifetime)
    response = _see(goes_on)
    set_cookie(response, request, COOKIE, secret, round(lifetime.total_seconds()))
    drop_cookie(response, request, FORM_COOKIE)
    return response


async def _end_session(request: Request) -> None:
    brought = request.cookies.get(COOKIE)
    if brought is not None:
        database: Database = request.state.database
        async with database.session(Tier.WRITER) as session:
            await sign_in.end_session(session, brought)


def _password_problem(form: Form, email: str) -> str | None:
    password = form.get("password", "")
    if len(password) < passwords.SHORTEST:
        return TOO_SHORT
    if password != form.get("again", ""):
        return UNEQUAL
    try:
        passwords.check_password(password, email=email)
    except InvalidRecordError:
        return TOO_COMMON
    return None


def _sign_in_page(
    request: Request,
    goes_on: str,
    *,
    problem: str | None = None,
    email: str = "",
    status: int = 200,
) -> Response:
    values = {"next": goes_on, "problem": problem, "email": email[:320]}
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
    """Return a page with a form for somebody who is not signed in."""
    csrf, secret = anonymous_token(request)
    lang = negotiate(request.query_params.get("lang"), request.headers.get("accept-language"))
    body = render_network(name, lang, actor=None, csrf=csrf, **values)
    response = HTMLResponse(body, status_code=status)
    keep_anonymous(response, request, secret)
    return response


def _see(location: str) -> Response:
    return RedirectResponse(location, status_code=303)
