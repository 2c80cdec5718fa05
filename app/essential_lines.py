"""The lines to call in an area (P45): what stands wherever a page or an answer says "call".

The setting ``AMPARO_HOTLINE`` is one number for everywhere and may be absent; these are of the
country that somebody is in.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from geo.contacts import contacts_of

type Line = Mapping[str, Any]

#: Lines that are named whatever is needed (P45).
LINES: Final = ("emergency", "asylum")

#: Of whom a survivor or a child alone is told, beside the emergency line (P38, P45).
PROTECTED_LINES: Final = ("gbv", "child_protection", "emergency")

#: What an answer says of a line.
LINE_FIELDS: Final = (
    "id",
    "kind",
    "country",
    "name",
    "phone",
    "whatsapp",
    "hours",
    "languages",
    "confirmed_on",
    "expires_on",
    "demo",
)


async def essential_lines(
    session: AsyncSession, countries: Iterable[str | None], kinds: Iterable[str] = LINES
) -> tuple[Line, ...]:
    """Return the lines of the countries of an area, those that have a number (any reading tier).

    Parameters
    ----------
    session : AsyncSession
        Its tier decides what is seen.
    countries : iterable of str or None
        ISO 3166-1 alpha-2, of the ends of a way or of a point; None is not known. Where none is
        known the lines of every country are given: of nobody's is too few.
    kinds : iterable of str
        Of `geo.models.CONTACT_KINDS`.

    Returns
    -------
    tuple of mappings
        With `LINE_FIELDS`, by kind, then country; empty where the area has none: then nothing may
        say "call".
    """
    known = frozenset(countries) - {None}
    (country,) = known if len(known) == 1 else (None,)
    found = (await contacts_of(session, country, kinds=kinds)).lines
    return tuple(
        {name: line[name] for name in LINE_FIELDS}
        for line in found
        if (not known or line["country"] in known) and (line["phone"] or line["whatsapp"])
    )
