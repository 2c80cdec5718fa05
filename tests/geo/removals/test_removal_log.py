"""P52: nobody erases alone; P56: who is in charge of what is hidden, and who reads of it."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from geo import models
from geo.accounts import staff_reads
from geo.accounts.permissions import Actor, Means, Role
from geo.confirmations import answers
from geo.errors import ForbiddenError, NotFoundError, NothingChangesError
from geo.guidance import contacts
from geo.proposals import closing_counts, vocabulary_editing
from geo.proposals.decisions import accept
from geo.proposals.submission import propose_crossing, propose_space
from geo.removals import hides, removal_log, unconfirmed
from geo.subjects.subject import read_subject
from tests.conftest import clone
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
    fill_network,
)

SPACES = tuple(f"casa{number}" for number in range(5))
HOUR = timedelta(hours=1)
#: A quarter of an hour a day of what the spaces have.
SHORT_DAY = {**SPACE["schedules"][0], "closes_at": "08:15"}
SECOND = Actor("ap2", "Abel Aprueba", Role.APPROVER, None, frozenset({"CO"}), means=Means.SESSION)


async def fill(session):
    await fill_network(session, *({"id": id_} for id_ in SPACES))


async def hide(session, actor, record, now=NOW, **why):
    return await hides.hide_space(
        session, record, actor=actor, reason="hombres armados", now=now, **why
    )


async def close(session, actor, record, now=NOW, **changes):
    return await propose_space(
        session,
        actor,
        space_id=record,
        changes=changes or {"status": "temporarily_closed"},
        reason="why",
        via="web",
        now=now,
    )


async def lift(session, actor, hide_id, now):
    return await hides.lift(session, hide_id, actor=actor, reason="calma", now=now)


async def gone(session):
    """Return the spaces that are hidden, closed or restricted."""
    session.expire_all()
    return set(
        await session.scalars(
            text(
                "select id from amparo.space_record where hidden_at is not null"
                " or visibility <> 'public' or status in ('temporarily_closed', 'closed')"
                " or expires_on < :today or services_public = '{}'"
            ),
            {"today": TODAY},
        )
    )


async def events(session):
    rows = await session.execute(
        text("select recipient, event, payload from amparo.outbox where event = 'removals.many'")
    )
    return [tuple(row) for row in rows]


async def actions(session):
    rows = await session.execute(
        text("select actor, action, record_id, details from amparo.audit_entries order by seq")
    )
    return [tuple(row) for row in rows]


# -- many by one person ------------------------------------------------------------------------


async def test_p52_what_one_person_hides_beyond_the_limit_ends_after_a_day(network):
    for number in range(4):
        await hide(network, APPROVER, SPACES[number], NOW + number * HOUR)
        # Every one of them holds at once.
        assert await gone(network) == set(SPACES[: number + 1])
    assert await events(network) == [("co", "removals.many", {"person": "ap"})]
    ends = NOW + 27 * HOUR
    assert await removal_log.end_due(network, ends - timedelta(seconds=1)) == 0
    assert await removal_log.end_due(network, ends) == 1
    assert await gone(network) == set(SPACES[:3])
    assert (await actions(network))[-1] == (
        "system",
        "removal.ended",
        SPACES[3],
        {"act": "hide", "is_back": True},
    )


async def test_p52_spaces_crossings_contacts_and_terms_are_counted_together(network):
    await network.execute(
        text(
            "insert into amparo.contacts (id, kind, name, phone, country, visibility, source,"
            " confirmed_on, expires_on) values ('linea', 'emergency', 'Línea', '123', 'CO',"
            " 'public', 'x', '2026-01-01', '2027-01-01')"
        )
    )
    await close(network, COORDINATOR, SPACES[0])
    statement = {
        "state": "closed",
        "valid_from": (TODAY - timedelta(days=1)).isoformat(),
        "timezone": "America/Bogota",
        "source": "x",
    }
    await propose_crossing(
        network,
        COORDINATOR,
        crossing_id="puente",
        statement=statement,
        reason="why",
        via="web",
        now=NOW,
    )
    await vocabulary_editing.retire(network, COORDINATOR, "amenity", "wifi", now=NOW)
    await contacts.remove_contact(network, COORDINATOR, "linea", now=NOW)
    found = await unconfirmed.standing(network, ADMIN)
    assert [(one.entity, one.record_id) for one in found if one.ends_at is not None] == [
        ("contact", "linea")
    ]
    # Only who coordinates is called, and of one person nobody else does: then who administers.
    assert await events(network) == [("ad", "removals.many", {"person": "co"})]
    there = select(models.Contact.phone).where(models.Contact.id == "linea")
    assert await network.scalar(there) is None
    assert await removal_log.end_due(network, NOW + 24 * HOUR) == 1
    assert await network.scalar(there) == "123"


WAYS = (
    {"status": "closed"},
    {"visibility": "partners"},
    {"expires_on": (TODAY - timedelta(days=2)).isoformat()},
    {"services": []},
    {"schedules": []},
    {"schedules": [SHORT_DAY]},
    {"schedules": [SHORT_DAY | {"closes_at": "17:00", "valid_to": TODAY.isoformat()}]},
    {"access": "referral_only"},
    {"minimum_age": 90},
    {"maximum_age": 2},
    {"maximum_age": 0},
    {"genders": ["men"]},
    {"families_only": True},
    {"children_alone": "no"},
    {
        "schedule_exceptions": [
            {
                "starts_on": TODAY.isoformat(),
                "ends_on": (TODAY + timedelta(days=6)).isoformat(),
                "closed": True,
            }
        ]
    },
)


async def test_p52_whatever_way_a_space_is_taken_away_it_comes_back(network):
    before = (await read_subject(network, "space", SPACES[3])).document
    for number in range(3):
        await hide(network, APPROVER, SPACES[number])
    for changes in WAYS:
        way = await network.begin_nested()
        await close(network, APPROVER, SPACES[3], **changes)
        after = (await read_subject(network, "space", SPACES[3])).document
        assert after != before, changes
        assert await removal_log.end_due(network, NOW + 24 * HOUR) == 1, changes
        network.expire_all()
        assert (await read_subject(network, "space", SPACES[3])).document == before, changes
        await way.rollback()
        network.expire_all()


async def test_p52_a_closed_crossing_is_as_before_again(network):
    said = {
        "state": "open",
        "valid_from": (TODAY - timedelta(days=30)).isoformat(),
        "timezone": "America/Bogota",
        "source": "x",
    }
    from geo.subjects.crossing_statements import add_statement

    await add_statement(
        network,
        "puente",
        {**said, "valid_to": None, "byday": ["MO"], "opens_at": None, "closes_at": None},
    )
    for number in range(3):
        await hide(network, APPROVER, SPACES[number])
    for day in (TODAY - timedelta(days=2), TODAY + timedelta(days=9)):
        await propose_crossing(
            network,
            APPROVER,
            crossing_id="puente",
            statement={**said, "state": "closed", "valid_from": day.isoformat()},
            reason="why",
            via="web",
            now=NOW,
        )
    later = NOW + 24 * HOUR
    assert await removal_log.end_due(network, later) == 2
    network.expire_all()
    rows = await network.execute(
        text("select state, valid_from, valid_to from amparo.crossing_statuses order by valid_from")
    )
    opened, shut = rows.all()
    assert opened.state == "open"
    assert shut.valid_to < later.date()


async def test_p52_an_area_by_one_person_always_ends(network):
    ring = [[-73, 7], [-72, 7], [-72, 9], [-73, 9], [-73, 7]]
    area = {"type": "Polygon", "coordinates": [ring]}
    await hides.hide_area(network, area, actor=COORDINATOR, reason="x", now=NOW)
    assert await gone(network) >= set(SPACES)
    assert await removal_log.end_due(network, NOW + 24 * HOUR) == 1
    assert await gone(network) == set()


async def test_p52_who_sends_links_does_not_close_by_them_either(network):
    for number in range(4):
        made = await answers.issue_link(
            network, SPACES[number], "whatsapp", actor=APPROVER, now=NOW
        )
        await answers.answer_link(network, made.token, "closed", now=NOW)
    assert await removal_log.end_due(network, NOW + 24 * HOUR) == 1
    assert await gone(network) == set(SPACES[:3])


async def test_p52_the_count_is_of_a_day_and_all_of_it_stays_in_view(network):
    """Who closes five spaces in a week must not see one open again while people walk to it."""
    for number in range(5):
        await hide(network, APPROVER, SPACES[number], NOW + number * 30 * HOUR)
        await removal_log.end_due(network, NOW + (number * 30 + 29) * HOUR)
    assert await gone(network) == set(SPACES)
    seen = await unconfirmed.standing(network, COORDINATOR)
    assert {one.record_id for one in seen} == set(SPACES)


async def test_p52_two_at_the_same_moment_are_held_to_the_limit(network):
    """Neither request of two sees the other's: the upkeep counts again."""
    for number in range(5):
        await hide(network, APPROVER, SPACES[number], NOW + number * HOUR)
    await network.execute(text("update amparo.removals set ends_at = null"))
    assert await removal_log.end_due(network, NOW + 5 * HOUR) == 0
    assert await removal_log.end_due(network, NOW + 29 * HOUR) == 2
    assert await gone(network) == set(SPACES[:3])


async def test_p52_a_second_way_does_not_last_longer_than_the_first(network):
    for number in range(3):
        await hide(network, APPROVER, SPACES[number])
    await hide(network, APPROVER, SPACES[3])
    await close(network, APPROVER, SPACES[3], NOW + 20 * HOUR)
    assert await removal_log.end_due(network, NOW + 24 * HOUR) == 2
    assert SPACES[3] not in await gone(network)


async def test_p52_the_command_line_is_not_counted(network):
    for space in SPACES:
        await hides.hide_space(network, space, actor="cli", reason="x", now=NOW)
    await removal_log.end_due(network, NOW + 50 * HOUR)
    assert await gone(network) == set(SPACES)
    hide_id = (await hides.active_hides(network))[0].id
    assert await hides.lift(network, hide_id, actor="cli", reason="x", now=NOW + 60 * HOUR)


# -- confirming --------------------------------------------------------------------------------


async def test_p52_a_second_person_confirms_and_nobody_else(network):
    for number in range(4):
        await hide(network, APPROVER, SPACES[number])
    (ending,) = [
        one for one in await unconfirmed.standing(network, COORDINATOR) if one.ends_at is not None
    ]
    assert (ending.record_id, ending.by, ending.may_confirm) == (SPACES[3], "Ana Aprueba", True)
    with pytest.raises(ForbiddenError):
        await unconfirmed.confirm(network, ending.id, actor=APPROVER, now=NOW)
    with pytest.raises(ForbiddenError):  # in charge, but may not hide
        await unconfirmed.confirm(network, ending.id, actor=EDITOR, now=NOW)
    for stranger in (OTHER_EDITOR, APPROVER_PE):
        assert await unconfirmed.standing(network, stranger) == ()
        with pytest.raises(NotFoundError):
            await unconfirmed.confirm(network, ending.id, actor=stranger, now=NOW)
    await unconfirmed.confirm(network, ending.id, actor=COORDINATOR, now=NOW)
    assert await removal_log.end_due(network, NOW + 30 * HOUR) == 0
    assert await gone(network) == set(SPACES[:4])


async def test_p52_who_hides_the_same_record_agrees(network):
    for number in range(4):
        await hide(network, APPROVER, SPACES[number])
    first = (await hides.active_hides(network))[0].id
    await hide(network, COORDINATOR, SPACES[3], NOW + HOUR / 2)
    assert await removal_log.end_due(network, NOW + 30 * HOUR) == 0
    # Two people said so: the first one alone does not take it back, not even at once.
    assert first
    there = {one.record_id: one.id for one in await hides.active_hides(network)}
    assert not await lift(network, APPROVER, there[SPACES[3]], NOW + HOUR / 2)


# -- lifting -----------------------------------------------------------------------------------


async def test_p52_lifting_takes_two_people(network):
    hide_id = await hide(network, APPROVER, SPACES[0])
    assert not await lift(network, COORDINATOR, hide_id, NOW + HOUR)
    assert not await lift(network, COORDINATOR, hide_id, NOW + 2 * HOUR)
    assert await gone(network) == {SPACES[0]}
    assert await lift(network, ADMIN, hide_id, NOW + 3 * HOUR)
    assert await gone(network) == set()
    done = [action for _, action, *_ in await actions(network) if action != "rows.changed"]
    assert done == [
        "hide.space",
        "lift_asked.space",
        "lift.space",
    ]


@pytest.mark.parametrize(("after", "ends"), [(HOUR, True), (HOUR + timedelta(seconds=1), False)])
async def test_p52_who_hid_it_lifts_it_alone_within_the_hour(network, after, ends):
    hide_id = await hide(network, APPROVER, SPACES[0])
    assert await lift(network, APPROVER, hide_id, NOW + after) is ends
    assert await gone(network) == (set() if ends else {SPACES[0]})


# -- restricting -------------------------------------------------------------------------------


async def test_p52_restricting_is_a_hide_until_a_second_person_agrees(network):
    outcome = await close(network, APPROVER, SPACES[0], visibility="restricted")
    assert (outcome.applied, outcome.hidden) == (True, True)
    assert (outcome.applied_fields, "visibility" in outcome.waiting_fields) == ((), True)
    subject = await read_subject(network, "space", SPACES[0])
    assert not subject.is_restricted
    assert await gone(network) == {SPACES[0]}
    readers = select(func.count()).select_from(models.RestrictedReader)
    assert await network.scalar(readers) == 0
    # Whoever could restore it sees that it is gone.
    for actor in (EDITOR, APPROVER, SECOND, COORDINATOR, ADMIN):
        (told,) = await hides.visible_hides(network, actor)
        assert (told.record_id, told.code) == (SPACES[0], "restriction")
    await accept(network, COORDINATOR, outcome.proposal_id, "sí", now=NOW + HOUR)
    network.expire_all()
    assert (await read_subject(network, "space", SPACES[0])).is_restricted
    assert await hides.active_hides(network) == ()


async def test_p52_restricting_many_ends_like_any_hide(network):
    for space in SPACES:
        await close(network, APPROVER, space, visibility="restricted")
    assert await gone(network) == set(SPACES)
    assert await removal_log.end_due(network, NOW + 24 * HOUR) == 2
    assert await gone(network) == set(SPACES[:3])


async def test_p52_no_words_restrict_a_record_by_one_person(network):
    """P38 restricts what speaks of protected places: written alone, that would erase it."""
    words = "Refugio para mujeres víctimas de violencia de género"
    outcome = await close(network, EDITOR, SPACES[0], notice=words)
    network.expire_all()
    subject = await read_subject(network, "space", SPACES[0])
    assert not subject.is_restricted
    assert outcome.hidden == (SPACES[0] in await gone(network))
    assert await network.scalar(select(func.count()).select_from(models.RestrictedReader)) == 0


async def test_p52_two_people_who_reopen_settle_a_closing(network):
    await close(network, APPROVER, SPACES[0])
    # As its commit does.
    await network.execute(text("set constraints all immediate"))
    await network.execute(text("set constraints all deferred"))
    network.expire_all()
    outcome = await close(network, APPROVER, SPACES[0], NOW + HOUR, status="active")
    await network.execute(text("set constraints all immediate"))
    network.expire_all()
    await accept(network, COORDINATOR, outcome.proposal_id, "sí", now=NOW + 2 * HOUR)
    assert await unconfirmed.standing(network, ADMIN) == ()


async def test_p52_nobody_is_counted_for_what_takes_nothing_away(network):
    subject = await read_subject(network, "space", SPACES[0])
    for changes in ({"status": "full"}, {"notice": "x"}, {"services": ["food"]}):
        await closing_counts.note_change(network, subject, changes, person="ap", now=NOW)
    assert await unconfirmed.standing(network, ADMIN) == ()


# -- need to know ------------------------------------------------------------------------------


async def test_p56_words_are_for_who_hid_it_and_who_coordinates(network):
    await hide(network, APPROVER, SPACES[0], code="danger")
    for actor, words in (
        (APPROVER, "hombres armados"),
        (COORDINATOR, "hombres armados"),
        (SECOND, None),
        (EDITOR, None),
        (ADMIN, None),
    ):
        (told,) = await hides.visible_hides(network, actor)
        assert (told.code, told.reason) == ("danger", words)
    for stranger in (OTHER_EDITOR, APPROVER_PE):
        assert await hides.visible_hides(network, stranger) == ()
    # Nor does the audit, which administrators read, hold them.
    assert all("armados" not in str(details) for *_, details in await actions(network))


async def test_p56_a_hidden_record_of_others_is_answered_as_absent(network):
    await hide(network, APPROVER, SPACES[0])
    for stranger in (OTHER_EDITOR, APPROVER_PE):
        for space in (SPACES[0], "nunca"):
            with pytest.raises(NotFoundError, match=f"there is no space '{space}'"):
                await close(network, stranger, space)
        with pytest.raises(ForbiddenError):
            await close(network, stranger, SPACES[1])


async def test_p56_one_entry_tells_what_a_person_read_that_the_public_does_not_see(network):
    await hide(network, APPROVER, SPACES[0])
    staff_reads.show(network, "space", [SPACES[0], SPACES[1]])
    staff_reads.show(network, "proposal", ["p1"])
    await staff_reads.note(network, "ed", staff_reads.shown(network), where="/network/spaces")
    assert (await actions(network))[-1] == (
        "ed",
        "staff.read",
        None,
        {"where": "/network/spaces", "space": [SPACES[0]], "proposal": ["p1"]},
    )
    before = len(await actions(network))
    await staff_reads.note(network, "ed", {"space": {SPACES[1]}}, where="/network/spaces")
    assert len(await actions(network)) == before


async def test_p56_unusual_reading_is_told_the_day_after(network):
    for start in range(0, 120, 30):
        ids = {f"h{number}" for number in range(start, start + 40)}
        await staff_reads.note(network, "ed", {"space": ids}, where="/network/spaces")
    await staff_reads.note(network, "ap", {"space": {"h1"}}, where="/network/spaces")
    at = await network.scalar(text("select max(at) from amparo.audit_entries"))
    assert await staff_reads.digest(network, at) == 0
    assert await staff_reads.digest(network, at + timedelta(days=1)) == 1
    rows = await network.execute(
        text("select recipient, payload from amparo.outbox where event = 'reading.unusual'")
    )
    assert [tuple(row) for row in rows] == [("co", {"person": "ed"})]
    _, action, person, details = (await actions(network))[-1]
    assert (action, person) == ("reading.unusual", "ed")
    assert details == {"day": at.date().isoformat(), "records": 130, "restricted": 0}


# -- whatever people do, in whatever order -------------------------------------------------------

PEOPLE = {"ap": APPROVER, "co": COORDINATOR, "ad": ADMIN}
LIMIT = 2
DAY = timedelta(hours=24)


@dataclass
class Act:
    """One removal of the model."""

    person: str
    record: str
    way: str
    made: datetime
    ends: datetime | None
    agreed: bool = False
    over: bool = False

    @property
    def stands(self):
        return not self.over and not self.agreed


@dataclass
class Model:
    """What the rules of P52 make of it, without a database."""

    acts: list[Act] = field(default_factory=list)
    asked: dict[str, str] = field(default_factory=dict)

    def open_act(self, record, way):
        return next(
            (a for a in self.acts if not a.over and (a.record, a.way) == (record, way)), None
        )

    def remove(self, person, record, way, now):
        there = self.open_act(record, way)
        if there is not None:
            if way == "hide" and there.person != person:
                there.agreed = True
            return
        mine = [a for a in self.acts if a.person == person]
        same = [a.ends for a in mine if a.stands and a.record == record]
        counted = {a.record for a in mine if now - a.made < DAY} - {record}
        if same:
            ends = None if None in same else min(same)
        else:
            ends = now + DAY if len(counted) >= LIMIT else None
        self.acts.append(Act(person, record, way, now, ends))

    def confirm(self, person, record):
        for act in self.acts:
            if act.stands and act.record == record and act.person != person:
                act.agreed = True

    def lift(self, person, record, now):
        """Return whether it ends; None where nothing is hidden."""
        act = self.open_act(record, "hide")
        if act is None:
            return None
        first = self.asked.get(record)
        alone = act.person == person and now - act.made <= HOUR and not act.agreed
        if alone or first not in {None, person}:
            act.over = True
            self.asked.pop(record, None)
            return True
        self.asked.setdefault(record, person)
        return False

    def pass_time(self, now):
        for act in self.acts:
            if act.stands and act.ends is not None and act.ends <= now:
                act.over = True
                if act.way == "hide":
                    self.asked.pop(act.record, None)

    @property
    def gone(self):
        return {act.record for act in self.acts if not act.over}

    def require_nobody_erases_alone(self, now):
        """Of what one person takes away within any day, more than a day later the limit is left."""
        first: dict[tuple[str, str], datetime] = {}
        for act in self.acts:
            if act.stands and now - act.made >= DAY:
                first.setdefault((act.person, act.record), act.made)
        for (person, _), end in first.items():
            made = [at for (who, _), at in first.items() if who == person]
            assert len([at for at in made if end - DAY < at <= end]) <= LIMIT, person


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("hide", "hide", "close", "restrict", "lift", "confirm")),
        st.sampled_from(sorted(PEOPLE)),
        st.sampled_from(SPACES),
        st.sampled_from((0, 0, 0, 1, 20, 30)),
    ),
    min_size=8,
    max_size=12,
)


@pytest.fixture(scope="module")
def filled(cluster, empty_template, settings_for):
    """Give the address of a database with the network in it."""
    from app.runtime.databases import tier_urls
    from geo.db.sessions import Tier

    url = tier_urls(settings_for(clone(cluster, empty_template)))[Tier.WRITER]

    async def store():
        engine = create_async_engine(url, poolclass=NullPool)
        async with AsyncSession(engine) as session:
            await fill(session)
            await session.commit()
        await engine.dispose()

    asyncio.run(store())
    return url


# Without shrinking: a failure names the step at which the two differ, and no run takes minutes.
@settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(steps=STEPS)
def test_p52_no_sequence_of_acts_lets_one_person_erase(filled, steps):
    asyncio.run(_play(filled, steps))


async def _play(url, steps):
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with AsyncSession(engine, info={removal_log.LIMIT: LIMIT}) as session:
            model, now = Model(), NOW
            for act, person, record, hours in steps:
                now += hours * HOUR
                await removal_log.end_due(session, now)
                model.pass_time(now)
                await _step(session, model, act, person, record, now)
                assert await gone(session) == model.gone, (act, person, record)
                model.require_nobody_erases_alone(now)
            await session.rollback()
    finally:
        await engine.dispose()


async def _step(session, model, act, person, record, now):
    actor = PEOPLE[person]
    match act:
        case "hide" | "restrict":
            if act == "hide":
                await hide(session, actor, record, now)
            else:
                await close(session, actor, record, now, visibility="restricted")
            model.remove(person, record, "hide", now)
            assert record in await gone(session)
        case "close":
            try:
                await close(session, actor, record, now)
            except NothingChangesError:
                assert model.open_act(record, "close") is not None
            model.remove(person, record, "close", now)
            assert record in await gone(session)
        case "confirm":
            for one in await unconfirmed.standing(session, actor):
                if one.record_id == record and one.may_confirm:
                    await unconfirmed.confirm(session, one.id, actor=actor, now=now)
            model.confirm(person, record)
        case _:
            there = {one.record_id: one.id for one in await hides.active_hides(session)}
            expected = model.lift(person, record, now)
            assert (record in there) == (expected is not None)
            if record in there:
                assert await lift(session, actor, there[record], now) is expected
