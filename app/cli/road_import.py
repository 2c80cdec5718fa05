"""Parts shared by `amparo roads import` and `fetch`: options, progress and report of an import."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from app import clock
from app.cli.terminal import err, explained_failures, out
from app.road_sources.heights import is_address
from app.settings import Settings
from routing.graph.storage import GraphMeta
from routing.osm.border_posts import BorderPost, read_border_posts
from routing.osm.importer import OfficialCrossing, import_osm


def _no_crossings(_: Settings) -> Sequence[OfficialCrossing]:
    return ()


def _not_noted(_: Settings, _region: str, _posts: Sequence[BorderPost]) -> None:
    """Do nothing: the default of `Hooks.posts_seen`."""


@dataclass(frozen=True)
class Hooks:
    """Callbacks of the road commands into the rest of the application.

    Parameters
    ----------
    official_crossings
        Returns the only places where imported roads may cross a border: positions of official
        crossings that two people confirmed (P10, P34).
    staged
        Called with the folder of a complete import before it replaces the old version: loads the
        import's segments into the road-segment table, all or none, and returns their number. An
        exception leaves the old version in place.
    removed
        Called with a region's name after its folder is deleted, to remove the region's segments.
    registered_crossings
        Returns all official crossings at their registered positions. Border posts that the extract
        tags near these positions are hints at where a crossing's post really stands.
    posts_seen
        Called with a region's name and these border posts after the region's import, to show them
        to the staff.
    """

    official_crossings: Callable[[Settings], Sequence[OfficialCrossing]]
    staged: Callable[[Settings, Path], int]
    removed: Callable[[Settings, str], None]
    registered_crossings: Callable[[Settings], Sequence[OfficialCrossing]] = _no_crossings
    posts_seen: Callable[[Settings, str, Sequence[BorderPost]], None] = _not_noted


def _heights_given(given: list[str] | None) -> list[str] | None:
    for one in given or ():
        if not is_address(one) and not Path(one).exists():
            raise typer.BadParameter(f"{one}: no such file or folder")
    return given


Heights = Annotated[
    list[str] | None,
    typer.Option(
        "--heights",
        "--dem",
        callback=_heights_given,
        help="Height raster (GeoTIFF, HGT), a folder of such, or an https address; may be repeated."
        " Cells of 90 m or finer give slope.",
    ),
]
Country = Annotated[
    str | None,
    typer.Option("--country", help="ISO code, if the whole extract lies in one country."),
]
Boundary = Annotated[
    Path | None,
    typer.Option(
        "--boundary", exists=True, dir_okay=False, help="Official boundaries: GeoJSON with iso_a2."
    ),
]
BoundaryError = Annotated[
    float, typer.Option("--boundary-error-m", min=0, help="How far these may be off.")
]
Title = Annotated[str | None, typer.Option("--title", help="Name shown to people.")]


@dataclass(frozen=True)
class ImportOptions:
    """Options of an import, as `routing.osm.importer.read_osm` takes them."""

    heights: Sequence[Path] = ()
    country: str | None = None
    boundary: Path | None = None
    boundary_error_m: float = 0.0
    title: str | None = None


@dataclass
class _Publishing:
    """Callback that loads the segments of a complete import and keeps their number to report it."""

    hooks: Hooks
    settings: Settings
    segments: int = 0

    def __call__(self, folder: Path) -> None:
        self.segments = self.hooks.staged(self.settings, folder)


class Bar:
    """Progress bar with stages, to be passed as a callback (stage, done, total)."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._stage = ""
        self._task = progress.add_task("starting", total=None)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show how much of a stage is done; a total of 0 means unknown."""
        if stage != self._stage:
            self._stage = stage
            self._progress.reset(self._task, description=stage, total=total or None)
        self._progress.update(self._task, completed=done)


def progress_bar() -> Progress:
    """Return a progress display on standard error."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<12}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=err,
    )


def import_extract(
    hooks: Hooks, settings: Settings, file: Path, region: str, options: ImportOptions
) -> None:
    """Import an extract and its road segments, all of it or nothing, and say what was read.

    Border posts that the extract tags near registered crossings are shown to the staff alone. Not
    even their number is printed, because the output of commands ends up in logs (P12, P34).
    """
    with explained_failures("nothing was imported"):
        official_crossings = hooks.official_crossings(settings)
        registered = hooks.registered_crossings(settings)
    publishing = _Publishing(hooks, settings)
    with explained_failures("regions are as they were before"), progress_bar() as progress:
        meta = import_osm(
            file,
            settings.graphs_dir,
            region,
            dem=options.heights,
            country=options.country,
            boundaries=options.boundary,
            boundary_error_m=options.boundary_error_m,
            official_crossings=official_crossings,
            imported_at=clock.now().isoformat(timespec="seconds"),
            title=options.title,
            progress=Bar(progress),
            staged=publishing,
        )
    with explained_failures(f"{region} is imported; its border posts are not noted"):
        hooks.posts_seen(settings, region, read_border_posts(file, registered))
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


def _summary(meta: GraphMeta) -> str:
    countries = ", ".join(meta.countries) or "not known"
    slope = "yes" if meta.has_slope else "no"
    return (
        f"{meta.name}: {meta.node_count:,} nodes, {meta.edge_count:,} edges;"
        f" countries: {countries}; slope: {slope}"
    )
