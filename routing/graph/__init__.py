"""The road network as arrays: nodes, edges, shapes, turns, and the folder that holds them.

`travel`, `engine` and all packages above them may import it; it imports `cch`, `osm_tags` and
`geometry`.
"""
