"""P22, P41: age lowers rank, is labelled, and leads to a queue of what to ask about next."""

import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from geo.models import Location, RestrictedReader
from geo.spaces.freshness import TAU_DAYS, age_label, decay, expiring
from tests.fixtures.network import (
    ADMIN,
    APPROVER,
    APPROVER_PE,
    COORDINATOR,
    EDITOR,
    OTHER_EDITOR,
    TODAY,
    VIEWER,
    fill_network,
)


async def fill(session):
    await fill_network(
        session,
        {"id": "oculta", "visibility": "restricted", "confidential": True},
        {"id": "lima", "country": "PE", "lon": -77.03, "lat": -12.05, "timezone": "America/Lima"},
        {"id": "cerrada", "status": "closed"},
        {"id": "vieja"},
        {"id": "hoy"},
    )
    for space_id, days in (
        ("casa", 5),
        ("oculta", 4),
        ("lima", 3),
        ("cerrada", 2),
        ("vieja", -10),
        ("hoy", 0),
    ):
        await session.execute(
            update(Location)
            .where(Location.id == space_id)
            .values(expires_on=TODAY + timedelta(days=days))
        )


async def queue(session, actor, days=7):
    found = await expiring(session, within_days=days, today=TODAY, actor=actor)
    return [space.id for space in found]


async def test_p41_the_queue_is_in_the_order_of_expiry(network):
    assert await queue(network, COORDINATOR) == ["vieja", "hoy", "lima", "casa"]
    assert await queue(network, COORDINATOR, days=3) == ["vieja", "hoy", "lima"]
    found = await expiring(network, within_days=7, today=TODAY, actor=COORDINATOR)
    assert [space.days_left for space in found] == [-10, 0, 3, 5]


async def test_p41_each_sees_the_own_queue(network):
    assert await queue(network, APPROVER) == ["vieja", "hoy", "casa"]
    assert await queue(network, APPROVER_PE) == ["lima"]
    assert await queue(network, EDITOR) == ["vieja", "hoy", "lima", "casa"], "the organisation's"
    assert await queue(network, OTHER_EDITOR) == []
    assert await queue(network, VIEWER) == await queue(network, EDITOR)
    assert await queue(network, ADMIN) == await queue(network, COORDINATOR)


async def test_p39_restricted_spaces_are_in_the_queue_of_named_people_alone(network):
    assert await queue(network, None) == ["vieja", "hoy", "lima", "oculta", "casa"]
    network.add(RestrictedReader(location_id="oculta", person="co"))
    await network.flush()
    assert "oculta" in await queue(network, COORDINATOR)
    assert "oculta" not in await queue(network, APPROVER)


def test_p22_age_lowers_rank():
    assert decay(0) == 1
    assert decay(30) == pytest.approx(math.exp(-1))
    assert decay(2, TAU_DAYS["capacity"]) == pytest.approx(math.exp(-1))
    assert decay(-1) == 1


@given(st.floats(0, 1e4), st.floats(0, 1e4))
def test_p22_the_older_never_ranks_higher(one, other):
    assert (one <= other) <= (decay(one) >= decay(other))
    assert 0 <= decay(one) <= 1


def test_p43_call_before_when_older_than_half_its_validity():
    start = date(2026, 11, 1)
    end = start + timedelta(days=30)
    assert not age_label(start, end, start + timedelta(days=15)).call_before
    assert age_label(start, end, start + timedelta(days=16)).call_before
    assert age_label(start, end, start + timedelta(days=12)).days == 12
    assert age_label(start, end, start - timedelta(days=1)).days == 0
