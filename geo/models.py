"""The tables of Amparo: columns and constraints, named as in HSDS 3 where it has them.

Every geometry is EPSG:4326 in lon, lat order. Nothing here is read by the public or partner
roles: they see the views of each tier (``geo/views.py``), made by the migrations.
"""

from datetime import date, datetime, time
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    Time,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = "amparo"

#: P1: who may see a record; a record without a stated visibility is restricted.
VISIBILITIES = ("public", "partners", "restricted")

#: Kinds of space (domain.md section 2). ``safe_space`` is protected (P38).
SPACE_KINDS = (
    "information_orientation_point",
    "support_space",
    "integrated_support_space",
    "humanitarian_support_point",
    "health_reception",
    "shelter",
    "temporary_shelter",
    "overnight_reception",
    "community_kitchen",
    "connectivity_point",
    "child_friendly_space",
    "mobile_unit",
    "border_support_team",
    "safe_space",
)

#: P38: kinds and services that are never public; a CHECK keeps them restricted.
PROTECTED_KINDS = ("safe_space",)
PROTECTED_SERVICES = (
    "gbv_response",
    "trafficking_response",
    "lgbtiq_refuge",
    "unaccompanied_children_home",
)

SPACE_STATUSES = ("active", "full", "temporarily_closed", "closed")
ACCESS_KINDS = ("open", "referral_only")

#: P32: three states, never two. Police and migration controls are no hazards (P36).
CROSSING_STATES = ("open", "closed", "not_known")

#: P36: what a hazard can be, by family. Adding a kind is one word here and a migration.
PHYSICAL_HAZARDS = ("flood", "landslide", "cold", "heat", "road_works", "rockfall", "river_flood")
HUMAN_THREATS = ("armed_presence", "robbery", "extortion", "trafficking", "mines")


def one_of(column: str, values: tuple[str, ...]) -> str:
    """Return the constant text of a CHECK that limits ``column`` to ``values``."""
    quoted = ", ".join(f"'{value}'" for value in values)
    return f"{column} in ({quoted})"


class Base(DeclarativeBase):
    """The metadata of every table; constraints get predictable names."""

    metadata = MetaData(
        schema=SCHEMA,
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
        },
    )


def visibility_check() -> CheckConstraint:
    """Return the CHECK on ``visibility`` that each table of records carries."""
    return CheckConstraint(one_of("visibility", VISIBILITIES), name="visibility")


class Record:
    """What every record carries: who may see it, where it comes from, whether it is a demo."""

    visibility: Mapped[str] = mapped_column(Text, server_default="restricted")
    demo: Mapped[bool] = mapped_column(server_default=false())
    source: Mapped[str | None] = mapped_column(Text)
    licence: Mapped[str | None] = mapped_column(Text)


class Organization(Record, Base):
    """An organisation that runs spaces (HSDS organization)."""

    __tablename__ = "organizations"
    __table_args__ = (visibility_check(),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    website: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    verified_member: Mapped[bool] = mapped_column(server_default=false())


class Service(Record, Base):
    """What an organisation offers, by code of the service vocabulary (HSDS service)."""

    __tablename__ = "services"
    __table_args__ = (
        visibility_check(),
        CheckConstraint(
            f"visibility = 'restricted' or not ({one_of('code', PROTECTED_SERVICES)})",
            name="protected_is_restricted",
        ),
        CheckConstraint(
            one_of("status", ("active", "inactive", "defunct", "temporarily closed")), name="status"
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    organization_id: Mapped[str] = mapped_column(
        ForeignKey(Organization.id, ondelete="CASCADE"), index=True
    )
    code: Mapped[str] = mapped_column(Text, index=True)
    name: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="active")
    fees_description: Mapped[str | None] = mapped_column(Text)


class Location(Record, Base):
    """A support space or information point (HSDS location).

    ``expires_on`` is the last day its confirmation is good for.
    """

    __tablename__ = "locations"
    __table_args__ = (
        visibility_check(),
        CheckConstraint(one_of("kind", SPACE_KINDS), name="kind"),
        CheckConstraint(one_of("status", SPACE_STATUSES), name="status"),
        CheckConstraint(one_of("access", ACCESS_KINDS), name="access"),
        CheckConstraint(
            f"visibility = 'restricted' or not (confidential or {one_of('kind', PROTECTED_KINDS)})",
            name="protected_is_restricted",
        ),
        CheckConstraint("char_length(country) = 2", name="country_iso2"),
        CheckConstraint("expires_on > confirmed_on", name="expires_after_confirmation"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    organization_id: Mapped[str] = mapped_column(
        ForeignKey(Organization.id, ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    location_type: Mapped[str] = mapped_column(Text, server_default="physical")
    geom: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326))
    coord_precision: Mapped[str] = mapped_column(Text, server_default="town")
    country: Mapped[str] = mapped_column(Text)
    admin1: Mapped[str | None] = mapped_column(Text)
    locality: Mapped[str | None] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="active")
    access: Mapped[str] = mapped_column(Text, server_default="open")
    referral_from: Mapped[str | None] = mapped_column(
        ForeignKey("amparo.locations.id", ondelete="SET NULL")
    )
    confidential: Mapped[bool] = mapped_column(server_default=true())
    overnight: Mapped[bool] = mapped_column(server_default=false())
    sectors: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    eligibility_description: Mapped[str | None] = mapped_column(Text)
    minimum_age: Mapped[int | None] = mapped_column(Integer)
    maximum_age: Mapped[int | None] = mapped_column(Integer)
    contact: Mapped[str | None] = mapped_column(Text)
    notice: Mapped[str | None] = mapped_column(Text)
    confirmed_on: Mapped[date] = mapped_column(Date)
    expires_on: Mapped[date] = mapped_column(Date)
    confirmed_by: Mapped[str | None] = mapped_column(Text)
    hidden_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ServiceAtLocation(Base):
    """A service offered at a location (HSDS service_at_location); sees what both ends let see."""

    __tablename__ = "service_at_location"
    __table_args__ = (UniqueConstraint("location_id", "service_id"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    service_id: Mapped[str] = mapped_column(ForeignKey(Service.id, ondelete="CASCADE"), index=True)
    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    description: Mapped[str | None] = mapped_column(Text)


class Schedule(Base):
    """When a location, or one service at it, is open (HSDS schedule, after RFC 5545).

    ``closes_at`` at or before ``opens_at`` means the next day; equal times mean all day.
    A source's 24:00 is stored as 00:00 (asyncpg decodes no 24:00).
    """

    __tablename__ = "schedules"
    __table_args__ = (
        CheckConstraint(
            "(location_id is null) <> (service_at_location_id is null)", name="one_owner"
        ),
        CheckConstraint(one_of("freq", ("WEEKLY", "MONTHLY")), name="freq"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    location_id: Mapped[str | None] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    service_at_location_id: Mapped[str | None] = mapped_column(
        ForeignKey(ServiceAtLocation.id, ondelete="CASCADE"), index=True
    )
    timezone: Mapped[str] = mapped_column(Text)
    freq: Mapped[str] = mapped_column(Text, server_default="WEEKLY")
    byday: Mapped[list[str]] = mapped_column(ARRAY(Text))
    opens_at: Mapped[time] = mapped_column(Time)
    closes_at: Mapped[time] = mapped_column(Time)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    description: Mapped[str | None] = mapped_column(Text)


class Phone(Base):
    """A public number of a location (HSDS phone); personal numbers are not stored (P6)."""

    __tablename__ = "phones"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    number: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text, server_default="voice")
    description: Mapped[str | None] = mapped_column(Text)


class Language(Base):
    """A language spoken at a location (HSDS language), by ISO 639 code."""

    __tablename__ = "languages"
    __table_args__ = (UniqueConstraint("location_id", "code"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    code: Mapped[str] = mapped_column(Text)


class Capacity(Base):
    """Places at a location with the time of the count (HSDS service_capacity, P42)."""

    __tablename__ = "capacities"
    __table_args__ = (CheckConstraint("available <= maximum", name="available_within_maximum"),)

    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), primary_key=True
    )
    unit: Mapped[str] = mapped_column(Text, server_default="person")
    available: Mapped[int | None] = mapped_column(Integer)
    maximum: Mapped[int | None] = mapped_column(Integer)
    updated: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class RestrictedReader(Base):
    """A person who may read one restricted location; nobody else among the staff may."""

    __tablename__ = "restricted_readers"

    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), primary_key=True
    )
    person: Mapped[str] = mapped_column(Text, primary_key=True)


class Crossing(Record, Base):
    """An official border crossing. No informal crossing enters the system (P12)."""

    __tablename__ = "crossings"
    __table_args__ = (
        visibility_check(),
        CheckConstraint("char_length(country_a) = 2 and char_length(country_b) = 2", name="iso2"),
        CheckConstraint("country_a <> country_b", name="two_countries"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    country_a: Mapped[str] = mapped_column(Text)
    country_b: Mapped[str] = mapped_column(Text)
    geom: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326))
    coord_precision: Mapped[str] = mapped_column(Text, server_default="town")
    hidden_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class CrossingStatus(Base):
    """What is known of a crossing from one date on: its state and, when open, its hours.

    Without hours an open crossing is open all day. No row for a moment means not known (P32).
    """

    __tablename__ = "crossing_statuses"
    __table_args__ = (
        CheckConstraint(one_of("state", CROSSING_STATES), name="state"),
        CheckConstraint("(opens_at is null) = (closes_at is null)", name="hours_in_pairs"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="validity"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    crossing_id: Mapped[str] = mapped_column(
        ForeignKey(Crossing.id, ondelete="CASCADE"), index=True
    )
    state: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    timezone: Mapped[str] = mapped_column(Text)
    byday: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{MO,TU,WE,TH,FR,SA,SU}'")
    )
    opens_at: Mapped[time | None] = mapped_column(Time)
    closes_at: Mapped[time | None] = mapped_column(Time)
    source: Mapped[str] = mapped_column(Text)
    assumption: Mapped[bool] = mapped_column(server_default=false())


class Hazard(Record, Base):
    """A hazard of one of two families (P36), with what is needed to publish and to route.

    ``geom`` is what was reported, for staff. ``geom_public`` is what is published: for a human
    threat a municipality or at least 20 km of road. A rate is ``event_count`` over
    ``exposure_km`` traveller-kilometres and counts only with a ``rate_source``.
    """

    __tablename__ = "hazards"
    __table_args__ = (
        visibility_check(),
        CheckConstraint(
            f"(family = 'physical' and {one_of('kind', PHYSICAL_HAZARDS)})"
            f" or (family = 'human_threat' and {one_of('kind', HUMAN_THREATS)})",
            name="kind_of_family",
        ),
        CheckConstraint(one_of("effect", ("exclusion", "weight")), name="effect"),
        CheckConstraint("weight >= 1", name="weight_at_least_one"),
        CheckConstraint(one_of("public_extent", ("municipality", "road", "area")), name="extent"),
        CheckConstraint(
            "(event_count is null) = (exposure_km is null)"
            " and (event_count is null or rate_source is not null)",
            name="rate_is_sourced",
        ),
        CheckConstraint("valid_to is null or valid_to > valid_from", name="validity"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    family: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    geom: Mapped[Any] = mapped_column(Geometry("GEOMETRY", srid=4326))
    geom_public: Mapped[Any | None] = mapped_column(Geometry("GEOMETRY", srid=4326))
    public_extent: Mapped[str] = mapped_column(Text, server_default="area")
    public_length_km: Mapped[float | None] = mapped_column(Float)
    effect: Mapped[str] = mapped_column(Text, server_default="weight")
    weight: Mapped[float] = mapped_column(Float, server_default=text("1"))
    event_count: Mapped[int | None] = mapped_column(Integer)
    exposure_km: Mapped[float | None] = mapped_column(Float)
    rate_source: Mapped[str | None] = mapped_column(Text)
    night_only: Mapped[bool] = mapped_column(server_default=false())
    valid_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    valid_to: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    independent_sources: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    reported_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Boundary(Record, Base):
    """A country (level 0) or first-level unit (level 1); never used to tell a node's country."""

    __tablename__ = "boundaries"
    __table_args__ = (visibility_check(), CheckConstraint("level in (0, 1)", name="level"))

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    level: Mapped[int] = mapped_column(Integer)
    country: Mapped[str] = mapped_column(Text, index=True)
    code: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    name_es: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[Any] = mapped_column(Geometry("MULTIPOLYGON", srid=4326))


class Place(Record, Base):
    """A populated place (GeoNames)."""

    __tablename__ = "places"
    __table_args__ = (visibility_check(),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, index=True)
    country: Mapped[str] = mapped_column(Text)
    admin1: Mapped[str | None] = mapped_column(Text)
    population: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    timezone: Mapped[str] = mapped_column(Text)
    geom: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326))


class RoadSegment(Record, Base):
    """A piece of road between two junctions of one imported region, both directions in one row."""

    __tablename__ = "road_segments"
    __table_args__ = (visibility_check(),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    region: Mapped[str] = mapped_column(Text, index=True)
    osm_way_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str | None] = mapped_column(Text)
    highway: Mapped[str] = mapped_column(Text)
    surface: Mapped[str | None] = mapped_column(Text)
    lit: Mapped[bool | None] = mapped_column()
    sidewalk: Mapped[bool | None] = mapped_column()
    foot: Mapped[bool] = mapped_column()
    vehicle: Mapped[bool] = mapped_column()
    oneway: Mapped[bool] = mapped_column()
    ferry: Mapped[bool] = mapped_column()
    country: Mapped[str | None] = mapped_column(Text)
    length_m: Mapped[float] = mapped_column(Float)
    geom: Mapped[Any] = mapped_column(Geometry("LINESTRING", srid=4326))


class Flow(Record, Base):
    """A count of people, by point or origin and destination, week and direction (P17 to P21).

    Raw counts stay here for the authorised role. What is published is cut by the view.
    """

    __tablename__ = "flows"
    __table_args__ = (
        visibility_check(),
        CheckConstraint(one_of("kind", ("point", "od")), name="kind"),
        CheckConstraint(one_of("direction", ("in", "out", "both")), name="direction"),
        CheckConstraint("extract(isodow from week) = 1", name="week_starts_monday"),
        CheckConstraint("n >= 0 and groups >= 0", name="counts"),
        CheckConstraint("largest_share between 0 and 1", name="share"),
        CheckConstraint("(kind = 'od') = (destination is not null)", name="od_has_destination"),
        UniqueConstraint(
            "origin",
            "destination",
            "week",
            "direction",
            "method",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(Text)
    destination: Mapped[str | None] = mapped_column(Text)
    week: Mapped[date] = mapped_column(Date)
    direction: Mapped[str] = mapped_column(Text)
    n: Mapped[int] = mapped_column(Integer)
    groups: Mapped[int] = mapped_column(Integer)
    largest_share: Mapped[float] = mapped_column(Float)
    method: Mapped[str] = mapped_column(Text)
    hours_covered: Mapped[int | None] = mapped_column(Integer)
    geom: Mapped[Any] = mapped_column(Geometry("GEOMETRY", srid=4326))


class PublicationRules(Base):
    """The numbers of the protection rules that views apply: one row, changed by an admin.

    Defaults: P36 (72 h, 20 km, two sources) and definitions.md, flows (20 people, 3 groups,
    80 %, rounding 5, 14 days).
    """

    __tablename__ = "publication_rules"
    __table_args__ = (
        CheckConstraint("id", name="one_row"),
        # P18: never below 5, whatever an administrator types.
        CheckConstraint("flow_min_people >= 5", name="flow_floor"),
    )

    id: Mapped[bool] = mapped_column(primary_key=True, server_default=true())
    human_threat_delay_h: Mapped[int] = mapped_column(Integer, server_default=text("72"))
    human_threat_min_km: Mapped[float] = mapped_column(Float, server_default=text("20"))
    human_threat_min_sources: Mapped[int] = mapped_column(Integer, server_default=text("2"))
    flow_min_people: Mapped[int] = mapped_column(Integer, server_default=text("20"))
    flow_min_groups: Mapped[int] = mapped_column(Integer, server_default=text("3"))
    flow_max_share: Mapped[float] = mapped_column(Float, server_default=text("0.8"))
    flow_rounding: Mapped[int] = mapped_column(Integer, server_default=text("5"))
    flow_delay_days: Mapped[int] = mapped_column(Integer, server_default=text("14"))


class AccessToken(Base):
    """A bearer token, stored as its SHA-256 only; opens one scope until it expires."""

    __tablename__ = "access_tokens"
    __table_args__ = (CheckConstraint(one_of("scope", ("movement",)), name="scope"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scope: Mapped[str] = mapped_column(Text)
    holder: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()")
    )
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class LoadedFile(Base):
    """A file that `amparo load` has taken in, so that loading it again costs nothing."""

    __tablename__ = "loaded_files"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    sha256: Mapped[str] = mapped_column(Text)
    loaded_on: Mapped[date] = mapped_column(Date)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
