"""P23, P40: a change beside the current record until a second person accepts it."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from geo.db.sessions import Tier
from geo.errors import ConflictError, ForbiddenError, InvalidRecordError, NotFoundError
from geo.models import (
    AuditEntry,
    CrossingStatus,
    Location,
    OutboxMessage,
    Proposal,
    RestrictedReader,
)
from geo.proposals.decisions import KEPT, accept, accept_many, forget_changes, reject, withdraw
from geo.proposals.pending import pending, proposal_diff, read_proposal
from geo.proposals.submission import (
    ChangeRequest,
    ProposalLink,
    propose,
    propose_crossing,
    propose_space,
)
from geo.records import space_documents
from tests.conftest import opened
from tests.fixtures.network import (
    ADMIN,
    APPROVER,
    APPROVER_PE,
    COORDINATOR,
    EDITOR,
    NOW,
    OTHER_EDITOR,
    SPACE,
    TODAY,
    VIEWER,
    fill_network,
)


async def fill(session):
    await fill_network(
        session,
        {"id": "oculta", "visibility": "restricted", "confidential": True, "name": "Oculta"},
        {"id": "lima", "country": "PE", "lon": -77.03, "lat": -12.05, "timezone": "America/Lima"},
    )


async def settle(session):
    """Let what waits for the commit happen now."""
    await session.execute(text("set constraints all immediate"))
    await session.execute(text("set constraints all deferred"))
    session.expire_all()


async def document(session, space_id="casa"):
    return (await space_documents.read_documents(session, [space_id]))[space_id]


async def suggest(session, actor=EDITOR, space_id="casa", **changes):
    return await propose_space(
        session, actor, space_id=space_id, changes=changes, reason="why", via="web", now=NOW
    )


async def state_of(session, proposal_id):
    session.expire_all()
    return await session.scalar(select(Proposal.state).where(Proposal.id == proposal_id))


# -- proposing ---------------------------------------------------------------------------------


async def test_p40_closing_is_immediate_and_kept_with_its_reason(network):
    outcome = await suggest(network, status="closed", notice="maintenance")
    assert (outcome.applied, outcome.proposal_id) == (True, None)
    assert outcome.applied_fields == ("notice", "status")
    made = await document(network)
    assert (made["status"], made["notice"]) == ("closed", "Arreglos en el lugar")
    kept = (await network.scalars(select(Proposal))).one()
    assert (kept.state, kept.reason, kept.proposed_by) == ("applied", "why", "ed")
    assert kept.changes == {"notice": "Arreglos en el lugar", "status": "closed"}


async def test_p23_opening_stays_beside_the_record(network):
    before = await document(network)
    outcome = await suggest(network, lon=-72.6, services=["food", "information", "showers"])
    assert not outcome.applied
    assert outcome.waiting_fields == ("lon", "services")
    assert await document(network) == before


async def test_p40_a_mixed_change_closes_now_and_opens_later(network):
    outcome = await suggest(network, services=["food", "showers"], status="full")
    assert outcome.applied_fields == ("services", "status")
    assert outcome.waiting_fields == ("services",)
    made = await document(network)
    assert (made["services"], made["status"]) == (["food"], "full")
    await settle(network)
    await accept(network, APPROVER, outcome.proposal_id, "ok", now=NOW)
    made = await document(network)
    assert (made["services"], made["status"]) == (["food", "showers"], "full")


@pytest.mark.parametrize("actor", [OTHER_EDITOR, APPROVER_PE, VIEWER], ids=lambda a: a.id)
async def test_a_stranger_may_not_even_propose(network, actor):
    with pytest.raises(ForbiddenError):
        await suggest(network, actor, status="closed")


@pytest.mark.parametrize("actor", [EDITOR, APPROVER, COORDINATOR, ADMIN], ids=lambda a: a.id)
async def test_p40_who_may_close_at_once(network, actor):
    assert (await suggest(network, actor, status="closed")).applied


@pytest.mark.every(3)
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"id": "x"}, "id"),
        ({"demo": True}, "demo"),
        ({"kind": "palace"}, "kind"),
        ({"lat": 95}, ""),
        ({"status": "active"}, "changes"),
        ({}, "changes"),
        (
            {"schedules": [{"byday": ["XX"], "opens_at": "08:00", "closes_at": "09:00"}]},
            "schedules",
        ),
    ],
    ids=str,
)
async def test_what_breaks_a_rule_is_refused_by_field(network, changes, field):
    with pytest.raises(InvalidRecordError) as refused:
        await suggest(network, **changes)
    assert field in [name for name, _ in refused.value.problems] or not field


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1001])
async def test_a_reason_is_needed(network, reason):
    with pytest.raises(InvalidRecordError, match="reason"):
        await propose_space(
            network,
            EDITOR,
            space_id="casa",
            changes={"status": "closed"},
            reason=reason,
            via="web",
            now=NOW,
        )


async def test_a_change_made_from_an_old_reading_conflicts(network):
    with pytest.raises(ConflictError):
        await propose_space(
            network,
            EDITOR,
            space_id="casa",
            changes={"status": "closed"},
            reason="x",
            via="web",
            now=NOW,
            base_revision=99,
        )


async def test_a_new_space_waits_whole_and_appears_when_accepted(network):
    changes = {
        **{k: v for k, v in SPACE.items() if k not in {"id", "organization", "organization_id"}},
        "name": "Casa nueva",
        "confirmed_on": TODAY.isoformat(),
    }
    outcome = await suggest(network, space_id=None, **changes)
    assert (outcome.applied, outcome.record_id) == (False, None)
    await reject_by_the_wrong(network, outcome.proposal_id)
    accepted = await accept(network, APPROVER, outcome.proposal_id, "visited", now=NOW)
    made = await document(network, accepted.record_id)
    assert (made["name"], made["organization_id"]) == ("Casa nueva", "org"), "the proposer's own"


async def reject_by_the_wrong(session, proposal_id):
    for actor in (EDITOR, OTHER_EDITOR, APPROVER_PE, ADMIN, VIEWER):
        with pytest.raises(ForbiddenError):
            await accept(session, actor, proposal_id, "x", now=NOW)


# -- deciding ----------------------------------------------------------------------------------


async def test_p23_a_second_person_of_the_country_accepts(network):
    outcome = await suggest(network, name="Casa con otro nombre")
    await reject_by_the_wrong(network, outcome.proposal_id)
    await accept(network, APPROVER, outcome.proposal_id, "called them", now=NOW)
    assert (await document(network))["name"] == "Casa con otro nombre"
    assert await state_of(network, outcome.proposal_id) == "accepted"
    entry = (
        await network.scalars(select(AuditEntry).where(AuditEntry.action == "proposal.accepted"))
    ).one()
    assert (entry.actor, entry.record_id) == ("ap", "casa")
    assert "Casa con otro nombre" not in str(entry.details), "never a value"
    told = (
        await network.scalars(
            select(OutboxMessage).where(OutboxMessage.event == "proposal.accepted")
        )
    ).all()
    assert [(m.channel, m.recipient) for m in told] == [("email", "ed")]


async def test_p23_nobody_accepts_an_own_proposal(network):
    for actor in (APPROVER, COORDINATOR):
        outcome = await suggest(network, actor, name=f"Nombre de {actor.id}")
        with pytest.raises(ForbiddenError, match="own"):
            await accept(network, actor, outcome.proposal_id, "x", now=NOW)
        with pytest.raises(ForbiddenError, match="own"):
            await reject(network, actor, outcome.proposal_id, "x", now=NOW)
        await withdraw(network, actor, outcome.proposal_id, "x", now=NOW)


async def test_p23_the_database_refuses_one_person_too(network):
    outcome = await suggest(network, APPROVER, name="X")
    change = update(Proposal).where(Proposal.id == outcome.proposal_id)
    with pytest.raises(IntegrityError, match="two_people"):
        async with network.begin_nested():
            await network.execute(change.values(state="accepted", decided_by="ap"))
    await accept(network, COORDINATOR, outcome.proposal_id, "x", now=NOW)
    for values in ({"decided_by": "ad"}, {"state": "rejected"}, {"proposed_by": "ad"}):
        with pytest.raises(DBAPIError, match=r"stays|once"):
            async with network.begin_nested():
                await network.execute(change.values(**values))


async def test_p40_who_sent_the_link_is_no_second_person(network):
    outcome = await propose_space(
        network,
        None,
        space_id="casa",
        changes={"public_phones": ["+57 311 1111111"]},
        reason="operator",
        via="link",
        now=NOW,
        link=ProposalLink("l1", "ap"),
    )
    assert outcome.applied_fields == ("public_phones",), "the old number goes at once"
    await settle(network)
    with pytest.raises(ForbiddenError, match="link"):
        await accept(network, APPROVER, outcome.proposal_id, "x", now=NOW)
    await accept(network, COORDINATOR, outcome.proposal_id, "x", now=NOW)


async def test_a_proposal_is_decided_once(network):
    outcome = await suggest(network, name="Una vez")
    await accept(network, APPROVER, outcome.proposal_id, "x", now=NOW)
    for decide in (accept, reject):
        with pytest.raises(ConflictError, match="already"):
            await decide(network, COORDINATOR, outcome.proposal_id, "x", now=NOW)
    with pytest.raises(ConflictError, match="already"):
        await withdraw(network, EDITOR, outcome.proposal_id, "x", now=NOW)
    with pytest.raises(NotFoundError):
        await accept(network, APPROVER, "absent", "x", now=NOW)


async def test_only_the_proposer_withdraws(network):
    outcome = await suggest(network, name="Y")
    with pytest.raises(ForbiddenError):
        await withdraw(network, COORDINATOR, outcome.proposal_id, "x", now=NOW)
    await withdraw(network, EDITOR, outcome.proposal_id, "x", now=NOW)
    assert await state_of(network, outcome.proposal_id) == "withdrawn"


async def test_a_rejected_change_leaves_the_record_alone(network):
    before = await document(network)
    outcome = await suggest(network, name="No")
    await reject(network, APPROVER, outcome.proposal_id, "not so", now=NOW)
    assert await document(network) == before


async def test_a_record_that_changed_meanwhile_is_compared_again(network):
    outcome = await suggest(network, name="Nuevo nombre")
    await suggest(network, status="full")
    await settle(network)
    with pytest.raises(ConflictError, match="revision"):
        await accept(network, APPROVER, outcome.proposal_id, "x", now=NOW)
    seen = await proposal_diff(network, APPROVER, outcome.proposal_id, now=NOW)
    assert seen.is_outdated
    assert seen.differences == {"name": (SPACE["name"], "Nuevo nombre")}
    await accept(network, APPROVER, outcome.proposal_id, "x", now=NOW, revision=seen.revision)
    made = await document(network)
    assert (made["name"], made["status"]) == ("Nuevo nombre", "full"), "the closing stays"


async def test_moving_to_another_country_needs_who_decides_in_both(network):
    outcome = await suggest(
        network, COORDINATOR, country="PE", lon=-77.03, lat=-12.05, timezone="America/Lima"
    )
    for actor in (APPROVER, APPROVER_PE):
        with pytest.raises(ForbiddenError):
            await accept(network, actor, outcome.proposal_id, "x", now=NOW)


async def test_many_are_accepted_each_with_its_own_outcome(network):
    fine = await suggest(network, name="Uno")
    foreign = await suggest(network, COORDINATOR, space_id="lima", name="Dos")
    own = await suggest(network, APPROVER, locality="Tres")
    ids = [fine.proposal_id, foreign.proposal_id, own.proposal_id, "absent", fine.proposal_id]
    decided = await accept_many(network, APPROVER, ids, "checked", now=NOW)
    assert [d.result for d in decided] == [
        "accepted",
        "refused",
        "refused",
        "not_found",
        "conflict",
    ]
    assert (await document(network))["name"] == "Uno"
    assert (await document(network, "lima"))["name"] == SPACE["name"]


async def test_an_import_proposes_in_one_go_and_tells_once(network):
    outcomes = await propose(
        network,
        COORDINATOR,
        "space",
        [ChangeRequest("casa", {"name": "A"}), ChangeRequest("lima", {"name": "B"})],
        reason="import",
        via="import",
        now=NOW,
        batch_id="b1",
    )
    assert all(o.proposal_id for o in outcomes)
    told = (await network.scalars(select(OutboxMessage))).all()
    assert sorted(m.recipient for m in told) == ["ap", "pe"]
    assert {m.payload["batch_id"] for m in told} == {"b1"}
    assert len(await pending(network, APPROVER, batch_id="b1")) == 1


# -- crossings and organisations ---------------------------------------------------------------


STATEMENT = {
    "state": "closed",
    "valid_from": TODAY.isoformat(),
    "timezone": "America/Bogota",
    "source": "test",
}


async def say(session, actor, **changes):
    return await propose_crossing(
        session,
        actor,
        crossing_id="puente",
        statement=STATEMENT | changes,
        reason="seen",
        via="api",
        now=NOW,
    )


async def test_p40_a_crossing_closes_at_once_and_opens_by_two(network):
    async def newest():
        rows = await network.execute(
            select(CrossingStatus.id, CrossingStatus.state).order_by(
                CrossingStatus.valid_from.desc(), CrossingStatus.id.collate("C").desc()
            )
        )
        return rows.first().state

    assert (await say(network, APPROVER)).applied
    assert await newest() == "closed"
    opening = await say(network, APPROVER, state="open", opens_at="06:00", closes_at="18:00")
    assert not opening.applied
    assert await newest() == "closed"
    with pytest.raises(ForbiddenError):
        await accept(network, APPROVER, opening.proposal_id, "x", now=NOW)
    with pytest.raises(ForbiddenError):
        await accept(network, APPROVER_PE, opening.proposal_id, "x", now=NOW)
    await accept(network, COORDINATOR, opening.proposal_id, "x", now=NOW)
    assert await newest() == "open", "of the same day the newest statement wins"
    assert (await say(network, COORDINATOR, state="not_known")).applied
    assert await newest() == "not_known"
    assert (await say(network, COORDINATOR)).applied
    assert await newest() == "closed"


async def test_p51_who_closes_a_crossing_is_named_in_codes_until_two_have_read_it(network):
    async def sources():
        rows = await network.scalars(
            select(CrossingStatus.source).where(CrossingStatus.crossing_id == "puente")
        )
        return set(rows)

    lure = "Gobierno: vaya a la casa azul y pregunte por Mireya"
    closing = await say(network, APPROVER, source=lure)
    assert closing.applied
    assert closing.proposal_id is not None
    assert lure not in await sources()
    assert "Red de apoyo" in await sources()
    with pytest.raises(ForbiddenError):
        await accept(network, APPROVER, closing.proposal_id, "x", now=NOW)
    await accept(network, COORDINATOR, closing.proposal_id, "x", now=NOW)
    assert lure in await sources()
    again = await say(network, APPROVER, source=lure, state="not_known")
    assert again.proposal_id is None, "the words are published already"
    coded = await say(network, APPROVER, source="official")
    assert (coded.applied, coded.proposal_id) == (True, None)
    assert "Anuncio oficial" in await sources()


async def test_p51_no_day_of_a_closed_crossing_is_a_number_to_call(network):
    async def days():
        rows = await network.execute(
            select(CrossingStatus.valid_from, CrossingStatus.valid_to).where(
                CrossingStatus.crossing_id == "puente", CrossingStatus.state == "closed"
            )
        )
        return {str(day) for row in rows for day in row}

    closing = await say(network, APPROVER, source="official", valid_to="3105-05-12")
    assert closing.applied, "it is closed at once, without an end"
    assert closing.proposal_id is not None
    assert await days() == {TODAY.isoformat(), "None"}
    later = await say(network, APPROVER, source="official", valid_from="3105-05-12")
    assert not later.applied
    assert "3105-05-12" not in await days()


async def test_p40_a_crossing_that_is_closed_for_years_is_closed_at_once(network):
    closing = await say(network, APPROVER, source="official", valid_from="2019-02-22")
    assert closing.applied
    assert closing.proposal_id is not None, "since when is for a second person to read"
    found = select(CrossingStatus.state, CrossingStatus.valid_from).where(
        CrossingStatus.crossing_id == "puente"
    )
    assert ("closed", TODAY) in (await network.execute(found)).all()
    over = await say(
        network, APPROVER, source="official", valid_from="2019-02-22", valid_to="2026-11-01"
    )
    assert not over.applied


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "shut"},
        {"valid_from": None},
        {"valid_to": "2000-01-01"},
        {"opens_at": "06:00"},
        {"opens_at": "06:00", "closes_at": "07:00"},
        {"queue": "long"},
        {"source": None},
    ],
    ids=str,
)
async def test_p32_a_statement_on_a_crossing_is_checked(network, changes):
    with pytest.raises(InvalidRecordError):
        await say(network, APPROVER, **changes)


async def test_an_organisation_is_changed_by_two(network):
    async def ask(actor, **changes):
        (outcome,) = await propose(
            network,
            actor,
            "organization",
            [ChangeRequest("org", changes)],
            reason="x",
            via="web",
            now=NOW,
        )
        return outcome

    outcome = await ask(EDITOR, website="https://example.org/")
    assert not outcome.applied
    with pytest.raises(ForbiddenError):
        await accept(network, APPROVER, outcome.proposal_id, "x", now=NOW)
    await accept(network, COORDINATOR, outcome.proposal_id, "x", now=NOW)
    for wrong in ({"website": "javascript:alert(1)"}, {"verified_member": True}, {"name": None}):
        with pytest.raises(InvalidRecordError):
            await ask(EDITOR, **wrong)


# -- who sees what -----------------------------------------------------------------------------


async def test_the_queue_shows_each_what_they_may_see(network):
    here = await suggest(network, name="Aquí")
    there = await suggest(network, COORDINATOR, space_id="lima", name="Allá")

    async def seen(actor, **how):
        return {p.id for p in await pending(network, actor, **how)}

    assert await seen(APPROVER) == {here.proposal_id}
    assert await seen(APPROVER_PE) == {there.proposal_id}
    assert await seen(COORDINATOR) == {here.proposal_id, there.proposal_id}
    assert await seen(COORDINATOR, mine=True) == {there.proposal_id}
    assert await seen(EDITOR) == {here.proposal_id, there.proposal_id}, "the own organisation's"
    assert await seen(OTHER_EDITOR) == set()
    with pytest.raises(ForbiddenError):
        await seen(VIEWER)
    (mine,) = await pending(network, APPROVER)
    assert (mine.name, mine.proposer, mine.may_decide) == (SPACE["name"], "Eva Editora", True)
    with pytest.raises(NotFoundError):
        await read_proposal(network, APPROVER_PE, here.proposal_id)


async def test_p39_a_restricted_record_is_not_there_for_who_is_not_named(network):
    for actor in (EDITOR, APPROVER, COORDINATOR):
        with pytest.raises(NotFoundError) as hidden:
            await suggest(network, actor, space_id="oculta", status="closed")
        with pytest.raises(NotFoundError) as absent:
            await suggest(network, actor, space_id="nunca", status="closed")
        assert str(hidden.value).replace("oculta", "nunca") == str(absent.value)
    network.add(RestrictedReader(location_id="oculta", person="ed"))
    await network.flush()
    outcome = await suggest(network, EDITOR, space_id="oculta", name="Otro")
    assert [p.id for p in await pending(network, COORDINATOR)] == []
    with pytest.raises(NotFoundError):
        await accept(network, COORDINATOR, outcome.proposal_id, "x", now=NOW)
    with pytest.raises(NotFoundError):
        await proposal_diff(network, COORDINATOR, outcome.proposal_id, now=NOW)
    told = (await network.scalars(select(OutboxMessage))).all()
    assert told == [], "nobody else hears of it"
    network.add(RestrictedReader(location_id="oculta", person="co"))
    await network.flush()
    await proposal_diff(network, COORDINATOR, outcome.proposal_id, now=NOW)
    read = await network.scalar(select(AuditEntry).where(AuditEntry.action == "restricted.read"))
    assert (read.actor, read.record_id) == ("co", "oculta")
    await accept(network, COORDINATOR, outcome.proposal_id, "x", now=NOW)


async def test_p39_a_new_space_with_a_hidden_id_is_proposed_like_any_other(network):
    changes = {**SPACE, "confirmed_on": TODAY.isoformat()}
    for space_id in ("oculta", "nunca"):
        outcome = await suggest(network, space_id=None, **changes | {"id": space_id})
        assert outcome.proposal_id is not None
    with pytest.raises(ConflictError):
        await suggest(network, space_id=None, **changes | {"id": "lima"})


async def test_p39_accepting_answers_for_a_hidden_id_as_for_one_of_the_past(network):
    await network.execute(delete(Location).where(Location.id == "lima"))
    await settle(network)
    changes = {**SPACE, "confirmed_on": TODAY.isoformat()}
    told = set()
    for space_id in ("oculta", "lima"):
        outcome = await suggest(network, space_id=None, **changes | {"id": space_id})
        with pytest.raises(ConflictError) as refused:
            await accept(network, APPROVER, outcome.proposal_id, "x", now=NOW)
        told.add(str(refused.value))
    assert len(told) == 1
    fresh = await suggest(network, space_id=None, **changes | {"id": "nunca"})
    assert (await accept(network, APPROVER, fresh.proposal_id, "x", now=NOW)).record_id == "nunca"


async def test_p1_the_two_who_made_a_space_restricted_can_still_read_it(network):
    outcome = await suggest(network, visibility="restricted", confidential=True)
    named = select(RestrictedReader.person).where(RestrictedReader.location_id == "casa")
    assert (await network.scalars(named)).all() == []
    await accept(network, APPROVER, outcome.proposal_id, "x", now=NOW)
    assert sorted(await network.scalars(named)) == ["ap", "ed"]


async def test_p38_a_proposed_protected_service_makes_it_restricted(network):
    outcome = await suggest(network, services=["food", "information", "gbv_response"])
    await accept(network, APPROVER, outcome.proposal_id, "x", now=NOW)
    seen = await network.scalar(select(Location.visibility).where(Location.id == "casa"))
    assert seen == "restricted"


async def test_p29_what_was_proposed_is_forgotten_after_its_time(network):
    done = await suggest(network, locality="Pamplona")
    await accept(network, APPROVER, done.proposal_id, "x", now=NOW)
    waits = await suggest(network, lat=7.9)
    assert await forget_changes(network, NOW + KEPT) == 0
    assert await forget_changes(network, NOW + KEPT + timedelta(seconds=1)) == 1
    network.expire_all()
    assert (await network.get(Proposal, done.proposal_id)).changes == {}
    assert (await network.get(Proposal, waits.proposal_id)).changes == {"lat": 7.9}


# -- at the same time --------------------------------------------------------------------------


async def test_a_proposal_accepted_twice_at_once_is_accepted_once(empty_clone, settings_for):
    async with opened(settings_for(empty_clone)) as database:
        async with database.session(Tier.WRITER) as session:
            await fill_network(session)
        async with database.session(Tier.WRITER) as session:
            outcome = await suggest(session, name="Una sola vez")

        async def try_to(actor):
            async with database.session(Tier.WRITER) as session:
                await accept(session, actor, outcome.proposal_id, "x", now=NOW)

        results = await asyncio.gather(
            *(try_to(actor) for actor in (APPROVER, COORDINATOR) * 3), return_exceptions=True
        )
        assert sum(result is None for result in results) == 1
        assert all(result is None or isinstance(result, ConflictError) for result in results)


async def test_the_revision_of_a_half_applied_change_is_the_one_after_it(empty_clone, settings_for):
    async with opened(settings_for(empty_clone)) as database:
        async with database.session(Tier.WRITER) as session:
            await fill_network(session)
        async with database.session(Tier.WRITER) as session:
            outcome = await suggest(session, services=["food", "showers"])
        assert outcome.applied
        async with database.session(Tier.WRITER) as session:
            seen = await proposal_diff(
                session, APPROVER, outcome.proposal_id, now=NOW + timedelta(hours=1)
            )
            assert not seen.is_outdated
            await accept(session, APPROVER, outcome.proposal_id, "x", now=NOW)
