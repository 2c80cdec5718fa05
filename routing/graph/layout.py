"""Layout of a road graph's directory: arrays, their lengths, and what each index refers to."""

#: Version of the layout, raised by 1 whenever an array is added, dropped or read differently.
FORMAT_VERSION = 4
FORMAT = "amparo-road-graph"

#: Field of `routing.cch.Topology` -> (dtype, length), see `ARRAYS`; M is the number of arcs.
#: The hierarchy is built over nodes and edges including the copies of
#: `routing.graph.turn_expansion`: H = N + V, F = E + X.
HIERARCHY: dict[str, tuple[str, str]] = {
    "order": ("<i4", "H"),
    "rank": ("<i4", "H"),
    "parent": ("<i4", "H"),
    "level": ("<u2", "H"),
    "subtree": ("<i4", "H"),
    "first": ("<i8", "H+"),
    "head": ("<i4", "M"),
    "tail": ("<i4", "M"),
    "head_level": ("<u2", "M"),
    "down_first": ("<i8", "H+"),
    "down_arc": ("<i4", "M"),
    "down_tail": ("<i4", "M"),
    "edge_arc": ("<i4", "F"),
    "edge_is_up": ("|b1", "F"),
    "arc_first": ("<i8", "M+"),
    "arc_edge": ("<i4", "*"),
}


#: Prefix of the hierarchy's file names.
HIERARCHY_PREFIX = "hierarchy_"

#: name -> (dtype, length). N: nodes, E: directed edges, V and X: copies of nodes and of edges,
#: M: arcs. A "+" adds one; "*" is any length.
ARRAYS: dict[str, tuple[str, str]] = {
    "node_lon": ("<i4", "N"),
    "node_lat": ("<i4", "N"),
    "node_elevation_m": ("<f4", "N"),
    "node_country": ("<i2", "N"),
    "node_osm_id": ("<i8", "N"),
    "node_name": ("<i4", "N"),
    "edge_tail": ("<i4", "E"),
    "edge_head": ("<i4", "E"),
    "edge_twin": ("<i4", "E"),
    "edge_length_dm": ("<u4", "E"),
    "edge_class": ("|u1", "E"),
    "edge_surface": ("|u1", "E"),
    "edge_smoothness": ("|u1", "E"),
    "edge_flags": ("<u2", "E"),
    "edge_way_id": ("<i8", "E"),
    "edge_piece": ("<i4", "E"),
    "edge_name": ("<i4", "E"),
    "edge_ref": ("<i4", "E"),
    "edge_maxspeed_kmh": ("|u1", "E"),
    "edge_ascent_m": ("<f4", "E"),
    "edge_descent_m": ("<f4", "E"),
    "turn_node": ("<i4", "V"),
    "turn_tail": ("<i4", "X"),
    "turn_head": ("<i4", "X"),
    "turn_edge": ("<i4", "X"),
    "shape_start": ("<i8", "E+"),
    "shape_lon": ("<i4", "*"),
    "shape_lat": ("<i4", "*"),
    "names_start": ("<i8", "*"),
    "names_utf8": ("|u1", "*"),
    "grid_frame": ("<f8", "*"),
    "cell_start": ("<i8", "*"),
    "cell_segment": ("<i8", "*"),
    **{f"{HIERARCHY_PREFIX}{name}": layout for name, layout in HIERARCHY.items()},
}

#: Arrays of the features drawn beneath the streets (`routing.graph.landscape`); not every region
#: has them.
LANDSCAPE: dict[str, tuple[str, str]] = {
    "landscape_kind": ("|u1", "*"),
    "landscape_zoom": ("|u1", "*"),
    "landscape_text_start": ("<i8", "*"),
    "landscape_text_utf8": ("|u1", "*"),
    "landscape_wkb_start": ("<i8", "*"),
    "landscape_wkb": ("|u1", "*"),
}

#: Field of `routing.cch.Metric` -> (dtype, length); costs are int32 in the hierarchy's units.
METRIC: dict[str, tuple[str, str]] = {
    "cost": ("<i4", "F"),
    "up": ("<i4", "M"),
    "down": ("<i4", "M"),
    "up_origin": ("<i4", "M"),
    "down_origin": ("<i4", "M"),
}


def metric_file(name: str, column: str) -> str:
    """Return the name of the array, in a graph directory, that holds one field of a metric."""
    return f"metric_{name}_{column}"


#: Array of indices -> (length of the array into which the indices point, least allowed index: -1
#: where a row may have none).
POINTS_TO = {
    "edge_tail": ("N", 0),
    "edge_head": ("N", 0),
    "edge_twin": ("E", -1),
    "turn_node": ("N", 0),
    "turn_tail": ("H", 0),
    "turn_head": ("H", 0),
    "turn_edge": ("E", 0),
    "hierarchy_order": ("H", 0),
    "hierarchy_rank": ("H", 0),
    "hierarchy_parent": ("H", -1),
    "hierarchy_subtree": ("H", 0),
    "hierarchy_first": ("M+", 0),
    "hierarchy_head": ("H", 0),
    "hierarchy_tail": ("H", 0),
    "hierarchy_down_first": ("M+", 0),
    "hierarchy_down_arc": ("M", 0),
    "hierarchy_down_tail": ("H", 0),
    "hierarchy_edge_arc": ("M", -1),
    "hierarchy_arc_first": ("F+", 0),
    "hierarchy_arc_edge": ("F", 0),
}


def counts(
    nodes: int, edges: int, arcs: int, node_copies: int = 0, edge_copies: int = 0
) -> dict[str, int]:
    """Return the length that each name of a length in `ARRAYS`, such as "N" or "E+", stands for."""
    of = {"N": nodes, "E": edges, "M": arcs, "V": node_copies, "X": edge_copies}
    of |= {"H": nodes + node_copies, "F": edges + edge_copies}
    return of | {f"{name}+": count + 1 for name, count in of.items()}
