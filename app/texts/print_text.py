"""Lines of text for printing and forwarding: municipal lists, their images, and posters.

Lines are short, the most needed first, in five languages. Free text of a record is Spanish, and so
is a safety text without a reviewed translation (P47); each line states whether it is Spanish.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self

from babel.numbers import format_decimal

from app.i18n import labels, route_phrases, weekly_hours
from app.i18n.coded_reasons import notice_said
from app.i18n.translation import Words, marked_safety
from app.journeys.space_facts import age_of
from app.snapshots.essential_contacts import PROTECTED_LINES
from geo.guidance.contacts import AreaContacts
from geo.hours.openings import local_day
from geo.hours.space_hours import DayException, hours_of
from geo.hours.wording import hours_text

Row = Mapping[str, Any]

#: Maximum validity of a list in days: a record of a place to sleep is valid for as long (P41). A
#: list with a space whose record expires earlier is valid until then.
LIST_DAYS = 30

KINDS: Mapping[str, str] = {
    "emergency": marked_safety("Emergencias"),
    "asylum": marked_safety("Asilo y refugio"),
    "gbv": marked_safety("Violencia de género"),
    "child_protection": marked_safety("Protección de la niñez"),
    "psea": marked_safety("Quejas sobre el personal (línea independiente)"),
    "other": marked_safety("Otra línea"),
}
NOT_URGENT = marked_safety("Nadie lee esto con urgencia.")
PROTECTED = marked_safety(
    "Por violencia de género, trata, o si es menor de edad y está sin compañía: no hay "
    "direcciones aquí, llame."
)
#: Text about protected services for an area without a known number to call.
PROTECTED_UNKNOWN = marked_safety(
    "Por violencia de género, trata, o si es menor de edad y está sin compañía: no hay "
    "direcciones aquí. Pida ayuda a las autoridades o en un hospital."
)


@dataclass(frozen=True, slots=True)
class PrintLine:
    """One line: a text with an optional label before it.

    Attributes
    ----------
    is_original
        Whether the text is Spanish, whatever the language of the other lines.
    is_draft
        Whether the text is a translation that nobody has reviewed (P47).
    is_strong
        Whether the line is emphasised.
    link
        URI that a phone opens for a tap on the line (``tel:``, ``sms:`` or WhatsApp), or None.
    """

    text: str
    label: str = ""
    is_original: bool = False
    is_draft: bool = False
    is_strong: bool = False
    link: str | None = None

    @classmethod
    def said_in(
        cls, own: Words, w: Words, text: str, label: str = "", *, is_strong: bool = False
    ) -> Self:
        """Return a line for a page in ``w``, said with ``own`` as `Words.reviewed` gives."""
        is_original = own.lang != w.lang
        return cls(text, label, is_original, own.is_draft, is_strong=is_strong)


def name(row: Row, *, has_demo: bool) -> str:
    """Return a space's name, preceded by DEMO for demo data unless the name contains DEMO (P35)."""
    own = str(row["name"])
    return f"DEMO {own}" if has_demo and "DEMO" not in own else own


def demo_warning(w: Words) -> PrintLine:
    """Return the warning that every text carries while demo rows are loaded (P35)."""
    return _safety(w, route_phrases.DEMO, is_strong=True)


def protected(w: Words, hotline: str | None, lines: AreaContacts) -> PrintLine:
    """Return the line with the numbers to call for protected services (P38).

    The numbers are the network's hotline or, without a hotline, the phone lines of the area.
    """
    numbers = [] if hotline else _numbers(lines)
    text = PROTECTED if hotline or numbers else PROTECTED_UNKNOWN
    # Never mix two languages in one line: it is Spanish unless all of its parts are translated.
    own, said = w.common(text, *(KINDS[kind] for kind, _ in numbers)).reviewed(text)
    if hotline:
        said = f"{said} {own.gettext('Llame al %(number)s.') % {'number': hotline}}"
    if numbers:
        named = "; ".join(f"{own.reviewed(KINDS[kind])[1]} {number}" for kind, number in numbers)
        said = f"{said} {named}."
    return PrintLine.said_in(own, w, said, is_strong=True)


def _numbers(lines: AreaContacts) -> list[tuple[str, str]]:
    """Return the area's first number of each kind of phone line for protected services."""
    found: dict[str, str] = {}
    for line in lines.lines:
        if line["kind"] in PROTECTED_LINES and (number := line["phone"] or line["whatsapp"]):
            found.setdefault(line["kind"], number)
    return [(kind, found[kind]) for kind in PROTECTED_LINES if kind in found]


def sketch(w: Words) -> PrintLine:
    """Return the warning that the small map (`app.drawings.locator`) is not for navigation."""
    return _safety(w, route_phrases.SKETCH)


def not_urgent(w: Words) -> PrintLine:
    """Return the warning that nobody reads online complaints urgently (P44)."""
    return _safety(w, NOT_URGENT)


def _safety(w: Words, text: str, *, label: str = "", is_strong: bool = False) -> PrintLine:
    own, said = w.reviewed(text)
    return PrintLine.said_in(own, w, said, label, is_strong=is_strong)


def place(
    w: Words,
    names: labels.Names,
    row: Row,
    now: datetime,
    referrers: Sequence[str] = (),
    *,
    is_brief: bool = False,
) -> list[PrintLine]:
    """Return the lines about a space; ``row`` holds the space's published properties.

    The brief form leaves out where the space is and whom it serves, which people learn when they
    call the space.
    """
    return [
        *warnings(w, row, referrers),
        PrintLine(", ".join(services(w, names, row)), w.gettext("Servicios")),
        *opening(w, row, local_day(now, row["timezone"])),
        *phones(w, row),
        *(() if is_brief else (*where(w, row), *whom(w, row))),
        *validity(w, row, now),
    ]


def warnings(w: Words, row: Row, referrers: Sequence[str]) -> Iterable[PrintLine]:
    """Yield lines that say why a space cannot be entered now, and the space's own notice (P15)."""
    if row["status"] == "full" or row["capacity"] == "full":
        yield PrintLine(w.gettext("Lleno por ahora: llame antes de ir"), is_strong=True)
    elif row["status"] == "temporarily_closed":
        yield PrintLine(w.gettext("Cerrado por un tiempo"), is_strong=True)
    yield from referral(w, row, referrers)
    if row["notice"]:
        own, said = notice_said(w, row["notice"])
        yield PrintLine.said_in(own, w, said, w.gettext("Aviso"))


def referral(w: Words, row: Row, referrers: Sequence[str]) -> Iterable[PrintLine]:
    """Yield, for a space with entry by referral only, a line with the spaces that refer to it."""
    if row["access"] == "referral_only":
        said = ", ".join(referrers) or w.gettext("pregunte en otro espacio")
        yield PrintLine(said, w.gettext("Solo con remisión"), is_strong=True)


def services(w: Words, names: labels.Names, row: Row) -> list[str]:
    """Return the names of a space's services in the order of the vocabulary."""
    codes = labels.in_order(names, "service", row["services"])
    return [labels.term(w, names, "service", code) for code in codes]


def opening(w: Words, row: Row, day: date) -> Iterable[PrintLine]:
    """Yield lines with the weekly hours as the space stated them (P43), and with exceptions.

    Exceptions that ended before ``day`` are left out.
    """
    hours = hours_of(row)
    label = w.gettext("Según su horario")
    if not hours.openings:
        yield PrintLine(w.gettext("no conocido, llame antes de ir"), w.gettext("Horario"))
    elif (said := weekly_hours.weekly(w, hours)) is None:
        yield PrintLine(str(hours_text(hours.openings)), label, is_original=True)
    else:
        yield PrintLine("; ".join(filter(None, (said, _holidays(w, row)))), label)
    coming = [one for one in hours.exceptions if one.ends_on >= day]
    special = [f"{_span(w, one)} {clocks}" for one in coming if (clocks := _clocks(w, one))]
    if special:
        yield PrintLine(", ".join(special), w.gettext("horario especial").capitalize())
    closed = [_span(w, one) for one in coming if one.opens_at is None]
    if closed:
        yield PrintLine(", ".join(closed), w.gettext("Cierra"))


def _span(w: Words, one: DayException) -> str:
    first, last = w.day(one.starts_on), w.day(one.ends_on)
    return first if first == last else f"{first} – {last}"


def _holidays(w: Words, row: Row) -> str | None:
    return {
        "closed": w.gettext("cerrado en festivos"),
        "not_known": w.gettext("en festivos llame antes"),
    }.get(row["holidays"])


def _clocks(w: Words, one: DayException) -> str:
    """Write opening and closing time; empty for a day on which the space is closed."""
    if one.opens_at is None or one.closes_at is None:
        return ""
    return weekly_hours.clocks(w, one.opens_at, one.closes_at)


def numbers(row: Row) -> list[tuple[str, str]]:
    """Return the public numbers of a space that a phone can call or text, with their kind."""
    stated = [(str(phone["number"]), phone.get("type") or "voice") for phone in row["phones"]]
    return [(number, kind) for number, kind in stated if kind not in {"fax", "pager"}]


def _link(number: str, kind: str = "voice") -> str | None:
    digits = "".join(sign for sign in number if sign.isdigit())
    if not digits:
        return None
    if kind == "whatsapp":
        return f"https://wa.me/{digits}"
    plus = "+" if number.strip().startswith("+") else ""
    return f"{'sms' if kind == 'sms' else 'tel'}:{plus}{digits}"


def phones(w: Words, row: Row) -> Iterable[PrintLine]:
    """Yield lines with a space's public numbers and contact, or a line that no number is known."""
    found = numbers(row)
    for number, kind in found:
        called = {"whatsapp": "WhatsApp", "sms": "SMS"}.get(kind) or w.gettext("Teléfono")
        yield PrintLine(number, called, is_strong=True, link=_link(number, kind))
    if row["contact"]:
        yield PrintLine(str(row["contact"]), w.gettext("Contacto"))
    elif not found:
        yield PrintLine(w.gettext("no se conoce"), w.gettext("Teléfono"))


def where(w: Words, row: Row) -> Iterable[PrintLine]:
    """Yield a line with a space's location in words: address, landmark, kilometre of the road."""
    road = row["road"]
    if row["road_km"] is not None:
        kilometre = f"km {format_decimal(row['road_km'], locale=w.locale)}"
        road = f"{road}, {kilometre}" if road else kilometre
    said = "; ".join(filter(None, (row["address"], row["landmark"], road)))
    if said:
        yield PrintLine(said, w.gettext("Dónde"), is_original=True)


def whom(w: Words, row: Row) -> Iterable[PrintLine]:
    """Yield lines with whom a space serves (in its own words), cost, documents and languages."""
    if row["eligibility"]:
        yield PrintLine(row["eligibility"], w.gettext("Para quién"), is_original=True)
    facts = []
    if row["families_only"]:
        facts.append(w.gettext("Solo familias"))
    if row["fee_kind"] in {"free", "paid"}:
        facts.append(w.gettext("Gratis") if row["fee_kind"] == "free" else w.gettext("Con costo"))
    if row["documents_required"] == []:
        facts.append(w.gettext("No pide documentos"))
    if row["overnight"] and row["maximum_nights"]:
        nights = w.ngettext(
            "hasta %(num)s noche", "hasta %(num)s noches", row["maximum_nights"]
        ) % {"num": row["maximum_nights"]}
        facts.append(nights[:1].upper() + nights[1:])
    if row["step_free"]:
        facts.append(w.gettext("Se entra sin escalones"))
    if facts:
        yield PrintLine(". ".join(facts))
    if row["languages"]:
        spoken = ", ".join(map(w.language, row["languages"]))
        yield PrintLine(spoken, w.gettext("Idiomas"))


def validity(w: Words, row: Row, now: datetime) -> Iterable[PrintLine]:
    """Yield a line with the day of a space's last confirmation and the data's last valid day.

    P22 asks for the age of data, P49 for the day until which a copy may be used.
    """
    until = w.gettext("Use este dato hasta el %(date)s") % {"date": w.day(row["expires_on"])}
    age = age_of(row, now)
    if row["demo"]:
        yield PrintLine(f"{w.gettext('DEMO: fecha ficticia')}. {until}")
    elif age is None:
        yield PrintLine(f"{w.gettext('Sin confirmar: llame antes de ir')}. {until}")
    else:
        confirmed = w.gettext("Confirmado el %(date)s") % {"date": w.day(row["confirmed_on"])}
        call = f" {w.gettext('Llame antes de ir.')}" if age.call_before else ""
        yield PrintLine(f"{confirmed}. {until}.{call}")


def help_lines(w: Words, lines: AreaContacts) -> list[PrintLine]:
    """Return the phone lines of an area, and a note for each kind without a known line (P45).

    Phone lines for complaints about staff are left out (see `complaint_lines`).
    """
    said = [_line(w, line) for line in lines.lines if line["kind"] != "psea"]
    said += [_not_known(w, kind) for kind in lines.not_known if kind != "psea"]
    return said


def complaint_lines(w: Words, lines: AreaContacts) -> list[PrintLine]:
    """Return the phone lines for complaints about staff, independent of space operators (P44)."""
    found = [_line(w, one) for one in lines.lines if one["kind"] == "psea" and one["independent"]]
    return found or [PrintLine(w.gettext("No se conoce una línea de esta zona."))]


def _line(w: Words, line: Row) -> PrintLine:
    whatsapp = line["whatsapp"] and f"WhatsApp {line['whatsapp']}"
    told = " · ".join(filter(None, (line["phone"], whatsapp)))
    hours = f" ({line['hours']})" if line["hours"] else ""
    label, own = _kind(w, line["kind"])
    # Hours are stored as the owner of the record wrote them, in Spanish.
    is_original = own.lang != w.lang or bool(hours)
    link = _link(line["phone"]) if line["phone"] else _link(line["whatsapp"] or "", "whatsapp")
    return PrintLine(f"{told}{hours}", label, is_original, own.is_draft, is_strong=True, link=link)


def _not_known(w: Words, kind: str) -> PrintLine:
    label, own = _kind(w, kind)
    text = w.gettext("no se conoce una línea")
    return PrintLine.said_in(own, w, text, label)


def _kind(w: Words, kind: str) -> tuple[str, Words]:
    own, said = w.reviewed(KINDS[kind])
    return said, own


def list_ends(rows: Iterable[Row], day: date) -> date:
    """Return the last day on which a list of spaces, made on ``day``, may be used."""
    ends: list[date] = [row["expires_on"] for row in rows]
    return min([day + timedelta(days=LIST_DAYS), *ends])


def plain(w: Words, one: PrintLine) -> str:
    """Write a line as text; a Spanish line within another language gets a label (P47)."""
    label = f"{one.label}: " if one.label else ""
    return f"{label}{one.text}{mark(w, one)}"


def mark(w: Words, one: PrintLine) -> str:
    """Return the label for a Spanish or not yet reviewed line, or an empty string (P47)."""
    if one.is_draft:
        return " [*]"
    return " [ES]" if one.is_original and w.lang != "es" else ""


def originals(w: Words) -> str:
    """Return the legend that explains the labels ``[ES]`` and ``[*]`` of lines."""
    own = w.gettext("texto original en español")
    return f"ES = {own}; * = {w.gettext('traducción aún no revisada')}"


def help_heading(w: Words) -> str:
    """Return the heading over the phone lines for help."""
    return w.gettext("Teléfonos de ayuda de la zona")


def complaints_heading(w: Words) -> str:
    """Return the heading over the phone lines for complaints."""
    return w.gettext("Para quejarse del personal")
