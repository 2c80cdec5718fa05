"""``/network/people``: accounts and tokens of programs, for administrators.

URLs name people by id, never by e-mail address. A link or token is shown once, in the response to
the form that created it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app.access.dependencies import BaseUrlDep
from app.access.forms import Form, FormDep
from app.access.identity import CONSOLE
from app.console.forms.inputs import chosen_in, error_texts, text_in, whole_in
from app.console.forms.layout import Desk, DeskDep, RecordId, see
from app.console.forms.roles import get_administrator, role_names
from app.console.tables.queries import PeopleQuery
from app.console.tables.view import table_view
from app.console.tables.work_tables import PEOPLE_TABLE
from geo.accounts import people, second_factor, sign_in, tokens
from geo.accounts.people import Member
from geo.accounts.sign_in import INVITATION_LIFE
from geo.accounts.tokens import LONGEST_DAYS
from geo.errors import ConflictError, InvalidRecordError, NotFoundError
from geo.reasons import CodedReason
from geo.text.countries import BOXES
from geo.translations import reviewers
from geo.translations.reviewers import REVIEWED_LANGUAGES

router = APIRouter(include_in_schema=False, dependencies=[Depends(get_administrator)])

PEOPLE = f"{CONSOLE}/people"
TOKENS = f"{PEOPLE}/tokens"
PERSON = f"{PEOPLE}/{{person}}"

#: Token scopes that an administrator grants. Tokens in a person's name are issued by that person
#: (`app.console.admin.own_tokens`).
GIVEN_SCOPES = ("movement", "partner")

#: Query without filters, with which the table is shown again after a form of its page was sent.
_ALL = PeopleQuery()

#: Default lifetime of a token in days, a quarter of a year; the longest is `LONGEST_DAYS`.
TOKEN_DAYS = 90


@dataclass(frozen=True)
class ShownSecret:
    """A new token or link, shown in one response only; ``whose`` names its holder."""

    kind: str
    secret: str
    whose: str


@router.get(PEOPLE)
async def people_page(desk: DeskDep, asked: Annotated[PeopleQuery, Query()]) -> Response:
    """Show everybody, and the form that adds somebody."""
    return await _people_page(desk, asked, done=asked.done)


@router.post(PEOPLE)
async def add(desk: DeskDep, base: BaseUrlDep, form: FormDep) -> Response:
    """Add a person and show the link by which they choose a password."""
    session, actor = desk.session, desk.actor
    try:
        async with session.begin_nested():
            person_id = await people.add_person(
                session,
                email=form.get("email", ""),
                name=form.get("name", ""),
                role=form.get("role", ""),
                organization_id=text_in(form, "organization"),
                countries=chosen_in(form, "countries"),
                language=form.get("language", ""),
                by=actor.id,
            )
            secret = await sign_in.invite(session, person_id, by=actor.id)
    except InvalidRecordError as error:
        return await _people_page(
            desk, problems=error_texts(desk.words, error.problems), typed=form
        )
    except ConflictError:
        problems = error_texts(desk.words, [("email", CodedReason("there_already"))])
        return await _people_page(desk, problems=problems, typed=form, status=409)
    return await _person_page(
        desk, person_id, shown=_invitation(base, secret, form.get("name", ""))
    )


@router.post(f"{PEOPLE}/organizations")
async def add_organization(desk: DeskDep, form: FormDep) -> Response:
    """Add an organisation that people can belong to."""
    try:
        async with desk.session.begin_nested():
            await people.add_organization(desk.session, form.get("organization_name", ""))
    except InvalidRecordError as error:
        problems = error_texts(
            desk.words, [("organization_name", why) for _, why in error.problems]
        )
        return await _people_page(desk, problems=problems, typed=form)
    return see(f"{PEOPLE}?done=organization#add-title")


@router.get(TOKENS)
async def tokens_page(desk: DeskDep, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """Show the access tokens, never their secrets."""
    return await _tokens_page(desk, done=done)


@router.post(TOKENS)
async def issue(desk: DeskDep, form: FormDep) -> Response:
    """Make a token and show it this once."""
    try:
        async with desk.session.begin_nested():
            days, holder = life_and_holder(form)
            scope = _given_scope(form)
            _, secret = await tokens.issue_token(
                desk.session,
                scope=scope,
                holder=holder,
                expires_at=desk.now + timedelta(days=days),
                by=desk.actor.id,
            )
    except InvalidRecordError as error:
        return await _tokens_page(
            desk, problems=error_texts(desk.words, error.problems), typed=form
        )
    return await _tokens_page(desk, shown=ShownSecret("token", secret, holder))


def _given_scope(form: Form) -> str:
    scope = form.get("scope", "")
    if scope not in GIVEN_SCOPES:
        raise InvalidRecordError([("scope", CodedReason("not_one_of", choices=GIVEN_SCOPES))])
    return scope


def life_and_holder(form: Form) -> tuple[int, str]:
    """Return the lifetime of a token in days, and the token's holder, as stated in a form.

    Raises
    ------
    InvalidRecordError
        If the days are out of range, or the holder is missing.
    """
    days, holder = whole_in(form, "days"), text_in(form, "holder")
    problems = [] if holder else [("holder", CodedReason("missing"))]
    if days is None or not 1 <= days <= LONGEST_DAYS:
        problems.append(("days", CodedReason("not_between", low=1, high=LONGEST_DAYS)))
    if days is None or holder is None or problems:
        raise InvalidRecordError(problems)
    return days, holder


@router.post(f"{TOKENS}/{{token}}/revoke")
async def revoke(desk: DeskDep, token: RecordId, _form: FormDep) -> Response:
    """End a token at once."""
    await tokens.revoke_token(desk.session, token, by=desk.actor.id)
    return see(f"{TOKENS}?done=revoked")


@router.get(PERSON)
async def person_page(
    desk: DeskDep, person: RecordId, done: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """Show one person and what they may do."""
    return await _person_page(desk, person, done=done)


@router.post(PERSON)
async def change(desk: DeskDep, base: BaseUrlDep, person: RecordId, form: FormDep) -> Response:
    """Give a person another role, a new link, shut them out or let them in again.

    Taking a second factor away needs two administrators (P52): the first one's wish waits.
    """
    found = await _member(desk, person)
    try:
        async with desk.session.begin_nested():
            secret = await _act(desk, found, form)
    except InvalidRecordError as error:
        problems = error_texts(desk.words, error.problems)
        return await _person_page(desk, person, problems=problems, typed=form)
    if secret is not None:
        return await _person_page(desk, person, shown=_invitation(base, secret, found.name))
    return see(f"{PEOPLE}/{person}?done=saved")


async def _act(desk: Desk, found: Member, form: Form) -> str | None:
    """Perform the action of the pressed button; return the secret of a new link, if any."""
    session, by = desk.session, desk.actor.id
    if found.id == by and form.get("do") in {"role", "disable", "reset", "languages"}:
        # Administrators cannot restrict their own account, because the last one could otherwise be
        # locked out.
        raise InvalidRecordError([("do", CodedReason("own_account"))])
    match form.get("do"):
        case "role":
            await people.change_role(
                session,
                found.id,
                role=form.get("role", ""),
                organization_id=text_in(form, "organization"),
                countries=chosen_in(form, "countries"),
                by=by,
            )
        case "disable":
            await people.deactivate(session, found.id, by=by)
        case "enable":
            await people.activate(session, found.id, by=by)
            return await sign_in.invite(session, found.id, by=by)
        case "invite":
            return await sign_in.invite(session, found.id, by=by)
        case "languages":
            await reviewers.grant_languages(
                session, desk.actor, found.id, chosen_in(form, "languages")
            )
        case "reset":
            await second_factor.ask_reset(session, found.id, by=by)
        case _:
            raise InvalidRecordError([("do", CodedReason("not_a_button"))])
    return None


async def _member(desk: Desk, person: str) -> Member:
    found = await people.find_person(desk.session, person)
    if found.id != person:
        # `find_person` also accepts an e-mail address, but a URL must not hold one.
        msg = "there is no such person"
        raise NotFoundError(msg)
    return found


def _invitation(base: str, secret: str, name: str) -> ShownSecret:
    return ShownSecret("invitation", f"{base}{CONSOLE}/invitation/{secret}", name)


async def _choices(desk: Desk) -> dict[str, object]:
    w = desk.words
    return {
        "roles": role_names(w),
        "organizations": await people.list_organizations(desk.session),
        "countries": sorted(((code, w.country(code)) for code in BOXES), key=lambda c: c[1]),
        "life_hours": int(INVITATION_LIFE.total_seconds()) // 3600,
    }


async def _people_page(
    desk: Desk,
    asked: PeopleQuery = _ALL,
    *,
    problems: dict[str, str] | None = None,
    typed: Form | None = None,
    done: str = "",
    status: int = 400,
) -> Response:
    return desk.page(
        "people",
        status=status if problems else 200,
        view=await table_view(desk, PEOPLE_TABLE, asked.stated()),
        problems=problems or {},
        typed=typed or {},
        ticked=chosen_in(typed, "countries") if typed is not None else [],
        done=done,
        **await _choices(desk),
    )


async def _person_page(
    desk: Desk,
    person: str,
    *,
    problems: dict[str, str] | None = None,
    typed: Form | None = None,
    done: str = "",
    shown: ShownSecret | None = None,
) -> Response:
    member = await _member(desk, person)
    return desk.page(
        "person",
        status=400 if problems else 200,
        member=member,
        held=await second_factor.standing(desk.session, member.id),
        reviewed=await reviewers.languages_of(desk.session, member.id),
        reviewed_languages=REVIEWED_LANGUAGES,
        reset=await second_factor.waiting_reset(desk.session, member.id),
        problems=problems or {},
        typed=typed or {},
        ticked=chosen_in(typed, "countries") if typed is not None else member.countries,
        done=done,
        shown=shown,
        **await _choices(desk),
    )


async def _tokens_page(
    desk: Desk,
    *,
    problems: dict[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    done: str = "",
    shown: ShownSecret | None = None,
) -> Response:
    return desk.page(
        "tokens",
        status=400 if problems else 200,
        tokens=await tokens.list_tokens(desk.session),
        scopes=GIVEN_SCOPES,
        days=TOKEN_DAYS,
        longest=LONGEST_DAYS,
        now=desk.now,
        problems=problems or {},
        typed=typed or {},
        done=done,
        shown=shown,
    )
