"""Hazards that people report: kept without a trace, seen by approvers, then gone (P36, P37)."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError

from geo.db.sessions import Tier
from geo.errors import (
    ConflictError,
    ForbiddenError,
    InvalidRecordError,
    KeyReusedError,
    NotFoundError,
)
from geo.geography.hazards import active_hazards
from geo.models import (
    AuditEntry,
    Hazard,
    HazardReport,
    Location,
    Proposal,
    Receipt,
)
from geo.proposals import hazard_reports, idempotency
from geo.proposals.decisions import accept, reject
from geo.proposals.pending import pending, proposal_diff
from tests.conftest import opened
from tests.fixtures.network import (
    ADMIN,
    APPROVER,
    APPROVER_PE,
    COORDINATOR,
    EDITOR,
    NOW,
    TODAY,
    VIEWER,
    fill_network,
)

#: Pamplona, Norte de Santander.
LON, LAT = -72.6478, 7.3762


async def take(session, key=None, **changes):
    seen = {"kind": "landslide", "lon": LON, "lat": LAT, "seen_on": TODAY, "today": TODAY}
    return await hazard_reports.take(session, key or uuid4(), **(seen | changes))


async def count(session, model):
    return await session.scalar(select(func.count()).select_from(model))


async def fill(session):
    await fill_network(session)


HAZARD = {
    "title": "Derrumbe antes de Berlín",
    "country": "CO",
    "lon": -72.65,
    "lat": 7.376,
    "effect": "exclusion",
    "valid_from": TODAY.isoformat(),
    "valid_to": (TODAY + timedelta(days=14)).isoformat(),
}


async def reported(session):
    await take(session)
    (report,) = await hazard_reports.waiting(session, APPROVER)
    return report


async def test_p37_a_report_keeps_a_kind_a_rounded_point_and_a_day(session):
    key = uuid4()
    assert await take(session, key)
    columns = set(HazardReport.__table__.columns.keys())
    assert columns == {"id", "kind", "countries", "geom", "seen_on", "delete_on"}
    (row,) = (await session.execute(select(HazardReport))).scalars()
    where = select(func.ST_X(HazardReport.geom), func.ST_Y(HazardReport.geom))
    assert (await session.execute(where)).one() == (-72.648, 7.376)
    assert key.hex not in row.id.replace("-", "")
    assert row.countries == ["CO", "VE"]  # by the boxes: no boundaries are loaded here


async def test_p36_the_database_itself_refuses_a_finer_position(session):
    with pytest.raises(IntegrityError, match="position_is_rounded"):
        async with session.begin_nested():
            await session.execute(
                insert(HazardReport).values(
                    id="x",
                    kind="flood",
                    countries=[],
                    geom="SRID=4326;POINT(-72.6478 7.3762)",
                    seen_on=TODAY,
                    delete_on=TODAY,
                )
            )


@pytest.mark.parametrize(
    "kind",
    ["police_control", "migration_control", "checkpoint", "police", "reten", "", "Landslide"],
)
async def test_p36_police_and_migration_controls_are_not_collected(session, kind):
    with pytest.raises(InvalidRecordError, match="not collected"):
        await take(session, kind=kind)
    assert await count(session, Receipt) == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"seen_on": TODAY - timedelta(days=8)}, "seen_on"),
        ({"seen_on": TODAY + timedelta(days=2)}, "seen_on"),
        ({"lon": 2.35, "lat": 48.86}, "lon"),
        ({"lon": LAT, "lat": LON}, "lon"),
    ],
)
async def test_a_report_of_another_time_or_place_is_refused(session, changes, field):
    with pytest.raises(InvalidRecordError) as caught:
        await take(session, **changes)
    assert caught.value.problems[0][0] == field


async def test_the_same_report_is_kept_once_however_often_it_comes(session):
    key = uuid4()
    assert [await take(session, key) for _ in range(3)] == [True, False, False]
    # A finer position of the same place is the same report.
    assert not await take(session, key, lon=-72.64801)
    assert await count(session, HazardReport) == 1
    for other in ({"kind": "flood"}, {"lon": -72.5}, {"seen_on": TODAY - timedelta(days=1)}):
        with pytest.raises(KeyReusedError):
            await take(session, key, **other)
    assert await count(session, HazardReport) == 1


async def test_the_same_report_sent_twice_at_once_is_kept_once(empty_clone, settings_for):
    key = uuid4()
    async with opened(settings_for(empty_clone)) as database:

        async def once():
            async with database.session(Tier.WRITER) as session:
                return await take(session, key)

        assert sorted(await asyncio.gather(*(once() for _ in range(8)))) == [False] * 7 + [True]
        async with database.session(Tier.WRITER) as session:
            assert await count(session, HazardReport) == 1


async def test_p48_a_receipt_cannot_be_joined_to_what_was_stored(session):
    key = uuid4()
    await take(session, key)
    (receipt,) = (await session.execute(select(Receipt))).scalars()
    for known in (key.bytes, str(key).encode(), key.hex.encode()):
        assert known not in receipt.key_sha256 + receipt.seal_sha256
    # The same report under another number has another seal: a guess of the content shows nothing.
    await take(session, uuid4())
    seals = set(await session.scalars(select(Receipt.seal_sha256)))
    assert len(seals) == 2


async def test_a_receipt_lasts_exactly_as_long_as_its_report_could_come_again(session):
    key = uuid4()
    await take(session, key)
    last = TODAY + timedelta(days=idempotency.TAKEN_DAYS)
    assert await idempotency.forget_old(session, last) == 0
    assert not await take(session, key, today=last)
    assert await idempotency.forget_old(session, last + timedelta(days=1)) == 1
    with pytest.raises(InvalidRecordError):
        await take(session, key, today=last + timedelta(days=1))


async def test_reports_that_nobody_looked_at_are_deleted(session):
    await take(session)
    day = TODAY + timedelta(days=hazard_reports.DELETE_DAYS)
    assert await hazard_reports.forget_old(session, day - timedelta(days=1)) == 0
    assert await hazard_reports.forget_old(session, day) == 1
    assert await count(session, HazardReport) == 0


async def test_only_those_who_decide_there_see_a_report(network):
    await take(network)
    for actor, seen in ((APPROVER, 1), (COORDINATOR, 1), (APPROVER_PE, 0), (EDITOR, 0), (ADMIN, 0)):
        assert len(await hazard_reports.waiting(network, actor)) == seen, actor
    with pytest.raises(ForbiddenError):
        await hazard_reports.waiting(network, VIEWER)
    (report,) = await hazard_reports.waiting(network, COORDINATOR)
    for actor in (APPROVER_PE, EDITOR, ADMIN):
        with pytest.raises(NotFoundError):
            await hazard_reports.discard(network, actor, report.id, "no")


async def test_no_tier_reads_reports_or_receipts(empty_database):
    asked = text("select has_table_privilege(:role, :name, 'select')")
    async with empty_database.session(Tier.WRITER) as session:
        for role in ("amparo_public", "amparo_partner", "amparo_staff"):
            for table in ("hazard_reports", "receipts"):
                allowed = await session.scalar(asked, {"role": role, "name": f"amparo.{table}"})
                assert allowed is False, (role, table)


async def test_p36_a_discarded_report_leaves_an_entry_without_kind_or_place(network):
    report = await reported(network)
    with pytest.raises(InvalidRecordError):
        await hazard_reports.discard(network, APPROVER, report.id, " ")
    await hazard_reports.discard(network, APPROVER, report.id, "ya está reparado")
    assert await count(network, HazardReport) == 0
    entry = await network.scalar(select(AuditEntry).where(AuditEntry.entity == "report"))
    assert (entry.action, entry.record_id) == ("report.discarded", report.id)
    assert "landslide" not in str(entry.details)
    with pytest.raises(NotFoundError):
        await hazard_reports.discard(network, APPROVER, report.id, "otra vez")


async def test_p36_a_report_becomes_a_hazard_when_a_second_person_agrees(network):
    report = await reported(network)
    outcome = await hazard_reports.propose(
        network, APPROVER, report.id, HAZARD, reason="lo confirmó un conductor", now=NOW
    )
    assert not outcome.applied
    assert await count(network, HazardReport) == 0
    assert await count(network, Hazard) == 0
    with pytest.raises(NotFoundError):  # somebody else was quicker
        await hazard_reports.one(network, COORDINATOR, report.id)
    with pytest.raises(ForbiddenError):
        await accept(network, APPROVER, outcome.proposal_id, "sí", now=NOW)
    (waiting,) = [p for p in await pending(network, COORDINATOR) if p.entity == "hazard"]
    assert waiting.name == HAZARD["title"]
    assert waiting.may_decide
    compared = await proposal_diff(network, COORDINATOR, outcome.proposal_id, now=NOW)
    assert compared.differences["hazard"] == (None, "landslide")
    done = await accept(network, COORDINATOR, outcome.proposal_id, "sí", now=NOW)
    hazard = await network.get_one(Hazard, done.record_id)
    assert (hazard.kind, hazard.family, hazard.effect) == ("landslide", "physical", "exclusion")
    assert (hazard.visibility, hazard.approved_at) == ("public", NOW)
    assert hazard.demo is False
    with pytest.raises(ConflictError):
        await accept(network, COORDINATOR, outcome.proposal_id, "sí", now=NOW)


async def test_p36_a_rejected_hazard_is_nowhere(network):
    report = await reported(network)
    outcome = await hazard_reports.propose(
        network, APPROVER, report.id, HAZARD, reason="lo confirmó un conductor", now=NOW
    )
    await reject(network, COORDINATOR, outcome.proposal_id, "no es ahí", now=NOW)
    assert await count(network, Hazard) == 0


async def test_p36_a_human_threat_made_of_one_report_stays_with_the_network(
    empty_clone, settings_for
):
    async with opened(settings_for(empty_clone)) as database:
        async with database.session(Tier.WRITER) as session:
            await fill_network(session)
            await take(session, kind="robbery")
            (report,) = await hazard_reports.waiting(session, APPROVER)
            assert report.family == "human_threat"
            made = HAZARD | {"title": "Asaltos", "effect": "weight"}
            outcome = await hazard_reports.propose(
                session, APPROVER, report.id, made, reason="llamada", now=NOW
            )
            await accept(session, COORDINATOR, outcome.proposal_id, "sí", now=NOW)
            hazard = (await session.execute(select(Hazard))).scalar_one()
            assert (hazard.geom_public, hazard.visibility) == (None, "restricted")
        for tier, seen in ((Tier.PUBLIC, 0), (Tier.PARTNER, 0), (Tier.STAFF, 1)):
            async with database.session(tier) as reading:
                assert len(await active_hazards(reading, NOW + timedelta(hours=80))) == seen, tier


@pytest.mark.every(4)
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"country": "XX"}, "country"),
        ({"effect": "report"}, "effect"),
        ({"valid_to": None}, "valid_to"),
        ({"valid_to": (TODAY - timedelta(days=1)).isoformat()}, "valid_to"),
        ({"valid_to": (TODAY + timedelta(days=91)).isoformat()}, "valid_to"),
        ({"lon": "x"}, "lon"),
        ({"hazard": "police_control"}, "hazard"),
        ({"reporter": "x"}, "reporter"),
    ],
)
async def test_a_hazard_that_breaks_a_rule_keeps_the_report(network, changes, field):
    report = await reported(network)
    with pytest.raises(InvalidRecordError) as caught:
        async with network.begin_nested():
            await hazard_reports.propose(
                network, APPROVER, report.id, HAZARD | changes, reason="x", now=NOW
            )
    assert field in {name for name, _ in caught.value.problems}
    assert await count(network, HazardReport) == 1
    assert await count(network, Proposal) == 0


async def test_a_demonstration_makes_demo_hazards_only(network):
    await network.execute(
        text("update amparo.locations set demo = true"),
    )
    assert await count(network, Location) > 0
    report = await reported(network)
    outcome = await hazard_reports.propose(
        network, APPROVER, report.id, HAZARD, reason="x", now=NOW
    )
    await accept(network, COORDINATOR, outcome.proposal_id, "sí", now=NOW)
    assert (await network.execute(select(Hazard.demo))).scalar_one() is True
