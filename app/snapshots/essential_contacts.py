"""Essential phone lines of an area (P45), shown wherever a page or response says "call".

The setting ``AMPARO_HOTLINE`` is one number for all countries and may be absent; these lines belong
to the country of the place asked about.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from geo.guidance.contacts import contacts_of

type Line = Mapping[str, Any]

#: Kinds of lines that are shown for every need (P45).
LINES: Final = ("emergency", "asylum")

#: Kinds of lines for survivors of violence and children alone, with the emergency line (P38, P45).
PROTECTED_LINES: Final = ("gbv", "child_protection", "emergency")

#: Sentences shown beside forms that nobody reads immediately: if phone lines are known, and if not.
DANGER: Final = "Si hay peligro ahora, llame a emergencias."
DANGER_UNKNOWN: Final = "Si hay peligro ahora, pida ayuda a las autoridades o a quien tenga cerca."

#: Fields of a line in responses.
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
    """Return the phone lines of countries, those that have a number (any reading tier).

    A line of a first-level administrative unit is included only if its country has no nationwide
    line of that kind.

    Parameters
    ----------
    session : AsyncSession
        Session whose tier limits the visible lines.
    countries : iterable of str or None
        ISO 3166-1 alpha-2 codes of the ends of a route, its start first, or of a point; None for an
        unknown country. If all are unknown, the lines of every country are returned.
    kinds : iterable of str
        Kinds out of `geo.models.CONTACT_KINDS`.

    Returns
    -------
    tuple of mappings
        Lines with `LINE_FIELDS`, in the order of `countries`, then by kind; empty if the area has
        none: then no text may say "call".
    """
    found = (await contacts_of(session, None, kinds=kinds)).lines
    known = [country for country in dict.fromkeys(countries) if country is not None]
    lines = lines_of(found, known, kinds)
    # A person whose route is refused is at its start, so the start's country comes first.
    return tuple(sorted(lines, key=lambda line: known.index(line["country"]))) if known else lines


def lines_of(
    lines: Iterable[Line], countries: Collection[str | None], kinds: Iterable[str]
) -> tuple[Line, ...]:
    """Filter lines as `essential_lines` does; empty ``countries`` select every country."""
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
    """Return the advice for immediate danger; it says "call" only if there are lines to call."""
    return DANGER if lines else DANGER_UNKNOWN
