"""Minimum standards: versions, evidence, two people, scores, and who carries the logo (P28)."""

import json
import re
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import IntegrityError

from app.setup import DATA
from geo import models
from geo.db.sessions import Tier
from geo.errors import ConflictError, ForbiddenError, InvalidRecordError, NotFoundError
from geo.guidance import assessments, checklists
from geo.guidance.assessments import ChecklistAnswer
from geo.guidance.checklists import Item
from geo.proposals import decisions, pending
from geo.proposals.guidance_changes import Sent
from geo.spaces import membership
from tests.conftest import clone, opened
from tests.fixtures.network_people import (
    APPROVER,
    COORDINATOR,
    ENGLISH,
    INSIDER,
    VIEWER,
    WRITER,
    add_people,
)
from tests.fixtures.published import TODAY, fill
from tests.fixtures.two_people import agreed

SENT = Sent(datetime.combine(TODAY, time(12), UTC))

ITEMS = (
    Item("Rights", "Is it free?", essential=True),
    Item("Rights", "Is there a complaints line?", evidence_needed=True),
    Item("Place", "Are there toilets?"),
)
YES = [
    ChecklistAnswer(1, "yes"),
    ChecklistAnswer(2, "yes", "photo of the poster"),
    ChecklistAnswer(3, "yes"),
]


@pytest.fixture(scope="module")
async def filled(cluster: Any, empty_template: str, settings_for: Any) -> Any:
    """Give a database in which ``org`` runs two active spaces, one of them restricted."""
    async with opened(settings_for(clone(cluster, empty_template))) as database:
        async with database.session(Tier.WRITER) as session:
            await fill(session)
            await session.execute(
                delete(models.Location).where(models.Location.id.not_in(["seen", "restricted"]))
            )
            await add_people(session)
        yield database


@pytest.fixture
async def database(filled: Any) -> Any:
    """Give it without what other tests left."""
    async with filled.session(Tier.WRITER) as session:
        await session.execute(update(models.Organization).values(verified_member=False))
        for model in (models.Assessment, models.Checklist, models.RestrictedReader):
            await session.execute(delete(model))
    return filled


async def in_force(database: Any, items: tuple[Item, ...] = ITEMS, **more: Any) -> str:
    async with database.session(Tier.WRITER) as session:
        checklist_id = await checklists.add_version(
            session, COORDINATOR, kind="support_space", title="List", items=items, **more
        )
        outcome = await checklists.publish(session, COORDINATOR, checklist_id, SENT)
        await agreed(session, outcome, ENGLISH, SENT.now)
    return checklist_id


async def assessed(
    database: Any,
    space: str = "seen",
    answers: list[ChecklistAnswer] = YES,
    verifier: Any = APPROVER,
) -> str:
    async with database.session(Tier.WRITER) as session:
        assessment_id = await assessments.start(session, WRITER, space, today=TODAY)
        await assessments.answer(session, WRITER, assessment_id, answers)
        await assessments.submit(session, WRITER, assessment_id)
        await assessments.verify(session, verifier, assessment_id, accept=True, today=TODAY)
    return assessment_id


async def both_assessed(database: Any) -> None:
    async with database.session(Tier.WRITER) as session:
        for person in (WRITER.id, APPROVER.id):
            await session.merge(models.RestrictedReader(location_id="restricted", person=person))
    await assessed(database)
    await assessed(database, "restricted")


async def grant(database: Any, today: Any = TODAY) -> None:
    async with database.session(Tier.WRITER) as session:
        await membership.grant_membership(session, "org", COORDINATOR, today=today)


async def is_member(database: Any) -> bool:
    async with database.session(Tier.WRITER) as session:
        return bool(
            await session.scalar(
                select(models.Organization.verified_member).where(models.Organization.id == "org")
            )
        )


async def test_a_new_version_retires_the_one_before(database):
    await in_force(database)
    second = await in_force(database)
    async with database.session(Tier.PUBLIC) as session:
        (found,) = await checklists.published_checklists(session, kind="support_space")
    assert (found["id"], found["version"]) == (second, 2)
    assert [item["position"] for item in found["items"]] == [1, 2, 3]
    async with database.session(Tier.WRITER) as session:
        with pytest.raises(ConflictError):
            await checklists.publish(session, COORDINATOR, second, SENT)
        await checklists.retire(session, COORDINATOR, second, today=TODAY)
    async with database.session(Tier.PUBLIC) as session:
        assert await checklists.published_checklists(session) == []


async def test_p51_a_checklist_is_in_force_by_two(database):
    await in_force(database)
    async with database.session(Tier.WRITER) as session:
        second = await checklists.add_version(
            session, COORDINATOR, kind="support_space", title="Other", items=ITEMS[:1]
        )
        outcome = await checklists.publish(session, COORDINATOR, second, SENT)
        assert not outcome.applied
        seen = await pending.proposal_diff(session, ENGLISH, outcome.proposal_id, now=SENT.now)
        assert seen.differences["title"] == ("List", "Other"), "beside what is in force"
        with pytest.raises(ForbiddenError):
            await decisions.accept(session, COORDINATOR, outcome.proposal_id, "x", now=SENT.now)
    async with database.session(Tier.PUBLIC) as session:
        (found,) = await checklists.published_checklists(session, kind="support_space")
        assert found["title"] == "List"
    async with database.session(Tier.WRITER) as session:
        await agreed(session, outcome, ENGLISH, SENT.now)
    async with database.session(Tier.PUBLIC) as session:
        (found,) = await checklists.published_checklists(session, kind="support_space")
        assert found["title"] == "Other"


async def test_checklists_are_kept_by_coordinators(database):
    async with database.session(Tier.WRITER) as session:
        for actor in (VIEWER, WRITER, APPROVER):
            with pytest.raises(ForbiddenError):
                await checklists.add_version(
                    session, actor, kind="shelter", title="List", items=ITEMS
                )
        with pytest.raises(InvalidRecordError) as refused:
            await checklists.add_version(
                session,
                COORDINATOR,
                kind="nonsense",
                title=" ",
                items=(),
                valid_months=0,
                pass_score=2,
            )
        fields = {field for field, _ in refused.value.problems}
        assert fields == {"kind", "title", "items", "valid_months", "pass_score"}
        with pytest.raises(NotFoundError):
            await checklists.publish(session, COORDINATOR, "none", SENT)


def test_the_example_that_ships_says_that_it_is_one():
    shipped = json.loads((DATA / "spaces" / "example_checklists.geojson").read_text())
    for feature in shipped["features"]:
        assert feature["properties"]["example"] is True
        assert feature["properties"]["title"].startswith("EJEMPLO")
        for item in feature["properties"]["items"]:
            assert item["standard"].startswith("EJEMPLO")
    # The network's service levels are configured by who has its papers (domain.md section 1).
    assert not re.search(r"(nivel|level) *[123]", json.dumps(shipped).lower())


async def test_an_assessment_needs_every_answer_and_its_evidence(database):
    await in_force(database)
    async with database.session(Tier.WRITER) as session:
        assessment_id = await assessments.start(session, WRITER, "seen", today=TODAY)
        given = [ChecklistAnswer(1, "yes"), ChecklistAnswer(2, "partly")]
        await assessments.answer(session, WRITER, assessment_id, given)
        with pytest.raises(InvalidRecordError) as refused:
            await assessments.submit(session, WRITER, assessment_id)
        assert refused.value.problems == [
            ("answers.2", "needs its evidence"),
            ("answers.3", "is missing"),
        ]
        with pytest.raises(InvalidRecordError):
            await assessments.answer(session, WRITER, assessment_id, [ChecklistAnswer(4, "yes")])
        with pytest.raises(ForbiddenError):
            await assessments.answer(session, VIEWER, assessment_id, YES)


async def test_p23_an_assessment_is_verified_by_somebody_else_from_outside(database):
    await in_force(database)
    async with database.session(Tier.WRITER) as session:
        assessment_id = await assessments.start(session, WRITER, "seen", today=TODAY)
        await assessments.answer(session, WRITER, assessment_id, YES)
        with pytest.raises(ConflictError):
            await assessments.verify(session, APPROVER, assessment_id, accept=True, today=TODAY)
        await assessments.submit(session, WRITER, assessment_id)
        with pytest.raises(ConflictError):
            await assessments.answer(session, WRITER, assessment_id, YES)
        for actor, reason in (
            (WRITER, "own"),
            (INSIDER, "outside the organisation"),
            (VIEWER, "approver"),
        ):
            with pytest.raises(ForbiddenError, match=reason):
                await assessments.verify(session, actor, assessment_id, accept=True, today=TODAY)
        with pytest.raises(InvalidRecordError, match="reason"):
            await assessments.verify(session, APPROVER, assessment_id, accept=False, today=TODAY)
        await assessments.verify(
            session, APPROVER, assessment_id, accept=False, today=TODAY, reason="no poster"
        )
        await assessments.answer(session, WRITER, assessment_id, YES)
        await assessments.submit(session, WRITER, assessment_id)
        await assessments.verify(session, APPROVER, assessment_id, accept=True, today=TODAY)
    async with database.session(Tier.STAFF, person=WRITER.id) as session:
        found = await assessments.read_assessment(session, assessment_id)
    assert (found["state"], found["verified_by"]) == ("verified", APPROVER.id)
    assert found["due_on"] == TODAY + relativedelta(months=12)


@pytest.mark.every(2)
@pytest.mark.parametrize(
    ("answers", "score", "essentials"),
    [
        (YES, 1.0, True),
        (
            [
                ChecklistAnswer(1, "yes"),
                ChecklistAnswer(2, "partly", "x"),
                ChecklistAnswer(3, "no"),
            ],
            0.5,
            True,
        ),
        (
            [
                ChecklistAnswer(1, "partly"),
                ChecklistAnswer(2, "yes", "x"),
                ChecklistAnswer(3, "not_applicable"),
            ],
            0.75,
            False,
        ),
        (
            [
                ChecklistAnswer(1, "not_applicable"),
                ChecklistAnswer(2, "no"),
                ChecklistAnswer(3, "yes"),
            ],
            0.5,
            False,
        ),
    ],
)
async def test_scores_are_means_of_what_applies(database, answers, score, essentials):
    await in_force(database)
    assessment_id = await assessed(database, answers=answers)
    async with database.session(Tier.STAFF, person=WRITER.id) as session:
        found = await assessments.read_assessment(session, assessment_id)
        assert [row["id"] for row in await assessments.assessments_of(session, "seen")] == [
            assessment_id
        ]
    assert float(found["score"]) == pytest.approx(score)
    assert found["essentials_met"] is essentials
    assert [row["standard"] for row in found["standards"]] == ["Rights", "Place"]


async def test_p1_an_assessment_of_a_restricted_space_is_for_named_people(database):
    await in_force(database)
    await both_assessed(database)
    for person, n in ((WRITER.id, 1), (INSIDER.id, 0)):
        async with database.session(Tier.STAFF, person=person) as session:
            assert len(await assessments.assessments_of(session, "restricted")) == n
    async with database.session(Tier.WRITER) as session:
        for space in ("restricted", "none"):
            with pytest.raises(NotFoundError, match="no such space"):
                await assessments.start(session, INSIDER, space, today=TODAY)


async def test_p28_the_logo_is_for_organisations_whose_every_space_passes(database):
    await in_force(database)
    with pytest.raises(ConflictError, match="seen; 1 restricted"):
        await grant(database)
    await assessed(database)
    with pytest.raises(ConflictError, match=r"holds: 1 restricted$"):
        await grant(database)
    await both_assessed(database)
    await grant(database)
    assert await is_member(database)
    async with database.session(Tier.PUBLIC) as session:
        assert await session.scalar(text("select verified_member from spaces where id = 'seen'"))


async def test_p28_no_assessment_below_the_pass_score_or_without_an_essential_yes_counts(database):
    await in_force(database)
    low = [ChecklistAnswer(1, "yes"), ChecklistAnswer(2, "no"), ChecklistAnswer(3, "partly")]
    async with database.session(Tier.WRITER) as session:
        await session.merge(models.RestrictedReader(location_id="restricted", person=WRITER.id))
        await session.merge(models.RestrictedReader(location_id="restricted", person=APPROVER.id))
    await assessed(database, "restricted")
    for answers in (low, [ChecklistAnswer(1, "partly"), *YES[1:]]):
        await assessed(database, answers=answers)
        with pytest.raises(ConflictError, match="seen"):
            await grant(database)


async def test_p28_an_example_makes_nobody_a_member(database):
    await in_force(database, example=True)
    await both_assessed(database)
    with pytest.raises(ConflictError):
        await grant(database)


async def test_p28_membership_lapses_when_an_assessment_is_due(database):
    await in_force(database)
    await both_assessed(database)
    await grant(database)
    due = TODAY + relativedelta(months=12)
    async with database.session(Tier.WRITER) as session:
        assert await membership.lapse_memberships(session, due) == ()
        assert await membership.lapse_memberships(session, due + timedelta(days=1)) == ("org",)
    assert not await is_member(database)


async def test_p28_membership_ends_with_the_last_space_or_a_new_one(database):
    await in_force(database)
    await both_assessed(database)
    await grant(database)
    async with database.session(Tier.WRITER) as session:
        await session.execute(update(models.Location).values(status="closed"))
        assert await membership.lapse_memberships(session, TODAY) == ("org",)
        await session.execute(update(models.Location).values(status="active"))
    await grant(database)
    async with database.session(Tier.WRITER) as session:
        await session.execute(
            delete(models.Assessment).where(models.Assessment.location_id == "seen")
        )
        assert await membership.lapse_memberships(session, TODAY) == ("org",)


async def test_p28_the_database_knows_no_other_way_to_the_logo(database):
    await in_force(database)
    for statement in (
        "update organizations set verified_member = true where id = 'org'",
        "insert into organizations (id, name, verified_member) values ('new', 'New', true)",
        "update organizations set verified_member = true where id = 'other'",
    ):
        with pytest.raises(IntegrityError, match="verified by the assessments"):
            async with database.session(Tier.WRITER) as session:
                await session.execute(text(statement))


async def test_p28_membership_is_granted_and_ended_by_coordinators(database):
    async with database.session(Tier.WRITER) as session:
        for actor in (VIEWER, WRITER, APPROVER):
            with pytest.raises(ForbiddenError):
                await membership.grant_membership(session, "org", actor, today=TODAY)
        with pytest.raises(NotFoundError):
            await membership.grant_membership(session, "none", COORDINATOR, today=TODAY)
        with pytest.raises(ConflictError, match="without an active space"):
            await membership.grant_membership(session, "other", COORDINATOR, today=TODAY)
    await in_force(database)
    await both_assessed(database)
    await grant(database)
    async with database.session(Tier.WRITER) as session:
        await membership.withdraw_membership(session, "org", COORDINATOR, reason="asked for it")
    assert not await is_member(database)
