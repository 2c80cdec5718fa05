"""Sharing links on a space's page: text for WhatsApp and SMS, a position for a map app.

The links cause no request until a person taps one, and hold no data of that person. Only pages of
public spaces have them, whatever the reader's tier, because anybody can read a forwarded message.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncSession

from app.i18n.gsm7 import SEPTETS, cut, in_gsm7, septets
from app.i18n.translation import Words
from app.journeys.space_facts import age_of, visible_space
from app.texts import print_text
from app.texts.poster import short_address
from app.texts.print_text import Row
from geo.errors import NotFoundError
from geo.geography.municipalities import code_of
from geo.hours.openings import local_day
from geo.records import demo_rows
from geo.spaces import candidates
from geo.spaces.candidates import Described

#: Value of ``coord_precision`` for a space whose exact position is published; of other spaces only
#: the position of their town is.
_EXACT = "point"

#: Septets at the beginning of a space's name that are never cut [A].
_NAME = 20


@dataclass(frozen=True)
class PublicSpace:
    """Public data of a space for sharing links.

    Attributes
    ----------
    referrers
        Names of the visible spaces that refer people to this space.
    municipality
        Code of the space's municipality; None if no municipality with a code is known.
    """

    described: Described
    referrers: Sequence[str]
    municipality: str | None
    has_demo: bool


@dataclass(frozen=True)
class Sharing:
    """Links for the page of a public space.

    Attributes
    ----------
    whatsapp, sms
        Links that open a message with the text, to a recipient whom the reader chooses.
    geo
        ``geo:`` URI (RFC 5870) of the space's position; None if only its town is public.
    poster
        URL of the poster.
    municipal_list
        URL of the list of the space's municipality, or None.
    """

    whatsapp: str
    sms: str
    geo: str | None
    poster: str
    municipal_list: str | None


async def read_public(session: AsyncSession, space_id: str, now: datetime) -> PublicSpace | None:
    """Read a space in the public tier; None if the space is not public or has closed."""
    try:
        found = await visible_space(session, space_id, now)
    except NotFoundError:
        return None
    row = found.properties
    if row["status"] == "closed":
        return None
    referring = await candidates.describe(session, row["referral_points"] or ())
    code = await code_of(session, row["country"], row["locality"], found.lon, found.lat)
    return PublicSpace(
        described=found,
        referrers=[referring[i].properties["name"] for i in sorted(referring)],
        municipality=code,
        has_demo=await demo_rows.has_demo(session),
    )


def sharing_of(w: Words, space: PublicSpace, *, base: str, now: datetime) -> Sharing:
    """Return the sharing links of a public space."""
    found = space.described
    text = "\n".join(_lines(w, space, base, now))
    body = short_message(w, space, base=base, now=now)
    where = f"{found.lat:.5f},{found.lon:.5f}"
    code = space.municipality
    return Sharing(
        whatsapp=f"https://wa.me/?text={quote(text, safe='')}",
        sms=f"sms:?body={quote(body, safe='')}",
        geo=f"geo:{where}?q={where}" if found.properties["coord_precision"] == _EXACT else None,
        poster=f"/spaces/{quote(found.id, safe='')}/poster.pdf?lang={w.lang}",
        municipal_list=None if code is None else f"/lists/{code}?lang={w.lang}",
    )


def _lines(w: Words, space: PublicSpace, base: str, now: datetime) -> Iterable[str]:
    row = space.described.properties
    if space.has_demo:
        yield print_text.plain(w, print_text.demo_warning(w))
    yield f"*{row['name']}*"
    yield ", ".join(filter(None, (row["locality"], row["admin1"], w.country(row["country"]))))
    said = (
        *print_text.warnings(w, row, space.referrers),
        *print_text.opening(w, row, local_day(now, row["timezone"])),
        *print_text.phones(w, row),
        *print_text.where(w, row),
        *print_text.validity(w, row, now),
    )
    yield from (print_text.plain(w, one) for one in said)
    yield short_address(base, space.described.id)


def short_message(w: Words, space: PublicSpace, *, base: str, now: datetime) -> str:
    """Return the data of a space as the text of one SMS.

    If the text is too long, the hours are left out first, then the URL, then the end of the name.
    Phone number, age of the data, DEMO and the reasons not to come are always kept.
    """
    row = space.described.properties
    number = next((number for number, _ in print_text.numbers(row)), None)
    first = next(iter(print_text.opening(w, row, local_day(now, row["timezone"]))))
    hours = w.gettext("según su horario %(hours)s") % {"hours": first.text}
    address = short_address(base, space.described.id)
    name = in_gsm7(print_text.name(row, has_demo=space.has_demo))
    kept = (number, _state(w, row), _age(w, row, now))
    rest = ""
    for parts in ((*kept, hours, address), (*kept, address), kept):
        rest = in_gsm7(f": {'; '.join(filter(None, parts))}")
        if septets(rest) + min(septets(name), _NAME) <= SEPTETS:
            break
    return cut(name, SEPTETS - septets(rest)) + rest


def _state(w: Words, row: Row) -> str | None:
    """Word why a space cannot be entered now, or only by referral (P15); None if neither holds."""
    said = []
    if row["status"] == "full" or row["capacity"] == "full":
        said.append(w.gettext("lleno"))
    elif row["status"] == "temporarily_closed":
        said.append(w.gettext("cerrado por un tiempo"))
    if row["access"] == "referral_only":
        said.append(w.gettext("solo con remisión"))
    return ", ".join(said) or None


def _age(w: Words, row: Row, now: datetime) -> str:
    """Word the date of the data and its last valid day, because an SMS may be read later (P22)."""
    until = w.gettext("vale hasta %(date)s") % {"date": _short(row["expires_on"])}
    age = age_of(row, now)
    if row["demo"]:
        return until
    if age is None:
        return f"{w.gettext('sin confirmar, llame antes')}, {until}"
    confirmed = w.gettext("dato del %(date)s") % {"date": _short(row["confirmed_on"])}
    call = f", {w.gettext('llame antes')}" if age.call_before else ""
    return f"{confirmed}, {until}{call}"


def _short(day: date) -> str:
    return f"{day:%d/%m/%y}"
