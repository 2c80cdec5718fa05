"""What a database publishes is what the catalogue declares: views, columns, rights, stamps."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from geo.db import guidance_views, views
from tests.fixtures.layers_in_database import differences
from tiles.catalogue.layers import CATALOGUE, find_layer

TABLES = tuple(guidance_views.published.tables.values())


@pytest.fixture(scope="module")
async def superuser(cluster, empty_template):
    """Connect to a database that nothing here commits to."""
    from tests.conftest import clone

    engine = create_async_engine(cluster.superuser_url(clone(cluster, empty_template)))
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


async def said_after(connection, *statements):
    """Return what differs once some statements ran, which are taken back."""
    for statement in statements:
        await connection.execute(text(statement))
    try:
        return await connection.run_sync(differences, CATALOGUE, TABLES)
    finally:
        await connection.rollback()


async def test_the_database_has_what_is_declared(superuser):
    assert guidance_views.published is views.published
    assert await said_after(superuser) == []


@pytest.mark.every(4)
@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (
            ["select amparo.withdraw_layer('roads')"],
            "tier_public.roads is missing: a migration calls amparo.publish_layer",
        ),
        (
            ["alter view tier_partner.places rename column population to people"],
            "tier_partner.places.population is not there in the database, declared as integer",
        ),
        (
            ["drop view tier_staff.terms", "create view tier_staff.terms as select 1 as active"],
            "tier_staff.terms.active is integer in the database, declared as boolean",
        ),
        (
            ["revoke select on tier_public.places from amparo_public"],
            "amparo_public may not read tier_public.places",
        ),
        (
            ["grant select on tier_staff.hazards to amparo_partner"],
            "amparo_partner may read tier_staff.hazards",
        ),
        (
            ["drop trigger note_knowledge on amparo.terms"],
            (
                "coverage reads terms, whose changes move no stamp of coverage, spaces:"
                " amparo.note_changes"
            ),
        ),
        (
            ["alter table amparo.flows disable trigger note_knowledge"],
            (
                "flows reads flows, whose changes move no stamp of flows, crossings, places,"
                " boundaries: amparo.note_changes"
            ),
        ),
        (
            ["select amparo.note_changes('roads', '{road_segments,places}')"],
            "changes of places move the stamp of roads, which does not read it",
        ),
        (["drop view tier_staff.complaints"], "no tier has a view complaints"),
    ],
)
async def test_what_a_migration_forgets_is_said(superuser, statements, said):
    assert said in await said_after(superuser, *statements)


LAYER = (
    "set local role amparo_owner",
    (
        "create table amparo.wells (id text primary key, depth_m float, visibility text,"
        " geom geometry(Point, 4326))"
    ),
    (
        "select amparo.publish_layer('wells', 'select id, depth_m, geom from amparo.wells"
        " where visibility in (''public'')', '{wells,places}')"
    ),
    "reset role",
)
NOTED = text(
    "select string_agg(c.relname || ' ' || encode(t.tgargs, 'escape'), ' ' order by c.relname)"
    " from pg_trigger t join pg_class c on c.oid = t.tgrelid"
    " where t.tgname = 'note_knowledge' and c.relname in ('wells', 'places')"
)


async def test_a_layer_is_published_by_one_call_and_taken_back_by_another(superuser):
    for statement in (
        *LAYER,
        (
            "insert into amparo.wells values ('a', 9, 'public'), ('b', 9, 'partners'),"
            " ('c', 9, 'restricted'), ('d', 9, 'staff')"
        ),
    ):
        await superuser.execute(text(statement))
    seen = {}
    for tier in ("public", "partner", "staff"):
        await superuser.execute(text(f"set local role amparo_{tier}"))
        found = await superuser.scalars(text(f"select id from tier_{tier}.wells order by id"))
        seen[tier] = "".join(found)
        await superuser.execute(text("reset role"))
    assert seen == {"public": "a", "partner": "ab", "staff": "abd"}
    assert await superuser.scalar(NOTED) == r"places places\000wells\000 wells wells\000"
    subjects = text("select subject from amparo.knowledge_record")
    assert set(await superuser.scalars(subjects)) == {"wells"}
    await superuser.execute(text("select amparo.withdraw_layer('wells')"))
    assert await superuser.scalar(NOTED) == r"places places\000"
    await superuser.rollback()


async def test_another_tier_reads_no_view_of_a_new_layer(superuser):
    for statement in LAYER:
        await superuser.execute(text(statement))
    may = text(
        "select string_agg(r.rolname || ' ' || s.name, ' ' order by s.name, r.rolname)"
        " from pg_roles r cross join unnest(array['partner', 'public', 'staff']) s (name)"
        " where r.rolname in ('amparo_public', 'amparo_partner', 'amparo_staff', 'amparo_writer')"
        " and has_table_privilege(r.rolname, 'tier_' || s.name || '.wells', 'select')"
    )
    assert await superuser.scalar(may) == (
        "amparo_partner partner amparo_writer partner amparo_public public amparo_writer public"
        " amparo_staff staff"
    )
    await superuser.rollback()


def test_a_layer_has_its_own_stamp_unless_it_shares_another_s():
    assert find_layer("roads").subjects == ("roads",)
    assert find_layer("services").subjects == ("spaces",)
    assert find_layer("coverage").subjects == ("coverage", "spaces")
