"""The command ``amparo``: serve, load, import roads, look after the database."""

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from app import setup
from app.cli import exchange, first_hour, freshness
from app.cli.access import access_app
from app.cli.audit import audit_app, hide_app, lift_app, reader_app
from app.cli.basemap import basemap_app
from app.cli.exports import export
from app.cli.kits import kit_app
from app.cli.people import organization_app, person_app, token_app
from app.cli.road_import import Hooks
from app.cli.roads import make_roads_app
from app.cli.session import run, written
from app.cli.spaces import spaces_app
from app.cli.terminal import explained_failures, fail, out, require_settings, say, warn
from app.cli.upkeep import upkeep
from app.planning.population_raster import problem_of
from app.runtime import aside
from app.runtime.databases import migration_url, private_cluster
from app.settings import Settings
from geo.db import database_file
from geo.db.sessions import Tier
from geo.records import demo_rows, flows
from routing.osm.border_posts import BorderPost
from routing.osm.importer import OfficialCrossing

app = typer.Typer(
    name="amparo",
    help="The open map of support spaces, official crossings and lower-exposure routes.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _official_crossings(settings: Settings) -> Sequence[OfficialCrossing]:
    async def work() -> Sequence[OfficialCrossing]:
        async with setup.writing_database(settings) as database:
            return await setup.official_crossings(database)

    with explained_failures():
        prepare_all(settings)
    return run(work())


def _registered_crossings(settings: Settings) -> Sequence[OfficialCrossing]:
    async def work() -> Sequence[OfficialCrossing]:
        async with setup.writing_database(settings) as database:
            return await setup.registered_crossings(database)

    return run(work())


def _note_border_posts(settings: Settings, region: str, posts: Sequence[BorderPost]) -> None:
    async def work() -> None:
        async with setup.writing_database(settings) as database:
            await setup.note_border_posts(database, region, posts)

    run(work())


def _publish_segments(settings: Settings, folder: Path) -> int:
    async def work() -> int:
        async with setup.writing_database(settings) as database:
            count = await setup.publish_segments(database, folder)
            await setup.redraw_sketch(database, settings.graphs_dir, staged=folder)
            return count

    # `explained_failures` is not used: the import explains a failure itself, and keeps the old
    # roads.
    return asyncio.run(work())


def _withdraw_segments(settings: Settings, region: str) -> None:
    async def work() -> None:
        async with setup.writing_database(settings) as database:
            await setup.withdraw_segments(database, region)
            await setup.note_border_posts(database, region, ())
            await setup.redraw_sketch(database, settings.graphs_dir)

    with explained_failures():
        setup.start_database(settings)
    run(work())


app.add_typer(
    make_roads_app(
        Hooks(
            official_crossings=_official_crossings,
            staged=_publish_segments,
            removed=_withdraw_segments,
            registered_crossings=_registered_crossings,
            posts_seen=_note_border_posts,
        )
    ),
    name="roads",
)
demo_app = typer.Typer(help="Demo rows: fictitious spaces, hazards and flows.")
app.add_typer(demo_app, name="demo")
app.add_typer(person_app, name="person")
app.add_typer(organization_app, name="organization")
app.add_typer(token_app, name="token")
app.add_typer(audit_app, name="audit")
app.add_typer(hide_app, name="hide")
app.add_typer(lift_app, name="lift")
freshness.add_to(app)
exchange.add_to(app)
app.add_typer(reader_app, name="reader")
app.add_typer(spaces_app, name="spaces")
app.add_typer(kit_app, name="kit")
app.add_typer(access_app, name="access")
app.add_typer(basemap_app, name="basemap")
database_app = typer.Typer(help="The private database.")
app.add_typer(database_app, name="database")
movement_app = typer.Typer(help="Aggregated movement.")
app.add_typer(movement_app, name="movement")
app.command()(export)
app.command()(upkeep)
first_hour.add_to(app)

#: What is printed after Ctrl-C in a command that writes in one transaction.
_NOTHING_CHANGED = "nothing was changed"
#: What is printed after Ctrl-C while the database is prepared, whose steps are each complete or
#: undone.
_GOES_ON = "nothing is half done, and the next start goes on from here"


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to bind; default AMPARO_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port; default AMPARO_PORT.")
    ] = None,
) -> None:
    """Prepare the database and serve until interrupted.

    Example: amparo serve --port 8001
    """
    settings = require_settings()
    settings = settings.model_copy(
        update={"host": host or settings.host, "port": port or settings.port}
    )
    with explained_failures(_GOES_ON):
        require_free_port(settings.host, settings.port)
        prepare_all(settings)
        asyncio.run(setup.require_demo_stays_local(settings))
        # Imported here: the other commands start faster without the web server.
        from app.server import serve as run_server  # noqa: PLC0415

    aside.build_missing_basemap(settings)
    out.print(f"Amparo: http://{settings.host}:{settings.port}", markup=False)
    run_server(settings)


def require_free_port(host: str, port: int) -> None:
    """Refuse at once a port that another program holds."""
    try:
        with socket.create_server((host, port)):
            return
    except OSError as error:
        fail(
            f"cannot listen on {host}:{port} ({error.strerror}). "
            "Stop the program that holds it, or choose another with AMPARO_PORT."
        )


@app.command()
def prepare() -> None:
    """Start the database, migrate, load the data and the sketch; serve nothing.

    Example: amparo prepare
    """
    settings = require_settings()
    with explained_failures(_GOES_ON):
        prepare_all(settings)


def prepare_all(settings: Settings) -> None:
    """Start and fill the database and check the population raster; show slow steps as they run."""
    with out.status("starting the database"):
        setup.start_database(settings)
    with out.status("loading data"):
        asyncio.run(setup.prepare_data(settings, say, warn))
    if settings.population_raster is not None:
        problem = problem_of(settings.population_raster)
        if problem is not None:
            warn(problem)


@app.command()
def migrate() -> None:
    """Start the private database if one is used, and apply every migration.

    Example: amparo migrate
    """
    settings = require_settings()
    with explained_failures():
        setup.start_database(settings)
    out.print("the database is at the newest migration")


@demo_app.command("remove")
def demo_remove() -> None:
    """Delete every demo row; they are not loaded again unless asked for by name.

    Example: amparo demo remove
    """
    for table, count in written(require_settings(), demo_rows.remove_demo).items():
        out.print(f"{table}: {count} demo rows removed", markup=False)
    out.print(
        "no crossing has a state any more: routes over them are refused until their hours are "
        "stated and approved; `amparo welcome` says what comes next",
        markup=False,
        soft_wrap=True,
    )


@movement_app.command("import")
def movement_import(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A JSON list.")],
    holder: Annotated[
        str, typer.Option(help="Organisation whose counts they are; nobody else corrects them.")
    ] = "cli",
) -> None:
    """Store aggregated weekly counts; a file with anything about a person is refused whole.

    Example: amparo movement import counts.json
    """
    settings = require_settings()

    async def store(session: AsyncSession) -> int:
        cells = flows.parse_movement(flows.read_json(file.read_bytes()))
        return await flows.store_movement(
            session,
            cells,
            holder=holder,
            actor="cli",
            allow_mixed=settings.allow_demo_mixed,
            is_trusted=True,
        )

    out.print(f"{written(settings, store)} counts stored", markup=False)


@database_app.command("start")
def database_start() -> None:
    """Start the private database and print how to reach it as the public role.

    Example: amparo database start
    """
    settings = require_settings()
    cluster = private_cluster(settings)
    if cluster is None:
        fail("AMPARO_DATABASE_URL is set: there is no private database to start")
    with explained_failures():
        cluster.start()
    out.print(cluster.url(Tier.PUBLIC.role), markup=False, soft_wrap=True)


@database_app.command("stop")
def database_stop() -> None:
    """Stop the private database.

    Example: amparo database stop
    """
    cluster = private_cluster(require_settings())
    if cluster is None:
        fail("AMPARO_DATABASE_URL is set: there is no private database to stop")
    with explained_failures():
        cluster.stop()


@database_app.command("export")
def database_export(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="File to write.")],
) -> None:
    """Write every row of the database to one file, secrets and restricted records included.

    Accounts, proposals, past states, the audit chain: all of it. Not in it: road networks and the
    basemap, which lie in AMPARO_HOME. The database is not upgraded first: also for a home that this
    version cannot upgrade.

    Example: amparo database export amparo.zip
    """
    settings = require_settings()
    cluster = private_cluster(settings)
    with explained_failures(_NOTHING_CHANGED):
        if cluster is not None:
            cluster.start()
        # Written under another name first: an incomplete file could be taken for a complete one.
        beside = file.with_name(f".{file.name}.part")
        try:
            rows = asyncio.run(database_file.write_file(migration_url(settings), beside))
            beside.replace(file)
            first_hour.note_copy(settings)
        finally:
            # An incomplete file holds secrets, too: it is deleted, whatever stopped the export.
            beside.unlink(missing_ok=True)
    say(f"{sum(rows.values()):,} rows of {len(rows)} tables: {file}")


@database_app.command("load")
def database_load(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file.")],
) -> None:
    """Load a file of `amparo database export` into a new home, all or nothing.

    Example: amparo database load amparo.zip
    """
    settings = require_settings()
    with explained_failures(_NOTHING_CHANGED):
        setup.start_database(settings)
        rows = asyncio.run(database_file.load_file(migration_url(settings), file))
    say(f"{sum(rows.values()):,} rows of {len(rows)} tables loaded")


@app.command()
def openapi() -> None:
    """Print the OpenAPI document.

    Example: amparo openapi > openapi.json
    """
    from app.main import create_app  # noqa: PLC0415 -- keeps the other commands quick

    out.print_json(data=create_app(require_settings()).openapi())
