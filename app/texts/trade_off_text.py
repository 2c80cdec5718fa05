"""Comparison of a route with the quickest route of its response, in one sentence (P46).

Differences of more than a day on foot are stated in days, not hours, and never in percent. Next to
"fewer reports" the text states the length without any hazard information. A safety text whose
translation no person has reviewed is labelled, as in `app.texts.route_text` (P47).
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from app.i18n.translation import Words, marked_safety
from app.texts.route_text import SHORT_M, RouteTextSource, TextPart, safety
from geo.hours.openings import zone
from routing.osm_tags.edge_flags import Mode
from routing.route.trade_offs import ExposureDifference, Trade
from routing.travel.cost_model import ALTITUDES_M

#: Differences below this share of the larger value are not mentioned [A].
_WORTH_SAYING: Final = 0.01

_MINUTE_S: Final = 60.0


def trade_words(
    w: Words, about: RouteTextSource, *, has_list_of_hazards: bool = False
) -> list[TextPart]:
    """Word the comparison of a route with the quickest route, and waits at crossings.

    The length without hazard information is stated next to the reports, because fewer reports are
    no promise of safety. The only route of a response is not compared.

    Parameters
    ----------
    w
        Language of the text.
    about
        The route, and how it differs from the quickest one.
    has_list_of_hazards
        Whether a list of known hazards beside the text states the length without hazard
        information. The text then only states it for routes compared with the quickest one.
    """
    found: list[TextPart] = []
    is_compared = not about.is_only
    if is_compared:
        found += [TextPart(text, w.lang) for text in _more_or_less(w, about)]
        found += [safety(w, text) for text in _reports_compared(about.trade)]
    if not has_list_of_hazards or (is_compared and not about.trade.is_quickest):
        found += _not_known(w, about)
    if is_compared:
        found += [safety(w, text) for text in _height_compared(about)]
    return found + list(_waits(w, about))


_UNKNOWN = marked_safety("de %(km)s no hay información")
_MORE_UNKNOWN = marked_safety(
    "de %(km)s no hay información, %(more)s más que en el camino más rápido"
)
_WAIT = marked_safety("espere en %(name)s hasta %(time)s del %(day)s")


def _more_or_less(w: Words, about: RouteTextSource) -> Iterator[str]:
    """Word the differences in time and length from the quickest route.

    Time is in days for walks of several days, else in hours and minutes.
    """
    route, trade = about.route, about.trade
    if trade.is_quickest:
        yield w.gettext("El más rápido de estos caminos")
        return
    days = trade.extra_days
    if days > 0:
        text = w.ngettext("%(num)s día más a pie", "%(num)s días más a pie", days)
        yield text % {"num": days}
    elif days < 0:
        text = w.ngettext("%(num)s día menos a pie", "%(num)s días menos a pie", -days)
        yield text % {"num": -days}
    elif route.mode is Mode.FOOT and route.walking_days > 1:
        yield w.gettext("los mismos días a pie")
    elif abs(trade.extra_s) >= _MINUTE_S:
        text = w.gettext("%(time)s más") if trade.extra_s > 0 else w.gettext("%(time)s menos")
        yield text % {"time": _hours(abs(trade.extra_s))}
    if abs(trade.extra_m) >= SHORT_M:
        longer = trade.extra_m > 0
        text = w.gettext("%(km)s más de camino") if longer else w.gettext("%(km)s menos de camino")
        yield text % {"km": w.km(abs(trade.extra_m))}


def _hours(time_s: float) -> str:
    hours, minutes = divmod(round(time_s / _MINUTE_S), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


#: Texts for fewer hazard reports than on the quickest route, for more, and for fewer reports of one
#: kind with more of another.
_REPORTED = (
    marked_safety("menos peligros reportados"),
    marked_safety("más peligros reportados"),
    marked_safety("menos de unos peligros reportados y más de otros"),
)
_SAME = marked_safety("los mismos peligros reportados")
_LOWER = marked_safety("menos altura y frío")
_HIGHER = marked_safety("más altura y frío")


def _reports_compared(trade: Trade) -> Iterator[str]:
    """Yield the text that compares the reported hazards of a route with those of the quickest.

    Altitude is left out, because it comes from elevation data, not from reports.
    """
    if trade.is_quickest:
        return
    reported = [
        difference for kind, difference in trade.exposure.items() if kind not in ALTITUDES_M
    ]
    signs = {
        difference.value > 0
        for difference in reported
        if abs(difference.value) > _WORTH_SAYING * _larger(difference)
    }
    if signs:
        yield _REPORTED[2 if len(signs) > 1 else int(signs == {True})]
    elif any(_larger(difference) > 0 for difference in reported):
        yield _SAME


def _not_known(w: Words, about: RouteTextSource) -> Iterator[TextPart]:
    unknown_m, more_m = about.route.unknown_m, about.trade.unknown_m
    if unknown_m < SHORT_M:
        return
    text = _MORE_UNKNOWN if more_m >= SHORT_M else _UNKNOWN
    filled, message = w.reviewed(text)
    yield TextPart(message % {"km": filled.km(unknown_m), "more": filled.km(more_m)}, filled.code)


def _height_compared(about: RouteTextSource) -> Iterator[str]:
    height = about.trade.exposure.get(min(ALTITUDES_M, key=lambda kind: ALTITUDES_M[kind]))
    if height is None or abs(height.value) <= _WORTH_SAYING * _larger(height):
        return
    if height.value > 0:
        yield _HIGHER
    elif about.route.unknown["elevation"] < SHORT_M:
        # Say "lower" only for a route with known elevations: on stretches without elevation data no
        # exposure to altitude is counted.
        yield _LOWER


def _larger(difference: ExposureDifference) -> float:
    """Return the larger exposure of the two compared routes."""
    return max(difference.route_value, difference.route_value - difference.value)


def _waits(w: Words, about: RouteTextSource) -> Iterator[TextPart]:
    for passage in about.route.passages:
        if passage.wait_s < _MINUTE_S:
            continue
        crossing = passage.crossing
        local = zone(about.timezones.get(crossing.id) or about.timezone)
        opens = (passage.arrival + timedelta(seconds=passage.wait_s)).astimezone(local)
        filled, message = w.reviewed(_WAIT)
        day = filled.dated(opens.date(), "EEEE d MMM")
        values = {"name": crossing.name, "time": filled.within(opens), "day": day}
        yield TextPart(message % values, filled.code)
