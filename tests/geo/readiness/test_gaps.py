"""What spaces leave empty, and reminders of it: one a month, and of nothing that is not public."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from geo import models
from geo.accounts import outbox
from geo.readiness import gaps
from tests.fixtures.clock import run_now
from tests.fixtures.network_people import APPROVER, COORDINATOR, VIEWER, WRITER, add_people

NOW = run_now()
TODAY = NOW.date()


@pytest.fixture
async def desk(session):
    session.add(models.Organization(id="org", name="Org", visibility="public"))
    await session.flush()
    await add_people(session)
    common = {
        "organization_id": "org", "kind": "support_space", "timezone": "America/Bogota",
        "confidential": False,
        "country": "CO", "admin1": "Cauca", "geom": "SRID=4326;POINT(-72.5 7.9)",
        "confirmed_on": TODAY - timedelta(days=1), "expires_on": TODAY + timedelta(days=30),
    }  # fmt: skip
    for name, more in {
        "bare": {"visibility": "public"},
        "said": {"visibility": "public", "address": "Calle 1", "fees": "free", "step_free": True},
        "secret": {"visibility": "restricted"},
        "gone": {"visibility": "public", "status": "closed"},
    }.items():
        session.add(models.Location(id=name, name=name, **common, **more))
    await session.flush()
    return session


async def test_p39_the_emptiest_comes_first_and_a_restricted_one_is_for_its_readers(desk):
    found = await gaps.incomplete_spaces(desk, COORDINATOR)
    assert [space.id for space in found] == ["bare", "said"]
    assert {*found[0].missing} == {*gaps.RECOMMENDED}
    assert {*found[0].missing} - {*found[1].missing} == {"address", "fees", "step_free"}
    assert await gaps.incomplete_spaces(desk, VIEWER) == ()
    assert len(await gaps.incomplete_spaces(desk, WRITER)) == len(found)
    desk.add(models.RestrictedReader(location_id="secret", person=APPROVER.id))
    await desk.flush()
    assert "secret" in {space.id for space in await gaps.incomplete_spaces(desk, APPROVER)}


async def test_an_area_is_unheard_until_a_channel_is_known_there(desk):
    assert [(a.country, a.admin1, a.spaces) for a in await gaps.unheard_areas(desk)] == [
        ("CO", "Cauca", 2)
    ]
    desk.add(
        models.InformationChannel(
            id="radio", name="Radio", medium="radio", operator="Org", country="CO",
            visibility="partners", confirmed_on=TODAY - timedelta(days=1),
            expires_on=TODAY + timedelta(days=1), source="test",
        )
    )  # fmt: skip
    await desk.flush()
    assert await gaps.unheard_areas(desk) == ()


async def test_who_edits_is_reminded_once_a_month_and_the_message_names_nothing(desk):
    assert await gaps.remind(desk, NOW) == 1
    assert await gaps.remind(desk, NOW + timedelta(days=29)) == 0
    (message,) = (await desk.scalars(select(models.OutboxMessage))).all()
    assert (message.recipient, message.channel, message.payload) == (WRITER.id, "email", {})
    sent = models.OutboxMessage
    await desk.execute(update(sent).values(created_at=NOW - outbox.KEPT - timedelta(days=1)))
    assert await gaps.remind(desk, NOW) == 1
    await desk.execute(text("delete from amparo.outbox"))
    await desk.execute(text("update amparo.locations set visibility = 'restricted'"))
    assert await gaps.remind(desk, NOW) == 0
