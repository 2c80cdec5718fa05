"""Snapshots for exports: the spaces visible to a tier, with the fields of a file of spaces."""

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

#: Columns of an export in order, each with the column of the database view that has its values.
#: Most have the same name there; the six others follow after the list. Confirming persons, consents
#: and internal contacts are not exported (P6).
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

#: Further columns in exports for partners and the staff (P42).
_PARTNER_COLUMNS = {
    "capacity": "capacity_maximum",
    "available": "capacity_available",
    "itinerary": "itinerary",
}

#: The view of spaces with the columns that only partners and staff have, to be joined with
#: `geo.db.views.spaces`, which has the columns common to all tiers. `_PARTNER_LINES` is the same
#: for telephone lines.
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

#: Attribution of an export file as a whole; each record states its own source and licence.
ATTRIBUTION = "Amparo; fuente y licencia: las de cada registro (source, licence)"
NOTICE = (
    "Según lo que cada lugar declaró en la fecha indicada; puede haber cambiado. No use un "
    "registro después de su expires_on."
)
DEMO_NOTICE = "DEMO: datos ficticios de demostración. No viaje a estos lugares."

#: Fields that become the geometry in formats with a geometry.
POSITION = frozenset({"lon", "lat"})

#: List fields whose empty list is information, such as "no documents needed"; None in these fields
#: means not known.
EMPTY_SAYS = frozenset({"genders", "documents_required"})

#: Rows read from the database at once. 500 rows take 10 ms, after which other tasks on the event
#: loop can run.
_AT_ONCE = 500

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """Selection of spaces for an export; a field that is None does not limit it.

    Parameters
    ----------
    country
        Country of the spaces, ISO 3166-1 alpha-2.
    admin1, locality
        Name of the first-level unit and of the municipality, ignoring case and accents.
    service
        Code of a service that the spaces offer.
    """

    country: str | None = None
    admin1: str | None = None
    locality: str | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Data of an export: the spaces visible to a tier at one moment.

    Parameters
    ----------
    records
        Spaces sorted by country, first-level unit, municipality, name and id. Fields are those of
        `columns`; dates and moments are in ISO 8601, positions in degrees (EPSG:4326).
    tier
        Tier to which the records are visible.
    data_as_of
        Moment when the records were read, aware.
    has_demo
        Whether demo rows are loaded (P35).
    terms
        Spanish names of terms by vocabulary and code.
    referrers
        Names, by id, of the public spaces that are referral points of the records.
    lines
        Public essential telephone lines of the records' countries, sorted by kind (P45). A line
        with a first-level unit is for that unit only.
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
        """Day of the data, ISO 8601."""
        return self.data_as_of.date().isoformat()

    @property
    def notice(self) -> str:
        """Notice to readers of the export file, with a warning if demo rows are loaded."""
        return f"{DEMO_NOTICE} {NOTICE}" if self.has_demo else NOTICE

    def named(self, term_vocabulary: str, code: str) -> str:
        """Return the Spanish name of a vocabulary's term, or its code in readable form."""
        return self.terms.get((term_vocabulary, code)) or vocabulary.readable(code)


def is_plain_phones(phones: Sequence[Record]) -> bool:
    """Return whether all phones are voice numbers without a description.

    Such phones can be exported as numbers alone.
    """
    return all(
        phone.get("type", "voice") == "voice" and not phone.get("description") for phone in phones
    )


def columns_of(tier: Tier) -> tuple[str, ...]:
    """Return the names of the fields in an export for a tier, in order."""
    return tuple(COLUMNS) if tier is Tier.PUBLIC else (*COLUMNS, *_PARTNER_COLUMNS)


async def read_snapshot(
    session: AsyncSession, tier: Tier, selection: Selection, *, now: datetime
) -> Snapshot:
    """Read the data of an export from the database.

    Parameters
    ----------
    session : AsyncSession
        Session of ``tier``; the tier's views limit the records, and ``tier`` decides the columns.
    now : datetime
        Moment to state in the export, aware.

    Raises
    ------
    ProtectedServiceError, UnknownServiceError
        The selected service is protected or unknown.
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
    # The view of the public tier has no column for the visibility, as all its rows are public.
    known = {**row, "visibility": "public"} if tier is Tier.PUBLIC else row
    return {name: _plain(known[source]) for name, source in sources.items()}


def _plain(value: object) -> object:
    """Convert a value for export: dates to ISO 8601, and objects to objects without null fields."""
    if isinstance(value, date):  # includes datetime, a subclass of date
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if item is not None}
    return value
