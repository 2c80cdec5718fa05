"""Regenerate corridors.geojson: the named corridors as lines over the sketch.

Usage: python data/roads/build_corridors.py [FOLDER]     (default: the folder of this script)

Standard library only; the same nodes and edges give the same bytes. Each corridor is a list of
towns; between two of them it follows the sketch's shortest way. Illustrative, not for navigation.
"""

import csv
import heapq
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

type Row = dict[str, str]
#: To each node its neighbours, with the kilometres between them.
type Graph = Mapping[str, Sequence[tuple[str, float]]]

#: Id, name, and the nodes that a corridor passes, in order [A]: main roads between towns, and
#: official crossings alone where one leaves its country.
CORRIDORS = (
    (
        "cucuta-bogota",
        "Cúcuta – Bucaramanga – Bogotá",
        ("X-BOLIVAR", "G3685533", "G3673045", "J-CO-BERLIN", "G3688465", "G3666608", "G3688689"),
    ),
    (
        "pamplona-bogota",
        "Pamplona – Málaga – Tunja – Bogotá",
        ("G3673045", "G3686460", "G3675605", "G3666608", "G3688689"),
    ),
    (
        "arauca-bogota",
        "Arauca – Tame – Yopal – Bogotá",
        ("X-PAEZ", "G3689718", "G3667478", "G3665688", "G3688689"),
    ),
    (
        "bogota-ipiales",
        "Bogotá – Cali – Pasto – Ipiales",
        ("G3688689", "G3668087", "G3687925", "G3671916", "G3672778", "G3680539", "X-RUMICHACA-CO"),
    ),
    (
        "tulcan-tumbes",
        "Tulcán – Quito – Huaquillas – Tumbes",
        # Past Guayaquil, which lies off it: in and out of it the way is the same.
        ("X-RUMICHACA-EC", "G3650472", "G3655673", "G3652462", "G3655720", "X-HUAQUILLAS",
         "G3691148"),
    ),
    ("colchane-iquique", "Colchane – Iquique", ("X-COLCHANE", "G3894309", "G3887127")),
    ("pacaraima-boa-vista", "Pacaraima – Boa Vista", ("X-PACARAIMA", "G12959592", "G3664980")),
)  # fmt: skip

SOURCE = "Amparo corridor sketch; places GeoNames"
LICENCE = "CC BY 4.0"


def read(path: Path) -> list[Row]:
    """Return the rows of a CSV file by column name."""
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def graph_of(edges: Sequence[Row]) -> Graph:
    """Return the sketch as neighbours by node."""
    found = defaultdict(list)
    for edge in edges:
        a, b, length_km = edge["from_node"], edge["to_node"], float(edge["length_km"])
        found[a].append((b, length_km))
        found[b].append((a, length_km))
    return found


def shortest(graph: Graph, start: str, end: str) -> tuple[float, list[str]]:
    """Return kilometres and nodes of the shortest way (Dijkstra 1959), ends included."""
    queue = [(0.0, [start])]
    done = set()
    while queue:
        length_km, path = heapq.heappop(queue)
        if path[-1] == end:
            return length_km, path
        if path[-1] in done:
            continue
        done.add(path[-1])
        for other, edge_km in graph[path[-1]]:
            if other not in done:
                heapq.heappush(queue, (length_km + edge_km, [*path, other]))
    sys.exit(f"no way from {start} to {end}")


def walk(graph: Graph, stops: Sequence[str]) -> tuple[float, list[str]]:
    """Return kilometres and nodes of the way through all stops."""
    total_km, nodes = 0.0, [stops[0]]
    for start, end in pairwise(stops):
        length_km, path = shortest(graph, start, end)
        total_km += length_km
        nodes += path[1:]
    return total_km, nodes


def require_official(id_: str, nodes: Sequence[Row]) -> None:
    """Stop where a corridor repeats a place, or changes its country away from a crossing (P12)."""
    ids = [node["node_id"] for node in nodes]
    if len(set(ids)) < len(ids):
        sys.exit(f"{id_}: passes a place twice")
    for a, b in pairwise(nodes):
        if a["country"] != b["country"] and "crossing" not in {a["kind"], b["kind"]}:
            sys.exit(f"{id_}: {a['node_id']} to {b['node_id']} is no official crossing")


def feature(id_: str, name: str, length_km: float, nodes: Sequence[Row]) -> dict[str, object]:
    """Return one corridor as a feature of GeoJSON."""
    return {
        "type": "Feature",
        "geometry": {
            "type": "LineString",
            "coordinates": [[float(node["lon"]), float(node["lat"])] for node in nodes],
        },
        "properties": {
            "id": id_,
            "name": name,
            "countries": list(dict.fromkeys(node["country"] for node in nodes)),
            "places": [node["name"] for node in nodes],
            # Of the road, by the sketch's lengths; the line itself is shorter.
            "length_m": round(length_km * 1000),
            "illustrative": True,
            "visibility": "public",
            "source": SOURCE,
            "licence": LICENCE,
        },
    }


def main(folder: Path) -> None:
    """Write corridors.geojson."""
    nodes = {node["node_id"]: node for node in read(folder / "nodes.csv")}
    graph = graph_of(read(folder / "edges.csv"))
    features = []
    for id_, name, stops in CORRIDORS:
        length_km, ids = walk(graph, stops)
        passed = [nodes[node] for node in ids]
        require_official(id_, passed)
        features.append(feature(id_, name, length_km, passed))
        sys.stdout.write(f"{id_}: {length_km:.0f} km, {len(ids)} places\n")
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in features)
    text = f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'
    (folder / "corridors.geojson").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
