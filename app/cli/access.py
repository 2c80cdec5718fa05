"""`amparo access …`: times from every town to the nearest public space, as files."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from app import clock, setup
from app.cli.session import run
from app.cli.terminal import (
    EXIT_MISUSED,
    err,
    explained_failures,
    fail,
    out,
    require_settings,
    say,
    warn,
)
from app.jobs.access_reading import AccessQuestion, read_world
from app.jobs.access_tasks import make_folder, raster_of, stages_of
from app.jobs.access_world import AccessWorld
from app.jobs.batch_runner import SchedulerUnreachableError, Workers, cluster_of, run_here, run_on
from app.settings import Settings
from app.snapshots.road_networks import RoadNetworks
from geo.db.sessions import Tier
from routing.travel.profiles import PROFILES

access_app = typer.Typer(
    help="Times from every town to the nearest public space with a service.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class TableFormat(StrEnum):
    """Formats of the table."""

    CSV = "csv"
    PARQUET = "parquet"


#: What is printed after Ctrl-C.
_GOES_ON = "what is finished stays, and the same command goes on from there"


def _month(text: str | None) -> date:
    if text is None:
        return clock.now().date().replace(day=1)
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        fail(f"--month {text} is no month: write it as 2026-12", EXIT_MISUSED)


def _profiles(names: list[str] | None, settings: Settings) -> tuple[str, ...]:
    chosen = names or [settings.walker.name, "vehicle"]
    unknown = sorted(set(chosen) - set(PROFILES))
    if unknown:
        known = ", ".join(PROFILES)
        fail(f"--profile {unknown[0]} is none: one of {known}", EXIT_MISUSED)
    return tuple(dict.fromkeys(chosen))


@access_app.command()
def compute(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Folder for the files.")],
    *,
    month: Annotated[
        str | None, typer.Option(help="Month, as 2026-12; this month by default.")
    ] = None,
    service: Annotated[
        list[str] | None,
        typer.Option(help="Code of a service; may be repeated. All that count by default."),
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(help="Who travels; may be repeated. On foot and by vehicle by default."),
    ] = None,
    if_closed: Annotated[
        str | None,
        typer.Option(
            metavar="CORRIDOR",
            help="Also as if all spaces of this corridor were closed: files for you alone, not"
            " for publishing.",
        ),
    ] = None,
    table: Annotated[TableFormat, typer.Option(help="Format of the table.")] = TableFormat.CSV,
    raster_deg: Annotated[
        float | None,
        typer.Option(
            min=0.0005,
            max=1.0,
            help="Also write GeoTIFFs of travel time, one a service and profile, with cells of so"
            " many degrees: 0.01 is about 1 km.",
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes of this machine; 0: none but this one.")
    ] = 2,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Address of a Dask scheduler, as tcp://10.0.0.5:8786, instead."),
    ] = None,
) -> None:
    """Find how long every town is from the nearest public space, by service.

    Public spaces alone count. A town's own country comes first; a border is passed at official
    open crossings, and named, where nothing else leads on. What is not known says why. A batch
    that was stopped goes on where it was: what it has found lies under AMPARO_HOME/batches.

    Exit codes: 0 done, 1 failed, 2 called wrongly, 130 interrupted.

    Example: amparo access compute out --month 2026-12 --service health --profile adult
    """
    settings = require_settings()
    question = AccessQuestion(
        _month(month),
        _profiles(profile, settings),
        tuple(service or ()),
        raster_cell_deg=raster_deg,
    )
    with explained_failures(_GOES_ON):
        setup.start_database(settings)
        folder.mkdir(parents=True, exist_ok=True)
        worlds = [_world(settings, question)]
        if if_closed is not None:
            made_up = replace(question, services=worlds[0].services, closed_corridor=if_closed)
            worlds.append(_world(settings, made_up))
        _require_some(worlds[0])
        batches = [make_folder(settings.home / "batches", world) for world in worlds]
        _run(list(zip(batches, worlds, strict=True)), Workers(workers, scheduler))
        for batch, world in zip(batches, worlds, strict=True):
            path = folder / f"{world.file_stem}.{table.value}"
            lines = _write(table, batch, world, path)
            say(f"{lines:,} lines: {path}")
            if raster_deg is not None:
                say(f"{_write_rasters(batch, world, folder):,} rasters: {folder}")
            if world.closed_corridor is not None:
                warn(f"{path} tells what a closure would do: not for publishing")


@access_app.command()
def people(
    corridor: Annotated[str, typer.Argument(help="Id of a corridor.")],
    raster: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Raster of people per cell (WorldPop, GHS-POP); default: that of "
            "AMPARO_POPULATION_RASTER, else towns are counted.",
        ),
    ] = None,
    service: Annotated[str | None, typer.Option(help="Code of a service; any by default.")] = None,
) -> None:
    """Count the people within 1, 5 and 25 km of a corridor, of its spaces and of its gaps.

    By the raster, cells count by their share within; without one, a town counts whole where its
    point is. A sketch's lines leave out bends, so short distances along one tell little.

    Example: amparo access people cucuta-bogota --raster worldpop_2026.tif --service health
    """
    settings = require_settings()
    today = clock.now().date()

    # Imported here: the other commands start faster without rasterio.
    from app.planning.corridor_people import PeopleCount, count_people  # noqa: PLC0415

    async def work() -> list[PeopleCount]:
        async with (
            setup.writing_database(settings) as database,
            database.session(Tier.PUBLIC) as session,
        ):
            return await count_people(
                session,
                corridor,
                service=service,
                raster=raster or settings.population_raster,
                on=today,
            )

    with explained_failures():
        setup.start_database(settings)
    table = Table("near", "within km", "people", "counted by", "not known")
    for row in run(work()):
        counted = "not known" if row.people is None else f"{row.people:,}"
        missing = f"{row.missing:.0%}"
        table.add_row(row.of, f"{row.within_m / 1e3:g}", counted, row.source, missing)
    out.print(table)


def _world(settings: Settings, question: AccessQuestion) -> AccessWorld:
    async def work() -> AccessWorld:
        network = RoadNetworks(settings.graphs_dir, settings.walker)
        async with setup.writing_database(settings) as database:
            return await read_world(
                database, network, question, now=clock.now(), access_m=settings.access_m
            )

    return run(work())


def _write(table: TableFormat, batch: Path, world: AccessWorld, path: Path) -> int:
    # Imported here: the other commands start faster without pyarrow.
    from app.jobs.access_files import write_csv, write_parquet  # noqa: PLC0415

    writers = {TableFormat.CSV: write_csv, TableFormat.PARQUET: write_parquet}
    return writers[table](batch, world, path)


def _write_rasters(batch: Path, world: AccessWorld, folder: Path) -> int:
    # Imported here: the other commands start faster without rasterio.
    from app.jobs.access_raster import write_raster  # noqa: PLC0415

    count = 0
    for network in world.networks:
        for profile in world.profiles:
            for service in world.services:
                name = f"{world.file_stem}-{service}-{profile}-{network.name}.tif"
                times = raster_of(batch, network, profile, service)
                write_raster(world, network, profile, service, times, folder / name)
                count += 1
    return count


def _require_some(world: AccessWorld) -> None:
    if not world.networks:
        fail("no road network is imported: see `amparo roads import`")
    if not world.towns:
        fail("no populated places are loaded: see `amparo load`")
    if not world.services:
        fail(f"no public space counts in {world.month:%Y-%m}: confirmations may end before")


def _run(batches: list[tuple[Path, AccessWorld]], workers: Workers) -> None:
    with _progress() as bar:
        if workers.count == 0 and workers.scheduler is None:
            for folder, world in batches:
                run_here(folder, stages_of(world), _task(bar, world))
            return
        try:
            with cluster_of(workers) as client:
                for folder, world in batches:
                    run_on(client, folder, stages_of(world), _task(bar, world))
        except SchedulerUnreachableError as error:
            fail(str(error))


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
    )


def _task(bar: Progress, world: AccessWorld) -> Callable[[int, int], None]:
    return partial(_show, bar, bar.add_task(world.file_stem, total=None))


def _show(bar: Progress, task: int, done: int, total: int) -> None:
    bar.update(TaskID(task), completed=done, total=total)
