"""Frame around the content of every page: road networks, map layers, help lines, names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from app.snapshots.essential_contacts import PROTECTED_LINES, Line, lines_of


@dataclass(frozen=True)
class NetworkView:
    """A road network that routes are computed on.

    Attributes
    ----------
    name, title
        The region's id and its title for readers.
    kind
        `sketch` (an illustration, not for navigation) or `osm`.
    attribution
        Attribution that the data requires, shown unchanged.
    """

    name: str
    title: str
    kind: str
    attribution: str


@dataclass(frozen=True)
class PageFrame:
    """Data for the parts that every page shares.

    Attributes
    ----------
    now
        Time of rendering, timezone-aware.
    has_demo
        Whether any demo row exists; every page then says DEMO (P35).
    data_as_of
        Date of the newest data shown, or None when nothing is loaded.
    networks
        The road networks in use, the most detailed first; may be empty.
    layers
        The catalogue's layers in drawing order, as `tiles.features.style.map_layers()` gives them.
    places
        Names that the form offers while a person types a start or an end. Each stands for one place
        only.
    hotline
        Phone number for protected services (P38), or None.
    incident_contact
        Contact for data incidents (P31), or None.
    lines
        Essential lines of every country that have a number (P45), by kind, then country.
    names
        Names of the vocabulary's terms by vocabulary and code, then by language, in vocabulary
        order.
    public_url
        The server's address for people, without a slash at its end, or None.
    near_m
        Greatest distance at which the phone lists a space of another country, metres; None for any.
    """

    now: datetime
    has_demo: bool
    data_as_of: date | None
    networks: Sequence[NetworkView] = ()
    layers: Sequence[Mapping[str, object]] = ()
    places: Sequence[str] = ()
    hotline: str | None = None
    incident_contact: str | None = None
    lines: Sequence[Line] = ()
    names: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    public_url: str | None = None
    near_m: float | None = None

    def help_lines(self, country: str | None, kinds: Sequence[str]) -> tuple[Line, ...]:
        """Return a country's help lines of some kinds; without a country, one for each country.

        If a country has several, the line whose kind comes first in ``kinds`` is returned.
        """
        wanted = lines_of(self.lines, {country} - {None}, kinds)
        if country is not None:
            return wanted
        ordered = sorted(wanted, key=lambda line: kinds.index(line["kind"]))
        first = {line["country"]: line for line in reversed(ordered)}
        return tuple(first[code] for code in sorted(first))

    def protected_lines(self, country: str | None = None) -> tuple[Line, ...]:
        """Return the help lines for survivors of violence and unaccompanied children (P38).

        Pages show them if no hotline is set. The lines are chosen as by `help_lines`.
        """
        return self.help_lines(country, PROTECTED_LINES)

    def emergency_lines(self, country: str | None = None) -> tuple[Line, ...]:
        """Return a country's emergency lines; without a country, each country's first line."""
        return self.help_lines(country, ("emergency",))
