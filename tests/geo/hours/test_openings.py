"""Openings on the clock: midnight, clock changes, last entry."""

from datetime import UTC, date, datetime, time

from geo.hours.openings import Opening, from_json, local_instant, weekly
from geo.hours.rrule import Recurrence


def local(*parts):
    return datetime(*parts)  # noqa: DTZ001 -- naive, as a place's clock shows it


def test_a_json_rule_is_read_whole():
    [read] = from_json(
        [
            {
                "freq": "MONTHLY",
                "interval": 2,
                "dtstart": "2026-01-05",
                "until": "2027-01-05",
                "count": None,
                "byday": ["1MO"],
                "bymonthday": [],
                "opens_at": "08:00",
                "closes_at": "17:00",
                "last_entry": "16:30",
                "timezone": "America/Lima",
                "valid_from": "2026-02-01",
                "valid_to": None,
            }
        ]
    )
    assert read == Opening(
        rule=Recurrence(
            byday=frozenset({"1MO"}),
            freq="MONTHLY",
            interval=2,
            dtstart=date(2026, 1, 5),
            until=date(2027, 1, 5),
        ),
        opens_at=time(8),
        closes_at=time(17),
        timezone="America/Lima",
        valid_from=date(2026, 2, 1),
        last_entry=time(16, 30),
    )
    assert [d for d in range(1, 32) if read.begins_on(date(2026, 3, d))] == [2]
    assert not read.begins_on(date(2026, 1, 5)), "before valid_from"
    assert not read.begins_on(date(2026, 2, 2)), "every second month"


def test_a_json_rule_of_before_is_weekly():
    [read] = from_json(
        [{"byday": ["MO"], "opens_at": "08:00", "closes_at": "17:00", "timezone": "America/Lima"}]
    )
    assert read.rule == weekly("MO")


def test_last_entry_is_within_the_opening():
    def last(opens, closes, entry):
        opening = Opening(weekly("MO"), opens, closes, "America/Lima", last_entry=entry)
        return opening.last_entry_on(date(2026, 11, 23))

    assert last(time(8), time(17), time(16)) == local(2026, 11, 23, 16)
    assert last(time(16), time(8), time(21)) == local(2026, 11, 23, 21)
    assert last(time(16), time(8), time(1)) == local(2026, 11, 24, 1)
    assert last(time(8), time(17), time(18)) == local(2026, 11, 23, 17), "never after closing"
    assert last(time(0), time(0), time(22)) == local(2026, 11, 23, 22)
    assert last(time(8), time(17), None) is None


def test_local_moments_of_a_clock_change_are_read_as_rfc_5545_has_it():
    # Chile, 2026-09-06: 00:00 does not exist, the day begins at 01:00 (UTC-4 to UTC-3).
    assert local_instant(local(2026, 9, 6, 0, 30), "America/Santiago") == datetime(
        2026, 9, 6, 4, 30, tzinfo=UTC
    )
    # Chile, 2026-04-04: 23:00 to 24:00 comes twice; the first is meant (UTC-3).
    assert local_instant(local(2026, 4, 4, 23, 30), "America/Santiago") == datetime(
        2026, 4, 5, 2, 30, tzinfo=UTC
    )
