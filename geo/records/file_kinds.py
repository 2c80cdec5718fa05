"""Kinds of data files that can be loaded, each with the function that turns a record into rows.

A new kind needs only an entry in `KINDS` and a function that reads one record.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fnmatch import fnmatch
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from geo.models import (
    CROSSING_STATES,
    HUMAN_THREATS,
    PHYSICAL_HAZARDS,
    Boundary,
    Checklist,
    Contact,
    Corridor,
    Crossing,
    CrossingStatus,
    Flow,
    Hazard,
    InformationChannel,
    Location,
    Message,
    Organization,
    Pathway,
    Place,
    Product,
    Service,
)
from geo.models.reference import GROUND_KINDS, GroundFeature
from geo.reasons import CodedReason, as_it_stands
from geo.records.flows import FIELDS as MOVEMENT_FIELDS
from geo.records.flows import FILE_HOLDER, check_cell
from geo.records.guidance_rows import (
    read_channel,
    read_checklist,
    read_contact,
    read_message,
    read_pathway,
    read_product,
)
from geo.records.row_validation import Circumstances, Row, Rows
from geo.records.space_rows import read_space
from geo.records.vocabulary_rows import read_term
from geo.text.countries import CODES

_NAMES = ("name_es", "name_en", "name_pt", "name_fr")


@dataclass(frozen=True)
class FileKind:
    """Kind of data file, such as crossings or spaces.

    Attributes
    ----------
    name : str
        Name shown in reports.
    patterns : tuple of str
        Glob patterns for file names of this kind, in lower case and without ``.gz``.
    read : callable
        Function that turns one record into rows of tables and adds problems to the `Row`.
    owns : tuple of model
        Tables in which a file of this kind owns rows by their ids; tables that others refer to come
        first.
    """

    name: str
    patterns: tuple[str, ...]
    read: Callable[[Row, Circumstances], Rows]
    owns: tuple[type[Any], ...]


def kind_of(file_name: str) -> FileKind | None:
    """Return the kind of file that a file name matches, or None."""
    name = file_name.lower().removesuffix(".gz")
    for kind in KINDS:
        if any(fnmatch(name, pattern) for pattern in kind.patterns):
            return kind
    return None


def known_names() -> str:
    """Return the recognised file name patterns, for the message about an unrecognised file."""
    return ", ".join(pattern for kind in KINDS for pattern in kind.patterns)


def read_boundary(row: Row, _: Circumstances) -> Rows:
    """Read a boundary: the area of a country or of a first-level administrative unit.

    ``name`` is optional: three islands of Natural Earth have none.
    """
    geometry = row.shape("Polygon", "MultiPolygon")
    if isinstance(geometry, shapely.Polygon):
        geometry = shapely.MultiPolygon([geometry])
    return {
        Boundary: [
            {
                "id": row.id(),
                "level": row.whole("level", 0, 1),
                "country": row.country("country"),
                "code": row.optional_text("code"),
                "name": row.optional_text("name"),
                **_names(row),
                "label_lon": row.optional_number("label_lon", -180, 180),
                "label_lat": row.optional_number("label_lat", -90, 90),
                "geom": geometry,
                "visibility": "public",
                "source": row.optional_text("source") or "Natural Earth 1:10m",
                "licence": row.optional_text("licence") or "public domain",
            }
        ]
    }


def _names(row: Row) -> dict[str, str | None]:
    """Read a place's names by language; None for a language in which it has no name of its own."""
    return {name: row.optional_text(name) for name in _NAMES}


def read_ground(row: Row, _: Circumstances) -> Rows:
    """Read a river, a lake or a land border: what a map draws for orientation."""
    return {
        GroundFeature: [
            {
                "id": row.id(),
                "kind": row.choice("kind", GROUND_KINDS),
                "rank": row.whole("rank", 0, 9),
                "name": row.optional_text("name"),
                **_names(row),
                "geom": row.shape("LineString", "MultiLineString", "Polygon", "MultiPolygon"),
                "visibility": "public",
                "source": row.text("source"),
                "licence": row.text("licence"),
            }
        ]
    }


def read_place(row: Row, _: Circumstances) -> Rows:
    """Read a populated place."""
    country = row.country("country")
    return {
        Place: [
            {
                "id": row.id(),
                "name": row.text("name"),
                "country": country,
                "admin1": row.optional_text("admin1"),
                "population": row.optional_whole("population") or 0,
                "timezone": row.timezone(),
                **_names(row),
                "geom": row.point(country=country),
                "visibility": "public",
                "source": row.optional_text("source") or "GeoNames",
                "licence": row.optional_text("licence") or "CC BY 4.0",
            }
        ]
    }


def read_corridor(row: Row, _: Circumstances) -> Rows:
    """Read a corridor of movement: a named line through at least two places."""
    countries, places = row.names("countries", 1), row.names("places", 2)
    for code in countries:
        if code not in CODES:
            row.reject(CodedReason("not_country", field="countries", value=code), "countries")
    return {
        Corridor: [
            {
                "id": row.id(),
                "name": row.text("name"),
                "countries": countries,
                "places": places,
                "length_m": row.number("length_m", 1),
                "illustrative": row.flag("illustrative", default=True),
                "geom": row.shape("LineString"),
                "visibility": row.visibility(),
                "demo": row.flag("demo", default=False),
                "source": row.text("source"),
                "licence": row.optional_text("licence"),
            }
        ]
    }


def read_crossing(row: Row, _: Circumstances) -> Rows:
    """Read an official crossing; files may not contain informal crossings (P12)."""
    country_a, country_b = row.country("country_a"), row.country("country_b")
    if country_a == country_b:
        row.reject(CodedReason("same_countries"))
    return {
        Crossing: [
            {
                "id": row.id(),
                "name": row.text("name"),
                "country_a": country_a,
                "country_b": country_b,
                "geom": row.point(country=country_a),
                "coord_precision": row.optional_text("coord_precision") or "town",
                "visibility": row.visibility(),
                "demo": row.flag("demo", default=False),
                "source": row.text("source"),
                "licence": row.optional_text("licence"),
            }
        ]
    }


def read_status(row: Row, _: Circumstances) -> Rows:
    """Read the status of a crossing as stated by one source, valid from a day on."""
    valid_from, valid_to = row.day("valid_from"), row.day("valid_to")
    opens_at, closes_at = row.clock("opens_at"), row.clock("closes_at")
    if row.raw("valid_from") is None:
        row.reject(CodedReason("missing", field="valid_from"))
    elif valid_from and valid_to and valid_to < valid_from:
        row.reject(CodedReason("before", field="valid_to", other="valid_from", start=valid_from))
    if (opens_at is None) != (closes_at is None):
        row.reject(CodedReason("both_or_neither", fields="opens_at and closes_at"))
    return {
        CrossingStatus: [
            {
                "id": row.id(),
                "crossing_id": row.id("crossing_id"),
                "state": row.choice("state", CROSSING_STATES),
                "valid_from": valid_from,
                "valid_to": valid_to,
                "timezone": row.timezone(),
                "byday": row.weekdays("byday"),
                "opens_at": opens_at,
                "closes_at": closes_at,
                "source": row.text("source"),
                "assumption": row.flag("assumption", default=False),
            }
        ]
    }


#: Allowed geometry types by public extent. A human threat is only published as a municipality or a
#: road (P36), whose geometry the file then has to give.
_SHAPES = {
    "municipality": ("Polygon", "MultiPolygon"),
    "road": ("LineString", "MultiLineString"),
    "area": ("Point", "LineString", "MultiLineString", "Polygon", "MultiPolygon"),
}


def read_hazard(row: Row, circumstances: Circumstances) -> Rows:
    """Read a hazard of either family, with the fields that decide on its publication (P36)."""
    demo = row.flag("demo", default=False)
    family = row.choice("family", ("physical", "human_threat"))
    extent = row.choice("public_extent", tuple(_SHAPES), default="area")
    geometry = row.shape(*_SHAPES.get(extent, _SHAPES["area"]))
    # A human threat without a public extent has no public geometry: only staff see it.
    publishable = family == "physical" or extent != "area"
    valid_from, valid_to = _validity(row, circumstances, demo=demo)
    return {
        Hazard: [
            {
                "id": row.id(),
                "family": family,
                "kind": row.choice(
                    "kind", HUMAN_THREATS if family == "human_threat" else PHYSICAL_HAZARDS
                ),
                "title": row.text("title"),
                "geom": geometry,
                "geom_public": geometry if publishable else None,
                "public_extent": extent,
                "public_length_km": None,
                "effect": row.choice("effect", ("exclusion", "weight"), default="weight"),
                "weight": row.optional_number("weight", 1, 1000) or 1.0,
                **_rate(row),
                "night_only": row.flag("night_only", default=False),
                "valid_from": valid_from,
                "valid_to": valid_to,
                "independent_sources": row.optional_whole("independent_sources", 1) or 1,
                "reported_at": _moment(row, "reported", circumstances, demo=demo)
                or circumstances.now,
                "approved_at": _moment(row, "approved", circumstances, demo=demo),
                "visibility": row.visibility(),
                "demo": demo,
                "source": row.text("source"),
                "licence": row.optional_text("licence"),
            }
        ]
    }


def _validity(
    row: Row, circumstances: Circumstances, *, demo: bool
) -> tuple[datetime, datetime | None]:
    """Read the begin and end of a hazard's validity.

    A demo record states how many days ago it begins and for how many days it is valid; other
    records state two moments.
    """
    if demo:
        valid_from = row.ago("valid_from_days_ago", circumstances.now)
        days = row.optional_number("valid_for_days", 1, 3650)
        valid_to = None if days is None or valid_from is None else valid_from + timedelta(days=days)
    else:
        valid_from, valid_to = row.instant("valid_from"), row.instant("valid_to")
    if valid_from is None:
        if not row.problems:
            row.reject(CodedReason("missing", field="valid_from"))
        return circumstances.now, None
    if valid_to is not None and valid_to <= valid_from:
        row.reject(CodedReason("not_after", field="valid_to", other="valid_from", start=valid_from))
    return valid_from, valid_to


def _moment(row: Row, what: str, circumstances: Circumstances, *, demo: bool) -> datetime | None:
    """Read the moment when a hazard was reported or approved, and reject a moment in the future."""
    if demo:
        return row.ago(f"{what}_days_ago", circumstances.now)
    moment = row.instant(f"{what}_at")
    if moment is not None and moment > circumstances.now:
        row.reject(CodedReason("future", field=f"{what}_at"))
    return moment


def _rate(row: Row) -> dict[str, Any]:
    count = row.optional_whole("event_count")
    exposure_km = row.optional_number("exposure_km", 1e-3)
    source = row.optional_text("rate_source")
    if (count is None) != (exposure_km is None):
        row.reject(CodedReason("both_or_neither", fields="event_count and exposure_km"))
    if count is not None and source is None:
        row.reject(CodedReason("rate_needs_source"))
    return {"event_count": count, "exposure_km": exposure_km, "rate_source": source}


_FLOW_COLUMNS = frozenset(
    {*MOVEMENT_FIELDS, "id", "demo", "licence", "weeks_ago", "lon", "lat"}
    | {"destination_lon", "destination_lat"}
)


def read_flow(row: Row, circumstances: Circumstances) -> Rows:
    """Read a weekly count of people; a column that is no field of counts is rejected (P17)."""
    demo = row.flag("demo", default=False)
    weeks_ago = row.optional_whole("weeks_ago", 0, 520)
    cell: dict[str, Any] = {
        "kind": row.raw("kind"),
        "origin": row.raw("origin"),
        "destination": row.raw("destination"),
        "week": _week(circumstances.today, weeks_ago) if demo else row.raw("week"),
        "direction": row.raw("direction"),
        "n": row.whole("n"),
        "groups": row.whole("groups"),
        "largest_share": row.number("largest_share", 0, 1),
        "method": row.raw("method"),
        "hours_covered": row.optional_whole("hours_covered"),
        "source": row.raw("source"),
        "geometry": _flow_geometry(row),
    }
    flow_id, visibility, licence = row.id(), row.visibility(), row.optional_text("licence")
    unlisted = row.ignored() - _FLOW_COLUMNS
    if unlisted:
        row.reject(CodedReason("not_counted", field="column", value=min(unlisted)))
    words = circumstances.vocabulary.active
    for name in ("method", "source"):
        if cell[name] is not None and cell[name] not in words[f"count_{name}"]:
            row.reject(CodedReason("not_count_term", field=name, vocabulary=f"count_{name}"), name)
    if row.problems:
        return {}
    try:
        checked = check_cell(cell)
    except ValueError as error:
        row.reject(as_it_stands(str(error)))
        return {}
    stated = {"id": flow_id, "visibility": visibility, "demo": demo, "licence": licence}
    stated |= {"holder": FILE_HOLDER}
    return {Flow: [checked.row() | stated]}


def _week(today: date, weeks_ago: int | None) -> str | None:
    if weeks_ago is None:
        return None
    return str(today - timedelta(days=today.weekday(), weeks=weeks_ago))


def _flow_geometry(row: Row) -> BaseGeometry:
    if row.geometry is not None:
        return row.geometry
    start = row.point()
    if row.raw("destination_lon") is None and row.raw("destination_lat") is None:
        return start
    return shapely.LineString([start, row.point(lon="destination_lon", lat="destination_lat")])


#: Kinds of data files in the order of loading, in which referenced records come first, such as
#: crossings before their statuses. The first kind with a matching pattern is used.
KINDS = (
    FileKind(
        "boundaries",
        ("admin0.geojson", "admin1.geojson", "*boundaries.geojson"),
        read_boundary,
        (Boundary,),
    ),
    FileKind(
        "ground",
        ("*rivers.geojson", "*lakes.geojson", "*borders.geojson"),
        read_ground,
        (GroundFeature,),
    ),
    FileKind("vocabulary", ("*vocabulary.csv",), read_term, ()),
    FileKind("places", ("*places.csv",), read_place, (Place,)),
    FileKind("corridors", ("*corridors.geojson",), read_corridor, (Corridor,)),
    FileKind("crossings", ("*crossings.csv", "*crossings.geojson"), read_crossing, (Crossing,)),
    FileKind("crossing statuses", ("*crossing_statuses.csv",), read_status, (CrossingStatus,)),
    FileKind(
        "spaces",
        ("*spaces.geojson", "*spaces.csv"),
        read_space,
        (Organization, Service, Location),
    ),
    FileKind("hazards", ("*hazards.geojson",), read_hazard, (Hazard,)),
    FileKind("flows", ("*flows.csv", "*flows.geojson"), read_flow, (Flow,)),
    FileKind("contacts", ("*contacts.csv",), read_contact, (Contact,)),
    FileKind("channels", ("*channels.csv",), read_channel, (InformationChannel,)),
    FileKind("messages", ("*messages.csv",), read_message, (Message,)),
    FileKind("products", ("*products.csv", "*products.geojson"), read_product, (Product,)),
    FileKind("pathways", ("*pathways.geojson",), read_pathway, (Pathway,)),
    FileKind("checklists", ("*checklists.geojson",), read_checklist, (Checklist,)),
)
