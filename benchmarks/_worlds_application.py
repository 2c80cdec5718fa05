"""The whole application asked about random worlds, in all its forms, and over pairs of databases.

Each world is made in two databases, which differ in nothing but what the public may not see: in one
there are restricted and hidden spaces, crossings that are hidden or restricted, exclusions that
nobody has approved or that are restricted; in the other there are none of them, and those crossings
were never recorded. Every answer has to be the same in both, and the same in every form.
"""

import asyncio
import html
import math
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
import numpy as np
from rich.progress import Progress
from sqlalchemy import text

from app import setup
from app.settings import Settings
from app.snapshots.road_networks import RoadNetworks
from benchmarks._worlds_clock import Best, earliest, walk
from benchmarks._worlds_draw import Country, sketch
from benchmarks._worlds_judge import (
    FACTOR,
    MORE_S,
    NEARLY,
    NEARLY_M,
    NEARLY_S,
    Fault,
    Found,
    figures_of,
    met_by_open_way,
)
from benchmarks._worlds_records import Records, draw_records, loaded_exclusions, write
from benchmarks._worlds_seen import DAY_S, HOUR_S, Key, Post, Seen, moment, seconds
from benchmarks.match import cluster
from geo.db import migrations
from geo.db.private_cluster import PrivateCluster
from routing.travel.profiles import PROFILES
from tests.conftest import client_of, clone
from tests.fixtures.leak_hunt import differences
from tests.fixtures.leak_parts import NOON
from tests.fixtures.leak_secrets import make_databases, superuser

#: Questions asked of one world.
PER_WORLD: Final = 20
_LOADED: Final = "loaded"
_PROFILES: Final = ("vehicle", "adult", "family", "reduced_mobility")
#: openrouteservice's names of them; a family has none.
_DIRECTIONS: Final = {
    "vehicle": "driving-car",
    "adult": "foot-walking",
    "reduced_mobility": "wheelchair",
}
#: What every form says of the best route, and of a refusal.
_OF_ROUTE: Final = (
    "distance_m",
    "duration_s",
    "arrival",
    "crossings",
    "because",
    "walking_days",
)
_OF_REFUSAL: Final = ("type", "blocked_by", "next_opening", "because", "detour")
_OK: Final = 200
_REFUSED: Final = 422


@dataclass
class _Now:
    """The application's clock: it stands at the departure that is asked about."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class Trip:
    """One question to the application.

    Parameters
    ----------
    source, target
        Nodes of the sketch.
    """

    number: int
    seen: Seen
    source: int
    target: int
    profile: str
    at: datetime
    avoided: frozenset[str]

    @property
    def offset_s(self) -> float:
        """Local time less UTC, seconds."""
        return (self.at.utcoffset() or timedelta()).total_seconds()

    @property
    def ends(self) -> tuple[list[float], list[float]]:
        """Start and end, lon and lat in degrees."""
        land = self.seen.land
        return list(land.place(self.source)), list(land.place(self.target))

    def told(self) -> str:
        """Describe it."""
        start, end = self.ends
        return (
            f"application #{self.number} {self.profile} {start} -> {end} at {self.at.isoformat()}"
        )

    def arrival_s(self, seen: Seen) -> float:
        """Give the earliest arrival in a world, seconds after `T0`."""
        return earliest(seen, self.source, self.target, seconds(self.at), self.offset_s).arrival_s

    def requests(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Give the same question in each form: its name, its path, what httpx takes."""
        start, end = self.ends
        mode = PROFILES[self.profile].mode.value
        plain = {
            "start": start,
            "end": end,
            "mode": mode,
            "profile": self.profile,
            "at": self.at.isoformat(),
        }
        yield "routes", "/routes", {"json": plain}
        waypoints = {"type": "MultiPoint", "coordinates": [start, end]}
        when = {"timestamp": self.at.isoformat(), "type": "departure"}
        inputs = {"waypoints": waypoints, "mode": self.profile, "when": when}
        yield "ogc", "/ogc/routes", {"json": {"inputs": inputs}}
        name = _DIRECTIONS.get(self.profile)
        if name is not None:
            for preference in ("recommended", "fastest"):
                body = {"coordinates": [start, end], "preference": preference, "language": "es"}
                yield f"directions {preference}", f"/v2/directions/{name}/geojson", {"json": body}
        # Positions of pages are rounded.
        start_ref, end_ref = (f"point:{lon:.3f},{lat:.3f}" for lon, lat in (start, end))
        form = {
            "start_choice": start_ref,
            "end_choice": end_ref,
            "profile": self.profile,
            "consent": "yes",
            "lang": "es",
        }
        yield "page", "/plan", {"data": form}


@asynccontextmanager
async def _databases(home: Path) -> AsyncIterator[tuple[Any, Callable[[str], Settings], Any]]:
    """Run a PostgreSQL with everything loaded, and the leak hunt's databases in it."""
    with cluster() as running:

        def settings_for(database: str) -> Settings:
            limited = ("", "token_", "sign_in_", "report_")
            unlimited: dict[str, Any] = {f"{what}rate_per_minute": 0 for what in limited}
            unlimited |= {f"sign_in_{whose}_rate_per_hour": 0 for whose in ("pair", "account")}
            url = running.superuser_url(database)
            return Settings(home=home, database_url=url, allow_demo_mixed=True, **unlimited)

        running.create_database(_LOADED)
        await migrations.migrate(running.superuser_url(_LOADED))
        await setup.prepare_data(settings_for(_LOADED), report=lambda _line: None)
        await asyncio.to_thread(setup.import_sketch, settings_for(_LOADED))
        yield running, settings_for, await make_databases(running, _LOADED, settings_for)


async def _zones(running: PrivateCluster, database: str) -> dict[str, str]:
    async with superuser(running, database) as db:
        rows = await db.execute(text("select crossing_id, timezone from amparo.crossing_statuses"))
        return dict(rows.all())


async def ask_all(numbers: Collection[int], seed: int, found: Found) -> None:
    """Ask the application questions about random worlds, and judge its answers into ``found``."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
        country = sketch(Path(folder))
        async with _databases(Path(home)) as (running, settings_for, names):
            zones = {place.id: "America/Bogota" for place in country.places}
            zones |= await _zones(running, _LOADED)
            loaded = await loaded_exclusions(running, names.plain)
            now = _Now()
            with Progress() as progress:
                bar = progress.add_task("application", total=len(numbers))
                for world in sorted({number // PER_WORLD for number in numbers}):
                    rng = np.random.default_rng((seed, 1, world))
                    place = country.places[int(rng.integers(len(country.places)))]
                    pair = frozenset(place.countries)
                    records = draw_records(rng, country, zones, pair, loaded)
                    databases = [clone(running, names.plain), clone(running, names.for_public)]
                    for database, knows in zip(databases, (False, True), strict=True):
                        await write(running, database, records, knows=knows)
                    async with AsyncExitStack() as stack:
                        clients = []
                        for database in databases:
                            settings = settings_for(database)
                            network = RoadNetworks(settings.graphs_dir, settings.walker)
                            clients.append(
                                await stack.enter_async_context(
                                    client_of(settings, network=network, clock=now)
                                )
                            )
                        for number in range(world * PER_WORLD, (world + 1) * PER_WORLD):
                            trip = _trip(rng, country, records, place, number)
                            if number not in numbers:
                                continue
                            now.at = trip.at
                            await _ask(trip, clients, found)
                            progress.update(bar, advance=1)


def _trip(
    rng: np.random.Generator, country: Country, records: Records, place: Post, number: int
) -> Trip:
    """Draw a question near a crossing, or anywhere."""
    graph = country.router.graph
    lon, lat = graph.node_lon / 1e7, graph.node_lat / 1e7
    is_post = np.zeros(len(lon), dtype=bool)
    for one in country.places:
        is_post |= np.hypot(lon - one.lon, lat - one.lat) < 0.02
    nodes = np.flatnonzero(~is_post)
    if rng.random() < 0.8:
        away = np.hypot(lon[nodes] - place.lon, lat[nodes] - place.lat)
        nodes = nodes[np.argsort(away)][: int(rng.choice([10, 30, 100]))]
    source, target = rng.choice(nodes, 2, replace=False).tolist()
    profile = _PROFILES[int(rng.integers(len(_PROFILES)))]
    local = ZoneInfo("America/Bogota")
    at = NOON.astimezone(local).replace(minute=0) + timedelta(minutes=int(rng.integers(0, 2_880)))
    # As openrouteservice and the page ask: at the application's present moment.
    return Trip(
        number,
        records.seen(country, profile, frozenset()),
        source,
        target,
        profile,
        at,
        frozenset(),
    )


async def _ask(trip: Trip, clients: Sequence[httpx.AsyncClient], found: Found) -> None:
    answers: dict[str, httpx.Response] = {}
    for name, path, sent in trip.requests():
        found.counts["asked of the application"] += 1
        pair = [await client.post(path, **sent) for client in clients]
        answers[name] = pair[0]
        found.counts["pairs of databases"] += 1
        for what, detail in differences(*pair):
            found.note(Fault("answers differ", trip.told(), f"{name}: {what}: {detail[:600]}"))
    plain = answers["routes"]
    if plain.status_code == _OK:
        # The clock of a way is that of its start.
        arrival = plain.json()["features"][0]["properties"]["arrival"]
        trip = replace(trip, at=trip.at.astimezone(datetime.fromisoformat(arrival).tzinfo))
    for fault in (*_of_routes(trip, plain, found), *_of_forms(trip, answers)):
        found.note(fault)


# --- POST /routes --------------------------------------------------------------------------------


def _of_routes(trip: Trip, answer: httpx.Response, found: Found) -> Iterator[Fault]:
    body = answer.json()
    if answer.status_code == _REFUSED:
        found.counts["application refused"] += 1
        found.counts[
            f"application refused {body['type'].rpartition(':')[2].rpartition('/')[2]}"
        ] += 1
        return
    if answer.status_code != _OK:
        yield Fault("failed", trip.told(), f"{answer.status_code} {answer.text[:300]}")
        return
    routes = [feature["properties"] for feature in body["features"]]
    found.counts["application routes"] += len(routes)
    depart = seconds(trip.at), trip.offset_s
    opened = earliest(trip.seen.opened(), trip.source, trip.target, *depart)
    met = met_by_open_way(trip.seen, opened, *depart)
    for route in routes:
        yield from _of_route(trip, route, opened, met)
    for row, route in enumerate(routes):
        better = next((o for n, o in enumerate(routes) if n != row and _dominates(o, route)), None)
        if better is not None:
            yield Fault("dominated", trip.told(), f"{_shown(route)} by {_shown(better)}")


def _of_route(
    trip: Trip, route: Mapping[str, Any], opened: Best, met: Sequence[Key]
) -> Iterator[Fault]:
    told, at_s = trip.told(), seconds(trip.at)
    names = route["crossings"]
    if len(set(names)) < len(names):
        yield Fault("crossing passed twice", told, f"{names}: {_shown(route)}")
    for passing in route["crossings_at"]:
        post = trip.seen.posts.get(passing["id"])
        through = datetime.fromisoformat(passing["through"] or passing["arrival"])
        if post is None or not (
            post.is_open(seconds(through)) or post.is_open(seconds(through) + 1)
        ):
            yield Fault("crossing not open at passing", told, f"{passing}")
    spent_s = _arrival_s(route) - at_s
    open_s = opened.arrival_s - at_s
    if route["walking_days"] > 1:
        # Its nights are in places to sleep, which the open way's are not: both on the move.
        legs = [(edge, 0.0, 1.0) for edge in opened.edges]
        open_s = walk(trip.seen.opened(), legs, at_s, trip.offset_s).moving_s
        spent_s = route["duration_s"]
    because = route.get("because") or []
    if spent_s > FACTOR * open_s and spent_s - open_s > MORE_S and not because:
        detail = f"{_shown(route)}, the open way {open_s / DAY_S:.2f} days"
        yield Fault("long without because", told, detail, (spent_s - open_s) / HOUR_S)
    for reason in because:
        yield from _of_reason(trip, route, reason, met, at_s + spent_s)


def _of_reason(
    trip: Trip,
    route: Mapping[str, Any],
    reason: Mapping[str, Any],
    met: Sequence[Key],
    arrival_s: float,
) -> Iterator[Fault]:
    """Judge one reason: it is on record for the public, and its figure is that of some world."""
    told = trip.told()
    key = ("hazard" if reason["kind"] == "hazard" else "crossing", reason["id"])
    if key not in met:
        barred = {ban.id for ban in trip.seen.bans}
        if key[0] == "hazard" and key[1].startswith("DEMO") and key[1] not in barred:
            return  # one that was kept away from by choice
        yield Fault("reason not on record", told, f"{reason} of {met}")
        return
    if route["walking_days"] > 1:
        return
    figures = figures_of(trip.seen, key, met, arrival_s, trip.arrival_s)
    if not any(abs(reason["extra_s"] - figure) <= 2 * NEARLY_S for figure in figures):
        hours = [round(figure / HOUR_S, 2) for figure in figures]
        detail = f"{key} {reason['extra_s'] / HOUR_S:.2f} h, by the oracle {hours}: {_shown(route)}"
        yield Fault("figure of because", told, detail)


def _dominates(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    pairs = [
        (_arrival_s(one), _arrival_s(other), 1.0),
        (one["unknown_m"], other["unknown_m"], NEARLY_M),
    ]  # fmt: skip
    for kind in {*one["exposure"], *other["exposure"]}:
        values = [route["exposure"].get(kind, {"value": 0.0})["value"] for route in (one, other)]
        pairs.append((*values, NEARLY * max(1.0, *values)))
    return all(a <= b + n for a, b, n in pairs) and any(a < b - n for a, b, n in pairs)


def _arrival_s(route: Mapping[str, Any]) -> float:
    return seconds(datetime.fromisoformat(route["arrival"]))


def _shown(route: Mapping[str, Any]) -> str:
    because = [reason["id"] for reason in route.get("because") or []]
    return (
        f"[{route['distance_m'] / 1e3:.0f} km, {route['duration_s'] / HOUR_S:.1f} h,"
        f" {'+'.join(route['crossings'])}, because {because}]"
    )


# --- the other forms -----------------------------------------------------------------------------


def _of_forms(trip: Trip, answers: Mapping[str, httpx.Response]) -> Iterator[Fault]:
    """Judge that every form says the same: status, best route, refusal, reasons."""
    told, plain = trip.told(), answers["routes"]
    body = plain.json()
    for name, answer in answers.items():
        if name in {"routes", "directions fastest"}:
            continue
        if answer.status_code != plain.status_code:
            detail = f"{name} {answer.status_code}, /routes {plain.status_code} {answer.text[:200]}"
            yield Fault("forms differ", told, detail)
            continue
        if name == "page":
            yield from _of_page(told, body, plain.status_code, answer.text)
            continue
        other = answer.json()
        if plain.status_code == _OK:
            mine, theirs = body["features"][0]["properties"], _best(name, other)
            apart = [key for key in _OF_ROUTE if not _is_same(mine.get(key), theirs.get(key))]
        else:
            apart = [key for key in _OF_REFUSAL if body.get(key) != other.get(key)]
        if apart:
            yield Fault("forms differ", told, f"{name}: {apart}")
    fastest = answers.get("directions fastest")
    if fastest is not None and fastest.status_code == _OK:
        if _best("directions", fastest.json())["walking_days"] > 1:
            return
        best_s = trip.arrival_s(trip.seen)
        arrival = datetime.fromisoformat(_best("directions", fastest.json())["arrival"])
        if abs(seconds(arrival) - best_s) > 2 * NEARLY_S:
            best = moment(best_s).isoformat() if math.isfinite(best_s) else "no way"
            late_h = (seconds(arrival) - best_s) / HOUR_S if math.isfinite(best_s) else 0.0
            detail = f"directions: {arrival.isoformat()}, by the oracle {best}"
            yield Fault("not the earliest arrival", told, detail, late_h)


def _is_same(one: object, other: object) -> bool:
    """Tell whether two members are the same, but for the last digits of a sum."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=NEARLY)
    return one == other


def _best(name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give what is said of the best route, as ``POST /routes`` calls it."""
    if name == "ogc":
        found = next(
            f["properties"]
            for f in body["features"]
            if f["properties"]["featureType"] == "overview"
        )
        return dict(found)
    return dict(body["features"][0]["properties"]["amparo"])


def _of_page(told: str, body: Mapping[str, Any], status: int, page: str) -> Iterator[Fault]:
    """Judge that the page names each reason of the best route, or of the refusal."""
    said = body.get("because") or []
    if status == _OK:
        said = body["features"][0]["properties"].get("because") or []
    words = " ".join(html.unescape(re.sub("<[^>]+>", " ", page)).split())
    for reason in said:
        if reason.get("name") and reason["name"] not in words:
            yield Fault("forms differ", told, f"page: no word of {reason['name']}")


def ask_application(numbers: Collection[int], seed: int) -> Found:
    """Ask the application the questions of these numbers; what was judged until an interruption."""
    found = Found()
    if numbers:
        try:
            asyncio.run(ask_all(numbers, seed, found))
        except KeyboardInterrupt:
            print("interrupted: what was asked so far")
    return found
