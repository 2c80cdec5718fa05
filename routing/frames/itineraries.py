"""Itineraries of a party on foot as frames; or, if there is none, the stretches that prevent it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from routing.errors import InvalidInput
from routing.frames.corridor import best_route
from routing.frames.support_spaces import OVERNIGHT, SupportSpaces
from routing.frames.walking_network import WalkingNetwork
from routing.planning.day_reach import DayRules, World
from routing.planning.front import ShownItinerary, shown
from routing.planning.leg_limits import (
    LONGEST_LEG_M,
    OFF_ROUTE,
    legs_within,
    places_within,
    with_long_gaps,
)
from routing.planning.leg_routes import Ends, heights_m, leg_routes
from routing.planning.leg_table import leg_table
from routing.planning.legs import CrossingHours
from routing.planning.places import ANY_STAY, UNKNOWN_BEDS, OvernightPlaces
from routing.planning.question import MOST_NIGHTS, ItineraryQuestion
from routing.planning.stretches import Failure, answer
from routing.planning.walking_hours import walking_hours
from routing.route.coverage import ACCESS_M, MeasuredLine, coverage
from routing.route.route import Route
from routing.router.reachability import ReachPlace, ReachRequest

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

_DEGREES: Final = "EPSG:4326"
_DAY: Final = timedelta(days=1)

#: Row of the start in the table of places.
_START: Final = 0
#: Row of the end in the table of places; the rows of the spaces follow.
_END: Final = 1

#: Nights beyond ``max_nights`` that are examined, to find how many nights would suffice [A].
_MORE_NIGHTS: Final = 30

#: Hour of the day at which hazards are looked up: people walk by day.
_NOON_H: Final = 12

_DAY_COLUMNS: Final = (
    "itinerary",
    "date",
    "from_space",
    "to_space",
    "departure",
    "arrival",
    "distance_m",
    "duration_s",
    "is_room_known",
)
_STRETCH_COLUMNS: Final = (
    "date",
    "from_space",
    "to_space",
    "from_place",
    "to_place",
    "length_m",
    "duration_s",
    "binding",
    "more_spaces",
    "longer_day_m",
)


@dataclass(frozen=True, eq=False)
class ItineraryFrames:
    """Pareto-optimal itineraries by nights, exposure and hardest day; or why there is none.

    Parameters
    ----------
    summary
        One row for each itinerary, by its number: ``nights``, ``rests``, ``distance_m``,
        ``exposure_s`` (the price of known exposure, seconds), ``hardest_s`` (walking time of the
        hardest day, seconds), ``arrival``.
    days
        One row for each day, EPSG:4326: ``itinerary``, ``date``, ``from_space``, ``to_space``
        (labels of the caller's rows, None at the start and the end), ``departure``, ``arrival``,
        ``distance_m``, ``duration_s``, ``is_room_known`` (whether the number of free beds is
        known). A day of rest has no line.
    stretches
        If there is no itinerary: legs that cannot be walked, in the order of travel, EPSG:4326.
        Columns ``date``, ``from_space``, ``to_space``, ``from_place``, ``to_place``, ``length_m``,
        ``duration_s``, ``binding`` (the constraint to name: a member of
        `routing.planning.day_reach.Constraint` in lower case), ``more_spaces`` (fewest further
        spaces that make the leg walkable) and ``longer_day_m`` (metres by which the longest day is
        too short).
    nights_needed
        Fewest nights of any itinerary, if only ``max_nights`` is too low; else None.
    is_cut_off
        Whether no sequence of legs leads from start to end by spaces that ever take the party in.
    """

    summary: pd.DataFrame
    days: gpd.GeoDataFrame
    stretches: gpd.GeoDataFrame
    nights_needed: int | None
    is_cut_off: bool

    @property
    def is_feasible(self) -> bool:
        """Whether there is an itinerary."""
        return len(self.summary) > 0


def find_itineraries(
    network: WalkingNetwork,
    spaces: SupportSpaces,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    at: datetime,
    max_day_m: float | None = None,
    party: int = 1,
    max_nights: int = 30,
    most: int = 3,
    needs_known_beds: bool = False,
    access_m: float = ACCESS_M,
) -> ItineraryFrames:
    """Find the days of a walk, each of which ends at a space that takes the party in on its date.

    Parameters
    ----------
    network
        The roads; crossings that are open now are assumed to be open on every day.
    spaces
        The spaces; those with the service ``"overnight"`` take people in.
    start, end
        Longitude and latitude, degrees, WGS 84.
    at
        When the party is ready to leave, timezone-aware; its UTC offset holds for the journey.
    max_day_m
        Longest day, metres; by default that of the profile.
    party
        Count of people.
    max_nights
        Most nights under way.
    most
        Most itineraries returned, at least 1.
    needs_known_beds
        Whether a space whose free beds are unknown counts as full.
    access_m
        Greatest distance from the best route at which a space ends a gap of the route, metres. Used
        only for gaps that are longer than any leg of the search.

    Raises
    ------
    InvalidInput
        ``most`` is less than 1.
    InvalidRequest
        A place, the time, the party or a limit is out of range.
    OffNetwork
        An end lies too far from the roads.
    NoRoute
        No admissible way leads from start to end, however long.
    """
    if most < 1:
        raise InvalidInput("most", "one itinerary or more")
    route = best_route(network, [start, end], at)
    walk = _Walk.of(network, spaces, (start, end), at, route)
    rules = DayRules(
        network.profile.day_max_m if max_day_m is None else max_day_m,
        party=party,
        unknown_beds_suffice=not needs_known_beds,
        unknown_height_is_low=not np.isfinite(walk.heights_m).any(),
    )
    question = walk.question(rules, max_nights, access_m)
    found = answer(question)
    chosen = shown(found.itineraries, most)
    failure = found.failure or Failure()
    return ItineraryFrames(
        _summary(chosen),
        walk.days(chosen),
        walk.stretches(failure),
        failure.nights_needed,
        failure.is_cut_off,
    )


@dataclass(frozen=True, eq=False)
class _Walk:
    """A walk between two places: its best route, and the spaces that itineraries may use.

    ``rows`` are the rows of these spaces, int64 [k]. The targets of ``asked`` are the start, the
    end, and these spaces.
    """

    network: WalkingNetwork
    spaces: SupportSpaces
    rows: Ints
    asked: ReachRequest
    at: datetime
    route: Route
    heights_m: Floats

    @classmethod
    def of(
        cls,
        network: WalkingNetwork,
        spaces: SupportSpaces,
        ends: tuple[tuple[float, float], tuple[float, float]],
        at: datetime,
        route: Route,
    ) -> "_Walk":
        offers = np.array([OVERNIGHT in one for one in spaces.services], dtype=np.bool_)
        lon, lat = spaces.supports.lon, spaces.supports.lat
        near = places_within(*ends, lon, lat, OFF_ROUTE * route.distance_m)
        rows = near[offers[near]]
        targets = [ReachPlace(*end) for end in ends]
        targets += [
            ReachPlace(one.lon, one.lat, one.country)
            for one in (spaces.supports[row] for row in rows.tolist())
        ]
        asked = ReachRequest(
            start=targets[_START],
            targets=targets,
            at=at.replace(hour=_NOON_H, minute=0, second=0, microsecond=0),
            crossings=network.crossings,
            hazards=network.hazards,
            profile=network.profile,
        )
        heights = heights_m(network.reacher, asked)
        return cls(network, spaces, rows, asked, at, route, heights)

    def question(self, rules: DayRules, max_nights: int, access_m: float) -> ItineraryQuestion:
        """Return the input of the search for itineraries, for a party and its limits."""
        nights = min(max(max_nights, 0) + _MORE_NIGHTS, MOST_NIGHTS)
        places, ends = self._places(nights), (_START, _END)
        window = self.network.profile.window
        hours = walking_hours(places.lon, places.lat, self.at, nights + 1, window)
        always = [[(-np.inf, np.inf)] if one.passable else [] for one in self.network.crossings]
        limit_m = OFF_ROUTE * self.route.distance_m
        legs = leg_table(self.network.reacher, self.asked, min(limit_m, LONGEST_LEG_M))
        legs = legs_within(legs, ends, places.lon, places.lat, limit_m)
        beds = [self.spaces.supports[row] for row in self.rows.tolist()]
        line = MeasuredLine.from_route(self.route)
        gaps = coverage(line, beds, access_m, towns=self.network.towns).gaps
        row_of = {one.id: row for row, one in enumerate(beds, _END + 1)}
        pace_s_per_m = self.route.duration_s / max(1.0, self.route.distance_m)
        return ItineraryQuestion(
            legs=with_long_gaps(legs, gaps, row_of, ends, pace_s_per_m),
            world=World(places, CrossingHours.of(always), hours),
            rules=rules,
            start=_START,
            end=_END,
            departure=self.at,
            max_nights=max_nights,
        )

    def _places(self, nights: int) -> OvernightPlaces:
        """Return the places by night: start and end, which take nobody in, then the spaces."""
        spaces, rows = self.spaces, self.rows
        admits = np.zeros((len(self.asked.targets), nights), np.bool_)
        for night in range(nights):
            offers = spaces.offering(OVERNIGHT, (self.at + night * _DAY).date())
            admits[_END + 1 :, night] = offers[rows]
        return OvernightPlaces(
            lon=np.array([one.lon for one in self.asked.targets], np.float64),
            lat=np.array([one.lat for one in self.asked.targets], np.float64),
            height_m=self.heights_m,
            admits=admits,
            beds=_by_night(_after_ends(spaces.beds[rows], UNKNOWN_BEDS), nights),
            opens_s=_by_night(_after_ends(spaces.opens_s[rows], 0.0), nights),
            last_entry_s=_by_night(_after_ends(spaces.last_entry_s[rows], np.inf), nights),
            max_nights=_after_ends(spaces.max_nights[rows], ANY_STAY),
        )

    def days(self, chosen: Sequence[ShownItinerary]) -> gpd.GeoDataFrame:
        """Return one row for each day of the chosen itineraries, with the line of the day's leg."""
        days = [(number, day) for number, one in enumerate(chosen) for day in one.itinerary.days]
        lines = self._lines([(day.origin, day.destination) for _, day in days])
        rows = [
            (
                number,
                day.date,
                self._label(day.origin),
                self._label(day.destination),
                day.departure,
                day.arrival,
                day.distance_m,
                day.duration_s,
                day.is_room_known,
            )
            for number, day in days
        ]
        return gpd.GeoDataFrame(_table(rows, _DAY_COLUMNS), geometry=lines, crs=_DEGREES)

    def stretches(self, failure: Failure) -> gpd.GeoDataFrame:
        """Return one row for each stretch that fails, with the line of its leg."""
        lines = self._lines([(one.origin, one.destination) for one in failure.stretches])
        rows = [
            (
                one.date,
                self._label(one.origin),
                self._label(one.destination),
                self._name(one.origin),
                self._name(one.destination),
                one.length_m,
                one.duration_s,
                (one.binding.name or "").lower(),
                one.remedies.more_spaces,
                one.remedies.longer_day_m,
            )
            for one in failure.stretches
        ]
        return gpd.GeoDataFrame(_table(rows, _STRETCH_COLUMNS), geometry=lines, crs=_DEGREES)

    def _lines(self, legs: Sequence[Ends]) -> list[shapely.LineString | None]:
        """Return the line of each leg; None for a rest, and for a leg beyond those searched."""
        walked = {(origin, destination) for origin, destination in legs if origin != destination}
        routes: Mapping[Ends, Route] = leg_routes(self.network.reacher, self.asked, walked)
        return [
            shapely.LineString(routes[leg].coordinates) if leg in routes else None for leg in legs
        ]

    def _row(self, place: int) -> int | None:
        return None if place <= _END else int(self.rows[place - _END - 1])

    def _label(self, place: int) -> object:
        """Return the label of a place's row in the caller's frame; None for an end."""
        row = self._row(place)
        return None if row is None else self.spaces.labels[row]

    def _name(self, place: int) -> str | None:
        row = self._row(place)
        return None if row is None else self.spaces.place_of(row)


def _after_ends[T: np.generic](values: NDArray[T], of_ends: float) -> NDArray[T]:
    """Return the values of all places, [S]: ``of_ends`` for start and end, then those of spaces."""
    return np.concatenate([np.full(_END + 1, of_ends, values.dtype), values])


def _by_night[T: np.generic](values: NDArray[T], nights: int) -> NDArray[T]:
    """Return the same values for each night, [S, M]."""
    return np.repeat(values[:, None], nights, axis=1)


def _summary(chosen: Sequence[ShownItinerary]) -> pd.DataFrame:
    found = [one.itinerary for one in chosen]
    return pd.DataFrame(
        {
            "nights": [one.nights for one in found],
            "rests": [one.rests for one in found],
            "distance_m": [one.distance_m for one in found],
            "exposure_s": [one.exposure for one in found],
            "hardest_s": [one.hardest_s for one in found],
            "arrival": [one.arrival for one in found],
        },
        index=pd.RangeIndex(len(found), name="itinerary"),
    )


def _table(rows: Sequence[tuple[Any, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
    """Return rows as a frame that has the named columns even without any row."""
    return pd.DataFrame(rows, columns=list(columns))
