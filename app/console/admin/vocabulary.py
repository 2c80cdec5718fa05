"""``/network/vocabulary``: terms of the records' vocabularies, maintained by coordinators."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Response

from app.access.forms import FormDep
from app.access.identity import CONSOLE
from app.console.forms import labels
from app.console.forms.inputs import error_texts, text_in, whole_in
from app.console.forms.layout import Desk, DeskDep, RecordId, gone_on, see, sent_in
from app.console.forms.roles import get_coordinator
from app.console.forms.submitted import submitted
from geo.errors import ConflictError, InvalidRecordError
from geo.models import VOCABULARIES, VocabularyName
from geo.proposals import pending, vocabulary_editing
from geo.reasons import CodedReason
from geo.subjects.texts import term_id
from geo.text.languages import DEFAULT_LANGUAGE, LANGUAGES
from geo.vocabulary import FLOOR

router = APIRouter(include_in_schema=False, dependencies=[Depends(get_coordinator)])

VOCABULARY = f"{CONSOLE}/vocabulary"
TERM = f"{VOCABULARY}/{{vocabulary}}/{{code}}"


@router.get(VOCABULARY)
async def vocabulary_page(
    desk: DeskDep,
    vocabulary: VocabularyName = "space_kind",
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show the terms of one vocabulary, and the form that adds one."""
    return await _list_page(desk, vocabulary, done=done)


@router.post(VOCABULARY)
async def add(desk: DeskDep, form: FormDep) -> Response:
    """Propose a term; it can be used once a second person has accepted it (P51)."""
    stated = form.get("vocabulary", "")
    name = stated if stated in VOCABULARIES else "space_kind"

    async def work() -> Response:
        outcome = await vocabulary_editing.add(
            desk.session,
            desk.actor,
            stated,
            form.get("code", "").strip(),
            {lang: text for lang in LANGUAGES if (text := text_in(form, f"name-{lang}"))},
            sent_in(desk, form),
            validity_days=whole_in(form, "validity_days"),
        )
        return gone_on(outcome, f"{VOCABULARY}?vocabulary={name}&done=added")

    again = partial(_list_page, desk, name, typed=form)
    there_already = ("code", CodedReason("there_already"))
    return await submitted(desk, work, again, {ConflictError: there_already})


@router.get(TERM)
async def term_page(
    desk: DeskDep,
    vocabulary: RecordId,
    code: RecordId,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show one term with its names and what can be done about it."""
    return await _term_page(desk, vocabulary, code, done=done)


@router.post(TERM)
async def change(desk: DeskDep, vocabulary: RecordId, code: RecordId, form: FormDep) -> Response:
    """Retire, restore or remove a term; propose other names, protection or validity (P51)."""
    try:
        async with desk.session.begin_nested():
            went = await _act(desk, vocabulary, code, form)
    except InvalidRecordError as error:
        problems = error_texts(desk.words, error.problems)
        return await _term_page(desk, vocabulary, code, problems=problems, typed=form)
    except ConflictError:
        problems = error_texts(desk.words, [("remove", CodedReason("in_use"))])
        return await _term_page(desk, vocabulary, code, problems=problems, typed=form, status=409)
    return went


async def _act(desk: Desk, vocabulary: str, code: str, form: Mapping[str, str]) -> Response:
    """Perform or propose the action of the pressed button; return the redirect."""
    here = f"{VOCABULARY}/{quote(vocabulary)}/{quote(code)}"
    session, actor, sent = desk.session, desk.actor, sent_in(desk, form)
    saved = f"{here}?done=saved"
    match form.get("do"):
        case "rename":
            names, read = _names_in(form)
            return gone_on(
                await vocabulary_editing.rename(
                    session, actor, vocabulary, code, names, sent, read_in=read
                ),
                saved,
            )
        case "validity":
            days = whole_in(form, "validity_days")
            return gone_on(
                await vocabulary_editing.set_validity(session, actor, vocabulary, code, days, sent),
                saved,
            )
        case "retire":
            await vocabulary_editing.retire(session, actor, vocabulary, code, now=desk.now)
        case "restore":
            await vocabulary_editing.restore(session, actor, vocabulary, code)
        case "protect":
            if form.get("sure") != "true":
                raise InvalidRecordError([("sure", CodedReason("not_confirmed"))])
            return gone_on(
                await vocabulary_editing.protect(session, actor, vocabulary, code, sent), saved
            )
        case "remove":
            await vocabulary_editing.remove(session, actor, vocabulary, code)
            return see(f"{VOCABULARY}?vocabulary={quote(vocabulary)}&done=removed")
        case _:
            raise InvalidRecordError([("do", CodedReason("not_a_button"))])
    return see(saved)


def _names_in(form: Mapping[str, str]) -> tuple[dict[str, str], frozenset[str]]:
    # An empty name leaves the stored one unchanged, except in Spanish, where a name is required.
    names = {
        lang: form.get(f"name-{lang}", "").strip()
        for lang in LANGUAGES
        if lang == DEFAULT_LANGUAGE or text_in(form, f"name-{lang}")
    }
    return names, frozenset(lang for lang in LANGUAGES if form.get(f"read-{lang}") == "true")


async def _list_page(
    desk: Desk,
    name: str,
    *,
    problems: dict[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    done: str = "",
) -> Response:
    return desk.page(
        "vocabulary",
        status=400 if problems else 200,
        vocabulary=name,
        titles=labels.VOCABULARY_TITLES,
        terms=await vocabulary_editing.kept_terms(desk.session, desk.actor, name),
        waiting=await pending.pending(desk.session, desk.actor, entity="term"),
        languages=list(LANGUAGES),
        problems=problems or {},
        typed=typed or {},
        done=done,
    )


async def _term_page(
    desk: Desk,
    vocabulary: str,
    code: str,
    *,
    problems: dict[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    done: str = "",
    status: int = 400,
) -> Response:
    term = await vocabulary_editing.kept_term(desk.session, desk.actor, vocabulary, code)
    return desk.page(
        "term",
        status=status if problems else 200,
        term=term,
        titles=labels.VOCABULARY_TITLES,
        languages=list(LANGUAGES),
        can_protect=vocabulary in FLOOR and not term.protected,
        problems=problems or {},
        typed=typed or {},
        waiting=await pending.pending(
            desk.session, desk.actor, entity="term", record_id=term_id(vocabulary, code)
        ),
        done=done,
    )
