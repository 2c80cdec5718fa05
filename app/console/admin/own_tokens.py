"""``/network/tokens``: the user's own access tokens, for programs that act in the user's name.

Nobody can issue a token in another person's name: one person could then play both people that a
change needs (P40).
"""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.forms import Form, FormDep
from app.access.identity import CONSOLE
from app.console.admin.people import TOKEN_DAYS, ShownSecret, life_and_holder
from app.console.forms.inputs import error_texts
from app.console.forms.layout import Desk, DeskDep, RecordId, see
from geo.accounts import tokens
from geo.accounts.tokens import LONGEST_DAYS
from geo.errors import InvalidRecordError

router = APIRouter(include_in_schema=False)

OWN_TOKENS = f"{CONSOLE}/tokens"


@router.get(OWN_TOKENS)
async def own_tokens_page(
    desk: DeskDep, done: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """Show one's own tokens, never their secrets."""
    return await _page(desk, done=done)


@router.post(OWN_TOKENS)
async def issue(desk: DeskDep, form: FormDep) -> Response:
    """Make a token that edits in the name of who is signed in, and show it this once."""
    try:
        async with desk.session.begin_nested():
            days, holder = life_and_holder(form)
            _, secret = await tokens.issue_token(
                desk.session,
                scope="edit",
                holder=holder,
                expires_at=desk.now + timedelta(days=days),
                person_id=desk.actor.id,
                by=desk.actor.id,
            )
    except InvalidRecordError as error:
        return await _page(desk, problems=error_texts(desk.words, error.problems), typed=form)
    return await _page(desk, shown=ShownSecret("token", secret, holder))


@router.post(f"{OWN_TOKENS}/{{token}}/revoke")
async def revoke(desk: DeskDep, token: RecordId, _form: FormDep) -> Response:
    """End one of one's own tokens at once."""
    person_id = desk.actor.id
    await tokens.revoke_token(desk.session, token, by=person_id, person_id=person_id)
    return see(f"{OWN_TOKENS}?done=revoked")


async def _page(
    desk: Desk,
    *,
    problems: dict[str, str] | None = None,
    typed: Form | None = None,
    done: str = "",
    shown: ShownSecret | None = None,
) -> Response:
    return desk.page(
        "own_tokens",
        status=400 if problems else 200,
        tokens=await tokens.list_tokens(desk.session, person_id=desk.actor.id),
        days=TOKEN_DAYS,
        longest=LONGEST_DAYS,
        now=desk.now,
        problems=problems or {},
        typed=typed or {},
        done=done,
        shown=shown,
    )
