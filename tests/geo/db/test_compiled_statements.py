"""Statements that are compiled once for all engines of a process."""

import pytest
from sqlalchemy import column, func, select
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from geo.db import views
from geo.db.compiled_statements import CompiledStatements
from geo.db.sessions import Tier

STATEMENT = select(column("a")).where(column("b") == 1)


def dialect(version=(17, 6)):
    made = PGDialect_asyncpg()
    made.server_version_info = version
    return made


def compiled_by(cache, engine, statement=STATEMENT):
    """Compile as a connection does."""
    compiled, *_ = statement._compile_w_cache(engine, compiled_cache=cache, column_keys=[])
    return compiled


def test_a_second_engine_finds_what_the_first_has_compiled():
    cache = CompiledStatements(10)
    assert compiled_by(cache, dialect()) is compiled_by(cache, dialect())


def test_what_another_server_or_statement_needs_is_compiled_for_it():
    cache = CompiledStatements(10)
    first = compiled_by(cache, dialect())
    assert compiled_by(cache, dialect((18, 0))) is not first
    assert compiled_by(cache, dialect(), STATEMENT.limit(1)) is not first


async def test_each_tier_is_answered_what_it_may_see(shared_database):
    statement, seen = select(func.current_user(), views.spaces.c.id), {}
    for tier in (Tier.STAFF, Tier.PUBLIC):
        async with shared_database.session(tier) as session:
            seen[tier] = {tuple(row) for row in await session.execute(statement)}
    assert {role for role, _id in seen[Tier.PUBLIC]} == {"amparo_public"}
    assert len(seen[Tier.PUBLIC]) < len(seen[Tier.STAFF])


@pytest.mark.parametrize("size", [2, 4])
def test_it_does_not_grow(size):
    cache = CompiledStatements(size)
    for number in range(20):
        compiled_by(cache, dialect(), select(column(f"c{number}")))
    assert len(cache) <= size * 1.5
