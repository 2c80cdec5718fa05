"""Table objects for the views that each tier reads; the SQL of the views is in the migrations.

Views of the same names exist in the schemas ``tier_public``, ``tier_partner`` and ``tier_staff``. A
session's search path selects the schema, so a query never names a tier and cannot forget a filter.
Columns that only some tiers have are not listed here. A test compares these tables with the views
in the database.
"""

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from geo.models import Base, Boundary, Corridor, Flow, Hazard, Place, RoadSegment
from geo.models.reference import GroundFeature, LandscapeFeature

published = MetaData()


def _geometry() -> Column[Any]:
    return Column("geom", Geometry("GEOMETRY", srid=4326, spatial_index=False))


def of_table(name: str, model: type[Base], *columns: str | Column[Any]) -> Table:
    """Describe a published view over the rows of one table: ``id``, some columns, ``geom``.

    Parameters
    ----------
    name
        Name of the view in the schemas of the tiers.
    model
        Table whose columns give the types of the view's columns that are stated by name.
    columns
        Columns in order: by name if the view shows a column of the table unchanged, else with their
        type.
    """
    shown = (
        column if isinstance(column, Column) else Column(column, model.__table__.c[column].type)
        for column in columns
    )
    return Table(name, published, Column("id", Text, primary_key=True), *shown, _geometry())


spaces = Table(
    "spaces",
    published,
    Column("id", Text, primary_key=True),
    Column("name", Text),
    Column("kind", Text),
    Column("organization_id", Text),
    Column("organization", Text),
    # Only verified members are shown with the network's logo (P28).
    Column("verified_member", Boolean),
    Column("services", ARRAY(Text)),
    Column("sectors", ARRAY(Text)),
    Column("languages", ARRAY(Text)),
    Column("status", Text),
    Column("access", Text),
    # Spaces that refer people to this space, as far as the tier sees them; ``referral_from`` is the
    # first of ``referral_points``.
    Column("referral_from", Text),
    Column("referral_points", ARRAY(Text)),
    Column("eligibility", Text),
    Column("minimum_age", Integer),
    Column("maximum_age", Integer),
    # Genders admitted; null if everyone is.
    Column("genders", ARRAY(Text)),
    Column("families_only", Boolean),
    # Whether children without an adult are served: yes, no or not_known.
    Column("children_alone", Text),
    # ``fees`` is in the provider's words; ``fee_kind`` is free, paid or not_known.
    Column("fees", Text),
    Column("fee_kind", Text),
    # Documents that people need; null if not known, empty if none are required.
    Column("documents_required", ARRAY(Text)),
    Column("maximum_nights", Integer),
    Column("overnight", Boolean),
    Column("timezone", Text),
    # Opening rules after RFC 5545: [{"freq", "interval", "dtstart", "until", "count", "byday":
    #   ["MO"], "bymonthday", "opens_at": "08:00", "closes_at": "17:00", "last_entry", "timezone",
    #   "valid_from", "valid_to", "description"}]
    Column("schedules", JSONB),
    # Days with other hours than the schedules: [{"starts_on", "ends_on", "closed", "opens_at",
    #   "closes_at", "reason"}]
    Column("exceptions", JSONB),
    # Whether the space opens on public holidays: open, closed or not_known.
    Column("holidays", Text),
    Column("country", Text),
    Column("admin1", Text),
    Column("locality", Text),
    # Street address; null also if the tier sees a blurred position, since an address would reveal
    # the exact position (P5).
    Column("address", Text),
    Column("landmark", Text),
    Column("road", Text),
    Column("road_km", Float),
    Column("coord_precision", Text),
    # Amenities about which something is known: {"toilets": true, "wifi": false}
    Column("amenities", JSONB),
    Column("step_free", Boolean),
    Column("data_shared", Text),
    # Day of the last confirmation; null for demo rows, which are never shown as confirmed (P35).
    Column("confirmed_on", Date),
    # Same as confirmed_on, but set for demo rows too; for computations only.
    Column("assured_on", Date),
    Column("expires_on", Date),
    Column("capacity", Text),
    Column("capacity_updated", DateTime(timezone=True)),
    Column("contact", Text),
    Column("phones", JSONB),
    Column("notice", Text),
    Column("demo", Boolean),
    Column("source", Text),
    Column("licence", Text),
    _geometry(),
)

#: One row for each service at a space, if the tier sees both the space and the service.
services = Table(
    "services",
    published,
    Column("id", Text, primary_key=True),
    Column("space", Text),
    Column("space_name", Text),
    Column("space_kind", Text),
    Column("organization", Text),
    Column("service", Text),
    Column("status", Text),
    Column("access", Text),
    Column("referral_from", Text),
    Column("eligibility", Text),
    Column("minimum_age", Integer),
    Column("maximum_age", Integer),
    Column("genders", ARRAY(Text)),
    Column("families_only", Boolean),
    Column("children_alone", Text),
    Column("fees", Text),
    Column("fee_kind", Text),
    Column("documents_required", ARRAY(Text)),
    Column("timezone", Text),
    # The service's own schedules if it has any, else those of the space.
    Column("schedules", JSONB),
    Column("exceptions", JSONB),
    Column("holidays", Text),
    Column("country", Text),
    Column("admin1", Text),
    Column("locality", Text),
    Column("coord_precision", Text),
    Column("confirmed_on", Date),
    Column("expires_on", Date),
    Column("notice", Text),
    Column("demo", Boolean),
    Column("source", Text),
    Column("licence", Text),
    _geometry(),
)

#: Terms of the controlled vocabularies; only the staff sees protected terms (P38).
terms = Table(
    "terms",
    published,
    Column("vocabulary", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("parent_code", Text),
    Column("position", Integer),
    Column("active", Boolean),
    Column("validity_days", Integer),
    # Names by language: {"es": "Albergue", "en": "Shelter"}
    Column("names", JSONB),
    # Languages in which a person has reviewed the name (P47).
    Column("reviewed", ARRAY(Text)),
)

#: Codes of protected terms, to refuse requests for them; no response shows these codes (P38).
protected_terms = Table(
    "protected_terms",
    published,
    Column("vocabulary", Text, primary_key=True),
    Column("code", Text, primary_key=True),
)

crossings = Table(
    "crossings",
    published,
    Column("id", Text, primary_key=True),
    Column("name", Text),
    Column("country_a", Text),
    Column("country_b", Text),
    Column("coord_precision", Text),
    # Current state: open, closed or not known (P32). For other instants see
    # geo.geography.crossings.
    Column("state", Text),
    # Statements about the state: [{"id", "state", "valid_from", "valid_to", "timezone", "byday",
    #   "opens_at", "closes_at", "source", "assumption"}]
    Column("statuses", JSONB),
    Column("demo", Boolean),
    Column("source", Text),
    Column("licence", Text),
    # Where two people confirmed the post, which may be kilometres from the registered position;
    # null where nobody did.
    Column("surveyed_lon", Float),
    Column("surveyed_lat", Float),
    Column("surveyed_on", Date),
    _geometry(),
)

hazards = of_table(
    "hazards",
    Hazard,
    "family",
    "kind",
    "title",
    "effect",
    "weight",
    "event_count",
    "exposure_km",
    "rate_source",
    "night_only",
    "valid_from",
    "valid_to",
    Column("published_on", Date),
    "demo",
    "source",
    "licence",
)

_NAMES = ("name_es", "name_en", "name_pt", "name_fr")

boundaries = of_table(
    "boundaries",
    Boundary,
    *("level", "country", "code", "name", *_NAMES),
    *("label_lon", "label_lat", "source", "licence"),
    Column("pcode", Text),
)

places = of_table(
    "places",
    Place,
    *("name", *_NAMES, "country", "admin1", "population", "timezone", "source", "licence"),
)

rivers = of_table("rivers", GroundFeature, "rank", "source", "licence")

ground = of_table("ground", GroundFeature, "kind", "rank", "name", *_NAMES, "source", "licence")

landscape = of_table(
    "landscape",
    LandscapeFeature,
    *("region", "kind", "zoom", "name", *_NAMES, "source", "licence"),
)

roads = of_table(
    "roads",
    RoadSegment,
    "region",
    "osm_way_id",
    "name",
    "highway",
    "surface",
    "lit",
    "sidewalk",
    "foot",
    "vehicle",
    "oneway",
    "ferry",
    "country",
    "length_m",
    "source",
    "licence",
)

flows = of_table(
    "flows",
    Flow,
    "kind",
    "origin",
    "destination",
    # Public names of origin and destination; null if there is none.
    Column("origin_name", Text),
    Column("destination_name", Text),
    "week",
    "direction",
    # Rounded count of people; the raw count is for the authorised role only (P18).
    "n",
    "method",
    "hours_covered",
    "demo",
    "source",
    "licence",
)

corridors = of_table(
    "corridors",
    Corridor,
    "name",
    "countries",
    # Towns along the corridor, in order.
    "places",
    "length_m",
    "illustrative",
    "demo",
    "source",
    "licence",
)

#: Gaps of corridors, computed from the spaces that the tier sees (definitions.md, gap).
coverage = Table(
    "coverage",
    published,
    Column("id", Text, primary_key=True),
    Column("corridor", Text),
    Column("corridor_name", Text),
    Column("from_m", Float),
    Column("to_m", Float),
    Column("length_m", Float),
    # Spaces at both ends of the gap, by id and name. At an end of the corridor the id is null, and
    # the name is that of the town.
    Column("from_space", Text),
    Column("from_name", Text),
    Column("to_space", Text),
    Column("to_name", Text),
    # Service that is missing along the gap; null for a gap without any service.
    Column("service", Text),
    Column("profile", Text),
    Column("computed_at", DateTime(timezone=True)),
    Column("expires_on", Date),
    Column("demo", Boolean),
    Column("source", Text),
    Column("licence", Text),
    _geometry(),
)

#: Travel times from towns to the nearest public space with a service, each valid for one month.
access = Table(
    "access",
    published,
    Column("id", Text, primary_key=True),
    Column("town", Text),
    Column("town_name", Text),
    Column("country", Text),
    Column("population", Integer),
    Column("service", Text),
    Column("profile", Text),
    Column("month", Date),
    # Moving time, rounded up.
    Column("minutes", Integer),
    Column("distance_m", Float),
    Column("space", Text),
    Column("space_name", Text),
    Column("space_country", Text),
    # First official crossing on the way; null within one country.
    Column("crossing", Text),
    Column("network", Text),
    Column("computed_at", DateTime(timezone=True)),
    Column("expires_on", Date),
    Column("demo", Boolean),
    Column("source", Text),
    Column("licence", Text),
    _geometry(),
)

#: Whether any demo row is loaded: one row, one column (P35).
demo_state = Table("demo_state", published, Column("demo", Boolean))
