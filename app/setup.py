"""What must be in place before Amparo serves: database, tables, roads, data."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

from app.databases import migration_url, open_database, private_cluster
from app.settings import Settings
from geo import crossings, demo, ingest, roads, schema
from geo.db import Database, Tier
from geo.errors import MixedDataError
from routing.graph import list_graphs, open_graph
from routing.osm import OfficialCrossing, import_osm

#: The repository's own data; the wheel does not carry it.
DATA = Path(__file__).resolve().parents[1] / "data"

SKETCH = "sketch"
SKETCH_FILE = DATA / "roads" / "corridors.osm.xml"

Report = Callable[[str], None]


@asynccontextmanager
async def writing_database(settings: Settings) -> AsyncIterator[Database]:
    """Open the database for one command and close it afterwards."""
    database = open_database(settings)
    try:
        yield database
    finally:
        await database.dispose()


def start_database(settings: Settings) -> None:
    """Start the private cluster, unless an external database is set, and migrate."""
    cluster = private_cluster(settings)
    if cluster is not None:
        cluster.start()
    asyncio.run(schema.migrate(migration_url(settings)))


def import_sketch(settings: Settings) -> None:
    """Import the corridor sketch that stands in until an OpenStreetMap extract is imported."""
    import_osm(
        SKETCH_FILE,
        settings.graphs_dir,
        SKETCH,
        imported_at=datetime.now(UTC).isoformat(timespec="seconds"),
        title="Esquema ilustrativo de corredores; no sirve para navegar",
    )


async def prepare_data(settings: Settings, report: Report) -> None:
    """Load what the repository ships: data files, the sketch, its segments for the map.

    Files already loaded today cost a look at their sums; demo rows that were removed on
    purpose stay removed.
    """
    if SKETCH not in {meta.name for meta in list_graphs(settings.graphs_dir)}:
        await asyncio.to_thread(import_sketch, settings)
        report("corridor sketch imported")
    async with writing_database(settings) as database:
        await _load(database, settings, [DATA], report, automatic=True)
        await publish_missing_segments(database, settings)


async def load_paths(settings: Settings, paths: Sequence[Path], report: Report) -> None:
    """Load files or folders that somebody named, also demo files removed before."""
    async with writing_database(settings) as database:
        await _load(database, settings, paths, report, automatic=False)


async def _load(
    database: Database,
    settings: Settings,
    paths: Sequence[Path],
    report: Report,
    *,
    automatic: bool,
) -> None:
    now = datetime.now(UTC)
    async with database.session(Tier.WRITER) as session:
        result = await ingest.load_paths(
            session,
            paths,
            today=now.date(),
            now=now,
            allow_mixed=settings.allow_demo_mixed,
            automatic=automatic,
        )
    for line in result.lines():
        report(line)


async def publish_missing_segments(database: Database, settings: Settings) -> None:
    """Write the road segments of every imported region that the table does not have yet."""
    async with database.session(Tier.WRITER) as session:
        known = await roads.regions(session)
    for meta in list_graphs(settings.graphs_dir):
        if meta.name not in known:
            await publish_segments(database, settings, meta.name)


async def publish_segments(database: Database, settings: Settings, region: str) -> int:
    """Replace a region's rows in the road-segment table by those of its graph."""
    graph = open_graph(settings.graphs_dir / region)
    async with database.session(Tier.WRITER) as session:
        return await roads.replace_region(
            session,
            region,
            map(asdict, graph.segments()),
            source=graph.meta.source,
            licence=graph.meta.licence,
        )


async def withdraw_segments(database: Database, region: str) -> None:
    """Delete a removed region's rows from the road-segment table."""
    async with database.session(Tier.WRITER) as session:
        await roads.remove_region(session, region)


async def official_crossings(database: Database) -> tuple[OfficialCrossing, ...]:
    """Return the only places where imported roads may cross a border (P10, P34).

    All public crossings, whatever their state: a closed crossing keeps its road.
    """
    async with database.session(Tier.PUBLIC) as session:
        known = await crossings.states_at(session, datetime.now(UTC))
    return tuple(
        OfficialCrossing(
            id=crossing.id,
            lon=crossing.lon,
            lat=crossing.lat,
            countries=(crossing.country_a, crossing.country_b),
        )
        for crossing in known
    )


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def require_demo_stays_local(settings: Settings, host: str) -> None:
    """Refuse to serve demo rows beyond this machine without the setting that allows it (P35).

    Raises
    ------
    MixedDataError
        Demo rows are loaded, and ``host`` is not a loopback address.
    """
    if is_loopback(host) or settings.allow_demo_public:
        return
    async with writing_database(settings) as database, database.session(Tier.PUBLIC) as session:
        if await demo.has_demo(session):
            msg = (
                f"demo rows are loaded and {host} can be reached from other machines: "
                "`amparo demo remove`, bind 127.0.0.1, or set AMPARO_ALLOW_DEMO_PUBLIC=true"
            )
            raise MixedDataError(msg)
