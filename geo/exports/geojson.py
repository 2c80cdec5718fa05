"""Export of spaces as GeoJSON."""

from typing import Any

from geo.exports.json_stream import written
from geo.exports.snapshot import ATTRIBUTION, POSITION, Record, Snapshot

#: Decimals of a degree in coordinates, after RFC 7946 (section 11.2). Six decimals are about 0.1 m,
#: finer than any stored position.
DECIMALS = 6


def write_geojson(snapshot: Snapshot) -> bytes:
    """Return spaces as a FeatureCollection (RFC 7946) that the import of spaces also reads."""
    names = [name for name in snapshot.columns if name not in POSITION]
    return written(
        {
            "type": "FeatureCollection",
            "numberReturned": len(snapshot.records),
            "attribution": ATTRIBUTION,
            "notice": snapshot.notice,
            "demo": snapshot.has_demo,
            "data_as_of": snapshot.day,
        },
        {"features": (_feature(record, names) for record in snapshot.records)},
    )


def _feature(record: Record, names: list[str]) -> dict[str, Any]:
    position = [round(record["lon"], DECIMALS), round(record["lat"], DECIMALS)]
    return {
        "type": "Feature",
        "id": record["id"],
        "geometry": {"type": "Point", "coordinates": position},
        "properties": {name: record[name] for name in names},
    }
