"""Movement: nothing about a person comes in (P17), no small cell goes out (P18, P19)."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from geo.db import Tier
from geo.errors import InvalidCountError, MixedDataError, PersonalDataError
from geo.flows import FIELDS, parse_movement, read_json, store_movement
from geo.models import Flow
from geo.views import flows as view

TODAY = datetime.now(UTC).date()
MONDAY = TODAY - timedelta(days=TODAY.weekday())
OLD = str(MONDAY - timedelta(weeks=6))

POINT = {
    "kind": "point",
    "origin": "Puente Simón Bolívar",
    "week": OLD,
    "direction": "in",
    "n": 143,
    "groups": 21,
    "largest_share": 0.2,
    "method": "FMR",
    "hours_covered": 84,
    "source": "Organización 3, ronda 2026-10",
    "geometry": {"type": "Point", "coordinates": [-72.4508, 7.8179]},
}
PAIR = POINT | {
    "kind": "od",
    "origin": "Cúcuta",
    "destination": "Pamplona",
    "direction": "both",
    "geometry": {"type": "LineString", "coordinates": [[-72.505, 7.907], [-72.648, 7.376]]},
}


def test_a_point_and_a_pair_are_taken():
    point, pair = parse_movement([POINT, PAIR])
    assert (point.n, point.destination, point.visibility) == (143, None, "public")
    assert (pair.destination, str(pair.week)) == ("Pamplona", OLD)
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
            "destination": "Pamplona",
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
        {"origin": "a\x00b"},
        {"origin": "\ud800"},
        {"destination": "Pamplona"},
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


async def test_a_correction_replaces_the_count(session):
    assert await store_movement(session, parse_movement([POINT, PAIR])) == 2
    assert await store_movement(session, parse_movement(POINT | {"n": 150})) == 1
    stored = {row.kind: row.n for row in await session.execute(select(Flow.kind, Flow.n))}
    assert stored == {"point": 150, "od": 143}
    assert await store_movement(session, []) == 0


async def test_p35_a_real_count_is_not_stored_beside_demo_rows(loaded_database):
    cells = parse_movement(POINT)
    with pytest.raises(MixedDataError):
        async with loaded_database.session(Tier.WRITER) as session:
            await store_movement(session, cells)
    async with loaded_database.session(Tier.WRITER) as session:
        assert not await session.scalar(select(Flow.id).where(Flow.id == cells[0].id))
        assert await store_movement(session, cells, allow_mixed=True) == 1


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
async def test_p18_the_limits_of_a_published_cell(empty_database, changes, is_published):
    async with empty_database.session(Tier.WRITER) as session:
        await store_movement(session, parse_movement(POINT | changes))
    assert bool(await published(empty_database)) == is_published


async def test_p19_a_week_is_published_only_once_all_of_it_is_old(empty_database):
    weeks = [MONDAY - timedelta(weeks=n) for n in range(5)]
    async with empty_database.session(Tier.WRITER) as session:
        await store_movement(session, parse_movement([POINT | {"week": str(w)} for w in weeks]))
        today = await session.scalar(select(text("current_date")))
    found = {cell["week"] for cell in (await published(empty_database)).values()}
    assert found == {week for week in weeks if (today - week).days > 6 + 14}
    assert found


async def test_p18_published_counts_are_rounded(empty_database):
    counts = (20, 22, 23, 27, 28, 143)
    cells = [
        POINT | {"origin": f"Punto {chr(65 + i)}", "n": n, "groups": 5}
        for i, n in enumerate(counts)
    ]
    async with empty_database.session(Tier.WRITER) as session:
        await store_movement(session, parse_movement(cells))
    found = sorted(cell["n"] for cell in (await published(empty_database)).values())
    assert found == [20, 20, 25, 25, 30, 145]
