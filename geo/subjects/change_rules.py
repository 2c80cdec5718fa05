"""Rules that split a change into a part applied at once and a part that waits for a second person.

P40: closing is fast, opening is slow. A closing, "full", fewer places, shorter hours, fewer
services, stricter conditions, less visibility and a coded reason apply at once. Restricting a
record takes it from everybody who could restore it, so it needs a second person (P52). Every change
that sends people to a new place or admits more people waits: opening, moving, longer hours, more
services, more visibility, telephones (a false one is a trap) and a new space. Free text waits in
every field (P51), and so does any field without a rule here.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from geo.hours.comparison import Calendar, OpenTime, shortened
from geo.text import coded_reasons

Document = Mapping[str, Any]

#: Values by field, from the most open to the most closed: a step to the right applies at once.
_ORDERED: Mapping[str, tuple[Any, ...]] = {
    "status": ("active", "full", "temporarily_closed", "closed"),
    # Without "restricted" (also set by the field "confidential"): one person cannot restrict a
    # space, which is hidden instead until a second person agrees (P52).
    "visibility": ("public", "partners"),
    "access": ("open", "referral_only"),
    "children_alone": ("yes", "not_known", "no"),
    "fees": ("free", "not_known", "paid"),
    "holidays": ("open", "not_known", "closed"),
    "overnight": (True, False),
    "families_only": (False, True),
    "step_free": (True, None, False),
}

#: Fields that list what a space offers: removing an item applies at once, each addition waits.
_OFFERED = ("services", "sectors", "languages", "referral_points", "public_phones", "itinerary")

#: Fields with numbers of places; ``capacity_updated`` is the time of their last update.
_PLACES = ("capacity", "available")

#: Text fields of which only the clearing applies at once, since new text may lead into a trap. A
#: notice that is a coded reason applies at once too: "closed for fumigation" cannot wait (P51).
_CLEARED_AT_ONCE = ("public_contact", "notice")

_HOURS = ("schedules", "schedule_exceptions")

#: Groups of fields that only make sense together: if one of a group waits, all of them wait.
_TOGETHER = (("minimum_age", "maximum_age"), ("confirmed_on", "expires_on", "confirmed_by"))


@dataclass(frozen=True, slots=True)
class ChangeSplit:
    """A change split into a part that applies at once and a part that waits.

    Attributes
    ----------
    now : dict
        Fields with the values that one person may set at once.
    later : dict
        Fields with the values that wait for a second person. A field can be in both: if
        ``services`` loses one service now, and gains another later.
    """

    now: dict[str, Any]
    later: dict[str, Any]


def classify(before: Document | None, after: Document, today: date) -> ChangeSplit:
    """Split a change of a space into the part that applies at once and the part that waits (P40).

    Parameters
    ----------
    before, after : mapping
        Complete canonical documents of the space (`geo.records.space_documents`); ``before`` is
        None for a new space, of which everything waits.
    today : date
        Day from which opening hours are compared; past hours are ignored.

    Returns
    -------
    ChangeSplit
        Applying ``now`` to ``before`` never opens anything; applying ``later`` to the result gives
        ``after``.
    """
    if before is None:
        return ChangeSplit({}, dict(after))
    changed = [name for name in after if after[name] != before.get(name)]
    now: dict[str, Any] = {}
    for name in changed:
        if name == "notice" and coded_reasons.is_ours(after[name], today):
            now[name] = after[name]
            continue
        value = _at_once(name, before.get(name), after[name])
        if value is not _WAITS and value != before.get(name):
            now[name] = value
    if any(name in changed for name in _HOURS):
        now |= _hours_at_once(before, after, today)
    later = {
        name: after[name] for name in changed if now.get(name, before.get(name)) != after[name]
    }
    if (
        "capacity_updated" in later
        and not any(name in later for name in _PLACES)
        and _is_newer(before.get("capacity_updated"), later["capacity_updated"])
    ):
        # The update time of the number of places applies with the number, but never moves back,
        # which would make a "full" look outdated.
        now["capacity_updated"] = later.pop("capacity_updated")
    for group in _TOGETHER:
        if any(name in later for name in group):
            later |= {name: after[name] for name in group if name in now}
            now = {name: value for name, value in now.items() if name not in group}
    return ChangeSplit(now, later)


class _Waits:
    """Type of a sentinel value: no part of the change of a field applies at once."""


_WAITS = _Waits()


def _at_once(name: str, before: Any, after: Any) -> Any:  # noqa: ANN401 -- any value of a field
    """Return the value that one person may set a field to at once; `_WAITS` if there is none."""
    if name in _CLEARED_AT_ONCE and after is None:
        return after
    if name in _ORDERED:
        order = _ORDERED[name]
        known = before in order and after in order
        return after if known and order.index(after) > order.index(before) else _WAITS
    if name in _OFFERED:
        return _fewer(before or [], after or [])
    if name == "amenities":
        return _fewer_amenities(before or {}, after or {})
    if name == "genders":
        return _narrower(before, after)
    return after if name in _STRICTER and _STRICTER[name](before, after) else _WAITS


def _fewer(before: list[Any], after: list[Any]) -> list[Any]:
    kept = [item for item in after if item in before]
    # The same items in another order are harmless, so a mere reordering applies at once.
    return kept if len(kept) == len(after) else [item for item in before if item in after]


def _fewer_amenities(before: Mapping[str, bool], after: Mapping[str, bool]) -> dict[str, bool]:
    made = {code: there for code, there in after.items() if not there or before.get(code) is True}
    for code, there in before.items():
        if not there and after.get(code) is True:
            made[code] = False  # a missing amenity stays missing until a second person agrees
    return made


def _narrower(before: list[str] | None, after: list[str] | None) -> Any:  # noqa: ANN401
    """Return the genders admitted both before and after, or `_WAITS`; None admits everybody."""
    if after is None:
        return _WAITS
    if before is None:
        return after
    return [gender for gender in before if gender in after] or _WAITS


def _is_higher(before: float | None, after: float | None) -> bool:
    return (after or 0) > (before or 0)


def _is_lower(before: float | None, after: float | None) -> bool:
    return _or_unlimited(after) < _or_unlimited(before)


def _or_unlimited(number: float | None) -> float:
    return math.inf if number is None else number


def _is_fewer(before: int | None, after: int | None) -> bool:
    """Return whether a change promises fewer places (P42); None promises none, 0 means "full"."""
    if before == 0:
        return False
    return after is None or after == 0 or (before is not None and after < before)


def _is_newer(before: str | None, after: str | None) -> bool:
    if before is None or after is None:
        return before is None
    return datetime.fromisoformat(after) >= datetime.fromisoformat(before)


def _asks_more(before: list[str] | None, after: list[str] | None) -> bool:
    """Return whether more documents are required; None means not known, an empty list none."""
    if before is None:
        return bool(after)
    if after is None:
        return not before
    return set(before) < set(after)


def _is_earlier(before: str | None, after: str | None) -> bool:
    return before is not None and after is not None and after < before


#: Comparisons by field of the old and the new value; True if the new one is stricter, so that the
#: change applies at once.
_STRICTER: Mapping[str, Callable[[Any, Any], bool]] = {
    "minimum_age": _is_higher,
    "maximum_age": _is_lower,
    "maximum_nights": _is_lower,
    "capacity": _is_fewer,
    "available": _is_fewer,
    "documents_required": _asks_more,
    "expires_on": _is_earlier,
}


def _hours_at_once(before: Document, after: Document, today: date) -> dict[str, Any]:
    was = OpenTime.of(before)
    # Hours are compared under the old rule for holidays; a change of ``holidays`` is judged apart.
    calendar = Calendar(
        before.get("holidays") or "not_known", before.get("country"), before.get("admin1")
    )
    part = shortened(was, _without_new_words(before, after, today), today, calendar)
    if part is None:
        return {}
    then = was.fields()
    return {name: value for name, value in part.fields().items() if value != then[name]}


def _without_new_words(before: Document, after: Document, today: date) -> OpenTime:
    """Return the opening hours of ``after`` without new texts and without new days far from today.

    New texts in the rules of opening hours wait for a second person, except for the coded reason of
    a closed day (P51). A new day far from today waits too: "closed from 3105-05-12" closes nothing,
    and its digits can be a telephone number.
    """
    known = {rule.get(name) for rule in _rules(before) for name in _WORDS}
    published = {rule.get(name) for rule in _rules(before) for name in _DAYS}

    def read(rule: Mapping[str, Any]) -> Mapping[str, Any]:
        is_closing = bool(rule.get("closed"))
        new = {
            name: None
            for name in _WORDS
            if rule.get(name) not in {*known, None}
            and not (is_closing and coded_reasons.is_ours(rule[name], today))
        }
        return {**rule, **new}

    def is_said(rule: Mapping[str, Any]) -> bool:
        days = {rule.get(name) for name in _DAYS} - published
        return not any(coded_reasons.is_far(day, today) for day in days)

    hours = OpenTime.of(after)
    # If a new weekly rule has a day far from today, keep all old rules: dropping only the new rule
    # would close its hours.
    is_near = all(map(is_said, hours.schedules))
    schedules = hours.schedules if is_near else OpenTime.of(before).schedules
    exceptions = filter(is_said, hours.exceptions)
    return OpenTime(tuple(map(read, schedules)), tuple(map(read, exceptions)))


def _rules(document: Document) -> Iterator[Mapping[str, Any]]:
    for name in _HOURS:
        yield from document.get(name) or ()


#: Keys of texts in the rules of opening hours; new texts wait, except coded reasons (P51).
_WORDS = ("description", "reason")
#: Keys of days in the rules of opening hours; new days far from today wait (P51).
_DAYS = ("starts_on", "ends_on", "dtstart", "until", "valid_from", "valid_to")
