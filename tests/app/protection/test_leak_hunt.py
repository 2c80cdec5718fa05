"""P1, P2, P8, P38, P39: a hunt for anything that depends on what the asker may not see.

Two databases that differ in nothing else are asked the same by somebody who knows the ids, the
places and the days: every answer has to be the same bytes, tags and headers included, and none may
hold a canary. `./run bench leaks` asks 20,000 times.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.conftest import clone
from tests.fixtures.examples import is_long
from tests.fixtures.leak_hunt import Prey, prey_of_the_public, preys
from tests.fixtures.leak_parts import CANARY, NOON, TODAY, canary
from tests.fixtures.leak_requests import Asked
from tests.fixtures.leak_secrets import make_databases, superuser
from tests.fixtures.leak_spaces import NEIGHBOURS, PARTNERS_SEE, SPOTS

SEED = 20_261_125
REQUESTS = {"public": 450, "partner": 450, "viewer": 450, "editor": 120}
CONSOLE = "/network"
#: Who sees the same, and asks in turn: see `share_of`.
TAKING_TURNS = ("partner", "viewer")

#: Counts come out 14 days after their week (definitions.md, flows).
LONG_AGO = NOON - timedelta(days=42)

#: Where the hidden spaces lie, by the name that only they have.
UNIT = canary("locations admin1")

CONTAINS = """exists (
    select from unnest(cast(:forms as text[])) f where position(f in cast(COLUMN as text)) > 0
)"""

#: Columns that hold no text of their own: keys, names of other rows, words of a list in a CHECK.
KEYS = re.compile(r"(.*_)?id|.*_by|.*_sha256|(previous_)?hash")
CHOICES = (
    "access act action answer audience byday bymonthday category channel children_alone code "
    "country country_a country_b direction effect entity family fees freq highway holidays kind "
    "language languages location_type medium message_key need public_extent role scope state "
    "status "
    "timezone type visibility vocabulary parent_code coord_precision licence rate_source "
    "counted_for countries from_space to_space table_name "
    # Of an area; those of hidden spaces are canaries.
    "admin1 destination origin destination_areas origin_areas seal "
    # Of times to public spaces: who travels, and a word of the vocabulary.
    "profile service "
    # Of an original, which is canary itself.
    "digest"
)
#: Tables that everybody may read, or that hold none but keys.
OPEN = frozenset(
    {
        "boundaries",
        "ground_features",
        "knowledge_changes",
        "landscape_features",
        "publication_heads",
        "publication_marks",
        "publications",
        "road_segments",
        "service_requests",
        "touched_locations",
        "unit_pcodes",
    }
)


@pytest.fixture(scope="module")
async def made(cluster, loaded_template, settings_for):
    """Give the databases, and copies of the public's two, in which may stay what is sent."""
    databases = await make_databases(cluster, loaded_template, settings_for)
    own = (clone(cluster, name) for name in (databases.plain, databases.for_public))
    return databases, *own


@pytest.fixture(scope="module")
def databases(made):
    return made[0]


@pytest.fixture(scope="module")
def kept(made):
    databases, plain, for_public = made
    return replace(databases, plain=plain, for_public=for_public)


@pytest.fixture(scope="module")
async def hunted(databases, settings_for, home):
    async with preys(databases, settings_for, home) as found:
        yield {prey.name: prey for prey in found}


@pytest.mark.parametrize("who", list(REQUESTS))
async def test_p2_no_answer_depends_on_what_the_asker_may_not_see(hunted, who):
    prey: Prey = hunted[who]
    leaks = []
    operations = share_of(who, prey)
    for asked in prey.requests(REQUESTS[who], SEED):
        if (asked.method.replace("HEAD", "GET"), asked.template) in operations:
            leaks += await prey.hunt(asked)
    assert not leaks, f"{len(leaks)} leaks\n" + "\n".join(map(str, leaks[:20]))
    asked_for = {(method.replace("HEAD", "GET"), path) for method, path in prey.asked}
    assert who == "editor" or operations <= asked_for, operations - asked_for
    assert prey.statuses[200] > prey.statuses.total() / 8, prey.statuses


def share_of(who: str, prey: Prey) -> set[tuple[str, str]]:
    """Return the operations that somebody asks: all with ``--long``; else a share of two askers.

    What a partner and a viewer may see is the same: each asks every other operation, of which none
    is left out. The console leads everybody here to the sign-in or takes no token
    (`test_access_matrix.py`), with and without what is hidden (`test_leaks.py`).
    """
    operations = sorted(one.key for one in prey.generator(SEED).operations)
    if is_long():
        return set(operations)
    public = [(method, path) for method, path in operations if not path.startswith(CONSOLE)]
    if who not in TAKING_TURNS:
        return set(public)
    # The lines of routes are what later questions are asked with.
    return {*public[TAKING_TURNS.index(who) :: len(TAKING_TURNS)], ("POST", "/routes")}


async def test_the_hunt_finds_what_a_partner_is_told(hunted, databases):
    """The same hunt, by somebody who may see what differs, finds it in every way."""
    public = hunted["public"]
    seeing = Prey("partner", public.without, public.with_it, PARTNERS_SEE, databases.partner)
    leaks = []
    for asked in (*_answers_of_each_kind(), *_files()):
        found = await seeing.hunt(asked)
        told = {leak.what for leak in found}
        assert "body" in told, asked
        if asked.template not in {"/match", "/routes"}:
            assert told & {"canary", "told"}, asked
        leaks += found
    ways = {"canary", "told", "body", "headers", "status"}
    for asked in seeing.generator(SEED).requests(120):
        if is_long() or not ways <= {leak.what for leak in leaks}:
            leaks += await seeing.hunt(asked)
    assert ways <= {leak.what for leak in leaks}


def _answers_of_each_kind() -> Iterator[Asked]:
    """Give a question of each kind whose answer names what partners alone see."""
    lon, lat = SPOTS["secret-partners"]
    here = f"lon={lon}&lat={lat}"
    past = (TODAY - timedelta(days=100)).isoformat()
    for template, path in (
        ("/collections/{layer}/items", "/collections/spaces/items?limit=1000"),
        ("/collections/{layer}/items", f"/collections/spaces/items?limit=1000&as_of={past}"),
        ("/collections/{layer}/items/{item}", "/collections/spaces/items/secret-partners"),
        ("/tiles/{layer}/{z}/{x}/{y}", "/tiles/spaces/6/19/30"),
        ("/spaces/nearest", f"/spaces/nearest?{here}&limit=100"),
        ("/spaces/match", f"/spaces/match?{here}&service=food&country=CO&limit=20"),
        ("/spaces/{space}", "/spaces/secret-partners"),
        ("/spaces/{space}", "/spaces/secret-partners?f=html"),
        ("/contacts", "/contacts?country=CO&admin1=Norte%20de%20Santander"),
        ("/practices", "/practices?space=leak-open"),
        ("/products", "/products"),
        ("/pathways", "/pathways?need=legal_advice&country=CO"),
    ):
        yield Asked(template, "GET", path)
    need = {"lon": lon, "lat": lat, "service": ["food"], "country": "CO", "limit": 20}
    yield Asked("/spaces/match", "POST", "/spaces/match", need)
    ends = {"start": [-72.508, 7.894], "end": [-72.65, 7.376]}
    yield Asked("/routes", "POST", "/routes", ends)
    yield Asked("/match", "POST", "/match", form={"place": "Cúcuta, CO", "service": "food"})


def _files() -> Iterator[Asked]:
    for name in ("hsds", "hxl", "csv", "xlsx", "geojson", "gpkg"):
        yield Asked("/exports/{format}", "GET", f"/exports/{name}")


async def test_p39_side_effects_tell_nothing_of_hidden_spaces(kept, settings_for, home):
    """What is sent about hidden spaces and units is in no count, six weeks later."""
    leaks = []
    async with prey_of_the_public(kept, settings_for, home, clock=lambda: LONG_AGO) as public:
        for asked in _said_about(public.hidden_ids):
            leaks += await public.hunt(asked)
        partner = Prey("partner", public.without, public.with_it, [], kept.partner)
        for path in ("/feedback/counts", "/requests/counts"):
            for prey in (public, partner):
                leaks += await prey.hunt(Asked(path, "GET", path))
            assert b'"n":' in (await public.with_it.get(path)).content, path
    assert not leaks, "\n".join(map(str, leaks))


def _said_about(hidden_ids: Sequence[str]) -> Iterator[Asked]:
    """Give as many answers and wishes as a count needs (20 of three spaces)."""
    times = dict.fromkeys((*hidden_ids, "secret-nothing"), 2) | dict.fromkeys(NEIGHBOURS, 22)
    for space_id, count in times.items():
        body = {"space": space_id, "was_served": False, "was_open": True}
        yield from [Asked("/feedback", "POST", "/feedback", body)] * count
        complaint = {"space": space_id, "category": "unsafe", "country": "CO"}
        yield Asked("/complaints", "POST", "/complaints", complaint)
    for unit in (UNIT, "Norte de Santander", "nowhere"):
        wish = {"service": "food", "country": "CO", "admin1": unit}
        yield from [Asked("/requests", "POST", "/requests", wish)] * 21


async def test_every_text_that_is_kept_holds_a_canary(cluster, databases):
    async with superuser(cluster, databases.for_public) as db:
        columns = await db.execute(
            text(
                """
                select table_name, column_name from information_schema.columns
                where table_schema = 'amparo' and data_type in ('text', 'ARRAY', 'jsonb', 'bytea')
                    and table_name in (select tablename from pg_tables where schemaname = 'amparo')
                """
            )
        )
        bare = set()
        for table, column in columns:
            if table in OPEN or column in CHOICES.split() or KEYS.fullmatch(column):
                continue
            assert re.fullmatch("[a-z0-9_]+", f"{table}{column}")
            # Names of the catalogue, which a bound value cannot be.
            query = f'select count(*) from amparo."{table}" t where {CONTAINS}'
            known = {"forms": [CANARY, CANARY.encode().hex()]}
            statement = text(query.replace("COLUMN", f't."{column}"'))
            if not (await db.execute(statement, known)).scalar():
                bare.add(f"{table}.{column}")
    assert sorted(bare) == []
