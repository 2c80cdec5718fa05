"""Readers for the parts of a space: hours, exceptions, stops, telephones, languages, capacity."""

import json
import re
from datetime import UTC, time
from typing import Any

import shapely

from geo.hours.rrule import WEEKDAYS, Recurrence, byday_code, rule_problems
from geo.models import (
    Capacity,
    ItineraryStop,
    Language,
    Phone,
    ReferralPoint,
    Schedule,
    ScheduleException,
)
from geo.reasons import CodedReason
from geo.records.row_validation import Circumstances, Row, Rows
from geo.text.countries import misplacement

#: Pattern for telephone numbers as providers write them, including short codes such as *123#.
PHONE = re.compile(r"[+*#]?[0-9 ().*#-]{2,30}")

#: Most entries in one list of parts. A list with more is a mistake, and would be slow to read.
MAX_PARTS = 100


def read_parts(row: Row, space_id: str, timezone: str, circumstances: Circumstances) -> Rows:
    """Read the parts of a space, by model; lists are sorted so that equal records give equal rows.

    Only telephones keep their stated order.
    """
    return {
        Schedule: _schedules(row, space_id, timezone),
        ScheduleException: _exceptions(row, space_id),
        Phone: _phones(row, space_id, circumstances),
        Language: [
            {"id": f"{space_id}:{code}", "location_id": space_id, "code": code}
            for code in _languages(row)
        ],
        Capacity: _capacity(row, space_id, circumstances),
        ReferralPoint: [
            {"location_id": space_id, "referrer_id": referrer}
            for referrer in _referral_points(row, space_id)
        ],
        ItineraryStop: _itinerary(row, space_id),
    }


def _schedules(row: Row, space_id: str, timezone: str) -> list[dict[str, Any]]:
    """Read the opening rules of a space from one of three notations.

    They are ``schedules`` (a list of rules), ``schedule`` (one rule), or the columns ``byday``,
    ``opens_at`` and ``closes_at``.
    """
    field = "schedules" if row.raw("schedules") is not None else "schedule"
    if row.raw(field) is None and row.raw("opens_at") is not None:
        stated = {name: row.raw(name) for name in ("byday", "opens_at", "closes_at")}
        field, rules = "opens_at", [row.part(stated)]
    else:
        rules = row.objects(field)
    made = [_schedule(row, rule, field, timezone) for rule in rules]
    return _numbered(row, field, space_id, made)


def _schedule(row: Row, rule: Row, field: str, timezone: str) -> dict[str, Any]:
    opens_at, closes_at = rule.clock("opens_at"), rule.clock("closes_at")
    valid_from, valid_to = rule.day("valid_from"), rule.day("valid_to")
    if opens_at is None or closes_at is None:
        rule.reject(CodedReason("hours_needed"))
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        rule.reject(CodedReason("before", field="valid_to", other="valid_from", start=valid_from))
    recurrence = _recurrence(rule)
    for problem in rule_problems(recurrence):
        rule.reject(problem)
    made = {
        "timezone": rule.timezone() if rule.raw("timezone") else timezone,
        "freq": recurrence.freq,
        "interval": recurrence.interval,
        "dtstart": recurrence.dtstart,
        "until": recurrence.until,
        "count": recurrence.count,
        "byday": sorted(recurrence.byday, key=_day_order),
        "bymonthday": sorted(recurrence.bymonthday),
        "opens_at": opens_at or time(),
        "closes_at": closes_at or time(),
        "last_entry": rule.clock("last_entry"),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "description": rule.optional_text("description"),
    }
    row.adopt(field, rule)
    return made


def _recurrence(rule: Row) -> Recurrence:
    freq = rule.choice("freq", ("WEEKLY", "MONTHLY"), default="WEEKLY")
    dtstart = rule.day("dtstart")
    byday = []
    for code in _listed(rule, "byday"):
        try:
            byday.append(byday_code(code))
        except ValueError:
            rule.reject(CodedReason("not_weekday", field="byday", value=code[:20]))
    bymonthday = []
    for number in _listed(rule, "bymonthday"):
        if re.fullmatch(r"-?\d{1,2}", number):
            bymonthday.append(int(number))
        else:
            rule.reject(CodedReason("not_day_of_month", field="bymonthday", value=number[:20]))
    if freq == "WEEKLY" and not byday and dtstart is None:
        byday = list(WEEKDAYS)  # a weekly rule without weekdays means every day
    return Recurrence(
        byday=frozenset(byday),
        bymonthday=frozenset(bymonthday),
        freq=freq,
        interval=rule.optional_whole("interval", 1, 52) or 1,
        dtstart=dtstart,
        until=rule.day("until"),
        count=rule.optional_whole("count", 1, 1000),
    )


def _listed(rule: Row, name: str) -> list[str]:
    value = rule.raw(name)
    if value is None:
        return []
    parts = re.split(r"[,|]", value) if isinstance(value, str) else value
    if not isinstance(parts, list):
        parts = [parts]
    return [str(part).strip() for part in parts if str(part).strip()]


def _day_order(code: str) -> tuple[str, int]:
    day = code[-2:]
    return code[:-2], WEEKDAYS.index(day) if day in WEEKDAYS else len(WEEKDAYS)


def _exceptions(row: Row, space_id: str) -> list[dict[str, Any]]:
    made = []
    for rule in row.objects("schedule_exceptions"):
        starts_on = rule.day("starts_on")
        ends_on = rule.day("ends_on") or starts_on
        opens_at, closes_at = rule.clock("opens_at"), rule.clock("closes_at")
        closed = rule.flag("closed", default=opens_at is None)
        if starts_on is None or ends_on is None:
            rule.reject(CodedReason("needed", field="starts_on"))
        elif ends_on < starts_on:
            rule.reject(CodedReason("before", field="ends_on", other="starts_on", start=starts_on))
        if (opens_at is None) != (closes_at is None) or closed != (opens_at is None):
            rule.reject(CodedReason("closed_or_hours"))
        made.append(
            {
                "starts_on": starts_on,
                "ends_on": ends_on,
                "closed": closed,
                "opens_at": opens_at,
                "closes_at": closes_at,
                "reason": rule.optional_text("reason"),
            }
        )
        row.adopt("schedule_exceptions", rule)
    return _numbered(row, "schedule_exceptions", space_id, made)


def _itinerary(row: Row, space_id: str) -> list[dict[str, Any]]:
    made = []
    for stop in row.objects("itinerary"):
        starts_at, ends_at = stop.instant("starts_at"), stop.instant("ends_at")
        lon, lat = stop.optional_number("lon"), stop.optional_number("lat")
        if starts_at is None or ends_at is None:
            stop.reject(CodedReason("stop_times_needed"))
        elif ends_at <= starts_at:
            stop.reject(
                CodedReason("not_after", field="ends_at", other="starts_at", start=starts_at)
            )
        if (lon is None) != (lat is None):
            stop.reject(CodedReason("both_or_neither", fields="lon and lat"))
        elif lon is not None and lat is not None and (problem := misplacement(lon, lat)):
            stop.reject(problem)
        made.append(
            {
                "place": stop.text("place"),
                "geom": None if lon is None or lat is None else shapely.Point(lon, lat),
                "starts_at": starts_at and starts_at.astimezone(UTC),
                "ends_at": ends_at and ends_at.astimezone(UTC),
            }
        )
        row.adopt("itinerary", stop)
    return _numbered(row, "itinerary", space_id, made)


def _numbered(
    row: Row, field: str, space_id: str, made: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Sort and number the rows of a part, as the order of a list in a file has no meaning."""
    if len(made) > MAX_PARTS:
        row.reject(CodedReason("too_many", field=field, most=MAX_PARTS), field)
    made.sort(key=lambda part: json.dumps(part, default=str, sort_keys=True))
    return [
        {"id": f"{space_id}:{n:03}", "location_id": space_id, **part} for n, part in enumerate(made)
    ]


def _phones(row: Row, space_id: str, circumstances: Circumstances) -> list[dict[str, Any]]:
    """Read the public telephone numbers in the stated order, in which callers should try them."""
    stated = row.raw("public_phones")
    if isinstance(stated, str):
        stated = [part.strip() for part in re.split(r"[;|]", stated) if part.strip()]
    made = []
    for item in stated if isinstance(stated, list) else [stated] if stated is not None else []:
        phone = row.part(item if isinstance(item, dict) else {"number": item})
        number = phone.raw("number")
        if not isinstance(number, str) or not PHONE.fullmatch(number):
            phone.reject(CodedReason("not_phone", field="public_phones"))
        made.append(
            {
                "location_id": space_id,
                "number": str(number),
                "type": phone.choice(
                    "type", circumstances.vocabulary.active["phone_type"], default="voice"
                ),
                "description": phone.optional_text("description"),
            }
        )
        row.adopt("public_phones", phone)
    if len(made) > MAX_PARTS:
        row.reject(CodedReason("too_many", field="public_phones", most=MAX_PARTS), "public_phones")
    unlike = {(p["number"], p["type"], p["description"]): p for p in made}
    return [{"id": f"{space_id}:{n:03}", **phone} for n, phone in enumerate(unlike.values())]


def _languages(row: Row) -> list[str]:
    codes = row.codes("languages")
    for code in codes:
        if not re.fullmatch(r"[a-z]{2,3}", code):
            row.reject(CodedReason("not_language", field="languages", value=code), "languages")
    return sorted(codes)


def _referral_points(row: Row, space_id: str) -> list[str]:
    """Read the ids of the spaces that refer people to this space.

    They are listed in ``referral_points``, or one is stated in ``referral_from``.
    """
    referrers = row.codes("referral_points")
    if row.raw("referral_from"):
        referrers = [*referrers, row.id("referral_from")]
    if space_id in referrers:
        row.reject(CodedReason("refers_to_itself"), "referral_points")
    return sorted(set(referrers))


def _capacity(row: Row, space_id: str, circumstances: Circumstances) -> list[dict[str, Any]]:
    maximum = row.optional_whole("capacity", 0, 100_000)
    available = row.optional_whole("available", 0, 100_000)
    updated = row.instant("capacity_updated")
    if maximum is None and available is None:
        return []
    if maximum is not None and available is not None and available > maximum:
        row.reject(
            CodedReason(
                "more_than", field="available", value=available, other="capacity", most=maximum
            ),
            "available",
        )
    if updated is not None and updated > circumstances.now:
        row.reject(CodedReason("future", field="capacity_updated"), "capacity_updated")
    return [
        {
            "location_id": space_id,
            "available": available,
            "maximum": maximum,
            "updated": updated or circumstances.now,
        }
    ]
