"""SMS texts with the nearest spaces of a municipality: short, numbered, dated, marked if demo data.

People forward messages singly, so each message states the day of its data, and DEMO if the data is
fictitious (P35, P46). The wording is that of the pages, shortened. Safety texts, where a wrong
translation can do harm, say it while nobody has reviewed the translation (P47).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.i18n import labels
from app.i18n.gsm7 import SEPTETS, cut, in_gsm7, septets
from app.i18n.translation import Words, marked_safety
from app.journeys.space_facts import age_of
from geo.geography.municipalities import Municipality
from geo.guidance.contacts import AreaContacts
from geo.hours.openings import zone
from geo.hours.rrule import WEEKDAYS
from geo.hours.space_hours import hours_of
from geo.spaces.queries import NearSpace
from geo.text.normalize import folded

#: Default of the maximum number of messages in a response: people can pay for three.
PARTS = 3
#: Greatest number of messages that a request may ask for.
MOST_PARTS = 6

#: Number of spaces looked up; more than fit into the messages.
PLACES = 12

#: Search radius, metres in a straight line: people who can use a more distant space travel by bus,
#: and can ask again in the next town [A].
REACH_M = 100_000

#: Distance, metres, up to which the distance of a space in the municipality itself is left out [A].
_IN_TOWN_M = 5_000

#: Septets kept of a space's name before its distance and town are left out, and of a contact that
#: is not a phone number [A].
_NAME, _CONTACT = 24, 40

_KINDS: Mapping[str, str] = {
    "emergency": marked_safety("Emergencia"),
    "asylum": marked_safety("Asilo"),
    "gbv": marked_safety("Violencia de género"),
    "child_protection": marked_safety("Niñez"),
    "psea": marked_safety("Quejas"),
    "other": marked_safety("Otra línea"),
}


@dataclass(frozen=True)
class SmsQuestion:
    """Request for SMS texts.

    Attributes
    ----------
    service
        Code of the service asked for, or None.
    hotline
        Number to call for protected services (P38), or None.
    parts
        Maximum number of messages.
    """

    there: Municipality
    service: str | None
    now: datetime
    has_demo: bool
    hotline: str | None
    parts: int = PARTS


def messages(
    w: Words,
    names: labels.Names,
    asked: SmsQuestion,
    found: Sequence[NearSpace],
    lines: AreaContacts,
) -> list[str]:
    """Return the messages with as many spaces, nearest first, as fit together with help lines."""
    title = in_gsm7(f"{_title(w, names, asked)}. ")
    room = _room(asked)
    near = [space for space in found if space.distance_m <= REACH_M]
    places = [
        _place(w, asked, space, room if number else room - septets(title) - 1)
        for number, space in enumerate(near)
    ] or [w.gettext("No se conoce un lugar abierto cerca.")]
    help_lines = _help(w, asked, lines)
    for count in range(len(places), 0, -1):
        packed = _packed(room, [f"{title} {places[0]}", *places[1:count]], help_lines)
        if len(packed) <= asked.parts:
            break
    return _numbered(asked, packed[: asked.parts])


def protected_messages(w: Words, asked: SmsQuestion, lines: AreaContacts) -> list[str]:
    """Return the messages for a protected service: phone lines, but no spaces (P3, P38)."""
    numbers = _numbers(w, asked, lines)
    if asked.hotline:
        text = marked_safety("Llame al %(number)s: de esos servicios no damos lugares.")
        said = _safety(w, text, number=asked.hotline)
    elif any(line["phone"] or line["whatsapp"] for line in lines.lines):
        said = _safety(w, marked_safety("De esos servicios no damos lugares. Llame:"))
    else:
        text = marked_safety("De esos servicios no damos lugares. Pida ayuda a las autoridades.")
        said = _safety(w, text)
    packed = _packed(_room(asked), [said], numbers)
    return _numbered(asked, packed[: asked.parts])


def unknown_code(w: Words) -> str:
    """Return the message for an unknown municipality code."""
    return _one(w.gettext("No conocemos ese código de municipio. Los códigos: /txt"))


def unknown_country(w: Words) -> str:
    """Return the message for a country without municipalities."""
    return _one(w.gettext("No conocemos municipios de ese país. Los países: /txt"))


def unknown_service(w: Words) -> str:
    """Return the message for an unknown service."""
    return _one(w.gettext("No conocemos ese servicio. Pregunte sin servicio."))


def _one(text: str) -> str:
    return cut(in_gsm7(text), SEPTETS)


def _title(w: Words, names: labels.Names, asked: SmsQuestion) -> str:
    if asked.service is None:
        return asked.there.name
    return f"{asked.there.name}, {labels.term(w, names, 'service', asked.service)}"


def _place(w: Words, asked: SmsQuestion, space: NearSpace, room: int) -> str:
    """Return the text of one space.

    To fit the room, the distance is left out first, then the town, then the end of the name.
    """
    row = space.properties
    is_here = folded(row["locality"] or "") in {"", folded(asked.there.name)}
    town = None if is_here else row["locality"]
    far = None
    if town is not None or space.distance_m > _IN_TOWN_M:
        far = w.gettext("a %(km)s en recta") % {"km": w.km(space.distance_m)}
    name = in_gsm7(row["name"])
    rest = [_number(row), _hours(w, row, asked.now), _age(w, row, asked.now)]
    said = ""
    for where in ((town, far), (town,), ()):
        parts = filter(None, (", ".join(filter(None, where)), *rest))
        said = in_gsm7(f": {'; '.join(parts)}.")
        if septets(said) + min(_NAME, septets(name)) <= room:
            break
    return cut(name, room - septets(said)) + said


def _hours(w: Words, row: Mapping[str, Any], now: datetime) -> str:
    hours = hours_of(row)
    status = hours.status_at(now)
    if status.state == "not_known":
        return (
            w.gettext("festivo, no se sabe si abre: llame antes")
            if status.doubt == "holiday"
            else w.gettext("horario no conocido: llame antes")
        )
    if status.state == "open":
        if status.closes_at is None:
            return w.gettext("según horario abierto 24 h")
        changes = {"time": _clock(w, row, status.last_entry or status.closes_at, now)}
        if status.last_entry is None:
            return w.gettext("según horario abierto hasta %(time)s") % changes
        if status.last_entry < now:
            return w.gettext("según horario abierto, pero la última entrada fue %(time)s") % changes
        return w.gettext("según horario abierto, última entrada %(time)s") % changes
    opens = hours.next_opening(now)
    if opens is None:
        return w.gettext("según horario cerrado")
    when = {"time": _clock(w, row, opens, now)}
    return w.gettext("según horario cerrado, abre %(time)s") % when


def _clock(w: Words, row: Mapping[str, Any], at: datetime, now: datetime) -> str:
    """Format a time in the space's time zone: only hour and minute if the time is today.

    On the next six days the weekday is put before the hour, on later days the date.
    """
    local = zone(row["timezone"])
    there = at.astimezone(local)
    days = (there.date() - now.astimezone(local).date()).days
    if days == 0:
        return w.dated(there, "HH:mm")
    return w.dated(there, "EEE HH:mm" if days < len(WEEKDAYS) else "d MMM HH:mm")


def _age(w: Words, row: Mapping[str, Any], now: datetime) -> str | None:
    """Return a text with the age of a space's data if the age calls for caution (P22), else None.

    None for demo rows as well, because they have no date (P35).
    """
    if row["demo"]:
        return None
    age = age_of(row, now)
    if age is None:
        return w.gettext("sin confirmar, llame antes")
    if not age.call_before:
        return None
    text = w.ngettext(
        "dato de hace %(num)s día, llame antes", "dato de hace %(num)s días, llame antes", age.days
    )
    return text % {"num": age.days}


def _number(row: Mapping[str, Any]) -> str | None:
    for phone in row["phones"]:
        kind = phone.get("type") or "voice"
        if kind in {"voice", "cell", "whatsapp"}:
            called = "WhatsApp" if kind == "whatsapp" else "Tel"
            return f"{called} {_digits(phone['number'])}"
    return cut(in_gsm7(row["contact"]), _CONTACT) if row["contact"] else None


def _digits(number: str) -> str:
    return "".join(sign for sign in number if sign.isdigit() or sign == "+")


def _help(w: Words, asked: SmsQuestion, lines: AreaContacts) -> list[str]:
    """Return texts with the area's phone lines and the hotline for protected services (P38)."""
    if not asked.hotline:
        return _numbers(w, asked, lines)
    # The number comes first, because the end of a long text is cut off.
    text = marked_safety("Llame al %(number)s: violencia, trata, menor sin compañía.")
    return [*_numbers(w, asked, lines), _safety(w, text, number=asked.hotline)]


def _numbers(w: Words, asked: SmsQuestion, lines: AreaContacts) -> list[str]:
    """Return texts with the area's phone lines and the kinds of which no line is known (P45)."""
    numbers: dict[str, str] = {}
    for line in lines.lines:
        number = line["phone"] or line["whatsapp"]
        if number and line["kind"] != "other":
            # Lines of the administrative unit precede those of its country. Only one line of each
            # kind fits a message, so keep the first.
            numbers.setdefault(line["kind"], _digits(number))
    own = w.common(*_KINDS.values())
    named = {kind: own.reviewed(text)[1] for kind, text in _KINDS.items()}
    said = [f"{named[kind]} {number}" for kind, number in numbers.items()]
    said += [f"{named[kind]}: {w.gettext('no se conoce')}" for kind in lines.not_known]
    label = _label(w, own)
    return _joined(label, said, _room(asked))


def _joined(label: str, parts: Sequence[str], room: int) -> list[str]:
    """Join short parts into texts that fit a message, each after a label; no part is split."""
    joined: list[str] = []
    for part in map(in_gsm7, parts):
        longer = f"{joined[-1]}, {part}" if joined else ""
        if joined and septets(longer) <= room:
            joined[-1] = longer
        else:
            joined.append(in_gsm7(label + part))
    return joined


def _safety(w: Words, text: str, **values: str) -> str:
    own, said = w.reviewed(text)
    filled = said % values if values else said
    return f"{_label(w, own)}{filled}"


def _label(w: Words, own: Words) -> str:
    if own.is_draft:
        return f"({w.gettext('sin revisar')}) "
    return "" if own.lang == w.lang else f"({w.gettext('en español')}) "


def _room(asked: SmsQuestion) -> int:
    """Return the septets left in a message after its header."""
    return SEPTETS - septets(_head(asked, MOST_PARTS, MOST_PARTS))


def _head(asked: SmsQuestion, number: int, count: int) -> str:
    demo = "DEMO " if asked.has_demo else ""
    day: date = asked.now.astimezone(zone(asked.there.timezone)).date()
    return f"{demo}{number}/{count} {day:%d/%m/%y} "


def _packed(room: int, entries: Sequence[str], fillers: Sequence[str]) -> list[str]:
    """Pack entries into messages in order, then each filler into the first message it fits.

    Texts too long for any message are cut.
    """
    packed: list[str] = []
    for entry in map(in_gsm7, entries):
        _put(packed, packed[-1:], cut(entry, room), room)
    for filler in map(in_gsm7, fillers):
        _put(packed, packed, cut(filler, room), room)
    return packed


def _put(packed: list[str], choices: Sequence[str], said: str, room: int) -> None:
    for chosen in choices:
        if septets(chosen) + 1 + septets(said) <= room:
            packed[packed.index(chosen)] = f"{chosen} {said}"
            return
    packed.append(said)


def _numbered(asked: SmsQuestion, packed: Sequence[str]) -> list[str]:
    return [_head(asked, number, len(packed)) + said for number, said in enumerate(packed, start=1)]
