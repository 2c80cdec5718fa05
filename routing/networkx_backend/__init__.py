"""The networkx backend ``amparo``: networkx's own functions, answered by the hierarchy.

How networkx finds it
---------------------
On its own import, networkx reads the entry points ``networkx.backends`` and
``networkx.backend_info`` of all installed distributions (`importlib.metadata`), and never again.
A wheel of this project brings them, since pyproject.toml names them. A checkout is not installed:
its folder is on the path by a ``.pth`` file. There ``./run`` writes a ``.dist-info`` beside that
file with the same entry points, read from pyproject.toml. The other way, to add ourselves to
networkx's private tables when `routing` is imported, would need these to stay as they are and
would work only for who imports us first.

`info` is loaded by every ``import networkx``, so it imports nothing; `interface` only when the
backend is used first.

What is answered
----------------
Whole numbers from 0 to `routing.cch.UNREACHABLE` - 1 (also written as floats), by attribute name
or one for each edge. Everything else is refused with the reason as `NotImplementedError`, so that
networkx takes its own code where it chose us by itself: callables, negative numbers, fractions
(their sums depend on the order in which a search adds them, ours would not be networkx's), and
paths that cost more than the hierarchy can count.

When a conversion is out of date
--------------------------------
networkx keeps the conversion of a graph until a method of the graph changes it;
``G[u][v]["weight"] = 3`` is no method, and networkx only warns. See `network.RoadNetwork` for what
we notice, and `routing.networkx_backend.conversion.refresh` for what to call after such changes. A
native graph (`RoadNetwork`) has one way to change a weight, `RoadNetwork.update_edges`, and is
never out of date.
"""
