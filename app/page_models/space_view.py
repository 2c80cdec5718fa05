"""View of one space's page (P43)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Literal
from urllib.parse import quote

from babel.numbers import format_decimal

from app.drawings import locator
from app.drawings.locator import Locator
from app.i18n import labels, weekly_hours
from app.i18n.coded_reasons import notice_markup
from app.i18n.translation import Words, marked, words
from app.i18n.weekly_hours import WeekRow, last_listed, later_exceptions, week_rows
from app.journeys.space_facts import SpaceFacts
from app.page_models import renderer, view_models
from app.page_models.frames import PageFrame
from app.page_models.home_filling import space_of
from app.snapshots.road_networks import NamedNode
from app.texts.phones import PhoneView, phone_of
from app.texts.sharing import Sharing
from geo.hours.space_hours import DayException

CATEGORIES: Mapping[str, str] = {
    "staff_conduct": marked("El comportamiento de alguien del personal"),
    "refused": marked("Me negaron la atención"),
    "charged": marked("Me cobraron o me pidieron algo a cambio"),
    "unsafe": marked("El lugar es peligroso"),
    "privacy": marked("Usaron mal mis datos"),
    "other": marked("Otra cosa"),
}


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
    week
        Today and the six days after, equal days in one row; empty if no hours are known.
    last_day
        Last day of `week`.
    exceptions
        Days with exceptional hours after `last_day`.
    amenities
        Pairs of amenity code and presence; None is not known.
    onward
        Next space in each direction; None if the road network was unavailable.
    lines, lines_not_known
        Essential contacts of the area, and kinds without one (P45).
    sharing
        Sharing links; None if the space is not public.
    locator
        Small map of the surroundings; None where no sketch covers them.
    """

    frame: PageFrame
    space: view_models.Space
    facts: Mapping[str, Any]
    week: Sequence[WeekRow]
    last_day: date
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
    locator: Locator | None = None


def space_view(
    found: SpaceFacts,
    around: PageFrame,
    sharing: Sharing | None,
    drawn: Locator | None = None,
) -> SpaceView:
    """Return the view of a space's page."""
    row = found.described.properties
    first_referrer = found.referrers[0].properties["name"] if found.referrers else None
    return SpaceView(
        frame=around,
        space=space_of(found.described.id, row, found.hours, around.now, first_referrer),
        facts=row,
        week=week_rows(found.hours, found.today),
        last_day=last_listed(found.today),
        exceptions=later_exceptions(found.hours, found.today),
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
        locator=drawn,
    )


def _amenities(
    names: labels.Names, stated: Mapping[str, bool]
) -> tuple[tuple[str, bool | None], ...]:
    others = labels.in_order(names, "amenity", stated.keys() - set(labels.ALWAYS_SHOWN))
    return tuple((code, stated.get(code)) for code in (*labels.ALWAYS_SHOWN, *others))


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


def town_text(w: Words, home: str, town: NamedNode) -> str:
    """Name a town of the small map; append its country unless that is ``home`` (P33)."""
    if town.country in {None, home}:
        return town.name
    return f"{town.name} ({w.country(str(town.country))})"


def exception_dates(w: Words, one: DayException) -> str:
    """Write the date or dates of an exception."""
    if one.starts_on == one.ends_on:
        return w.day(one.starts_on)
    return f"{w.day(one.starts_on)} – {w.day(one.ends_on)}"


def capacity_time(w: Words, facts: Mapping[str, Any]) -> str | None:
    """Write when free places were last counted, in the space's local time (P42)."""
    updated: datetime | None = facts["capacity_updated"]
    return None if updated is None else w.moment(updated, facts["timezone"])


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
        locator=locator,
        ages=ages(w, view.facts),
        capacity_time=capacity_time(w, view.facts),
        kilometre=None if kilometres is None else format_decimal(kilometres, locale=w.locale),
        clocks=partial(weekly_hours.clocks, w),
        weekly=partial(weekly_hours.weekly, w),
        last_day=view.last_day,
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
