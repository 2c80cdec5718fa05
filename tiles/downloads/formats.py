"""The list of feature formats (a new format is one entry of it), and content negotiation."""

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
    """A format of features.

    Parameters
    ----------
    name
        Value of the parameter ``f``.
    title
        Description, English.
    media_type, extension
        Media type of the file, and extension of its name, with the dot.
    also
        Further media types in an ``Accept`` header that select this format.
    is_page
        Whether a page of items can be requested in the format.
    lines
        Layout of a format in which each feature is one text (`tiles.downloads.texts`), else None.
    pack
        Writer of a format made from Arrow tables (`tiles.downloads.files`), else None. Pages of a
        format with neither ``lines`` nor ``pack`` are written by the app itself.
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
        """Whether a whole collection can be requested in the format."""
        return self.lines is not None or self.pack is not None

    @property
    def media_types(self) -> tuple[str, ...]:
        """Every media type that selects the format, without parameters."""
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

#: Formats in the order of preference for a client that states none. Media types are IANA's, except
#: that of FlatGeobuf, which is not registered: ldproxy uses the same.
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
    """Return the requested format: the parameter ``f`` decides, otherwise the ``Accept`` header.

    Parameters
    ----------
    f
        Name of a format, if given.
    accept
        The header (RFC 9110, 12.5.1), if given.
    offered
        Available formats, in the order of preference.

    Raises
    ------
    UnknownFormatError
        No offered format has this name.
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
    # Of formats with equal weights `max` returns the first, which the server prefers.
    weight, best = max(weighed, key=lambda pair: pair[0])
    if weight <= 0:
        raise NotAcceptableError(found.media_types[0] for found in offered)
    return best


def _ranges(accept: str) -> dict[str, float]:
    """Return the weight of each media range in an Accept header; an invalid weight counts as 0."""
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
                # NaN fails the comparison and counts as 0.
                return float(value) if 0 <= float(value) <= 1 else 0.0
            except ValueError:
                return 0.0
    return 1.0


def _weight(found: FeatureFormat, ranges: dict[str, float]) -> float:
    """Return the weight of a format: that of the most specific media range which matches it."""
    weights = []
    for media_type in found.media_types:
        family = f"{media_type.partition('/')[0]}/*"
        covering = (ranges[name] for name in (media_type, family, "*/*") if name in ranges)
        weights.append(next(covering, 0.0))
    return max(weights)
