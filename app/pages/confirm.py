"""``/confirm/{token}``: an operator confirms one space by a link, without an account (P41).

The page sets no cookie, loads no third-party script and sends no referrer. GET has no effect,
because messengers fetch links for previews. A link accepts one answer and is invalid afterwards.
"""

import re
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException
from starlette.responses import HTMLResponse

from app.access.dependencies import ClockDep, WriterDep
from app.exceptions import InvalidParameterError, UnsupportedMediaTypeError
from app.http.problems import problem_responses
from app.http.rate_limits import PostLimit
from app.i18n.translation import negotiate
from app.page_models import confirm_page
from geo.confirmations import answers
from geo.confirmations.answers import Answer, ConfirmationQuestion
from geo.errors import ConflictError, InvalidRecordError, LinkError
from geo.hours.rrule import WEEKDAYS
from geo.reasons import CodedReason
from geo.text import coded_reasons

router = APIRouter(include_in_schema=False)

Token = Annotated[str, Path(description="What the link ends with.")]
Lang = Annotated[str | None, Query(description="Language of the page.")]

#: Upper limit of form fields: seven days and the other inputs, with room to spare.
_MOST_FIELDS = 20
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_LONGEST_NOTICE = 300


@router.get("/confirm/{token}", responses=problem_responses(503))
async def ask(
    token: Token, request: Request, session: WriterDep, clock: ClockDep, lang: Lang = None
) -> Response:
    """Show what is listed and the four answers."""
    language = _language(request, lang)
    try:
        asked = await answers.read_link(session, token, now=clock())
    except LinkError:
        return _html(confirm_page.render_invalid(language), 410)
    return _html(_question(asked, language))


@router.post("/confirm/{token}", responses=problem_responses(400, 413, 415, 429, 503))
async def answer(
    token: Token,
    request: Request,
    session: WriterDep,
    clock: ClockDep,
    _limit: PostLimit,
    lang: Lang = None,
) -> Response:
    """Take the answer, once."""
    language = _language(request, lang)
    form = await _read_form(request)
    said = str(form.get("answer", ""))
    if said not in get_args(Answer):
        raise InvalidParameterError("answer", f"is one of {', '.join(get_args(Answer))}")
    try:
        asked = await answers.read_link(session, token, now=clock())
        changes = _changes(form) if said == "changed" else None
        # The savepoint keeps the link unused if the answer cannot be stored.
        async with session.begin_nested():
            await answers.answer_link(
                session,
                token,
                said,  # type: ignore[arg-type]  # checked against `Answer` above
                now=clock(),
                changes=changes,
                listed=_field(form, "listed") or None,
            )
    except LinkError:
        return _html(confirm_page.render_invalid(language), 410)
    except InvalidRecordError:
        return _html(_question(asked, language, has_problem=True), 400)
    except ConflictError:
        return _html(_question(asked, language), 409)
    return _html(confirm_page.render_thanks(said, language))


def _question(asked: ConfirmationQuestion, language: str, *, has_problem: bool = False) -> str:
    return confirm_page.render_question(
        asked.name,
        asked.document,
        asked.expires_at.date(),
        language,
        listed=asked.listed,
        has_changed=asked.has_changed,
        has_problem=has_problem,
    )


async def _read_form(request: Request) -> FormData:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise UnsupportedMediaTypeError
    try:
        form = await request.form(max_fields=_MOST_FIELDS, max_files=0)
    except (MultiPartException, ValueError) as error:
        raise InvalidParameterError("body", "not a form of this page") from error
    if any("\x00" in str(value) for _, value in form.multi_items()):
        raise InvalidParameterError("body", "holds a null character")
    return form


def _changes(form: FormData) -> dict[str, Any]:
    """Return the changed fields of the space.

    Raises
    ------
    InvalidRecordError
        If hours come without days, or days without hours, or the notice is too long.
    """
    changes: dict[str, Any] = {}
    days = [code for code in WEEKDAYS if code in form.getlist("day")]
    opens_at, closes_at = _field(form, "opens_at"), _field(form, "closes_at")
    if days or opens_at or closes_at:
        if not days or not _CLOCK.fullmatch(opens_at) or not _CLOCK.fullmatch(closes_at):
            raise InvalidRecordError([("schedules", CodedReason("days_and_times"))])
        changes["schedules"] = [{"byday": days, "opens_at": opens_at, "closes_at": closes_at}]
    if phone := _field(form, "phone"):
        changes["public_phones"] = [phone]
    notice = _field(form, "notice")
    if said := coded_reasons.notice_of(_field(form, "because"), notice):
        if len(notice) > _LONGEST_NOTICE:
            raise InvalidRecordError([("notice", CodedReason("too_long", most=_LONGEST_NOTICE))])
        changes["notice"] = said
    return changes


def _field(form: FormData, name: str) -> str:
    return str(form.get(name, "")).strip()


def _language(request: Request, asked: str | None) -> str:
    return negotiate(asked, request.headers.get("accept-language"))


def _html(body: str, status_code: int = 200) -> HTMLResponse:
    return HTMLResponse(
        body,
        status_code=status_code,
        headers={
            "Cache-Control": "no-store",
            "Vary": "Accept-Language",
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex, nofollow, noarchive",
        },
    )
