"""Pairs of worlds that differ in a secret exclusion alone (P36): their answers have to be equal.

A road that is closed in secret is to its asker a road that is not there, whatever is written of the
exclusion. So the same is asked of a graph without the road, and with another text.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from benchmarks._worlds_draw import Asked
from benchmarks._worlds_judge import Fault, compared_of, request_of
from routing.errors import NoRoute, OffNetwork
from routing.route.route import Route
from routing.router.regional import Router


def secrets_of(asked: Asked) -> Iterator[Fault | None]:
    """Compare a question's answer with those of its neighbours' worlds; None where it is equal."""
    if not asked.seen.secret:
        return
    told = said(asked)
    others = tuple(
        replace(ban, id=f"other-{ban.id}", title="Otro texto", kind="landslide")
        for ban in asked.seen.secret
    )
    yield from _compared(asked, "other text", told, said(_with(asked, others)))
    make, graph = asked.country.without, asked.country.router.graph
    if make is None:
        return
    absent = asked.seen.absent
    ways = frozenset(int(graph.edge_way_id[edge]) for edge in absent)
    ends = {asked.source, asked.target}
    roads = [asked.seen.land.roads[edge] for edge in absent]
    # Who stands at the closed road itself stands, without it, elsewhere on the roads.
    if not ways or any(ends & {road.tail, road.head} for road in roads):
        return
    bare = replace(asked.country, router=Router(make(ways)))
    without = replace(_with(asked, ()), country=bare)
    yield from _compared(asked, "road absent", told, said(without))


def _with(asked: Asked, secret: tuple[Any, ...]) -> Asked:
    return replace(asked, seen=replace(asked.seen, secret=secret))


def _compared(asked: Asked, what: str, one: str, other: str) -> Iterator[Fault | None]:
    if one == other:
        yield None
        return
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    parts = [text[max(0, at - 150) : at + 150] for text in (one, other)]
    yield Fault("answers differ", asked.told(), f"{what}: {parts[0]}\n    beside: {parts[1]}")


def said(asked: Asked) -> str:
    """Write down all that an answer tells; not the numbers of edges, which no answer has."""
    try:
        routes = asked.country.router.routes(request_of(asked))
    except (NoRoute, OffNetwork) as refused:
        facts: Any = {"refused": str(refused)}
        if isinstance(refused, NoRoute):
            facts["blocked_by"] = [
                (one.kind, one.id, one.name, one.state) for one in refused.blocked_by
            ]
        return json.dumps(facts)
    return json.dumps([_route(route) for route in routes] + [_because(asked, routes)], default=str)


def _because(asked: Asked, routes: Sequence[Route]) -> list[Any]:
    compared = compared_of(asked, routes)
    reasons = [
        [(one.kind, one.id, one.name, one.state, round(one.extra_s, 3)) for one in row]
        for row in compared.because
    ]
    return [reasons, compared.beyond, compared.open_way and round(compared.open_way.elapsed_s, 3)]


def _route(route: Route) -> dict[str, Any]:
    return {
        "coordinates": route.coordinates.round(7).tolist(),
        "measure_m": route.measure_m.round(3).tolist(),
        "distance_m": round(route.distance_m, 3),
        "duration_s": round(route.duration_s, 3),
        "walking_days": route.walking_days,
        "arrival": route.arrival,
        "exposure": {k: round(item.value, 6) for k, item in sorted(route.exposure.items())},
        "unknown": {k: round(value, 3) for k, value in sorted(route.unknown.items())},
        "hazards": route.hazards,
        "passages": [(p.crossing.id, p.arrival, round(p.wait_s, 3)) for p in route.passages],
        "ends": [
            (snap.lon, snap.lat, round(snap.distance_m, 3), snap.country)
            for snap in (route.start_snap, route.end_snap)
        ],
        "aversion": route.aversion,
        "cost_s": round(route.cost_s, 3),
        "segments": [(round(one.from_m, 2), round(one.to_m, 2)) for one in route.segments],
    }
