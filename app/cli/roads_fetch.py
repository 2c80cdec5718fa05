"""`amparo roads fetch`: the roads of a place, a box or an extract's address, in one command."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer

from app import clock
from app.cli.road_import import (
    Bar,
    Boundary,
    BoundaryError,
    Country,
    Heights,
    Hooks,
    ImportOptions,
    Title,
    import_extract,
    progress_bar,
)
from app.cli.terminal import EXIT_MISUSED, err, explained_failures, fail, require_settings, say
from app.road_sources.areas import Area, fetch_area
from app.road_sources.boxes import Box
from app.road_sources.downloads import fetched
from app.road_sources.errors import FetchError
from app.road_sources.heights import height_files, is_address
from app.road_sources.overpass import Overpass
from app.road_sources.place_box import box_of
from app.road_sources.servers import Patience, Server, client_named
from app.settings import Settings
from geo.text.normalize import folded
from routing.graph.storage import check_name
from routing.osm.way_table import SUFFIXES, check_source

_GOES_ON: Final = "nothing was imported; the next fetch goes on from here"
_NOT_IN_NAMES: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class _Fetching:
    """Fetches extracts and Overpass areas, caches the files in a folder, and shows progress."""

    settings: Settings
    server: Server
    bar: Bar

    @property
    def folder(self) -> Path:
        return self.settings.sources_dir

    def address(self, address: str) -> Path:
        """Fetch the file at an address, and return its path."""
        name = address.rsplit("/", 1)[-1][:12] or "file"
        return fetched(
            self.server, address, self.folder / "files", lambda done, of: self.bar(name, done, of)
        )

    def area(self, box: Box) -> Area:
        """Fetch the roads of a box from Overpass."""
        overpass = Overpass(
            self.server,
            str(self.settings.overpass_url),
            obeys_slots=self.settings.overpass_rate_limit,
        )
        return fetch_area(overpass, box, self.folder / "overpass", clock.now(), self.bar)

    def place(self, place: str) -> Box:
        """Return the bounding box of a named place, asked of Nominatim."""
        return box_of(
            place,
            address=str(self.settings.nominatim_url),
            user_agent=self.server.client.headers["User-Agent"],
            folder=self.folder / "places",
        )


@contextmanager
def _fetching(settings: Settings, sleep: Callable[[float], None]) -> Iterator[_Fetching]:
    with (
        client_named(settings.roads_contact, version("amparo")) as client,
        progress_bar() as progress,
    ):
        told = progress.console.print
        yield _Fetching(settings, Server(client, Patience(sleep), told), Bar(progress))


def given_rasters(
    settings: Settings, heights: Sequence[str], sleep: Callable[[float], None]
) -> list[Path]:
    """Return the paths of the height files given as options; files given as URLs are fetched."""
    if not any(map(is_address, heights)):
        return height_files(heights, Path)
    with _fetching(settings, sleep) as fetching:
        return height_files(heights, fetching.address)


def add_fetch(
    roads: typer.Typer, hooks: Hooks, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Add the command ``fetch`` to the road commands.

    Parameters
    ----------
    sleep
        Waits for so many seconds, where a server asks to.
    """

    @roads.command()
    def fetch(
        place: Annotated[
            str | None, typer.Argument(help='Name with its country: "Cúcuta, Colombia".')
        ] = None,
        *,
        bbox: Annotated[
            tuple[float, float, float, float] | None,
            typer.Option("--bbox", metavar="WEST SOUTH EAST NORTH", help="A box, in degrees."),
        ] = None,
        extract: Annotated[
            str | None,
            typer.Option("--extract", help="Address or path of an extract (.osm.pbf)."),
        ] = None,
        region: Annotated[
            str | None, typer.Option("--region", help="Name of the region; default: the place's.")
        ] = None,
        heights: Heights = None,
        country: Country = None,
        boundary: Boundary = None,
        boundary_error_m: BoundaryError = 0.0,
        title: Title = None,
    ) -> None:
        """Fetch the roads of a place, a box or an extract's address, and import them.

        A place and a box are asked of Overpass, in tiles that are kept for a week; a fetch that
        was cut off goes on where it was. The import is that of `amparo roads import`: all of it or
        nothing, and no way over a border but at crossings whose position two people confirmed.

        Example: amparo roads fetch "Cúcuta, Colombia" --heights copernicus/
        """
        given = [one is not None for one in (place, bbox, extract)]
        if sum(given) != 1:
            fail("give one of a place, --bbox and --extract", EXIT_MISUSED)
        settings = require_settings()
        options = ImportOptions((), country, boundary, boundary_error_m, title or place)
        with explained_failures(_GOES_ON):
            # Options are checked before the first request, so that errors show at once.
            name = region or region_name(place or _stem(extract))
            check_name(name)
            box = None if bbox is None else Box.checked(*bbox)
            if extract is not None and not is_address(extract):
                check_source(Path(extract))
            with _fetching(settings, sleep) as fetching:
                rasters = height_files(heights or (), fetching.address)
                area = _area(fetching, place, box, extract)
        if settings.roads_contact is None and extract is None:
            err.print("Set AMPARO_ROADS_CONTACT, so that these servers can write to you.")
        options = replace(options, heights=rasters, country=_country(area, options))
        import_extract(hooks, settings, area.file, name, options)
        if area.file.is_relative_to(settings.sources_dir):  # not a file of who asks
            say(f"kept in {settings.sources_dir}")


def _area(fetching: _Fetching, place: str | None, box: Box | None, extract: str | None) -> Area:
    if extract is not None:
        file = fetching.address(extract) if is_address(extract) else Path(extract)
        check_source(file)
        return Area(file, None)
    if place is not None:
        box = fetching.place(place)
    if box is None:
        raise FetchError("no_box", reason="give four numbers: west south east north")
    return fetching.area(box)


def _country(area: Area, options: ImportOptions) -> str | None:
    """Return the country option for importing an area: as given, else the one found by Overpass.

    None if only a boundary is given, because the boundary tells the countries.
    """
    if options.country is not None or options.boundary is not None:
        return options.country
    return area.country


def _stem(extract: str | None) -> str:
    name = (extract or "").rsplit("/", 1)[-1]
    return next((name[: -len(end)] for end in (".osm.pbf", *SUFFIXES) if name.endswith(end)), name)


def region_name(place: str) -> str:
    """Return the name of a region for a place, made of the text before the first comma.

    Empty if that text has no Latin letters or digits; then ``--region`` has to be given.
    """
    return _NOT_IN_NAMES.sub("-", folded(place.split(",", maxsplit=1)[0])).strip("-")[:40]
