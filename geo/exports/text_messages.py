"""Export of spaces as text messages by municipality, to be forwarded by WhatsApp (P27).

Messages state their date, and contain only public records, because they may be forwarded to
anybody. They include the essential telephone lines of the area, so that a phone has the numbers
without a network (P45).
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from itertools import groupby

from geo.exports.snapshot import DEMO_NOTICE, Record, Snapshot
from geo.guidance.contacts import ESSENTIAL
from geo.hours.openings import from_json
from geo.hours.wording import hours_text
from geo.text.normalize import folded

#: Maximum length of a WhatsApp message (WhatsApp Business Platform, text messages), counted in
#: UTF-16 units as phones do.
LIMIT = 4_096

#: Separator between two messages in the exported file.
SEPARATOR = "\n\n----------\n\n"

_STATUS = {
    "full": "LLENO: llame antes.",
    "temporarily_closed": "CERRADO por ahora.",
    "closed": "CERRADO.",
}
_FEES = {"free": "Gratis.", "paid": "Se paga."}
_KINDS = {
    "emergency": "Emergencias",
    "asylum": "Asilo y refugio",
    "gbv": "Violencia de género",
    "child_protection": "Protección de la niñez",
    "psea": "Quejas sobre el personal (línea independiente)",
    "other": "Otra línea",
}
_HOLIDAYS = {"closed": "Cierra en festivos.", "not_known": "En festivos: llame antes."}


def write_messages(snapshot: Snapshot) -> bytes:
    """Return the text messages of a snapshot as one file, separated by `SEPARATOR`."""
    return SEPARATOR.join(messages(snapshot)).encode()


def messages(snapshot: Snapshot) -> list[str]:
    """Return the text messages with the spaces of each municipality and the lines of each area.

    A list that exceeds `LIMIT` is continued in further messages.
    """
    records = [
        record
        for record in snapshot.records
        if record["visibility"] == "public"
        and record["status"] != "closed"
        and record["expires_on"] >= snapshot.day
    ]
    written: list[str] = []
    for (country, admin1), there in groupby(records, key=_area):
        for place, members in groupby(there, key=_place):
            entries = [_entry(snapshot, record) for record in members]
            written += packed(partial(_head, snapshot, f"Lugares de apoyo: {place}"), entries)
        written += _of_lines(snapshot, country, admin1)
    if not written:
        written = [f"{_head(snapshot, 'Lugares de apoyo', 1)}\n\nNo hay lugares."]
    return written


def _area(record: Record) -> tuple[str, str | None]:
    return record["country"], record["admin1"]


def _place(record: Record) -> str:
    area = ", ".join(filter(None, (record["admin1"], record["country"])))
    return f"{record['locality']} ({area})" if record["locality"] else area


def _of_lines(snapshot: Snapshot, country: str, admin1: str | None) -> Iterator[str]:
    """Yield the messages with an area's telephone lines, which also say what kinds are missing.

    Kinds are those of `geo.guidance.contacts.ESSENTIAL`. An area without any line has no message.
    """
    there = [
        line
        for line in snapshot.lines
        if line["country"] == country
        and line["expires_on"] >= snapshot.day
        and (line["admin1"] is None or folded(line["admin1"]) == folded(admin1 or ""))
    ]
    if not there:
        return
    missing = [_KINDS[kind] for kind in ESSENTIAL if kind not in {line["kind"] for line in there}]
    entries = [_line(line) for line in there]
    if missing:
        entries.append(f"No se conoce una línea de: {', '.join(missing)}.")
    area = ", ".join(filter(None, (admin1, country)))
    yield from packed(partial(_head, snapshot, f"Líneas de ayuda: {area}"), entries)


def _line(line: Record) -> str:
    phone = line["phone"] and f"Tel.: {line['phone']}"
    whatsapp = line["whatsapp"] and f"WhatsApp: {line['whatsapp']}"
    until = f"Use este dato hasta el {_day(line['expires_on'])}."
    said = (f"*{_KINDS[line['kind']]}*", line["name"], phone, whatsapp, line["hours"], until)
    return "\n".join(filter(None, said))


def _head(snapshot: Snapshot, title: str, number: int) -> str:
    lines = [f"*{DEMO_NOTICE}*"] if snapshot.has_demo else []
    more = "" if number == 1 else f" (sigue, parte {number})"
    lines.append(f"*{title}*{more}")
    lines.append(f"Lista del {_day(snapshot.day)}. Puede haber cambiado: llame antes de ir.")
    return "\n".join(lines)


def packed(head: Callable[[int], str], entries: Sequence[str]) -> Iterator[str]:
    """Yield messages of at most `LIMIT` characters, each with as many whole entries as fit.

    An entry that does not fit in a message of its own is shortened.

    Parameters
    ----------
    head : callable
        Function that returns the head of the n-th message, counted from 1.
    """
    number = 1
    text = head(number)
    empty = True
    for entry in entries:
        if not empty and _length(text) + _length(entry) + 2 > LIMIT:
            yield text
            number += 1
            text, empty = head(number), True
        left = LIMIT - _length(text) - 2
        text += f"\n\n{_shortened(entry, left)}"
        empty = False
    yield text


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _shortened(text: str, limit: int) -> str:
    if _length(text) <= limit:
        return text
    kept = text.encode("utf-16-le")[: 2 * (limit - 1)].decode("utf-16-le", "ignore")
    return f"{kept}…"


def _entry(snapshot: Snapshot, record: Record) -> str:
    """Return the entry of one space in a message: short lines, the most needed ones first."""
    lines = [f"*{record['name']}*"]
    if record["demo"]:
        lines.append("DEMO: no existe.")
    lines += filter(
        None,
        (
            snapshot.named("space_kind", record["kind"]),
            _STATUS.get(record["status"]) or (record["capacity_state"] == "full" and "LLENO."),
            _referral(snapshot, record),
            _services(snapshot, record),
            _when(record),
            _phones(record),
            record["public_contact"],
            _where(record),
            _whom(record),
            _FEES.get(record["fees"]),
            _confirmed(record),
        ),
    )
    return "\n".join(lines)


def _referral(snapshot: Snapshot, record: Record) -> str | None:
    if record["access"] != "referral_only":
        return None
    names = snapshot.referrers
    known = [names[i] for i in record["referral_points"] if i in names]
    return f"Solo con remisión de: {', '.join(known)}." if known else "Solo con remisión."


def _services(snapshot: Snapshot, record: Record) -> str | None:
    named = [snapshot.named("service", code) for code in record["services"]]
    return f"Ofrece: {', '.join(named)}." if named else None


def _when(record: Record) -> str | None:
    said = hours_text(from_json(record["schedules"]))
    if said is None:
        return "Horario: no se conoce, llame antes."
    closed = [
        _days(rule["starts_on"], rule["ends_on"])
        for rule in record["schedule_exceptions"]
        if rule["closed"]
    ]
    parts = [f"Según su horario: {said}.", _HOLIDAYS.get(record["holidays"])]
    if closed:
        parts.append(f"Cierra: {'; '.join(closed)}.")
    return " ".join(filter(None, parts))


def _phones(record: Record) -> str | None:
    numbers = [phone["number"] for phone in record["public_phones"]]
    return f"Tel.: {' / '.join(numbers)}" if numbers else None


def _where(record: Record) -> str | None:
    road = record["road"]
    if road and record["road_km"] is not None:
        road = f"{road}, km {record['road_km']:g}"
    places = [record["address"], record["landmark"], road]
    said = "; ".join(place for place in places if place)
    return f"Dónde: {said}" if said else None


def _whom(record: Record) -> str | None:
    said = [record["eligibility"]] if record["eligibility"] else []
    if record["families_only"]:
        said.append("solo familias")
    if record["documents_required"] == []:
        said.append("sin documentos")
    return f"Para: {'; '.join(said)}." if said else None


def _confirmed(record: Record) -> str:
    until = f"Use este dato hasta el {_day(record['expires_on'])}."
    if record["confirmed_on"] is None:
        return until
    return f"Confirmado el {_day(record['confirmed_on'])}. {until}"


def _days(first: str, last: str) -> str:
    return _day(first) if first == last else f"{_day(first)} a {_day(last)}"


def _day(iso: str) -> str:
    return f"{date.fromisoformat(iso):%d/%m/%Y}"
