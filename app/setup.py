"""Preparation before the server starts: database, migrations, road networks, shipped data."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import asyncpg
from sqlalchemy.exc import DBAPIError

from app import clock
from app.jobs.access_layer import AccessWriter
from app.jobs.corridor_coverage import Coverer
from app.runtime import write_proof
from app.runtime.compilation import compile_planning_aside, load_searches
from app.runtime.databases import describe, migration_url, open_database, private_cluster
from app.settings import Settings
from app.snapshots.road_networks import RoadNetworks
from geo.db import migrations
from geo.db.outages import driven, is_refusal
from geo.db.sessions import Database, Tier
from geo.errors import DatabaseUnavailableError, GeoError, MixedDataError
from geo.geography import crossings
from geo.records import demo_rows, landscape, loader, road_segments, upsert
from geo.subjects.crossing_surveys import SeenPost, note_posts
from routing.errors import GraphError, RoutingError
from routing.graph.landscape import read_landscape
from routing.graph.regions import open_graph, tidy
from routing.graph.segments import segment_batches
from routing.graph.sketch_lines import CoveredArea, outside
from routing.graph.storage import GraphMeta, list_regions, read_meta
from routing.osm.border_posts import BorderPost
from routing.osm.importer import OfficialCrossing, import_osm

#: Data shipped in the repository; not part of the wheel.
DATA = Path(__file__).resolve().parents[1] / "data"

SKETCH = "sketch"
SKETCH_FILE = DATA / "roads" / "corridors.osm.xml"

#: Prefix of a region's key in the table of loaded files; the value under the key identifies the
#: import from which the region's rows in the road-segment table come.
ROADS = "roads:"

Report = Callable[[str], None]


@asynccontextmanager
async def writing_database(settings: Settings) -> AsyncIterator[Database]:
    """Open the database for one command and close it afterwards."""
    database = open_database(settings, for_command=True)
    try:
        yield database
    finally:
        await database.dispose()


def start_database(settings: Settings) -> None:
    """Start the private cluster, unless an external database is set, and migrate.

    Raises
    ------
    ClusterError
        The private cluster cannot run.
    DatabaseUnavailableError
        The database does not answer or refuses the login; names the database and what to do.
    """
    cluster = private_cluster(settings)
    if cluster is not None:
        cluster.start()
    try:
        key = write_proof.made_key(settings.home)
        asyncio.run(migrations.migrate(migration_url(settings), key=key))
    except DatabaseUnavailableError as error:
        if is_refusal(driven(error.__cause__)):
            raise _refused(settings, error.__cause__) from error
        msg = (
            f"{describe(settings)} does not answer{_why(error)}: is it running, and can it be "
            "reached from here?"
        )
        raise DatabaseUnavailableError(msg) from error
    except (asyncpg.PostgresError, DBAPIError) as error:
        raise _refused(settings, error) from error


def _refused(settings: Settings, error: BaseException | None) -> DatabaseUnavailableError:
    msg = (
        f"{describe(settings)} refuses: {_refusal(error)}. It needs a role that may create "
        "roles, schemas and the extensions PostGIS and pg_trgm."
    )
    return DatabaseUnavailableError(msg)


def _why(error: DatabaseUnavailableError) -> str:
    cause = error.__cause__
    if isinstance(cause, OSError):
        return f" ({cause.strerror or type(cause).__name__})"
    return ""


def _refusal(error: BaseException | None) -> str:
    # Use the message of the database driver, because SQLAlchemy's own repeats the statement.
    return str(driven(error)).partition("\n")[0].rpartition(">: ")[2].rstrip(".")


def import_sketch(settings: Settings) -> None:
    """Import the corridor sketch, used until an OpenStreetMap extract is imported."""
    import_osm(
        SKETCH_FILE,
        settings.graphs_dir,
        SKETCH,
        imported_at=clock.now().isoformat(timespec="seconds"),
        title="Esquema ilustrativo de corredores; no sirve para navegar",
    )


async def prepare_data(settings: Settings, report: Report, warn: Report | None = None) -> None:
    """Load the data shipped in the repository: data files, the sketch, its segments for the map.

    Of files already loaded today only the checksums are compared; demo rows that were removed on
    purpose stay removed. A region that is damaged, or whose segments are not in the table of road
    segments yet, does not stop the server: ``warn`` (default: ``report``) is called with a line for
    each.
    """
    warn = warn or report
    await asyncio.to_thread(tidy, settings.graphs_dir)
    if damage_of(settings.graphs_dir / SKETCH) is not None:
        await _prepare_sketch(settings, report, warn)
    async with writing_database(settings) as database:
        await _load(database, settings, [DATA], report, automatic=True)
        for line in await reconcile_segments(database, settings):
            warn(line)
        try:
            await cover(database, settings)
        except Exception as error:  # the server starts all the same, and tries again later
            warn(f"gaps along corridors not computed: {type(error).__name__}")


async def cover(database: Database, settings: Settings, report: Report = lambda _line: None) -> int:
    """Recompute changed gaps along corridors; return the number of pairs of corridor and tier."""
    network = RoadNetworks(settings.graphs_dir, settings.walker)
    coverer = Coverer(database, network, settings.access_m, settings.walker.name)
    return await coverer.cover(clock.now(), report)


async def fill_access(
    database: Database, settings: Settings, report: Report = lambda _line: None
) -> int:
    """Recompute changed access times; return the number of pairs of profile and service."""
    network = RoadNetworks(settings.graphs_dir, settings.walker)
    writer = AccessWriter(database, network, settings.access_m, settings.walker.name)
    return await writer.cover(clock.now(), report)


async def _prepare_sketch(settings: Settings, report: Report, warn: Report) -> None:
    """Compile the kernels of route searches; import the shipped sketch if none works."""
    # Compiled at the first start only; later starts load the compiled code from disk.
    await asyncio.to_thread(load_searches)
    report("searches compiled")
    try:
        await asyncio.to_thread(import_sketch, settings)
    except (RoutingError, OSError) as error:
        warn(f"the corridor sketch cannot be imported: {error}")
        return
    report("corridor sketch imported")
    # Do not wait for this compilation: no client asks for itineraries in the first minute.
    compile_planning_aside()


def damage_of(folder: Path) -> str | None:
    """Return the error raised when a region is opened; None if it can be opened."""
    try:
        open_graph(folder)
    except GraphError as error:
        return str(error)
    return None


async def load_paths(
    settings: Settings, paths: Sequence[Path], report: Report, *, is_dry: bool = False
) -> None:
    """Load the named files or folders, including demo files that were removed before.

    Without paths, load the repository's data as at a start: removed demo rows stay removed. A dry
    load checks and reports in the same way, and changes nothing.
    """
    async with writing_database(settings) as database:
        automatic = not paths
        await _load(database, settings, paths or [DATA], report, automatic=automatic, is_dry=is_dry)


async def _load(
    database: Database,
    settings: Settings,
    paths: Sequence[Path],
    report: Report,
    *,
    automatic: bool,
    is_dry: bool = False,
) -> None:
    now = clock.now()
    async with database.session(Tier.WRITER) as session:
        result = await loader.load_paths(
            session,
            paths,
            today=now.date(),
            now=now,
            shipped=DATA,
            allow_mixed=settings.allow_demo_mixed,
            automatic=automatic,
        )
        if is_dry:
            await session.rollback()
    for line in result.lines():
        report(line)


async def reconcile_segments(database: Database, settings: Settings) -> list[str]:
    """Make the road-segment table match the imported regions, in case an import was killed.

    Regions that are missing in the table, or come from another import, are written; regions whose
    folder is gone are deleted. A folder that cannot be read keeps its rows.

    Returns
    -------
    list of str
        Problems of regions, one line each; they are no reason not to start.
    """
    async with database.session(Tier.WRITER) as session:
        stored = set(await road_segments.regions(session))
        published = await upsert.remembered(session, ROADS)
    wrong = []
    folders = list(list_regions(settings.graphs_dir))
    covered = covered_areas(settings.graphs_dir)
    for folder in folders:
        try:
            meta = open_graph(folder).meta
        except GraphError as error:
            wrong.append(f"region {folder.name} is damaged and answers no routes: {error}")
            continue
        if published.get(meta.name) == _identity(meta, covered):
            continue
        try:
            await publish_segments(database, folder, covered)
        except (GeoError, GraphError, DBAPIError) as error:
            # Only the error's class, because SQLAlchemy's message repeats the statement.
            why = type(error.orig).__name__ if isinstance(error, DBAPIError) else str(error)
            wrong.append(f"region {folder.name}: its roads are not on the map yet: {why}")
    for region in sorted((stored | published.keys()) - {folder.name for folder in folders}):
        await withdraw_segments(database, region)
    return wrong


def _identity(meta: GraphMeta, covered: Sequence[CoveredArea]) -> str:
    """Return a digest of an import and, for a sketch, of the areas in which it is not drawn."""
    told: list[object] = [meta.imported_at, meta.checksums]
    if meta.kind == SKETCH:
        told.append([[area.bbox, area.countries] for area in covered])
    return sha256(json.dumps(told).encode()).hexdigest()


def covered_areas(graphs_dir: Path, staged: Path | None = None) -> list[CoveredArea]:
    """Return the areas of the imported extracts, in which maps do not show the sketch.

    ``staged`` is the folder of an import that is about to replace a region, and is used in place of
    the region's present folder.
    """
    metas = {}
    for folder in (*list_regions(graphs_dir), *([staged] if staged else [])):
        try:
            meta = read_meta(folder)
        except GraphError:
            continue  # the damage is reported where the region is opened
        metas[meta.name] = meta
    areas = [CoveredArea.of(meta) for meta in metas.values() if meta.kind != SKETCH]
    return sorted(areas, key=lambda area: (area.bbox, area.countries))


async def redraw_sketch(database: Database, graphs_dir: Path, staged: Path | None = None) -> None:
    """Rewrite the sketch's road segments if the areas of the imported extracts have changed."""
    folder = graphs_dir / SKETCH
    covered = covered_areas(graphs_dir, staged)
    if damage_of(folder) is not None:
        return  # the next start reports the damage
    async with database.session(Tier.WRITER) as session:
        published = await upsert.remembered(session, ROADS)
    if published.get(SKETCH) != _identity(read_meta(folder), covered):
        await publish_segments(database, folder, covered)


async def publish_segments(
    database: Database, folder: Path, covered: Sequence[CoveredArea] = ()
) -> int:
    """Replace a region's road segments and landscape in the database by those in a folder.

    All is replaced in one transaction. The region's name is read from the graph's metadata, so the
    folder may be that of an import that has not replaced the region yet. Roads of a sketch in the
    ``covered`` areas are left out. Return the number of segments.
    """
    graph = open_graph(folder)
    region = graph.meta.name
    batches = segment_batches(graph)
    if graph.meta.kind == SKETCH:
        batches = outside(batches, covered)
    async with database.session(Tier.WRITER) as session:
        await landscape.replace_region(
            session,
            region,
            map(vars, read_landscape(folder)),
            graph.meta.source,
            graph.meta.licence,
        )
        count = await road_segments.replace_region(
            session,
            region,
            map(vars, batches),
            source=graph.meta.source,
            licence=graph.meta.licence,
        )
        today = clock.now().date()
        await upsert.remember(session, f"{ROADS}{region}", _identity(graph.meta, covered), today)
    return count


async def withdraw_segments(database: Database, region: str) -> None:
    """Delete a removed region's rows from the road-segment table."""
    async with database.session(Tier.WRITER) as session:
        await road_segments.remove_region(session, region)
        await landscape.remove_region(session, region)
        await upsert.forget(session, f"{ROADS}{region}")


async def official_crossings(database: Database) -> tuple[OfficialCrossing, ...]:
    """Return the crossings, with surveyed positions, at which imported roads may cross a border.

    These are the public crossings whose position two people confirmed. Closed crossings are
    included, because a closure does not remove the road (P10, P34). Crossings with only a
    registered position, which may be kilometres off, are left out.
    """
    async with database.session(Tier.PUBLIC) as session:
        known = await crossings.states_at(session, clock.now())
    return tuple(
        OfficialCrossing(
            crossing.id,
            crossing.surveyed.lon,
            crossing.surveyed.lat,
            (crossing.country_a, crossing.country_b),
        )
        for crossing in known
        if crossing.surveyed is not None
    )


async def registered_crossings(database: Database) -> tuple[OfficialCrossing, ...]:
    """Return all public crossings at their registered positions, to look for border posts nearby.

    Registered positions are too inexact to let roads cross a border there.
    """
    async with database.session(Tier.PUBLIC) as session:
        known = await crossings.states_at(session, clock.now())
    return tuple(
        OfficialCrossing(one.id, one.lon, one.lat, (one.country_a, one.country_b)) for one in known
    )


async def note_border_posts(database: Database, region: str, posts: Sequence[BorderPost]) -> None:
    """Store the border posts that an extract has near crossings, for display to staff.

    They replace the posts stored for the region before.
    """
    rows = [
        (post.crossing_id, SeenPost(post.osm_id, post.tag, post.lon, post.lat, post.distance_m))
        for post in posts
    ]
    async with database.session(Tier.WRITER) as session:
        await note_posts(session, region, rows)


async def require_demo_stays_local(settings: Settings) -> None:
    """Refuse to start if demo rows would be served beyond this machine without permission (P35).

    Raises
    ------
    MixedDataError
        Demo rows are loaded, the host to bind is not a loopback address, and no setting allows it.
    """
    if settings.may_show_demo:
        return
    async with writing_database(settings) as database, database.session(Tier.PUBLIC) as session:
        if await demo_rows.has_demo(session):
            msg = (
                f"demo rows are loaded and {settings.host} can be reached from other machines: "
                "`amparo demo remove`, bind 127.0.0.1, or set AMPARO_ALLOW_DEMO_PUBLIC=true"
            )
            raise MixedDataError(msg)
