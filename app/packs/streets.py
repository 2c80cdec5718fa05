"""Streets for phones: an excerpt of an imported road network, as one file of typed columns.

The file holds data that are valid for 90 days: junctions, streets, their lines and walking times.
Crossings and hazards are valid for a week and come in a separate file
(`app.packs.street_knowledge`), which refers to edges by their numbers in one edition of the
streets; the digest identifies the edition.

Edges along which nobody may be led are left out: those closed to walkers, border edges without an
official crossing, and edges closed by hazards that are not published (P34, P36). The file does not
reveal for which of these reasons a street is missing. Turn restrictions only apply to vehicles, so
the file has none. Thresholds, at barriers and before no-through roads, are edges of length 0.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.packs.typed_columns import Column, packed, varints
from routing.graph.excerpt import Excerpt
from routing.graph.node_splitting import ENTRY_S
from routing.graph.vicinity import Vicinity
from routing.index_ranges import joined_ranges
from routing.osm_tags.edge_flags import EdgeFlag
from routing.travel.cost_model import Travel
from routing.travel.crossings import Gate
from routing.travel.legs import Legs

type Ints = NDArray[np.int64]

#: Version of the file's format; phones delete files of other versions.
FORMAT: Final = 1

#: Days after which a phone drops streets: issue 17, "geometry lives 90 days".
STREET_DAYS: Final = 90

#: Maximum number of junctions in a file: phones search a route in them fast enough
#: (benchmarks/streets.py).
MOST_JUNCTIONS: Final = 60_000

#: Greatest distance of a junction from the middle of the town, metres: half a day on foot, and back
#: [A].
TOWN_REACH_M: Final = 15_000.0

#: Greatest distance of a junction from the corridor, metres: the second of the distances within
#: which people near a corridor are counted (issue 16, item 3).
CORRIDOR_REACH_M: Final = 5_000.0

#: Bit of the column ``edge_flags``: the edge enters a no through road, which has a cost in the
#: search. `static/streets.js` reads the same bits.
IS_ENTRY: Final = 1
#: Bit of the column ``edge_flags``: the edge is no street, but crosses a border or is a threshold.
IS_NO_ROAD: Final = 2

_NOT_KNOWN_M: Final = np.iinfo(np.int16).min
_NO_COUNTRY: Final = 255
_NO_NAME: Final = np.iinfo(np.uint16).max


@dataclass(frozen=True, eq=False)
class LocalStreets:
    """Streets of a town or corridor for phones, in one edition (version).

    Parameters
    ----------
    excerpt
        Nodes and edges of the file.
    travel
        Walking times on the edges of the network.
    gates
        Official crossings on each border edge (an edge between two countries), by its number in the
        network.
    """

    excerpt: Excerpt
    travel: Travel
    gates: Mapping[int, Gate]

    @classmethod
    def around(
        cls, travel: Travel, gates: Mapping[int, Gate], gone: Ints, vicinity: Vicinity
    ) -> "LocalStreets":
        """Cut the streets around a town or along a corridor.

        Parameters
        ----------
        travel
            Walking times on the edges of the network.
        gates
            Official crossings on each border edge of the network, by edge; edges without any are
            left out of the streets.
        gone
            int64, edges closed for a reason that is not public; they are left out of the streets.
        vicinity
            Area around the town or along the corridor.
        """
        edges = vicinity.edges(travel.graph)
        kept = travel.usable(edges) & ~np.isin(edges, gone)
        kept &= ~np.isin(edges, [edge for edge, gate in gates.items() if not gate.posts])
        return cls(
            Excerpt.around(travel.graph, edges[kept], vicinity, MOST_JUNCTIONS),
            travel,
            {edge: gate for edge, gate in gates.items() if gate.posts},
        )

    @property
    def junctions(self) -> int:
        """Number of junctions."""
        return len(self.excerpt.node)

    @cached_property
    def columns(self) -> dict[str, Column]:
        """The file's columns by name: those of nodes, edges and roads, and vertices of lines."""
        part, graph = self.excerpt, self.excerpt.graph
        node, edge, first = part.node, part.edge, part.edge[part.first]
        count = np.bincount(part.tail, minlength=len(node))
        columns: dict[str, Column] = {
            "first_out": np.append(0, np.cumsum(count)).astype(np.uint32),
            "node_lon": varints(_steps(graph.node_lon[node])),
            "node_lat": varints(_steps(graph.node_lat[node])),
            "node_country": np.where(
                graph.node_country[node] < 0, _NO_COUNTRY, graph.node_country[node]
            ).astype(np.uint8),
            "edge_head": part.head.astype(np.uint32),
            "edge_road": (part.road * 2 + part.is_backward).astype(np.uint32),
            "edge_flags": self._flags(),
            "edge_time_ms": _ms(self.travel.time_s(edge)),
            "road_length_dm": graph.edge_length_dm[first].astype(np.uint32),
            **self._lines(),
            **self._names(first)[0],
        }
        return columns | self._heights() | self._prices()

    @cached_property
    def digest(self) -> str:
        """Id of the edition: a digest of the streets, which does not depend on the date."""
        told = hashlib.blake2b(digest_size=16)
        for name, column in self.columns.items():
            told.update(name.encode() + column.dtype.str.encode() + column.tobytes())
        told.update(repr((self.names, self._gates())).encode())
        return told.hexdigest()

    @cached_property
    def names(self) -> list[str]:
        """Distinct names of the streets, in alphabetical order."""
        return self._names(self.excerpt.edge[self.excerpt.first])[1]

    def file(self, head: Mapping[str, Any], made_on: date) -> bytes:
        """Return the content of the file.

        Parameters
        ----------
        head
            Members at the beginning of the JSON object, such as the notice for demo data.
        made_on
            Day (UTC) from which the validity of the file is counted.
        """
        meta = self.excerpt.graph.meta
        return packed(
            {
                **head,
                "digest": self.digest,
                "made_on": made_on,
                "expires_on": made_on + timedelta(days=STREET_DAYS),
                "attribution": meta.attribution,
                "snap_limit_m": meta.snap_limit_m,
                "entry_ms": ENTRY_S * 1000,
                "countries": list(meta.countries),
                "gates": self._gates(),
                "names": self.names,
            },
            self.columns,
            FORMAT,
        )

    @cached_property
    def _posted(self) -> list[tuple[int, Gate]]:
        """The border edges in the streets: number in the file, and official crossings on it."""
        own = self.excerpt.edge.tolist()
        return [(number, self.gates[e]) for number, e in enumerate(own) if e in self.gates]

    def _gates(self) -> list[dict[str, Any]]:
        # Phones look up the state of a crossing by id in the file of `street_knowledge`.
        return [
            {"edge": number, "at": round(gate.at, 6), "posts": [post.id for post in gate.posts]}
            for number, gate in self._posted
        ]

    @property
    def posts(self) -> frozenset[str]:
        """Ids of the official crossings that the streets lead through."""
        return frozenset(post.id for _, gate in self._posted for post in gate.posts)

    def _flags(self) -> Column:
        part, travel = self.excerpt, self.travel
        flags = np.where(travel.entries(part.edge), IS_ENTRY, 0)
        no_road = int(EdgeFlag.BORDER | EdgeFlag.THRESHOLD)
        flags |= np.where(part.graph.edge_flags[part.edge] & no_road, IS_NO_ROAD, 0)
        return flags.astype(np.uint8)

    def _lines(self) -> dict[str, Column]:
        """Return each road's vertices but the first, each as its difference to the one before."""
        part, graph = self.excerpt, self.excerpt.graph
        first = part.edge[part.first]
        begin, after = graph.shape_start[first], graph.shape_start[first + 1]
        steps = after - begin - 1
        vertex = joined_ranges(begin + 1, steps)
        return {
            "road_steps": steps.astype(np.uint16),
            "step_lon": varints(np.asarray(graph.shape_lon[vertex], np.int64)
                                - graph.shape_lon[vertex - 1]),
            "step_lat": varints(np.asarray(graph.shape_lat[vertex], np.int64)
                                - graph.shape_lat[vertex - 1]),
        }  # fmt: skip

    def _names(self, first: Ints) -> tuple[dict[str, Column], list[str]]:
        graph = self.excerpt.graph
        stated = np.where(
            graph.edge_name[first] >= 0, graph.edge_name[first], graph.edge_ref[first]
        )
        used = np.unique(stated[stated >= 0])[:_NO_NAME]
        # Sort the names alphabetically: numbers in the graph's order would reveal that names
        # between them are left out.
        words = graph.names_at(used.tolist())
        order = sorted(range(len(used)), key=lambda row: words[row] or "")
        place = {int(used[row]): number for number, row in enumerate(order)}
        column = [place.get(name, _NO_NAME) for name in stated.tolist()]
        return {"road_name": np.array(column, np.uint16)}, [words[row] or "" for row in order]

    def _heights(self) -> dict[str, Column]:
        """Return the column of node heights, metres; no column if no height is known."""
        height_m = np.asarray(self.excerpt.graph.node_elevation_m[self.excerpt.node], float)
        known = np.isfinite(height_m)
        if not known.any():
            return {}
        whole_m = np.where(known, np.rint(np.where(known, height_m, 0)), _NOT_KNOWN_M)
        return {"node_height_m": whole_m.astype(np.int16)}

    def _prices(self) -> dict[str, Column]:
        """Return the columns of the search's costs of each edge, which may exceed its walking time.

        ``edge_priced_ms`` is the time that the search uses, left out if it equals the walking time
        of every edge; ``edge_altitude_ms`` is the cost of altitude, left out if always 0.
        """
        edge, travel = self.excerpt.edge, self.travel
        priced_ms = _ms(travel.priced_time_s(edge))
        exposed_ms = _ms(travel.altitude_price_s(Legs.whole(edge)))
        found: dict[str, Column] = {}
        if (priced_ms != _ms(travel.time_s(edge))).any():
            found["edge_priced_ms"] = priced_ms
        if exposed_ms.any():
            found["edge_altitude_ms"] = exposed_ms
        return found


def _ms(time_s: NDArray[np.float64]) -> Column:
    """Convert seconds to whole milliseconds, the unit of the server's customised metric."""
    return np.rint(time_s * 1000.0).astype(np.uint32)


def _steps(values: Column) -> Ints:
    """Return each number as its difference from the number before it."""
    return np.asarray(np.diff(values.astype(np.int64), prepend=0), np.int64)


def numbers_of(streets: LocalStreets, edges: Ints) -> Ints:
    """Return each edge's number in the file, int64 [k]; -1 for edges not in the file.

    ``edges`` are numbers in the network.
    """
    own = streets.excerpt.edge
    place = np.minimum(np.searchsorted(own, edges), max(len(own) - 1, 0))
    return np.where(own[place] == edges, place, -1) if len(own) else np.full(len(edges), -1)
