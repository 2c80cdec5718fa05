"""Builder of offline packs for phones; each part of a pack is cached until its data change."""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Final

import anyio.to_thread
import orjson

from app.exceptions import NoPackError
from app.http.compression import BROTLI
from app.packs.pack import (
    PackAdvice,
    PackSurroundings,
    advice_of,
    around_of,
    crossings_of,
    head_of,
    limits_of,
    lines_of,
    sketch_of,
    walker_of,
)
from app.packs.roads import places_of
from app.packs.spaces import columns_of
from app.packs.timespan import Span
from app.settings import Settings
from app.snapshots.layer_editions import Editions
from app.snapshots.response_cache import Kept, Shelf
from app.snapshots.road_networks import RoadNetworks
from app.snapshots.tier_snapshot import router_crossing
from geo.db.change_stamps import Stamps, StampSubject
from geo.db.sessions import Database, Tier
from geo.geography import crossings, hazards, municipalities
from geo.geography.boundaries import units_at
from geo.guidance.channels import channels_of
from geo.guidance.contacts import contacts_of
from geo.guidance.messages import texts_of_all_languages
from geo.guidance.pathways import listed_pathways
from geo.guidance.practices import listed_practices
from geo.spaces.filters import SpaceFilter
from geo.spaces.queries import countries_with_spaces, listed_spaces

#: Content coding in which the stated sizes of packs are measured: phone browsers accept Brotli.
SIZED_AS: Final = BROTLI


@dataclass(frozen=True)
class Pack:
    """Description of an available pack: country, number of spaces, and download size."""

    country: str
    spaces: int
    size_bytes: int


@dataclass(frozen=True)
class Maker:
    """Builder of offline packs for phones, always with data that everybody may see."""

    database: Database
    editions: Editions
    shelf: Shelf
    network: RoadNetworks
    settings: Settings
    span: Span

    async def nearby(self) -> bytes:
        """Build the JSON file with all spaces of all countries, without details, and crossings."""
        stamps = await self.editions.stamps()
        return _dumped(
            {
                **head_of(self.span, is_demo=stamps.has_demo),
                "spaces": await self._spaces(stamps, None),
                "crossings": orjson.Fragment(await self._crossings(stamps)),
            }
        )

    async def pack(self, country: str) -> bytes:
        """Build the pack of a country as JSON.

        Raises
        ------
        NoPackError
            If the country has no spaces, so that its pack would be empty.
        """
        stamps = await self.editions.stamps()
        if country not in await self._counts(stamps):
            raise NoPackError(country)
        async with self.database.session(Tier.PUBLIC) as session:
            contacts = await contacts_of(session, country)
            advice = PackAdvice(
                await texts_of_all_languages(session),
                await listed_pathways(session, country),
                await listed_practices(session, country),
                await channels_of(session, country),
            )
        return _dumped(
            {
                **head_of(self.span, is_demo=stamps.has_demo),
                "country": country,
                "hotline": self.settings.hotline,
                "walker": walker_of(self.settings.walker),
                "limits": limits_of(self.settings),
                "contacts": lines_of(contacts.lines),
                "contacts_not_known": contacts.not_known,
                "advice": advice_of(advice),
                "spaces": await self._spaces(stamps, country),
                "around": await self._around(stamps),
            }
        )

    async def offered(self) -> tuple[Pack, ...]:
        """Return the descriptions of all available packs, in order of country code."""
        stamps = await self.editions.stamps()
        counts = await self._counts(stamps)
        return tuple(
            [
                Pack(country, count, await self._size_bytes(stamps, country, count))
                for country, count in sorted(counts.items())
            ]
        )

    async def _size_bytes(self, stamps: Stamps, country: str, spaces: int) -> int:
        """Return the download size of a pack as measured last, bytes.

        The size is measured once a day, and when the number of spaces changes or roads are
        imported. To know the exact size, every pack would have to be built again each hour and at
        each edit, even if nobody downloads the pack.
        """

        async def measured() -> bytes:
            body = await self.pack(country)
            packed = await anyio.to_thread.run_sync(SIZED_AS.packed, body)
            return str(len(packed)).encode()

        edition = spaces, stamps.today, stamps.has_demo, self._regions()
        return int(await self._kept(("pack-size", country), edition, measured))

    async def _counts(self, stamps: Stamps) -> dict[str, int]:
        async def counted() -> bytes:
            async with self.database.session(Tier.PUBLIC) as session:
                return orjson.dumps(await countries_with_spaces(session))

        edition = self._edition(stamps, StampSubject.SPACES)
        counts: dict[str, int] = orjson.loads(
            await self._kept(("pack-countries",), edition, counted)
        )
        return counts

    async def _spaces(self, stamps: Stamps, country: str | None) -> orjson.Fragment:
        async def columns() -> bytes:
            async with self.database.session(Tier.PUBLIC) as session:
                listed = await listed_spaces(session, SpaceFilter(country=country))
                towns = None if country is None else await municipalities.by_space(session, country)
            made = partial(columns_of, listed, self.span, towns=towns)
            # Run in a thread, because computing the hours of thousands of spaces takes a second.
            return await anyio.to_thread.run_sync(lambda: _dumped(made()))

        edition = self._edition(stamps, StampSubject.SPACES)
        return orjson.Fragment(await self._kept(("pack-spaces", country), edition, columns))

    async def _crossings(self, stamps: Stamps) -> bytes:
        async def told() -> bytes:
            async with self.database.session(Tier.PUBLIC) as session:
                stated = await crossings.stated_crossings(session)
            return _dumped(crossings_of(stated, self.span))

        edition = self._edition(stamps, StampSubject.CROSSINGS)
        return await self._kept(("pack-crossings",), edition, told)

    async def _around(self, stamps: Stamps) -> orjson.Fragment:
        async def around() -> bytes:
            async with self.database.session(Tier.PUBLIC) as session:
                stated = await crossings.stated_crossings(session)
                published = await hazards.published_hazards(session)
                sketch = sketch_of(self.network)
                units = () if sketch is None else await units_at(session, places_of(sketch))
            routed = [router_crossing(one.at(self.span.start), one) for one in stated]
            known = PackSurroundings(routed, published, units)
            made = partial(around_of, known, self.network, self.span)
            return await anyio.to_thread.run_sync(lambda: _dumped(made()))

        edition = (
            self._edition(stamps, StampSubject.CROSSINGS, StampSubject.HAZARDS),
            self._regions(),
        )
        rest = await self._kept(("pack-around",), edition, around)
        # Insert the crossings as a member of the same JSON object. Their JSON is cached, because
        # all files have the same crossings.
        told = await self._crossings(stamps)
        return orjson.Fragment(b'{"crossings":' + told + b"," + rest[1:])

    def _regions(self) -> Hashable:
        # An import replaces a region by a new object, so object ids tell imports apart
        # (`app.snapshots.road_networks`).
        return tuple(map(id, self.network.regions()))

    def _edition(self, stamps: Stamps, *subjects: StampSubject) -> Hashable:
        counted = stamps.server, *map(stamps.of, subjects)
        return counted, stamps.today, stamps.has_demo, self.span

    async def _kept(
        self, key: Hashable, edition: Hashable, make: Callable[[], Awaitable[bytes]]
    ) -> bytes:
        found = self.shelf.get(key, edition)
        if found is None:
            found = Kept.of(edition, await make())
            self.shelf.put(key, found)
        return found.body


def _dumped(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)
