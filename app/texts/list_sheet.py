"""Texts of a municipality's list of spaces, shared by the page to print, images and messages."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.i18n import labels
from app.i18n.translation import Words
from app.journeys.municipal_lists import MunicipalList
from app.texts import print_text
from app.texts.print_text import PrintLine
from geo.exports.text_messages import SEPARATOR, packed
from geo.hours.openings import local_day
from geo.spaces.candidates import Described


@dataclass(frozen=True, slots=True)
class ListEntry:
    """Texts about one space of the list: name, kind with locality, and further lines."""

    name: str
    about: str
    lines: Sequence[PrintLine]


@dataclass(frozen=True, slots=True)
class ListSection:
    """Spaces of a list under a common heading; only the first section can be empty."""

    heading: str
    entries: Sequence[ListEntry]


@dataclass(frozen=True)
class Sheet:
    """A municipality's list in one language.

    Attributes
    ----------
    title, about
        Heading with the name of the municipality; its area, with the service that the list is
        limited to, if any.
    dates
        Day of the data, and last day on which the list may be used (P49).
    notices
        Warning of DEMO data, while demo rows are loaded (P35); otherwise empty.
    sections
        Spaces of the municipality, then the nearest spaces in other municipalities.
    help, complaints
        Help lines of the area (P45) after the number to call for protected services (P38), and
        lines for complaints about staff (P44).
    address
        URL of the newest version of the list.
    """

    title: str
    about: str
    dates: Sequence[str]
    notices: Sequence[PrintLine]
    sections: Sequence[ListSection]
    help: Sequence[PrintLine]
    complaints: Sequence[PrintLine]
    address: str


def sheet_of(
    w: Words, names: labels.Names, found: MunicipalList, *, hotline: str | None, address: str
) -> Sheet:
    """Word a municipality's list; ``address`` is the URL of the newest version of the list."""
    there, day = found.there, local_day(found.now, found.there.timezone)
    ends = print_text.list_ends((one.properties for one in found.places), day)
    area = ", ".join(filter(None, (there.admin1, w.country(there.country))))
    own = ListSection(
        w.gettext("En %(place)s") % {"place": there.name},
        [_entry(w, names, found, one) for one in found.own],
    )
    near = ListSection(
        w.gettext("En otros municipios cerca"),
        [_entry(w, names, found, one, is_brief=True) for one in found.near],
    )
    service = found.service and labels.term(w, names, "service", found.service)
    return Sheet(
        title=w.gettext("Lugares de apoyo en %(place)s") % {"place": there.name},
        about=". ".join(filter(None, (area, service and f"{w.gettext('Solo:')} {service}"))),
        dates=(
            w.gettext("Lista del %(date)s. Puede haber cambiado: llame antes de ir.")
            % {"date": w.day(day)},
            w.gettext("No use esta lista después del %(date)s.") % {"date": w.day(ends)},
        ),
        notices=[print_text.demo_warning(w)] if found.has_demo else [],
        sections=[own, near] if near.entries else [own],
        help=[
            print_text.protected(w, hotline, found.lines),
            *print_text.help_lines(w, found.lines),
        ],
        complaints=[
            *print_text.complaint_lines(w, found.lines),
            PrintLine(w.gettext("También en la página de cada lugar."), w.gettext("Por internet")),
            print_text.not_urgent(w),
        ],
        address=address,
    )


def _entry(
    w: Words,
    names: labels.Names,
    found: MunicipalList,
    one: Described,
    *,
    is_brief: bool = False,
) -> ListEntry:
    row = one.properties
    kind = labels.term(w, names, "space_kind", row["kind"])
    locality = row["locality"] or row["admin1"] or w.country(row["country"])
    referrers = [found.referrers[i] for i in row["referral_points"] or () if i in found.referrers]
    return ListEntry(
        name=print_text.name(row, has_demo=row["demo"]),
        about=f"{kind} · {locality}",
        lines=print_text.place(w, names, row, found.now, referrers, is_brief=is_brief),
    )


def text_of(w: Words, sheet: Sheet) -> str:
    """Return a list as the text of WhatsApp messages, one after the other.

    Each message shows the date and, if demo rows are loaded, DEMO.
    """

    def head(number: int) -> str:
        more = "" if number == 1 else f" ({number})"
        warned = [f"*{print_text.plain(w, one)}*" for one in sheet.notices]
        return "\n".join([*warned, f"*{sheet.title}*{more}", sheet.about, *sheet.dates])

    entries = []
    for section in sheet.sections:
        entries.append(f"*{section.heading}*")
        entries += [_written(w, entry) for entry in section.entries] or [nothing(w)]
    for heading, lines in (
        (print_text.help_heading(w), sheet.help),
        (print_text.complaints_heading(w), sheet.complaints),
    ):
        entries.append("\n".join([f"*{heading}*", *(print_text.plain(w, one) for one in lines)]))
    entries.append(newest(w, sheet))
    if w.lang != "es":
        entries.append(print_text.originals(w))
    return SEPARATOR.join(packed(head, entries)) + "\n"


def _written(w: Words, entry: ListEntry) -> str:
    name = f"*{entry.name}*"
    return "\n".join([name, entry.about, *(print_text.plain(w, one) for one in entry.lines)])


def nothing(w: Words) -> str:
    """Return the text that stands in a section without spaces."""
    return w.gettext("No se conoce un lugar aquí.")


def newest(w: Words, sheet: Sheet) -> str:
    """Return the line that states the URL of the newest version of the list."""
    return w.gettext("La lista más nueva: %(address)s") % {"address": sheet.address}
