"""``amparo basemap``: the low zooms of the map in one file."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app import setup
from app.cli.session import run
from app.cli.terminal import err, explained_failures, fail, out, require_settings
from app.settings import Settings
from geo.db.sessions import Tier
from tiles.errors import EmptyBasemapError
from tiles.features import basemap

basemap_app = typer.Typer(
    help="The basemap: land, borders, water, places and main roads in one file."
)


@basemap_app.callback()
def _group() -> None:
    """Keep ``build`` a command of its own, though it is the only one."""


@basemap_app.command("build")
def basemap_build(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", dir_okay=False, help="File to write; default: as served."),
    ] = None,
) -> None:
    """Bake the basemap into a PMTiles file; a former one is served until it is whole.

    Example: amparo basemap build --output basemap.pmtiles
    """
    settings = require_settings()
    path = settings.basemap_path if output is None else output
    with explained_failures("a former basemap is as it was"):
        setup.start_database(settings)
        try:
            baked = run(_bake(settings))
            size = basemap.write_archive(baked, path)
        except EmptyBasemapError as error:
            fail(str(error))
    out.print(f"{len(baked.tiles):,} tiles, {size:,} bytes: {path}", markup=False, soft_wrap=True)


async def _bake(settings: Settings) -> basemap.Baked:
    columns = (TextColumn("tiles"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with setup.writing_database(settings) as database:
        with Progress(*columns, console=err) as bar:
            task = bar.add_task("tiles", total=None)

            def told(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            async with database.session(Tier.PUBLIC) as session:
                return await basemap.bake(session, told)
