"""Several spaces confirmed or closed at once, and undone: P40, P52, and who may not."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from geo import models
from geo.accounts.permissions import Means
from geo.audit import trail
from geo.confirmations import answers
from geo.desk import bulk, undo
from geo.errors import InvalidRecordError, NotFoundError, SessionNeededError
from geo.proposals.closings import SpaceClosing
from geo.proposals.submission import propose_space
from geo.records import space_documents
from geo.removals import removal_log, unconfirmed
from geo.removals.hides import OWN_LIFT
from tests.fixtures.network import APPROVER, COORDINATOR, EDITOR, NOW, TODAY, fill_network

HOUSES = tuple(f"casa{number}" for number in range(1, 6))
CLOSED = SpaceClosing("temporarily_closed", "flood", TODAY + timedelta(days=3))
MINUTE = timedelta(minutes=1)


async def fill(session):
    await fill_network(
        session,
        *({"id": id_} for id_ in HOUSES),
        {"id": "lejos", "organization": "Otra organización", "organization_id": "org2"},
        {"id": "refugio", "kind": "safe_space", "visibility": "restricted", "confidential": True}
        | {"services": ["gbv_response"]},
    )
    # Even its named reader closes it one by one, on record.
    session.add(models.RestrictedReader(location_id="refugio", person="co"))
    await session.execute(text("set constraints all immediate"))


async def revisions(session, *ids):
    rows = await session.execute(
        select(models.Location.id, models.Location.revision).where(models.Location.id.in_(ids))
    )
    found = {row.id: row.revision for row in rows}
    return {id_: found[id_] for id_ in ids}


async def documents(session, *ids):
    return await space_documents.read_documents(session, list(ids))


async def close(session, actor, *ids, now=NOW):
    chosen = await revisions(session, *ids)
    return await bulk.close_spaces(session, actor, chosen, CLOSED, reason="se inundó", now=now)


async def test_p52_many_closings_at_once_count_as_if_one_by_one(network):
    limit = removal_log.limit_of(network)
    made = await close(network, COORDINATOR, *HOUSES)
    assert made.done == len(HOUSES)
    found = await documents(network, *HOUSES)
    assert {one["status"] for one in found.values()} == {"temporarily_closed"}
    ends = [one.ends_at for one in await unconfirmed.standing(network, COORDINATOR)]
    assert sum(end is not None for end in ends) == len(HOUSES) - limit
    # Beyond the limit they come back by themselves, unless a second person confirms them.
    assert await removal_log.end_due(network, NOW + removal_log.DAY) == len(HOUSES) - limit
    after = await documents(network, *HOUSES)
    assert sum(one["status"] == "active" for one in after.values()) == len(HOUSES) - limit


async def test_each_row_has_the_rule_of_one_and_is_told_apart(network):
    chosen = await revisions(network, "casa", "casa1", "casa2", "lejos", "refugio")
    await propose_space(
        network, COORDINATOR, space_id="casa2", changes={"status": "closed"}, reason="r",
        via="web", now=NOW,
    )  # fmt: skip
    await network.execute(text("set constraints all immediate"))
    made = await bulk.confirm_spaces(
        network, EDITOR, {**chosen, "nunca": 1}, "phone", now=NOW + MINUTE
    )
    assert made.results == {
        "casa": "done",
        "casa1": "done",
        "casa2": "changed",
        "lejos": "not_yours",
        "refugio": "gone",
        "nunca": "gone",
    }
    assert list(made.results) == [*chosen, "nunca"]
    found = await documents(network, "casa", "lejos")
    assert found["casa"]["confirmed_on"] == TODAY.isoformat()
    assert found["lejos"]["confirmed_on"] != TODAY.isoformat()
    # What a named reader may open on record is no part of an action either.
    seen = await bulk.chosen_spaces(network, COORDINATOR, ["refugio", "nunca", "casa"])
    assert [one.id for one in seen] == ["casa"]
    for wrong in ({}, dict.fromkeys(map(str, range(bulk.MAX_SPACES + 1)), 1)):
        with pytest.raises(InvalidRecordError):
            await bulk.confirm_spaces(network, EDITOR, wrong, "phone", now=NOW)


@pytest.mark.every(2)
@pytest.mark.parametrize("action", ["close", "confirm"])
async def test_p40_who_slipped_undoes_it_exactly_and_what_was_done_stays_counted(network, action):
    before = await documents(network, *HOUSES[:2])
    if action == "close":
        made = await close(network, EDITOR, *HOUSES[:2])
    else:
        chosen = await revisions(network, *HOUSES[:2])
        made = await bulk.confirm_spaces(network, EDITOR, chosen, "phone", now=NOW)
    assert await documents(network, *HOUSES[:2]) != before
    program = replace(EDITOR, means=Means.PROGRAM)
    with pytest.raises(SessionNeededError):
        await undo.undo_action(network, program, made.action_id, now=NOW)
    for who, when in ((COORDINATOR, NOW), (EDITOR, NOW + OWN_LIFT + MINUTE)):
        with pytest.raises(NotFoundError):
            await undo.undo_action(network, who, made.action_id, now=when)
    results = await undo.undo_action(network, EDITOR, made.action_id, now=NOW + OWN_LIFT)
    assert set(results.values()) == {"undone"}
    assert await documents(network, *HOUSES[:2]) == before
    assert await unconfirmed.standing(network, EDITOR) == ()
    assert await network.scalar(select(models.Confirmation.id)) is None
    (entry, *_) = await trail.newest(network, limit=1)
    assert entry.action == f"undone.{action}"
    with pytest.raises(NotFoundError):  # once
        await undo.undo_action(network, EDITOR, made.action_id, now=NOW)
    if action == "close":
        # Who closes and undoes all day long gains nothing: the limit of the day is used up.
        await close(network, EDITOR, *HOUSES[2:4], now=NOW + MINUTE)
        standing = await unconfirmed.standing(network, EDITOR)
        assert sum(one.ends_at is not None for one in standing) == 1


async def test_p52_what_somebody_else_said_or_touched_is_not_undone(network):
    made = await close(network, EDITOR, *HOUSES[:4])
    touched, answered, confirmed, left = HOUSES[:4]
    later = NOW + MINUTE
    await propose_space(
        network, COORDINATOR, space_id=touched, changes={"status": "closed"}, reason="r",
        via="web", now=later,
    )  # fmt: skip
    await answers.answer_for(network, APPROVER, answered, "closed", "phone", now=later)
    (removal,) = [
        one for one in await unconfirmed.standing(network, APPROVER) if one.record_id == confirmed
    ]
    await unconfirmed.confirm(network, removal.id, actor=APPROVER, now=later)
    await network.execute(text("set constraints all immediate"))
    results = await undo.undo_action(network, EDITOR, made.action_id, now=later)
    assert results == {touched: "changed", answered: "agreed", confirmed: "agreed", left: "undone"}
    found = await documents(network, *HOUSES[:4])
    assert [found[id_]["status"] for id_ in HOUSES[:4]] == [
        "closed",
        "temporarily_closed",
        "temporarily_closed",
        "active",
    ]
    assert await undo.forget_old(network, later + OWN_LIFT) == 0
