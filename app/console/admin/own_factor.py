"""``/network/factor``: the user's own second factor, recovery codes, and known browsers.

Every change on this page asks for a code of the current second factor, except setting up the first
app and forgetting browsers, which only removes access.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.access.csrf import form_token
from app.access.dependencies import SettingsDep
from app.access.forms import FormDep
from app.access.identity import CONSOLE
from app.access.second_factor_qr import offered, spelt
from app.access.sign_in import give_cookies, started
from app.access.sign_in_text import WAIT, WRONG_CODE
from app.console.forms.layout import Desk, DeskDep, see
from app.settings import Settings
from geo.accounts import people, second_factor
from geo.accounts.second_factor import CodeVerdict

router = APIRouter(include_in_schema=False)

OWN_FACTOR = f"{CONSOLE}/factor"


@router.get(OWN_FACTOR)
async def own_factor_page(
    desk: DeskDep, settings: SettingsDep, done: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """Show what one has of a second factor, and set up an app or another one."""
    return await _page(desk, settings, done=done)


@router.post(OWN_FACTOR)
async def change_own_factor(
    request: Request, desk: DeskDep, settings: SettingsDep, form: FormDep
) -> Response:
    """Set up an app, make new codes on paper, or forget the browsers that are known."""
    session, person_id, asked = desk.session, desk.actor.id, form.get("do")
    if asked == "forget":
        ended = await second_factor.end_devices_of(session, person_id)
        await second_factor.record_forgotten(session, person_id, ended)
        return see(f"{OWN_FACTOR}?done=forgotten")
    shown = await second_factor.offered_secret(session, desk.asker.secret or "")
    if asked != "codes" and not second_factor.fits(shown, form.get("code", ""), now=desk.now):
        return await _page(desk, settings, problem=WRONG_CODE)
    held = await second_factor.standing(session, person_id)
    if held.is_set:
        current = form.get("current", "")
        verdict = await second_factor.check(session, person_id, current, now=desk.now)
        if not verdict.opens:
            problem = WAIT if verdict is CodeVerdict.WAIT else WRONG_CODE
            return await _page(desk, settings, problem=problem)
        if asked == "codes":
            codes = await second_factor.renew_codes(session, person_id)
            return desk.page("recovery_codes", codes=codes, next=OWN_FACTOR)
    code = form.get("code", "")
    new_codes = await second_factor.set_up(
        session, person_id, shown, code, now=desk.now, replaces=held.is_set
    )
    if new_codes is None:  # Another session set up a factor at the same moment.
        return await _page(desk, settings, problem=WRONG_CODE)
    return await _go_on(request, desk, new_codes, trusts="remember" in form)


async def _go_on(request: Request, desk: Desk, codes: list[str], *, trusts: bool) -> Response:
    """Start a new session that shows the recovery codes; forget all browsers known until now."""
    session, person_id = desk.session, desk.actor.id
    await second_factor.end_devices_of(session, person_id)
    begun = await started(
        request,
        session,
        person_id,
        device=None,
        has_shown_factor=True,
        trusts=trusts,
    )
    page = desk.page("recovery_codes", codes=codes, next=OWN_FACTOR, csrf=form_token(begun.secret))
    give_cookies(page, request, begun)
    return page


async def _page(
    desk: Desk, settings: Settings, *, problem: str | None = None, done: str = ""
) -> Response:
    shown = await second_factor.offered_secret(desk.session, desk.asker.secret or "")
    member = await people.find_person(desk.session, desk.actor.id)
    return desk.page(
        "own_factor",
        status=400 if problem else 200,
        held=await second_factor.standing(desk.session, desk.actor.id),
        is_required=settings.is_factor_required and desk.actor.role in second_factor.REQUIRED_OF,
        picture=offered(shown, member.email),
        secret=spelt(shown),
        days=settings.trusted_device_days,
        problem=problem,
        done=done,
    )
