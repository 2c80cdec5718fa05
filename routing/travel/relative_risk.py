"""Relative risks by lighting, sidewalk and traffic speed, as factors on event rates, with sources.

``λ_k = base_k · Π_f RR_f(e, t)``: a factor multiplies the expected events of a hazard with a cited
rate, never the kilometres inside a hazard without a rate. All factors are transferred: they were
measured in the United States and Germany, none in Latin America, and responses must state this.

A factor whose tag is missing is 1 and *unknown*; a factor irrelevant to the hazard's kind, the hour
or the road is 1 and *does not apply*. No factor exists for kinds that no study measured: lighting
says nothing about extortion, armed presence or trafficking. A record's rate is taken to hold for
the reference of each factor: unlit, no sidewalk, 50 km/h [A]. If the rate was measured on roads
with light or sidewalks, a factor below 1 counts their effect twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from routing.graph.road_graph import RoadGraph
from routing.osm_tags.edge_flags import EdgeFlag
from routing.osm_tags.ways import HIGHWAY_CLASSES
from routing.travel.speed import VEHICLE_DEFAULT_KMH, VEHICLE_KMH

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Flags = NDArray[np.bool_]

#: Kinds of `geo.models.HUMAN_THREATS` that are index crimes, the crimes that the lighting study
#: counted.
LIT_KINDS: Final = frozenset({"robbery"})

#: Kinds of hazards by which traffic hits people on foot. `geo.models` has no such kind yet; the
#: name is reserved.
TRAFFIC_KINDS: Final = frozenset({"pedestrian_traffic"})

#: Relative risk on a lit street by night: at least 36 % fewer index crimes out of doors.
LIT_RR: Final = 0.64

#: Relative risk with a sidewalk or walkway: 88 % lower odds of being the site of a crash.
SIDEWALK_RR: Final = 0.12

#: Coefficients of ``P(v) = 1 / (1 + exp(6.9 - 0.090·v))``, the probability of death of a pedestrian
#: hit at v km/h (algorithms.md [G]; they give the ratios stated in the abstract of the study).
FATALITY_INTERCEPT: Final = 6.9
FATALITY_PER_KMH: Final = 0.090
#: Speed at which the relative risk of traffic is 1.
REFERENCE_KMH: Final = 50.0

#: Classes of ways for walkers alone: they count as walkways of the sidewalk study, and no motor
#: vehicles drive there [A].
_WALKWAYS: Final = frozenset({"pedestrian", "footway", "steps", "corridor", "platform", "elevator"})


class FactorState(IntEnum):
    """Whether a factor of the relative risk applies to an edge, or cannot be known."""

    DOES_NOT_APPLY = 0
    APPLIED = 1
    UNKNOWN = 2


#: Signature of a factor's rule: (graph, edges, night, bound) -> (RR float64 [k], state uint8 [k]).
type Rule = Callable[[RoadGraph, Ints, Flags, bool], tuple[Floats, NDArray[np.uint8]]]


@dataclass(frozen=True, slots=True)
class Factor:
    """A relative risk: a road attribute's factor on the rate of some kinds of hazards.

    Parameters
    ----------
    name
        Key of the factor.
    formula
        Human-readable formula of the value.
    source
        The study that measured the factor.
    kinds
        Hazard kinds that the factor applies to.
    rule
        Function that returns the factor's value and state on edges.
    transferred
        Whether the factor was measured elsewhere than where it is used.
    """

    name: str
    formula: str
    source: str
    kinds: frozenset[str]
    rule: Rule
    transferred: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class AppliedFactor:
    """Value and state of a factor on some edges.

    Parameters
    ----------
    factor
        The catalogue's entry.
    value
        float64 [k]; 1 unless the factor applied.
    state
        uint8 [k], `FactorState`.
    """

    factor: Factor
    value: Floats
    state: NDArray[np.uint8]

    @property
    def unknown(self) -> Flags:
        """Edges whose tag is missing, bool [k]."""
        return np.asarray(self.state == FactorState.UNKNOWN)


def speed_rr(speed_kmh: Floats | float) -> Floats:
    """Return the risk of death of a pedestrian hit at a speed, relative to 50 km/h."""
    risk = _fatality(np.asarray(speed_kmh, dtype=np.float64))
    return np.asarray(risk / _fatality(np.float64(REFERENCE_KMH)))


def _fatality(speed_kmh: Floats | np.float64) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(FATALITY_INTERCEPT - FATALITY_PER_KMH * speed_kmh)))


def applied(
    graph: RoadGraph, kind: str, edges: Ints, night: Flags, *, bound: bool = False
) -> tuple[AppliedFactor, ...]:
    """Return the value and state of each factor for a kind of hazard on edges.

    Parameters
    ----------
    graph
        The road graph.
    kind
        The hazard's kind.
    edges
        int64 [k], edge ids.
    night
        bool [k], whether each edge is travelled by night.
    bound
        True for the upper bound, by which the search ranks: an unknown speed limit then counts as
        the speed of the road's class (`routing.travel.speed.VEHICLE_KMH`) where that speed is above
        50 km/h, so that a missing tag never looks better than a known tag. The state stays unknown.

    Returns
    -------
    One entry per factor of the kind, in the order of `FACTORS`; none for most kinds.
    """
    found = []
    for factor in FACTORS:
        if kind in factor.kinds:
            value, state = factor.rule(graph, edges, np.asarray(night, dtype=np.bool_), bound)
            found.append(AppliedFactor(factor, value, state))
    return tuple(found)


def multiplier(
    graph: RoadGraph, kind: str, edges: Ints, night: Flags, *, bound: bool = False
) -> Floats:
    """Return the product of a kind's factors on edges, float64 [k]; arguments as for `applied`."""
    product = np.ones(len(edges))
    for one in applied(graph, kind, edges, night, bound=bound):
        product *= one.value
    return product


def _lighting(
    graph: RoadGraph, edges: Ints, night: Flags, _bound: bool
) -> tuple[Floats, NDArray[np.uint8]]:
    """Return the factor of lighting by night and its state; it is 1 for ``lit=no``."""
    flags = graph.edge_flags[edges]
    lit = (flags & int(EdgeFlag.LIT_YES)) != 0
    known = lit | ((flags & int(EdgeFlag.LIT_NO)) != 0)
    return np.where(lit & night, LIT_RR, 1.0), _states(night, known)


def _sidewalk(
    graph: RoadGraph, edges: Ints, _night: Flags, _bound: bool
) -> tuple[Floats, NDArray[np.uint8]]:
    """Return the factor of a sidewalk or walkway and its state; it is 1 without a sidewalk."""
    flags = graph.edge_flags[edges]
    walkway = _among(graph, edges, _WALKWAYS)
    has = walkway | ((flags & int(EdgeFlag.SIDEWALK_YES)) != 0)
    known = has | ((flags & int(EdgeFlag.SIDEWALK_NO)) != 0)
    return np.where(has, SIDEWALK_RR, 1.0), _states(_on_land(flags), known)


def _traffic_speed(
    graph: RoadGraph, edges: Ints, _night: Flags, bound: bool
) -> tuple[Floats, NDArray[np.uint8]]:
    """Return the factor of the speed limit and its state; it is 1 where no motor vehicles drive.

    Vehicles are assumed to hit people at the speed limit [A].
    """
    limit_kmh = graph.edge_maxspeed_kmh[edges].astype(np.float64)
    known = limit_kmh > 0
    applies = ~_among(graph, edges, _WALKWAYS) & _on_land(graph.edge_flags[edges])
    supposed_kmh = np.full(len(edges), REFERENCE_KMH)
    if bound:
        by_class = np.array([VEHICLE_KMH.get(c, VEHICLE_DEFAULT_KMH) for c in HIGHWAY_CLASSES])
        supposed_kmh = np.maximum(supposed_kmh, by_class[graph.edge_class[edges]])
    value = speed_rr(np.where(known, limit_kmh, supposed_kmh))
    return np.where(applies, value, 1.0), _states(applies, known)


def _among(graph: RoadGraph, edges: Ints, classes: frozenset[str]) -> Flags:
    return np.array([name in classes for name in HIGHWAY_CLASSES])[graph.edge_class[edges]]


def _on_land(flags: NDArray[np.uint16]) -> Flags:
    return np.asarray((flags & int(EdgeFlag.FERRY)) == 0)


def _states(applies: Flags, known: Flags) -> NDArray[np.uint8]:
    state = np.where(known, FactorState.APPLIED, FactorState.UNKNOWN)
    return np.where(applies, state, FactorState.DOES_NOT_APPLY).astype(np.uint8)


#: The catalogue of factors; a new factor is one entry.
FACTORS: Final[tuple[Factor, ...]] = (
    Factor(
        "lighting",
        f"{LIT_RR} on lit streets by night",
        "Chalfin et al. 2022, Journal of Quantitative Criminology 38:127 (NBER 25798): randomised,"
        " New York housing estates, at least 36 % fewer index crimes out of doors by night",
        LIT_KINDS,
        _lighting,
    ),
    Factor(
        "sidewalk",
        f"{SIDEWALK_RR} with a sidewalk or walkway",
        "McMahon et al. 2002, FHWA, crashes of people walking along a road: 47 sites and 94"
        " matched ones, United States, 88 % less likely with a sidewalk or walkway",
        TRAFFIC_KINDS,
        _sidewalk,
    ),
    Factor(
        "traffic_speed",
        "P(v) / P(50 km/h), P(v) = 1 / (1 + exp(6.9 - 0.090 v))",
        "Rosén and Sander 2009, Accident Analysis and Prevention 41:536, pedestrian deaths by"
        " speed of impact, Germany; the speed limit stands for the speed of impact",
        TRAFFIC_KINDS,
        _traffic_speed,
    ),
)
