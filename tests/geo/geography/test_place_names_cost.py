"""What a typed name can cost: counted in calls and in places looked at, not by a clock."""

import sys
from collections import Counter

import numpy as np
import pytest

from app.snapshots import place_names
from geo.geography.place_index import ResidentPlaces
from geo.geography.place_names import MOST_FOUND, PlaceNames
from geo.geography.places import Typed

#: As many as the region has.
PLACES = 31_000

#: Official crossings of the region.
CROSSINGS = 40

#: Calls that a question may make for each different name that is known: it is compared as it is
#: written and as it sounds, and each time some words are looked for in it.
CALLS_A_NAME = 9


@pytest.fixture(scope="module")
def names():
    """Give the names of a made-up region in which most places are called after a saint."""
    row = np.arange(PLACES)
    kinds = ("San {0}", "Santa {0}", "San José", "Sabana de {0}", "{0} Nuevo")
    columns = {
        "id": [f"G{number}" for number in row.tolist()],
        "name": [kinds[number % 5].format(f"Lugar {number}") for number in row.tolist()],
        "country": ["CO" if number % 3 else "VE" for number in row.tolist()],
        "admin1": [str(number % 30) for number in row.tolist()],
        "population": [(number * 7_919) % 40_000 for number in row.tolist()],
        "timezone": ["America/Bogota"] * PLACES,
    }
    units = {(country, str(unit)): f"San Unidad {unit}" for country in ("CO", "VE")
             for unit in range(30)}  # fmt: skip
    resident = ResidentPlaces(-75 + row * 0.0005, 4 + (row * 37 % 1_000) * 0.005, columns)
    return PlaceNames.of(resident, units)


def asked(names, text):
    """Ask for a name as `place_names.resolve` does; return what it found and called."""
    called = Counter()

    def count(frame, event, what):
        if event == "call":
            called[frame.f_code.co_qualname] += 1
        elif event == "c_call":
            called[getattr(what, "__qualname__", "")] += 1

    posts = np.column_stack((np.linspace(-75, -60, CROSSINGS), np.linspace(4, 9, CROSSINGS)))
    typed = Typed.of(text)
    asked = place_names._Asked(names, {}, posts)
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        found = [
            asked.weighed(places)
            for places in (names.exact(typed), names.beginning(typed), names.alike(typed))
        ]
        asked.choices(max(found, key=len))
    finally:
        sys.setprofile(before)
    return found, called


@pytest.mark.every(4)
@pytest.mark.parametrize(
    "text",
    [
        *("s", "s (x)", "sa", "san", "san (x)", "san (lugar 7)", "san jose (lugar 7)", "san jose"),
        *("san, san", "s, s, co", "san, san, ve", "l u g a r", "lugar", "a" * 120, "s " * 60),
    ],
)
def test_no_question_costs_more_than_looking_once_at_each_name(names, text):
    found, called = asked(names, text)
    assert called["ResidentPlaces.place"] <= 3 * MOST_FOUND
    # Each looks at all towns: those of one exact name at most, or the choices that are shown.
    assert called["PlaceNames._town_near"] <= 2 * MOST_FOUND + place_names.MAX_CHOICES
    # Measured on the ellipsoid once for all, and no array is made of all places anew.
    assert called["Geod.inv"] <= 3
    assert called["array"] <= 3 * len(found)
    assert called.total() <= CALLS_A_NAME * len(names.by_name)


def test_the_most_populous_are_kept_and_those_of_the_country_that_is_named(names):
    (_, begun, _), _ = asked(names, "san")
    assert len(begun) == MOST_FOUND
    populous = sorted(
        (people for people, name in zip(names.places.columns["population"],
                                        names.places.columns["name"], strict=True)
         if name.startswith(("San ", "Santa "))),
        reverse=True,
    )  # fmt: skip
    assert sorted((one.place.population for one in begun), reverse=True) == populous[:MOST_FOUND]
    (_, there, _), _ = asked(names, "san, VE")
    assert len(there) == MOST_FOUND
    assert {one.place.country for one in there} == {"VE"}


def test_a_name_of_two_letters_is_found_as_it_is_written_alone(names):
    for text in ("s", "sa", "sa (lugar 7)", "S., CO"):
        (exact, begun, alike), _ = asked(names, text)
        assert not exact + begun + alike, text
