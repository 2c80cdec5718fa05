"""The box of a place by its name, by osmnx's geocoder."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from app.road_sources.boxes import Box
from app.road_sources.errors import FetchError

#: Longest wait for an answer, seconds: as of a connection in `servers`.
_TIMEOUT_S: Final = 60


def box_of(place: str, *, address: str, user_agent: str, folder: Path) -> Box:
    """Return the box of a place, as Nominatim draws it.

    osmnx waits a second before it asks, as Nominatim's rules of use wish, and keeps the answer.

    Parameters
    ----------
    place
        Name as people say it, with its country: ``Cúcuta, Colombia``.
    address
        Address of a Nominatim server.
    user_agent
        Who asks.
    folder
        Where answers are kept.

    Raises
    ------
    FetchError
        No place is called so, it is too large, or the server does not answer.
    """
    # A second and more to import, which every command would take.
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
