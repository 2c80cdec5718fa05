"""Builder of streets for phones, by town; cuts are cached until roads or crossings change."""

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import anyio.to_thread
import numpy as np
import orjson

from app.exceptions import NoStreetsError
from app.packs.pack import head_of, holding, limits_of, walker_of
from app.packs.street_knowledge import knowledge_of, prices
from app.packs.streets import MOST_JUNCTIONS, TownStreets, edges_around
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
from geo.geography.municipalities import Municipality, with_spaces
from routing.osm_tags.edge_flags import Mode

#: Most towns in the list: one is chosen from it by name [A].
MOST_TOWNS: Final = 300

#: Compressed bytes that an edge takes with all that belongs to it: 13.3 of Porto Alegre's
#: (benchmarks/streets.py), rounded up.
_EDGE_BYTES: Final = 14

#: Directed edges for each junction of a city on foot: 2.7 of Porto Alegre's, rounded up.
_EDGES_PER_JUNCTION: Final = 3

#: Least edges that are worth offering: a village's [A].
_LEAST_EDGES: Final = 200

#: Cuts kept in memory, some 10 MB each [A].
KEPT_CUTS: Final = 4


@dataclass(frozen=True)
class StreetOffer:
    """Streets of a town that can be taken along, with what loading them takes at most, bytes."""

    code: str
    town: Municipality
    size_bytes: int


@dataclass(frozen=True)
class StreetMaker:
    """Builder of streets for phones, always with data of the public tier."""

    database: Database
    editions: Editions
    shelf: Shelf
    cuts: RecentlyUsed[TownStreets]
    network: RoadNetworks
    settings: Settings
    span: Span

    async def offered(self) -> list[StreetOffer]:
        """Return the towns with streets, in the order of country and name."""
        towns = await self._towns()
        return await anyio.to_thread.run_sync(partial(self._sized, towns))

    async def file(self, code: str) -> bytes:
        """Return the streets of a town as a file.

        Raises
        ------
        NoStreetsError
            No streets are offered under this code.
        """
        town, _, streets = await self._cut(code)
        stamps = await self.editions.stamps()
        told = head_of(self.span, is_demo=stamps.has_demo)
        head = {
            "demo": told["demo"],
            "notice": told["notice"],
            "timezone": town.timezone,
            "walker": walker_of(self.settings.walker),
            "limits": limits_of(self.settings),
            "prices": prices(),
        }
        made_on = self.span.start.date()
        return await anyio.to_thread.run_sync(partial(streets.file, head, made_on))

    async def known(self, code: str) -> bytes:
        """Return as JSON what is known for a week along the streets of a town.

        Raises
        ------
        NoStreetsError
            No streets are offered under this code.
        """
        _, region, streets = await self._cut(code)
        stamps = await self.editions.stamps()
        async with self.database.session(Tier.PUBLIC) as session:
            stated = await (await reading(session)).stated_crossings()
            published = holding(await hazards.published_hazards(session), self.span)
        head = head_of(self.span, is_demo=stamps.has_demo)

        def made() -> bytes:
            laid = region.router.layer.lay([router_hazard(one) for one in published])
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

    def _sized(self, towns: tuple[Municipality, ...]) -> list[StreetOffer]:
        found = []
        for town in towns:
            region = self._around(town)
            if region is None:
                continue
            # Cutting every town would take minutes: what lies around it bounds the cut.
            edges = len(edges_around(region.graph, town.lon, town.lat))
            if edges >= _LEAST_EDGES:
                most = min(edges, MOST_JUNCTIONS * _EDGES_PER_JUNCTION)
                found.append(StreetOffer(street_code(town.code), town, most * _EDGE_BYTES))
            if len(found) == MOST_TOWNS:
                break
        return found

    def _around(self, town: Municipality) -> Region | None:
        """Return the most detailed network of streets around a town; sketches have no streets."""
        return next(
            (
                region
                for region in self.network.regions()
                if region.meta.kind == "osm" and region.contains(town.lon, town.lat)
            ),
            None,
        )

    async def _cut(self, code: str) -> tuple[Municipality, Region, TownStreets]:
        town = next((one for one in await self._towns() if street_code(one.code) == code), None)
        region = None if town is None else self._around(town)
        if town is None or region is None:
            raise NoStreetsError
        async with self.database.session(Tier.PUBLIC) as session:
            known = await reading(session)
            gates, gone = await self._closed(known, region)
        # A cut that is kept keeps its graph, so that no other graph has its identity.
        key = (id(region.graph), code, frozenset(gates), gone.tobytes())
        streets = self.cuts.get(key)
        if streets is None:
            _, travel = region.router.prepared(Mode.FOOT)
            made = partial(TownStreets.around, travel, gates, gone, town.lon, town.lat)
            streets = await anyio.to_thread.run_sync(made)
            if streets.junctions == 0:
                raise NoStreetsError
            self.cuts.put(key, streets)
        return town, region, streets

    async def _closed(self, known: SnapshotReading, region: Region) -> tuple[Any, Any]:
        """Return the gates of a region, and the edges in exclusions without a public reason."""
        now = self.span.start
        stated = [crossing for _, crossing in await known.crossings(now)]
        secret = [hazard for _, hazard in await known.hazards(now) if not hazard.is_published]
        laid = region.router.layer.lay(secret)
        edges = [contact.edges for contact in laid if contact.hazard.exclusion]
        gone = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *edges]))
        return region.router.gates(stated), gone


def street_code(municipality: str) -> str:
    """Return the code under which the streets of a municipality are offered.

    It reads as no place: neither a list of files on a phone nor an address that somebody sees over
    a shoulder names where people go. It keeps no secret from who tries every town.
    """
    person = b"amparo-streets"
    return hashlib.blake2b(municipality.encode(), digest_size=5, person=person).hexdigest()
