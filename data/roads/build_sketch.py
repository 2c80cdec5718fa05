"""Regenerate corridors.osm.xml from nodes.csv and edges.csv, after checking them.

Usage: python data/roads/build_sketch.py [FOLDER]     (default: the folder of this script)

Standard library only. The output is a corridor SKETCH: straight lines between towns, lengths
shared out over published or estimated totals. Illustrative; not for navigation.
"""

import csv
import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

type Row = dict[str, str]

CLASSES = {"trunk", "primary", "secondary"}
KINDS = {"town", "crossing", "junction"}
LENGTH_SOURCES = ("published", "estimated")
SOURCE = "amparo:corridor-sketch"
HEIGHTS_M = (-400, 5200)
LONGEST_KM = 700
COMPONENTS = 2  # South America; Panama and Costa Rica: no road crosses the Darién
IUGG_RADIUS_KM = 6371.0088


def great_circle_km(a: Row, b: Row) -> float:
    """Return the haversine distance between two nodes."""
    la, lo, lb, lp = (math.radians(float(row[key])) for row in (a, b) for key in ("lat", "lon"))
    h = math.sin((lb - la) / 2) ** 2 + math.cos(la) * math.cos(lb) * math.sin((lp - lo) / 2) ** 2
    return 2 * IUGG_RADIUS_KM * math.asin(math.sqrt(h))


def read(path: Path) -> list[Row]:
    """Return the rows of a CSV file by column name."""
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def components(nodes: Iterable[str], edges: Iterable[Row]) -> list[list[str]]:
    """Return the connected parts, the largest first."""
    adjacent = defaultdict(list)
    for edge in edges:
        adjacent[edge["from_node"]].append(edge["to_node"])
        adjacent[edge["to_node"]].append(edge["from_node"])
    seen: set[str] = set()
    found = []
    for node in nodes:
        if node in seen:
            continue
        stack, part = [node], []
        seen.add(node)
        while stack:
            part.append(stack.pop())
            new = [other for other in adjacent[part[-1]] if other not in seen]
            seen.update(new)
            stack += new
        found.append(part)
    return sorted(found, key=len, reverse=True)


def node_problems(node: Row) -> Iterator[str]:
    """Yield what is wrong with one node."""
    if node["kind"] not in KINDS:
        yield f"{node['node_id']}: kind {node['kind']}"
    if node["kind"] == "town" and not node["geonameid"] and "coordinates" not in node["note"]:
        yield f"{node['node_id']}: town without a source"
    if node["kind"] == "crossing" and not node["country_b"]:
        yield f"{node['node_id']}: crossing without a second country"
    if not HEIGHTS_M[0] <= float(node["elevation_m"]) <= HEIGHTS_M[1]:
        yield f"{node['node_id']}: elevation {node['elevation_m']}"


def edge_problems(edge: Row, a: Row, b: Row) -> Iterator[str]:
    """Yield what is wrong with one edge between two known nodes."""
    # An edge may join two countries only through an official crossing node.
    first = {a["country"], a["country_b"]} - {""}
    second = {b["country"], b["country_b"]} - {""}
    if not first & second:
        where = f"{a['name']}–{b['name']}"
        yield f"{edge['edge_id']}: border crossed away from a crossing ({where})"
    straight, km = great_circle_km(a, b), float(edge["length_km"])
    if km < straight * 0.999 - 0.01 or km > straight * 3 + 0.5 or km > LONGEST_KM:
        yield f"{edge['edge_id']}: length {km} for {straight:.2f} km great circle"
    if edge["road_class"] not in CLASSES or edge["length_source"] not in LENGTH_SOURCES:
        yield f"{edge['edge_id']}: class or source"
    if edge["length_source"] == "published" and not edge["published_ref"]:
        yield f"{edge['edge_id']}: published length without a reference"


def problems(nodes: dict[str, Row], edges: list[Row]) -> Iterator[str]:
    """Yield what is wrong; nothing means that the sketch may be written."""
    for node in nodes.values():
        yield from node_problems(node)
    ids: set[str] = set()
    pairs: set[tuple[str, ...]] = set()
    for edge in edges:
        if edge["edge_id"] in ids:
            yield f"{edge['edge_id']}: duplicate id"
        ids.add(edge["edge_id"])
        if edge["from_node"] not in nodes or edge["to_node"] not in nodes:
            yield f"{edge['edge_id']}: unknown node"
            continue
        pair = tuple(sorted((edge["from_node"], edge["to_node"])))
        if pair in pairs or pair[0] == pair[1]:
            yield f"{edge['edge_id']}: duplicate or loop"
        pairs.add(pair)
        yield from edge_problems(edge, nodes[edge["from_node"]], nodes[edge["to_node"]])
    used = {node for pair in pairs for node in pair}
    yield from (f"{node}: isolated" for node in nodes if node not in used)
    parts = components(nodes, edges)
    if len(parts) != COMPONENTS:
        yield f"{len(parts)} components, {COMPONENTS} expected"


def tags(pairs: Iterable[tuple[str, object]]) -> str:
    """Return the tag elements of the pairs that have a value."""
    return "".join(
        f"    <tag k={quoteattr(key)} v={quoteattr(str(value)[:255])}/>\n"
        for key, value in pairs
        if value not in {"", None}
    )


def osm_nodes(nodes: dict[str, Row], number: dict[str, int]) -> Iterator[str]:
    """Yield the node elements."""
    for key, node in nodes.items():
        place = f'lat="{node["lat"]}" lon="{node["lon"]}"'
        yield f'  <node id="{number[key]}" version="1" visible="true" {place}>\n'
        countries = [code for code in (node["country"], node["country_b"]) if code]
        yield tags(
            [
                ("name", node["name"]),
                ("ele", node["elevation_m"]),
                ("barrier", "border_control" if node["kind"] == "crossing" else ""),
                ("source", SOURCE),
                ("amparo:node_id", node["node_id"]),
                ("amparo:kind", node["kind"]),
                ("amparo:countries", ";".join(countries)),
                ("amparo:ele_source", node["elevation_source"]),
                ("amparo:precision", node["coord_precision"]),
            ]
        )
        yield "  </node>\n"


def osm_ways(edges: list[Row], number: dict[str, int]) -> Iterator[str]:
    """Yield the way elements."""
    for index, edge in enumerate(edges):
        yield f'  <way id="{-(100001 + index)}" version="1" visible="true">\n'
        yield f'    <nd ref="{number[edge["from_node"]]}"/>\n'
        yield f'    <nd ref="{number[edge["to_node"]]}"/>\n'
        yield tags(
            [
                ("highway", edge["road_class"]),
                ("ref", edge["road_ref"]),
                ("name", edge["corridor_name"]),
                ("surface", edge["surface"]),
                ("source", SOURCE),
                ("amparo:edge_id", edge["edge_id"]),
                ("amparo:length_m", round(float(edge["length_km"]) * 1000)),
                ("amparo:length_source", edge["length_source"]),
                ("amparo:precision", "sketch"),
                ("amparo:hazard_notes", edge["hazard_notes"]),
            ]
        )
        yield "  </way>\n"


def write_osm(nodes: dict[str, Row], edges: list[Row], path: Path) -> None:
    """Write the sketch as OSM XML."""
    number = {key: -(index + 1) for index, key in enumerate(nodes)}
    lat = [float(node["lat"]) for node in nodes.values()]
    lon = [float(node["lon"]) for node in nodes.values()]
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        stream.write(
            '<osm version="0.6" generator="amparo corridor sketch" upload="never" '
            'copyright="see README.md" attribution="GeoNames CC BY 4.0">\n'
        )
        stream.write(
            f'  <bounds minlat="{min(lat)}" minlon="{min(lon)}"'
            f' maxlat="{max(lat)}" maxlon="{max(lon)}"/>\n'
        )
        stream.writelines(osm_nodes(nodes, number))
        stream.writelines(osm_ways(edges, number))
        stream.write("</osm>\n")


def main() -> int:
    """Check, write, and say what was written; 1 where the tables have problems."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    nodes = {node["node_id"]: node for node in read(folder / "nodes.csv")}
    edges = read(folder / "edges.csv")
    bad = list(problems(nodes, edges))
    for line in bad:
        sys.stderr.write(f"PROBLEM: {line}\n")
    if bad:
        return 1
    write_osm(nodes, edges, folder / "corridors.osm.xml")
    km = sum(float(edge["length_km"]) for edge in edges)
    sys.stdout.write(f"{len(nodes)} nodes, {len(edges)} edges, {km:,.0f} km\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
