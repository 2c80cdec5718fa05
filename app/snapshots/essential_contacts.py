"""Essential phone lines of a country or area (P45), shown wherever a page or response says "call".

Unlike the setting ``AMPARO_HOTLINE``, one number for all countries that may be absent, the lines
are those of the country in which the point or route of a request lies.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from geo.guidance.contacts import contacts_of

type Line = Mapping[str, Any]

#: Kinds of phone lines that are shown to everybody, whatever the need (P45).
LINES: Final = ("emergency", "asylum")

#: Kinds of phone lines shown for protected services, which are services for survivors of violence
#: and for children alone (P38, P45).
PROTECTED_LINES: Final = ("gbv", "child_protection", "emergency")

#: Advice beside forms whose content nobody reads at once, if phone lines are known.
DANGER: Final = "Si hay peligro ahora, llame a emergencias."
#: Advice beside forms whose content nobody reads at once, if no phone line is known.
DANGER_UNKNOWN: Final = "Si hay peligro ahora, pida ayuda a las autoridades o a quien tenga cerca."

#: Fields of a phone line in responses.
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
    """Return the phone lines of countries that have a phone or WhatsApp number (any reading tier).

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
        Lines with `LINE_FIELDS`, in the order of `countries`, then by kind. If no line is known the
        tuple is empty, and no text may say "call".
    """
    found = (await contacts_of(session, None, kinds=kinds)).lines
    known = [country for country in dict.fromkeys(countries) if country is not None]
    lines = lines_of(found, known, kinds)
    # Lines of the start's country come first, because a person whose route is refused is there.
    return tuple(sorted(lines, key=lambda line: known.index(line["country"]))) if known else lines


def lines_of(
    lines: Iterable[Line], countries: Collection[str | None], kinds: Iterable[str]
) -> tuple[Line, ...]:
    """Select phone lines by country and kind as `essential_lines` does.

    Empty ``countries`` select the lines of every country.
    """
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
