"""Places by name and by position."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.db import Tier
from geo.errors import NotFoundError
from geo.folding import ACCENTED, PLAIN, folded, spelling_pattern
from geo.places import find_places, nearest_place, place_near


@pytest.fixture
async def public(shared_database):
    async with shared_database.session(Tier.PUBLIC) as session:
        yield session


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Cúcuta", "Cúcuta, CO"),
        ("cucuta", "Cúcuta, CO"),
        ("  CUCUTA ", "Cúcuta, CO"),
        ("Cúcuta, CO", "Cúcuta, CO"),
        ("cucuta,co", "Cúcuta, CO"),
        ("sao paulo", "São Paulo, BR"),
        ("san cristobal", "San Cristóbal, VE"),
        ("San Cristóbal, AR", "San Cristóbal, AR"),
        ("bucaram", "Bucaramanga, CO"),
        ("rosario, ar", "Rosario, AR"),
    ],
)
async def test_a_place_is_found_as_people_type_it(public, text, label):
    found = await find_places(public, text, 5)
    assert found[0].label == label


async def test_names_that_begin_so_come_before_those_that_hold_it(public):
    found = await find_places(public, "pamplona", 10)
    assert all(folded(place.name).startswith("pamplona") for place in found)
    inside = await find_places(public, "onjuana", 10)
    assert all("onjuana" in folded(place.name) for place in inside)


@pytest.mark.parametrize("text", ["", "   ", "zzzzzz", "%", "_", ".*", "\\", "a\x00b", "'; --"])
async def test_nothing_is_found_for_what_is_no_name(public, text):
    assert await find_places(public, text, 5) == ()


async def test_a_long_text_is_no_trouble(public):
    assert await find_places(public, "[" * 5_000, 5) == ()


async def test_traps_of_geonames_are_left_out(public):
    ids = {place.id for name in ("Puerto Quijarro", "Lajas Blancas") for place in
           await find_places(public, name, 20)}  # fmt: skip
    assert not ids & {"G3444201", "G7543540"}


async def test_the_nearest_place_and_its_country(public):
    place = await nearest_place(public, -72.508, 7.894)
    assert (place.name, place.country, place.timezone) == ("Cúcuta", "CO", "America/Bogota")
    near, distance_m = await place_near(public, -72.443, 7.815)
    assert (near.name, near.country) == ("San Antonio del Táchira", "VE")
    assert 300 < distance_m < 600
    _, at_sea_m = await place_near(public, -30.0, 0.0)
    assert at_sea_m > 500_000


async def test_without_places_nothing_is_near(session):
    # The writer's search path has the table itself, under the view's name.
    with pytest.raises(NotFoundError):
        await nearest_place(session, -72.5, 7.9)
    with pytest.raises(NotFoundError):
        await place_near(session, -72.5, 7.9)


@given(st.text(st.sampled_from(ACCENTED + "abcz"), max_size=12))
def test_the_database_folds_as_python_does(name):
    translated = name.translate(str.maketrans(ACCENTED, PLAIN)).lower()
    assert translated == folded(name)


def test_a_pattern_matches_every_spelling():
    import re

    pattern = re.compile(spelling_pattern(folded("São José")))
    for name in ("São José", "sao jose", "SÃO JOSÉ", "Sáo Jôsè"):
        assert pattern.fullmatch(name)
    assert not pattern.fullmatch("Sao Jos")
    assert re.fullmatch(spelling_pattern("a.(b"), "A.(B")
