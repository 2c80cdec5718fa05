"""Tables of the geographic context: crossings, hazards, boundaries, places, roads, flows."""

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
    Index,
    Integer,
    Text,
    Time,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from geo.models.base import (
    CROSSING_STATES,
    HUMAN_THREATS,
    MAIN_ROADS,
    PHYSICAL_HAZARDS,
    Base,
    Record,
    demo_index,
    one_of,
    visibility_check,
)


class NamedInLanguages:
    """Mixin with names in four languages; null for a language that has no other than ``name``."""

    name_es: Mapped[str | None] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
    name_pt: Mapped[str | None] = mapped_column(Text)
    name_fr: Mapped[str | None] = mapped_column(Text)


class Crossing(Record, Base):
    """Official border crossing; informal crossings are never stored (P12)."""

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
    """Statement about a crossing from a day on: its state and, if open, its opening hours.

    Without hours an open crossing is open all day. For a day that no statement covers, the state is
    not known (P32).
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


class CrossingSurvey(Base):
    """Position of a crossing's post that two people confirmed, in degrees, EPSG:4326.

    Roads of an OSM extract cross a border only at these positions (P10, P34). With ``demo`` the
    position was confirmed in a demonstration, and is deleted with its demo rows (P35).
    """

    __tablename__ = "crossing_surveys"
    __table_args__ = (
        CheckConstraint("proposed_by <> confirmed_by", name="two_people"),
        CheckConstraint("lon between -180 and 180 and lat between -90 and 90", name="on_earth"),
    )

    crossing_id: Mapped[str] = mapped_column(
        ForeignKey(Crossing.id, ondelete="CASCADE"), primary_key=True
    )
    lon: Mapped[float]
    lat: Mapped[float]
    surveyed_on: Mapped[date] = mapped_column(Date)
    proposed_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    confirmed_by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    demo: Mapped[bool] = mapped_column(default=False)


class TaggedBorderPost(Base):
    """Border post near a crossing that volunteers tagged in OSM; only the staff reads the table.

    Anybody can tag a place, so nothing is computed from these rows (P10, P12).
    """

    __tablename__ = "tagged_border_posts"
    __table_args__ = (
        CheckConstraint("lon between -180 and 180 and lat between -90 and 90", name="on_earth"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    region: Mapped[str] = mapped_column(Text, index=True)
    crossing_id: Mapped[str] = mapped_column(
        ForeignKey(Crossing.id, ondelete="CASCADE"), index=True
    )
    osm_id: Mapped[str] = mapped_column(Text)
    tag: Mapped[str] = mapped_column(Text)
    lon: Mapped[float]
    lat: Mapped[float]
    distance_m: Mapped[float]


class Hazard(Record, Base):
    """Hazard, physical or a human threat (P36), with the data for its publication and for routing.

    ``geom`` is the reported geometry, for staff only. ``geom_public`` is the published geometry:
    for a human threat a municipality or at least 20 km of road. The rate of events is
    ``event_count`` divided by ``exposure_km`` (traveller-kilometres), and needs a ``rate_source``.
    """

    __tablename__ = "hazards"
    __table_args__ = (
        visibility_check(),
        demo_index("hazards"),
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


class Boundary(NamedInLanguages, Record, Base):
    """Polygon of a country (level 0) or first-level unit (level 1).

    The polygons are approximate, so the country of a road node is never taken from them. A map
    writes the name at ``label_lon``, ``label_lat``, degrees (EPSG:4326).
    """

    __tablename__ = "boundaries"
    __table_args__ = (visibility_check(), CheckConstraint("level in (0, 1)", name="level"))

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    level: Mapped[int] = mapped_column(Integer)
    country: Mapped[str] = mapped_column(Text, index=True)
    code: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    label_lon: Mapped[float | None] = mapped_column(Float)
    label_lat: Mapped[float | None] = mapped_column(Float)
    geom: Mapped[Any] = mapped_column(Geometry("MULTIPOLYGON", srid=4326))


class UnitPcode(Base):
    """P-code (OCHA's COD-AB) of a first-level unit, by the unit's ISO 3166-2 code."""

    __tablename__ = "unit_pcodes"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    country: Mapped[str] = mapped_column(Text)
    pcode: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)


class Place(NamedInLanguages, Record, Base):
    """Populated place from GeoNames, with its names in languages that have another name for it."""

    __tablename__ = "places"
    __table_args__ = (visibility_check(),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, index=True)
    country: Mapped[str] = mapped_column(Text)
    admin1: Mapped[str | None] = mapped_column(Text)
    population: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    timezone: Mapped[str] = mapped_column(Text)
    geom: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326))


#: Kinds of background features of maps of a continent, for orientation only.
GROUND_KINDS = ("border", "lake", "river")
#: Kinds of background features of maps of an imported region.
LANDSCAPE_KINDS = (
    *("built_up", "park", "wood", "water", "waterway"),
    *("hospital", "church", "station", "bus_station", "market", "square"),
)


class GroundFeature(NamedInLanguages, Record, Base):
    """River, lake or land border on a map of a continent; ``rank`` 0 is the most important.

    The geometries are off by a kilometre or more: maps draw them, and nothing is computed from
    them.
    """

    __tablename__ = "ground_features"
    __table_args__ = (
        visibility_check(),
        CheckConstraint(one_of("kind", GROUND_KINDS), name="kind"),
        CheckConstraint("rank between 0 and 9", name="rank"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    rank: Mapped[int] = mapped_column(Integer)
    name: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[Any] = mapped_column(Geometry("GEOMETRY", srid=4326))


class RoadSegment(Record, Base):
    """Road segment between two junctions in an imported region; one row for both directions."""

    __tablename__ = "road_segments"
    __table_args__ = (
        visibility_check(),
        Index(
            "ix_road_segments_main_geom",
            "geom",
            postgresql_using="gist",
            postgresql_where=text(one_of("highway", MAIN_ROADS)),
        ),
    )

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


class LandscapeFeature(NamedInLanguages, Record, Base):
    """Area, water or landmark on the map of an imported region, drawn from level ``zoom`` on."""

    __tablename__ = "landscape_features"
    __table_args__ = (
        visibility_check(),
        CheckConstraint(one_of("kind", LANDSCAPE_KINDS), name="kind"),
        CheckConstraint("zoom between 0 and 24", name="zoom"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    region: Mapped[str] = mapped_column(Text, index=True)
    kind: Mapped[str] = mapped_column(Text)
    zoom: Mapped[int] = mapped_column(Integer)
    name: Mapped[str | None] = mapped_column(Text)
    geom: Mapped[Any] = mapped_column(Geometry("GEOMETRY", srid=4326))


class Flow(Record, Base):
    """Weekly count of people at a point, or from an origin to a destination (P17 to P21).

    The table holds raw counts, for an authorised role only; the view decides which counts are
    published. ``holder`` is the organisation that sent the count, and the only one that can replace
    it. The database maintains five columns: ``origin_areas`` and ``destination_areas`` are the
    codes of all areas that contain the two places, including the places' own codes;
    ``may_come_out`` is true if the count passed the publication rules; ``is_margin`` is true if the
    count is a total whose parts are stored as well; ``is_late`` is true if the count arrived after
    a total that includes the count was published.
    """

    __tablename__ = "flows"
    __table_args__ = (
        visibility_check(),
        demo_index("flows"),
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
    week: Mapped[date] = mapped_column(Date, index=True)
    direction: Mapped[str] = mapped_column(Text)
    n: Mapped[int] = mapped_column(Integer)
    groups: Mapped[int] = mapped_column(Integer)
    largest_share: Mapped[float] = mapped_column(Float)
    method: Mapped[str] = mapped_column(Text)
    hours_covered: Mapped[int | None] = mapped_column(Integer)
    holder: Mapped[str | None] = mapped_column(Text)
    origin_areas: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    destination_areas: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    may_come_out: Mapped[bool] = mapped_column(server_default=false())
    is_margin: Mapped[bool | None]
    is_late: Mapped[bool | None]
    geom: Mapped[Any] = mapped_column(Geometry("GEOMETRY", srid=4326))
