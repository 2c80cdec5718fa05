"""The migrations: up, down and up again, and the models say the same as the tables."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from app.runtime.databases import open_database, tier_urls
from geo.db import migrations
from geo.db.sessions import Database, Tier, tier_url
from geo.errors import DatabaseUnavailableError, UnsafeRoleError


def run(url, action):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, migrations.run_on(url, action)).result()


def test_a_migrator_without_superuser_can_migrate(cluster):
    # PostGIS is there already, as an administrator of an external database leaves it.
    cluster.create_database("schema_external")
    admin = cluster.superuser_url("schema_external")

    async def prepare():
        engine = create_async_engine(admin)
        async with engine.begin() as connection:
            for statement in (
                "create extension if not exists postgis",
                "drop role if exists external_migrator",
                "create role external_migrator login createrole",
                "alter database schema_external owner to external_migrator",
            ):
                await connection.execute(text(statement))
            for role in ("owner", "public", "partner", "staff", "writer"):
                # Roles belong to the cluster; other tests of this run have made them.
                exists = await connection.scalar(
                    text("select 1 from pg_roles where rolname = :name"), {"name": f"amparo_{role}"}
                )
                if exists and role == "owner":
                    await connection.execute(
                        text("grant amparo_owner to external_migrator with admin option")
                    )
        await engine.dispose()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, prepare()).result()
    run(
        cluster.url("external_migrator", "schema_external"),
        lambda config: command.upgrade(config, "head"),
    )


async def test_a_taken_back_baseline_leaves_the_extensions_and_no_table(cluster):
    """Up, down and up again; what is up is what the models say."""
    cluster.create_database("schema_search")
    url = cluster.superuser_url("schema_search")
    for target, tables in (("head", 90), ("base", 0), ("head", 90)):
        change = command.downgrade if target == "base" else command.upgrade
        run(url, lambda config, change=change, target=target: change(config, target))
        if target == "head":
            run(url, command.check)
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            found = await connection.scalar(
                text(
                    "select count(*) from pg_class c join pg_namespace n on n.oid = relnamespace"
                    " where n.nspname = 'amparo' and c.relkind = 'r'"
                )
            )
            extensions = await connection.scalar(
                text("select count(*) from pg_extension where extname in ('postgis', 'pg_trgm')")
            )
        await engine.dispose()
        assert (found, extensions) == (tables, 2)


async def test_every_tier_logs_in_as_its_own_role(empty_database):
    for tier in Tier:
        async with empty_database.session(tier) as session:
            assert await session.scalar(text("select current_user")) == tier.role
    await empty_database.check_roles()


async def test_a_superuser_login_is_refused(cluster, empty_clone):
    database = Database(
        {
            Tier.PUBLIC: tier_url(cluster.superuser_url(empty_clone), Tier.PUBLIC).set(
                username="postgres"
            )
        }
    )
    try:
        with pytest.raises(UnsafeRoleError, match="amparo_public"):
            await database.check_roles()
    finally:
        await database.dispose()


async def test_reading_tiers_cannot_write(empty_database):
    for tier in (Tier.PUBLIC, Tier.PARTNER, Tier.STAFF):
        with pytest.raises(DBAPIError):
            async with empty_database.session(tier) as session:
                await session.execute(text("create temporary table t (a int)"))


async def test_an_absent_database_is_said_to_be_unavailable(settings_for, tmp_path):
    settings = settings_for("amparo_no_such_database")
    assert set(tier_urls(settings)) == set(Tier)
    database = open_database(settings)
    try:
        with pytest.raises(DatabaseUnavailableError):
            async with database.session(Tier.PUBLIC) as session:
                await session.execute(text("select 1"))
    finally:
        await database.dispose()


async def test_a_clone_goes_with_what_made_it(cluster, empty_template, request):
    """Else those of a whole run would fill the memory that they lie in."""
    from tests import conftest

    async def exists(name):
        engine = create_async_engine(cluster.superuser_url("postgres"))
        try:
            async with engine.connect() as connection:
                found = text("select count(*) from pg_database where datname = :name")
                return bool((await connection.execute(found, {"name": name})).scalar())
        finally:
            await engine.dispose()

    plugins = request.config.pluginmanager.get_plugins()
    assert any(type(plugin) is conftest.CloneRemoval for plugin in plugins)
    name = conftest.clone(cluster, empty_template)
    assert conftest._clones[0] == [(cluster, name)]
    assert await exists(name)
    conftest._drop(conftest._clones[0])
    assert not await exists(name)
