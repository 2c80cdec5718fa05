"""From an OpenStreetMap extract to a graph folder.

Within `routing` only `routing.read_osm` uses it; it imports `graph`, `travel` and `engine`.
"""
