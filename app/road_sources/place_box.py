"""Look-up of the bounding box of a place by its name, with OSMnx's geocoder (Nominatim)."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from app.road_sources.boxes import Box
from app.road_sources.errors import FetchError

#: Maximum time to wait for an answer of Nominatim, seconds.
_TIMEOUT_S: Final = 60


def box_of(place: str, *, address: str, user_agent: str, folder: Path) -> Box:
    """Return the bounding box of a place by Nominatim.

    OSMnx caches answers. It waits a second before each query, as Nominatim's usage policy requires.

    Parameters
    ----------
    place
        Name of the place with its country: ``Cúcuta, Colombia``.
    address
        URL of a Nominatim server.
    user_agent
        Value of the User-Agent header, which identifies the client.
    folder
        Folder of cached answers.

    Raises
    ------
    FetchError
        No place has the name, its box is too large, or the server does not answer.
    """
    # Imported on use: the import takes more than a second, which all commands would have to wait.
    import osmnx
    import requests  # noqa: PLC0415
    from osmnx._errors import InsufficientResponseError, ResponseStatusCodeError

    osmnx.settings.nominatim_url = address
    osmnx.settings.http_user_agent = user_agent
    osmnx.settings.requests_timeout = _TIMEOUT_S
    osmnx.settings.use_cache = True
    osmnx.settings.cache_folder = str(folder)
    host = urlsplit(address).hostname or "Nominatim"
    try:
        (row,) = osmnx.geocoder.geocode_to_gdf(place, which_result=1).itertuples()
    except (InsufficientResponseError, TypeError) as error:
        raise FetchError("no_place", place=place[:100]) from error
    except ResponseStatusCodeError as error:
        raise FetchError("refused", host=host, status="an error", hint="try later") from error
    except requests.RequestException as error:
        raise FetchError("unreachable", host=host, reason=type(error).__name__) from error
    return Box.checked(row.bbox_west, row.bbox_south, row.bbox_east, row.bbox_north)
