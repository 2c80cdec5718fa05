"""Ranked next steps for a need: spaces to go to, directly or by referral; no database access.

Hard filters come first (`geo.spaces.eligibility`), then a rank by the chance of being served, the
way and its known exposure to hazards. Who somebody is never changes the rank (P26).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from geo.hours.openings import zone
from geo.spaces.eligibility import Candidate, Doubt, Need, Refusal, doubts, refusals
from geo.spaces.freshness import TAU_DAYS, decay

#: Weights of `utility` [A], of algorithms.md section 6, which gives no figures: an hour on foot
#: costs as much as a tenth of the chance to be served. An hour of exposure weighs the same:
#: `routing.travel.cost_model` has already priced exposure in seconds of walking.
ALPHA_PER_H = 0.1
BETA_PER_H = 0.1

#: Chance for an unknown fact [A]: a restriction that the asker said nothing about, unstated places
#: for the night, a referral that may be declined.
EVEN_ODDS = 0.5

#: Factor on the chance for a wish that is not known to be met [A]: a spoken language is worth an
#: hour or two on foot, and no more.
UNMET_WISH = 0.8

#: Doubts about the asker's wishes, not about the people whom the provider takes.
WISHES = frozenset({Doubt.LANGUAGE})

_SECONDS_PER_HOUR = 3_600.0
_SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class SpaceDistance:
    """The way to a space.

    Attributes
    ----------
    distance_m, duration_s : float
        Along the road where ``kind`` is ``walking``; otherwise straight, a lower bound.
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
    """A possible next step: a space that serves the need, or a space that refers people to it.

    Attributes
    ----------
    candidate : Candidate
        The space to go to.
    refers_to : Candidate or None
        The space that serves the need, where ``candidate`` refers people to it.
    arrival : datetime
        Aware.
    doubts : tuple of Doubt
        Unknown facts about the space that serves the need.
    is_abroad : bool
        The space is in another country than the asker, or can only be reached through another
        country.
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
    """Split candidates into possible steps and reasons against the rest.

    A space that takes nobody without a referral is no destination. If nothing else excludes it,
    each of its visible referral points that is open on arrival is a step instead. For a referral
    point its hours and personal limits count, not its own services and documents.

    Parameters
    ----------
    need : Need
        The need, with the people who have it.
    found : iterable of (Candidate, SpaceDistance, datetime)
        Each candidate with the way there and the arrival.
    referrers : mapping of str to (Candidate, SpaceDistance, datetime)
        The visible referral points by id.
    country : str
        Of the asker, ISO 3166-1 alpha-2.

    Returns
    -------
    (list of Option, dict of str to tuple of Refusal)
        Steps in no order; reasons by id of the space.
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
    """Return the chance that an option serves the need, 0 to 1; used for ranking only (P46).

    ``P(served) = P(valid | age) · P(bed free | last word) · 0.5^(number of doubts)`` (algorithms.md
    section 6), times `UNMET_WISH` for each wish that is not known to be met. A listing decays with
    a tau of 30 days and a statement about free places with 2 days; an old statement about places
    leaves even odds, not none. The number of places plays no part: a rank must not reveal a figure
    that the public may not see (P42).
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
    """Return options ranked: those of the asker's country first (P33), then by `utility`.

    Of options with equal utility the nearer comes first, then the lower id.
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
    """Return how many spaces each first reason excluded, in the order of `Refusal`."""
    first = [reasons[0] for reasons in against if reasons]
    return {reason.value: first.count(reason) for reason in Refusal if reason in first}
