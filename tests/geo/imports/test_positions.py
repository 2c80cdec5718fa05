"""Countries of rows from their positions: by polygon, by division near a border, or not at all."""

import pytest

from geo.db.sessions import Tier
from geo.imports.positions import fill_countries
from geo.imports.row_mapping import Draft

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
