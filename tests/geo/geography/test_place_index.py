"""Places in memory give what the database gives."""

import numpy as np
import pytest

from geo.db.sessions import Tier
from geo.errors import NotFoundError
from geo.geography.place_index import ResidentPlaces
from geo.geography.places import places_near


@pytest.fixture
async def public(shared_database):
    async with shared_database.session(Tier.PUBLIC) as session:
        yield session


async def test_the_nearest_in_memory_are_the_nearest_in_the_database(public):
    draw = np.random.default_rng(20_261_126)
    towns = draw.uniform((-118, -56), (-34, 33), (200, 2)).tolist()
    close = draw.normal((-72.45, 7.85), 0.05, (200, 2)).tolist()
    far = [(-30.0, 0.0), (179.9, -89.0), (-180.0, 90.0), (0.0, 0.0)]
    points = [*map(tuple, towns), *map(tuple, close), *far]
    found = (await ResidentPlaces.read(public)).near(points)
    asked = await places_near(public, points)
    assert [place for place, _ in found] == [place for place, _ in asked]
    assert [m for _, m in found] == pytest.approx([m for _, m in asked], abs=1e-6)


async def test_of_two_as_near_the_first_by_id_is_given(public):
    places = await ResidentPlaces.read(public)
    names = {name: ["b", "a"] for name in places.columns}
    two = ResidentPlaces(np.array([-70.0, -70.0]), np.array([5.0, 5.0]), names)
    ((place, _),) = two.near([(-71.0, 5.0)])
    assert place.id == "a"


async def test_without_places_nothing_is_near(session):
    # The writer's search path has the table itself, under the view's name.
    none = await ResidentPlaces.read(session)
    with pytest.raises(NotFoundError):
        none.near([(-72.5, 7.9)])
    assert none.columns["id"] == ()
