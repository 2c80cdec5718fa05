"""Texts of a space's poster, which hangs at the space's door and along the way (P43 to P45)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncSession

from app.drawings import signs
from app.drawings.locator import Locator
from app.i18n import labels
from app.i18n.translation import Words
from app.journeys.space_facts import visible_space
from app.texts import print_text
from app.texts.print_text import PrintLine
from geo import vocabulary
from geo.errors import NotFoundError
from geo.guidance import contacts
from geo.guidance.contacts import AreaContacts
from geo.hours.openings import local_day
from geo.records import demo_rows
from geo.spaces import candidates, queries
from geo.spaces.candidates import Described
from geo.spaces.queries import NearSpace

#: Number of other spaces that a poster names, for people who are not taken in at this space.
ALTERNATIVES: Final = 2


@dataclass(frozen=True)
class PosterFacts:
    """Data for the poster of one space: record, referral points, other spaces, phone lines."""

    described: Described
    referrers: Sequence[str]
    alternatives: Sequence[NearSpace]
    lines: AreaContacts
    names: labels.Names
    has_demo: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class PosterService:
    """Name of a service, and the pictogram beside it, if it has one (`app.drawings.signs`)."""

    name: str
    sign: str | None


@dataclass(frozen=True)
class Poster:
    """Texts of a poster in one language.

    Attributes
    ----------
    is_member
        Whether the space is a verified member, whose poster shows the network's sign (P28).
    notices
        Warning of DEMO data, while demo rows are loaded (P35); otherwise empty.
    alternatives
        The nearest other spaces of the country, each with its straight distance (P33).
    locator, locator_notes
        Small map around the public position (None without a sketch network), and warnings that it
        does not serve for navigation.
    address
        URL of the space's page, drawn as QR code.
    scan
        Caption that says what the QR code is for.
    day
        Day of the data.
    dates
        Day of the data, and last day on which the poster may hang (P49).
    """

    lang: str
    name: str
    about: str
    organization: str | None
    is_member: bool
    member: str
    notices: Sequence[PrintLine]
    where: Sequence[PrintLine]
    hours: Sequence[PrintLine]
    services_heading: str
    services: Sequence[PosterService]
    alternatives_heading: str
    alternatives: Sequence[PrintLine]
    locator: Locator | None
    locator_notes: Sequence[PrintLine]
    facts: Sequence[PrintLine]
    phones: Sequence[PrintLine]
    help_heading: str
    help: Sequence[PrintLine]
    complaints_heading: str
    complaints: Sequence[PrintLine]
    address: str
    scan: str
    day: datetime
    dates: Sequence[str]
    originals: str | None


async def read_poster(session: AsyncSession, space_id: str, now: datetime) -> PosterFacts:
    """Read the data for a space's poster (public tier, because a poster hangs in the street).

    Raises
    ------
    NotFoundError
        If the space is hidden, has expired or never existed; the error is the same for all three
        (P39). Also if the space is closed for good, which the space's page tells.
    """
    found = await visible_space(session, space_id, now)
    row = found.properties
    if row["status"] == "closed":
        msg = "there is no such space"
        raise NotFoundError(msg)
    referring = await candidates.describe(session, row["referral_points"] or ())
    # Ask for one more space than needed, because the result may include this space itself.
    around = await queries.nearest_spaces(
        session, found.lon, found.lat, country=row["country"], limit=ALTERNATIVES + 1
    )
    others = [one for one in around if one.id != space_id and one.country == row["country"]]
    return PosterFacts(
        described=found,
        alternatives=others[:ALTERNATIVES],
        referrers=[referring[i].properties["name"] for i in sorted(referring)],
        lines=await contacts.contacts_of(session, row["country"], row["admin1"]),
        names={
            (term.vocabulary, term.code): term.names
            for term in await vocabulary.named_terms(session)
        },
        has_demo=await demo_rows.has_demo(session),
        now=now,
    )


def short_address(base: str, space_id: str) -> str:
    """Return the short URL of a space's page."""
    return f"{base}/s/{quote(space_id, safe='')}"


def poster_of(
    w: Words, found: PosterFacts, *, hotline: str | None, base: str, locator: Locator | None = None
) -> Poster:
    """Word the poster of a space.

    Parameters
    ----------
    hotline
        The number to call for protected services.
    base
        The base URL of the pages.
    locator
        Small map around the public position of the space.
    """
    row, now = found.described.properties, found.now
    day = local_day(now, row["timezone"])
    kind = labels.term(w, found.names, "space_kind", row["kind"])
    # The poster expires with the first of the records on it.
    ends = min([row["expires_on"], *(one.properties["expires_on"] for one in found.alternatives)])
    area = (row["locality"], row["admin1"], w.country(row["country"]))
    return Poster(
        lang=w.lang,
        name=print_text.name(row, has_demo=row["demo"]),
        about=f"{kind} · {', '.join(filter(None, area))}",
        organization=row["organization"],
        is_member=row["verified_member"],
        member=w.gettext("Miembro verificado de la red"),
        notices=[print_text.demo_warning(w)] if found.has_demo else [],
        where=[*print_text.referral(w, row, found.referrers), *print_text.where(w, row)],
        hours=list(print_text.opening(w, row, day)),
        services_heading=w.gettext("Servicios"),
        services=[
            PosterService(labels.term(w, found.names, "service", code), signs.SERVICES.get(code))
            for code in labels.in_order(found.names, "service", row["services"])
        ],
        alternatives_heading=w.gettext("Otros lugares cerca"),
        alternatives=_alternatives(w, found),
        locator=locator,
        locator_notes=_locator_notes(w, row),
        facts=list(print_text.whom(w, row)),
        phones=list(print_text.phones(w, row)),
        help_heading=print_text.help_heading(w),
        help=[
            print_text.protected(w, hotline, found.lines),
            *print_text.help_lines(w, found.lines),
        ],
        complaints_heading=print_text.complaints_heading(w),
        complaints=print_text.complaint_lines(w, found.lines),
        address=short_address(base, found.described.id),
        scan=w.gettext("Con el código: el horario de hoy y todo lo demás."),
        day=datetime(day.year, day.month, day.day, tzinfo=now.tzinfo),
        dates=(
            w.gettext("Datos del %(date)s.") % {"date": w.day(day)},
            w.gettext("Quite este afiche después del %(date)s.") % {"date": w.day(ends)},
            *(one.text for one in print_text.validity(w, row, now) if not row["demo"]),
        ),
        originals=print_text.originals(w) if w.lang != "es" else None,
    )


def _locator_notes(w: Words, row: Mapping[str, Any]) -> list[PrintLine]:
    """Return warnings about the small map: not for navigation, and maybe only a town's position."""
    notes = [print_text.sketch(w)]
    if row["coord_precision"] == "town":
        said = w.gettext("la posición es la de la ciudad o pueblo")
        notes.append(PrintLine(said[:1].upper() + said[1:]))
    return notes


def _alternatives(w: Words, found: PosterFacts) -> list[PrintLine]:
    """Return the lines about the nearest other spaces: name and distance, place, numbers."""
    lines: list[PrintLine] = []
    for one in found.alternatives:
        row = one.properties
        far = w.gettext("%(km)s en línea recta") % {"km": w.km(one.distance_m)}
        own = print_text.name({"name": one.name}, has_demo=row["demo"])
        town = f" ({one.locality})" if one.locality and one.locality not in own else ""
        whom = f", {w.gettext('Solo familias').lower()}" if row["families_only"] else ""
        lines.append(PrintLine(f"{own}{town}: {far}{whom}", is_strong=True))
        lines += print_text.where(w, row)
        numbers = ", ".join(number for number, _ in print_text.numbers(row))
        lines.append(PrintLine(numbers or w.gettext("no se conoce"), w.gettext("Teléfono")))
    return lines or [PrintLine(w.gettext("No se conoce otro lugar abierto en este país."))]
