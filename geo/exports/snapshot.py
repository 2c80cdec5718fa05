"""Snapshots for exports: the spaces that the asker's tier sees, as in a file of spaces."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Integer, MetaData, Select, Table, Text, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from geo import vocabulary
from geo.db.sessions import Tier
from geo.db.views import spaces
from geo.guidance import contacts
from geo.records import demo_rows
from geo.text.normalize import folded

#: Columns of an export in order, each with its column in the view; equal names are listed once.
#: Confirming persons, consents and internal contacts have no column (P6).
COLUMNS: Mapping[str, str] = {
    name: name
    for name in (
        "id", "name", "kind", "organization", "organization_id", "lon", "lat", "coord_precision",
        "country", "admin1", "locality", "timezone", "status", "access", "referral_points",
        "overnight", "services", "sectors", "eligibility", "minimum_age", "maximum_age", "genders",
        "families_only", "children_alone", "cost", "fees", "documents_required", "maximum_nights",
        "address", "landmark", "road", "road_km", "amenities", "step_free", "data_shared",
        "languages", "public_phones", "public_contact", "notice", "schedules",
        "schedule_exceptions", "holidays", "confirmed_on", "expires_on", "capacity_state",
        "capacity_updated", "visibility", "demo", "source", "licence",
    )
} | {
    "cost": "fees",
    "fees": "fee_kind",
    "public_phones": "phones",
    "public_contact": "contact",
    "schedule_exceptions": "exceptions",
    "capacity_state": "capacity",
}  # fmt: skip

#: Further columns that partners and the staff see (P42).
_PARTNER_COLUMNS = {
    "capacity": "capacity_maximum",
    "available": "capacity_available",
    "itinerary": "itinerary",
}

#: Columns that only the views of partners and staff have; `geo.db.views` has the columns of all
#: tiers.
_PARTNER = Table(
    "spaces",
    MetaData(),
    Column("id", Text, primary_key=True),
    Column("capacity_maximum", Integer),
    Column("capacity_available", Integer),
    Column("itinerary", JSONB),
    Column("visibility", Text),
).alias("partner_spaces")
_PARTNER_LINES = Table(
    "contacts", MetaData(), Column("id", Text, primary_key=True), Column("visibility", Text)
).alias("partner_lines")

#: Attribution of the whole file; source and licence are stated for each record.
ATTRIBUTION = "Amparo; fuente y licencia: las de cada registro (source, licence)"
NOTICE = (
    "Según lo que cada lugar declaró en la fecha indicada; puede haber cambiado. No use un "
    "registro después de su expires_on."
)
DEMO_NOTICE = "DEMO: datos ficticios de demostración. No viaje a estos lugares."

#: Fields that become the geometry where the format has one.
POSITION = frozenset({"lon", "lat"})

#: List fields for which an empty list is information, such as "no documents"; None means not known.
EMPTY_SAYS = frozenset({"genders", "documents_required"})

#: Rows read at once: 500 take 10 ms, so that other tasks on the event loop can run.
_AT_ONCE = 500

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """Selection of spaces; None selects all.

    Parameters
    ----------
    country
        ISO 3166-1 alpha-2.
    admin1, locality
        By name, ignoring case and accents.
    service
        Code of a service that the spaces offer.
    """

    country: str | None = None
    admin1: str | None = None
    locality: str | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The spaces that one tier sees at one moment.

    Parameters
    ----------
    records
        By country, division, municipality, name and id; fields are those of `columns`, dates and
        moments in ISO 8601, positions in degrees (EPSG:4326).
    tier
        The tier that sees them.
    data_as_of
        When they were read, aware.
    has_demo
        Whether demo rows are loaded (P35).
    terms
        Spanish names by vocabulary and code.
    referrers
        Names, by id, of the public spaces that refer people to the records.
    lines
        Public essential telephone lines of the records' countries, by kind (P45); a line with a
        division is for that division only.
    """

    records: tuple[Record, ...]
    tier: Tier
    data_as_of: datetime
    has_demo: bool
    terms: Mapping[tuple[str, str], str]
    referrers: Mapping[str, str]
    lines: tuple[Record, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the fields of a record, in order."""
        return columns_of(self.tier)

    @property
    def day(self) -> str:
        """The day of the data, ISO 8601."""
        return self.data_as_of.date().isoformat()

    @property
    def notice(self) -> str:
        """The notice for the whole file."""
        return f"{DEMO_NOTICE} {NOTICE}" if self.has_demo else NOTICE

    def named(self, term_vocabulary: str, code: str) -> str:
        """Return the Spanish name of a term."""
        return self.terms.get((term_vocabulary, code)) or vocabulary.readable(code)


def is_plain_phones(phones: Sequence[Record]) -> bool:
    """Return whether the phones have no type or description beyond a plain voice number."""
    return all(
        phone.get("type", "voice") == "voice" and not phone.get("description") for phone in phones
    )


def columns_of(tier: Tier) -> tuple[str, ...]:
    """Return the fields of a tier's export, in order."""
    return tuple(COLUMNS) if tier is Tier.PUBLIC else (*COLUMNS, *_PARTNER_COLUMNS)


async def read_snapshot(
    session: AsyncSession, tier: Tier, selection: Selection, *, now: datetime
) -> Snapshot:
    """Read the data of an export.

    Parameters
    ----------
    session : AsyncSession
        Of ``tier``, whose views decide what is visible; ``tier`` itself only decides on the
        columns.
    now : datetime
        Aware; the moment stated in the export.

    Raises
    ------
    ProtectedServiceError, UnknownServiceError
        The service may not be asked for.
    """
    if selection.service is not None:
        await vocabulary.check_services(session, [selection.service])
    named = await vocabulary.named_terms(session)
    records: list[Record] = []
    rows = await session.stream(_question(tier, selection))
    async for part in rows.mappings().partitions(_AT_ONCE):
        records += (_record(row, tier) for row in part if _is_selected(row, selection))
    return Snapshot(
        records=tuple(records),
        tier=tier,
        data_as_of=now,
        has_demo=await demo_rows.has_demo(session),
        terms={(term.vocabulary, term.code): term.name for term in named},
        referrers=await _referrers(session, tier, records),
        lines=await _lines(session, tier, {record["country"] for record in records}),
    )


async def _referrers(
    session: AsyncSession, tier: Tier, records: Iterable[Record]
) -> Mapping[str, str]:
    ids = sorted({referrer for record in records for referrer in record["referral_points"]})
    question = select(spaces.c.id, spaces.c.name).where(spaces.c.id.in_(ids))
    if tier is not Tier.PUBLIC:
        question = question.join_from(spaces, _PARTNER, _PARTNER.c.id == spaces.c.id).where(
            _PARTNER.c.visibility == "public"
        )
    return {row.id: row.name for row in await session.execute(question)}


async def _lines(
    session: AsyncSession, tier: Tier, countries: Collection[str]
) -> tuple[Record, ...]:
    found = [
        line
        for line in (await contacts.contacts_of(session, None)).lines
        if line["country"] in countries
    ]
    if tier is not Tier.PUBLIC:
        question = select(_PARTNER_LINES.c.id).where(_PARTNER_LINES.c.visibility == "public")
        public = set(await session.scalars(question))
        found = [line for line in found if line["id"] in public]
    return tuple({name: _plain(value) for name, value in line.items()} for line in found)


def _question(tier: Tier, selection: Selection) -> Select[Any]:
    columns = spaces.c
    question = select(
        *(column for column in columns if column.name not in {"geom", "assured_on"}),
        func.ST_X(columns.geom).label("lon"),
        func.ST_Y(columns.geom).label("lat"),
    )
    if tier is not Tier.PUBLIC:
        question = question.add_columns(
            *(column for column in _PARTNER.c if column.name != "id")
        ).join_from(spaces, _PARTNER, _PARTNER.c.id == columns.id)
    if selection.country is not None:
        question = question.where(columns.country == selection.country)
    if selection.service is not None:
        question = question.where(columns.services.contains([selection.service]))
    return question.order_by(
        columns.country, columns.admin1, columns.locality, columns.name, columns.id
    )


def _is_selected(row: Mapping[Any, Any], selection: Selection) -> bool:
    for name in ("admin1", "locality"):
        asked = getattr(selection, name)
        if asked is not None and folded(row[name] or "") != folded(asked):
            return False
    return True


def _record(row: Mapping[Any, Any], tier: Tier) -> Record:
    sources = COLUMNS if tier is Tier.PUBLIC else {**COLUMNS, **_PARTNER_COLUMNS}
    # Every row that the public tier sees is public; its view has no visibility column.
    known = {**row, "visibility": "public"} if tier is Tier.PUBLIC else row
    return {name: _plain(known[source]) for name, source in sources.items()}


def _plain(value: object) -> object:
    """Return dates as text, and parts of a record without their empty fields."""
    if isinstance(value, date):  # a datetime is a date too
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if item is not None}
    return value
