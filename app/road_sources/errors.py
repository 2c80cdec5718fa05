"""Error for failed downloads of roads or heights."""

from typing import Final

#: Message by error code, with placeholders for the error's parameters.
_MESSAGES: Final = {
    "unreachable": "{host} does not answer: {reason}; try again later, what came is kept",
    "refused": "{host} answers {status}; {hint}",
    "busy": "{host} is busy after {tries} tries; try again later, what came is kept",
    "too_large": "{host} sends more than {limit_mb} MB; ask for a smaller area, or give an extract",
    "cut_off": "{host} stopped in the middle of an answer; try again, what came is kept",
    "remark": "{host} could not finish: {remark}; try again later, or a smaller area",
    "not_osm": "{host} answered with something that is no OpenStreetMap data",
    "no_place": "no place is called {place!r}; name its country too, or give --bbox",
    "no_box": "--bbox: {reason}",
    "too_wide": "the box is {width:.1f} by {height:.1f} degrees, more than {most:g}: for a whole"
    " country give an extract by --extract",
    "not_https": "{host}: addresses begin with https:// (http:// only on this machine)",
    "no_roads": "there are no roads in this box",
    "checksum": "{name} is not what its {kind} file says; it was removed, try again",
    "no_file": "{path}: no such file",
    "no_heights": "{path}: no .tif, .tiff, .vrt or .hgt file is there",
    "disk_full": "{name} needs {needed_mb} MB and the disk of the data folder has {free_mb} MB",
}


class FetchError(Exception):
    """Roads or heights could not be downloaded; nothing was imported.

    Parameters
    ----------
    code
        One of the codes of this module.
    parameters
        Values for the message; never a query, because queries hold coordinates (P48).
    """

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(_MESSAGES[code].format(**parameters))
        self.code = code
        self.parameters = parameters
