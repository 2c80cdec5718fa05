"""Customizable contraction hierarchy: exact routes in a fraction of a millisecond.

Three steps, each with a module of its own (Dibbelt, Strasser and Wagner, arXiv 1402.0402):

1. `topology`: from the shape of the road graph alone, once per graph;
2. `customization`: a cost per edge becomes a cost per arc, in full; `partial_customization`: where
   a few costs changed;
3. `queries`: climb the elimination tree from both ends, unpack shortcuts into edges.

`hierarchy` is the public interface and checks its input; the kernels do not.

Words
-----
rank
    Position of a node in the order, 0 is contracted first. The order is a postorder of the
    elimination tree, so the descendants of a rank are the ranks right below it.
arc
    Undirected pair of ranks (tail < head) with a cost each way: *up* towards the head, *down*
    from it.
parent
    The lowest rank above v that v has an arc to. Every head of v's arcs is an ancestor of v.
level
    How many ancestors a rank has. Two ancestors of one rank never share a level, so what a
    search knows of a rank's ancestors fits in an array as long as the tree is high.
"""

from routing.cch.customization import UNREACHABLE, Metric
from routing.cch.hierarchy import Hierarchy
from routing.cch.topology import Topology

__all__ = ["UNREACHABLE", "Hierarchy", "Metric", "Topology"]
