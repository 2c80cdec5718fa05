"""Sharing links of a route result: text for WhatsApp and SMS.

The links send nothing before a person taps one. The text does not reveal where the journey starts
(P48): no start place, no distances from the start, lengths rounded up to 5 km, and no space on the
first part of the route, which route files leave out too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from app.i18n import labels, route_phrases
from app.i18n.gsm7 import SEPTETS, cut, in_gsm7, septets
from app.i18n.translation import Words, marked_safety
from app.page_models.plan_views import PlanView, RouteView
from app.texts import print_text, route_text
from app.texts.poster import short_address
from app.texts.print_text import PrintLine
from app.texts.route_export import omitted_m

#: Lengths are rounded up to multiples of this, metres, so that a length leaves the start uncertain
#: by this much [A].
_STEP_M: Final = 5_000.0

#: Septets of the destination's name that are never cut [A].
_NAME: Final = 20

_UNKNOWN = marked_safety("De %(km)s no hay información.")


@dataclass(frozen=True)
class RouteSharing:
    """Sharing links of a route.

    Attributes
    ----------
    whatsapp, sms
        Links that open a message, to a recipient whom the reader chooses.
    geo
        ``geo:`` URI of the destination if published (a space or a crossing), else None.
    """

    whatsapp: str
    sms: str
    geo: str | None


def shared(w: Words, view: PlanView, route: RouteView) -> RouteSharing:
    """Return the sharing links of a route."""
    text = "\n".join(_lines(w, view, route))
    geo = None
    if view.end_place is not None:
        where = "{1:.5f},{0:.5f}".format(*view.end_place)
        geo = f"geo:{where}?q={where}"
    return RouteSharing(
        whatsapp=f"https://wa.me/?text={quote(text, safe='')}",
        sms=f"sms:?body={quote(short_message(w, view, route), safe='')}",
        geo=geo,
    )


def how_long(w: Words, route: RouteView) -> str:
    """Write a route's duration: days on foot, never hours (P46); hours by vehicle."""
    if route.vehicle_s is not None:
        hours = max(1, round(route.vehicle_s / 3600))
        text = w.ngettext(
            "Cerca de %(num)s hora en vehículo", "Cerca de %(num)s horas en vehículo", hours
        )
        return text % {"num": w.integer(hours)}
    slow = route.walking_days_slow
    if slow is not None and slow > route.walking_days:
        return w.gettext("%(low)s a %(high)s días a pie") % {
            "low": w.integer(route.walking_days),
            "high": w.integer(slow),
        }
    text = w.ngettext("%(num)s día a pie", "%(num)s días a pie", route.walking_days)
    return text % {"num": w.integer(route.walking_days)}


def short_message(w: Words, view: PlanView, route: RouteView) -> str:
    """Return a route as one SMS; details are left out until the text fits.

    The climb is left out first, then details of the advice, then the length of stretches without
    information on hazards.

    DEMO, days, length, the longest stretch and the date of the data always stay.
    """
    # The advice does not name the ends of the gap, because one of them may be the start.
    full, unknown = "" if route.gap is None else str(route.gap.advice), _unknown(w, route)
    brief = "" if route.gap is None else route.gap.advice.missing.replace(" ningún ", " ")
    date = w.gettext("dato del %(date)s") % {"date": f"{view.frame.now:%d/%m/%y}"}
    name = in_gsm7(_title(w, view))
    demo = "DEMO " if view.frame.has_demo else ""
    rest = ""
    for advice, more in (
        (full, (_climb(w, route), unknown)),
        (full, (unknown,)),
        (brief, (unknown,)),
        (brief, ()),
    ):
        marked = print_text.plain(w, PrintLine(advice, is_original=True)) if advice else None
        parts = (how_long(w, route), _length(w, route), marked, *more, date)
        rest = in_gsm7(f": {'; '.join(filter(None, parts))}")
        if septets(demo + rest) + min(septets(name), _NAME) <= SEPTETS:
            break
    return demo + cut(name, SEPTETS - septets(demo + rest)) + rest


def _lines(w: Words, view: PlanView, route: RouteView) -> Iterable[str]:
    if view.frame.has_demo:
        yield print_text.plain(w, print_text.demo_warning(w))
    yield f"*{_title(w, view)}*"
    yield ", ".join(filter(None, (how_long(w, route), _length(w, route), _climb(w, route))))
    if route.gap is not None:
        yield print_text.plain(w, PrintLine(str(route.gap.advice), is_original=True))
    if route.hazards:
        kinds = ", ".join(_plain_safety(w, labels.HAZARDS.get(h.kind)) for h in route.hazards)
        yield f"{w.gettext('Peligros conocidos')}: {kinds}"
    unknown = _unknown(w, route)
    if unknown:
        yield unknown
    nights = _nights(route)
    if nights:
        yield f"{w.gettext('Para dormir, en orden')}: {'; '.join(nights)}"
    yield print_text.plain(w, _reviewed(w, route_phrases.NOTICE))
    yield w.gettext("Datos del %(date)s.") % {"date": w.day(view.frame.now.date())}
    if view.end_space is not None:
        yield short_address(view.base, view.end_space.id)


def _title(w: Words, view: PlanView) -> str:
    return w.gettext("Camino a %(end)s") % {"end": view.end_name}


def _length(w: Words, route: RouteView) -> str:
    fives = max(1, -int(-route.distance_m // _STEP_M))
    return w.gettext("hasta %(km)s") % {"km": w.km(fives * _STEP_M)}


def _climb(w: Words, route: RouteView) -> str | None:
    if route.ascent_m is None or route.ascent_m < route_text.CLIMB_M:
        return None
    hundreds = max(1, round(route.ascent_m / 100))
    return w.gettext("sube unos %(metres)s m") % {"metres": w.integer(hundreds * 100)}


def _unknown(w: Words, route: RouteView) -> str | None:
    if route.unknown_m <= 0:
        return None
    own, text = w.reviewed(_UNKNOWN)
    said = text % {"km": own.km(-int(-route.unknown_m // _STEP_M) * _STEP_M)}
    return print_text.plain(w, PrintLine.said_in(own, w, said.rstrip(".")))


def _plain_safety(w: Words, text: str | None) -> str:
    return "" if text is None else print_text.plain(w, _reviewed(w, text))


def _reviewed(w: Words, text: str) -> PrintLine:
    own, said = w.reviewed(text)
    return PrintLine.said_in(own, w, said)


def _nights(route: RouteView) -> list[str]:
    hidden_m = omitted_m(route.distance_m)
    return [
        f"{space.name} ({space.locality})"
        for space in route.spaces
        if space.has_overnight and space.at_m > hidden_m
    ]
