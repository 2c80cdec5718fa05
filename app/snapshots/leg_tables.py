"""Cache of leg tables: the ways between all pairs of places of an itinerary, on one network."""

from threading import Lock
from typing import Final

from app.snapshots.recently_used import RecentlyUsed
from routing.planning.leg_table import leg_table
from routing.planning.legs import LegTable
from routing.router.reachability import Reacher, ReachRequest

#: Maximum number of cached tables [A]; the largest, of 300 places with all legs, takes 4 MB.
_KEPT: Final = 16


class LegTables:
    """Cache of leg tables of one network; may be used by several threads.

    A table takes a search from each of its places, which is most of the time of itineraries. The
    cache key contains everything on which a table depends, so a client never gets a table made with
    crossings or hazards that only another client may see.

    Parameters
    ----------
    reacher
        Solver of searches on one import of a network.
    """

    def __init__(self, reacher: Reacher) -> None:
        self._reacher = reacher
        self._lock = Lock()
        self._kept = RecentlyUsed[LegTable](_KEPT)

    def laid(self, asked: ReachRequest, cut_m: float) -> LegTable:
        """Return the result of `routing.planning.leg_table.leg_table`, cached if possible."""
        key = (
            tuple(asked.targets),
            # The time of day suffices: it only decides whether hazards of the night apply.
            asked.at.time(),
            tuple(asked.crossings),
            # Hazards of equal area and cost have equal keys.
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
