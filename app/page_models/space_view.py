"""View of one space's page (P43)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Literal
from urllib.parse import quote

from babel.numbers import format_decimal

from app.i18n import labels
from app.i18n.coded_reasons import notice_markup
from app.i18n.translation import Words, marked, words
from app.journeys.space_facts import SpaceFacts
from app.page_models import renderer, view_models
from app.page_models.frames import PageFrame
from app.page_models.home_filling import space_of
from app.texts.sharing import Sharing
from geo.hours.space_hours import DayException, Hours

#: Days listed with their hours: today and the six days after.
LISTED_DAYS = 7

#: Amenities shown for every place as yes, no or not known (P43); others are shown if stated.
ALWAYS_SHOWN = ("toilets", "drinking_water", "charging", "wifi")

#: Types of phone number that take text messages, and types that take no calls.
_TEXTED = frozenset({"sms", "textphone"})
_UNCALLED = frozenset({"sms", "textphone", "fax", "pager", "whatsapp"})

CATEGORIES: Mapping[str, str] = {
    "staff_conduct": marked("El comportamiento de alguien del personal"),
    "refused": marked("Me negaron la atención"),
    "charged": marked("Me cobraron o me pidieron algo a cambio"),
    "unsafe": marked("El lugar es peligroso"),
    "privacy": marked("Usaron mal mis datos"),
    "other": marked("Otra cosa"),
}


@dataclass(frozen=True)
class Times:
    """One opening of a day: local times as ``HH:MM``, and whether the opening is certain."""

    opens: str
    closes: str
    last_entry: str | None
    is_whole_day: bool
    is_certain: bool


@dataclass(frozen=True)
class Day:
    """A local day and its openings, none if closed; ``reason`` explains exceptional hours."""

    day: date
    times: Sequence[Times]
    is_exception: bool
    reason: str | None


@dataclass(frozen=True)
class PhoneView:
    """A public phone number, as text and as URIs that a phone opens."""

    number: str
    kind: str
    description: str | None
    call: str | None
    text: str | None
    whatsapp: str | None


@dataclass(frozen=True)
class Referrer:
    """A space that refers people to another space."""

    id: str
    name: str
    locality: str
    phones: Sequence[PhoneView]


@dataclass(frozen=True)
class Onward:
    """The next space in one direction, ``distance_m`` metres away along the road."""

    id: str
    name: str
    locality: str
    country: str
    distance_m: float
    crossings: Sequence[str]
    is_demo: bool


@dataclass(frozen=True)
class SpaceView:
    """View of one space's page.

    Attributes
    ----------
    space
        The space as a list shows it.
    facts
        The published properties.
    days
        Today and the six days after; empty if no hours are known.
    exceptions
        Exceptional days after the listed ones.
    amenities
        Pairs of amenity code and presence; None is not known.
    onward
        Next space in each direction; None if the road network was unavailable.
    lines, lines_not_known
        Essential contacts of the area, and kinds without one (P45).
    sharing
        Sharing links; None if the space is not public.
    """

    frame: PageFrame
    space: view_models.Space
    facts: Mapping[str, Any]
    days: Sequence[Day]
    exceptions: Sequence[DayException]
    phones: Sequence[PhoneView]
    amenities: Sequence[tuple[str, bool | None]]
    referrers: Sequence[Referrer]
    onward: Sequence[Onward] | None
    products: Sequence[Mapping[str, Any]]
    practices: Sequence[Mapping[str, Any]]
    lines: Sequence[Mapping[str, Any]]
    lines_not_known: Sequence[str]
    sharing: Sharing | None


def space_view(found: SpaceFacts, around: PageFrame, sharing: Sharing | None) -> SpaceView:
    """Return the view of a space's page."""
    row = found.described.properties
    first_referrer = found.referrers[0].properties["name"] if found.referrers else None
    return SpaceView(
        frame=around,
        space=space_of(found.described.id, row, found.hours, around.now, first_referrer),
        facts=row,
        days=_days(found.hours, found.today),
        exceptions=_later(found.hours, found.today),
        phones=tuple(phone_of(phone) for phone in row["phones"]),
        amenities=_amenities(around.names, row["amenities"] or {}),
        referrers=tuple(
            Referrer(
                one.id,
                one.properties["name"],
                one.properties["locality"] or one.properties["country"],
                tuple(phone_of(phone) for phone in one.properties["phones"]),
            )
            for one in found.referrers
        ),
        onward=None
        if found.next_spaces is None
        else tuple(
            Onward(
                one.described.id,
                one.described.properties["name"],
                one.described.properties["locality"] or one.described.properties["name"],
                one.described.properties["country"],
                one.distance_m,
                tuple(post.name for post in one.crossings),
                one.described.properties["demo"],
            )
            for one in found.next_spaces
        ),
        products=found.products,
        practices=found.practices,
        lines=found.contacts.lines,
        lines_not_known=found.contacts.not_known,
        sharing=sharing,
    )


def phone_of(phone: Mapping[str, Any]) -> PhoneView:
    """Return a public number with the URIs by which a phone uses the number."""
    number, kind = str(phone["number"]), phone.get("type") or "voice"
    digits = "".join(c for c in number if c.isdigit())
    dialled = f"+{digits}" if number.strip().startswith("+") else digits
    is_whatsapp = kind == "whatsapp" and dialled.startswith("+")
    return PhoneView(
        number=number,
        kind=kind,
        description=phone.get("description"),
        call=f"tel:{dialled}" if digits and kind not in _UNCALLED else None,
        text=f"sms:{dialled}" if digits and kind in _TEXTED else None,
        whatsapp=f"https://wa.me/{digits}" if is_whatsapp else None,
    )


def _days(hours: Hours, today: date) -> tuple[Day, ...]:
    if not (hours.openings or hours.exceptions):
        return ()
    return tuple(_day(hours, today + timedelta(days=ahead)) for ahead in range(LISTED_DAYS))


def _day(hours: Hours, day: date) -> Day:
    exceptions = [one for one in hours.exceptions if one.covers(day)]
    return Day(
        day,
        tuple(
            Times(
                f"{opening.opens_at:%H:%M}",
                f"{opening.closes_at:%H:%M}",
                None if opening.last_entry is None else f"{opening.last_entry:%H:%M}",
                opening.opens_at == opening.closes_at,
                is_certain,
            )
            for opening, is_certain in hours.openings_on(day)
        ),
        bool(exceptions),
        next((one.reason for one in exceptions if one.reason), None),
    )


def _later(hours: Hours, today: date) -> tuple[DayException, ...]:
    last = today + timedelta(days=LISTED_DAYS - 1)
    later = (one for one in hours.exceptions if one.ends_on > last)
    return tuple(sorted(later, key=lambda one: (one.starts_on, one.ends_on)))


def _amenities(
    names: labels.Names, stated: Mapping[str, bool]
) -> tuple[tuple[str, bool | None], ...]:
    others = labels.in_order(names, "amenity", stated.keys() - set(ALWAYS_SHOWN))
    return tuple((code, stated.get(code)) for code in (*ALWAYS_SHOWN, *others))


def address_of(space_id: str, lang: str, part: str = "") -> str:
    """Return the path of a space's page, or of a page below it."""
    return f"/spaces/{quote(space_id, safe='')}{part}?lang={lang}"


def ages(w: Words, facts: Mapping[str, Any]) -> str | None:
    """Return the ages that a space accepts as text; None if no age is stated."""
    low, high = facts["minimum_age"], facts["maximum_age"]
    if low is None and high is None:
        return None
    if high is None:
        return w.gettext("desde %(age)s años") % {"age": low}
    if low is None:
        return w.gettext("hasta %(age)s años") % {"age": high}
    return w.gettext("de %(low)s a %(high)s años") % {"low": low, "high": high}


def exception_dates(w: Words, one: DayException) -> str:
    """Write the date or dates of an exception."""
    if one.starts_on == one.ends_on:
        return w.day(one.starts_on)
    return f"{w.day(one.starts_on)} – {w.day(one.ends_on)}"


def capacity_time(w: Words, facts: Mapping[str, Any]) -> str | None:
    """Write when free places were last counted, in the space's local time (P42)."""
    updated: datetime | None = facts["capacity_updated"]
    return None if updated is None else w.moment(updated, facts["timezone"])


def weekday(w: Words, day: date) -> str:
    """Write a date with its weekday."""
    return w.dated(day, "EEE d MMM")


def render_space(view: SpaceView, services: Sequence[str], lang: str) -> str:
    """Render a space's page; ``services`` are those that the form can report as missing."""
    w = words(lang)
    kilometres = view.facts["road_km"]
    return _render(
        "space",
        view.frame,
        lang,
        view=view,
        space=view.space,
        services=services,
        ages=ages(w, view.facts),
        capacity_time=capacity_time(w, view.facts),
        kilometre=None if kilometres is None else format_decimal(kilometres, locale=w.locale),
        weekday=partial(weekday, w),
        exception_dates=partial(exception_dates, w),
        worded=partial(notice_markup, w),
    )


def render_complaint(
    frame: PageFrame,
    space_id: str,
    row: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    lang: str,
) -> str:
    """Render the complaint form, with the lines that are independent of the operators.

    ``row`` holds the space's published properties.
    """
    return _render(
        "complaint",
        frame,
        lang,
        space_id=space_id,
        name=row["name"],
        country=row["country"],
        lines=lines,
        categories=CATEGORIES,
    )


def render_thanks(
    frame: PageFrame,
    kind: Literal["feedback", "complaint", "missing"],
    lang: str,
    *,
    space_id: str | None = None,
    country: str | None = None,
    lines: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Render the thanks after a form, the same whether or not the space exists (P39).

    ``country`` selects the help lines; None shows those of every country.
    """
    return _render(
        "feedback", frame, lang, kind=kind, space_id=space_id, country=country, lines=lines
    )


def render_not_here(frame: PageFrame, lang: str) -> str:
    """Render the page for every space that is not shown, whatever the reason (P39)."""
    return _render("not_here", frame, lang)


def _render(template: str, frame: PageFrame, lang: str, /, **values: object) -> str:
    return renderer.render_open(
        template,
        frame,
        lang,
        address=address_of,
        term=partial(labels.term, words(lang), frame.names),
        **values,
    )
