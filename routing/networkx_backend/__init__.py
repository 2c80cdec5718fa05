"""The networkx backend ``amparo``: networkx's own functions, answered by the hierarchy.

How networkx finds it
---------------------
On its own import, networkx reads the entry points ``networkx.backends`` and
``networkx.backend_info`` of all installed distributions (`importlib.metadata`), and never again.
A wheel of this project has them, since pyproject.toml names them. A checkout is not installed: a
``.pth`` file puts its folder on the path. So ``./run`` writes a ``.dist-info`` folder beside the
``.pth`` file, with the same entry points, read from pyproject.toml. (To add the backend to
networkx's private tables when `routing` is imported would depend on these tables, and would work
only if `routing` is imported first.)

`info` is loaded by every ``import networkx``, so it imports nothing; `interface` only when the
backend is used first.

What is answered
----------------
Calls whose weights are whole numbers from 0 to `routing.cch.UNREACHABLE` - 1 (also as floats),
given by the name of an edge attribute, or without weight (1 for each edge). All other calls are
refused with the reason as `NotImplementedError`, and networkx runs its own code if it chose the
backend by itself: callables as weights, negative numbers, fractions (their sums depend on the order
of addition, so results would differ from networkx's), and paths that cost more than the hierarchy
can hold.

When a conversion is out of date
--------------------------------
networkx keeps the conversion of a graph until a method of the graph changes it;
``G[u][v]["weight"] = 3`` is no method, and networkx only warns. See `network.RoadNetwork` for what
we notice, and `routing.networkx_backend.conversion.refresh` for what to call after such changes. A
native graph (`RoadNetwork`) has one way to change a weight, `RoadNetwork.update_edges`, and is
never out of date.
"""
