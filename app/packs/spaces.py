"""Spaces for phones, as columns of values instead of records, so that 5,000 spaces take 100 kB.

Offline, a phone sorts the spaces by distance, tells which are open and shows their data. Values
that repeat often (hours, sets of services) are listed once, and columns refer to them by number.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import IntFlag
from typing import Any, Final

from app.packs.timespan import HORIZON_DAYS, Span, day_number
from app.texts.phones import PhoneView, first_called, first_whatsapp, phone_of
from geo.geography.municipalities import Municipality
from geo.hours.space_hours import Hours, Interval
from geo.spaces.eligibility import ADULT_AGE
from geo.spaces.queries import ListedSpace

#: Units per degree: coordinates are integers in units of 1/100,000 degree (1.1 m).
DEGREE_PARTS: Final = 100_000


class Flag(IntFlag):
    """Boolean properties of a space as bits; `static/spaces.js` reads the same bits."""

    DEMO = 1
    REFERRAL_ONLY = 2
    OVERNIGHT = 4
    FAMILIES = 8
    FULL = 16


class _Listed[T: Hashable]:
    """Distinct values, numbered in the order of their first appearance."""

    def __init__(self) -> None:
        self._places: dict[T, int] = {}

    def place(self, value: T) -> int:
        return self._places.setdefault(value, len(self._places))

    @property
    def values(self) -> list[T]:
        return list(self._places)


#: Columns for the page of one space (P43) and for matching of needs, which only the pack of a
#: country has.
DETAILS: Final = (
    "organization", "eligibility", "address", "admin1", "landmark", "road", "road_km",
    "coord_precision", "fee_kind", "contact", "genders", "minimum_age", "maximum_age",
    "families_only", "children_alone", "documents_required", "capacity", "capacity_updated",
    "maximum_nights", "data_shared", "amenities", "step_free", "notice", "referral_points",
)  # fmt: skip


def columns_of(
    spaces: Sequence[ListedSpace], span: Span, *, towns: Mapping[str, Municipality] | None = None
) -> dict[str, Any]:
    """Return spaces as columns, and the lists of values to which columns refer by number.

    Parameters
    ----------
    spaces : sequence of ListedSpace
        Spaces of the public tier.
    span : Span
        Time span for which the hours are listed.
    towns : mapping, optional
        The municipality of each space that states one, by id of the space. None, which is for all
        files but a country's pack, leaves out municipalities and the columns of `DETAILS`.

    Returns
    -------
    dict
        ``lists`` holds the lists by name. In each value of its ``hours`` the openings follow each
        other, with four numbers each: ``opens, closes, last_entry or null, is_certain``, times in
        minutes of the span. ``columns`` holds a list as long as ``spaces`` for each column. The
        column ``hours`` is -1 where no schedule is stated. ``lon`` and ``lat`` are in units of
        1/100,000 degree (`DEGREE_PARTS`), days are counted as by `day_number`; ``confirmed`` is
        null for demo rows (P35). ``details`` names the columns that only a country's pack has:
        those of `DETAILS`, and ``municipality`` (a code). ``municipalities`` then holds
        ``name, admin1, lon, lat`` by code.
    """
    lists: dict[str, _Listed[Any]] = {
        name: _Listed()
        for name in ("kinds", "countries", "timezones", "statuses", "services", "languages")
    }
    hours: _Listed[tuple[int | None, ...]] = _Listed()
    known: dict[Hours, tuple[int | None, ...] | None] = {}

    def hours_place(space: ListedSpace) -> int:
        if space.hours not in known:
            known[space.hours] = minutes_of(space.hours, span)
        told = known[space.hours]
        return -1 if told is None else hours.place(told)

    def each(read: Callable[[Mapping[str, Any]], Any]) -> list[Any]:
        return [read(space.properties) for space in spaces]

    def placed(name: str, column: str) -> list[int]:
        return each(lambda row: lists[name].place(row[column]))

    def placed_sets(name: str) -> list[int]:
        return each(lambda row: lists[name].place(tuple(row[name])))

    columns = {
        "id": [space.id for space in spaces],
        "name": each(lambda row: row["name"]),
        "kind": placed("kinds", "kind"),
        "locality": each(lambda row: row["locality"] or row["name"]),
        "country": placed("countries", "country"),
        "timezone": placed("timezones", "timezone"),
        "status": placed("statuses", "status"),
        "lon": [round(space.lon * DEGREE_PARTS) for space in spaces],
        "lat": [round(space.lat * DEGREE_PARTS) for space in spaces],
        "services": placed_sets("services"),
        "languages": placed_sets("languages"),
        "hours": [hours_place(space) for space in spaces],
        "confirmed": each(_confirmed),
        "call_from": each(_call_from),
        "expires": each(lambda row: day_number(row["expires_on"])),
        "flags": each(_flags),
        "phone": each(lambda row: _number(first_called, row)),
        "whatsapp": each(lambda row: _number(first_whatsapp, row)),
        "referral": [space.referral_name for space in spaces],
    }
    told: dict[str, Any] = {name: listed.values for name, listed in lists.items()}
    told["hours"] = hours.values
    if towns is None:
        return {"lists": told, "columns": columns, "details": ()}
    own = [towns.get(space.id) for space in spaces]
    details = {
        **{name: [space.properties[name] for space in spaces] for name in DETAILS},
        "municipality": [None if town is None else town.code for town in own],
    }
    return {
        "lists": told,
        "columns": columns | details,
        "details": tuple(details),
        "municipalities": {town.code: _municipality(town) for town in own if town is not None},
    }


def _municipality(town: Municipality) -> tuple[str, str | None, int, int]:
    lon, lat = (round(degrees * DEGREE_PARTS) for degrees in (town.lon, town.lat))
    return town.name, town.admin1, lon, lat


def minutes_of(hours: Hours, span: Span) -> tuple[int | None, ...] | None:
    """Return a space's openings as one value of the ``hours`` list; None without a schedule."""
    intervals = hours.intervals(span.start, HORIZON_DAYS)
    if intervals is None:
        return None
    return tuple(part for one in intervals for part in _interval(one, span))


def _interval(one: Interval, span: Span) -> tuple[int | None, ...]:
    return (
        span.minute(one.opens),
        # An opening without an end gets the end of the span here, because no closing time is known.
        span.minute(one.closes),
        None if one.last_entry is None else span.minute(one.last_entry),
        int(one.is_certain),
    )


def _confirmed(row: Mapping[str, Any]) -> int | None:
    confirmed_on: date | None = row["confirmed_on"]
    return None if confirmed_on is None or row["demo"] else day_number(confirmed_on)


def _call_from(row: Mapping[str, Any]) -> int | None:
    """Return the first day from which people should call before going to a space.

    As by `freshness.age_label`, the day is the first after half of the validity. None for a demo
    row or a space that was never confirmed.
    """
    confirmed_on: date | None = row["confirmed_on"]
    if confirmed_on is None or row["demo"]:
        return None
    validity = (row["expires_on"] - confirmed_on).days
    return day_number(confirmed_on + timedelta(days=validity // 2 + 1))


def _flags(row: Mapping[str, Any]) -> int:
    flags = Flag(0)
    if row["demo"]:
        flags |= Flag.DEMO
    if row["access"] == "referral_only":
        flags |= Flag.REFERRAL_ONLY
    if row["overnight"]:
        flags |= Flag.OVERNIGHT
    if (row["minimum_age"] or 0) < ADULT_AGE:
        flags |= Flag.FAMILIES
    if row["capacity"] == "full":
        flags |= Flag.FULL
    return int(flags)


def _number(
    first: Callable[[Iterable[PhoneView]], PhoneView | None], row: Mapping[str, Any]
) -> str | None:
    found = first(map(phone_of, row["phones"]))
    return None if found is None else found.number
