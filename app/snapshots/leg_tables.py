"""Leg tables of a region's network, kept while places, crossings and hazards are unchanged."""

from threading import Lock
from typing import Final

from app.snapshots.recently_used import RecentlyUsed
from routing.planning.leg_table import leg_table
from routing.planning.legs import LegTable
from routing.router.reachability import Reacher, ReachRequest

#: Tables kept [A]: of 300 places with all legs, the most that are asked for, one takes 4 MB.
_KEPT: Final = 16


class LegTables:
    """Cache of leg tables of one network; may be used by several threads.

    A table takes a search from each of its places, most of the time of itineraries. Everything it
    depends on is compared, so what one asker may not see leads to no table of another.

    Parameters
    ----------
    reacher
        The network; another import has another one.
    """

    def __init__(self, reacher: Reacher) -> None:
        self._reacher = reacher
        self._lock = Lock()
        self._kept = RecentlyUsed[LegTable](_KEPT)

    def laid(self, asked: ReachRequest, cut_m: float) -> LegTable:
        """Return the table of legs between places, as `routing.planning.leg_table.leg_table`."""
        key = (
            tuple(asked.targets),
            # Of the time it decides alone whether what counts by night does.
            asked.at.time(),
            tuple(asked.crossings),
            # Equal for hazards of equal place and cost.
            tuple(hazard.key for hazard in asked.hazards),
            asked.mode,
            asked.profile,
            cut_m,
        )
        with self._lock:
            table = self._kept.get(key)
        if table is None:
            table = leg_table(self._reacher, asked, cut_m)
            with self._lock:
                self._kept.put(key, table)
        return table
