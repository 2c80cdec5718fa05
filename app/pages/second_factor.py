"""``/network/sign-in/code``, ``…/factor``: second step of the sign-in, after the password.

People who decide or hide records enter a code here, or set up an authenticator app. The pages are
open only to half sign-ins: sessions that have passed the password and nothing else. A new session
begins after the second step.
"""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, RedirectResponse

from app.access.dependencies import ClockDep
from app.access.forms import HalfFormDep
from app.access.identity import COOKIE, SIGN_IN, drop_cookie, find_asker, safe_next
from app.access.second_factor_qr import offered, spelt
from app.access.sign_in import (
    CODE,
    FACTOR,
    end_session,
    give_cookies,
    has_room,
    own_device,
    shown_device,
    signed_in,
    started,
)
from app.access.sign_in_text import WAIT, WRONG_CODE
from app.exceptions import SignInNeededError
from app.http.problems import problem_responses
from app.i18n.translation import negotiate
from app.page_models.renderer import render_network
from app.pages.account import SignInQuery
from geo.accounts import second_factor
from geo.accounts.second_factor import CodeVerdict
from geo.accounts.sign_in import HalfSignedIn
from geo.db.sessions import Database, Tier

router = APIRouter(include_in_schema=False)


@router.get(CODE, responses=problem_responses(400, 503))
async def code_page(request: Request, asked: Annotated[SignInQuery, Query()]) -> Response:
    """Ask for a code of the app, or on paper."""
    goes_on = safe_next(asked.next)
    half = (await find_asker(request)).half
    if half is None:
        return _see(SIGN_IN, goes_on)
    if not half.has_factor:
        return _see(FACTOR, goes_on)
    return await _page(request, "sign_in_code", goes_on)


@router.post(CODE, responses=problem_responses(400, 403, 415, 503))
async def write_code(request: Request, clock: ClockDep, form: HalfFormDep) -> Response:
    """Sign in by a one-time code and redirect to the page that was asked for; or cancel."""
    goes_on = safe_next(form.get("next"))
    if form.get("do") == "cancel":
        return await _begin_anew(request)
    half = await _half(request)
    device = await shown_device(request)
    own = own_device(device, half.person_id)
    # Do not count the attempts of a known device against the limit that all devices share, nor
    # apply that limit: otherwise somebody who knows the password could lock the owner out.
    is_counted = own is None or not has_room(request.state.limits, own)
    database: Database = request.state.database
    async with database.session(Tier.WRITER) as session:
        verdict = await second_factor.check(
            session, half.person_id, form.get("code", ""), now=clock(), is_counted=is_counted
        )
    if not verdict.opens:
        problem, status = (WAIT, 429) if verdict is CodeVerdict.WAIT else (WRONG_CODE, 401)
        return await _page(request, "sign_in_code", goes_on, problem=problem, status=status)
    return await signed_in(
        request,
        half.person_id,
        goes_on,
        device=device,
        has_shown_factor=True,
        trusts="remember" in form,
    )


@router.get(FACTOR, responses=problem_responses(400, 503))
async def factor_page(request: Request, asked: Annotated[SignInQuery, Query()]) -> Response:
    """Show the picture that an authenticator app reads."""
    goes_on = safe_next(asked.next)
    half = (await find_asker(request)).half
    if half is None or half.has_factor:
        return _see(SIGN_IN if half is None else CODE, goes_on)
    return await _factor_page(request, half, goes_on)


@router.post(FACTOR, responses=problem_responses(400, 403, 415, 503))
async def set_up_factor(request: Request, clock: ClockDep, form: HalfFormDep) -> Response:
    """Take the app when a code of it has come, and show the codes on paper this once."""
    goes_on = safe_next(form.get("next"))
    if form.get("do") == "cancel":
        return await _begin_anew(request)
    half = await _half(request)
    if half.has_factor:
        # Another session has set up a factor meanwhile; a password alone never replaces a factor.
        return _see(CODE, goes_on)
    device, database = await shown_device(request), request.state.database
    async with database.session(Tier.WRITER) as session:
        shown = await _offered_secret(request, session)
        codes = await second_factor.set_up(
            session, half.person_id, shown, form.get("code", ""), now=clock()
        )
        if codes is not None:
            begun = await started(
                request,
                session,
                half.person_id,
                device=device,
                has_shown_factor=True,
                trusts="remember" in form,
            )
    if codes is None:
        return await _factor_page(request, half, goes_on, problem=WRONG_CODE)
    page = await _page(request, "recovery_codes", goes_on, codes=codes)
    give_cookies(page, request, begun)
    return page


async def _offered_secret(request: Request, session: AsyncSession) -> str:
    secret = (await find_asker(request)).secret
    return await second_factor.offered_secret(session, secret or "")


async def _factor_page(
    request: Request, half: HalfSignedIn, goes_on: str, *, problem: str | None = None
) -> Response:
    database: Database = request.state.database
    async with database.session(Tier.WRITER) as session:
        shown = await _offered_secret(request, session)
    status = 200 if problem is None else 400
    values = {"picture": offered(shown, half.email), "secret": spelt(shown)}
    return await _page(request, "sign_in_factor", goes_on, problem=problem, status=status, **values)


async def _page(
    request: Request,
    name: str,
    goes_on: str,
    /,
    *,
    problem: str | None = None,
    status: int = 200,
    **values: object,
) -> Response:
    lang = negotiate(request.query_params.get("lang"), request.headers.get("accept-language"))
    csrf = (await find_asker(request)).csrf
    days = request.state.settings.trusted_device_days
    given = {"problem": problem, "next": goes_on, "days": days, **values}
    body = render_network(name, lang, actor=None, csrf=csrf, **given)
    return HTMLResponse(body, status_code=status)


async def _half(request: Request) -> HalfSignedIn:
    half = (await find_asker(request)).half
    if half is None:
        raise SignInNeededError(SIGN_IN)
    return half


async def _begin_anew(request: Request) -> Response:
    await end_session(request)
    response = RedirectResponse(SIGN_IN, status_code=303)
    drop_cookie(response, request, COOKIE)
    return response


def _see(location: str, goes_on: str) -> Response:
    return RedirectResponse(f"{location}?{urlencode({'next': goes_on})}", status_code=303)
