"""Movement: nothing about a person comes in (P17), no small cell goes out (P18, P19)."""

import contextlib
import random
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, event, func, select, text, update

from geo.db.sessions import Tier
from geo.db.views import flows as view
from geo.errors import ForeignCountError, InvalidCountError, MixedDataError, PersonalDataError
from geo.models import Flow
from geo.records.flows import FIELDS, parse_movement, place_anew, read_json, store_movement
from tests.conftest import clone, opened
from tests.fixtures.clock import run_now, run_today

TODAY = run_today()
MONDAY = TODAY - timedelta(days=TODAY.weekday())
OLD = str(MONDAY - timedelta(weeks=6))

POINT = {
    "kind": "point",
    "origin": "X-BOLIVAR",
    "week": OLD,
    "direction": "in",
    "n": 143,
    "groups": 21,
    "largest_share": 0.2,
    "method": "flow_registry",
    "hours_covered": 84,
    "source": "network",
    "geometry": {"type": "Point", "coordinates": [-72.4508, 7.8179]},
}
PAIR = POINT | {
    "kind": "od",
    "origin": "G3685533",
    "destination": "G3673045",
    "direction": "both",
    "geometry": {"type": "LineString", "coordinates": [[-72.505, 7.907], [-72.648, 7.376]]},
}


def test_a_point_and_a_pair_are_taken():
    point, pair = parse_movement([POINT, PAIR])
    assert (point.n, point.destination, point.visibility) == (143, None, "public")
    assert (pair.destination, str(pair.week)) == ("G3673045", OLD)
    assert parse_movement(POINT) == [point]


def test_p9_positions_are_rounded():
    precise = {"type": "Point", "coordinates": [-72.123456, 7.654321]}
    (cell,) = parse_movement(POINT | {"geometry": precise})
    assert cell.geometry.coords[0] == (-72.123, 7.654)


@pytest.mark.parametrize(
    "field",
    [
        "id",
        "name",
        "nombre",
        "document",
        "cedula",
        "phone",
        "device_id",
        "person_id",
        "track",
        "timestamp",
        "nationality",
        "sex",
        "age",
        "properties",
        "Origin",
        "",
    ],
)
def test_p17_an_unlisted_field_refuses_the_whole_payload(field):
    with pytest.raises(PersonalDataError) as refused:
        parse_movement([POINT, PAIR | {field: "123456789"}])
    assert "123456789" not in str(refused.value)
    assert "count 1" in str(refused.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "llamar al +57 300 123 4567"},
        {"origin": "CC 1.090.123.456"},
        {"origin": "persona@example.org"},
        {"method": "entrevista a @usuario"},
        {"source": "https://example.org/?token=x"},
        {"week": f"{OLD}T08:30:00-05:00"},
        {"week": f"{OLD} 08:30"},
        {
            "kind": "od",
            "destination": "G3673045",
            "geometry": {"type": "LineString", "coordinates": [[-72, 7], [-72.1, 7], [-72.2, 7]]},
        },
    ],
)
def test_p17_a_value_about_a_person_refuses_the_whole_payload(changes):
    with pytest.raises(PersonalDataError) as refused:
        parse_movement([PAIR, POINT | changes])
    for value in changes.values():
        assert str(value) not in str(refused.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "crowd"},
        {"origin": None},
        {"origin": "x" * 101},
        {"origin": "\ud800"},
        {"destination": "G3673045"},
        {"origin": "Puente Simón Bolívar"},
        {"origin": "co-nsa"},
        {"origin": "G"},
        {"method": "a mano"},
        {"method": "FMR"},
        {"source": "Organización 3"},
        {"week": str(MONDAY + timedelta(days=1))},
        {"week": "2026-W40"},
        {"week": None},
        {"direction": "north"},
        {"n": -1},
        {"n": 1.5},
        {"n": True},
        {"n": "143"},
        {"n": float("nan")},
        {"n": 10**12},
        {"groups": 200},
        {"largest_share": 1.2},
        {"largest_share": float("nan")},
        {"largest_share": "0.2"},
        {"hours_covered": 169},
        {"visibility": "everyone"},
        {"geometry": None},
        {"geometry": {"type": "Point", "coordinates": [7.8179, -72.4508]}},
        {"geometry": {"type": "Point", "coordinates": [float("inf"), 7]}},
        {"geometry": {"type": "Point", "coordinates": []}},
        {"geometry": {"type": "LineString", "coordinates": [[-72, 7], [-73, 7]]}},
        {"geometry": "POINT(-72 7)"},
        {"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}},
    ],
)
def test_what_makes_no_sense_is_refused_by_field_without_positions(changes):
    with pytest.raises(InvalidCountError) as refused:
        parse_movement([POINT | changes])
    assert next(iter(changes)) in str(refused.value)
    assert "72.4508" not in str(refused.value), "P48"


@pytest.mark.parametrize("payload", [[], "x", None, 3, [3], [[]], {"flows": []}])
def test_a_payload_of_another_form_is_refused(payload):
    with pytest.raises((InvalidCountError, PersonalDataError)):
        parse_movement(payload)


def test_the_same_count_twice_is_refused():
    with pytest.raises(InvalidCountError, match="came before"):
        parse_movement([POINT, POINT | {"n": 7, "groups": 3}])


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*FIELDS, "x"]), inner, max_size=6)
        ),
        max_leaves=12,
    )
)
def test_whatever_is_sent_is_taken_or_refused(payload):
    with contextlib.suppress(InvalidCountError, PersonalDataError):
        parse_movement(payload)


@pytest.mark.parametrize("data", [b"", b"{", b"[NaN]", b"[Infinity]", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(data):
    with pytest.raises(InvalidCountError):
        read_json(data)


# --- storing ------------------------------------------------------------------------------------

#: Codes that the counts of these tests name.
PLACES = """
    insert into amparo.places (id, name, country, timezone, visibility, geom)
    select 'G' || n, 'Lugar ' || n, 'CO', 'America/Bogota', 'public',
        st_setsrid(st_makepoint(-72.5 + n % 10 * 0.01, 7.9), 4326)
    from unnest(array[3685533, 3673045, 1, 2, 3, 4, 5, 6]) n
    on conflict do nothing
"""
UNIT = """
    insert into amparo.boundaries (id, level, country, code, name, visibility, geom)
    values ('b', 1, 'CO', 'CO-NSA', 'Norte de Santander', 'public',
            st_multi(st_makeenvelope(-73.5, 7, -72, 9, 4326))),
        ('CO', 0, 'CO', 'CO', 'Colombia', 'public',
            st_multi(st_makeenvelope(-79, -4, -72.44, 12, 4326))),
        ('VE', 0, 'VE', 'VE', 'Venezuela', 'public',
            st_multi(st_makeenvelope(-72.44, 0, -60, 12, 4326)))
"""
POST = """
    insert into amparo.crossings (id, name, country_a, country_b, visibility, hidden_at, geom)
    values (:id, 'Puente', 'CO', 'VE', 'public', :hidden_at,
        st_setsrid(st_makepoint(-72.45, 7.818), 4326))
"""


async def set_up(session):
    await session.execute(text(PLACES))
    await session.execute(text(UNIT))
    await session.execute(text(POST), {"id": "X-BOLIVAR", "hidden_at": None})


async def store(session, *cells, holder="org", **more):
    cells = parse_movement(list(cells))
    return await store_movement(session, cells, holder=holder, actor="token:t", **more)


@pytest.fixture
async def counting(session):
    await set_up(session)
    return session


@pytest.fixture(scope="module")
async def coded(cluster, empty_template, settings_for):
    """Give a database with the codes that counts name."""
    async with opened(settings_for(clone(cluster, empty_template))) as database:
        async with database.session(Tier.WRITER) as session:
            await set_up(session)
        yield database


@pytest.fixture
async def placed(coded):
    """Give it without counts: what was shown is known by them alone, and goes with them."""
    yield coded
    async with coded.session(Tier.WRITER) as session:
        await session.execute(delete(Flow))


async def test_a_correction_replaces_the_count(counting):
    assert await store(counting, POINT, PAIR) == 2
    assert await store(counting, POINT | {"n": 150}) == 1
    stored = {row.kind: row.n for row in await counting.execute(select(Flow.kind, Flow.n))}
    assert stored == {"point": 150, "od": 143}
    assert await store_movement(counting, [], holder="org", actor="cli") == 0


async def test_a_cell_belongs_to_the_holder_that_sent_it(counting):
    await store(counting, POINT)
    with pytest.raises(ForeignCountError):
        await store(counting, PAIR, POINT | {"n": 30}, holder="another")
    stored = (await counting.execute(select(Flow.kind, Flow.n, Flow.holder))).all()
    assert [tuple(row) for row in stored] == [("point", 143, "org")], "and nothing of the rest"


async def test_a_cell_of_before_holders_were_kept_is_no_tokens(counting):
    await store(counting, POINT)
    await counting.execute(update(Flow).values(holder=None))
    with pytest.raises(ForeignCountError):
        await store(counting, POINT | {"n": 30})
    await store(counting, POINT | {"n": 150}, is_trusted=True)
    assert (await counting.execute(select(Flow.n, Flow.holder))).one() == (150, "org")


async def test_p55_a_payload_is_one_statement(placed):
    """All of its week is compared after each."""
    statements = []

    def note(_connection, _cursor, statement, _values, _context, is_many):
        if "INTO amparo.flows" in statement:
            statements.append(is_many)

    async with placed.session(Tier.WRITER) as session:
        engine = session.get_bind().engine
        event.listen(engine, "before_cursor_execute", note)
        await store(session, *(point_at(f"G{n}") for n in (1, 2, 3, 4, 5, 6)), PAIR)
        event.remove(engine, "before_cursor_execute", note)
    assert statements == [False]


async def test_p55_a_holder_has_no_more_than_so_many_counts_of_a_week(counting, monkeypatch):
    monkeypatch.setattr("geo.records.flows.MAX_OF_A_WEEK", 2)
    await store(counting, point_at("G1"), point_at("G2"))
    with pytest.raises(InvalidCountError, match=OLD):
        await store(counting, point_at("G3"))
    await store(counting, point_at("G3"), holder="another")
    await store(counting, point_at("G4"), is_trusted=True)
    assert await counting.scalar(select(func.count()).select_from(Flow)) == 4


async def test_each_payload_is_in_the_audit_without_its_counts(counting):
    await store(counting, POINT, PAIR)
    await store(counting, POINT | {"n": 150})
    rows = await counting.execute(
        text("select actor, details from amparo.audit_entries where action = 'movement.stored'")
    )
    first, second = [tuple(row) for row in rows]
    assert first[0] == "token:t"
    assert first[1] | {"holder": "org", "cells": 2, "replaced": 0} == first[1]
    assert second[1] | {"cells": 1, "replaced": 1, "first_week": OLD} == second[1]
    assert not {"n", "groups", "143", "150"} & set(map(str, [*second[1], *second[1].values()]))


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "G999"},
        {"origin": "CO-XXX"},
        {"origin": "X-HIDDEN"},
        {"origin": "X-NEVER"},
        {"method": "by_hand"},
        {"source": "somebody"},
    ],
)
async def test_a_code_that_names_nothing_is_refused_and_a_hidden_crossing_names_nothing(
    counting, changes
):
    await counting.execute(text(POST), {"id": "X-HIDDEN", "hidden_at": run_now()})
    ((field, value),) = changes.items()
    with pytest.raises(InvalidCountError, match=f"count 1: {field} is not known") as refused:
        await store(counting, PAIR, POINT | changes)
    assert value not in str(refused.value)


async def test_p35_a_real_count_is_not_stored_beside_demo_rows(loaded_database):
    cells = parse_movement(PAIR)
    with pytest.raises(MixedDataError):
        async with loaded_database.session(Tier.WRITER) as session:
            await store(session, PAIR)
    async with loaded_database.session(Tier.WRITER) as session:
        assert not await session.scalar(select(Flow.id).where(Flow.id == cells[0].id))
        assert await store(session, PAIR, allow_mixed=True) == 1


# --- publishing ---------------------------------------------------------------------------------


async def published(database, tier=Tier.PUBLIC):
    async with database.session(tier) as session:
        rows = await session.execute(select(view))
        return {row["id"]: dict(row) for row in rows.mappings()}


async def test_p18_p19_demo_cells_that_break_a_rule_appear_nowhere(shared_database):
    for tier in (Tier.PUBLIC, Tier.PARTNER):
        found = await published(shared_database, tier)
        assert set(found) == {f"DEMO-F{n:02}" for n in range(1, 10)}
        for cell in found.values():
            assert cell["n"] % 5 == 0
            assert not {"groups", "largest_share", "visibility"} & set(cell)


@pytest.mark.parametrize(
    ("changes", "is_published"),
    [
        ({"n": 20, "groups": 5}, True),
        ({"n": 19, "groups": 5}, False),
        ({"groups": 3}, True),
        ({"groups": 2}, False),
        ({"largest_share": 0.8}, True),
        ({"largest_share": 0.81}, False),
        ({"visibility": "partners"}, False),
        ({"visibility": "restricted"}, False),
    ],
)
async def test_p18_the_limits_of_a_published_cell(placed, changes, is_published):
    async with placed.session(Tier.WRITER) as session:
        await store(session, POINT | changes)
    assert bool(await published(placed)) == is_published


@pytest.mark.clock
async def test_p19_a_week_is_published_only_once_all_of_it_is_old(placed):
    weeks = [MONDAY - timedelta(weeks=n) for n in range(5)]
    async with placed.session(Tier.WRITER) as session:
        await store(session, *(POINT | {"week": str(w)} for w in weeks))
        today = await session.scalar(select(text("amparo.today()")))
    found = {cell["week"] for cell in (await published(placed)).values()}
    assert found == {week for week in weeks if (today - week).days > 6 + 14}
    assert found


async def test_p18_published_counts_are_rounded(placed):
    counts = (20, 22, 23, 27, 28, 143)
    cells = [POINT | {"origin": f"G{i + 1}", "n": n, "groups": 5} for i, n in enumerate(counts)]
    async with placed.session(Tier.WRITER) as session:
        await store(session, *cells)
    found = sorted(cell["n"] for cell in (await published(placed)).values())
    assert found == [20, 20, 25, 25, 30, 145]


# --- margins ------------------------------------------------------------------------------------


def point_at(origin, direction="in", **more):
    return POINT | {"origin": origin, "direction": direction} | more


def pair_of(origin, destination, direction="out", **more):
    return PAIR | {"origin": origin, "destination": destination, "direction": direction} | more


def name_of(cell):
    return cell["origin"], cell["destination"], cell["direction"]


SMALL = {"n": 15, "groups": 5}


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ([point_at("G1", "both")], [("G1", None, "both")]),
        (
            [point_at("G1", "both"), point_at("G1", "in"), point_at("G1", "out")],
            [("G1", None, "in"), ("G1", None, "out")],
        ),
        # What is too small to be shown is the margin less what is shown.
        ([point_at("G1", "both"), point_at("G1"), point_at("G1", "out", **SMALL)],
         [("G1", None, "in")]),
        # Whoever counted how, and whoever may see it.
        ([point_at("G1", "both"), point_at("G1", method="head_count", visibility="partners")], []),
        ([point_at("G1", "both"), point_at("G1", visibility="restricted")], []),
        # Another week and another place are no parts.
        (
            [point_at("G1", "both"), point_at("G2"),
             point_at("G1", week=str(MONDAY - timedelta(weeks=7)))],
            [("G1", None, "both"), ("G1", None, "in"), ("G2", None, "in")],
        ),
        # Two methods of one count are no parts of each other.
        ([point_at("G1"), point_at("G1", method="head_count")], [("G1", None, "in")] * 2),
        # Totals of a point beside pairs.
        ([point_at("G1", "out"), pair_of("G1", "G2")], [("G1", "G2", "out")]),
        ([point_at("G2", "in"), pair_of("G1", "G2"), pair_of("G3", "G2", **SMALL)],
         [("G1", "G2", "out")]),
        ([pair_of("G1", "G2", "both"), pair_of("G1", "G2")], [("G1", "G2", "out")]),
        ([pair_of("G1", "G2", "both"), pair_of("G2", "G1")], [("G2", "G1", "out")]),
        ([pair_of("G1", "G2", "both"), pair_of("G2", "G1", "both")],
         [("G1", "G2", "both"), ("G2", "G1", "both")]),
        # A department and a country beside towns in them, and a crossing on their border.
        ([point_at("CO-NSA"), point_at("G1"), point_at("G2", **SMALL)], [("G1", None, "in")]),
        ([point_at("CO"), point_at("CO-NSA")], [("CO-NSA", None, "in")]),
        ([point_at("VE", "both"), point_at("X-BOLIVAR")], [("X-BOLIVAR", None, "in")]),
        ([pair_of("CO-NSA", "G9"), pair_of("G1", "G9")], [("G1", "G9", "out")]),
    ],
)  # fmt: skip
async def test_a_margin_never_stands_beside_its_parts(placed, cells, shown):
    """Sent together, or in whatever order before their week is out."""
    async with placed.session(Tier.WRITER) as session:
        await session.execute(text(PLACES.replace("[3685533,", "[9, 3685533,")))
        await store(session, *cells)
    found = sorted(map(name_of, (await published(placed)).values()), key=str)
    assert found == sorted(shown, key=str)
    later = {OLD: str(MONDAY), str(MONDAY - timedelta(weeks=7)): str(MONDAY - timedelta(weeks=1))}
    for sent in (cells, cells[::-1]):
        async with placed.session(Tier.WRITER) as session:
            await session.execute(delete(Flow))
        for cell in sent:
            async with placed.session(Tier.WRITER) as session:
                await store(session, cell | {"week": later[cell["week"]]})
        assert await coming_out(placed) == sorted(shown, key=str)


async def coming_out(database):
    """Name what has been decided to be shown once its week is out."""
    async with database.session(Tier.WRITER) as session:
        rows = await session.execute(
            select(Flow.origin, Flow.destination, Flow.direction).where(
                Flow.may_come_out, Flow.is_margin.is_(False), Flow.is_late.is_(False),
                Flow.visibility == "public",
            )
        )  # fmt: skip
    return sorted((tuple(row) for row in rows), key=str)


BOTH = point_at("G1", "both")


@pytest.mark.parametrize(
    ("part", "is_taken"),
    [
        (pair_of("G1", "CO", n=0, groups=0, visibility="restricted"), False),
        (point_at("G1", n=19, groups=3), False),
        (point_at("G1", groups=2), False),
        (point_at("G1", largest_share=0.9), False),
        (point_at("G1", visibility="restricted"), False),
        # Partners see what the public sees too.
        (point_at("G1", visibility="partners"), True),
        (point_at("G1"), True),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
async def test_nobody_takes_away_another_s_count_with_one_that_cannot_come_out(
    placed, part, is_taken, is_first
):
    week = {"week": str(MONDAY)}
    sent = [(BOTH, "org"), (part, "another")]
    for cell, holder in sent[::-1] if is_first else sent:
        async with placed.session(Tier.WRITER) as session:
            await store(session, cell | week, holder=holder)
    assert (("G1", None, "both") not in await coming_out(placed)) == is_taken


async def test_a_part_after_its_total_was_shown_is_withheld_and_the_total_stays(placed):
    """A copy of the total, less what came out later, was what was held back."""
    for cells in (
        [BOTH],
        [point_at("G1"), point_at("G1", "out", **SMALL), pair_of("G1", "G2")],
        # What could not come out, and now could.
        [point_at("G1", "out", n=40)],
        # The total corrected, and for a time too small itself.
        [BOTH | SMALL],
        [pair_of("G1", "G3")],
        [BOTH],
    ):
        async with placed.session(Tier.WRITER) as session:
            await store(session, *cells)
    assert [name_of(cell) for cell in (await published(placed)).values()] == [("G1", None, "both")]


async def test_a_total_after_its_parts_were_shown_is_withheld_whatever_becomes_of_them(placed):
    async with placed.session(Tier.WRITER) as session:
        await store(session, point_at("G1"), holder="another")
    async with placed.session(Tier.WRITER) as session:
        await store(session, BOTH)
    async with placed.session(Tier.WRITER) as session:
        await store(session, point_at("G1", n=0, groups=0), holder="another")
    assert await published(placed) == {}
    async with placed.session(Tier.WRITER) as session:
        await session.execute(delete(Flow).where(Flow.direction == "in"))
    assert await published(placed) == {}


async def test_counts_are_placed_anew_where_borders_were_loaded_since(placed):
    week = {"week": str(MONDAY)}
    async with placed.session(Tier.WRITER) as session:
        await session.execute(text("update amparo.boundaries set code = null where id = 'b'"))
        await store(session, point_at("G1", **week))
        await session.execute(text("update amparo.boundaries set code = 'CO-NSA' where id = 'b'"))
        await store(session, point_at("CO-NSA", **week))
    assert ("CO-NSA", None, "in") in await coming_out(placed)
    async with placed.session(Tier.WRITER) as session:
        assert await place_anew(session) == 1
        assert await place_anew(session) == 0
    assert await coming_out(placed) == [("G1", None, "in")]


async def test_p8_a_count_at_a_crossing_goes_with_the_crossing(empty_database):
    placed = empty_database
    async with placed.session(Tier.WRITER) as session:
        await set_up(session)
        await store(session, POINT, PAIR)
    (point, pair) = sorted((await published(placed)).values(), key=lambda cell: cell["kind"])[::-1]
    assert (point["origin"], point["origin_name"]) == ("X-BOLIVAR", "Puente")
    assert (pair["origin_name"], pair["destination_name"]) == ("Lugar 3685533", "Lugar 3673045")
    async with placed.session(Tier.WRITER) as session:
        await session.execute(
            text(
                "insert into amparo.hides (id, entity, record_id, reason, hidden_at)"
                " values ('h', 'crossing', 'X-BOLIVAR', 'x', amparo.now())"
            )
        )
    for tier in (Tier.PUBLIC, Tier.PARTNER):
        assert [cell["kind"] for cell in (await published(placed, tier)).values()] == ["od"]


@pytest.mark.clock
async def test_a_margin_comes_out_once_its_part_is_gone_in_time(placed):
    week = {"week": str(MONDAY)}
    async with placed.session(Tier.WRITER) as session:
        await store(session, BOTH | week, point_at("G1", **week))
    async with placed.session(Tier.WRITER) as session:
        await session.execute(delete(Flow).where(Flow.direction == "in"))
    assert await coming_out(placed) == [("G1", None, "both")]


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_withheld_can_be_derived_from_what_is_shown(placed, seed):
    """Cells are sums over atoms: who went from where to where; a withheld one is no sum of shown.

    A withheld margin is the sum of its parts where all of them are shown: that was never a secret.
    """
    rng = random.Random(seed)
    towns = ["G1", "G2", "G3"]
    atoms = [(a, b) for a in towns for b in towns if a != b]
    people = {atom: rng.randint(5, 60) for atom in atoms}
    cells, sums = [], []
    for a, b in atoms:
        if rng.random() < 0.7:
            cells.append(pair_of(a, b))
            sums.append({(a, b)})
        if a < b and rng.random() < 0.5:
            cells.append(pair_of(a, b, "both"))
            sums.append({(a, b), (b, a)})
    for town in towns:
        for direction, end in (("out", 0), ("in", 1)):
            if rng.random() < 0.6:
                cells.append(point_at(town, direction))
                sums.append({atom for atom in atoms if atom[end] == town})
    counted = [
        cell | {"n": sum(people[atom] for atom in of), "groups": 5}
        for cell, of in zip(cells, sums, strict=True)
    ]
    async with placed.session(Tier.WRITER) as session:
        await store(session, *counted)
    shown = {name_of(cell) for cell in (await published(placed)).values()}
    told = [of for cell, of in zip(counted, sums, strict=True) if _key(cell) in shown]
    matrix = np.array([[atom in of for atom in atoms] for of in told], dtype=float)
    small = [
        of for cell, of in zip(counted, sums, strict=True)
        if _key(cell) not in shown and cell["n"] < 20
    ]  # fmt: skip
    rank = np.linalg.matrix_rank(matrix) if told else 0
    for of in small:
        row = np.array([[atom in of for atom in atoms]], dtype=float)
        with_it = np.vstack([matrix, row]) if told else row
        assert np.linalg.matrix_rank(with_it) > rank


def _key(cell):
    return cell["origin"], cell.get("destination"), cell["direction"]
