"""The lines to call in an area (P45): what stands wherever a page or an answer says "call".

The setting ``AMPARO_HOTLINE`` is one number for everywhere and may be absent; these are of the
country that somebody is in.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from geo.guidance.contacts import contacts_of

type Line = Mapping[str, Any]

#: Lines that are named whatever is needed (P45).
LINES: Final = ("emergency", "asylum")

#: Of whom a survivor or a child alone is told, beside the emergency line (P38, P45).
PROTECTED_LINES: Final = ("gbv", "child_protection", "emergency")

#: Goes with whatever nobody reads at once.
DANGER: Final = "Si hay peligro ahora, llame a emergencias."
DANGER_UNKNOWN: Final = "Si hay peligro ahora, pida ayuda a las autoridades o a quien tenga cerca."

#: What an answer says of a line.
LINE_FIELDS: Final = (
    "id",
    "kind",
    "country",
    "admin1",
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

    A line of a first-level unit stands only where its country has none of that kind.

    Parameters
    ----------
    session : AsyncSession
        Its tier decides what is seen.
    countries : iterable of str or None
        ISO 3166-1 alpha-2, of the ends of a way, its start first, or of a point; None is not
        known. Where none is
        known the lines of every country are given: of nobody's is too few.
    kinds : iterable of str
        Of `geo.models.CONTACT_KINDS`.

    Returns
    -------
    tuple of mappings
        With `LINE_FIELDS`, by country as they are asked for, then by kind; empty where the area
        has none: then nothing may say "call".
    """
    found = (await contacts_of(session, None, kinds=kinds)).lines
    known = [country for country in dict.fromkeys(countries) if country is not None]
    lines = lines_of(found, known, kinds)
    # Whoever is refused a way stands at its start: the numbers of there come first.
    return tuple(sorted(lines, key=lambda line: known.index(line["country"]))) if known else lines


def lines_of(
    lines: Iterable[Line], countries: Collection[str | None], kinds: Iterable[str]
) -> tuple[Line, ...]:
    """Choose of many lines as `essential_lines` does; no countries are all of them."""
    asked = tuple(kinds)
    found = [
        line
        for line in lines
        if line["kind"] in asked
        and (line["phone"] or line["whatsapp"])
        and (not countries or line["country"] in countries)
    ]
    everywhere = {(one["country"], one["kind"]) for one in found if one["admin1"] is None}
    return tuple(
        {name: line[name] for name in LINE_FIELDS}
        for line in found
        if line["admin1"] is None or (line["country"], line["kind"]) not in everywhere
    )


def in_danger(lines: Sequence[Line]) -> str:
    """Say what to do in danger now; nobody is told to call without a number beside it."""
    return DANGER if lines else DANGER_UNKNOWN
