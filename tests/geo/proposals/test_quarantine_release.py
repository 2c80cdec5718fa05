"""P38, P40: what words hold back is let go by two people who are named for it, and no other."""

import pytest
from sqlalchemy import insert, select

from geo.errors import ConflictError, ForbiddenError, InvalidRecordError, NotFoundError
from geo.models import AuditEntry, Location, Proposal, RestrictedReader
from geo.proposals.decisions import accept, reject
from geo.proposals.pending import pending, proposal_diff
from geo.proposals.quarantine_release import held_by, propose_release, quarantined
from geo.proposals.submission import propose_space
from geo.reasons import CodedReason, for_column
from geo.records import space_documents
from tests.fixtures.network import (
    APPROVER,
    COORDINATOR,
    EDITOR,
    NOW,
    OTHER_EDITOR,
    TODAY,
    VIEWER,
    fill_network,
)

WORDS = "casa de acogida"
HELD = for_column(CodedReason("protected_words", words=WORDS))


async def fill(session):
    await fill_network(session, {"id": "retenida", "name": "Casa de acogida San José"})
    await session.execute(
        insert(RestrictedReader),
        [{"location_id": "retenida", "person": who.id} for who in (EDITOR, APPROVER)],
    )


async def ask(session, actor=EDITOR, visibility="public", reason="es un comedor"):
    return await propose_release(session, actor, "retenida", visibility, reason, via="web", now=NOW)


async def space(session):
    row = await session.execute(
        select(Location.visibility, Location.quarantined, Location.released).where(
            Location.id == "retenida"
        )
    )
    return tuple(row.one())


async def document(session):
    return (await space_documents.read_documents(session, ["retenida"]))["retenida"]


async def write(session, **changes):
    after = space_documents.patched(await document(session), changes)
    await space_documents.store_documents(session, [after], now=NOW, today=TODAY, source="x")


async def test_p38_p40_words_are_released_by_a_second_named_person(network):
    outcome = await ask(network)
    assert (outcome.applied, outcome.waiting_fields) == (False, ("confidential", "visibility"))
    assert await space(network) == ("restricted", HELD, [])
    with pytest.raises(ForbiddenError):
        await accept(network, EDITOR, outcome.proposal_id, "yo mismo", now=NOW)
    with pytest.raises(NotFoundError):
        await accept(network, COORDINATOR, outcome.proposal_id, "sin nombrar", now=NOW)
    found = await proposal_diff(network, APPROVER, outcome.proposal_id, now=NOW)
    assert found.differences["visibility"] == ("restricted", "public")
    assert (found.problems, found.released) == ((), (WORDS,))
    await accept(network, APPROVER, outcome.proposal_id, "la visité", now=NOW)
    assert await space(network) == ("public", None, [WORDS])
    assert await quarantined(network, EDITOR) == ()
    actions = (await network.scalars(select(AuditEntry.action).order_by(AuditEntry.seq))).all()
    assert actions[-3:] == ["proposed", "restricted.read", "proposal.accepted"]
    # The same words hold it no more; others do.
    await write(network, notice="Abierto")
    assert (await space(network))[0] == "public"
    await write(network, notice="Para sobrevivientes")
    assert (await space(network))[0] == "restricted"


async def test_p38_a_change_of_visibility_alone_releases_nothing(network):
    with pytest.raises(InvalidRecordError):
        await propose_space(
            network,
            EDITOR,
            space_id="retenida",
            changes={"visibility": "public", "confidential": False},
            reason="x",
            via="api",
            now=NOW,
        )


async def test_p38_words_that_came_later_are_not_released_with_it(network):
    outcome = await ask(network)
    await write(network, notice="Para sobrevivientes")
    revision = await network.scalar(select(Location.revision).where(Location.id == "retenida"))
    with pytest.raises(InvalidRecordError):
        await accept(network, APPROVER, outcome.proposal_id, "x", now=NOW, revision=revision)
    assert (await space(network))[0] == "restricted"


async def test_a_release_that_is_rejected_leaves_the_words_in_force(network):
    outcome = await ask(network)
    await reject(network, APPROVER, outcome.proposal_id, "es un refugio", now=NOW)
    assert await space(network) == ("restricted", HELD, [])


async def test_p31_the_lists_name_neither_the_space_nor_its_words(network):
    await ask(network)
    (held,) = await quarantined(network, APPROVER)
    assert (held.id, held.is_releasable) == ("retenida", True)
    (waiting,) = await pending(network, APPROVER)
    assert (waiting.name, waiting.reason, waiting.is_restricted) == (None, None, True)
    found = await proposal_diff(network, APPROVER, waiting.id, now=NOW)
    assert found.proposal.name == "Casa de acogida San José"
    assert found.proposal.reason == "es un comedor"
    read = (
        await network.scalars(select(AuditEntry).where(AuditEntry.action == "restricted.read"))
    ).one()
    assert (read.actor, read.record_id) == ("ap", "retenida")


async def test_p39_who_is_not_named_knows_of_no_quarantine(network):
    assert await quarantined(network, COORDINATOR) == ()
    with pytest.raises(ForbiddenError):
        await quarantined(network, VIEWER)
    with pytest.raises(NotFoundError):
        await ask(network, COORDINATOR)


async def test_who_may_not_change_a_record_does_not_release_it(network):
    network.add(RestrictedReader(location_id="retenida", person=OTHER_EDITOR.id))
    await network.flush()
    with pytest.raises(ForbiddenError):
        await ask(network, OTHER_EDITOR)


async def test_p38_a_protected_kind_or_service_is_never_released(network):
    await write(network, services=["gbv_response"])
    assert [held.is_releasable for held in await quarantined(network, EDITOR)] == [False]
    assert await held_by(network, "retenida", await document(network)) == ()
    with pytest.raises(ForbiddenError):
        await ask(network)
    assert (await network.scalars(select(Proposal))).all() == []


async def test_a_release_is_refused_where_there_is_nothing_to_release(network):
    with pytest.raises(ConflictError):
        await propose_release(network, EDITOR, "casa", "public", "x", via="web", now=NOW)
    with pytest.raises(NotFoundError):
        await propose_release(network, EDITOR, "nunca", "public", "x", via="web", now=NOW)
    for wrong in ({"visibility": "restricted"}, {"reason": " "}):
        with pytest.raises(InvalidRecordError):
            await ask(network, **wrong)
