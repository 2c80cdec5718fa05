"""Figures of a benchmark: how they are taken, kept and written."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Figure:
    """One measurement."""

    graph: str
    engine: str
    metric: str
    value: float
    unit: str


@dataclass
class Ledger:
    """The figures of one graph."""

    graph: str
    figures: list[Figure] = field(default_factory=list)

    def note(self, engine: str, metric: str, value: float, unit: str) -> None:
        """Keep a figure."""
        self.figures.append(Figure(self.graph, engine, metric, float(f"{value:.6g}"), unit))

    def percentiles(self, engine: str, metric: str, taken_ms: Sequence[float]) -> None:
        """Keep the median and the 95th percentile of some times."""
        for percent in (50, 95):
            value = float(np.percentile(taken_ms, percent))
            self.note(engine, f"{metric} p{percent}", value, "ms")

    def value(self, engine: str, metric: str) -> float | None:
        """Give a figure, None where it was not taken."""
        for figure in self.figures:
            if (figure.engine, figure.metric) == (engine, metric):
                return figure.value
        return None

    def write(self, path: Path) -> None:
        """Write a list of {"graph", "engine", "metric", "value", "unit"}."""
        rows = [asdict(figure) for figure in self.figures]
        path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def timed[T](work: Callable[[], T]) -> tuple[float, T]:
    """Return CPU milliseconds of the process, all its threads, and the result."""
    began = time.process_time_ns()
    result = work()
    return (time.process_time_ns() - began) / 1e6, result
