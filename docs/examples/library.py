"""Plans a walk by the library `routing` alone, from an osmnx graph and a frame of spaces.

Needs no server and no network: `pip install .` in a checkout, whose demonstration is read.
"""

from datetime import datetime
from pathlib import Path

import geopandas
import osmnx

import routing

DATA = Path(__file__).resolve().parents[2] / "data"
CUCUTA, BUCARAMANGA = (-72.5049, 7.90745), (-73.11895, 7.125)
LEAVING = datetime.fromisoformat("2026-11-25T06:00:00-05:00")

# Roads. The demonstration draws them as straight lines between towns and states their true lengths;
# a graph of streets, from osmnx.graph_from_place(…, network_type="walk"), is handed in as it is.
osmnx.settings.useful_tags_node += ["name", "ele", "amparo:countries"]
osmnx.settings.useful_tags_way += ["amparo:length_m"]
graph = osmnx.graph_from_xml(DATA / "roads" / "corridors.osm.xml", simplify=False, retain_all=True)
for _, node in graph.nodes(data=True):
    node |= {"elevation": float(node["ele"]), "country": node["amparo:countries"][:2]}
for _, _, edge in graph.edges(data=True):
    edge["length"] = float(edge["amparo:length_m"])
network = routing.walking_network(graph, is_sketch=True)

# Spaces. What may not count is left out first.
frame = geopandas.read_file(DATA / "spaces" / "demo_spaces.geojson").set_index("id")
counting = (frame["status"] == "active") & (frame["access"] == "open") & ~frame["confidential"]
spaces = routing.support_spaces(
    frame[counting & (frame["visibility"] == "public")],
    place="locality",
    country="country",
    overnight="overnight",
    valid_until="expires_on",
)

corridor = routing.measure_corridor(network, spaces, [CUCUTA, BUCARAMANGA], at=LEAVING)
nights = corridor.figures.loc["overnight"]
print(f"DEMO: {corridor.length_m / 1e3:.1f} km, {nights['supports']:.0f} places to sleep")
print(f"longest stretch without one: {nights['longest_gap_m'] / 1e3:.1f} km")

for longest_day_m in (25_000, 50_000):
    found = routing.find_itineraries(
        network, spaces, CUCUTA, BUCARAMANGA, at=LEAVING, max_day_m=longest_day_m
    )
    answer = f"{found.summary['nights'].min()} nights" if found.is_feasible else "no itinerary"
    print(f"days of {longest_day_m / 1e3:.0f} km: {answer}")
    for _, stretch in found.stretches.iterrows():
        print(f"  {stretch['length_m'] / 1e3:.1f} km from {stretch['from_place']}")

areas = routing.draw_isochrones(network, [CUCUTA], at=LEAVING, ranges_s=[4 * 3_600, 8 * 3_600])
print(f"within 8 hours of Cúcuta: {areas['area_m2'].max() / 1e6:.0f} km2")

proposed = routing.propose_sites(corridor)
proof = "proven" if proposed.is_proven else "not proven"
print(f"fewest new spaces for days of 25 km: {len(proposed.sites)}, {proof}")
print(f"longest stretch then: {proposed.longest_after_m / 1e3:.1f} km")
