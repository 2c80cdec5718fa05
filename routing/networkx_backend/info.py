"""Description of the backend, read by networkx on its own import; this module imports nothing."""

_DISTANCES = "Whole numbers from 0 to 1,073,741,822 as weights; see routing.networkx_backend."
_NAMES = (
    "bidirectional_dijkstra",
    "dijkstra_path",
    "dijkstra_path_length",
    "multi_source_dijkstra",
    "multi_source_dijkstra_path",
    "multi_source_dijkstra_path_length",
    "shortest_path",
    "shortest_path_length",
    "single_source_dijkstra",
    "single_source_dijkstra_path",
    "single_source_dijkstra_path_length",
)


def get_info() -> dict[str, object]:
    """Return the backend's description for the entry point ``networkx.backend_info``."""
    return {
        "backend_name": "amparo",
        "project": "amparo",
        "package": "routing.networkx_backend",
        "short_summary": "Exact shortest paths on road graphs by a customizable hierarchy.",
        "functions": {name: {"additional_docs": _DISTANCES} for name in _NAMES},
    }
