"""Time and memory of what is done in stages, as the importer reports them."""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

#: Whatever happens between the stages that are reported.
BETWEEN: Final = "graph"


@dataclass(frozen=True)
class Stage:
    """Seconds of one stage, and the most memory that the process had until its end, 10^6 bytes."""

    name: str
    cpu_s: float
    wall_s: float
    peak_rss_mb: float


class Stopwatch:
    """Splits time into stages; one name may come several times."""

    def __init__(self, cpu_s: Callable[[], float] = time.process_time) -> None:
        self._cpu_s = cpu_s
        self._sums: dict[str, tuple[float, float, float]] = {}
        self._name: str | None = None
        self._since = (0.0, 0.0)

    def start(self, name: str | None) -> None:
        """End the running stage, and begin another, if any."""
        now = self._cpu_s(), time.perf_counter()
        if self._name is not None:
            cpu, wall, _ = self._sums.get(self._name, (0.0, 0.0, 0.0))
            self._sums[self._name] = (
                cpu + now[0] - self._since[0],
                wall + now[1] - self._since[1],
                resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
            )
        self._name, self._since = name, now

    def progress(self, stage: str, done: int, total: int) -> None:
        """Follow the importer."""
        ended = done == total
        if ended or stage != self._name:
            self.start(BETWEEN if ended else stage)

    @property
    def stages(self) -> list[Stage]:
        """What was measured."""
        return [
            Stage(name, round(cpu, 2), round(wall, 2), round(peak))
            for name, (cpu, wall, peak) in self._sums.items()
        ]
