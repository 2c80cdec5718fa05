"""The shape of the database: applies the migrations and tells whether they are all applied."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from geo.db import translated_errors

MIGRATIONS = Path(__file__).resolve().parents[1] / "alembic"

#: Any fixed number: one migration at a time, however many processes start at once.
MIGRATION_LOCK = 4_155_002


def configuration() -> Config:
    """Return alembic's configuration; there is no alembic.ini to disagree with."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(year)d-%%(month).2d-%%(day).2d_%%(slug)s")
    return config


async def run_on(url: str | URL, action: Callable[[Config], None]) -> None:
    """Run an alembic command on the database at ``url``, alone and in one transaction.

    Parameters
    ----------
    url : str or URL
        A role that may create roles, schemas and the extensions PostGIS and pg_trgm.
    action : callable
        Takes the configuration; its connection is already set.

    Raises
    ------
    DatabaseUnavailableError
        The database does not answer.
    """

    def work(connection: Connection) -> None:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        config = configuration()
        config.attributes["connection"] = connection
        action(config)

    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool
    )
    try:
        async with translated_errors(OSError), engine.begin() as connection:
            await connection.run_sync(work)
    finally:
        await engine.dispose()


async def migrate(url: str | URL) -> None:
    """Bring the database at ``url`` to the newest migration; nothing happens if it is there."""
    await run_on(url, lambda config: command.upgrade(config, "head"))
