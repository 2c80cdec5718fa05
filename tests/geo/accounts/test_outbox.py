"""Notifications: claimed by one sender at a time, repeated, given up, without personal data."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from geo.accounts import outbox
from geo.db.sessions import Tier
from geo.errors import ForbiddenError, InvalidRecordError, NotFoundError
from geo.models import OutboxMessage, Person
from tests.conftest import opened
from tests.fixtures import network as fixture
from tests.fixtures.network import ADMIN, COORDINATOR, EDITOR, fill_network

#: Messages are written at the database's time, which goes on while the suite runs.
NOW = fixture.NOW + timedelta(days=1)


async def fill(session):
    await fill_network(session)


async def announce(session, event="record.changed", **how):
    return await outbox.announce(session, event, {"record_id": "casa"}, **how)


async def due(session, now=NOW):
    return await outbox.claim(session, now + timedelta(minutes=1))


async def test_a_message_names_ids_and_its_address_is_looked_up_when_sent(network):
    assert await announce(network, people=["ed", "ed", "ap"]) == 2
    rows = (await network.execute(select(OutboxMessage.__table__))).all()
    assert "@" not in str(rows), "no address is stored"
    messages = await due(network)
    assert sorted(m.address for m in messages) == ["ap@example.org", "ed@example.org"]
    await network.execute(update(Person).where(Person.id == "ed").values(active=False))
    (gone,) = [m for m in await due(network, NOW + timedelta(hours=1)) if m.address is None]
    assert gone.channel == "email"


async def test_a_webhook_hears_of_what_it_wants(network):
    region, key = await outbox.add_webhook(
        network, ADMIN, url="https://one.example/", events=["record.changed"]
    )
    own, _ = await outbox.add_webhook(
        network, None, url="https://two.example/", events=["record.changed"], organization_id="org"
    )
    other, _ = await outbox.add_webhook(
        network, None, url="https://three.example/", events=outbox.EVENTS, organization_id="org2"
    )
    assert len(key) == 32
    assert await announce(network, organization_id="org") == 2
    assert {m.address for m in await due(network)} == {
        "https://one.example/",
        "https://two.example/",
    }
    assert await announce(network, event="space.confirmed", organization_id="org") == 0
    assert await announce(network, organization_id="org", to_webhooks=False) == 0
    await outbox.revoke_webhook(network, region)
    assert [hook.id for hook in await outbox.webhooks(network)] != [region, own, other]
    assert await announce(network, organization_id="org2") == 1


async def test_webhooks_are_kept_by_administrators(network):
    for actor in (EDITOR, COORDINATOR):
        with pytest.raises(ForbiddenError):
            await outbox.add_webhook(network, actor, url="https://x.example", events=outbox.EVENTS)
    for url, events in (("ftp://x", outbox.EVENTS), ("https://x", ["all"]), ("https://x", [])):
        with pytest.raises(InvalidRecordError):
            await outbox.add_webhook(network, None, url=url, events=events)
    with pytest.raises(NotFoundError):
        await outbox.revoke_webhook(network, "absent")
    with pytest.raises(NotFoundError):
        await outbox.add_webhook(
            network, None, url="https://x", events=outbox.EVENTS, organization_id="absent"
        )


async def test_what_fails_waits_longer_each_time_and_is_given_up(network):
    await announce(network, people=["ed"])
    now, waits = NOW + timedelta(minutes=1), []
    while messages := await outbox.claim(network, now):
        (message,) = messages
        await outbox.mark_failed(network, message, now, error="SMTPConnectError")
        network.expire_all()
        row = (await network.scalars(select(OutboxMessage))).one()
        if row.failed_at is not None:
            break
        waits.append(row.not_before - now)
        assert await outbox.claim(network, row.not_before - timedelta(seconds=1)) == []
        now = row.not_before
    assert len(waits) == outbox.ATTEMPTS - 1
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (outbox.FIRST_WAIT, outbox.LONGEST_WAIT)
    assert timedelta(hours=24) < sum(waits, timedelta()) < timedelta(hours=48)
    assert row.last_error == "SMTPConnectError"
    assert await outbox.waiting(network) == (0, 1)


async def test_what_cannot_arrive_is_given_up_at_once(network):
    await announce(network, people=["ed"])
    (message,) = await due(network)
    await outbox.mark_failed(network, message, NOW, error="ForbiddenAddressError", final=True)
    assert await outbox.waiting(network) == (0, 1)


async def test_a_sender_that_died_gives_its_messages_back(network):
    await announce(network, people=["ed"])
    start = NOW + timedelta(minutes=1)
    (first,) = await outbox.claim(network, start)
    assert await outbox.claim(network, start + outbox.LEASE / 2) == []
    (again,) = await outbox.claim(network, start + outbox.LEASE)
    assert (again.id, again.attempt) == (first.id, 2)
    await outbox.mark_sent(network, again, start + outbox.LEASE)
    assert await outbox.claim(network, start + timedelta(days=1)) == []


async def test_what_was_sent_is_forgotten_after_its_time(network):
    await announce(network, people=["ed"])
    (first,) = await due(network)
    await outbox.mark_sent(network, first, NOW)
    assert await outbox.forget_old(network, NOW + outbox.KEPT) == 0
    assert await outbox.forget_old(network, NOW + outbox.KEPT + timedelta(seconds=1)) == 1
    await announce(network, people=["ap"])
    assert await outbox.forget_old(network, NOW) == 0, "what waits is kept"


async def test_many_senders_take_each_message_once(empty_clone, settings_for):
    async with opened(settings_for(empty_clone)) as database:
        async with database.session(Tier.WRITER) as session:
            await fill_network(session)
            for _ in range(100):
                await announce(session, people=["ed"])

        async def take():
            taken = []
            while True:
                async with database.session(Tier.WRITER) as session:
                    messages = await outbox.claim(session, NOW + timedelta(minutes=1), limit=7)
                if not messages:
                    return taken
                taken += [message.id for message in messages]

        parts = await asyncio.gather(*(take() for _ in range(6)))
        together = [message for part in parts for message in part]
        assert len(together) == len(set(together)) == 100
