"""Areas, waters and landmarks drawn beneath a region's streets, as arrays in its folder."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from routing.errors import GraphError
from routing.graph.storage import read_landscape_arrays
from routing.osm_tags.landscape import KINDS

#: Languages in which names of features (tag ``name:es`` and so on) are stored beside the local
#: name.
LANGUAGES = ("es", "en", "pt", "fr")

#: Number of texts of a feature: its id in the extract, its name, and its name in each language.
_TEXTS = 2 + len(LANGUAGES)


@dataclass(frozen=True)
class LandscapeFeature:
    """A feature of the landscape: an area, a water or a landmark.

    Parameters
    ----------
    key
        Type and number in OpenStreetMap: ``n``, ``w`` or ``r``, and digits.
    kind
        One of `routing.osm_tags.landscape.KINDS`.
    zoom
        The first zoom at which it is large enough to be drawn.
    name
        Local name (tag ``name``); empty where there is none.
    names
        Names by language, in the order of `LANGUAGES`; empty where there is none.
    geometry
        Point, line or area; EPSG:4326, lon and lat in degrees.
    """

    key: str
    kind: str
    zoom: int
    name: str
    names: tuple[str, ...]
    geometry: shapely.Geometry


def landscape_arrays(features: Sequence[LandscapeFeature]) -> dict[str, NDArray[Any]]:
    """Return features as the arrays of `routing.graph.layout.LANDSCAPE`."""
    texts = [text.encode() for one in features for text in (one.key, one.name, *one.names)]
    shapes = [shapely.to_wkb(one.geometry) for one in features]
    return {
        "landscape_kind": np.array([KINDS.index(one.kind) for one in features], dtype=np.uint8),
        "landscape_zoom": np.array([one.zoom for one in features], dtype=np.uint8),
        "landscape_text_start": _starts(texts),
        "landscape_text_utf8": np.frombuffer(b"".join(texts), dtype=np.uint8),
        "landscape_wkb_start": _starts(shapes),
        "landscape_wkb": np.frombuffer(b"".join(shapes), dtype=np.uint8),
    }


def read_landscape(folder: Path) -> Iterator[LandscapeFeature]:
    """Yield the features stored in a region's folder, if the import has read any.

    Raises
    ------
    GraphError
        A file is missing or damaged.
    """
    arrays = read_landscape_arrays(folder)
    if not arrays:
        return
    _require_fit(folder, arrays)
    try:
        yield from _features(arrays)
    except (ValueError, IndexError, shapely.GEOSException) as error:
        raise GraphError(f"{folder}: the landscape cannot be read: {error}") from error


def _features(arrays: Mapping[str, NDArray[Any]]) -> Iterator[LandscapeFeature]:
    texts = list(_parts(arrays["landscape_text_utf8"], arrays["landscape_text_start"]))
    shapes = _parts(arrays["landscape_wkb"], arrays["landscape_wkb_start"])
    for row, wkb in enumerate(shapes):
        key, name, *names = (text.decode() for text in texts[row * _TEXTS : (row + 1) * _TEXTS])
        yield LandscapeFeature(
            key=key,
            kind=KINDS[int(arrays["landscape_kind"][row])],
            zoom=int(arrays["landscape_zoom"][row]),
            name=name,
            names=tuple(names),
            geometry=shapely.from_wkb(wkb),
        )


def _require_fit(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    count = len(arrays["landscape_kind"])
    lengths = {
        "landscape_zoom": count,
        "landscape_wkb_start": count + 1,
        "landscape_text_start": _TEXTS * count + 1,
    }
    fits = all(len(arrays[name]) == length for name, length in lengths.items())
    for starts, parts in (
        ("landscape_text_start", "landscape_text_utf8"),
        ("landscape_wkb_start", "landscape_wkb"),
    ):
        offsets = arrays[starts]
        fits = fits and len(offsets) > 0 and bool((np.diff(offsets) >= 0).all())
        fits = fits and int(offsets[0]) == 0 and int(offsets[-1]) == len(arrays[parts])
    if not fits:
        raise GraphError(f"{folder}: the files of the landscape do not fit each other")


def _starts(parts: Sequence[bytes]) -> NDArray[np.int64]:
    return np.cumsum([0, *map(len, parts)], dtype=np.int64)


def _parts(whole: NDArray[Any], starts: NDArray[Any]) -> Iterator[bytes]:
    joined = whole.tobytes()
    return (joined[begin:end] for begin, end in pairwise(starts.tolist()))
