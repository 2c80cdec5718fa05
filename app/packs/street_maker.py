"""Builder of streets for phones, by town and corridor; they are cached until roads change."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

import anyio.to_thread
import numpy as np
import orjson
import shapely

from app.exceptions import NoStreetsError
from app.packs.pack import head_of, holding, limits_of, walker_of
from app.packs.street_knowledge import knowledge_of, prices
from app.packs.streets import (
    CORRIDOR_REACH_M,
    MOST_JUNCTIONS,
    TOWN_REACH_M,
    LocalStreets,
)
from app.packs.timespan import Span
from app.settings import Settings
from app.snapshots.layer_editions import Editions
from app.snapshots.recently_used import RecentlyUsed
from app.snapshots.response_cache import Kept, Shelf
from app.snapshots.road_networks import Region, RoadNetworks
from app.snapshots.tier_snapshot import SnapshotReading, reading, router_hazard
from geo.db.change_stamps import StampSubject
from geo.db.sessions import Database, Tier
from geo.geography import hazards
from geo.geography.coverage_gaps import CorridorLine, visible_corridors
from geo.geography.municipalities import Municipality, with_spaces
from routing.graph.vicinity import Vicinity
from routing.osm_tags.edge_flags import Mode
from routing.travel.crossings import Gate

#: Maximum number of places in the list from which people choose by name [A].
MOST_PLACES: Final = 300

#: Bytes of the compressed file per edge, with its share of all columns: 13.3 for Porto Alegre
#: (benchmarks/streets.py), rounded up.
_EDGE_BYTES: Final = 14

#: Directed edges per junction of a city's walkable streets: 2.7 for Porto Alegre, rounded up.
_EDGES_PER_JUNCTION: Final = 3

#: Minimum number of street edges of a place whose streets are offered: as many as a village has
#: [A].
_LEAST_EDGES: Final = 200

#: Maximum number of cached `LocalStreets`, some 10 MB each [A].
KEPT_CUTS: Final = 4


@dataclass(frozen=True, eq=False)
class StreetPlace:
    """A town, or the part of a corridor in one network, whose streets phones can download.

    Parameters
    ----------
    key
        Unique key of the place, from which `street_code` computes the public code.
    name, admin1, country
        Name, first-level unit and country of the municipality; a corridor has only a name.
    timezone
        IANA name; for a corridor that of the nearest town with spaces.
    vicinity, region
        Area whose streets the file holds, and the network from which they are taken.
    """

    kind: Literal["town", "corridor"]
    key: str
    name: str
    admin1: str | None
    country: str | None
    timezone: str
    vicinity: Vicinity
    region: Region


@dataclass(frozen=True)
class StreetOffer:
    """Downloadable streets of a place, with an upper bound of the download size, bytes."""

    code: str
    place: StreetPlace
    size_bytes: int


@dataclass(frozen=True)
class StreetMaker:
    """Builder of streets for phones, always with data of the public tier."""

    database: Database
    editions: Editions
    shelf: Shelf
    cuts: RecentlyUsed[LocalStreets]
    network: RoadNetworks
    settings: Settings
    span: Span

    async def offered(self) -> list[StreetOffer]:
        """Return the towns with streets by country and name, then the corridors with streets."""
        places = await self._places()
        return await anyio.to_thread.run_sync(partial(_sized, places))

    async def file(self, code: str) -> bytes:
        """Return the streets of a place as a file.

        Raises
        ------
        NoStreetsError
            No streets are offered under this code.
        """
        place, streets = await self._cut(code)
        stamps = await self.editions.stamps()
        told = head_of(self.span, is_demo=stamps.has_demo)
        head = {
            "demo": told["demo"],
            "notice": told["notice"],
            "timezone": place.timezone,
            "walker": walker_of(self.settings.walker),
            "limits": limits_of(self.settings),
            "prices": prices(self.settings.walker),
        }
        made_on = self.span.start.date()
        return await anyio.to_thread.run_sync(partial(streets.file, head, made_on))

    async def known(self, code: str) -> bytes:
        """Return the crossings and hazards of a week along a place's streets as JSON.

        Raises
        ------
        NoStreetsError
            No streets are offered under this code.
        """
        place, streets = await self._cut(code)
        stamps = await self.editions.stamps()
        async with self.database.session(Tier.PUBLIC) as session:
            stated = await (await reading(session)).stated_crossings()
            published = holding(await hazards.published_hazards(session), self.span)
        head = head_of(self.span, is_demo=stamps.has_demo)

        def made() -> bytes:
            laid = place.region.router.layer.lay([router_hazard(one) for one in published])
            met = list(zip(published, laid, strict=True))
            told = {**head, **knowledge_of(streets, stated, met, self.span)}
            return orjson.dumps(told, option=orjson.OPT_UTC_Z)

        return await anyio.to_thread.run_sync(made)

    async def _towns(self) -> tuple[Municipality, ...]:
        stamps = await self.editions.stamps()
        edition = (
            stamps.server,
            stamps.of(StampSubject.SPACES),
            stamps.of(StampSubject.PLACES),
            stamps.today,
        )
        kept = self.shelf.get(("street-towns",), edition)
        if kept is None:
            async with self.database.session(Tier.PUBLIC) as session:
                found = await with_spaces(session)
            kept = Kept.of(edition, orjson.dumps(found))
            self.shelf.put(("street-towns",), kept)
        return tuple(Municipality(**row) for row in orjson.loads(kept.body))

    async def _places(self) -> list[StreetPlace]:
        """Return all places in street networks (kind ``osm``); sketch networks have no streets."""
        towns = await self._towns()
        async with self.database.session(Tier.PUBLIC) as session:
            corridors = await visible_corridors(session)
        detailed = [one for one in self.network.regions() if one.meta.kind == "osm"]
        found = []
        for town in towns:
            # Regions are ordered by detail, so take the first, which is the most detailed.
            region = next((one for one in detailed if one.contains(town.lon, town.lat)), None)
            if region is not None:
                found.append(_of_town(town, region))
        for corridor in corridors:
            for region in detailed:
                if corridor.line.intersects(shapely.box(*region.meta.bbox)):
                    found += _of_corridor(corridor, region, towns)
        return found

    async def _cut(self, code: str) -> tuple[StreetPlace, LocalStreets]:
        place = next((one for one in await self._places() if street_code(one.key) == code), None)
        if place is None:
            raise NoStreetsError
        region = place.region
        async with self.database.session(Tier.PUBLIC) as session:
            known = await reading(session)
            gates, gone = await self._closed(known, region)
        # The id of the graph is a valid key: cached streets hold a reference to the graph, so no
        # other graph can get the id.
        where = place.vicinity.place.wkb
        key = (id(region.graph), code, where, posted(gates), gone.tobytes())
        streets = self.cuts.get(key)
        if streets is None:
            _, travel = region.router.prepared(Mode.FOOT)
            made = partial(LocalStreets.around, travel, gates, gone, place.vicinity)
            streets = await anyio.to_thread.run_sync(made)
            if streets.junctions == 0:
                raise NoStreetsError
            self.cuts.put(key, streets)
        return place, streets

    async def _closed(self, known: SnapshotReading, region: Region) -> tuple[Any, Any]:
        """Return official crossings by border edge, and the edges closed without public reason.

        The latter lie in hazards that are not published; int64 [k], each once.
        """
        now = self.span.start
        stated = [crossing for _, crossing in await known.crossings(now)]
        secret = [hazard for _, hazard in await known.hazards(now) if not hazard.is_published]
        laid = region.router.layer.lay(secret)
        edges = [contact.edges for contact in laid if contact.hazard.exclusion]
        gone = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *edges]))
        return region.router.gates(stated), gone


def posted(gates: Mapping[int, Gate]) -> frozenset[tuple[int, float, tuple[str, ...]]]:
    """Return edge, position and ids of the border posts, as a part of the key of cached streets.

    Cached streets are outdated if a crossing was added, moved, withdrawn or hidden since (P24,
    P34), but not if it was only opened or closed.
    """
    return frozenset(
        (edge, gate.at, tuple(post.id for post in gate.posts))
        for edge, gate in gates.items()
        if gate.posts
    )


def _of_town(town: Municipality, region: Region) -> StreetPlace:
    vicinity = Vicinity(shapely.Point(town.lon, town.lat), TOWN_REACH_M)
    said = town.name, town.admin1, town.country, town.timezone
    return StreetPlace("town", town.code, *said, vicinity, region)


def _of_corridor(
    corridor: CorridorLine, region: Region, towns: tuple[Municipality, ...]
) -> list[StreetPlace]:
    """Return a corridor's part in a network; none if the network has no town with spaces."""
    there = [one for one in towns if region.contains(one.lon, one.lat)]
    if not there:
        return []
    nearest = min(there, key=lambda one: corridor.line.distance(shapely.Point(one.lon, one.lat)))
    key = f"{corridor.id}/{region.meta.name}"
    said = corridor.name, None, None, nearest.timezone
    vicinity = Vicinity(corridor.line, CORRIDOR_REACH_M)
    return [StreetPlace("corridor", key, *said, vicinity, region)]


def _sized(places: list[StreetPlace]) -> list[StreetOffer]:
    found: list[StreetOffer] = []
    for place in places:
        # Estimate by the number of edges in the area, an upper bound: extracting the streets of
        # every place would take minutes.
        edges = len(place.vicinity.edges(place.region.graph))
        if edges >= _LEAST_EDGES:
            most = min(edges, MOST_JUNCTIONS * _EDGES_PER_JUNCTION)
            found.append(StreetOffer(street_code(place.key), place, most * _EDGE_BYTES))
        if len(found) == MOST_PLACES:
            break
    return found


def street_code(key: str) -> str:
    """Return the code under which the streets of a municipality or a corridor are offered.

    The code does not show the place's name, so that neither a phone's list of files nor a URL on a
    screen reveals where a person goes. It is no secret: anybody can compute the codes of all
    places.
    """
    person = b"amparo-streets"
    return hashlib.blake2b(key.encode(), digest_size=5, person=person).hexdigest()
