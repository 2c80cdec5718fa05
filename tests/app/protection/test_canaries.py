"""P34, P36: the border strip and unpublished hazards, in every format, zoom and answer.

Two applications that differ in nothing else are asked the same; the answers have to be the same
bytes, and none may hold a name, an id or a position of what is not shown. The same search finds
them where the rule is off, so that it is known to see.
"""

import json
import math
from collections import Counter
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import shapely
from sqlalchemy import insert, update

from app import setup
from app.snapshots.road_networks import RoadNetworks
from geo import models
from geo.accounts import tokens
from geo.db.sessions import Tier
from routing.osm.border_strip import OfficialCrossing
from routing.osm.importer import import_osm
from tests.conftest import client_of, clone, opened
from tests.fixtures.canaries import Pair, Secret, questions, ways
from tests.fixtures.clock import run_now
from tests.fixtures.examples import is_long
from tests.fixtures.leak_parts import canary
from tests.fixtures.osm_file import OsmFile
from tiles.catalogue.layers import HAZARDS, ROADS
from tiles.downloads.formats import FORMATS
from tiles.tile_matrix import QUAD

NOW = run_now().replace(microsecond=0)
FILES = {fmt.name for fmt in FORMATS}


async def hunt(pair, secret, asked):
    found = []
    for question in asked:
        found += await pair.hunt(secret, question)
    return found


def share(asked, *, whole=()):
    """Give of tiles, items and styles the first and every third, of others all.

    With ``--long`` all of these, too. Kinds that are ``whole`` are so in every run, and so are the
    other addresses that tiles have.
    """
    known = Counter()
    for question in asked:
        is_thinned = question.kind.split()[0] in {"tile", "item", "style"}
        is_thinned = is_thinned and QUAD not in question.path
        if is_long() or not is_thinned or question.kind in whole or known[question.kind] % 3 == 0:
            yield question
        known[question.kind] += 1


async def seen(pair, secret, asked, kinds):
    """Return of which kinds of questions one finds what differs; of each, none is asked after."""
    found = set()
    for question in asked:
        if question.kind in kinds - found and await pair.hunt(secret, question):
            found.add(question.kind)
    return found


# -- P34 ---------------------------------------------------------------------------------------

LAT, LINE = 7.9, -72.45
METRE = math.degrees(1 / (6_371_009 * math.cos(math.radians(LAT))))
BRIDGE = OfficialCrossing("bridge", LINE, LAT, ("CO", "VE"))


def at(x, y):
    """Return the place so many metres east of the border and north of the bridge."""
    return round(LINE + x * METRE, 7), round(LAT + math.degrees(y / 6_371_009), 7)


#: Ways of the strip: where they run, metres, and what they are. They begin at nodes of the road
#: that stays, which must not be cut there. The line is an official one: of it a minor way stays
#: whose whole component keeps 100 m away, so each comes nearer.
CANARIES = {
    "path": ([(-700, 1000), (-71, 1007)], {"highway": "path"}),
    "track": ([(-700, 2000), (-73, 2009), (397, 2011)], {"highway": "track"}),
    "steps": ([(-700, 3000), (-67, 3013)], {"highway": "steps"}),
    "ford": ([(-700, 4000), (-89, 4003)], {"highway": "unclassified", "ford": "yes"}),
    "ferry": ([(-700, 5000), (-5003, 12017), (-83, 5011)], {"route": "ferry"}),
    "bridge": ([(-700, 6000), (401, 6007)], {"highway": "primary", "bridge": "yes"}),
    "road": ([(-700, 7000), (409, 7013)], {"highway": "secondary"}),
}


def extract(path, *, with_canaries):
    """Write an extract of a trunk road along the border and over the bridge, and the canaries."""
    file, refs = OsmFile(), {}

    def way(number, points, **tags):
        for point in points:
            if point not in refs:
                refs[point] = 1000 + len(refs)
                file.node(refs[point], *at(*point))
        file.way(number, [refs[point] for point in points], **tags)

    along = [(-700, y) for y in range(-9000, 9001, 1000)]
    way(1, along, highway="trunk", name="Troncal")
    way(2, [(-700, 0), (-80, 0), (80, 0), (700, 0)], highway="trunk", name="Puente oficial")
    way(3, [(700, y) for y in range(-9000, 9001, 1000)], highway="trunk", name="Carretera")
    way(4, [(-700, -9000), (-9000, -9000)], highway="residential", name="Calle")
    for number, (points, tags) in enumerate(CANARIES.values(), 555_000_001):
        if with_canaries:
            way(number, points, name=canary("way"), **tags)
    return file.write(path)


def borders(path):
    areas = {"CO": shapely.box(-74, 7, LINE, 9), "VE": shapely.box(LINE, 7, -71, 9)}
    features = [
        {"type": "Feature", "properties": {"iso_a2": code}, "geometry": area.__geo_interface__}
        for code, area in areas.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def strip():
    """Give what the strip hides; its positions that no way that is shown has."""
    hidden = [point for points, _ in CANARIES.values() for point in points[1:]]
    places = [at(*point) for point in hidden]
    return Secret(
        ROADS,
        places,
        [f"strip:{number}.0" for number in range(555_000_001, 555_000_001 + len(CANARIES))],
        ["name LIKE '%zqcanary%'", "osm_way_id > 555000000", "ferry = TRUE OR surface IS NULL"],
        [f"{degrees:.6f}" for place in places for degrees in place],
    )


@asynccontextmanager
async def over_roads(cluster, template, settings_for, folder, *, with_canaries, **options):
    """Run the application over an import of the extract."""
    settings = settings_for(clone(cluster, template)).model_copy(update={"home": folder})
    folder.mkdir()
    source = extract(folder / "extract.osm", with_canaries=with_canaries)
    with pytest.MonkeyPatch.context() as patched:
        # Which file was imported is told, and these are two.
        patched.setattr("routing.osm.importer._sha256", lambda _path: "0" * 64)
        import_osm(
            source,
            settings.graphs_dir,
            "strip",
            official_crossings=[BRIDGE],
            imported_at="2026-11-25T00:00:00+00:00",
            **options,
        )
    bridge = {"id": "bridge", "name": "Bridge", "country_a": "VE", "country_b": "CO"}
    place = {"geom": f"SRID=4326;POINT({LINE} {LAT})", "visibility": "public"}
    async with opened(settings) as database:
        await setup.publish_segments(database, settings.graphs_dir / "strip")
        async with database.session(Tier.WRITER) as session:
            await session.execute(insert(models.Crossing), [{**bridge, **place}])
    async with client_of(settings, is_written_elsewhere=False, clock=lambda: NOW) as client:
        yield client


#: From a canary to the other side, over the bridge, and along the border.
ENDS = (
    (at(-71, 1007), at(397, 2011)),
    (at(-700, -8000), at(700, 8000)),
    (at(-700, -8000), at(-700, 8000)),
    (at(-700, 6000), at(401, 6007)),
)


@pytest.fixture(scope="module")
async def banks(cluster, empty_template, settings_for, tmp_path_factory):
    """Give applications over the extract without canaries, with them, and without the rule."""
    folder = tmp_path_factory.mktemp("strip")
    rule = {"boundaries": borders(folder / "borders.geojson")}
    common = (cluster, empty_template, settings_for)
    async with (
        over_roads(*common, folder / "a", with_canaries=False, **rule) as without,
        over_roads(*common, folder / "b", with_canaries=True, **rule) as with_it,
        over_roads(*common, folder / "c", with_canaries=True, country="CO") as unruled,
    ):
        yield without, with_it, unruled


async def test_p34_the_strip_is_in_no_format_zoom_count_or_way(banks):
    without, with_it, _ = banks
    asked = [*share(questions(strip()), whole={"tile 14"}), *ways(*ENDS, whole=2)]
    assert not await hunt(Pair(without, with_it), strip(), asked)
    # The road that canaries met is there, in as many pieces.
    known = (await with_it.get("/collections/roads/items")).json()["features"]
    assert {f["properties"]["name"] for f in known} == {
        *("Troncal", "Puente oficial", "Carretera", "Calle"),
    }


async def test_p34_the_search_sees_the_strip_where_the_rule_is_off(banks):
    without, _, unruled = banks
    expected = {*FILES, "items", "item", "collection", "changes", "tile 9", "tile 12", "tile 14"}
    expected -= {"json", "html"}
    found = await seen(Pair(without, unruled), strip(), questions(strip()), expected)
    assert found == expected


# -- P36 ---------------------------------------------------------------------------------------

BOX = "(-72.62 7.41, -72.52 7.41, -72.52 7.83, -72.62 7.83, -72.62 7.41)"
#: Decimals that nothing else has; on the road from Cúcuta to Pamplona.
HIDDEN_BOX = BOX.replace("7.83", "7.8317391").replace("-72.62", "-72.6237193")

FLOOD = {
    "family": "physical",
    "kind": "flood",
    "title": "Crecida",
    "geom": f"SRID=4326;POLYGON({BOX})",
    "geom_public": f"SRID=4326;POLYGON({BOX})",
    "public_extent": "area",
    "effect": "weight",
    "valid_from": NOW - timedelta(days=9),
    "independent_sources": 1,
    "reported_at": NOW - timedelta(days=9),
    "approved_at": NOW - timedelta(days=8),
    "visibility": "public",
    "source": "test",
    "licence": "CC0",
}
THREAT = FLOOD | {
    "family": "human_threat",
    "kind": "robbery",
    "title": "Robos",
    "public_extent": "municipality",
    "independent_sources": 2,
}
#: By noon of a day, so that some hours more or less stay on it.
THREAT |= {
    "valid_from": (NOW - timedelta(days=9)).replace(hour=12),
    "valid_to": (NOW + timedelta(days=9)).replace(hour=12),
    "approved_at": (NOW - timedelta(days=8)).replace(hour=12),
}
MIDNIGHT = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
#: The delay of one reported then has passed today; the day that it passes in is not over.
REPORTED = MIDNIGHT + (NOW - MIDNIGHT) / 2 - timedelta(hours=72)

SAID = {
    "title": canary("hazards title"),
    "source": canary("hazards source"),
    "licence": canary("hazards licence"),
    "geom": f"SRID=4326;POLYGON({HIDDEN_BOX})",
    "geom_public": f"SRID=4326;POLYGON({HIDDEN_BOX})",
    "effect": "exclusion",
}
#: What keeps each from being published, by the part of the rule.
REASONS = {
    "reported": FLOOD | {"approved_at": None},
    "approved-tomorrow": FLOOD | {"approved_at": NOW + timedelta(days=1)},
    "unplaced": FLOOD | {"geom_public": None},
    "threat-reported": THREAT | {"approved_at": None},
    "threat-one-source": THREAT | {"independent_sources": 1},
    "threat-fresh": THREAT | {"reported_at": NOW - timedelta(hours=70)},
    "threat-due-today": THREAT | {"reported_at": REPORTED},
    "threat-approved-today": THREAT | {"approved_at": REPORTED + timedelta(hours=72)},
    "threat-exact": THREAT | {"public_extent": "area"},
    "threat-short-road": THREAT | {"public_extent": "road", "public_length_km": 19.5},
    "restricted": FLOOD | {"visibility": "restricted"},
    "threat-restricted": THREAT | {"visibility": "restricted"},
}
FOR_PARTNERS = {"partners": FLOOD | {"visibility": "partners"}}


def planted(reasons):
    return [
        {
            **row,
            **SAID,
            "geom_public": row["geom_public"] and SAID["geom_public"],
            "id": f"zq-{name}",
        }
        for name, row in reasons.items()
    ]


def unpublished(reasons):
    return Secret(
        HAZARDS,
        [(-72.57, 7.6), (-72.6237193, 7.8317391)],
        [row["id"] for row in planted(reasons)],
        ["title LIKE '%zqcanary%'", "effect = 'exclusion'", "id LIKE 'zq-%'"],
        ["72.623719", "7.831739"],
    )


async def add(settings, rows, *, bend=False):
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        await session.execute(insert(models.Hazard), rows)
        if bend:
            # Of what is published, everything that is not.
            secret = {
                "geom": SAID["geom"],
                "source": SAID["source"],
                "valid_from": THREAT["valid_from"] + timedelta(hours=3),
                "valid_to": THREAT["valid_to"] + timedelta(hours=5),
                "approved_at": THREAT["approved_at"] - timedelta(hours=7),
                "reported_at": NOW - timedelta(days=4),
                "independent_sources": 5,
                "night_only": True,
            }
            of = models.Hazard.id == "threat"
            await session.execute(update(models.Hazard).where(of), secret)


async def partner_header(settings):
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        _, secret = await tokens.issue_token(
            session, scope="partner", holder="Canaries", expires_at=NOW + timedelta(days=2)
        )
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture(scope="module")
async def shores(cluster, loaded_template, settings_for, home):
    """Give pairs of applications: the public's, a partner's, and one with it all published."""
    plain = clone(cluster, loaded_template)
    shown = [{**FLOOD, "id": "flood"}, {**THREAT, "id": "threat"}]
    await add(settings_for(plain), shown)
    headers = await partner_header(settings_for(plain))
    for_partner, for_public, published = (clone(cluster, plain) for _ in range(3))
    await add(settings_for(for_partner), planted(REASONS), bend=True)
    await add(settings_for(for_public), planted(REASONS | FOR_PARTNERS), bend=True)
    everything = [{**row, **FLOOD, **SAID, "id": row["id"]} for row in planted(REASONS)]
    await add(settings_for(published), everything)
    network = RoadNetworks(home / "graphs", settings_for(plain).walker)

    def run(name):
        return client_of(
            settings_for(name), is_written_elsewhere=False, network=network, clock=lambda: NOW
        )

    async with (
        run(plain) as without,
        run(for_partner) as partners,
        run(for_public) as public,
        run(published) as seeing,
    ):
        yield {
            "public": (Pair(without, public), REASONS | FOR_PARTNERS),
            "partner": (Pair(without, partners, headers), REASONS),
            "seeing": (Pair(without, seeing), REASONS),
            "told": (Pair(without, public, headers), FOR_PARTNERS),
        }


CUCUTA, PAMPLONA, BUCARAMANGA = (-72.508, 7.894), (-72.648, 7.376), (-73.126, 7.125)
JOURNEYS = ((CUCUTA, PAMPLONA), (CUCUTA, BUCARAMANGA))


@pytest.mark.parametrize("who", ["public", "partner"])
async def test_p36_unpublished_hazards_are_in_no_format_zoom_count_or_way(shores, who):
    pair, reasons = shores[who]
    secret = unpublished(reasons)
    # What comes before the tier is asked by the public, whole; a partner asks of each kind.
    asked = questions(secret) if who == "public" else share(questions(secret))
    assert not await hunt(pair, secret, [*asked, *ways(*JOURNEYS)])
    known = (await pair.with_it.get("/collections/hazards/items", headers=pair.headers)).json()
    ids = {feature["id"] for feature in known["features"]}
    assert {name for name in ids if not name.startswith("DEMO-")} == {"flood", "threat"}


async def test_p36_the_search_sees_hazards_where_they_are_published(shores):
    pair, reasons = shores["seeing"]
    secret = unpublished(reasons)
    # Smaller than a cell below.
    tiles = {f"tile {z}" for z in range(2, HAZARDS.max_zoom + 1)}
    asked = {"items", "item", "changes", "route", "gpx", "ogc", "directions", *FILES, *tiles}
    assert await seen(pair, secret, [*questions(secret), *ways(*JOURNEYS)], asked) == asked


async def test_p36_a_partner_s_hazards_are_for_partners(shores):
    pair, reasons = shores["told"]
    secret = unpublished(reasons)
    kept = {"items", "item", "tile 14", "route"}
    asked = (*questions(secret), *ways(JOURNEYS[0]))
    assert await seen(pair, secret, asked, kept) == kept
