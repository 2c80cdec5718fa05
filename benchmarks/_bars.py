"""The bars that the road engine has to reach, and how a run did."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.table import Table

from benchmarks._figures import Ledger

_OSM: Final = ("poa", "poa3", "poa10")


@dataclass(frozen=True)
class Bar:
    """What a figure may be at most, or has to be at least."""

    graphs: tuple[str, ...]
    engine: str
    metric: str
    limit: float
    unit: str
    at_least: bool = False

    def is_reached(self, value: float) -> bool:
        """Tell whether a figure is good enough."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        """Name it."""
        sign = ">=" if self.at_least else "<="
        return f"{self.engine}: {self.metric} {sign} {self.limit:,g} {self.unit}"


def _ours(graph: str, limits: dict[str, tuple[float, str]]) -> list[Bar]:
    return [Bar((graph,), "amparo", metric, *limit) for metric, limit in limits.items()]


def _times(graphs: tuple[str, ...], metric: str, engine: str, limit: float) -> Bar:
    return Bar(graphs, engine, f"{metric} over Amparo's", limit, "times", at_least=True)


#: Of issue 4, "Show". CPU time; ratios within one run.
BARS: Final = (
    *_ours(
        "ny",
        {
            "path p50": (0.08, "ms"),
            "path p95": (0.15, "ms"),
            "200 x 200 p50": (0.03, "s"),
            "one to all p50": (8, "ms"),
            "full customisation p50": (0.12, "s"),
            "incident of 100 nearest edges p95": (4, "ms"),
        },
    ),
    *_ours(
        "poa10",
        {
            "build CPU": (60, "s"),
            "build peak memory": (4_000, "MB"),
            "path p50": (0.25, "ms"),
            "path p95": (0.4, "ms"),
            "200 x 200 p50": (0.1, "s"),
            "one to all p50": (40, "ms"),
            "full customisation p50": (0.8, "s"),
            "incident of 100 nearest edges p95": (4, "ms"),
        },
    ),
    _times(("poa10",), "path p50", "networkx", 10_000),
    _times(("poa10",), "path p50", "osrm", 10),
    _times(("poa10",), "path p50", "valhalla", 100),
    _times(("poa10",), "build CPU", "osrm", 1),
    _times(("poa10",), "build CPU", "valhalla", 1),
    Bar(_OSM, "amparo", "open CPU", 0.2, "s"),
    Bar(_OSM, "amparo", "private memory open", 25, "% of disk"),
    Bar((*_OSM, "ny"), "all", "mismatches", 0, "answers"),
)


@dataclass(frozen=True)
class Verdict:
    """A bar, and the figure that was measured, None where it was not."""

    bar: Bar
    value: float | None

    @property
    def is_missed(self) -> bool:
        """Whether it was measured and is not good enough."""
        return self.value is not None and not self.bar.is_reached(self.value)

    @property
    def word(self) -> str:
        """How it went, for people."""
        if self.value is None:
            return "not measured"
        return "MISSED" if self.is_missed else "reached"


def verdicts(ledger: Ledger, bars: Sequence[Bar] = BARS) -> list[Verdict]:
    """Hold the figures of a graph against its bars."""
    return [
        Verdict(bar, ledger.value(bar.engine, bar.metric))
        for bar in bars
        if ledger.graph in bar.graphs
    ]


def number(value: float) -> str:
    """Give three figures, and more only before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def judged(found: list[Verdict]) -> Table:
    """Give a row for each bar."""
    table = Table("bar", "measured", "", title="Bars of the issue")
    for each in found:
        value = "" if each.value is None else number(each.value)
        table.add_row(str(each.bar), value, each.word)
    return table
