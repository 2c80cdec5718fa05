"""P41: a link works once, expires, cannot be guessed, and changes only its own record."""

import asyncio
import base64
import hashlib
import random
import secrets
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, text

from geo.confirmations import event_log
from geo.confirmations.answers import answer_for, answer_link, issue_link, read_link
from geo.db.sessions import Tier
from geo.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRecordError,
    LinkError,
    NotFoundError,
)
from geo.models import (
    AuditEntry,
    Confirmation,
    ConfirmationLink,
    Location,
    Proposal,
)
from geo.records import space_documents
from tests.conftest import opened
from tests.fixtures.examples import examples
from tests.fixtures.network import (
    APPROVER,
    APPROVER_PE,
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
        {"id": "otra", "name": "Otra casa"},
        {"id": "oculta", "visibility": "restricted", "confidential": True, "name": "Oculta"},
        {"id": "movil", "kind": "mobile_unit", "name": "Unidad móvil"},
    )


async def issue(session, space_id="casa", actor=APPROVER, **how):
    return (await issue_link(session, space_id, "whatsapp", actor, now=NOW, **how)).token


async def everything(session):
    """Return all that an answer could change."""
    documents = await space_documents.read_documents(
        session, list(await session.scalars(select(Location.id)))
    )
    counts = [
        await session.scalar(select(func.count()).select_from(table))
        for table in (Confirmation, Proposal, AuditEntry)
    ]
    used = await session.scalars(
        select(ConfirmationLink.id).where(ConfirmationLink.used_at.is_not(None))
    )
    return documents, counts, used.all()


async def document(session, space_id="casa"):
    return (await space_documents.read_documents(session, [space_id]))[space_id]


async def test_p41_as_listed_confirms_from_today_for_as_long_as_its_kind_holds(network):
    for space_id, days in (("casa", 90), ("movil", 7)):
        before = await document(network, space_id)
        token = await issue(network, space_id)
        await answer_link(network, token, "as_listed", now=NOW)
        made = await document(network, space_id)
        assert made["confirmed_on"] == TODAY.isoformat()
        assert made["expires_on"] == (TODAY + timedelta(days=days)).isoformat()
        changed = {name for name in made if made[name] != before[name]}
        assert changed <= {"confirmed_on", "expires_on", "confirmed_by"}
    kept = (await network.scalars(select(Confirmation))).all()
    assert {(c.location_id, c.answer, c.channel) for c in kept} == {
        ("casa", "as_listed", "whatsapp"),
        ("movil", "as_listed", "whatsapp"),
    }


async def write(session, space_id="casa", **changes):
    after = space_documents.patched(await document(session, space_id), changes)
    await space_documents.store_documents(session, [after], now=NOW, today=TODAY, source="x")


async def test_p41_as_listed_confirms_what_was_listed_when_the_link_was_sent_or_was_shown(network):
    token = await issue(network)
    assert not (await read_link(network, token, now=NOW)).has_changed
    await write(network, services=["food"])
    asked = await read_link(network, token, now=NOW)
    assert asked.has_changed
    before = await everything(network)
    for listed in (None, "", "0" * 64):
        with pytest.raises(ConflictError):
            await answer_link(network, token, "as_listed", now=NOW, listed=listed)
    assert await everything(network) == before, "and the link still works"
    await answer_link(network, token, "as_listed", now=NOW, listed=asked.listed)
    assert (await document(network))["confirmed_on"] == TODAY.isoformat()


async def test_p41_what_changes_while_the_page_is_read_is_not_confirmed(network):
    token = await issue(network)
    shown = await read_link(network, token, now=NOW)
    await write(network, services=["food"])
    with pytest.raises(ConflictError):
        await answer_link(network, token, "as_listed", now=NOW, listed=shown.listed)


async def test_p41_another_confirmation_or_count_is_no_change_of_what_is_listed(network):
    first, second = await issue(network), await issue(network)
    await answer_link(network, first, "as_listed", now=NOW)
    await write(network, available=3)
    await answer_link(network, second, "as_listed", now=NOW)


async def test_p31_of_a_restricted_space_nothing_new_is_confirmed_unseen(network):
    token = await issue(network, "oculta", None)
    await write(network, "oculta", services=["food"])
    asked = await read_link(network, token, now=NOW)
    assert (asked.document, asked.listed, asked.has_changed) == (None, None, True)
    for listed in (None, "x"):
        with pytest.raises(ConflictError):
            await answer_link(network, token, "as_listed", now=NOW, listed=listed)
    await answer_link(network, token, "full", now=NOW)


@pytest.mark.parametrize(("answer", "status"), [("full", "full"), ("closed", "temporarily_closed")])
async def test_p40_full_and_closed_hold_at_once(network, answer, status):
    others = await document(network, "otra")
    await answer_link(network, await issue(network), answer, now=NOW)
    assert (await document(network))["status"] == status
    assert await document(network, "otra") == others


async def test_p40_full_does_not_reopen_what_is_closed(network):
    await answer_link(network, await issue(network), "closed", now=NOW)
    outcome = await answer_link(network, await issue(network), "full", now=NOW)
    assert not outcome.applied
    assert (await document(network))["status"] == "temporarily_closed"


async def test_p41_changed_is_proposed_to_an_approver(network):
    before = await document(network)
    longer = [{"byday": ["MO", "SU"], "opens_at": "08:00", "closes_at": "20:00"}]
    outcome = await answer_link(
        network, await issue(network), "changed", now=NOW, changes={"schedules": longer}
    )
    assert not outcome.applied
    assert await document(network) == before
    proposal = (await network.scalars(select(Proposal))).one()
    assert (proposal.state, proposal.proposed_by, proposal.proposed_via) == (
        "pending",
        None,
        "link",
    )
    assert proposal.link_sent_by == APPROVER.id


@pytest.mark.parametrize(
    "changes", [{"lat": 1.0}, {"name": "x"}, {"status": "active"}, {}], ids=str
)
async def test_p41_a_link_changes_hours_telephone_and_notice_alone(network, changes):
    token = await issue(network)
    with pytest.raises(InvalidRecordError):
        async with network.begin_nested():
            await answer_link(network, token, "changed", now=NOW, changes=changes)
    await read_link(network, token, now=NOW)  # it still works


async def test_p41_looking_has_no_effect(network):
    token = await issue(network)
    before = await everything(network)
    for _ in range(5):
        asked = await read_link(network, token, now=NOW)
    assert asked.name == SPACE["name"]
    assert await everything(network) == before


async def test_p41_a_link_works_once(network):
    token = await issue(network)
    await answer_link(network, token, "as_listed", now=NOW)
    after = await everything(network)
    for answer in ("as_listed", "full", "closed", "changed"):
        with pytest.raises(LinkError):
            await answer_link(network, token, answer, now=NOW)
    with pytest.raises(LinkError):
        await read_link(network, token, now=NOW)
    assert await everything(network) == after


async def test_p41_a_link_expires(network):
    token = await issue(network, days=14)
    at_the_end = NOW + timedelta(days=14)
    await read_link(network, token, now=at_the_end - timedelta(seconds=1))
    with pytest.raises(LinkError):
        await answer_link(network, token, "full", now=at_the_end)


async def test_p41_the_link_is_stored_as_a_hash_only(network):
    token = await issue(network)
    row = (await network.execute(select(ConfirmationLink.__table__))).one()
    assert token not in str(row)
    raw = base64.urlsafe_b64decode(token + "==")
    assert not any(raw[-16:] in value for value in row if isinstance(value, bytes))
    entries = await network.execute(text("select details::text from amparo.audit_entries"))
    assert token not in str(entries.all())


def forged(token: str, other: str, chance: random.Random) -> str:
    """Return something that is not a link: random, altered, or put together from two."""
    raw, second = (base64.urlsafe_b64decode(t + "==") for t in (token, other))
    kind = chance.randrange(7)
    if kind == 0:
        return secrets.token_urlsafe(chance.choice([0, 1, 16, 36, 37, 38, 64]))
    if kind == 1:  # one bit
        at = chance.randrange(len(raw) * 8)
        flipped = bytearray(raw)
        flipped[at // 8] ^= 1 << at % 8
        return base64.urlsafe_b64encode(flipped).decode().rstrip("=")
    if kind == 2:  # who it is, from one; signed as the other
        return base64.urlsafe_b64encode(raw[:16] + second[16:]).decode().rstrip("=")
    if kind == 3:  # a later end
        return (
            base64.urlsafe_b64encode(
                raw[:16] + (int.from_bytes(raw[16:21]) + 86_400).to_bytes(5) + raw[21:]
            )
            .decode()
            .rstrip("=")
        )
    if kind == 4:  # the same bytes, written otherwise
        return chance.choice([token + "=", token + "==", token + "\n", " " + token, token + "A"])
    if kind == 5:
        return token[: chance.randrange(len(token))]
    return chance.choice(["", "ñ", "\x00", "../" + token, token.swapcase(), "\ud800", "a" * 10_000])


async def test_p41_a_thousand_forged_links_change_nothing(network):
    token, other = await issue(network), await issue(network, "otra")
    before = await everything(network)
    chance = random.Random(41)
    for n in range(examples(1_000, 200)):
        made = forged(token, other, chance)
        if made in {token, other}:
            continue
        answer = chance.choice(["as_listed", "full", "closed"])
        with pytest.raises(LinkError) as refused:
            await (
                answer_link(network, made, answer, now=NOW)
                if n % 2
                else read_link(network, made, now=NOW)
            )
        assert str(refused.value) == "the link is not valid"
    assert await everything(network) == before
    await read_link(network, token, now=NOW)


async def test_p41_a_row_without_the_key_is_no_link(network):
    """Who could write to the table of links, but not read the key, still makes none."""
    token = secrets.token_bytes(37)
    made = base64.urlsafe_b64encode(token).decode().rstrip("=")
    network.add(
        ConfirmationLink(
            id=str(uuid.UUID(bytes=token[:16])),
            location_id="casa",
            token_sha256=hashlib.sha256(made.encode()).digest(),
            channel="sms",
            listed_sha256=b"",
            expires_at=NOW + timedelta(days=1),
        )
    )
    await network.flush()
    with pytest.raises(LinkError):
        await read_link(network, made, now=NOW)


async def test_p41_unknown_used_and_expired_take_the_same_steps(network):
    used = await issue(network)
    await answer_link(network, used, "full", now=NOW)
    expired = await issue(network, days=1)
    later = NOW + timedelta(days=2)
    unknown = base64.urlsafe_b64encode(secrets.token_bytes(37)).decode().rstrip("=")
    connection = (await network.connection()).sync_connection
    steps = []
    for token in (used, expired, unknown, "x"):
        asked: list[str] = []

        def note(_connection, _cursor, statement, *_rest, asked=asked):
            asked.append(statement)

        event.listen(connection, "before_cursor_execute", note)
        with pytest.raises(LinkError):
            await read_link(network, token, now=later)
        event.remove(connection, "before_cursor_execute", note)
        steps.append(asked)
    assert len(steps[0]) >= 1
    assert all(asked == steps[0] for asked in steps), steps


async def test_who_may_send_a_link(network):
    for actor in (OTHER_EDITOR, APPROVER_PE, VIEWER):
        with pytest.raises(ForbiddenError):
            await issue(network, actor=actor)
    await issue(network, actor=EDITOR)
    await issue(network, actor=None)
    with pytest.raises(NotFoundError):
        await issue(network, "absent")
    with pytest.raises(InvalidRecordError):
        await issue_link(network, "casa", "pigeon", APPROVER, now=NOW)


async def test_p39_a_restricted_space_shows_its_name_and_no_more(network):
    with pytest.raises(NotFoundError):
        await issue(network, "oculta")
    issued = await issue_link(network, "oculta", "whatsapp", None, now=NOW)
    assert issued.space_name is None, "no message names it"
    asked = await read_link(network, issued.token, now=NOW)
    assert (asked.name, asked.document) == ("Oculta", None)
    await answer_link(network, issued.token, "as_listed", now=NOW)
    assert (await document(network, "oculta"))["confirmed_on"] == TODAY.isoformat()


async def test_a_telephone_call_is_written_down(network):
    await answer_for(network, EDITOR, "casa", "as_listed", "phone", now=NOW)
    kept = (await network.scalars(select(Confirmation))).one()
    assert (kept.channel, kept.confirmed_by) == ("phone", "ed")
    with pytest.raises(ForbiddenError):
        await answer_for(network, OTHER_EDITOR, "casa", "full", "phone", now=NOW)
    with pytest.raises(InvalidRecordError):
        await answer_for(network, EDITOR, "casa", "changed", "phone", now=NOW)


async def test_p41_two_answers_at_once_count_once(empty_clone, settings_for):
    async with opened(settings_for(empty_clone)) as database:
        async with database.session(Tier.WRITER) as session:
            await fill_network(session)
            token = await issue(session)

        async def answer(said):
            async with database.session(Tier.WRITER) as session:
                await answer_link(session, token, said, now=NOW)

        results = await asyncio.gather(
            *(answer(said) for said in ("full", "closed") * 3), return_exceptions=True
        )
        assert sum(result is None for result in results) == 1
        assert all(result is None or isinstance(result, LinkError) for result in results)
        async with database.session(Tier.WRITER) as session:
            assert await session.scalar(select(func.count()).select_from(Confirmation)) == 1
            assert await event_log.open_links(session, "casa", NOW) == 0
