"""Records that may be one place: found by distance, name and telephone, decided by people."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from geo.errors import ConflictError, ForbiddenError, NotFoundError
from geo.imports import duplicates
from geo.imports.apply import apply
from geo.imports.check import check_file
from geo.imports.similarity import NEAR_M, Spot, pairs, phones_of, spot_of
from geo.models import (
    AuditEntry,
    Duplicate,
    Location,
    OutboxMessage,
    Proposal,
    RestrictedReader,
)
from geo.proposals.decisions import accept, reject, withdraw
from geo.proposals.pending import pending, proposal_diff
from geo.records import space_documents
from tests.fixtures.import_files import as_csv
from tests.fixtures.network import (
    APPROVER,
    APPROVER_PE,
    COORDINATOR,
    EDITOR,
    NOW,
    OTHER_EDITOR,
    TODAY,
    VIEWER,
    fill_network,
)


def spot(id_, name="Casa Esperanza", lon=-72.5, lat=7.9, **changes):
    told = {"is_exact": True, "country": "CO", "locality": "Cúcuta", "phones": ()} | changes
    return Spot(id=id_, name=name, lon=lon, lat=lat, **told)


def found(*spots):
    return {(pair.left, pair.right) for pair in pairs(list(spots))}


# 0.001 degree of latitude is 111 m.
@pytest.mark.parametrize(
    ("other", "alike"),
    [
        ({"lat": 7.901}, True),
        ({"lat": 7.901, "name": "ESPERANZA (albergue)"}, True),
        ({"lat": 7.901, "name": "Hogar de paso Esperanza"}, True),
        ({"lat": 7.901, "name": "Casa Libertad"}, False),
        ({"lat": 7.904}, False),
        ({"lat": 7.904, "phones": ("+573101234567",)}, True),
        ({"lat": 7.901, "name": "Casa Esperanza 2"}, False),
        ({"lat": 7.9, "country": "VE"}, False),
        ({"lat": 7.95, "is_exact": False}, True),
        ({"lat": 7.95, "is_exact": False, "name": "Casa Libertad"}, False),
        ({"lat": 7.95, "is_exact": False, "locality": "Pamplona"}, False),
        ({"lat": 7.901, "name": "Otra cosa", "phones": ("+573101234567",)}, True),
    ],
)
def test_what_is_alike(other, alike):
    one = spot("a", phones=("+573101234567",))
    assert bool(found(one, spot("b", **other))) is alike


def test_words_that_every_place_has_tell_nothing():
    assert not found(spot("a", name="Albergue de Cúcuta"), spot("b", name="Comedor de Cúcuta"))
    assert found(spot("a", name="Albergue municipal"), spot("b", name="Albergue Municipal"))


def test_a_hotline_is_nobodys_own_number():
    line = ("+5718000111222",)
    many = [spot(str(n), name=f"{n} {n * 7919}", lat=7 + n / 10, phones=line) for n in range(9)]
    assert not found(*many)


def test_reasons_name_no_position():
    (pair,) = pairs([spot("a"), spot("b", lat=7.901)])
    assert pair.reasons == {"name": 1.0, "distance_m": 110}
    assert 0.6 <= pair.score <= 1


def test_only_pairs_with_a_new_record_are_found():
    old = [spot("c"), spot("d")]
    assert {(p.left, p.right) for p in pairs([spot("a")], old)} == {("a", "c"), ("a", "d")}


SPOTS = st.lists(
    st.builds(
        spot,
        st.uuids().map(str),
        name=st.sampled_from(["Casa Luz", "Casa Vida", "Albergue", "PAO Norte", "Luz 2"]),
        lon=st.floats(-72.505, -72.5),
        lat=st.floats(7.9, 7.905),
        is_exact=st.booleans(),
        locality=st.sampled_from(["Cúcuta", "Pamplona", ""]),
        phones=st.sampled_from([(), ("+573101234567",), ("+573201234567",)]),
    ),
    max_size=14,
    unique_by=lambda made: made.id,
)


@given(SPOTS)
def test_the_quick_search_finds_what_comparing_each_with_each_finds(spots):
    quick = {(pair.left, pair.right): pair.score for pair in pairs(spots)}
    slow = {}
    for one, other in itertools.combinations(spots, 2):
        # Padding, so that which number is a hotline stays the same.
        rest = [s for s in spots if s.id not in {one.id, other.id}]
        for pair in pairs([one], [other, *rest]):
            slow[pair.left, pair.right] = pair.score
    assert quick == slow


@given(SPOTS)
def test_the_order_of_records_means_nothing(spots):
    assert pairs(spots) == pairs(spots[::-1])


@given(st.floats(0, 2 * NEAR_M), st.floats(-54, 32))
def test_neighbours_are_found_at_every_latitude(distance_m, lat):
    away = distance_m / 111_195  # metres of one degree on the sphere of the mean radius
    alike = bool(found(spot("a", lat=lat), spot("b", lat=lat + away)))
    if abs(distance_m - NEAR_M) > 1:
        assert alike is (distance_m < NEAR_M)


def test_phones_are_compared_however_they_are_written():
    for written in (
        "310 123 4567",
        "+57 (310) 123-4567",
        {"number": "3101234567"},
    ):
        assert phones_of([written], "CO") == ("+573101234567",), written
    assert phones_of(["123", "*123#", "x"], "CO") == ()


def test_a_document_without_a_position_is_no_spot():
    assert spot_of({"name": "x"}, "a") is None
    assert spot_of({"name": "x", "lon": "norte", "lat": 1}, "a") is None


# -- in the database ---------------------------------------------------------------------------

TWIN = {
    "id": "casa-2", "name": "Casa de Prueba (comedor)", "capacity": None, "available": None,
    "services": ["showers"], "public_phones": ["+57 300 0000000", "+57 301 1111111"],
    "landmark": "Frente al parque", "locality": "Cúcuta",
}  # fmt: skip


async def fill(session):
    await fill_network(
        session, TWIN,
        {"id": "oculta", "visibility": "restricted", "confidential": True},
    )  # fmt: skip
    await duplicates.find_duplicates(session)


async def ids(session, actor):
    return [(pair.left, pair.right) for pair in await duplicates.open_pairs(session, actor)]


async def test_pairs_are_kept_for_a_person_to_decide(network):
    assert set(await ids(network, None)) == {
        ("casa", "casa-2"), ("casa", "oculta"), ("casa-2", "oculta")
    }  # fmt: skip
    assert await duplicates.find_duplicates(network) == 3
    assert len(await ids(network, None)) == 3


async def test_p38_a_pair_with_a_restricted_space_is_for_those_named_for_it(network):
    for actor in (EDITOR, APPROVER, COORDINATOR):
        assert await ids(network, actor) == [("casa", "casa-2")], actor
        with pytest.raises(NotFoundError):
            await duplicates.tell_apart(network, "casa", "oculta", actor, now=NOW)
        with pytest.raises(NotFoundError):
            await duplicates.merge(network, "casa", "oculta", actor, now=NOW)
    await network.execute(
        insert(RestrictedReader).values(location_id="oculta", person=COORDINATOR.id)
    )
    assert len(await ids(network, COORDINATOR)) == 3
    assert await ids(network, EDITOR) == [("casa", "casa-2")]


async def test_each_sees_the_pairs_that_are_theirs_to_decide(network):
    assert await ids(network, OTHER_EDITOR) == []
    assert await ids(network, APPROVER_PE) == []
    with pytest.raises(ForbiddenError):
        await ids(network, VIEWER)


async def test_two_that_were_told_apart_stay_two(network):
    await duplicates.tell_apart(network, "casa-2", "casa", EDITOR, now=NOW)
    assert await ids(network, EDITOR) == []
    await duplicates.find_duplicates(network)
    assert await ids(network, EDITOR) == []
    with pytest.raises(NotFoundError):
        await duplicates.tell_apart(network, "casa", "casa-2", EDITOR, now=NOW)
    stored = await network.get(Duplicate, ("casa", "casa-2"))
    await network.refresh(stored)
    assert (stored.state, stored.decided_by) == ("distinct", EDITOR.id)


async def state_of(session, left="casa", right="casa-2"):
    stored = await session.get(Duplicate, (left, right), populate_existing=True)
    return stored.state


async def documents(session):
    return await space_documents.read_documents(session, ["casa", "casa-2", "remite"])


async def test_p40_merging_waits_as_a_whole_for_a_second_person(network):
    before = await documents(network)
    outcome = await duplicates.merge(network, "casa", "casa-2", EDITOR, now=NOW)
    assert (outcome.record_id, outcome.applied) == ("casa", False)
    assert await documents(network) == before
    assert await ids(network, EDITOR) == [], "nobody decides it a second time meanwhile"
    assert await state_of(network) == "merging"
    waiting = await network.get(Proposal, outcome.proposal_id)
    assert (waiting.record_id, waiting.merged_id) == ("casa", "casa-2")
    assert waiting.changes["services"] == ["food", "information", "showers"]
    assert waiting.changes["landmark"] == "Frente al parque"
    assert [phone["number"] if isinstance(phone, dict) else phone
            for phone in waiting.changes["public_phones"]] == [
        "+57 300 0000000", "+57 301 1111111",
    ]  # fmt: skip
    assert "name" not in waiting.changes
    with pytest.raises(ForbiddenError):
        await accept(network, EDITOR, outcome.proposal_id, "yo mismo", now=NOW)


async def test_accepting_a_union_closes_the_other_and_repoints_who_referred_to_it(network):
    there = (await documents(network))["casa"]
    refers = there | {
        "id": "remite", "name": "Otro lugar", "referral_points": ["casa-2"], "public_phones": [],
    }  # fmt: skip
    both = there | {"referral_points": ["casa-2"]}
    await space_documents.store_documents(network, [refers, both], now=NOW, today=TODAY, source="x")
    outcome = await duplicates.merge(network, "casa", "casa-2", EDITOR, now=NOW)
    await accept(network, APPROVER, outcome.proposal_id, "es la misma puerta", now=NOW)
    found = await documents(network)
    kept, gone, third = found["casa"], found["casa-2"], found["remite"]
    assert kept["services"] == ["food", "information", "showers"]
    assert (kept["visibility"], kept["referral_points"]) == ("public", [])
    assert (gone["status"], gone["visibility"]) == ("closed", "restricted")
    assert third["referral_points"] == ["casa"]
    assert await state_of(network) == "merged"
    named = await network.scalars(
        select(RestrictedReader.person).where(RestrictedReader.location_id == "casa-2")
    )
    assert set(named) == {EDITOR.id, APPROVER.id}


async def test_a_union_that_is_turned_down_leaves_both_and_the_question_open(network):
    for turned_down in (reject, withdraw):
        outcome = await duplicates.merge(network, "casa", "casa-2", EDITOR, now=NOW)
        who = APPROVER if turned_down is reject else EDITOR
        await turned_down(network, who, outcome.proposal_id, "son dos", now=NOW)
        assert await ids(network, EDITOR) == [("casa", "casa-2")]
    assert (await documents(network))["casa-2"]["status"] == "active"


async def test_a_union_is_made_again_where_the_other_record_has_changed(network):
    outcome = await duplicates.merge(network, "casa", "casa-2", EDITOR, now=NOW)
    await network.execute(update(Location).where(Location.id == "casa-2").values(revision=99))
    with pytest.raises(ConflictError):
        await accept(network, APPROVER, outcome.proposal_id, "x", now=NOW)
    assert (await documents(network))["casa-2"]["status"] == "active"


async def test_p31_a_union_with_a_restricted_space_is_known_to_those_named_for_it(network):
    await network.execute(
        insert(RestrictedReader).values(location_id="oculta", person=COORDINATOR.id)
    )
    outcome = await duplicates.merge(network, "casa", "oculta", COORDINATOR, now=NOW)
    assert [p.id for p in await pending(network, APPROVER)] == []
    with pytest.raises(NotFoundError):
        await proposal_diff(network, APPROVER, outcome.proposal_id, now=NOW)
    with pytest.raises(NotFoundError):
        await accept(network, APPROVER, outcome.proposal_id, "x", now=NOW)
    told = (await network.scalars(select(OutboxMessage.recipient))).all()
    assert told == [], "nobody else hears of it"
    (seen,) = await pending(network, COORDINATOR)
    assert (seen.name, seen.is_restricted) == (None, True)
    await network.execute(insert(RestrictedReader).values(location_id="oculta", person=APPROVER.id))
    found = await proposal_diff(network, APPROVER, outcome.proposal_id, now=NOW)
    assert (found.proposal.name, found.merged_name) == ("Casa de prueba", "Casa de prueba")
    read = await network.scalar(select(AuditEntry).where(AuditEntry.action == "restricted.read"))
    assert (read.actor, read.record_id) == (APPROVER.id, "oculta")
    await accept(network, APPROVER, outcome.proposal_id, "x", now=NOW)
    assert (await documents(network))["casa"]["visibility"] == "restricted"


def test_the_union_takes_field_by_field_what_was_confirmed_last():
    base = {
        "id": "a", "name": "A", "visibility": "public", "confidential": False, "notice": None,
        "services": ["food"], "amenities": {"wifi": True}, "public_phones": ["1"],
        "confirmed_on": "2026-01-01", "status": "active", "referral_points": ["b", "c"],
        "children_alone": "not_known",
    }  # fmt: skip
    other = base | {
        "id": "b", "name": "B", "visibility": "restricted", "confidential": True, "notice": "x",
        "services": ["health"], "amenities": {"wifi": False, "toilets": True},
        "public_phones": ["2", "1"], "confirmed_on": "2026-02-01", "status": "full",
        "referral_points": ["a"], "children_alone": "yes",
    }  # fmt: skip
    assert duplicates.united(base, other) == {
        "name": "B", "notice": "x", "services": ["food", "health"], "status": "full",
        "amenities": {"wifi": False, "toilets": True}, "public_phones": ["2", "1"],
        "confirmed_on": "2026-02-01", "visibility": "restricted", "confidential": True,
        "referral_points": ["c"], "children_alone": "yes",
    }  # fmt: skip
    older = other | {"confirmed_on": "2025-01-01"}
    assert duplicates.united(base, older) == {
        "notice": "x", "services": ["food", "health"], "children_alone": "yes",
        "amenities": {"wifi": True, "toilets": True}, "public_phones": ["1", "2"],
        "visibility": "restricted", "confidential": True, "referral_points": ["c"],
    }  # fmt: skip


async def test_an_import_names_what_it_may_repeat_and_keeps_the_pairs(network):
    row = {
        "id": "N-1", "name": "CASA DE PRUEBA", "kind": "shelter",
        "organization": "Organización de prueba", "lon": -72.51, "lat": 7.9, "country": "CO",
        "locality": "Cúcuta", "timezone": "America/Bogota", "confirmed_on": str(TODAY),
        "visibility": "public", "public_phones": "+57 3000000000",
    }  # fmt: skip
    data = as_csv([row, row | {"id": "N-2"}])
    for actor, expected in (
        (None, {"casa", "casa-2", "oculta", "row 3"}),
        (EDITOR, {"casa", "casa-2", "row 3"}),
    ):
        checked = await check_file(network, data, "x.csv", now=NOW, today=TODAY, actor=actor)
        assert {alike.id for alike in checked.rows[0].alike} == expected
    await apply(network, checked, now=NOW, today=TODAY)
    assert ("N-1", "N-2") in await ids(network, None)
    await duplicates.tell_apart(network, "N-1", "N-2", EDITOR, now=NOW)
    await network.execute(delete(Location).where(Location.id == "casa"))
    changed = as_csv([row | {"name": "Casa de prueba"}])
    checked = await check_file(network, changed, "x.csv", now=NOW, today=TODAY, actor=EDITOR)
    assert "N-2" not in {alike.id for alike in checked.rows[0].alike}
