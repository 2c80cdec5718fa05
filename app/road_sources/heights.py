"""Height rasters of the user: files, folders of tiles, or addresses of either's files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from app.road_sources.errors import FetchError

#: Names of height files: GeoTIFF as of Copernicus GLO-30, the tiles of SRTM, GDAL's lists of tiles.
SUFFIXES: Final = (".tif", ".tiff", ".hgt", ".vrt")
_SCHEMES: Final = ("https://", "http://")


def is_address(text: str) -> bool:
    """Return whether a text is an address, not a path."""
    return text.casefold().startswith(_SCHEMES)


def height_files(given: Sequence[str], fetch: Callable[[str], Path]) -> list[Path]:
    """Return the height files that paths, folders and addresses stand for, in their order.

    Parameters
    ----------
    given
        Paths of files or of folders, and addresses of files.
    fetch
        Returns the file of an address.

    Raises
    ------
    FetchError
        There is no such file, or no height file in a folder.
    """
    files: list[Path] = []
    for one in given:
        if is_address(one):
            files.append(fetch(one))
            continue
        path = Path(one)
        if path.is_dir():
            tiles = sorted(file for file in path.iterdir() if file.suffix.casefold() in SUFFIXES)
            if not tiles:
                raise FetchError("no_heights", path=path)
            files += tiles
        elif path.is_file():
            files.append(path)
        else:
            raise FetchError("no_file", path=path)
    return files
