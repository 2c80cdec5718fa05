"""What each tier can reach in the database itself, whatever a question forgets (P1 to P5, P38)."""

import pytest
from sqlalchemy import func, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from geo.db import views
from geo.db.sessions import Database, Tier, connected
from geo.errors import DatabaseUnavailableError

VIEWS = [views.spaces, views.services, views.crossings, views.hazards, views.boundaries,
         views.places, views.roads, views.corridors, views.coverage,
         views.access, views.flows]  # fmt: skip
READERS = [Tier.PUBLIC, Tier.PARTNER, Tier.STAFF]
CONFIDENTIAL = {"DEMO-008", "DEMO-030", "DEMO-035", "DEMO-043", "DEMO-062"}
PARTNERS_ONLY = {"DEMO-021", "DEMO-026", "DEMO-048", "DEMO-063", "DEMO-065"}
EXPIRED = {"DEMO-016", "DEMO-018", "DEMO-019", "DEMO-036"}


COLUMNS = text(
    """
    select string_agg(quote_ident(attname), ', ') from pg_attribute
    where attrelid = to_regclass(:view) and attnum > 0 and not attisdropped
        and format_type(atttypid, null) !~ 'geometry'
    """
)


async def everything(database, tier):
    """Give every row of every view of a tier, as text; where it lies, which takes long, is none."""
    async with database.session(tier) as session:
        rows = []
        for view in VIEWS:
            columns = await session.scalar(COLUMNS, {"view": view.name})
            asked = f"select to_jsonb(v)::text from (select {columns} from {view.name}) v"
            rows += [(view.name, row) for row in await session.scalars(text(asked))]
    return rows


async def space_ids(database, tier, person=None):
    async with database.session(tier) as session:
        if person is not None:
            await session.execute(
                text("select set_config('amparo.person', :person, true)"), {"person": person}
            )
        return set(await session.scalars(select(views.spaces.c.id)))


# --- rows ---------------------------------------------------------------------------------------


async def test_p2_p38_no_confidential_row_is_in_any_view_of_any_tier(shared_database):
    for tier in READERS:
        rows = await everything(shared_database, tier)
        assert len(rows) > 31_000
        for view, row in rows:
            assert "safe_space" not in row, (tier, view)
            assert "gbv_response" not in row, (tier, view)
            assert "Espacio seguro" not in row, (tier, view)
            assert not any(f'"{space}"' in row for space in CONFIDENTIAL), (tier, view)


async def test_p1_partners_rows_are_for_partners_and_staff(shared_database):
    public = await space_ids(shared_database, Tier.PUBLIC)
    partner = await space_ids(shared_database, Tier.PARTNER)
    staff = await space_ids(shared_database, Tier.STAFF)
    assert not public & PARTNERS_ONLY
    assert partner >= PARTNERS_ONLY
    assert staff >= PARTNERS_ONLY
    assert not (public | partner | staff) & CONFIDENTIAL


async def test_p22_expired_rows_are_hidden_from_the_public(shared_database):
    assert not await space_ids(shared_database, Tier.PUBLIC) & EXPIRED
    assert await space_ids(shared_database, Tier.PARTNER) >= EXPIRED


async def test_p1_a_row_without_a_stated_visibility_is_restricted(empty_database):
    async with empty_database.session(Tier.WRITER) as session:
        for statement in (
            "insert into amparo.organizations (id, name) values ('o', 'o')",
            """
            insert into amparo.locations (id, organization_id, name, kind, geom, country, timezone,
                confirmed_on, expires_on)
            values ('l', 'o', 'Nadie', 'support_space', 'SRID=4326;POINT(-72 7)', 'CO',
                'America/Bogota', amparo.today(), amparo.today() + 9)
            """,
            """
            insert into amparo.crossings (id, name, country_a, country_b, geom)
            values ('x', 'Nadie', 'CO', 'VE', 'SRID=4326;POINT(-72 7)')
            """,
            """
            insert into amparo.hazards (id, family, kind, title, geom, geom_public, valid_from,
                reported_at, approved_at)
            values ('h', 'physical', 'flood', 'Nadie', 'SRID=4326;POINT(-72 7)',
                'SRID=4326;POINT(-72 7)', amparo.now() - interval '1 day', amparo.now(),
                amparo.now())
            """,
            """
            insert into amparo.flows (id, kind, origin, week, direction, n, groups, largest_share,
                method, geom)
            values ('f', 'point', 'Nadie', '2026-01-05', 'in', 500, 50, 0.1, 'FMR',
                'SRID=4326;POINT(-72 7)')
            """,
            """
            insert into amparo.places (id, name, country, timezone, geom)
            values ('p', 'Nadie', 'CO', 'America/Bogota', 'SRID=4326;POINT(-72 7)')
            """,
        ):
            await session.execute(text(statement))
    for tier in (Tier.PUBLIC, Tier.PARTNER):
        assert await everything(empty_database, tier) == []


async def test_p24_a_hidden_row_is_gone_at_once(loaded_database):
    assert "DEMO-009" in await space_ids(loaded_database, Tier.PUBLIC)
    async with loaded_database.session(Tier.WRITER) as session:
        await session.execute(
            text("update amparo.locations set hidden_at = amparo.now() where id = 'DEMO-009'")
        )
    for tier in (Tier.PUBLIC, Tier.PARTNER):
        assert "DEMO-009" not in await space_ids(loaded_database, tier)


async def test_p8_who_refers_is_not_named_when_hidden(loaded_database):
    async with loaded_database.session(Tier.WRITER) as session:
        await session.execute(
            text("update amparo.locations set hidden_at = amparo.now() where id = 'DEMO-005'")
        )
    async with loaded_database.session(Tier.PUBLIC) as session:
        referral = select(views.spaces.c.referral_from).where(views.spaces.c.id == "DEMO-007")
        assert await session.scalar(referral) is None


async def test_p31_no_view_of_the_staff_shows_a_restricted_row(loaded_database):
    # Who is named reads it through the audit chain alone: tests/geo/removals/test_hides.py.
    async with loaded_database.session(Tier.WRITER) as session:
        await session.execute(
            text("insert into amparo.restricted_readers values ('DEMO-008', 'ana')")
        )
    for person in ("ana", None, "", "beto"):
        assert not await space_ids(loaded_database, Tier.STAFF, person) & CONFIDENTIAL
    async with loaded_database.session(Tier.STAFF, person="ana") as session:
        for table in ("locations", "schedules", "languages", "capacities", "service_at_location"):
            column = "id" if table == "locations" else "location_id"
            found = await session.scalars(text(f"select {column} from amparo.{table}"))
            assert not set(found) & CONFIDENTIAL, table


# --- columns ------------------------------------------------------------------------------------


async def test_p6_p35_p42_columns_the_public_never_gets(shared_database):
    never = {
        "confirmed_by",
        "consent_on",
        "itinerary",
        "quarantined",
        "released",
        "edited_at",
        "assurer_email",
        "hidden_at",
        "visibility",
        "confidential",
        "capacity_available",
        "capacity_maximum",
        "independent_sources",
        "reported_at",
        "groups",
        "largest_share",
    }
    async with shared_database.session(Tier.PUBLIC) as session:
        for view in VIEWS:
            found = await session.execute(
                text(
                    "select attname from pg_attribute where attrelid = to_regclass(:name)"
                    " and attnum > 0"
                ),
                {"name": f"tier_public.{view.name}"},
            )
            columns = set(found.scalars())
            assert columns
            assert not columns & never, view.name


async def test_p5_a_partners_position_is_blurred_the_same_every_time(shared_database):
    point = select(
        views.spaces.c.id,
        func.ST_X(views.spaces.c.geom),
        func.ST_Y(views.spaces.c.geom),
        views.spaces.c.coord_precision,
    )
    async with shared_database.session(Tier.PARTNER) as session:
        first = {row[0]: tuple(row)[1:] for row in await session.execute(point)}
        again = {row[0]: tuple(row)[1:] for row in await session.execute(point)}
    async with shared_database.session(Tier.STAFF) as session:
        exact = {row[0]: tuple(row)[1:] for row in await session.execute(point)}
    assert first == again
    for space in PARTNERS_ONLY:
        lon, lat, precision = first[space]
        assert precision == "grid_0.05"
        assert (lon, lat) != exact[space][:2]
        for value, true in ((lon, exact[space][0]), (lat, exact[space][1])):
            assert value == pytest.approx(round(true / 0.05) * 0.05, abs=1e-9)
    assert first["DEMO-009"] == exact["DEMO-009"]


# --- rights -------------------------------------------------------------------------------------

TABLES = (
    "organizations",
    "services",
    "locations",
    "service_at_location",
    "schedules",
    "phones",
    "languages",
    "capacities",
    "restricted_readers",
    "crossings",
    "crossing_statuses",
    "hazards",
    "boundaries",
    "places",
    "road_segments",
    "flows",
    "corridors",
    "coverage_gaps",
    "coverage_states",
    "access_times",
    "access_states",
    "publication_rules",
    "access_tokens",
    "loaded_files",
    "referral_points",
    "schedule_exceptions",
    "itinerary_stops",
    "terms",
    "term_names",
    "term_record",
    "space_record",
    "crossing_record",
    "hazard_record",
    "flow_record",
)


@pytest.mark.parametrize("tier", [Tier.PUBLIC, Tier.PARTNER])
@pytest.mark.parametrize("table", TABLES)
async def test_p4_public_and_partner_have_no_right_on_any_base_table(shared_database, tier, table):
    with pytest.raises(DBAPIError, match="permission denied"):
        async with shared_database.session(tier) as session:
            await session.execute(text("select 1 from amparo." + table))


@pytest.mark.parametrize("tier", READERS)
async def test_a_tier_cannot_become_another(shared_database, tier):
    others = [f"amparo_{name}" for name in ("owner", "writer", "staff", "partner", "public")]
    for role in others:
        if role == tier.role:
            continue
        with pytest.raises(DBAPIError, match="permission denied"):
            async with shared_database.session(tier) as session:
                await session.execute(text("set role " + role))
    for schema in {"tier_public", "tier_partner", "tier_staff"} - {f"tier_{tier.value}"}:
        with pytest.raises(DBAPIError, match="permission denied"):
            async with shared_database.session(tier) as session:
                await session.execute(text("select 1 from " + schema + ".spaces"))


@pytest.mark.parametrize("tier", READERS)
async def test_a_tier_that_turns_read_only_off_still_has_no_right_to_write(shared_database, tier):
    with pytest.raises(DBAPIError, match="permission denied"):  # noqa: PT012
        async with shared_database.session(tier) as session:
            await session.execute(text("set transaction read write"))
            await session.execute(text("update amparo.locations set visibility = 'public'"))


# --- checks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "update amparo.locations set visibility = 'public' where id = 'DEMO-008'",
        "update amparo.locations set visibility = 'partners' where id = 'DEMO-008'",
        "update amparo.locations set (visibility, confidential) = ('public', false)"  # noqa: ISC004
        " where id = 'DEMO-008'",
        "update amparo.locations set kind = 'safe_space' where id = 'DEMO-009'",
        "update amparo.services set visibility = 'public' where code = 'gbv_response'",
        "update amparo.services set code = 'lgbtiq_refuge' where visibility = 'public'",
        "update amparo.locations set visibility = 'everyone' where id = 'DEMO-009'",
    ],
)
async def test_p38_the_database_refuses_to_publish_what_is_protected(shared_database, statement):
    with pytest.raises(IntegrityError):
        async with shared_database.session(Tier.WRITER) as session:
            await session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "update amparo.flows set week = week + 1",
        "update amparo.flows set largest_share = 1.5",
        "update amparo.crossing_statuses set state = 'maybe'",
        "update amparo.crossing_statuses set opens_at = null",
        "update amparo.hazards set weight = 0.5",
        "update amparo.hazards set rate_source = null where event_count is not null",
        "update amparo.hazards set kind = 'police_checkpoint'",
    ],
)
async def test_the_database_refuses_what_makes_no_sense(shared_database, statement):
    with pytest.raises(IntegrityError):
        async with shared_database.session(Tier.WRITER) as session:
            await session.execute(text(statement))


async def test_p18_the_floor_of_a_published_count_is_five(cluster, empty_clone):
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(cluster.superuser_url(empty_clone))
    with pytest.raises(IntegrityError):
        async with engine.begin() as connection:
            await connection.execute(
                text("update amparo.publication_rules set flow_min_people = 4")
            )
    await engine.dispose()


# --- speed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", READERS)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
async def test_every_layer_uses_its_spatial_index_as_every_role(shared_database, tier, view):
    question = (
        "explain (costs off) select id from " + view.name
        + " where geom && st_makeenvelope(-73, 7, -72, 8, 4326)"
    )  # fmt: skip
    async with shared_database.session(tier) as session:
        await session.execute(text("set local enable_seqscan = off"))
        plan = "\n".join(await session.scalars(text(question)))
    assert "Index Scan" in plan, plan
    # Beside another index where statistics say so, but always the spatial one.
    conditions = [line for line in plan.splitlines() if "Index Cond:" in line]
    assert any("geom" in line and "&&" in line for line in conditions), plan
    assert "idx_" in plan, plan


@pytest.mark.parametrize("tier", READERS)
async def test_the_nearest_place_is_read_from_the_index(shared_database, tier):
    async with shared_database.session(tier) as session:
        # Whatever is known of the table yet: that the view lets the index be used.
        await session.execute(text("set local enable_seqscan = off"))
        plan = "\n".join(
            await session.scalars(
                text(
                    "explain (costs off) select id from places"
                    " order by geom <-> st_setsrid(st_makepoint(-72.5, 7.9), 4326) limit 16"
                )
            )
        )
    assert "Order By: (geom <->" in plan, plan
    assert "Seq Scan" not in plan, plan


# --- sessions that may not be needed ------------------------------------------------------------


@pytest.mark.parametrize("tier", READERS)
async def test_an_idle_session_connects_when_it_is_asked_to_as_its_own_tier(shared_database, tier):
    async with shared_database.idle_session(tier) as session:
        assert not session.in_transaction()
        assert await connected(session) is session
        assert session.in_transaction()
        assert await session.scalar(text("select current_user")) == tier.role
        await session.close()
        # Given back, and there again for who needs it once more.
        assert not session.in_transaction()
        seen = set(await session.scalars(select(views.spaces.c.id)))
    assert seen == await space_ids(shared_database, tier)


async def test_an_idle_session_writes_nothing(shared_database):
    with pytest.raises(DBAPIError):
        async with shared_database.idle_session(Tier.PUBLIC) as session:
            await session.execute(text("create temporary table x (y int)"))


async def test_an_idle_session_that_finds_no_database_says_so(settings_for, tmp_path):
    nowhere = f"postgresql+asyncpg://amparo_public@/amparo?host={tmp_path}"
    database = Database(dict.fromkeys(Tier, make_url(nowhere)))
    async with database.idle_session(Tier.PUBLIC) as session:
        with pytest.raises(DatabaseUnavailableError):
            await connected(session)
    await database.dispose()
