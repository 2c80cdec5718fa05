"""THE list of formats: a new one is one entry here; and which of them an asker means."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiles.downloads import texts
from tiles.errors import NotAcceptableError, UnknownFormatError
from tiles.features.attribution import About

if TYPE_CHECKING:
    import pyarrow as pa

    from tiles.downloads.files import Pack, Packed, Tables


@dataclass(frozen=True)
class FeatureFormat:
    """How features are written.

    Parameters
    ----------
    name
        Value of the parameter ``f``.
    title
        What it is, English.
    media_type, extension
        Of the file; the extension with its dot.
    also
        Media types of an ``Accept`` that are answered with it too.
    is_page
        A page of items may be asked for in it.
    lines
        How it is written, where it is a text for each feature.
    pack
        How it is written, where it is made of tables. Pages of neither are the app's.
    """

    name: str
    title: str
    media_type: str
    extension: str
    also: tuple[str, ...] = ()
    is_page: bool = True
    lines: texts.TextLayout | None = None
    pack: "Pack | None" = None

    @property
    def is_download(self) -> bool:
        """Whether a whole collection may be asked for in it."""
        return self.lines is not None or self.pack is not None

    @property
    def media_types(self) -> tuple[str, ...]:
        """Every media type that is answered with it, without parameters."""
        return (self.media_type.partition(";")[0], *self.also)


# Arrow is imported on use: it takes as long to load as the rest of a command.
def _pack_flatgeobuf(tables: "Tables", schema: "pa.Schema", about: About) -> "Packed":
    from tiles.downloads.files import pack_flatgeobuf  # noqa: PLC0415

    return pack_flatgeobuf(tables, schema, about)


def _pack_geopackage(tables: "Tables", schema: "pa.Schema", about: About) -> "Packed":
    from tiles.downloads.files import pack_geopackage  # noqa: PLC0415

    return pack_geopackage(tables, schema, about)


def _pack_parquet(tables: "Tables", schema: "pa.Schema", about: About) -> "Packed":
    from tiles.downloads.files import pack_parquet  # noqa: PLC0415

    return pack_parquet(tables, schema, about)


GEOJSON = FeatureFormat(
    "json",
    "GeoJSON",
    "application/geo+json",
    ".geojson",
    also=("application/json",),
    lines=texts.GEOJSON,
)
HTML = FeatureFormat("html", "Page", "text/html; charset=utf-8", ".html")

#: In the order of preference where an asker has none. Media types: IANA, but for FlatGeobuf,
#: which has none there (ours is what ldproxy answers).
FORMATS: tuple[FeatureFormat, ...] = (
    GEOJSON,
    HTML,
    FeatureFormat(
        "jsonfg", "JSON-FG", "application/vnd.ogc.fg+json", ".fg.json", lines=texts.JSONFG
    ),
    FeatureFormat(
        "jsonseq",
        "GeoJSON text sequence",
        "application/geo+json-seq",
        ".geojsons",
        lines=texts.GEOJSON_SEQUENCE,
    ),
    FeatureFormat("csv", "CSV", "text/csv; charset=utf-8", ".csv", lines=texts.CSV),
    FeatureFormat("kml", "KML", "application/vnd.google-earth.kml+xml", ".kml", lines=texts.KML),
    FeatureFormat(
        "fgb",
        "FlatGeobuf",
        "application/flatgeobuf",
        ".fgb",
        is_page=False,
        pack=_pack_flatgeobuf,
    ),
    FeatureFormat(
        "gpkg",
        "GeoPackage",
        "application/geopackage+sqlite3",
        ".gpkg",
        is_page=False,
        pack=_pack_geopackage,
    ),
    FeatureFormat(
        "parquet",
        "GeoParquet",
        "application/vnd.apache.parquet",
        ".parquet",
        is_page=False,
        pack=_pack_parquet,
    ),
)


def negotiate(f: str | None, accept: str | None, offered: Sequence[FeatureFormat]) -> FeatureFormat:
    """Return the format that is meant: ``f`` decides, or else the ``Accept`` header.

    Parameters
    ----------
    f
        Name of a format, if asked for by name.
    accept
        The header (RFC 9110, 12.5.1), if any.
    offered
        What there is, in the order of preference.

    Raises
    ------
    UnknownFormatError
        None of the offered ones has that name.
    NotAcceptableError
        The header accepts none of them.
    """
    if f is not None:
        for found in offered:
            if found.name == f:
                return found
        raise UnknownFormatError(found.name for found in offered)
    if accept is None or not accept.strip():
        return offered[0]
    ranges = _ranges(accept)
    weighed = [(_weight(found, ranges), found) for found in offered]
    # The first of the heaviest, as `max` has it.
    weight, best = max(weighed, key=lambda pair: pair[0])
    if weight <= 0:
        raise NotAcceptableError(found.media_types[0] for found in offered)
    return best


def _ranges(accept: str) -> dict[str, float]:
    """Return the weight of each media range; one that is no number counts as nothing."""
    found = {}
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name:
            found[name] = _quality(parameters)
    return found


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                # Not a number is neither more nor less than another.
                return float(value) if 0 <= float(value) <= 1 else 0.0
            except ValueError:
                return 0.0
    return 1.0


def _weight(found: FeatureFormat, ranges: dict[str, float]) -> float:
    """Return how much a format is wanted: the most exact range that covers it decides."""
    weights = []
    for media_type in found.media_types:
        family = f"{media_type.partition('/')[0]}/*"
        covering = (ranges[name] for name in (media_type, family, "*/*") if name in ranges)
        weights.append(next(covering, 0.0))
    return max(weights)
