"""`amparo roads …`: import, list, verify and remove road networks, one region a folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from app import clock
from app.cli.terminal import EXIT_FAILED, err, explained_failures, out, require_settings
from app.settings import Settings
from routing.errors import GraphError
from routing.graph.regions import open_graph, remove_graph, verify_graph
from routing.graph.storage import GraphMeta, check_name, list_regions, read_meta
from routing.osm.importer import OfficialCrossing, import_osm
from routing.osm.way_table import check_source


@dataclass(frozen=True)
class Hooks:
    """Callbacks of the road commands into the rest of the application.

    Parameters
    ----------
    official_crossings
        Returns the only places where imported roads may cross a border (P10, P34).
    staged
        Called with the folder of a complete import before it replaces the old version: loads the
        import's segments into the road-segment table, all or none, and returns their number. An
        exception leaves the old version in place.
    removed
        Called with a region's name after its folder is deleted, to remove the region's segments.
    """

    official_crossings: Callable[[Settings], Sequence[OfficialCrossing]]
    staged: Callable[[Settings, Path], int]
    removed: Callable[[Settings, str], None]


@dataclass
class _Publishing:
    """Callback that loads the segments of a complete import and records their number."""

    hooks: Hooks
    settings: Settings
    segments: int = 0

    def __call__(self, folder: Path) -> None:
        self.segments = self.hooks.staged(self.settings, folder)


class _Bar:
    """Progress bar of an import, to be passed as its callback (stage, done, total)."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._stage = ""
        self._task = progress.add_task("starting", total=None)

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self._stage = stage
            self._progress.reset(self._task, description=stage, total=total or None)
        self._progress.update(self._task, completed=done)


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<12}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=err,
    )


def _summary(meta: GraphMeta) -> str:
    countries = ", ".join(meta.countries) or "not known"
    slope = "yes" if meta.has_slope else "no"
    return (
        f"{meta.name}: {meta.node_count:,} nodes, {meta.edge_count:,} edges;"
        f" countries: {countries}; slope: {slope}"
    )


def make_roads_app(hooks: Hooks) -> typer.Typer:  # noqa: C901 -- four short commands
    """Return the ``roads`` commands, bound to the callbacks."""
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
        dem: Annotated[
            Path | None,
            typer.Option(
                "--dem",
                exists=True,
                dir_okay=False,
                help="Height raster; cells of 90 m or finer give slope.",
            ),
        ] = None,
        country: Annotated[
            str | None,
            typer.Option("--country", help="ISO code, if the whole extract lies in one country."),
        ] = None,
        boundary: Annotated[
            Path | None,
            typer.Option(
                "--boundary",
                exists=True,
                dir_okay=False,
                help="Official boundaries: GeoJSON with iso_a2.",
            ),
        ] = None,
        boundary_error_m: Annotated[
            float, typer.Option("--boundary-error-m", min=0, help="How far these may be off.")
        ] = 0.0,
        title: Annotated[str | None, typer.Option("--title", help="Name shown to people.")] = None,
    ) -> None:
        """Import an extract, its road segments for the map included: all of it or nothing.

        Countries come from --boundary, from --country, or from the country areas that are
        complete in the extract. Roads cross a border only at official crossings; paths, tracks,
        fords, ferries and bridges near the line are left out. From the line of --boundary, and of
        no other, paths and tracks stay that keep clear of it with all that they are joined with:
        by --boundary-error-m, at least 100 m.

        Example: amparo roads import colombia.osm.pbf --region colombia --dem heights.tif
        """
        settings = require_settings()
        with explained_failures("nothing was imported"):
            # Cheap checks come first, before the database starts.
            check_name(region)
            check_source(file)
            official_crossings = hooks.official_crossings(settings)
        publishing = _Publishing(hooks, settings)
        with explained_failures("regions are as they were before"), _progress() as progress:
            meta = import_osm(
                file,
                settings.graphs_dir,
                region,
                dem=dem,
                country=country,
                boundaries=boundary,
                boundary_error_m=boundary_error_m,
                official_crossings=official_crossings,
                imported_at=clock.now().isoformat(timespec="seconds"),
                title=title,
                progress=_Bar(progress),
                staged=publishing,
            )
        out.print(f"{publishing.segments} road segments published")
        out.print(_summary(meta), soft_wrap=True)
        for what, count in meta.report.items():
            out.print(f"  {what.replace('_', ' ')}: {count:,}")
        if meta.kind == "osm" and not meta.countries:
            err.print(
                "Countries are not known: a border that the extract does not draw would not be"
                " noticed. Give --boundary or --country.",
                style="yellow",
                soft_wrap=True,
            )

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
