"""What `./run bench publish` asks: each question as Amparo, the bare app and tipg spell it."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from benchmarks._around import tile_at
from benchmarks._publish_world import CITY, CITY_SPREAD, CITY_TILE, COUNTRIES, COUNTRY, MOST_PEOPLE
from tiles.features.paging import write_mark


@dataclass(frozen=True)
class Question:
    """One question: the path for each server."""

    amparo: str
    bare: str
    tipg: str


type Questions = Iterator[Question]


@dataclass(frozen=True)
class World:
    """What questions are drawn from: the ids of the drawn points."""

    ids: tuple[str, ...]


def pages(limit: int) -> Callable[[World, random.Random], Questions]:
    """Return a case: pages that begin anywhere; tipg, which counts rows to skip, gets the first."""

    def ask(world: World, draw: random.Random) -> Questions:
        for after in draw.sample(world.ids, len(world.ids)):
            ours = urlencode({"limit": limit, "after": write_mark([after])})
            bare = urlencode({"limit": limit, "after": after})
            yield _items("places", ours, f"items?{bare}", f"limit={limit}")

    return ask


def boxes(layer: str) -> Callable[[World, random.Random], Questions]:
    """Return a case: boxes of one degree in the country."""

    def ask(_world: World, draw: random.Random) -> Questions:
        while True:
            sides = _box(draw)
            query = f"limit=1000&bbox={','.join(map(str, sides))}"
            bare = urlencode(dict(zip("wsen", sides, strict=True)))
            yield _items(layer, query, f"box?{bare}", query)

    return ask


def filters(_world: World, draw: random.Random) -> Questions:
    """Ask for places of a size in four of eight countries, in boxes of one degree."""
    while True:
        sides, countries = _box(draw), draw.sample(COUNTRIES, 4)
        low, high = draw.randrange(1_000), draw.randrange(10_000, MOST_PEOPLE)
        named = ", ".join(f"'{country}'" for country in countries)
        text = f"population >= {low} AND population < {high} AND country IN ({named})"
        terms = urlencode({"filter": text, "filter-lang": "cql2-text"})
        query = f"limit=1000&bbox={','.join(map(str, sides))}&{terms}"
        asked = dict(zip("wsen", sides, strict=True)) | {"low": low, "high": high}
        bare = urlencode(asked | {"countries": ",".join(countries)})
        yield _items("places", query, f"filtered?{bare}", query)


def items(world: World, draw: random.Random) -> Questions:
    """Ask for single features."""
    for name in draw.sample(world.ids, len(world.ids)):
        ours = f"/collections/places/items/{name}"
        tipg = f"/collections/tier_public.places/items/{name}"
        yield Question(ours, f"/places/item/{name}", tipg)


def tiles(layer: str, z: int, *, city: bool = False) -> Callable[[World, random.Random], Questions]:
    """Return a case: tiles anywhere in the country, or in the city; none twice."""

    def ask(_world: World, draw: random.Random) -> Questions:
        asked: set[tuple[int, int]] = set()
        west, south, east, north = COUNTRY
        for _ in range(_TRIES):
            if city:
                lon, lat = (draw.gauss(middle, CITY_SPREAD) for middle in CITY)
            else:
                lon, lat = draw.uniform(west, east), draw.uniform(south, north)
            place = tile_at(lon, lat, z)
            if place not in asked:
                asked.add(place)
                yield _tile(layer, z, *place)

    return ask


def one_tile(_world: World, _draw: random.Random) -> Questions:
    """Ask for the whole city again and again."""
    while True:
        yield _tile("roads", *CITY_TILE)


#: How often a tile is drawn before all that there are count as drawn.
_TRIES: Final = 20_000


def _box(draw: random.Random) -> tuple[float, float, float, float]:
    west, south, east, north = COUNTRY
    w, s = (round(draw.uniform(*ends), 4) for ends in ((west, east - 1), (south, north - 1)))
    return w, s, round(w + 1, 4), round(s + 1, 4)


def _items(layer: str, ours: str, bare: str, tipg: str) -> Question:
    return Question(
        f"/collections/{layer}/items?{ours}",
        f"/{layer}/{bare}",
        f"/collections/tier_public.{layer}/items?{tipg}",
    )


def _tile(layer: str, z: int, x: int, y: int) -> Question:
    return Question(
        f"/tiles/{layer}/{z}/{x}/{y}",
        f"/{layer}/tile/{z}/{x}/{y}",
        f"/collections/tier_public.{layer}/tiles/WebMercatorQuad/{z}/{x}/{y}",
    )


@dataclass(frozen=True)
class Case:
    """Questions of one kind.

    Attributes
    ----------
    ask : callable
        Yields different questions.
    share : float
        Of the requests that a run makes of a quick case.
    is_kept : bool
        Whether there are too few different ones, so that a server which keeps answers has them in
        memory: then only ours that keeps nothing is asked.
    """

    ask: Callable[[World, random.Random], Questions]
    share: float = 1.0
    is_kept: bool = False


#: By name. All but the last ask nothing twice, and so are answered by PostGIS.
CASES: Final[Mapping[str, Case]] = {
    "items10": Case(pages(10)),
    "items1000": Case(pages(1_000), share=0.2),
    "bbox points": Case(boxes("places")),
    "bbox lines": Case(boxes("roads")),
    "item": Case(items),
    "CQL2": Case(filters),
    "z6 lines": Case(tiles("roads", 6), share=0.05),
    "z10 points": Case(tiles("places", 10)),
    "z10 lines": Case(tiles("roads", 10)),
    "z12 points": Case(tiles("places", 12)),
    "z12 lines": Case(tiles("roads", 12)),
    "z12 city": Case(tiles("roads", 12, city=True), share=0.5),
    "z6 city": Case(one_tile, share=0.02, is_kept=True),
}
