"""Countries of rows from their positions, and positions that are read as their towns prove."""

import random

import pytest
from sqlalchemy import func, select

from geo.db.sessions import Tier
from geo.db.views import places
from geo.geography.surroundings import countries_around
from geo.imports.check import check_file
from geo.imports.mapping import FieldMapping
from geo.imports.misread_positions import MENDED, mend_positions
from geo.imports.positions import fill_countries
from geo.imports.row_mapping import Draft, RowProblem
from geo.imports.town_positions import place_in_towns
from geo.reasons import CodedReason
from tests.fixtures.network import NOW, TODAY

INLAND, AT_BORDER, AT_SEA = (-72.508, 7.894), (-72.443, 7.815), (-40.0, -40.0)

#: Position, country and division of a row; country and notes of it afterwards.
ROWS = [
    (INLAND, None, None, "CO", ()),
    (INLAND, None, "Norte de Santander", "CO", ()),
    # The position is wrong, or the division.
    (INLAND, None, "Carchi", None, ()),
    (AT_BORDER, None, None, None, ()),
    (AT_BORDER, None, "Táchira", "VE", ()),
    # Venezuela's polygon holds the point.
    (AT_BORDER, None, "Norte de Santander", "CO", ("row_country_by_division",)),
    (AT_BORDER, None, "Nariño", "CO", ("row_country_by_division",)),
    (AT_BORDER, None, "Carchi", None, ()),
    (AT_SEA, None, "Carchi", None, ()),
    # A text that is no country, and countries of elsewhere; ES is El Salvador among its neighbours.
    (INLAND, "Cúcuta", None, "CO", ("row_country_by_position",)),
    (INLAND, "ES", None, "ES", ("row_country_elsewhere",)),
    (INLAND, "US", None, "US", ("row_country_elsewhere",)),
    (INLAND, "CU", "Norte de Santander", "CU", ("row_country_elsewhere",)),
    (AT_BORDER, "ES", None, "ES", ("row_country_elsewhere",)),
    # What is of the region, or nowhere near, stays as it is written.
    (INLAND, "VE", None, "VE", ()),
    (AT_SEA, "ES", None, "ES", ()),
]


@pytest.fixture(scope="module")
async def staff(shared_database):
    async with shared_database.session(Tier.STAFF, person="nobody") as session:
        yield session


async def test_a_row_takes_the_country_of_its_position_where_it_states_none_that_can_be(staff):
    made = [
        Draft(n, str(n), {"lon": lon, "lat": lat, "country": country, "admin1": division})
        for n, ((lon, lat), country, division, *_) in enumerate(ROWS)
    ]
    stored = Draft(99, "99", {"lon": INLAND[0], "lat": INLAND[1]})
    await fill_countries(staff, [*made, stored], new=made, column="País")
    for draft, (*_, country, codes) in zip(made, ROWS, strict=True):
        said = [*(note.code for note in draft.notes), *(p.reason.code for p in draft.problems)]
        assert (draft.changes["country"], tuple(said)) == (country, codes)
    assert "country" not in stored.changes
    for neighbour, country in (("GT", "SV"), ("CO", "ES")):
        made = [
            Draft(1, "1", {"lon": -89.19, "lat": 13.69, "country": "ES"}),
            Draft(2, "2", {"lon": INLAND[0], "lat": INLAND[1], "country": neighbour}),
        ]
        await fill_countries(staff, made, new=made, column="País")
        assert made[0].changes["country"] == country


@pytest.mark.parametrize(
    ("town", "country"),
    [
        # The polygon and the only place of the name near there say the same.
        ("San Antonio del Táchira", "VE"),
        ("san antonio del tachira (centro)", "VE"),
        # The polygon is Venezuela's: the town speaks against it.
        ("Cúcuta", None),
        ("Villa que nadie conoce", None),
        (None, None),
    ],
)
async def test_near_a_border_the_rows_town_decides_where_the_polygon_agrees(staff, town, country):
    draft = Draft(1, "1", {"lon": AT_BORDER[0], "lat": AT_BORDER[1], "locality": town})
    await fill_countries(staff, [draft], new=[draft], column="País")
    assert draft.changes.get("country") == country


CUCUTA = {"locality": "Cúcuta"}
NEAR_CUCUTA = {"locality": "CUCUTA ", "lon": INLAND[0], "lat": INLAND[1], "country": "CO"}


@pytest.mark.parametrize(
    ("row", "others", "country"),
    [
        (CUCUTA, [NEAR_CUCUTA], "CO"),
        (CUCUTA | {"country": "CO", "admin1": "Norte de Santander"}, [], "CO"),
        (CUCUTA | {"admin1": "N. de S."}, [NEAR_CUCUTA], "CO"),
        # Nothing proves which town it is, or something speaks against it.
        (CUCUTA, [], None),
        (CUCUTA | {"country": "PE"}, [NEAR_CUCUTA], None),
        (CUCUTA | {"admin1": "Nariño"}, [NEAR_CUCUTA], None),
        (CUCUTA, [NEAR_CUCUTA | {"lon": -74.1, "lat": 4.6}], None),
        ({"locality": "Villa que nadie conoce"}, [NEAR_CUCUTA], None),
        ({"locality": "Berlín / Cúcuta"}, [NEAR_CUCUTA], None),
        ({"locality": "a 20 km de (Cúcuta)"}, [NEAR_CUCUTA], None),
        # "Santander" is another department than Norte de Santander.
        (CUCUTA | {"admin1": "Santander"}, [NEAR_CUCUTA], None),
        (CUCUTA | {"kind": "mobile_unit"}, [NEAR_CUCUTA], None),
        # Córdoba is a division of Argentina and of Colombia, and Villa Nueva is in both.
        ({"locality": "Villa Nueva", "admin1": "Córdoba"}, [], None),
        ({}, [NEAR_CUCUTA], None),
    ],
)
async def test_a_row_without_a_position_is_placed_in_its_town_where_that_is_proven(
    staff, row, others, country
):
    asked, *rest = [Draft(n, str(n), dict(one)) for n, one in enumerate([row, *others])]
    await place_in_towns(staff, [asked, *rest], new=[asked, *rest])
    assert [note.code for note in asked.notes] == ["row_placed_in_town"] * (country is not None)
    if country is None:
        assert "lon" not in asked.changes
        return
    assert (asked.changes["country"], asked.changes["coord_precision"]) == (country, "town")
    assert abs(asked.changes["lon"] + 72.5) < 0.05
    assert abs(asked.changes["lat"] - 7.89) < 0.05
    assert all(one.notes == [] for one in rest)


@pytest.mark.parametrize(("stated", "states"), [("refuse", ["new", "bad"]), ("town", ["new"] * 2)])
async def test_rows_are_placed_in_towns_only_where_the_mapping_says_so(
    shared_database, stated, states
):
    rows = (
        "id,name,kind,organization,locality,lon,lat,confirmed_on,services\n"
        "n-1,Casa Uno,shelter,Organización de prueba,Cúcuta,-72.508,7.894,2026-09-01,food\n"
        "n-2,Casa Dos,shelter,Organización de prueba,Cúcuta,,,2026-09-01,food\n"
    )
    async with shared_database.session(Tier.WRITER) as session:
        checked = await check_file(
            session,
            rows.encode(),
            "x.csv",
            FieldMapping(without_position=stated),
            now=NOW,
            today=TODAY,
        )
    assert [row.state for row in checked.rows] == states
    codes = [note.code for row in checked.rows for note in row.notes]
    assert codes.count("row_placed_in_town") == (stated == "town")


RESERVED = RowProblem("GPS", "position", CodedReason("cell_not_position"))


@pytest.mark.parametrize(
    ("more", "is_placed"),
    [
        # A cell that says "reservado" is no cell that is empty.
        ({"problems": [RESERVED]}, False),
        ({"problems": [RowProblem("Lat", "lat", CodedReason("not_number"))]}, False),
        ({"may_be_placed": False}, False),
        # Restricted already: nobody but its readers sees it.
        ({"changes": CUCUTA | {"confidential": True}, "may_be_placed": False}, True),
        ({"changes": CUCUTA | {"confidential": True}, "problems": [RESERVED]}, True),
    ],
)
async def test_p1_what_is_kept_back_is_placed_only_where_it_is_restricted(staff, more, is_placed):
    asked = Draft(1, "1", **({"changes": dict(CUCUTA)} | more))
    other = Draft(2, "2", dict(NEAR_CUCUTA))
    await place_in_towns(staff, [asked, other], new=[asked, other])
    assert ("lon" in asked.changes) is is_placed
    assert asked.changes.get("confidential", False) is is_placed
    assert not (is_placed and asked.problems)


#: How a position can be misread, by the code of the note on a row that is read as it was meant.
MISREAD = {
    "row_longitude_mended": lambda lon, lat: (-lon, lat),
    "row_latitude_mended": lambda lon, lat: (lon, -lat),
    "row_exchange_mended": lambda lon, lat: (lat, lon),
}
#: A town in the south of Brazil, and a point at sea that both readings of a latitude are near.
CURITIBA, EQUATOR = (-49.2908, -25.504), (-80.3, 0.1)


async def test_a_misread_position_comes_back_where_the_rows_town_proves_it(staff):
    """Whatever is read otherwise than written is where it was meant, and says so."""
    drawn = random.Random(18)
    lon, lat = func.ST_X(places.c.geom), func.ST_Y(places.c.geom)
    towns = select(places.c.name, places.c.country, lon, lat).order_by(func.md5(places.c.id))
    made, meant, written = [], [], []
    for n, (name, country, *at) in enumerate(await staff.execute(towns.limit(60))):
        point = tuple(one + drawn.uniform(-0.15, 0.15) for one in at)
        code = drawn.choice(list(MISREAD))
        wrong = MISREAD[code](*point)
        stated = {"country": country} if n % 2 else {}
        made.append(Draft(n, str(n), {"lon": wrong[0], "lat": wrong[1], "locality": name} | stated))
        meant.append((point, code))
        written.append(wrong)
    await mend_positions(staff, made, column="Lat")
    back = 0
    for draft, (point, code), wrong in zip(made, meant, written, strict=True):
        now = draft.changes["lon"], draft.changes["lat"]
        if draft.notes:
            assert [note.code for note in draft.notes] == [code]
            assert now == point
            back += 1
        else:
            assert now == wrong
    # The others lie in the network as they are written, most north and south of the equator.
    inside = [bool(one) for one in await countries_around(staff, [
        (lon, lat) if abs(lat) <= 90 else AT_SEA for lon, lat in written
    ])]  # fmt: skip
    assert back >= 0.9 * inside.count(False) > 30


@pytest.mark.parametrize(
    ("point", "stated", "is_mended"),
    [
        ((49.2908, -25.504), {}, True),
        ((49.2908, -25.504), {"country": "BR", "admin1": "PR"}, True),
        ((49.2908, -25.504), {"admin1": "Paraná"}, True),
        ((49.2908, -25.504), {"confidential": True}, True),
        # Nothing proves it, or the row says something else.
        ((49.2908, -25.504), {"locality": None}, False),
        ((49.2908, -25.504), {"locality": "Manaus"}, False),
        ((49.2908, -25.504), {"country": "PY"}, False),
        ((49.2908, -25.504), {"country": "MZ"}, False),
        ((49.2908, -25.504), {"country": "BR", "admin1": "Carchi"}, False),
        ((49.2908, -25.504), {"admin1": "Pará"}, False),
        # Two faults at once, and a position that stands where it is written.
        ((49.2908, 25.504), {}, False),
        (CURITIBA, {}, False),
        # By the equator both readings are near the town, and inland both lie in the country.
        (EQUATOR, {"locality": "Pedernales"}, False),
        ((-78.47, 0.22), {"locality": "Quito"}, False),
    ],
)
async def test_p1_a_position_is_read_otherwise_only_with_proof(staff, point, stated, is_mended):
    told = {"lon": point[0], "lat": point[1], "locality": "Curitiba"} | stated
    draft = Draft(1, "1", {name: value for name, value in told.items() if value is not None})
    await mend_positions(staff, [draft], column="Long")
    assert [note.code for note in draft.notes] == ["row_longitude_mended"] * is_mended
    assert (draft.changes["lon"], draft.changes["lat"]) == (CURITIBA if is_mended else point)
    assert draft.notes == [] or draft.notes[0].code in MENDED
