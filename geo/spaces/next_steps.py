"""Ranking of next steps for a person's need: spaces to go to, directly or for a referral.

Hard filters come first (`geo.spaces.eligibility`). The remaining spaces are ranked by the chance of
being served, the length of the way and its known exposure to hazards. A person's identity never
changes the rank (P26). The module does not access the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from geo.hours.openings import zone
from geo.spaces.eligibility import Candidate, Doubt, Need, Refusal, doubts, refusals
from geo.spaces.freshness import TAU_DAYS, decay

#: Weight alpha of `utility` [A]; algorithms.md section 6 gives no figures. An hour on foot weighs
#: as much as a tenth of the chance to be served.
ALPHA_PER_H = 0.1
#: Weight beta of `utility` [A], equal to alpha, because `routing.travel.cost_model` expresses
#: exposure in seconds of walking already.
BETA_PER_H = 0.1

#: Chance that an unknown fact is favourable [A]: an age limit when the asker's age is not stated,
#: an unknown number of beds, a referral that may be declined.
EVEN_ODDS = 0.5

#: Factor on the chance to be served for each wish that is not known to be met [A]: a space where
#: the asker's language is spoken is worth an hour or two on foot, and no more.
UNMET_WISH = 0.8

#: Doubts about a wish of the asker; all other doubts are about a condition of the provider.
WISHES = frozenset({Doubt.LANGUAGE})

_SECONDS_PER_HOUR = 3_600.0
_SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class SpaceDistance:
    """Way from the asker to a space: distance, duration and exposure to hazards.

    Attributes
    ----------
    distance_m, duration_s : float
        Along roads if ``kind`` is ``walking``; otherwise on a straight line, as a lower bound.
    exposure_s : float
        Cost of the known exposure on the way, as seconds of walking (`routing.travel.cost_model`).
    crosses_border : bool
        Whether the way leads through an official crossing.
    """

    distance_m: float
    duration_s: float
    exposure_s: float
    kind: str
    crosses_border: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """Possible next step: go to a space that serves the need, or to its referral point.

    Attributes
    ----------
    candidate : Candidate
        Space to go to.
    refers_to : Candidate or None
        Space that serves the need, if ``candidate`` is a referral point of this space; None if
        ``candidate`` itself serves the need.
    arrival : datetime
        Time of arrival at ``candidate``, aware.
    doubts : tuple of Doubt
        Unknown facts about the space that serves the need.
    is_abroad : bool
        Whether ``candidate`` is in another country than the asker, or the way to it crosses a
        border.
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
    """Return the possible next steps among candidates, and the reasons against the others.

    A space that only takes referred people is no step itself. If nothing else excludes the space,
    each of its visible referral points in the same country that is open on arrival is a step
    instead. A referral point is judged by its hours and personal limits, not by the services it
    offers or the documents it requires.

    Parameters
    ----------
    need : Need
        Services needed, and the people who need them.
    found : iterable of (Candidate, SpaceDistance, datetime)
        Each candidate with the way to it and the time of arrival.
    referrers : mapping of str to (Candidate, SpaceDistance, datetime)
        Visible referral points of the candidates, by id, with way and arrival.
    country : str
        Country of the asker, ISO 3166-1 alpha-2.

    Returns
    -------
    (list of Option, dict of str to tuple of Refusal)
        Steps in no particular order; reasons by id of the refused space.
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
    """Return the estimated chance (0 to 1) that an option serves the need, for ranking only (P46).

    ``P(served) = P(valid | age) · P(bed free | last word) · 0.5^(number of doubts)`` (algorithms.md
    section 6), times `UNMET_WISH` for each wish that is not known to be met. The first factor
    decays with the age of the space's confirmation (tau 30 days). For a night, the second decays
    with the age of the last statement about free beds (tau 2 days), from 1 to `EVEN_ODDS`. The
    number of free beds is not used: a rank must not reveal a figure that the public may not see
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
    """Sort options: those in the asker's country first (P33), then by decreasing `utility`.

    Among options of equal utility the nearer comes first, then the lower id.
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
    """Count the excluded spaces by the first reason against each, in the order of `Refusal`."""
    first = [reasons[0] for reasons in against if reasons]
    return {reason.value: first.count(reason) for reason in Refusal if reason in first}
