"""Make crossings.csv and crossing_statuses.csv from the sketch's nodes.

Run once when the sketch changes: ``python data/spaces/build_crossings.py NODES.csv``, with the
nodes.csv of data/roads. Only official crossings are in it; a crossing with two posts stays two
rows, one a post. No source gives hours: every status is an assumption for the demonstration
and says so.
"""

import csv
import gzip
import math
import sys
from pathlib import Path

HERE = Path(__file__).parent

ASSUMPTION = (
    "supuesto de demostración: ninguna fuente publica el horario de este paso; "
    "no es información para viajar"
)
FIRST_DAY = "2026-01-01"
OPENS_AT, CLOSES_AT = "06:00", "20:00"
EVERY_DAY = "MO,TU,WE,TH,FR,SA,SU"


def rows_of(text: str) -> list[dict[str, str]]:
    """Return the rows of a CSV text by column name."""
    return list(csv.DictReader(text.splitlines()))


def timezone_near(node: dict[str, str], places: list[dict[str, str]]) -> str:
    """Return the time zone of the nearest GeoNames place in the node's own country."""
    lon, lat = float(node["lon"]), float(node["lat"])
    own = (place for place in places if place["country"] == node["country"])
    nearest = min(
        own, key=lambda place: math.hypot(float(place["lon"]) - lon, float(place["lat"]) - lat)
    )
    return nearest["timezone"]


def position_source(note: str) -> str:
    """Return what a node's note says of its position, without remarks on a day's state."""
    parts = [part.strip() for part in note.split(";")]
    known = ("source:", "position", "town pair only", "confirm before use")
    return "; ".join(part for part in parts if part.startswith(known))


def write(name: str, header: list[str], rows: list[list[str]]) -> None:
    """Write a CSV file with plain line ends."""
    with (HERE / name).open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main(nodes_file: Path) -> None:
    """Make both files."""
    nodes = [
        node
        for node in rows_of(nodes_file.read_text(encoding="utf-8"))
        if node["kind"] == "crossing"
    ]
    nodes.sort(key=lambda node: node["node_id"])
    packed = (HERE.parent / "boundaries" / "places.csv.gz").read_bytes()
    places = rows_of(gzip.decompress(packed).decode())
    write(
        "crossings.csv",
        ["id", "name", "country_a", "country_b", "lon", "lat", "coord_precision",
         "visibility", "source", "licence"],
        [
            [n["node_id"], n["name"], n["country"], n["country_b"], n["lon"], n["lat"],
             n["coord_precision"], "public", position_source(n["note"]),
             "CC BY 4.0 (GeoNames); Natural Earth"]
            for n in nodes
        ],
    )  # fmt: skip
    write(
        "crossing_statuses.csv",
        ["id", "crossing_id", "state", "valid_from", "valid_to", "timezone", "byday",
         "opens_at", "closes_at", "assumption", "source"],
        [
            [f"DEMO-{n['node_id']}", n["node_id"], "open", FIRST_DAY, "",
             timezone_near(n, places), EVERY_DAY, OPENS_AT, CLOSES_AT, "true", ASSUMPTION]
            for n in nodes
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]))
