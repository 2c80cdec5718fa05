"""Export formats of spaces; a new format needs only an entry here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from geo.db.sessions import Tier
from geo.errors import NotFoundError
from geo.exports.geojson import write_geojson
from geo.exports.hsds import write_hsds
from geo.exports.snapshot import Snapshot
from geo.exports.tables import write_csv, write_hxl, write_xlsx
from geo.exports.text_messages import write_messages


@dataclass(frozen=True, slots=True)
class SpaceFormat:
    """Export format of spaces.

    Parameters
    ----------
    name
        Name of the format in URLs and commands.
    title
        Description in English.
    media_type, suffix
        Media type of the file, and end of its name.
    write
        Function that makes the file. It computes for seconds, so it must not run on an event loop.
    for_anybody
        Whether the file is meant to be passed on. Then it holds only public data, even if a partner
        or member of the staff asks; a public space may have services that only partners see (P42).
    """

    name: str
    title: str
    media_type: str
    suffix: str
    write: Callable[[Snapshot], bytes]
    for_anybody: bool = False

    def tier_of(self, asker: Tier) -> Tier:
        """Return the tier whose data the file holds if a person of tier ``asker`` asks."""
        return Tier.PUBLIC if self.for_anybody else asker

    def file_name(self, snapshot: Snapshot) -> str:
        """Return the name of the export file, with the day of its data."""
        demo = "demo-" if snapshot.has_demo else ""
        return f"amparo-{demo}spaces-{snapshot.day}{self.suffix}"


def _write_geopackage(snapshot: Snapshot) -> bytes:
    # Imported only here, because GDAL and pandas take longer to load than the rest of a command.
    from geo.exports.geopackage import write_geopackage  # noqa: PLC0415

    return write_geopackage(snapshot)


#: Formats by name. Media types are registered at IANA, except for that of the GeoPackage (OGC
#: 12-128) and that of the workbook (ECMA-376).
FORMATS: Mapping[str, SpaceFormat] = {
    found.name: found
    for found in (
        SpaceFormat("hsds", "HSDS 3 JSON", "application/json", "-hsds.json", write_hsds),
        SpaceFormat(
            "hxl", "CSV with HXL hashtags", "text/csv; charset=utf-8", "-hxl.csv", write_hxl
        ),
        SpaceFormat("csv", "CSV", "text/csv; charset=utf-8", ".csv", write_csv),
        SpaceFormat(
            "xlsx",
            "Excel workbook",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ".xlsx",
            write_xlsx,
        ),
        SpaceFormat("geojson", "GeoJSON", "application/geo+json", ".geojson", write_geojson),
        SpaceFormat(
            "gpkg", "GeoPackage", "application/geopackage+sqlite3", ".gpkg", _write_geopackage
        ),
        SpaceFormat(
            "text",
            "Text messages by municipality, in Spanish, of public records alone",
            "text/plain; charset=utf-8",
            ".txt",
            write_messages,
            for_anybody=True,
        ),
    )
}


def find_format(name: str) -> SpaceFormat:
    """Return the export format with a name.

    Raises
    ------
    NotFoundError
        No format has this name.
    """
    found = FORMATS.get(name)
    if found is None:
        msg = f"no such export format; known are: {', '.join(FORMATS)}"
        raise NotFoundError(msg)
    return found
