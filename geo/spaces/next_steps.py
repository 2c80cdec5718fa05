"""What can be done about a need: steps that can be taken, in order; no database.

Hard filters first (`geo.spaces.eligibility`), then a rank, which a chance of being served, the way
and its known exposure decide and never who somebody is (P26).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from geo.hours.openings import zone
from geo.spaces.eligibility import Candidate, Doubt, Need, Refusal, doubts, refusals
from geo.spaces.freshness import TAU_DAYS, decay

#: Weights of `utility` [A], of algorithms.md section 6, which gives no figures: an hour on foot
#: weighs as much as a tenth of the chance to be served. An hour of exposure, priced in seconds of
#: walking by `routing.travel.cost_model`, weighs the same: the price has put both on one scale
#: already.
ALPHA_PER_H = 0.1
BETA_PER_H = 0.1

#: What is not known counts as even odds [A]: a restriction that the asker said nothing about,
#: places for the night that nobody stated, a referral that may be declined.
EVEN_ODDS = 0.5

#: What is left of the chance where a wish is not known to be met [A]: a language that is spoken
#: there is worth an hour or two on foot, and no more.
UNMET_WISH = 0.8

#: Doubts about what the asker wishes for, not about whom the provider takes.
WISHES = frozenset({Doubt.LANGUAGE})

_SECONDS_PER_HOUR = 3_600.0
_SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class SpaceDistance:
    """How far a space is.

    Attributes
    ----------
    distance_m, duration_s : float
        Along the road where ``kind`` is ``walking``, else straight and at least so long.
    exposure_s : float
        Price of the known exposure on the way, seconds of walking (`routing.travel.cost_model`).
    crosses_border : bool
        The way leads through an official crossing.
    """

    distance_m: float
    duration_s: float
    exposure_s: float
    kind: str
    crosses_border: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """A step that can be taken: to a space that serves, or to one that refers to it.

    Attributes
    ----------
    candidate : Candidate
        Where to go.
    refers_to : Candidate or None
        The space that serves, where ``candidate`` refers people to it.
    arrival : datetime
        Aware.
    doubts : tuple of Doubt
        What is not known of who serves.
    is_abroad : bool
        In another country than the asker's, or reached only through one.
    """

    candidate: Candidate
    way: SpaceDistance
    arrival: datetime
    doubts: tuple[Doubt, ...] = ()
    refers_to: Candidate | None = None
    is_abroad: bool = False


def options(
    need: Need,
    found: Iterable[tuple[Candidate, SpaceDistance, datetime]],
    referrers: Mapping[str, tuple[Candidate, SpaceDistance, datetime]],
    *,
    country: str,
) -> tuple[list[Option], dict[str, tuple[Refusal, ...]]]:
    """Sort candidates into steps that can be taken and reasons against the rest.

    A space that takes nobody without a referral is no destination; if nothing else excludes it,
    each of its visible referring points that is open on arrival is a step instead. The point's
    own service, documents and places do not matter for that, its hours and limits do.

    Parameters
    ----------
    need : Need
        What is needed.
    found : iterable of (Candidate, Way, datetime)
        With the way to each and the arrival.
    referrers : mapping of str to (Candidate, Way, datetime)
        The visible referring points by id.
    country : str
        Of the asker, ISO 3166-1 alpha-2.

    Returns
    -------
    (list of Option, dict of str to tuple of Refusal)
        In no order; reasons by id.
    """
    steps: dict[str, Option] = {}
    against = {}
    referred: list[tuple[Candidate, tuple[Doubt, ...]]] = []
    for space, way, arrival in found:
        reasons = refusals(need, space, arrival)
        if not reasons:
            steps[space.id] = _option(space, way, arrival, doubts(need, space), None, country)
            continue
        against[space.id] = reasons
        if reasons == (Refusal.REFERRAL_ONLY,):
            referred.append((space, doubts(need, space)))
    visit = need.of_a_visit
    for target, unknown in referred:
        for point_id in target.referral_points:
            if point_id in steps or point_id not in referrers:
                continue
            point, way, arrival = referrers[point_id]
            if point.country == target.country and not refusals(visit, point, arrival):
                steps[point_id] = _option(point, way, arrival, unknown, target, country)
    return list(steps.values()), against


def _option(
    space: Candidate,
    way: SpaceDistance,
    arrival: datetime,
    unknown: tuple[Doubt, ...],
    refers_to: Candidate | None,
    country: str,
) -> Option:
    is_abroad = space.country != country or way.crosses_border
    return Option(space, way, arrival, unknown, refers_to, is_abroad=is_abroad)


def served_chance(need: Need, option: Option, now: datetime) -> float:
    """Return how likely an option serves, between 0 and 1; for ranking alone (P46).

    ``P(served) = P(valid | age) · P(bed free | last word) · 0.5^(things not known)``
    (algorithms.md section 6), and `UNMET_WISH` for each wish that is not known to be met. A listing
    decays with tau 30 days and the word on places with 2; what remains of it when it is old is even
    odds, not none. Numbers of places play no part: a rank must not tell what the public may not see
    (P42).
    """
    served_by = option.refers_to or option.candidate
    today = now.astimezone(zone(option.candidate.timezone)).date()
    chance = decay((today - option.candidate.assured_on).days, TAU_DAYS["service"])
    if option.refers_to is not None:
        chance *= EVEN_ODDS * decay((today - served_by.assured_on).days, TAU_DAYS["service"])
    if need.is_for_night:
        chance *= _bed_chance(served_by, option.arrival)
    wishes = len(WISHES.intersection(option.doubts))
    return float(chance * EVEN_ODDS ** (len(option.doubts) - wishes) * UNMET_WISH**wishes)


def _bed_chance(space: Candidate, arrival: datetime) -> float:
    if space.capacity != "places" or space.capacity_updated is None:
        return EVEN_ODDS
    age_days = (arrival - space.capacity_updated).total_seconds() / _SECONDS_PER_DAY
    return EVEN_ODDS + (1.0 - EVEN_ODDS) * decay(age_days, TAU_DAYS["capacity"])


def utility(need: Need, option: Option, now: datetime) -> float:
    """Return ``U = P(served) - alpha · hours - beta · exposure`` (algorithms.md section 6)."""
    hours = option.way.duration_s / _SECONDS_PER_HOUR
    exposure_h = option.way.exposure_s / _SECONDS_PER_HOUR
    return served_chance(need, option, now) - ALPHA_PER_H * hours - BETA_PER_H * exposure_h


def ranked(need: Need, steps: Iterable[Option], now: datetime) -> list[Option]:
    """Return options in order: those of the asker's country first (P33), then by `utility`.

    Of equals the nearer comes first, then the lower id.
    """
    return sorted(
        steps,
        key=lambda option: (
            option.is_abroad,
            -utility(need, option, now),
            option.way.distance_m,
            option.candidate.id,
        ),
    )


def counted(against: Iterable[Sequence[Refusal]]) -> dict[str, int]:
    """Return how many spaces were left out by the first reason of each, in the order judged."""
    first = [reasons[0] for reasons in against if reasons]
    return {reason.value: first.count(reason) for reason in Refusal if reason in first}
