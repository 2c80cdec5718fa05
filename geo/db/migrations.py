"""Schema migrations by Alembic, with new audit digests for rows in tables whose columns change."""

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

#: Key of the advisory lock that lets one migration run at a time: an arbitrary fixed number.
MIGRATION_LOCK = 4_155_002

#: Older revisions from which no migration leads to the newest one, because all migrations were
#: merged into one baseline. Compared with the newest revision they lack some tables, and some
#: columns that allow null or have a default, so a file can carry their rows over to a new database
#: (`geo.db.database_file`).
CARRIED = frozenset(
    {
        "0026_audited_rows",
        "0001_baseline",
        "0002_ground",
        "0003_reviewed_texts",
        "0004_landscape",
        "0005_surveyed_crossings",
        "0006_remembered_mappings",
        "0007_information_channels",
        "0008_desk",
        "0009_views",
    }
)

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
    """Return Alembic's configuration, which replaces an alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(year)d-%%(month).2d-%%(day).2d_%%(slug)s")
    return config


def newest() -> list[str]:
    """Return the head revisions, to which `migrate` brings a database."""
    return list(ScriptDirectory.from_config(configuration()).get_heads())


async def run_on(url: str | URL, action: Callable[[Config], None]) -> None:
    """Run an alembic command on the database at ``url``, alone and in one transaction.

    Parameters
    ----------
    url : str or URL
        URL of a role that may create roles, schemas and the extensions PostGIS and pg_trgm.
    action : callable
        Function that runs a command with the given configuration, whose connection is already set.

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
    """Bring the database at ``url`` to the newest revision, if it is at an older one.

    Parameters
    ----------
    key : bytes or None
        Key with which servers and commands of this machine prove that they are Amparo
        (`geo.audit.write_proof`); it is registered in the database.

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
    """Accept the current content of the audited rows, and return the id of the audit entry.

    Each row that differs from its newest digest gets a new digest; the audit entry records the
    number of these rows by table, and the reason. Returns None if no row differs. ``url`` and
    ``key`` are those of `migrate`.
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
    """Apply pending migrations, and renew the row digests of tables whose columns changed.

    Parameters
    ----------
    action : callable or None
        Action to run instead of the migrations, even if none is pending; for tests.
    """
    connection: Connection = config.attributes["connection"]
    script = ScriptDirectory.from_config(config)
    current = set(MigrationContext.configure(connection).get_current_heads())
    for revision in current - {known.revision for known in script.walk_revisions()}:
        raise OtherVersionError(revision, can_be_carried=revision in CARRIED)
    if action is None:
        if current == set(script.get_heads()):
            return
        action = _to_head
    before = _shapes(connection)
    # Rows that fail their digest check before the migration still fail after it, so that no
    # migration covers up tampering.
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
    """Return the columns and types of each audited table; empty if no table is audited yet."""
    return {row.name: row.columns for row in connection.execute(_SHAPES)}


def _faulty(connection: Connection) -> list[str]:
    connection.execute(_AS_OWNER)
    found = [f"{row.table_name}:{row.row_id}" for row in connection.execute(_CHECK)]
    connection.execute(_AS_ONESELF)
    return found
