"""The shape of the database: applies the migrations and tells whether they are all applied."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from geo.audit import write_proof
from geo.db.sessions import translated_errors
from geo.errors import OtherVersionError

MIGRATIONS = Path(__file__).resolve().parents[2] / "alembic"

#: Any fixed number: one migration at a time, however many processes start at once.
MIGRATION_LOCK = 4_155_002

#: The last revision of before the baseline; the tables of both are the same.
LAST_BEFORE_BASELINE = "0026_audited_rows"

_SHAPES = text(
    """
    select c.relname as name, string_agg(
        a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ',' order by a.attnum) as columns
    from pg_trigger t
    join pg_class c on c.oid = t.tgrelid
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where t.tgname = 'audit_insert'
    group by c.relname
    """
)
_AS_OWNER = text("set local role amparo_owner")
_AS_ONESELF = text("reset role")
_CHECK = text("select table_name, row_id from amparo.audit_check()")
_RENEW = text("select amparo.audit_renew(:reason, cast(:tables as text[]), cast(:but as text[]))")


def configuration() -> Config:
    """Return alembic's configuration; there is no alembic.ini to disagree with."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(year)d-%%(month).2d-%%(day).2d_%%(slug)s")
    return config


def newest() -> list[str]:
    """Return the revision that `migrate` brings a database to."""
    return list(ScriptDirectory.from_config(configuration()).get_heads())


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


async def migrate(url: str | URL, *, key: bytes | None = None) -> None:
    """Bring the database at ``url`` to the newest migration; nothing happens if it is there.

    Parameters
    ----------
    key : bytes or None
        By which servers and commands of this machine prove to be Amparo (`geo.audit.write_proof`);
        the database knows it afterwards.

    Raises
    ------
    OtherVersionError
        The database is at a revision that this version does not have; nothing was changed.
    """

    def work(config: Config) -> None:
        connection: Connection = config.attributes["connection"]
        if key is not None:
            write_proof.prove(connection, key)
        upgrade(config)
        if key is not None:
            connection.execute(_AS_OWNER)
            write_proof.register(connection, key)
            connection.execute(_AS_ONESELF)

    await run_on(url, work)


async def renew_digests(url: str | URL, *, key: bytes | None, reason: str) -> int | None:
    """Take the rows as they are now for right, and return the entry that says so.

    What differs from its newest digest gets one of what is there; the chain keeps how many rows of
    which table, and why. None where nothing differs. Parameters as of `migrate`.
    """
    entry: list[int | None] = []

    def work(config: Config) -> None:
        connection: Connection = config.attributes["connection"]
        if key is not None:
            write_proof.prove(connection, key)
        connection.execute(_AS_OWNER)
        entry.append(connection.scalar(_RENEW, {"reason": reason, "tables": None, "but": []}))

    await run_on(url, work)
    return entry[0]


def upgrade(config: Config, action: Callable[[Config], None] | None = None) -> None:
    """Apply what is not applied; rows that are written otherwise then get their digests anew.

    Parameters
    ----------
    action : callable or None
        Instead of the migrations, where they are all applied: for tests.
    """
    connection: Connection = config.attributes["connection"]
    script = ScriptDirectory.from_config(config)
    current = set(MigrationContext.configure(connection).get_current_heads())
    for revision in current - {known.revision for known in script.walk_revisions()}:
        raise OtherVersionError(revision, can_be_carried=revision == LAST_BEFORE_BASELINE)
    if action is None:
        if current == set(script.get_heads()):
            return
        action = _to_head
    before = _shapes(connection)
    # What did not fit before does not fit afterwards: no migration covers a change up.
    faulty = _faulty(connection) if before else []
    action(config)
    after = _shapes(connection)
    changed = sorted(table for table in after if before.get(table) != after[table])
    if changed:
        connection.execute(_AS_OWNER)
        known = {"reason": "migration", "tables": changed, "but": faulty}
        connection.execute(_RENEW, known)
        connection.execute(_AS_ONESELF)


def _to_head(config: Config) -> None:
    command.upgrade(config, "head")


def _shapes(connection: Connection) -> dict[str, str]:
    """Return the columns of each table whose rows the audit sees; none before it saw any."""
    return {row.name: row.columns for row in connection.execute(_SHAPES)}


def _faulty(connection: Connection) -> list[str]:
    connection.execute(_AS_OWNER)
    found = [f"{row.table_name}:{row.row_id}" for row in connection.execute(_CHECK)]
    connection.execute(_AS_ONESELF)
    return found
