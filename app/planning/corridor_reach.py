"""Roads around a corridor's spaces with the time to the nearest one, for those who are signed in.

A road that is banned without a public reason shows as a gap between segments, so segments are in no
public answer, file or cache. The public gets outlines of areas, which close such gaps.
"""

from datetime import datetime
from functools import partial
from typing import Any, Final

from app.exceptions import InvalidParameterError
from app.i18n import route_phrases
from app.journeys.reach import (
    IsochroneQuestion,
    WorldQuestion,
    find_world_around,
    isochrones_of_all,
)
from app.planning.corridors import MeasuredCorridor
from app.runtime.work_limit import search
from app.snapshots.read_source import ReadSource
from app.snapshots.road_networks import Region, RoadNetworks
from geo.spaces.queries import OpenSpace
from routing.osm_tags.edge_flags import Mode
from routing.reach.isochrones import IsochroneAnswer
from routing.reach.spread import Measure
from routing.reach.timed_segments import timed_segments

#: Most segments that an answer may have [A], some 10 MB of GeoJSON.
MOST_SEGMENTS: Final = 50_000


async def reach_segments(
    source: ReadSource,
    network: RoadNetworks,
    found: MeasuredCorridor,
    spaces: tuple[OpenSpace, ...],
    range_s: float,
    now: datetime,
) -> dict[str, Any]:
    """Return as GeoJSON the roads from which a space is reached on foot within a time.

    Each feature is a stretch of road with the times from its ends to the nearest space. They are
    moving times of a walker as of `routing.reach`; no way passes a border. If no space counts,
    there are no features.

    Parameters
    ----------
    spaces
        Spaces that the session's tier sees. Only those that count on the corridor for the first
        service of its request are walked to.
    range_s
        Longest time to a space, seconds.

    Raises
    ------
    InvalidParameterError
        There are more than `MOST_SEGMENTS`.
    OffNetwork, NoRoute, NoNetworkError, BusyError
        As for `app.journeys.reach.isochrones_of_all`.
    """
    counts = found.now.supports.counts[0]
    ids = {at.support.id for at, is_in in zip(found.spaces, counts, strict=True) if is_in}
    around = [one for one in spaces if one.id in ids]
    features: list[dict[str, Any]] = []
    if around:
        asked = WorldQuestion(now, Mode.FOOT, None, crosses_borders=False)
        world = await find_world_around(source, around, asked)
        question = IsochroneQuestion((range_s,), Measure.TIME, towards=True)
        region, answer = await isochrones_of_all(network, world, question)
        if len(answer.spread.parts.edge) > MOST_SEGMENTS:
            reason = f"more than {MOST_SEGMENTS} segments: ask for less"
            raise InvalidParameterError("minutes", reason)
        features = await search(partial(_features, region, answer))
    return {
        "type": "FeatureCollection",
        "features": features,
        "demo": found.has_demo,
        "notice": route_phrases.notice(is_demo=found.has_demo),
    }


def _features(region: Region, answer: IsochroneAnswer) -> list[dict[str, Any]]:
    graph = region.router.graph
    return [
        {
            "type": "Feature",
            "geometry": {
                "type": "LineString",
                "coordinates": one.coordinates.round(6).tolist(),
            },
            "properties": {
                "name": graph.edge_name_of(one.edge),
                "begin_s": round(one.begin),
                "end_s": round(one.end),
            },
        }
        for one in timed_segments(graph, answer.spread)
    ]
