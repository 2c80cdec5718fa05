"""Height rasters named by the user: files, folders of tiles, or URLs of files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from app.road_sources.errors import FetchError

#: Suffixes of height files: GeoTIFF (such as Copernicus GLO-30), SRTM tiles, GDAL virtual rasters.
SUFFIXES: Final = (".tif", ".tiff", ".hgt", ".vrt")
_SCHEMES: Final = ("https://", "http://")


def is_address(text: str) -> bool:
    """Return whether a text is a URL, not a path."""
    return text.casefold().startswith(_SCHEMES)


def height_files(given: Sequence[str], fetch: Callable[[str], Path]) -> list[Path]:
    """Return the paths of the named height files, in the given order.

    Parameters
    ----------
    given
        Paths of files, paths of folders (for all height files in the folder), and URLs of files.
    fetch
        Function that downloads the file at a URL.

    Raises
    ------
    FetchError
        A file does not exist, or a folder has no height file.
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
