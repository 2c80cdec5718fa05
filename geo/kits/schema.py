"""Sections and fields of a country kit: the one place that names them.

The reader, the writer of empty kits and the documentation use this table. Values are checked by the
same readers as those of files and forms (`geo.kits.reading`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: Number of the format, written in every kit; a kit of another number is refused.
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class KitField:
    """Field of a section.

    Attributes
    ----------
    what : str
        What the field holds, and where people find it.
    example : str
        Value as TOML, shown where the field is empty.
    is_needed : bool
        Whether an entry without the field is refused.
    """

    name: str
    what: str
    example: str
    is_needed: bool = False


@dataclass(frozen=True, slots=True)
class KitSection:
    """Section of a kit: an array of tables of one name.

    Attributes
    ----------
    what : str
        What the entries are, and where people find them.
    becomes : str
        What loading makes of an entry.
    """

    name: str
    what: str
    becomes: str
    fields: tuple[KitField, ...]

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the fields."""
        return frozenset(field.name for field in self.fields)


#: Fields at the head of a kit.
HEAD: Final = (
    KitField("format", "number of this format", str(FORMAT), is_needed=True),
    KitField("country", "ISO 3166-1 alpha-2", '"CO"', is_needed=True),
    KitField("name", "the country's name, for people", '"Colombia"', is_needed=True),
)

_SOURCE = KitField("source", "who says so: a document or an address", '""', is_needed=True)
_LICENCE = KitField("licence", "licence of the source, or empty", '""')
_VISIBILITY = KitField(
    "visibility", "public, partners or restricted; empty is restricted", '"public"'
)
_PROPOSED: Final = "a proposal that a second person decides"

SECTIONS: Final = (
    KitSection(
        "crossings",
        "official border crossings and no others (P12); the border authority lists them",
        "a crossing whose state is not known, which no route passes; one that is there stays",
        (
            KitField("id", "stable id", '"X-NAME"', is_needed=True),
            KitField("name", "name on both sides", '""', is_needed=True),
            KitField("country_a", "one country", '"CO"', is_needed=True),
            KitField("country_b", "the other", '"VE"', is_needed=True),
            KitField("lon", "degrees, WGS84, of the post", "0.0", is_needed=True),
            KitField("lat", "degrees, WGS84", "0.0", is_needed=True),
            KitField("coord_precision", "point, town, or how it was derived", '"point"'),
            _VISIBILITY,
            _SOURCE,
            _LICENCE,
        ),
    ),
    KitSection(
        "hours",
        "state and hours of a crossing, as an authority publishes them, with its day",
        _PROPOSED,
        (
            KitField("crossing_id", "id of the crossing", '"X-NAME"', is_needed=True),
            KitField("state", "open, closed or not_known", '"open"', is_needed=True),
            KitField("valid_from", "first day", "2026-01-01", is_needed=True),
            KitField("valid_to", "last day; empty: until further notice", "2026-12-31"),
            KitField("timezone", "IANA", '"America/Bogota"', is_needed=True),
            KitField("byday", "days of the week; empty: every day", '["MO", "TU"]'),
            KitField("opens_at", "local time, with closes_at; empty: all day", '"06:00"'),
            KitField("closes_at", "local time", '"20:00"'),
            _SOURCE,
            KitField(
                "checked_on", "day on which the source was read", "2026-01-01", is_needed=True
            ),
        ),
    ),
    KitSection(
        "contacts",
        "lines that people call (P45): of ministries, UN agencies, the protection cluster",
        _PROPOSED,
        (
            KitField("id", "stable id", '""', is_needed=True),
            KitField(
                "kind",
                "emergency, asylum, gbv, child_protection, psea or other",
                '"asylum"',
                is_needed=True,
            ),
            KitField("name", "name of the line, never of a refuge (P3)", '""', is_needed=True),
            KitField("admin1", "first-level unit; empty: the whole country", '""'),
            KitField("phone", "number as dialled; this or whatsapp", '""'),
            KitField("whatsapp", "number", '""'),
            KitField("hours", "in words", '""'),
            KitField("languages", "ISO 639", '["es"]'),
            KitField("independent", "true: no operator of spaces answers; needed of psea", "true"),
            KitField(
                "confirmed_on", "day on which somebody called it", "2026-01-01", is_needed=True
            ),
            KitField("expires_on", "empty: 90 days later", "2026-12-31"),
            _VISIBILITY,
            _SOURCE,
            _LICENCE,
        ),
    ),
    KitSection(
        "channels",
        "information tools and channels that are there: radio, WhatsApp, boards, web",
        _PROPOSED,
        (
            KitField("id", "stable id", '""', is_needed=True),
            KitField("name", "name as people know it", '""', is_needed=True),
            KitField(
                "medium",
                "radio, television, whatsapp, sms, telephone, web, app, social_media, board, "
                "print, in_person or other",
                '"radio"',
                is_needed=True,
            ),
            KitField("operator", "who runs it", '""', is_needed=True),
            KitField("address", "how it is followed: frequency, number, web address, place", '""'),
            KitField("languages", "ISO 639", '["es"]'),
            KitField("admin1", "first-level unit; empty: the whole country", '""'),
            KitField("status", "active, paused or ended; empty: active", '"active"'),
            KitField(
                "confirmed_on", "day on which somebody checked it", "2026-01-01", is_needed=True
            ),
            KitField("expires_on", "empty: 90 days later", "2026-12-31"),
            _VISIBILITY,
            _SOURCE,
            _LICENCE,
        ),
    ),
    KitSection(
        "messages",
        "texts of the message bank; Spanish is the original (P47)",
        "a text that waits for its review",
        (
            KitField("key", "what it is about; one key for all languages", '""', is_needed=True),
            KitField("language", "ISO 639", '"es"', is_needed=True),
            KitField(
                "audience",
                "people_on_the_move, host_community, operators or partners",
                '"people_on_the_move"',
                is_needed=True,
            ),
            KitField(
                "kind", "information, campaign or self_care; empty: information", '"self_care"'
            ),
            KitField("body", "the text", '""', is_needed=True),
            KitField("safety", "true where a wrong word can hurt; empty: true", "true"),
            KitField("valid_from", "first day", "2026-01-01", is_needed=True),
            KitField("valid_to", "last day", "2026-12-31"),
        ),
    ),
    KitSection(
        "holidays",
        "public holidays by law or decree",
        "nothing: each is compared with the calendar that opening hours go by",
        (
            KitField("day", "the day", "2026-01-01", is_needed=True),
            KitField("name", "its name", '""', is_needed=True),
            KitField("admin1", "first-level unit; empty: the whole country", '""'),
            _SOURCE,
        ),
    ),
    KitSection(
        "checklists",
        "minimum standards of a kind of space, as the network agreed on them",
        "a version that is not in force until two people put it in force",
        (
            KitField("kind", "term of space_kind", '"support_space"', is_needed=True),
            KitField("title", "title", '""', is_needed=True),
            KitField("valid_months", "months between two assessments", "12"),
            KitField("pass_score", "share of yes that passes, 0 to 1", "0.8"),
            KitField(
                "items",
                "questions; also evidence_needed and essential, true or false",
                '[{standard = "", question = ""}]',
                is_needed=True,
            ),
        ),
    ),
    KitSection(
        "extracts",
        "addresses of OpenStreetMap extracts (the wiki's page Planet.osm names who makes them)",
        "nothing: the command that imports it is told",
        (
            KitField("name", "region, as roads import names it", '""', is_needed=True),
            KitField("url", "https address of a .osm.pbf", '""', is_needed=True),
            KitField("licence", "ODbL 1.0 for OpenStreetMap", '"ODbL 1.0"', is_needed=True),
        ),
    ),
    KitSection(
        "boundaries",
        "p-codes of first-level units, from OCHA's COD-AB of the country on HDX",
        "the p-code of the unit, beside its ISO code",
        (
            KitField("code", "ISO 3166-2", '"CO-NSA"', is_needed=True),
            KitField("pcode", "p-code of COD-AB", '"CO54"', is_needed=True),
            KitField("name", "the unit's name, for people", '""'),
            _SOURCE,
        ),
    ),
)

BY_NAME: Final[Mapping[str, KitSection]] = {section.name: section for section in SECTIONS}
