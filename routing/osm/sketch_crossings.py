"""Border crossings of the corridor sketch: a node per country, joined by a border edge."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class CrossingSplit:
    """Nodes of a sketch after its crossings were split: each lies in one country.

    Parameters
    ----------
    place
        int64 [N]: row of the node places of each graph node.
    country
        int16 [N]: index in ``countries``.
    tail, head
        int64 [K], graph nodes.
    borders
        int64 [B, 2]: graph nodes to be joined by a border edge.
    dropped
        bool [K]: pieces to leave out, because their ends share no country and no crossing is drawn.
    countries
        Sorted ISO codes.
    """

    place: Array
    country: Array
    tail: Array
    head: Array
    borders: Array
    dropped: NDArray[np.bool_]
    countries: tuple[str, ...]


def split_crossings(
    tail: Array, head: Array, countries: Mapping[int, tuple[str, ...]]
) -> CrossingSplit:
    """Split crossings so that every node has one country and every piece lies within one country.

    A piece belongs to the country that both its ends share. A crossing (two countries) becomes
    one node for each country from which a piece reaches it. Where two neighbouring crossings share
    both countries (the two posts of Rumichaca), the border runs between them: each crossing stays
    in its own first country, and the piece between them is the border edge.

    Parameters
    ----------
    tail, head
        int64 [K], rows of the node places.
    countries
        Row -> ISO codes; a row without countries shares none with any other row.
    """
    nodes: dict[tuple[int, str], int] = {}
    used: defaultdict[int, list[int]] = defaultdict(list)

    def node(row: int, code: str) -> int:
        if (row, code) not in nodes:
            nodes[row, code] = len(nodes)
            used[row].append(nodes[row, code])
        return nodes[row, code]

    ends = np.zeros((len(tail), 2), dtype=np.int64)
    dropped = np.zeros(len(tail), dtype=bool)
    for piece, (a, b) in enumerate(zip(tail.tolist(), head.tolist(), strict=True)):
        codes_a, codes_b = countries.get(a, ()), countries.get(b, ())
        shared = [code for code in codes_a if code in codes_b]
        if not shared:
            dropped[piece] = True
        elif len(shared) == 1:
            ends[piece] = node(a, shared[0]), node(b, shared[0])
        else:
            ends[piece] = node(a, codes_a[0]), node(b, codes_b[0])
    codes = tuple(sorted({code for _, code in nodes}))
    index = {code: number for number, code in enumerate(codes)}
    borders = [(halves[0], half) for halves in used.values() for half in halves[1:]]
    return CrossingSplit(
        place=np.array([row for row, _ in nodes], dtype=np.int64),
        country=np.array([index[code] for _, code in nodes], dtype=np.int16),
        tail=ends[:, 0],
        head=ends[:, 1],
        borders=np.array(borders, dtype=np.int64).reshape(-1, 2),
        dropped=dropped,
        countries=codes,
    )
