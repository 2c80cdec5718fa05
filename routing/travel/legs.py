"""Legs of a route: directed edges, whole or in part."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Legs:
    """Directed edges, whole or in part, in order of travel.

    Parameters
    ----------
    edge
        int64 [n], the directed edges.
    start, end
        float64 [n], begin and end of each leg as shares of its edge, 0 <= start <= end <= 1.
    """

    edge: Ints
    start: Floats
    end: Floats

    @classmethod
    def of(cls, pieces: Iterable[tuple[int, float, float]]) -> "Legs":
        """Build legs from (edge, begin, end) triples, begin and end as shares of the edge."""
        rows = list(pieces)
        return cls(
            np.array([row[0] for row in rows], dtype=np.int64),
            np.array([row[1] for row in rows], dtype=np.float64),
            np.array([row[2] for row in rows], dtype=np.float64),
        )

    @classmethod
    def whole(cls, edges: Ints) -> "Legs":
        """Return whole edges as legs."""
        return cls(edges, np.zeros(len(edges)), np.ones(len(edges)))

    @classmethod
    def joined(cls, parts: Sequence["Legs"]) -> "Legs":
        """Concatenate legs."""
        empty = cls.of(())
        columns = zip(*((part.edge, part.start, part.end) for part in (empty, *parts)), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def __len__(self) -> int:
        """Count the legs."""
        return len(self.edge)

    def only(self, rows: NDArray[np.bool_] | Ints | slice) -> "Legs":
        """Select legs by a mask, by indices or by a slice."""
        return Legs(self.edge[rows], self.start[rows], self.end[rows])

    @property
    def pieces(self) -> tuple[tuple[int, float, float], ...]:
        """The legs as (edge, begin, end), begin and end as shares of the edge."""
        columns = (self.edge.tolist(), self.start.tolist(), self.end.tolist())
        return tuple(zip(*columns, strict=True))

    @property
    def share(self) -> Floats:
        """Share of the edge that each leg uses, float64 [n]."""
        return self.end - self.start
