"""Tables of organisations, support spaces and their parts, named as in HSDS 3 where possible."""

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
    Text,
    Time,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import (
    ACCESS_KINDS,
    PROTECTED_KINDS,
    PROTECTED_SERVICES,
    SPACE_STATUSES,
    Base,
    Record,
    demo_index,
    one_of,
    visibility_check,
)


class Organization(Record, Base):
    """Organisation that runs support spaces (HSDS organization)."""

    __tablename__ = "organizations"
    __table_args__ = (visibility_check(),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    website: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    verified_member: Mapped[bool] = mapped_column(server_default=false())


class Service(Record, Base):
    """Service of an organisation, a term of the vocabulary ``service`` (HSDS service)."""

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


class Location(Record, Base):
    """Support space or information point (HSDS location).

    ``kind`` is a term of the vocabulary ``space_kind``. Null means not known, with one exception: a
    null ``genders`` means everyone. An empty ``documents_required`` means that none are needed.
    ``amenities`` holds true or false by term, and no entry for a term whose presence is not known.
    ``cost`` and ``data_shared`` are in the provider's own words. ``expires_on`` is the last day on
    which the confirmation is valid. ``quarantined`` is the reason why a protection rule made the
    space restricted whatever its file stated, until two people release it (P38); ``released`` are
    the protected phrases that they judged not to apply. ``edited_at`` is the moment since which the
    space is edited in Amparo, so that loading its file again does not change it. ``revision``
    counts the changes of the record and its parts.
    """

    __tablename__ = "locations"
    __table_args__ = (
        visibility_check(),
        demo_index("locations"),
        CheckConstraint(one_of("status", SPACE_STATUSES), name="status"),
        CheckConstraint(one_of("access", ACCESS_KINDS), name="access"),
        CheckConstraint(one_of("children_alone", ("yes", "no", "not_known")), name="children"),
        CheckConstraint(one_of("fees", ("free", "paid", "not_known")), name="fees"),
        CheckConstraint(one_of("holidays", ("open", "closed", "not_known")), name="holidays"),
        CheckConstraint("minimum_age <= maximum_age", name="ages"),
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
    confidential: Mapped[bool] = mapped_column(server_default=true())
    overnight: Mapped[bool] = mapped_column(server_default=false())
    sectors: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    eligibility_description: Mapped[str | None] = mapped_column(Text)
    minimum_age: Mapped[int | None] = mapped_column(Integer)
    maximum_age: Mapped[int | None] = mapped_column(Integer)
    genders: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    families_only: Mapped[bool] = mapped_column(server_default=false())
    children_alone: Mapped[str] = mapped_column(Text, server_default="not_known")
    cost: Mapped[str | None] = mapped_column(Text)
    fees: Mapped[str] = mapped_column(Text, server_default="not_known")
    documents_required: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    maximum_nights: Mapped[int | None] = mapped_column(Integer)
    address: Mapped[str | None] = mapped_column(Text)
    landmark: Mapped[str | None] = mapped_column(Text)
    road: Mapped[str | None] = mapped_column(Text)
    road_km: Mapped[float | None] = mapped_column(Float)
    amenities: Mapped[dict[str, bool]] = mapped_column(JSONB, server_default=text("'{}'"))
    step_free: Mapped[bool | None] = mapped_column()
    data_shared: Mapped[str | None] = mapped_column(Text)
    holidays: Mapped[str] = mapped_column(Text, server_default="not_known")
    contact: Mapped[str | None] = mapped_column(Text)
    notice: Mapped[str | None] = mapped_column(Text)
    consent_on: Mapped[date | None] = mapped_column(Date)
    confirmed_on: Mapped[date] = mapped_column(Date)
    expires_on: Mapped[date] = mapped_column(Date)
    confirmed_by: Mapped[str | None] = mapped_column(Text)
    hidden_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    quarantined: Mapped[str | None] = mapped_column(Text)
    released: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    edited_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revision: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))


class ServiceAtLocation(Base):
    """Service at a location (HSDS service_at_location), for tiers that see service and location."""

    __tablename__ = "service_at_location"
    __table_args__ = (UniqueConstraint("location_id", "service_id"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    service_id: Mapped[str] = mapped_column(ForeignKey(Service.id, ondelete="CASCADE"), index=True)
    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    description: Mapped[str | None] = mapped_column(Text)


class Schedule(Base):
    """Opening hours of a location, or of one service at a location (HSDS schedule, RFC 5545).

    ``closes_at`` at or before ``opens_at`` is on the next day; equal times mean the whole day. A
    stated 24:00 is stored as 00:00, because asyncpg cannot decode 24:00.
    """

    __tablename__ = "schedules"
    __table_args__ = (
        CheckConstraint(
            "(location_id is null) <> (service_at_location_id is null)", name="one_owner"
        ),
        CheckConstraint(one_of("freq", ("WEEKLY", "MONTHLY")), name="freq"),
        CheckConstraint("interval >= 1 and (count is null or count >= 1)", name="repeats"),
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
    interval: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    dtstart: Mapped[date | None] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    count: Mapped[int | None] = mapped_column(Integer)
    byday: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    bymonthday: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{}'"))
    opens_at: Mapped[time] = mapped_column(Time)
    closes_at: Mapped[time] = mapped_column(Time)
    last_entry: Mapped[time | None] = mapped_column(Time)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    description: Mapped[str | None] = mapped_column(Text)


class ScheduleException(Base):
    """Days on which a location has other hours than its schedules, or is closed."""

    __tablename__ = "schedule_exceptions"
    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="days"),
        CheckConstraint(
            "(opens_at is null) = (closes_at is null) and closed = (opens_at is null)",
            name="hours_unless_closed",
        ),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    closed: Mapped[bool] = mapped_column(server_default=true())
    opens_at: Mapped[time | None] = mapped_column(Time)
    closes_at: Mapped[time | None] = mapped_column(Time)
    reason: Mapped[str | None] = mapped_column(Text)


class Phone(Base):
    """Public telephone number of a location (HSDS phone); personal numbers are not stored (P6)."""

    __tablename__ = "phones"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    number: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text, server_default="voice")
    description: Mapped[str | None] = mapped_column(Text)


class Language(Base):
    """Language spoken at a location (HSDS language), by ISO 639 code."""

    __tablename__ = "languages"
    __table_args__ = (UniqueConstraint("location_id", "code"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    code: Mapped[str] = mapped_column(Text)


class Capacity(Base):
    """Number of places for people at a location, with the time of the count (P42).

    This is HSDS service_capacity, by location instead of service.
    """

    __tablename__ = "capacities"
    __table_args__ = (CheckConstraint("available <= maximum", name="available_within_maximum"),)

    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), primary_key=True
    )
    unit: Mapped[str] = mapped_column(Text, server_default="person")
    available: Mapped[int | None] = mapped_column(Integer)
    maximum: Mapped[int | None] = mapped_column(Integer)
    updated: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ReferralPoint(Base):
    """Location (``referrer_id``) that refers people to another, which takes only such people."""

    __tablename__ = "referral_points"
    __table_args__ = (CheckConstraint("location_id <> referrer_id", name="not_itself"),)

    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), primary_key=True
    )
    referrer_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), primary_key=True, index=True
    )
    instructions: Mapped[str | None] = mapped_column(Text)


class ItineraryStop(Base):
    """Stop of a mobile unit, with place and time; future stops are for partners only (P42)."""

    __tablename__ = "itinerary_stops"
    __table_args__ = (CheckConstraint("ends_at > starts_at", name="times"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), index=True
    )
    place: Mapped[str] = mapped_column(Text)
    geom: Mapped[Any | None] = mapped_column(Geometry("POINT", srid=4326))
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class RestrictedReader(Base):
    """Named reader of a restricted location, whose record the other staff members cannot read."""

    __tablename__ = "restricted_readers"
    __table_args__ = (CheckConstraint("person <> ''", name="named"),)

    location_id: Mapped[str] = mapped_column(
        ForeignKey(Location.id, ondelete="CASCADE"), primary_key=True
    )
    person: Mapped[str] = mapped_column(Text, primary_key=True)
