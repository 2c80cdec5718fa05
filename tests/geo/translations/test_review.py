"""P47: a safety text is published in a language once two people agree with the same words."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from app.runtime.databases import tier_urls
from geo.accounts.permissions import Means
from geo.db.sessions import Tier
from geo.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRecordError,
    NotFoundError,
    SessionNeededError,
)
from geo.translations import review, reviewers
from geo.translations.wording_checks import wording_problems
from tests.conftest import clone
from tests.fixtures.examples import examples
from tests.fixtures.network import ADMIN, APPROVER, COORDINATOR, EDITOR, VIEWER, fill_network

#: Two reviewers of Creole and one of French, and who reviews nothing.
PEOPLE = {"ed": EDITOR, "ap": APPROVER, "co": COORDINATOR}
NOBODYS = {"ad": ADMIN, "program": replace(EDITOR, means=Means.PROGRAM)}
ORIGINALS = ("Espere %(km)s.", "Frío")
WORDS = {"Espere %(km)s.": ("Tann %(km)s.", "Ret tann %(km)s."), "Frío": ("Fredi", "Frèt")}


@pytest.fixture(scope="module")
def filled(cluster: Any, empty_template: str, settings_for: Any) -> Any:
    """Give the address of a database with the network's people, three of them reviewers."""
    url = tier_urls(settings_for(clone(cluster, empty_template)))[Tier.WRITER]

    async def fill(session: AsyncSession) -> None:
        await fill_network(session)
        for person in PEOPLE:
            await reviewers.grant_languages(session, ADMIN, person, ["ht"])
        await session.commit()

    asyncio.run(_in_session(url, fill))
    return url


async def _in_session(url: Any, work: Any) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with AsyncSession(engine) as session:
            await work(session)
            await session.rollback()
    finally:
        await engine.dispose()


async def shown(session: AsyncSession) -> dict[str, str]:
    """Return what the public reads in Creole: translations by original."""
    rows = await session.execute(text("select original, translation from amparo.reviewed_texts"))
    return {row.original: row.translation for row in rows}


class Model:
    """Who agrees with which words of each text, told without a database."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, set[str]]] = {one: {} for one in ORIGINALS}

    def published(self, original: str) -> str | None:
        return next((w for w, who in self.people[original].items() if len(who) > 1), None)

    def put(self, original: str, words: str) -> None:
        shown = self.published(original)
        self.people[original] = {
            one: who for one, who in self.people[original].items() if one in {shown, words}
        }
        self.people[original].setdefault(words, set())

    def agree(self, original: str, words: str, person: str) -> None:
        is_new = person not in self.people[original][words]
        self.people[original][words].add(person)
        if is_new and len(self.people[original][words]) == 2:
            self.people[original] = {words: self.people[original][words]}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("propose", "approve", "approve", "take_back", "withdraw", "import")),
        st.sampled_from((*PEOPLE, *NOBODYS)),
        st.sampled_from(ORIGINALS),
        st.integers(0, 1),
    ),
    min_size=6,
    max_size=16,
)


@settings(max_examples=examples(12, 10), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(steps=STEPS)
def test_p47_nothing_is_shown_without_two_people_who_agree_with_these_words(
    filled: Any, steps: Any
) -> None:
    async def play(session: AsyncSession) -> None:
        model = Model()
        for act, who, original, number in steps:
            words = WORDS[original][number]
            if who in NOBODYS and (act != "withdraw" or who == "program"):
                with pytest.raises((ForbiddenError, NotFoundError)):
                    await _act(session, act, NOBODYS[who], original, words)
            else:
                await _step(session, model, act, who, original, words)
            expected = {one: said for one in ORIGINALS if (said := model.published(one))}
            assert await shown(session) == expected, (act, who, original, words)

    asyncio.run(_in_session(filled, play))


async def _act(
    session: AsyncSession, act: str, actor: Any, original: str, words: str
) -> review.Wording | str | int | None:
    """Do what somebody wants with the words of a text; raise `NotFoundError` without such words."""
    if act == "propose":
        return await review.propose(session, actor, "ht", original, words)
    if act == "import":
        return await review.import_proposals(session, actor, "ht", {original: words})
    known = await review.wordings(session, "ht", review.digest_of(original))
    wording = next((one.id for one in known if one.translation == words), None)
    if wording is None:
        raise NotFoundError("")
    if act == "approve":
        return await review.approve(session, actor, wording, ORIGINALS)
    work = review.take_back if act == "take_back" else review.withdraw
    return await work(session, actor, wording)


async def _step(
    session: AsyncSession, model: Model, act: str, who: str, original: str, words: str
) -> None:
    actor, known = (PEOPLE | NOBODYS)[who], model.people[original]
    agreed = known.get(words)
    match act:
        case "propose" if model.published(original) == words:
            with pytest.raises(InvalidRecordError):
                await _act(session, act, actor, original, words)
        case "propose":
            await _act(session, act, actor, original, words)
            model.put(original, words)
            model.agree(original, words, who)
        case "import":
            is_new = agreed is None and set(known) <= {model.published(original)}
            assert await _act(session, act, actor, original, words) == int(is_new)
            if is_new:
                model.put(original, words)
        case _ if agreed is None or (act == "take_back" and who not in agreed):
            with pytest.raises(NotFoundError):
                await _act(session, act, actor, original, words)
        case "approve":
            await _act(session, act, actor, original, words)
            model.agree(original, words, who)
        case "take_back":
            await _act(session, act, actor, original, words)
            agreed.remove(who)
        case _:
            await _act(session, act, actor, original, words)
            del known[words]


def test_p47_other_words_and_another_original_have_no_approval(filled: Any) -> None:
    async def play(session: AsyncSession) -> None:
        first = await review.propose(session, EDITOR, "ht", "Frío", "Frèt")
        with pytest.raises(ConflictError, match="original has changed"):
            await review.approve(session, APPROVER, first, {"Frío de noche"})
        await review.propose(session, APPROVER, "ht", "Frío", "Fredi")
        with pytest.raises(ConflictError, match="replaced"):
            await review.approve(session, COORDINATOR, first, ORIGINALS)
        (waiting,) = await review.wordings(session, "ht")
        assert (waiting.translation, waiting.approved_by) == ("Fredi", {"ap"})
        with pytest.raises(DBAPIError, match="never changes"):
            await session.execute(text("update amparo.text_translations set translation = 'x'"))

    asyncio.run(_in_session(filled, play))


def test_p40_one_person_withdraws_words_for_a_release_too(filled: Any) -> None:
    async def play(session: AsyncSession) -> None:
        replaced = await review.propose(session, EDITOR, "ht", "Frío", "Frèt")
        shown_now = await review.propose(session, EDITOR, "ht", "Frío", "Fredi")
        await review.approve(session, APPROVER, shown_now, ORIGINALS)
        assert await withdrawn(session) == set(), f"{replaced} was replaced by other words"
        await review.withdraw(session, APPROVER, shown_now)
        await review.withdraw_released(session, COORDINATOR, "fr", "Frío", "Froid")
        assert await withdrawn(session) == {("ht", "Frío", "Fredi"), ("fr", "Frío", "Froid")}
        with pytest.raises(ForbiddenError):
            await review.withdraw_released(session, EDITOR, "fr", "Frío", "Froid")

    asyncio.run(_in_session(filled, play))


async def withdrawn(session: AsyncSession) -> set[tuple[str, str, str]]:
    """Return what the public is told of words that nobody may be shown."""
    rows = await session.execute(
        text(
            "select language, original, translation from tier_public.reviewed_texts"
            " where is_withdrawn"
        )
    )
    return {(row.language, row.original, row.translation) for row in rows}


def test_p47_a_language_is_granted_by_another_administrator(filled: Any) -> None:
    async def play(session: AsyncSession) -> None:
        await reviewers.state_languages(session, COORDINATOR, ["fr", "ht"])
        assert await reviewers.languages_of(session, "co") == {"fr": False, "ht": True}
        with pytest.raises(ForbiddenError):
            await review.propose(session, COORDINATOR, "fr", "Frío", "Froid")
        for actor in (EDITOR, COORDINATOR, ADMIN):
            with pytest.raises(ForbiddenError):
                await reviewers.grant_languages(session, actor, actor.id, ["fr"])
        with pytest.raises(SessionNeededError):
            await reviewers.grant_languages(
                session, replace(ADMIN, means=Means.PROGRAM), "co", ["fr"]
            )
        with pytest.raises(ForbiddenError):
            await reviewers.state_languages(session, VIEWER, ["fr"])
        with pytest.raises(InvalidRecordError):
            await reviewers.state_languages(session, COORDINATOR, ["es"])
        await reviewers.grant_languages(session, ADMIN, "co", ["fr"])
        assert await reviewers.languages_of(session, "co") == {"fr": True, "ht": False}
        await review.propose(session, COORDINATOR, "fr", "Frío", "Froid")

    asyncio.run(_in_session(filled, play))


def test_p50_who_proposed_by_a_file_has_agreed_with_nothing(filled: Any) -> None:
    async def play(session: AsyncSession) -> None:
        assert await review.import_proposals(session, EDITOR, "ht", {"Frío": "Frèt"}) == 1
        (one,) = await review.wordings(session, "ht")
        assert (one.approved_by, one.is_published) == (frozenset(), False)
        with pytest.raises(InvalidRecordError):
            await review.import_proposals(session, EDITOR, "ht", {"Espere %(km)s.": "Tann"})

    asyncio.run(_in_session(filled, play))


@pytest.mark.parametrize(
    ("original", "translation", "code"),
    [
        ("a %(km)s b", "a %(km)s b", None),
        ("de %(a)s a %(b)s", "rive %(b)s soti %(a)s", None),
        ("más de 2.800 m", "above 2,800 m", None),
        ("más de 2.800 m", "plus de 2\u202f800 m", None),
        ("más de 2.800 m", "above 280 m", "other_numbers"),
        ("a %(km)s", "a", "other_placeholders"),
        ("a %(km)s", "%(km)s %(km)s", "other_placeholders"),
        ("a %(km)s", "%(name)s", "other_placeholders"),
        ("a %(km)s", "%(km)s 100%", "stray_percent"),
        ("Frío", "<b>Cold</b>", "markup_or_address"),
        ("Frío", "Cold: www.example.org", "markup_or_address"),
        ("Frío", "Cold\u202e", "hidden_characters"),
        ("Frío", "Cold\nvery", "hidden_characters"),
        ("Frío", "", "length"),
        ("Frío", "x" * 1_001, "length"),
    ],
)
def test_p47_what_a_machine_can_tell_is_told_before_anybody_reads(
    original: str, translation: str, code: str | None
) -> None:
    codes = [reason.code for _, reason in wording_problems(original, translation)]
    assert code in codes if code is not None else codes == []
