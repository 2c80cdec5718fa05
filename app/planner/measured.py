"""Measures the corridor that the workbench shows: its figures, trial spaces, and heights."""

from dataclasses import dataclass, replace
from datetime import datetime

import anyio.to_thread
import numpy as np

from app.planner.view_form import ViewForm, ViewFormError
from app.planning.corridor_heights import heights_along
from app.planning.corridors import CorridorRequest, MeasuredCorridor, measure_corridor
from app.planning.population_raster import LinePeople
from app.snapshots.corridor_lines import CorridorLines
from app.snapshots.read_source import ReadSource
from app.snapshots.road_networks import NoNetworkError, RoadNetworks
from routing.corridors.changes import corridor_change
from routing.corridors.figures import CorridorTargets
from routing.travel.height_profile import Heights

#: Distance along a corridor up to which help counts as within reach, metres: an hour's walk. Only
#: where help is lost and gained depends on it: pages show no percentages (P46).
_REACH_M = 5_000.0


@dataclass(frozen=True, eq=False)
class CorridorView:
    """Corridor that a person views, measured.

    Attributes
    ----------
    form
        The form, with the typed trial space moved to ``pins_km``.
    found
        Figures of the corridor; ``what_if`` has what the trial spaces change.
    pins_m
        Trial spaces, metres in the direction of travel, in the order of the form.
    heights
        Heights along the corridor's own line; empty where the network knows none.
    """

    form: ViewForm
    found: MeasuredCorridor
    pins_m: tuple[float, ...]
    heights: Heights


async def measured_view(
    source: ReadSource,
    network: RoadNetworks,
    lines: CorridorLines,
    people: LinePeople,
    form: ViewForm,
    *,
    now: datetime,
    access_m: float,
) -> CorridorView:
    """Measure the corridor of a view by the spaces that the session's tier sees.

    Raises
    ------
    ViewFormError
        A trial space lies beyond the corridor's end.
    Exception
        As for `app.planning.corridors.measure_corridor`.
    """
    request = CorridorRequest(
        corridor=form.corridor,
        places=(),
        is_backward=form.is_backward,
        services=form.services,
        on=form.on,
        compared_on=form.compare,
        targets=CorridorTargets(_REACH_M, form.walker.day_max_m),
    )
    found = await measure_corridor(
        source, network, lines, request, now=now, access_m=access_m, people=people
    )
    length_m = found.now.supports.length_m
    form = _with_typed(form, length_m)
    pins_m = tuple(_turned(km * 1e3, length_m, form) for km in form.pins_km)
    return CorridorView(
        form,
        with_pins(found, pins_m),
        pins_m,
        await anyio.to_thread.run_sync(_heights, network, found),
    )


def with_pins(found: MeasuredCorridor, pins_m: tuple[float, ...]) -> MeasuredCorridor:
    """Return the figures with ``what_if`` set to what the trial spaces change.

    Each trial space is taken to offer every service of the request.

    Parameters
    ----------
    pins_m
        Metres along the corridor in the direction of travel.
    """
    if not pins_m:
        return found
    before = after = found.now.supports
    serves = np.ones(before.services, dtype=np.bool_)
    for at_m in pins_m:
        after = after.with_added(at_m, serves)
    change = corridor_change(before, after, found.request.targets)
    return replace(found, what_if=change, with_added=after)


def _with_typed(form: ViewForm, length_m: float) -> ViewForm:
    """Return the form with ``added_km`` converted and appended to ``pins_km``."""
    pins = form.pins_km
    if form.added_km is not None:
        if form.added_km * 1e3 > length_m:
            raise ViewFormError("pin")
        at_m = _turned(form.added_km * 1e3, length_m, form)
        pins = (*pins, round(at_m / 1e3, 1))
    # Pins are cut at the corridor's length: rounding to a tenth of a kilometre may put one beyond
    # it.
    kept = tuple(dict.fromkeys(min(km, length_m / 1e3) for km in pins))
    return replace(form, pins_km=kept, added_km=None)


def _turned(at_m: float, length_m: float, form: ViewForm) -> float:
    """Convert metres along the line to metres in the direction of travel, or back."""
    inside = min(max(at_m, 0.0), length_m)
    return length_m - inside if form.is_backward else inside


def _heights(network: RoadNetworks, found: MeasuredCorridor) -> Heights:
    line = found.way.line
    start, end = (tuple(point) for point in line.coordinates[[0, -1]].tolist())
    try:
        region = network.region_for(start, end)
    except NoNetworkError:
        return Heights.joined(())
    return heights_along(region.graph, line)
