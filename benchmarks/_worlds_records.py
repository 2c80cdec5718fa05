"""Random records in the databases of an application, and the world that they make."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import shapely
import shapely.affinity
from sqlalchemy import text

from benchmarks._worlds_draw import Country
from benchmarks._worlds_seen import Post, Seen, seconds
from geo.db.private_cluster import PrivateCluster
from routing.travel.hazard import Hazard
from tests.fixtures.leak_parts import NOON, TODAY
from tests.fixtures.leak_secrets import superuser

#: Days for which the state of a crossing is worked out: who walks 6.5 km a day needs more than
#: 1,500 from Colombia to Argentina, and longer ways round what is closed.
TOLD_DAYS: Final = 4_000
_WEEK: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Statement:
    """What one source says of a crossing; hours do not go over midnight."""

    id: str
    crossing_id: str
    state: str
    valid_from: date
    valid_to: date | None
    timezone: str
    byday: tuple[str, ...] = _WEEK
    opens_at: time | None = None
    closes_at: time | None = None


@dataclass(frozen=True)
class Records:
    """What is on record.

    Parameters
    ----------
    statements
        Of every crossing.
    hidden
        Crossings that the public does not see: in one database they were never recorded.
    exclusions
        Published.
    loaded
        Exclusions that are published in every database, before anything is written: those of the
        demonstration.
    """

    statements: tuple[Statement, ...]
    hidden: tuple[str, ...]
    exclusions: tuple[Hazard, ...]
    loaded: tuple[Hazard, ...] = ()

    def posts(self, places: Sequence[Post]) -> dict[str, Post]:
        """Give the crossings that the public sees, with when they are open."""
        return {
            place.id: replace(
                place, open_s=_open_s([s for s in self.statements if s.crossing_id == place.id])
            )
            for place in places
            if place.id not in self.hidden
        }

    def seen(self, country: Country, profile: str, avoided: frozenset[str]) -> Seen:
        """Give the world of the public."""
        posts, bans = self.posts(country.places), (*self.loaded, *self.exclusions)
        return Seen(country.lands[profile], posts, bans, (), avoided)


def _open_s(statements: Sequence[Statement]) -> tuple[tuple[float, float], ...]:
    """Give when a crossing is known to be open: of a day its newest statement decides."""
    if not statements:
        return ()
    zone = ZoneInfo(statements[0].timezone)
    found: list[tuple[float, float]] = []
    for n in range(-2, TOLD_DAYS):
        day = TODAY + timedelta(days=n)
        covering = [
            s
            for s in statements
            if s.valid_from <= day and (s.valid_to is None or day <= s.valid_to)
        ]
        said = max(covering, key=lambda s: (s.valid_from, s.id), default=None)
        if said is None or said.state != "open":
            continue
        first, last = time(), time()
        if said.opens_at is not None and said.closes_at is not None:
            if _WEEK[day.weekday()] not in said.byday:
                continue
            first, last = said.opens_at, said.closes_at
        begin = datetime.combine(day, first, zone)
        end = datetime.combine(day + timedelta(days=last == time()), last, zone)
        if found and found[-1][1] == seconds(begin):
            found[-1] = found[-1][0], seconds(end)
        else:
            found.append((seconds(begin), seconds(end)))
    return tuple(found)


async def loaded_exclusions(running: PrivateCluster, database: str) -> tuple[Hazard, ...]:
    """Read the exclusions that the public is told of and that hold at every departure."""
    async with superuser(running, database) as db:
        rows = await db.execute(_LOADED, {"first": NOON, "last": NOON + timedelta(days=3)})
        return tuple(
            Hazard(one.id, one.kind, one.family, area, exclusion=True, title=one.title)
            for one in rows
            for area in [shapely.from_wkb(one.geom)]
        )


def draw_records(
    rng: np.random.Generator,
    country: Country,
    zones: dict[str, str],
    pair: frozenset[str],
    loaded: tuple[Hazard, ...] = (),
) -> Records:
    """Draw records; crossings between a pair of countries are often shut at once.

    Parameters
    ----------
    zones
        The time zone of each crossing.
    loaded
        As `loaded_exclusions` has them.
    """
    statements: list[Statement] = []
    hidden = []
    for place in country.places:
        kind = float(rng.random())
        if frozenset(place.countries) == pair:
            kind = float(rng.uniform(0.4, 1.0))
        statements += _stating(rng, place.id, zones[place.id], kind)
        if rng.random() < 0.12:
            hidden.append(place.id)
    exclusions = tuple(_exclusions(rng, country))
    return Records(tuple(statements), tuple(hidden), exclusions, loaded)


def _stating(rng: np.random.Generator, crossing: str, zone: str, kind: float) -> list[Statement]:
    long_ago = TODAY - timedelta(days=90)
    base = Statement(f"w-{crossing}", crossing, "open", long_ago, None, zone)
    if kind < 0.45:
        return [base]
    if kind < 0.55:
        return [replace(base, state="closed")]
    if kind < 0.62:
        return [replace(base, state="not_known")]
    if kind < 0.66:
        return []
    found = [base]
    if rng.random() < 0.5:
        opens = int(rng.integers(4, 12))
        byday = _WEEK if rng.random() < 0.7 else tuple(rng.choice(_WEEK, 3, replace=False).tolist())
        found = [
            replace(
                base,
                opens_at=time(opens),
                closes_at=time(opens + int(rng.integers(2, 12))),
                byday=byday,
            )
        ]
    if kind > 0.75:
        # As X-PACARAIMA of the issue: closed from one day to another.
        first = TODAY + timedelta(days=int(rng.integers(-2, 3)))
        last = first + timedelta(days=int(rng.choice([0, 1, 2, 6, 20])))
        shut = Statement(f"x-{crossing}", crossing, "closed", first, last, zone)
        found.append(shut)
    return found


def _exclusions(rng: np.random.Generator, country: Country) -> list[Hazard]:
    land = country.lands["adult"]
    found = []
    edges = sorted(land.roads)
    for n in range(int(rng.integers(0, 4))):
        road = land.roads[edges[int(rng.integers(len(edges)))]]
        area = road.along(0.5).buffer(float(rng.uniform(0.03, 0.2)), quad_segs=4)
        found.append(
            Hazard(f"WORLD-{n}", "flood", "physical", area, exclusion=True, title=f"Derrumbe {n}")
        )
    return found


async def write(running: PrivateCluster, database: str, records: Records, *, knows: bool) -> None:
    """Put records into a database.

    Parameters
    ----------
    knows
        What the public does not see is there, hidden or restricted; else it never was.
    """
    async with superuser(running, database) as db:
        await db.execute(text("delete from amparo.crossing_statuses"))
        if not knows:
            for crossing in records.hidden:
                await db.execute(
                    text("delete from amparo.crossings where id = :id"), {"id": crossing}
                )
        for said in records.statements:
            if knows or said.crossing_id not in records.hidden:
                await db.execute(_STATE, {**said.__dict__, "byday": list(said.byday)})
        for hazard in records.exclusions:
            await db.execute(_EXCLUDE, _of(hazard))
        if not knows:
            return
        for n, crossing in enumerate(records.hidden):
            await db.execute(_RESTRICT if n % 2 else _HIDE, {"id": crossing})
        # One that nobody has approved, and one that is restricted: they change no route (P36).
        kinds: tuple[dict[str, Any], ...] = ({"approved": False}, {"visibility": "restricted"})
        for row, shut in enumerate(kinds):
            for hazard in records.exclusions[:1]:
                area = shapely.affinity.translate(hazard.geometry, 0.3, 0.1)
                secret = replace(hazard, id=f"SECRET-{row}", geometry=area)
                await db.execute(_EXCLUDE, _of(secret) | shut)


def _of(hazard: Hazard) -> dict[str, Any]:
    return {
        "id": hazard.id, "title": hazard.title, "geom": hazard.geometry.wkt, "visibility": "public",
        "approved": True, "since": NOON - timedelta(days=9),
    }  # fmt: skip


_LOADED = text(
    """
    select id, kind, family, title, st_asbinary(geom_public) as geom from amparo.hazards
    where effect = 'exclusion' and visibility = 'public' and approved_at is not null
        and valid_from <= :first and (valid_to is null or valid_to > :last)
    """
)
_STATE = text(
    """
    insert into amparo.crossing_statuses (id, crossing_id, state, valid_from, valid_to, timezone,
        byday, opens_at, closes_at, source)
    values (:id, :crossing_id, :state, :valid_from, :valid_to, :timezone, :byday, :opens_at,
        :closes_at, 'benchmark')
    """
)
_EXCLUDE = text(
    """
    insert into amparo.hazards (id, family, kind, title, geom, geom_public, public_extent, effect,
        source, valid_from, reported_at, approved_at, visibility)
    values (:id, 'physical', 'flood', :title, st_geomfromtext(:geom, 4326),
        st_geomfromtext(:geom, 4326), 'area', 'exclusion', 'benchmark', :since, :since,
        case when :approved then cast(:since as timestamptz) end, :visibility)
    """
)
_RESTRICT = text("update amparo.crossings set visibility = 'restricted' where id = :id")
_HIDE = text(
    """
    insert into amparo.hides (id, entity, record_id, reason)
    values ('hide-' || :id, 'crossing', :id, 'benchmark')
    """
)
