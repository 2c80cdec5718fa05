"""`amparo roads …`: import, list, verify and remove road networks, one region a folder."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app.cli.road_import import (
    Boundary,
    BoundaryError,
    Country,
    Heights,
    Hooks,
    ImportOptions,
    Title,
    import_extract,
)
from app.cli.roads_fetch import add_fetch, given_rasters
from app.cli.terminal import EXIT_FAILED, err, explained_failures, out, require_settings
from routing.errors import GraphError
from routing.graph.regions import open_graph, remove_graph, verify_graph
from routing.graph.storage import check_name, list_regions, read_meta
from routing.osm.way_table import check_source


def make_roads_app(  # noqa: C901 -- four short commands
    hooks: Hooks, sleep: Callable[[float], None] = time.sleep
) -> typer.Typer:
    """Return the ``roads`` commands, bound to the callbacks.

    Parameters
    ----------
    sleep
        Waits for so many seconds, where a server asks to.
    """
    roads = typer.Typer(
        help="Road networks: one region a folder, imported from OpenStreetMap extracts.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )

    @roads.command(name="import")
    def import_region(
        file: Annotated[Path, typer.Argument(help="Extract: .osm.pbf, .osm or .osm.gz.")],
        region: Annotated[
            str, typer.Option("--region", help="Name: lower-case letters, digits, '-', '_'.")
        ],
        heights: Heights = None,
        country: Country = None,
        boundary: Boundary = None,
        boundary_error_m: BoundaryError = 0.0,
        title: Title = None,
    ) -> None:
        """Import an extract, its road segments for the map included: all of it or nothing.

        Countries come from --boundary, from --country, or from the country areas that are
        complete in the extract. Roads cross a border only at official crossings whose position two
        people confirmed; paths, tracks, fords, ferries and bridges near the line are left out.
        From the line of --boundary, and of no other, paths and tracks stay that keep clear of it
        with all that they are joined with: by --boundary-error-m, at least 100 m.

        Example: amparo roads import colombia.osm.pbf --region colombia --heights heights.tif
        """
        settings = require_settings()
        with explained_failures("nothing was imported"):
            # Cheap checks come first, before the database starts.
            check_name(region)
            check_source(file)
            rasters = given_rasters(settings, heights or (), sleep)
        options = ImportOptions(rasters, country, boundary, boundary_error_m, title)
        import_extract(hooks, settings, file, region, options)

    add_fetch(roads, hooks, sleep)

    @roads.command(name="list")
    def list_regions_command() -> None:
        """List the imported regions.

        Example: amparo roads list
        """
        table = Table("region", "kind", "nodes", "edges", "countries", "data as of", "imported")
        for path in list_regions(require_settings().graphs_dir):
            try:
                meta = read_meta(path.resolve())
            except GraphError as error:
                table.add_row(path.name, f"unreadable: {error}")
                continue
            table.add_row(
                meta.name,
                meta.kind,
                f"{meta.node_count:,}",
                f"{meta.edge_count:,}",
                " ".join(meta.countries) or "not known",
                meta.extract_timestamp or "not stated",
                meta.imported_at,
            )
        out.print(table if table.row_count else "no region is imported")

    @roads.command()
    def verify(
        regions: Annotated[
            list[str] | None, typer.Argument(help="Regions; all of them by default.")
        ] = None,
    ) -> None:
        """Check every file of a region against its checksum; exit 1 if one is damaged.

        Example: amparo roads verify colombia
        """
        folder = require_settings().graphs_dir
        names = regions or [path.name for path in list_regions(folder)]
        failed = False
        for name in names:
            try:
                verify_graph(folder / name)
                open_graph(folder / name)
            except GraphError as error:
                failed = True
                err.print(f"{name}: {error}", style="bold red", markup=False, soft_wrap=True)
            else:
                out.print(f"{name}: whole")
        if failed:
            raise typer.Exit(EXIT_FAILED)

    @roads.command()
    def remove(
        region: Annotated[str, typer.Argument(help="Region to remove.")],
    ) -> None:
        """Remove a region and its road segments.

        Example: amparo roads remove colombia
        """
        settings = require_settings()
        with explained_failures(f"what the map still shows of {region} goes at the next start"):
            remove_graph(settings.graphs_dir, region)
            hooks.removed(settings, region)
        out.print(f"{region}: removed")

    return roads
