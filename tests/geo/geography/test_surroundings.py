"""What a form proposes for a position, and where it asks instead."""

import pytest

from geo.db.sessions import Tier
from geo.geography.surroundings import countries_around, only_country, surroundings

#: Longitude, latitude; country, unit, town, clock; countries that it could be in too; water.
CASES = {
    "town": (-72.508, 7.894, "CO", "Norte de Santander", "Cúcuta", "America/Bogota", (), None),
    "bridge": (
        *(-72.443, 7.815, "VE", "Táchira", "San Antonio del Táchira", "America/Caracas"),
        *(("CO",), None),
    ),
    "lake": (-69.4, -15.9, "PE", "Puno", None, "America/Lima", (), "lake"),
    "coast": (-81.5, -4.0, "PE", "Piura", None, "America/Lima", (), "sea"),
    "ocean": (-40.0, -40.0, None, None, None, None, (), "sea"),
    # Three countries meet at Tabatinga: the town over the border is nearer than any other doubt.
    "three": (
        *(-69.937, -4.235, "BR", "Amazonas", "Tabatinga", "America/Manaus"),
        *(("CO", "PE"), None),
    ),
}


@pytest.fixture(scope="module")
async def staff(shared_database):
    async with shared_database.session(Tier.STAFF, person="nobody") as session:
        yield session


@pytest.mark.parametrize("case", CASES)
async def test_a_position_says_where_it_is_and_what_is_doubtful(staff, case):
    lon, lat, country, unit, town, clock, others, water = CASES[case]
    found = await surroundings(staff, lon, lat)
    assert (found.country, found.admin1, found.locality, found.timezone) == (
        country,
        unit,
        town,
        clock,
    )
    assert (found.other_countries, found.water) == (others, water)
    assert found.is_doubtful is bool(others or water)


async def test_many_positions_are_given_the_country_that_nothing_speaks_against(staff):
    found = await countries_around(staff, [case[:2] for case in CASES.values()])
    told = [
        case[2] if not case[6] and case[7] in {None, "lake"} else None for case in CASES.values()
    ]
    assert list(map(only_country, found)) == told
    assert await countries_around(staff, []) == []
