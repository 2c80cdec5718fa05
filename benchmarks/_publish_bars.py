"""The bars that publishing has to reach (issue 5, "Show"): CPU, and ratios within one run."""

from typing import Final

from benchmarks._bars import Bar
from benchmarks._publish_cases import CASES
from benchmarks._publishers import AMPARO, KEEPS_NOTHING, TIPG

#: As the figures of `./run bench publish` name what they are of.
GRAPH: Final = "publish"


def _bar(engine: str, metric: str, limit: float, unit: str, *, at_least: bool = False) -> Bar:
    return Bar((GRAPH,), engine, metric, limit, unit, at_least)


def _over_bare(name: str) -> Bar:
    ours = KEEPS_NOTHING if CASES[name].is_kept else AMPARO
    return _bar(ours, f"{name} over the bare app's", 2, "times")


def _over_ours(name: str) -> Bar:
    # Tiles are PostGIS' work whoever asks it.
    limit = 2 if name.startswith("z") else 5
    return _bar(TIPG, f"{name} over Amparo's", limit, "times", at_least=True)


BARS: Final = (
    *map(_over_bare, CASES),
    # tipg stops at 10,000 rows, so that its tile of the city shows one road in twenty.
    *(_over_ours(name) for name in CASES if name != "z6 city"),
    _bar(AMPARO, "items10 CPU", 1.0, "ms"),
    _bar(AMPARO, "items1000 CPU", 6, "ms"),
    _bar(AMPARO, "item CPU", 0.7, "ms"),
    _bar(AMPARO, "z10 points CPU", 1.0, "ms"),
    _bar(AMPARO, "z10 lines CPU", 1.0, "ms"),
    _bar(AMPARO, "1,000 alone wall p50", 25, "ms"),
    _bar(AMPARO, "304 tile wall p50", 1, "ms"),
    _bar(AMPARO, "304 page wall p50", 1, "ms"),
    _bar(AMPARO, "kept tile wall p50", 2, "ms"),
    _bar(AMPARO, "z6 city compressed as browsers ask", 60, "kB"),
)
