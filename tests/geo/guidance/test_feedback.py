"""Feedback, complaints, missing services and rumours: what is kept, and what gets out."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from geo import models
from geo.db.sessions import Tier
from geo.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRecordError,
    NotFoundError,
    ProtectedServiceError,
    UnknownServiceError,
)
from geo.guidance import feedback, messages, rumours
from geo.proposals import pending
from geo.proposals.guidance_changes import Sent
from tests.conftest import clone, in_thread, opened
from tests.fixtures.examples import examples
from tests.fixtures.network_people import (
    COORDINATOR,
    ENGLISH,
    INSIDER,
    VIEWER,
    WRITER,
    add_people,
)
from tests.fixtures.published import MONDAY, TODAY, fill, locations
from tests.fixtures.two_people import agreed

SENT = Sent(datetime.combine(TODAY, time(12), UTC))

#: A week that is over for longer than the delay.
OLD = MONDAY - timedelta(weeks=5)
AREA = "Norte de Santander"
ANSWERS = ("served", "not_served", "found_open", "found_closed")


@pytest.fixture(scope="module")
async def filled(cluster: Any, empty_template: str, settings_for: Any) -> Any:
    """Give a database with four public spaces of one unit, hidden ones, and people."""
    async with opened(settings_for(clone(cluster, empty_template))) as database:
        async with database.session(Tier.WRITER) as session:
            await fill(session)
            seen = locations()[0]
            more = [{**seen, "id": f"s{n}", "name": f"Space {n}"} for n in (1, 2, 3)]
            await session.execute(insert(models.Location), more)
            await session.execute(update(models.Location).values(admin1=AREA, demo=False))
            await add_people(session)
        yield database


@pytest.fixture
async def database(filled: Any) -> Any:
    """Give it without what other tests left."""
    async with filled.session(Tier.WRITER) as session:
        for model in (models.Feedback, models.ServiceRequest, models.Rumour, models.Message):
            await session.execute(delete(model))
        await session.execute(
            text("select purge_complaints(:day)"), {"day": TODAY + timedelta(days=999)}
        )
        await session.execute(
            update(models.Location).where(models.Location.id != "hidden").values(hidden_at=None)
        )
    return filled


async def tell(database: Any, counts: dict[tuple[str, str], int], week: date = OLD) -> None:
    """Store so many answers, by space and answer, on a day of a week."""
    said = {
        "served": {"was_served": True},
        "not_served": {"was_served": False},
        "found_open": {"was_open": True},
        "found_closed": {"was_open": False},
    }
    blank = {"was_served": None, "was_open": None, "received_on": week + timedelta(days=2)}
    rows = [
        {**blank, **said[answer], "location_id": space, "id": f"{space}-{answer}-{week}-{n}"}
        for (space, answer), n_of in counts.items()
        for n in range(n_of)
    ]
    async with database.session(Tier.WRITER) as session:
        if rows:
            await session.execute(insert(models.Feedback), rows)


async def cells(database: Any, tier: Tier = Tier.PUBLIC) -> dict[tuple[str, date, str], int]:
    async with database.session(tier) as session:
        found = await feedback.counts_of_feedback(session)
    return {(cell["admin1"], cell["week"], cell["answer"]): cell["n"] for cell in found}


def spread(answer: str, n: int) -> dict[tuple[str, str], int]:
    return {(space, answer): n for space in ("seen", "s1", "s2")}


async def test_p25_feedback_keeps_no_text_hour_or_address(database):
    columns = set(models.Feedback.__table__.columns.keys())
    assert columns == {"id", "location_id", "was_served", "was_open", "received_on"}
    async with database.session(Tier.WRITER) as session:
        await feedback.give_feedback(session, "seen", was_served=True, was_open=None, today=TODAY)
        row = (await session.scalars(select(models.Feedback))).one()
        assert (row.was_served, row.was_open, row.received_on) == (True, None, TODAY)
        with pytest.raises(InvalidRecordError):
            await feedback.give_feedback(
                session, "seen", was_served=None, was_open=None, today=TODAY
            )


async def test_p39_feedback_on_what_does_not_exist_is_taken_and_not_kept(database):
    async with database.session(Tier.WRITER) as session:
        for space in ("none", "restricted"):
            await feedback.give_feedback(
                session, space, was_served=True, was_open=True, today=TODAY
            )
            await feedback.complain(session, space, category="other", body=None, today=TODAY)
        assert await session.scalar(select(func.count()).select_from(models.Feedback)) == 1


@pytest.mark.parametrize("space", ["seen", "restricted", "none"])
async def test_p39_whoever_measures_learns_nothing_of_what_is_hidden(database, space):
    """The end of a transaction that has an id waits for the disk, any other does not."""
    has_id = text("select pg_current_xact_id_if_assigned() is not null")
    async with database.session(Tier.WRITER) as session:
        await feedback.give_feedback(session, space, was_served=True, was_open=None, today=TODAY)
        assert await session.scalar(has_id)
    async with database.session(Tier.WRITER) as session:
        await feedback.complain(session, space, category="other", body=None, today=TODAY)
        assert await session.scalar(has_id)


async def test_p18_p19_counts_are_large_rounded_weekly_and_late(database):
    await tell(database, spread("served", 9))
    await tell(database, spread("served", 9), MONDAY - timedelta(weeks=2))
    await tell(database, spread("served", 6), OLD - timedelta(weeks=1))
    assert await cells(database) == {(AREA, OLD, "served"): 25}
    assert await cells(database, Tier.PARTNER) == await cells(database)


async def test_p18_a_small_answer_takes_its_whole_week_along(database):
    # 27 served and 3 not: a total beside would give the 3 away, and so would the other question.
    await tell(database, spread("served", 9) | spread("not_served", 1) | spread("found_open", 10))
    assert await cells(database) == {}


async def test_p18_per_space_ratios_are_never_public(database):
    await tell(database, {("seen", "served"): 40})
    assert await cells(database) == {}, "one space"
    await tell(database, {("s1", "served"): 2, ("s2", "served"): 2})
    assert await cells(database) == {}, "one space has more than 80 %"
    async with database.session(Tier.PUBLIC) as session:
        with pytest.raises(DBAPIError):
            await session.execute(text("select * from tier_staff.feedback_by_space"))


async def test_p2_hidden_spaces_take_no_part_in_counts(database):
    await tell(database, spread("served", 9))
    before = await cells(database)
    for space in ("restricted", "confidential", "partners", "hidden", "expired"):
        await tell(database, {(space, "served"): 50, (space, "not_served"): 1})
    assert await cells(database) == before
    async with database.session(Tier.WRITER) as session:
        await session.execute(text("update locations set hidden_at = amparo.now() where id = 's2'"))
    assert await cells(database) == {}, "two spaces are left"


@settings(max_examples=examples(25, 10))
@example({(space, answer): 9 for space in ("seen", "s1", "s2") for answer in ANSWERS})
@example({(space, "served"): 9 for space in ("seen", "s1", "s2")} | {("s3", "not_served"): 1})
@given(
    counts=st.dictionaries(
        st.tuples(st.sampled_from(["seen", "s1", "s2", "s3"]), st.sampled_from(ANSWERS)),
        st.integers(0, 45),
    )
)
def test_p18_no_difference_of_published_cells_gives_a_small_count(filled_settings, counts):
    """Differencing: with every cell and every sum at hand, no count below the limit is found."""

    async def published() -> dict[str, int]:
        async with opened(filled_settings) as database:
            async with database.session(Tier.WRITER) as session:
                await session.execute(delete(models.Feedback))
            await tell(database, counts)
            return {answer: n for (_, _, answer), n in (await cells(database)).items()}

    found = in_thread(published())
    true = {
        answer: sum(n for (_, other), n in counts.items() if other == answer) for answer in ANSWERS
    }
    for answer, n in found.items():
        assert n % 5 == 0
        assert abs(n - true[answer]) <= 2.5
    if found:
        # All that was said is there: nothing is left over to be had by subtraction.
        assert {answer for answer, n in true.items() if n} == found.keys()
        assert all(true[answer] >= 20 for answer in found)
        for one, other in combinations(found, 2):
            for space in ("seen", "s1", "s2", "s3"):
                share = counts.get((space, one), 0)
                assert share <= 0.8 * true[one], (one, other)


@pytest.fixture(scope="module")
async def filled_settings(cluster: Any, empty_template: str, settings_for: Any) -> Any:
    made = settings_for(clone(cluster, empty_template))
    async with opened(made) as database, database.session(Tier.WRITER) as session:
        await fill(session)
        seen = locations()[0]
        more = [{**seen, "id": f"s{n}", "name": f"Space {n}"} for n in (1, 2, 3)]
        await session.execute(insert(models.Location), more)
        await session.execute(update(models.Location).values(admin1=AREA))
    return made


async def test_p18_staff_see_a_space_from_five_answers_on(database):
    last_week = TODAY - timedelta(days=TODAY.weekday() + 7)
    await tell(database, {("seen", "served"): 4, ("s1", "served"): 5}, last_week)
    async with database.session(Tier.WRITER) as session:
        # The week is not over: who has just been there must not be guessed from a count that grew.
        for space in ("seen", "s1"):
            await feedback.give_feedback(
                session, space, was_served=False, was_open=True, today=TODAY
            )
    async with database.session(Tier.STAFF, person=WRITER.id) as session:
        found = await feedback.feedback_of_spaces(session)
    assert [(row["location_id"], row["n"], row["not_served"]) for row in found] == [("s1", 5, 0)]


async def complaints(database: Any, person: str | None) -> list[Any]:
    async with database.session(Tier.STAFF, person=person) as session:
        return await feedback.open_complaints(session)


async def test_p44_a_complaint_never_reaches_the_operator(database):
    async with database.session(Tier.WRITER) as session:
        await feedback.complain(
            session, "seen", category="staff_conduct", body="palabras", today=TODAY
        )
    (seen,) = await complaints(database, COORDINATOR.id)
    assert (seen["location_id"], seen["body"]) == ("seen", "palabras")
    assert seen["delete_on"] == TODAY + timedelta(days=180)
    # INSIDER coordinates too, and belongs to the organisation that runs the space.
    for person in (INSIDER.id, WRITER.id, VIEWER.id, "nobody", "", None):
        assert await complaints(database, person) == [], person


async def test_p44_the_database_keeps_complaints_from_the_writer_too(database):
    async with database.session(Tier.WRITER) as session:
        await feedback.complain(session, "seen", category="other", body="x", today=TODAY)
        assert (await session.scalars(select(models.Complaint))).all() == []
    async with database.session(Tier.WRITER, person=INSIDER.id) as session:
        assert (await session.scalars(select(models.Complaint))).all() == []
        found = await session.execute(text("update complaints set state = 'closed' returning id"))
        assert found.all() == []
    async with database.session(Tier.WRITER, person=COORDINATOR.id) as session:
        (complaint,) = (await session.scalars(select(models.Complaint))).all()
        await feedback.handle_complaint(session, COORDINATOR, complaint.id, "closed")
    async with database.session(Tier.WRITER, person=INSIDER.id) as session:
        with pytest.raises(NotFoundError):
            await feedback.handle_complaint(session, INSIDER, complaint.id, "handling")
        with pytest.raises(ForbiddenError):
            await feedback.handle_complaint(session, WRITER, complaint.id, "handling")
    assert await complaints(database, COORDINATOR.id) == []


async def test_p1_a_complaint_does_not_name_a_restricted_space_to_who_is_not_named(database):
    async with database.session(Tier.WRITER) as session:
        await feedback.complain(session, "restricted", category="other", body="x", today=TODAY)
    (seen,) = await complaints(database, COORDINATOR.id)
    assert (seen["location_id"], seen["country"]) == (None, "CO")


async def test_p29_complaints_are_deleted_when_their_time_has_come(database):
    async with database.session(Tier.WRITER) as session:
        await feedback.complain(session, "seen", category="other", body="x", today=TODAY)
        assert await feedback.purge_complaints(session, TODAY + timedelta(days=179)) == 0
        assert await feedback.purge_complaints(session, TODAY + timedelta(days=180)) == 1
    assert await complaints(database, COORDINATOR.id) == []


async def test_a_complaint_has_a_category_and_a_bounded_text(database):
    async with database.session(Tier.WRITER) as session:
        for wrong in (
            {"category": "nonsense", "body": None},
            {"category": "other", "body": "x" * 2001},
        ):
            with pytest.raises(InvalidRecordError):
                await feedback.complain(session, "seen", today=TODAY, **wrong)


async def ask(database: Any, service: str, **more: Any) -> None:
    async with database.session(Tier.WRITER) as session:
        await feedback.ask_for_service(
            session, service, country="CO", admin1=more.get("admin1"), today=TODAY
        )


async def test_p44_requests_for_protected_services_are_not_collected(database):
    for service in models.PROTECTED_SERVICES:
        with pytest.raises(ProtectedServiceError):
            await ask(database, service)
    with pytest.raises(UnknownServiceError):
        await ask(database, "nonsense")
    async with database.session(Tier.WRITER) as session:
        assert await session.scalar(select(func.count()).select_from(models.ServiceRequest)) == 0
    with pytest.raises(IntegrityError, match="not_protected"):
        async with database.session(Tier.WRITER) as session:
            await session.execute(
                insert(models.ServiceRequest).values(id="x", service="gbv_response", country="CO")
            )


async def test_p44_a_coordinators_own_protected_term_is_refused_too(database):
    async with database.session(Tier.WRITER) as session:
        await session.execute(
            insert(models.Term).values(vocabulary="service", code="secret", protected=True)
        )
    with pytest.raises(ProtectedServiceError):
        await ask(database, "secret")


async def test_p17_a_request_keeps_no_words_but_known_ones(database):
    await ask(database, "food", admin1="norte de santander")
    await ask(database, "food", admin1="Ana Pérez 3001234567")
    async with database.session(Tier.WRITER) as session:
        found = (await session.scalars(select(models.ServiceRequest.admin1))).all()
    assert set(found) == {None, AREA}


async def test_p18_p19_requests_are_counted_like_feedback(database):
    row = {"service": "food", "country": "CO", "admin1": AREA}
    rows = [{**row, "id": f"a{n}", "requested_on": OLD} for n in range(23)]
    rows += [{**row, "id": f"b{n}", "requested_on": TODAY} for n in range(30)]
    rows += [{**row, "service": "health", "id": f"c{n}", "requested_on": OLD} for n in range(19)]
    async with database.session(Tier.WRITER) as session:
        await session.execute(insert(models.ServiceRequest), rows)
    async with database.session(Tier.PUBLIC) as session:
        found = await feedback.counts_of_requests(session)
    assert [(cell["service"], cell["week"], cell["n"]) for cell in found] == [("food", OLD, 25)]


async def reviewed_message(database: Any, audience: str = "people_on_the_move") -> None:
    async with database.session(Tier.WRITER) as session:
        message_id = await messages.write(
            session,
            WRITER,
            key="bridge",
            lang="es",
            audience=audience,
            body="No se paga.",
            valid_from=TODAY,
        )
        await messages.submit(session, WRITER, message_id)
        await messages.review(session, COORDINATOR, message_id, accept=True, today=TODAY)


async def hear(database: Any, claim: str = "Se paga en el puente") -> str:
    async with database.session(Tier.WRITER) as session:
        return await rumours.record_rumour(
            session, WRITER, claim=claim, country="CO", admin1=None, heard_on=TODAY
        )


async def public_rumours(database: Any) -> list[str]:
    async with database.session(Tier.PUBLIC) as session:
        return [text_.body for _, text_ in await rumours.answered(session, "es")]


async def test_a_rumour_is_public_with_its_reviewed_answer_alone(database):
    rumour_id = await hear(database)
    async with database.session(Tier.WRITER) as session:
        with pytest.raises(ConflictError):
            await rumours.answer(session, COORDINATOR, rumour_id, "bridge", SENT)
    await reviewed_message(database)
    assert await public_rumours(database) == []
    async with database.session(Tier.WRITER) as session:
        with pytest.raises(ForbiddenError):
            await rumours.answer(session, VIEWER, rumour_id, "bridge", SENT)
        outcome = await rumours.answer(session, COORDINATOR, rumour_id, "bridge", SENT)
        seen = await pending.proposal_diff(session, ENGLISH, outcome.proposal_id, now=SENT.now)
        assert seen.differences["claim"] == (None, "Se paga en el puente")
        with pytest.raises(ForbiddenError):
            await agreed(session, outcome, COORDINATOR, SENT.now)
    assert await public_rumours(database) == [], "recorded by one, released by another (P51)"
    async with database.session(Tier.WRITER) as session:
        await agreed(session, outcome, ENGLISH, SENT.now)
    assert await public_rumours(database) == ["No se paga."]
    async with database.session(Tier.WRITER) as session:
        await session.execute(update(models.Message).values(state="retired"))
    assert await public_rumours(database) == []


async def test_a_rumour_answered_for_operators_is_not_public(database):
    rumour_id = await hear(database)
    await reviewed_message(database, "operators")
    async with database.session(Tier.WRITER) as session:
        outcome = await rumours.answer(session, COORDINATOR, rumour_id, "bridge", SENT)
        await agreed(session, outcome, ENGLISH, SENT.now)
    assert await public_rumours(database) == []
    async with database.session(Tier.WRITER) as session:
        await rumours.retire(session, WRITER, rumour_id)


@pytest.mark.parametrize("claim", ["llame al 300 123 4567", "escriba a a@b.example", "https://x"])
async def test_p6_a_rumour_holds_no_number_or_address(database, claim):
    with pytest.raises(InvalidRecordError, match="could be a person"):
        await hear(database, claim)
