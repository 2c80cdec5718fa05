"""Stages as a phone finds them, against the server's on random routes; the module runs in node."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from routing.planning.day_reach import Constraint
from routing.planning.route_stages import route_stages
from routing.travel.timetable import TAIL_S, seconds_of
from tests.app.packs.test_phone_roads import module, node, run
from tests.fixtures.examples import examples
from tests.fixtures.route_nights import drawn

__all__ = ["module", "node", "run"]

#: Prints the stages of each trip: hours of beds and of crossings are lists of seconds.
STAGE = """
import { readFileSync } from 'node:fs';
const { findStages } = await import(new URL('stages.js', process.argv.at(-1)));
const open = (hours) => (clockS) => {
  const next = hours.find(([, until]) => clockS < until);
  return next === undefined ? null : Math.max(clockS, next[0]);
};
const far = ([from, until]) => [from, until ?? Infinity];
console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(({ walker, ...trip }) => {
  const places = trip.places.map(({ nights, ...place }) => (
    { ...place, night: (day) => (nights[day] ? far(nights[day]) : null) }));
  const crossings = trip.crossings.map(({ atM, hours }) => ({ atM, passS: open(hours) }));
  return findStages(walker, { ...trip, places, crossings });
})));
"""
DAY_S = 86_400.0
TRIPS = examples(200, 60)


def _trip(nights):
    """Give a route of an even pace as the phone has it."""
    pacing, profile = nights.pacing, nights.pacing.route.profile
    departure, segments = pacing.departure, pacing.route.segments
    midnight = departure.replace(hour=0)
    speed = segments.to_m[0] / segments.duration_s[0]
    return {
        "walker": {
            "speed_m_s": speed,
            "day_max_m": profile.day_max_m,
            "window_s": profile.window_s,
            "window_start_h": seconds_of(profile.window.start) / 3_600,
            "tail_s": TAIL_S,
        },
        "places": [_place(nights, row) for row in range(len(nights.at))],
        "crossings": [
            {"atM": passage.at_m, "hours": _hours(passage.crossing.opens, midnight)}
            for passage in pacing.route.passages
        ],
        "nights": nights.places.nights,
        "readyS": nights.ready_s,
        "day": (departure.date() - date(1970, 1, 1)).days,
        "offsetS": departure.utcoffset().total_seconds(),
    }


def _place(nights, row):
    places, (at_m, rank) = nights.places, nights.at[row]
    doors = [
        [
            places.opens_s[row, night] + night * DAY_S,
            None if np.isinf(last := places.last_entry_s[row, night]) else last + night * DAY_S,
        ]
        if nights.takes_in(row, night) and 0 < row < nights.end
        else None
        for night in range(places.nights)
    ]
    height_m = places.height_m[row]
    return {
        "atM": at_m, "rank": rank, "lon": places.lon[row], "lat": places.lat[row],
        "heightM": None if np.isnan(height_m) else height_m, "nights": doors,
    }  # fmt: skip


def _hours(opens, midnight):
    days = [midnight + timedelta(days=day) for day in range(40)]
    each = [
        (day + timedelta(hours=opens.from_h), day + timedelta(hours=opens.until_h)) for day in days
    ]
    return [
        [(moment - midnight).total_seconds() for moment in pair]
        for pair in each
        if opens.first <= pair[0] and pair[1] <= opens.last
    ]


def _told(one):
    names = [name for bit, name in NAMES.items() if one.fails & bit]
    return [one.origin, one.destination, one.day, one.arrival_day, one.days, names]


NAMES = {
    Constraint.DISTANCE: "distance",
    Constraint.DAYLIGHT: "daylight",
    Constraint.HEIGHT: "height",
    Constraint.CROSSING: "crossing",
    Constraint.HOURS: "hours",
}


def test_stages_are_those_of_the_server(run):
    asked = []
    for seed in range(TRIPS):
        nights = drawn(seed)
        # A phone does not know how long a space keeps people: one night.
        one_night = np.ones(len(nights.at), np.int64)
        asked.append(replace(nights, places=replace(nights.places, max_nights=one_night)))
    told = run(STAGE, [_trip(nights) for nights in asked])
    failing = 0
    for seed, (nights, phone) in enumerate(zip(asked, told, strict=True)):
        server = route_stages(nights)
        if server is None:
            assert phone is None, seed
            continue
        names = ("from", "to", "day", "arrivalDay", "days", "fails")
        assert [[stage[name] for name in names] for stage in phone] == [*map(_told, server)], seed
        moments = [[stage["departureS"], stage["arrivalS"]] for stage in phone]
        wanted = [[stage.departure_s, stage.arrival_s] for stage in server]
        assert np.allclose(moments, wanted, rtol=0, atol=0.1), seed
        failing += any(stage.fails for stage in server)
    assert TRIPS / 5 < failing < TRIPS * 0.8
