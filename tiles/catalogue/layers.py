"""The catalogue of layers: what is published, to whom, and how. A new layer is one entry here.

Collections, items, tiles, TileJSON, styles, the legend, the OpenAPI document and the tests are made
from it. Rows come from the views of the asker's tier, so a layer cannot show a row that the tier's
role may not read; its columns are listed one by one, so it cannot show a column that nobody decided
to publish.
"""

from datetime import timedelta

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Table,
    Text,
    cast,
    func,
    literal,
    literal_column,
)

from geo.db import clock, views
from geo.db.change_stamps import StampClock, StampSubject
from geo.db.sessions import Tier
from geo.models import HUMAN_THREATS, MAIN_ROADS, PHYSICAL_HAZARDS
from geo.models.reference import LANDSCAPE_KINDS
from geo.records import flows
from tiles.catalogue.layer import Layer, Period, Shape, Sign, Style, ZoomStep
from tiles.errors import UnknownLayerError
from tiles.fields import Word

BLUE, SKY, ORANGE, VERMILION, PURPLE, BLACK = (
    "#0072B2",
    "#56B4E9",
    "#E69F00",
    "#D55E00",
    "#CC79A7",
    "#000000",
)

_GEONAMES = "GeoNames (CC BY 4.0)"
_NATURAL_EARTH = "Made with Natural Earth"
_OPENSTREETMAP = "© OpenStreetMap contributors (ODbL)"
_BY_RECORD = "As stated in each record"
_SPACES_CREDIT = f"{_BY_RECORD}; positions of demo records: {_GEONAMES}"

_TOWN = (*MAIN_ROADS, "secondary", "secondary_link", "ferry")
_LOCAL = (*_TOWN, "tertiary", "tertiary_link", "unclassified", "road")


def _of_classes(classes: tuple[str, ...]) -> ColumnElement[bool]:
    # Write the classes into the SQL as literals: with bound values PostgreSQL could not use the
    # partial index of main roads.
    named = [literal_column(f"'{name}'", Text) for name in classes]
    return views.roads.c.highway.in_(named)


def _ranked(view: Table, last: int) -> ColumnElement[bool]:
    return view.c.rank <= last


_SKETCH_NOTICE = (
    "Las líneas de un esquema son ilustrativas: no sirven para navegar. "
    "Lines of a sketch are illustrative, not for navigation."
)

_PROVENANCE = ("demo", "source", "licence")

_SPACE_COLUMNS = (
    "name", "kind", "organization_id", "organization", "verified_member", "services", "sectors",
    "languages", "status", "access", "referral_from", "referral_points", "eligibility",
    "minimum_age", "maximum_age", "genders", "families_only", "children_alone", "fees",
    "fee_kind", "documents_required", "maximum_nights", "overnight", "timezone", "schedules",
    "exceptions", "holidays", "country", "admin1", "locality", "address", "landmark", "road",
    "road_km", "coord_precision", "amenities", "step_free", "data_shared", "confirmed_on",
    "capacity", "capacity_updated", "contact", "phones", "notice", *_PROVENANCE,
)  # fmt: skip
SPACES = Layer(
    name="spaces",
    title="Support spaces",
    description=(
        "Places that offer support, as last confirmed. Expired, hidden and protected spaces are "
        "not here and take no part in any count. `capacity` is places, full or not_known; "
        "`schedules` are what the provider states, in `timezone`."
    ),
    view=views.spaces,
    columns=_SPACE_COLUMNS,
    tile_columns=("name", "kind", "status", "access", "overnight", "demo", "expires_on"),
    shape=Shape.POINT,
    style=Style(Sign(BLUE, "circle")),
    attribution=_SPACES_CREDIT,
    licence=_BY_RECORD,
    clock=StampClock.DAILY,
    words={"kind": Word("Kind of space", vocabulary="space_kind")},
    expires_on=views.spaces.c.expires_on,
)

_SERVICE_COLUMNS = (
    "service", "space", "space_name", "space_kind", "organization", "status", "access",
    "referral_from", "eligibility", "minimum_age", "maximum_age", "genders", "families_only",
    "children_alone", "fees", "fee_kind", "documents_required", "timezone", "schedules",
    "exceptions", "holidays", "country", "admin1", "locality", "coord_precision", "confirmed_on",
    "notice", *_PROVENANCE,
)  # fmt: skip
SERVICES = Layer(
    name="services",
    title="Services at support spaces",
    description=(
        "One feature for each service at each space of the layer spaces, where that space is "
        "shown. `schedules` are the service's own where it has any, else the space's."
    ),
    view=views.services,
    columns=_SERVICE_COLUMNS,
    tile_columns=("service", "space", "space_name", "status", "access", "demo", "expires_on"),
    shape=Shape.POINT,
    style=Style(Sign(SKY, "circle")),
    attribution=_SPACES_CREDIT,
    licence=_BY_RECORD,
    subject=StampSubject.SPACES,
    clock=StampClock.DAILY,
    expires_on=views.services.c.expires_on,
)

CROSSINGS = Layer(
    name="crossings",
    title="Official border crossings",
    description=(
        "Official crossings only. `state` is open, closed or not_known at the moment of asking; "
        "not_known never means closed. `statuses` are the dated statements it follows from. "
        "`surveyed_lon` and `surveyed_lat` are where two people saw the post on `surveyed_on`; "
        "without them the position is derived from towns and may be kilometres off."
    ),
    view=views.crossings,
    columns=(
        "name",
        "country_a",
        "country_b",
        "coord_precision",
        "state",
        "statuses",
        "surveyed_lon",
        "surveyed_lat",
        "surveyed_on",
        *_PROVENANCE,
    ),
    tile_columns=("name", "country_a", "country_b", "state", "demo", "expires_on"),
    # A state is valid for the day of the request only, so copies expire at the end of today (P49).
    expires_on=clock.today(),
    shape=Shape.POINT,
    style=Style(
        Sign(PURPLE, "diamond"),
        by="state",
        values={
            "open": Sign(SKY, "diamond", "Open, as published"),
            "closed": Sign(BLACK, "diamond-crossed", "Closed, as published"),
            "not_known": Sign(PURPLE, "diamond-question", "Not known whether open"),
        },
    ),
    attribution=f"Positions: {_GEONAMES}; {_NATURAL_EARTH}; states as stated in each record",
    licence=_BY_RECORD,
    clock=StampClock.MINUTELY,
    notice=(
        "Un paso cerrado no termina el derecho a pedir protección. "
        "A closed crossing does not end the right to seek protection."
    ),
)

_HAZARD_COLUMNS = (
    "family", "kind", "title", "effect", "weight", "event_count", "exposure_km", "rate_source",
    "night_only", "valid_from", "valid_to", "published_on", *_PROVENANCE,
)  # fmt: skip
HAZARDS = Layer(
    name="hazards",
    title="Known hazards",
    description=(
        "Published hazards that hold now or will: see `valid_from`; tiles hold those that hold "
        "now. No record does not mean no hazard. Human threats are published late, by whole days "
        "(UTC) and per municipality or long stretch of road."
    ),
    view=views.hazards,
    columns=_HAZARD_COLUMNS,
    tile_columns=(
        "family",
        "kind",
        "title",
        "effect",
        "valid_from",
        "valid_to",
        "night_only",
        "demo",
        "expires_on",
    ),
    shape=Shape.MIXED,
    style=Style(
        Sign(VERMILION, "triangle"),
        width_px=2,
        opacity=0.4,
        by="effect",
        values={
            "weight": Sign(ORANGE, "triangle", "Known hazard"),
            "exclusion": Sign(VERMILION, "triangle-barred", "Not used by routes"),
        },
    ),
    attribution=_BY_RECORD,
    licence=_BY_RECORD,
    clock=StampClock.HAZARDS,
    words={"kind": Word("Kind of hazard", (*PHYSICAL_HAZARDS, *HUMAN_THREATS))},
    # Copies of a hazard expire on the UTC day on which the hazard ends.
    expires_on=cast(func.timezone("UTC", views.hazards.c.valid_to), Date),
    period=Period(views.hazards.c.valid_from, views.hazards.c.valid_to),
)

_ROAD_COLUMNS = (
    "region", "osm_way_id", "name", "highway", "surface", "lit", "sidewalk", "foot", "vehicle",
    "oneway", "ferry", "country", "length_m", "source", "licence",
)  # fmt: skip
_ROAD_TILE_COLUMNS = (
    *("region", "name", "highway", "surface", "foot", "vehicle", "oneway", "ferry"),
)
ROADS = Layer(
    name="roads",
    title="Roads",
    description=(
        "Roads and paths of the imported regions, one feature for a piece between two junctions. "
        "A region of the corridor sketch is illustrative: straight lines, not for navigation."
    ),
    view=views.roads,
    columns=_ROAD_COLUMNS,
    tile_columns=_ROAD_TILE_COLUMNS,
    shape=Shape.LINE,
    style=Style(Sign(BLACK, "line-cased"), width_px=1.2, opacity=0.45),
    attribution=f"Regions from OSM: {_OPENSTREETMAP}; corridor sketch: {_GEONAMES}, "
    f"{_NATURAL_EARTH}",
    licence="ODbL 1.0 or CC BY 4.0, as stated in each record",
    clock=StampClock.NEVER,
    notice=_SKETCH_NOTICE,
    # Our choice: each zoom has the road classes that a paper map of that scale shows. Below zoom 9
    # only class and region are written, so that the segments of a road between junctions become one
    # line; maps need the region to draw roads of a sketch differently.
    min_zoom=4,
    steps=(
        ZoomStep(8, _of_classes(MAIN_ROADS)),
        ZoomStep(9, columns=("highway", "region")),
        ZoomStep(11, _of_classes(_TOWN)),
        ZoomStep(13, _of_classes(_LOCAL)),
        # Merge adjacent pieces with equal columns, so that the line is long enough for its name.
        ZoomStep(15, columns=_ROAD_TILE_COLUMNS),
    ),
)

#: Columns with names in other languages; null if a language uses the local name.
_NAMES = ("name_es", "name_en", "name_pt", "name_fr")

BOUNDARIES = Layer(
    name="boundaries",
    title="Countries and first-level units",
    description=(
        "Country (level 0) and first-level (level 1) areas at 1:10 million, off by kilometres in "
        "places. They imply no endorsement and never decide which country a place is in."
    ),
    view=views.boundaries,
    columns=(
        *("level", "country", "code", "pcode", "name", *_NAMES, "label_lon", "label_lat"),
        *("source", "licence"),
    ),
    tile_columns=("level", "country", "code", "name", *_NAMES, "label_lon", "label_lat"),
    shape=Shape.POLYGON,
    style=Style(Sign(BLACK, "outline"), width_px=0.8, opacity=0.35),
    attribution=_NATURAL_EARTH,
    licence="Public domain (Natural Earth)",
    clock=StampClock.NEVER,
    notice=("Los límites no implican reconocimiento ni aval. Boundaries do not imply endorsement."),
    # At 1:10 million a higher zoom shows no more detail.
    max_zoom=9,
    # Below zoom 4 first-level units are too fine to be read (our choice).
    steps=(ZoomStep(4, views.boundaries.c.level == 0),),
)

PLACES = Layer(
    name="places",
    title="Populated places",
    description="Towns and cities with their population and time zone.",
    view=views.places,
    columns=(
        *("name", *_NAMES, "country", "admin1", "population", "timezone", "source", "licence"),
    ),
    tile_columns=("name", *_NAMES, "country", "population"),
    shape=Shape.POINT,
    style=Style(Sign(BLACK, "label")),
    attribution=_GEONAMES,
    licence="CC BY 4.0",
    clock=StampClock.NEVER,
    max_zoom=12,
    # Lower zooms have only larger places, so that a tile holds tens of names, not thousands (our
    # choice).
    steps=tuple(
        ZoomStep(zoom, views.places.c.population >= people)
        for zoom, people in ((4, 1_000_000), (6, 200_000), (8, 50_000), (10, 5_000))
    ),
    order=(views.places.c.population.desc(),),
)

RIVERS = Layer(
    name="rivers",
    title="Rivers",
    description=(
        "Rivers at the scale of a continent, up to a kilometre off and without names: for "
        "orientation, never for fords, borders or routes. `rank` 0 is the largest; from 5 on they "
        "flow for a part of the year."
    ),
    view=views.rivers,
    columns=("rank", "source", "licence"),
    tile_columns=("rank",),
    shape=Shape.LINE,
    style=Style(Sign(SKY, "line"), width_px=1.2),
    attribution="GSHHG, Wessel and Smith 1996 (LGPL 3.0 or later)",
    licence="LGPL 3.0 or later",
    clock=StampClock.NEVER,
    min_zoom=3,
    max_zoom=9,
    # Our choice: each zoom has the rivers that a paper map of that scale shows. Adjacent pieces of
    # equal rank are merged.
    steps=(
        ZoomStep(5, _ranked(views.rivers, 0), columns=("rank",), tolerance_cells=2.0),
        ZoomStep(6, _ranked(views.rivers, 1), columns=("rank",)),
        ZoomStep(7, _ranked(views.rivers, 2), columns=("rank",)),
        ZoomStep(9, columns=("rank",)),
    ),
)

GROUND = Layer(
    name="ground",
    title="Lakes and land borders",
    description=(
        "Lakes, and the lines that two countries share, at 1:10 million: for orientation. `rank` 0 "
        "is the most important."
    ),
    view=views.ground,
    columns=("kind", "rank", "name", *_NAMES, "source", "licence"),
    tile_columns=("kind", "rank", "name", *_NAMES),
    shape=Shape.MIXED,
    style=Style(
        Sign(SKY, "area"),
        width_px=1.2,
        by="kind",
        values={
            "border": Sign(PURPLE, "line-dashed", "Border between two countries"),
            "lake": Sign(SKY, "area", "Lake"),
        },
    ),
    attribution=_NATURAL_EARTH,
    licence="Public domain (Natural Earth)",
    clock=StampClock.NEVER,
    words={"kind": Word("What it is", ("border", "lake"))},
    max_zoom=9,
    steps=(
        ZoomStep(4, _ranked(views.ground, 0), tolerance_cells=2.0),
        ZoomStep(6, _ranked(views.ground, 1)),
    ),
    notice=BOUNDARIES.notice,
)

_LANDSCAPE_LAST_ZOOM = 14

LANDSCAPE = Layer(
    name="landscape",
    title="Built-up areas, parks, waters and landmarks",
    description=(
        "What lies beneath the streets of the regions imported from OpenStreetMap, for "
        "orientation: no place of help, and no way. `zoom` is the first at which it is large "
        "enough to be drawn. Near borders there are no landmarks, and nothing has a name."
    ),
    view=views.landscape,
    columns=("region", "kind", "zoom", "name", *_NAMES, "source", "licence"),
    tile_columns=("kind", "name", *_NAMES),
    shape=Shape.MIXED,
    style=Style(
        Sign(SKY, "line"),
        opacity=0.4,
        by="kind",
        values={
            "built_up": Sign(BLACK, "area-barred", "Built-up area"),
            "park": Sign(ORANGE, "area-dashed", "Park"),
            "wood": Sign(ORANGE, "area-crossed", "Wood"),
            "water": Sign(SKY, "area", "Water"),
        },
    ),
    attribution=_OPENSTREETMAP,
    licence="ODbL 1.0",
    clock=StampClock.NEVER,
    words={"kind": Word("What it is", LANDSCAPE_KINDS)},
    min_zoom=8,
    max_zoom=_LANDSCAPE_LAST_ZOOM,
    steps=tuple(
        ZoomStep(zoom + 1, views.landscape.c.zoom <= zoom)
        for zoom in range(8, _LANDSCAPE_LAST_ZOOM)
    ),
)

_WEEK_START = cast(views.flows.c.week, DateTime(timezone=True))

FLOWS = Layer(
    name="flows",
    title="Aggregated movement",
    description=(
        "Weekly counts of people, rounded, late, and only where the cell is large and mixed "
        "enough; no total beside its parts. Places are codes: ISO 3166, G and a GeoNames number, "
        "or an official crossing. Counts are indicative, by the method and the hours stated."
    ),
    view=views.flows,
    columns=(
        "kind",
        "origin",
        "origin_name",
        "destination",
        "destination_name",
        "week",
        "direction",
        "n",
        "method",
        "hours_covered",
        *_PROVENANCE,
    ),
    tile_columns=(
        "kind",
        "origin",
        "origin_name",
        "destination",
        "destination_name",
        "week",
        "direction",
        "n",
        "method",
        "demo",
    ),
    shape=Shape.MIXED,
    style=Style(Sign(PURPLE, "line"), width_px=3, opacity=0.8),
    attribution=_BY_RECORD,
    licence=_BY_RECORD,
    # The view of flows also reads names of places and whether crossings are visible, so the layer
    # changes with these kinds of data.
    rests_on=(StampSubject.CROSSINGS, StampSubject.PLACES, StampSubject.BOUNDARIES),
    clock=StampClock.DAILY,
    words={"kind": Word("At one point, or between an origin and a destination", flows.KINDS)},
    period=Period(_WEEK_START, _WEEK_START + literal(timedelta(days=7, seconds=-1))),
    notice=(
        "Cifras indicativas, redondeadas y con retraso. "
        "Indicative figures, rounded and published late."
    ),
)

CORRIDORS = Layer(
    name="corridors",
    title="Corridors",
    description=(
        "Named ways between towns, by main roads and official crossings. `length_m` is the "
        "road's; an illustrative line is drawn from town to town and is shorter."
    ),
    view=views.corridors,
    columns=("name", "countries", "places", "length_m", "illustrative", *_PROVENANCE),
    tile_columns=("name", "length_m", "illustrative", "demo"),
    shape=Shape.LINE,
    style=Style(Sign(BLUE, "line"), width_px=4, opacity=0.35),
    attribution=f"Amparo corridor sketch; places: {_GEONAMES}",
    licence=_BY_RECORD,
    clock=StampClock.NEVER,
    words={"length_m": Word("Length along the road", unit="m")},
    max_zoom=10,
    notice=_SKETCH_NOTICE,
)

COVERAGE = Layer(
    name="coverage",
    title="Gaps in support along corridors",
    description=(
        "Stretches of corridors between one support and the next, or an end, as computed from "
        "the spaces of the layer spaces that are open on the day, for any of them and for each "
        "service. Protected services are not counted."
    ),
    view=views.coverage,
    columns=(
        "corridor",
        "corridor_name",
        "service",
        "profile",
        "from_m",
        "to_m",
        "length_m",
        "from_space",
        "from_name",
        "to_space",
        "to_name",
        "computed_at",
        *_PROVENANCE,
    ),
    tile_columns=(
        "corridor_name",
        "service",
        "length_m",
        "from_name",
        "to_name",
        "demo",
        "expires_on",
    ),
    shape=Shape.LINE,
    style=Style(Sign(VERMILION, "line-dashed"), width_px=3, opacity=0.8),
    attribution=f"Computed by Amparo; corridors: Amparo corridor sketch, {_GEONAMES}",
    licence=_BY_RECORD,
    rests_on=(StampSubject.SPACES,),
    clock=StampClock.DAILY,
    words={
        "length_m": Word("Length of the gap along the corridor", unit="m"),
        "service": Word("What is missing; null: any support", vocabulary="service"),
    },
    max_zoom=12,
    expires_on=views.coverage.c.expires_on,
    notice=("Sin registro no quiere decir sin apoyo. No record does not mean no support."),
)

ACCESS = Layer(
    name="access",
    title="Time from towns to the nearest space",
    description=(
        "For each town, service and profile the moving time to the nearest space of the layer "
        "spaces, over roads, in one month: spaces that are open on any day of it count. A space in "
        "the town's own country comes first; a border is passed only where no way leads to one, at "
        "official crossings that are open, and `crossing` is the first of them. A town that is not "
        "here is not known: it is off the road networks, or no space is within ten days. Protected "
        "services are not counted."
    ),
    view=views.access,
    columns=(
        "town",
        "town_name",
        "country",
        "population",
        "service",
        "profile",
        "month",
        "minutes",
        "distance_m",
        "space",
        "space_name",
        "space_country",
        "crossing",
        "network",
        "computed_at",
        *_PROVENANCE,
    ),
    tile_columns=("town_name", "service", "profile", "minutes", "space_name", "demo", "expires_on"),
    shape=Shape.POINT,
    style=Style(Sign(ORANGE, "circle"), opacity=0.6),
    attribution=f"Computed by Amparo; towns: {_GEONAMES}; roads as stated in each record",
    licence=_BY_RECORD,
    rests_on=(StampSubject.SPACES, StampSubject.PLACES, StampSubject.CROSSINGS),
    clock=StampClock.DAILY,
    words={
        "distance_m": Word("Length of the way from the town to the space", unit="m"),
        "profile": Word("Who travels, by the name of the profile"),
        "service": Word("What the space offers", vocabulary="service"),
    },
    min_zoom=4,
    max_zoom=10,
    # As in the layer of places, lower zooms have only larger towns: tens per tile, each with a row
    # per service and profile (our choice).
    steps=tuple(
        ZoomStep(zoom, views.access.c.population >= people)
        for zoom, people in ((6, 200_000), (8, 50_000), (10, 5_000))
    ),
    order=(views.access.c.population.desc(), views.access.c.minutes),
    expires_on=views.access.c.expires_on,
    notice=(
        "Tiempos de camino para planear, no para caminar: no dicen nada de los peligros. "
        "Times are for planning, not for walking: they tell nothing of dangers on the way."
    ),
)

#: All layers, the most important first. A map draws them from the last to the first: areas and
#: lines below points, and what people look for on top.
CATALOGUE: tuple[Layer, ...] = (
    SPACES,
    SERVICES,
    CROSSINGS,
    HAZARDS,
    COVERAGE,
    ACCESS,
    FLOWS,
    PLACES,
    ROADS,
    CORRIDORS,
    LANDSCAPE,
    GROUND,
    RIVERS,
    BOUNDARIES,
)

_BY_NAME = {layer.name: layer for layer in CATALOGUE}


def find_layer(name: str, tier: Tier = Tier.PUBLIC) -> Layer:
    """Return a layer that a tier may request.

    Raises
    ------
    UnknownLayerError
        No layer has the name, or the tier may not request the layer; the error does not tell which.
    """
    layer = _BY_NAME.get(name)
    if layer is None or tier not in layer.tiers:
        raise UnknownLayerError
    return layer


def layers_for(tier: Tier) -> tuple[Layer, ...]:
    """Return the layers that a tier may request, in the order of the catalogue."""
    return tuple(layer for layer in CATALOGUE if tier in layer.tiers)
