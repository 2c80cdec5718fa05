"""``/network/wording``: safety texts in other languages, published once two people agree (P47)."""

from collections.abc import Iterable
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy import select

from app.access.forms import Form, FormDep
from app.access.identity import CONSOLE
from app.console.forms.inputs import chosen_in
from app.console.forms.layout import Desk, DeskDep, RecordId, see
from app.console.forms.submitted import submitted
from app.console.wording import po_files
from app.console.wording.entries import (
    STATES,
    TextEntry,
    counts_of,
    entries_of,
    next_for,
    sms_septets,
)
from app.i18n.fonts_used import covered
from geo.accounts.permissions import can_coordinate
from geo.errors import ConflictError, InvalidRecordError, NotFoundError
from geo.models import Person
from geo.reasons import CodedReason
from geo.translations import review, reviewers
from geo.translations.reviewers import REVIEWED_LANGUAGES
from geo.translations.wording_checks import normal_wording

router = APIRouter(include_in_schema=False)

WORDING = f"{CONSOLE}/wording"
LANGUAGE = f"{WORDING}/{{language}}"
TEXT = f"{LANGUAGE}/{{digest}}"


async def get_language(language: RecordId) -> str:
    """Return the language of the path, in which texts are reviewed.

    Raises
    ------
    NotFoundError
        Texts are reviewed in no such language.
    """
    if language not in REVIEWED_LANGUAGES:
        msg = "texts are reviewed in no such language"
        raise NotFoundError(msg)
    return language


type ReviewedLanguage = Annotated[str, Depends(get_language)]
type Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
type Done = Annotated[str, Query(max_length=20)]


@router.get(WORDING)
async def start(desk: DeskDep, done: Done = "") -> Response:
    """Show how far each language is, and the languages that the person states."""
    return await _start_page(desk, done=done)


@router.post(WORDING)
async def state_languages(desk: DeskDep, form: FormDep) -> Response:
    """Store the languages that the person reads and writes; an administrator grants them."""

    async def work() -> Response:
        await reviewers.state_languages(desk.session, desk.actor, chosen_in(form, "languages"))
        return see(f"{WORDING}?done=saved")

    return await submitted(desk, work, partial(_start_page, desk))


@router.get(LANGUAGE)
async def texts_page(
    desk: DeskDep,
    language: ReviewedLanguage,
    state: Annotated[str, Query(max_length=20)] = "",
    done: Done = "",
) -> Response:
    """List the safety texts of a language, or those in one state."""
    return await _texts_page(desk, language, state=state, done=done)


@router.get(f"{LANGUAGE}/texts.po")
async def export(desk: DeskDep, language: ReviewedLanguage) -> Response:
    """Return the safety texts as a .po, with the translations that are published."""
    entries = entries_of(language, await review.wordings(desk.session, language))
    name = f"amparo-safety-{language}.po"
    return Response(
        po_files.po_file(language, entries.values()),
        media_type="text/x-gettext-translation; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.post(f"{LANGUAGE}/import")
async def bring(desk: DeskDep, language: ReviewedLanguage, form: FormDep) -> Response:
    """Propose the translations of a .po, with which nobody agrees yet."""

    async def work() -> Response:
        await reviewers.require_reviewer(desk.session, desk.actor, language)
        file = form.files.get("file")
        if file is None or not file.filename:
            raise InvalidRecordError([("file", CodedReason("missing"))])
        entries = entries_of(language, await review.wordings(desk.session, language))
        content = await file.read(po_files.MOST_BYTES + 1)
        texts = await to_thread.run_sync(po_files.texts_in_po, content, entries)
        _require_printable(texts.values(), "file")
        count = await review.import_proposals(desk.session, desk.actor, language, texts)
        return see(f"{WORDING}/{language}?state=proposed&done={count}")

    return await submitted(desk, work, partial(_texts_page, desk, language))


@router.get(TEXT)
async def text_page(
    desk: DeskDep, language: ReviewedLanguage, digest: Digest, done: Done = ""
) -> Response:
    """Show a text, where it stands, its wordings, and what the person can do."""
    return await _text_page(desk, language, digest, done=done)


@router.post(TEXT)
async def decide(
    desk: DeskDep, language: ReviewedLanguage, digest: Digest, form: FormDep
) -> Response:
    """Propose a wording, agree with one, take an agreement back, or withdraw a wording."""

    async def work() -> Response:
        await _act(desk, language, digest, form)
        return see(f"{WORDING}/{language}/{digest}?done=saved")

    return await submitted(desk, work, partial(_text_page, desk, language, digest, typed=form))


async def _act(desk: Desk, language: str, digest: str, form: Form) -> None:
    entry = await _entry(desk, language, digest)
    wording = form.get("wording", "")
    is_here = any(one.id == wording for one in entry.wordings)
    match form.get("do"):
        case "propose" if entry.text is not None:
            typed = normal_wording(form.get("translation", ""))
            _require_printable([typed], "translation")
            await review.propose(desk.session, desk.actor, language, entry.original, typed)
        case "approve" if is_here:
            originals = {entry.original} if entry.text is not None else frozenset[str]()
            await review.approve(desk.session, desk.actor, wording, originals)
        case "take_back" if is_here:
            await review.take_back(desk.session, desk.actor, wording)
        case "withdraw" if is_here:
            await review.withdraw(desk.session, desk.actor, wording)
        case "withdraw" if entry.in_catalogue is not None and not wording:
            await review.withdraw_released(
                desk.session, desk.actor, language, entry.original, entry.in_catalogue
            )
        case "approve" | "take_back" | "withdraw":
            msg = "the wording was replaced or withdrawn meanwhile: read it as it is now"
            raise ConflictError(msg)
        case _:
            raise InvalidRecordError([("do", CodedReason("not_a_button"))])


def _require_printable(texts: Iterable[str], field: str) -> None:
    """Refuse letters that the fonts of posters and sheets lack, which would print as boxes.

    Raises
    ------
    InvalidRecordError
        A text has such letters; the reason names them.
    """
    letters = {sign for text in texts for sign in text if covered(sign) not in {sign, "\u00a0"}}
    lacking = sorted(sign for sign in letters if not sign.isspace() and sign.isprintable())
    if lacking:
        raise InvalidRecordError([(field, CodedReason("not_printed", letters=lacking[:20]))])


async def _entry(desk: Desk, language: str, digest: str) -> TextEntry:
    entries = entries_of(language, await review.wordings(desk.session, language, digest))
    if digest not in entries:
        msg = "there is no such text"
        raise NotFoundError(msg)
    return entries[digest]


async def _start_page(
    desk: Desk, *, problems: dict[str, str] | None = None, done: str = ""
) -> Response:
    counts = {
        language: counts_of(entries_of(language, await review.wordings(desk.session, language)))
        for language in REVIEWED_LANGUAGES
    }
    return desk.page(
        "wording",
        status=400 if problems else 200,
        counts=counts,
        states=STATES,
        own=await reviewers.languages_of(desk.session, desk.actor.id),
        problems=problems or {},
        done=done,
    )


async def _texts_page(
    desk: Desk,
    language: str,
    *,
    state: str = "",
    problems: dict[str, str] | None = None,
    done: str = "",
) -> Response:
    entries = entries_of(language, await review.wordings(desk.session, language))
    own = await reviewers.languages_of(desk.session, desk.actor.id)
    return desk.page(
        "wording_list",
        status=400 if problems else 200,
        language=language,
        entries=[one for one in entries.values() if state in {"", one.state}],
        counts=counts_of(entries),
        states=STATES,
        state=state,
        may_review=own.get(language, False),
        problems=problems or {},
        done=done,
    )


async def _text_page(
    desk: Desk,
    language: str,
    digest: str,
    *,
    problems: dict[str, str] | None = None,
    typed: Form | None = None,
    done: str = "",
) -> Response:
    entries = entries_of(language, await review.wordings(desk.session, language))
    if digest not in entries:
        msg = "there is no such text"
        raise NotFoundError(msg)
    entry = entries[digest]
    people = {person for one in entry.wordings for person in one.approved_by}
    people |= {one.proposed_by for one in entry.wordings}
    names = await desk.session.execute(select(Person.id, Person.name).where(Person.id.in_(people)))
    own = await reviewers.languages_of(desk.session, desk.actor.id)
    may_review = own.get(language, False)
    return desk.page(
        "wording_text",
        status=400 if problems else 200,
        language=language,
        entry=entry,
        states=STATES,
        names={row.id: row.name for row in names},
        septets=sms_septets,
        following=next_for(entries, digest, desk.actor.id) if may_review else None,
        may_review=may_review,
        may_withdraw=may_review or can_coordinate(desk.actor),
        problems=problems or {},
        typed=typed or {},
        done=done,
    )
