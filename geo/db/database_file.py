"""Export of all rows of a database to one file, and import of the file into a new database.

The file is a ZIP archive with one member per table (COPY's text format) and ``amparo.json``, which
names the columns of each table. A database at an older revision (`CARRIED`) may lack some tables
and columns (`LATER_TABLES`, `LATER_COLUMNS`): its file lacks them too, and in the new database they
are empty or have their defaults. Triggers are disabled during the import: versions, digests and the
audit chain are copied as they are, not written anew.
"""

import json
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from geo.db.migrations import CARRIED, newest
from geo.db.sessions import translated_errors
from geo.errors import ConflictError, InvalidFileError
from geo.models import SCHEMA, Base

#: A connection of asyncpg, whose package has no type annotations.
Driver = Any

MANIFEST = "amparo.json"

#: Tables whose rows exist only within a transaction; they are not exported.
TRANSIENT = frozenset({"audit_pending", "touched_locations"})

#: Last revision whose version of Amparo exported files that do not name the columns of tables.
LAST_WITHOUT_COLUMNS = "0009_views"

#: Tables that a database at a revision of `CARRIED` may lack, because they were added later.
LATER_TABLES = frozenset(
    {
        "bulk_actions",
        "crossing_surveys",
        "ground_features",
        "information_channels",
        "landscape_features",
        "pulled_sources",
        "pulled_submissions",
        "remembered_words",
        "table_columns",
        "tagged_border_posts",
        "text_approvals",
        "text_reviewers",
        "text_translations",
        "unit_pcodes",
    }
)
#: Columns by table that a database at a revision of `CARRIED` may lack, because they were added
#: later. Each column allows null or has a default.
LATER_COLUMNS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "boundaries": ("name_en", "name_pt", "name_fr", "label_lon", "label_lat"),
        "messages": ("kind",),
        "places": ("name_es", "name_en", "name_pt", "name_fr"),
        "table_columns": ("views",),
    }
)

#: Query for the name of a table with rows, by which a database is recognised as in use. Migrations
#: write no rows to any of the tables in the query.
_IN_USE = """
select name from (values
    ('people', exists (select from amparo.people)),
    ('organizations', exists (select from amparo.organizations)),
    ('locations', exists (select from amparo.locations)),
    ('crossings', exists (select from amparo.crossings)),
    ('audit_entries', exists (select from amparo.audit_entries)),
    ('loaded_files', exists (select from amparo.loaded_files))
) used (name, has_rows) where has_rows limit 1
"""
#: Statements that delete the rows written by migrations, before the rows of the file are loaded.
_EMPTY = """
delete from amparo.terms;
delete from amparo.publication_rules;
delete from amparo.audit_keys;
delete from amparo.knowledge_changes;
"""
_QUIET = """
do $$
declare
    name regclass;
begin
    for name in
        select oid from pg_class where relnamespace = 'amparo'::regnamespace and relkind = 'r'
    loop
        execute format('alter table %s disable trigger user', name);
    end loop;
end $$
"""
_AWAKE = _QUIET.replace("disable", "enable")
_REVISION = "select version_num from public.alembic_version"
_STORED = """
select c.relname as "table", a.attname as "column" from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'amparo'::regnamespace and c.relkind = 'r'
"""
_AS_OWNER = "set local role amparo_owner"
_SEQUENCES = """
select setval('amparo.audit_batches', coalesce((select max(batch) from amparo.audit_rows), 0) + 1),
    setval(pg_get_serial_sequence('amparo.audit_rows', 'id'),
        coalesce((select max(id) from amparo.audit_rows), 0) + 1),
    setval(pg_get_serial_sequence('amparo.space_versions', 'id'),
        coalesce((select max(id) from amparo.space_versions), 0) + 1),
    setval(pg_get_serial_sequence('amparo.knowledge_changes', 'id'),
        coalesce((select max(id) from amparo.knowledge_changes), 0) + 1)
"""


def _tables() -> list[Table]:
    """Return the tables to export, each after the tables to which its foreign keys refer."""
    return [table for table in Base.metadata.sorted_tables if table.name not in TRANSIENT]


def _columns(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.computed is None]


async def _exported(raw: Driver, revision: str) -> dict[str, list[str]]:
    """Return the names of the columns to export, by table, that a database at ``revision`` has."""
    stored = {(row["table"], row["column"]) for row in await raw.fetch(_STORED)}
    names = {table for table, _ in stored}
    exported = {}
    for table in _tables():
        if revision in CARRIED and table.name in LATER_TABLES - names:
            continue
        later = LATER_COLUMNS.get(table.name, ()) if revision in CARRIED else ()
        exported[table.name] = [
            column
            for column in _columns(table)
            if column not in later or (table.name, column) in stored
        ]
    return exported


@asynccontextmanager
async def _connected(url: str | URL) -> AsyncIterator[Driver]:
    """Open a connection of asyncpg as the owner of the tables, within one transaction."""
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool
    )
    try:
        async with translated_errors(OSError), engine.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None  # noqa: S101 - a connection that is open has one
            async with raw.transaction(isolation="repeatable_read"):
                await raw.execute(_AS_OWNER)
                yield raw
    finally:
        await engine.dispose()


async def write_file(url: str | URL, path: Path) -> dict[str, int]:
    """Write every row of a database to a file, and return the number of rows of each table.

    Parameters
    ----------
    url : str or URL
        URL of the database, as in `geo.db.migrations.migrate`. The database must be at the newest
        revision, or at one of `geo.db.migrations.CARRIED`.
    path : Path
        File to write, replaced if it exists. Only its owner may read it (mode 0600), because it
        holds secrets and restricted records.

    Raises
    ------
    ConflictError
        The database is at another revision.
    """
    rows: dict[str, int] = {}
    async with _connected(url) as raw:
        revision = await _revision(raw)
        _make_private(path)
        exported = await _exported(raw, revision)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, columns in exported.items():
                with archive.open(f"{name}.copy", "w", force_zip64=True) as member:
                    status = await raw.copy_from_table(
                        name, schema_name=SCHEMA, columns=columns, output=member
                    )
                rows[name] = int(status.split()[-1])
            manifest = {"revision": revision, "rows": rows, "columns": exported}
            archive.writestr(MANIFEST, json.dumps(manifest))
    return rows


async def load_file(url: str | URL, path: Path) -> dict[str, int]:
    """Load a file of `write_file` into a new database; return the number of rows of each table.

    All rows are loaded in one transaction, or none.

    Raises
    ------
    ConflictError
        The database is in use already (`_IN_USE`); nothing was overwritten.
    InvalidFileError
        The file was not written by `write_file`, or is incomplete.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            async with _connected(url) as raw:
                await _require_new(raw)
                rows = await _load(raw, archive, _stated_columns(manifest))
                if rows != manifest["rows"]:
                    msg = f"{path.name}: its rows are not as many as it says"
                    raise InvalidFileError([msg])
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError) as error:
        msg = f"{path.name}: no file of `amparo database export`"
        raise InvalidFileError([msg]) from error
    return rows


def _stated_columns(manifest: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    """Return the columns of each table in a file, from its manifest.

    For a file of `LAST_WITHOUT_COLUMNS`, which names no columns, all columns are returned.

    Raises
    ------
    KeyError
        The manifest names no columns, or a table or column that does not exist.
    """
    known = {table.name: _columns(table) for table in _tables()}
    if "columns" not in manifest and manifest["revision"] == LAST_WITHOUT_COLUMNS:
        return known  # that revision has the same tables and columns as the present baseline
    columns: Mapping[str, Sequence[str]] = manifest["columns"]
    for name, stated in columns.items():
        if not {*stated} <= {*known[name]}:
            raise KeyError(name)
    return columns


async def _load(
    raw: Driver, archive: zipfile.ZipFile, columns: Mapping[str, Sequence[str]]
) -> dict[str, int]:
    rows: dict[str, int] = {}
    await raw.execute(_QUIET)
    await raw.execute(_EMPTY)
    for table in _tables():
        if table.name in LATER_TABLES and table.name not in columns:
            continue
        with archive.open(f"{table.name}.copy") as member:
            status = await raw.copy_to_table(
                table.name, schema_name=SCHEMA, columns=columns[table.name], source=member
            )
        rows[table.name] = int(status.split()[-1])
    # Check the foreign keys now: PostgreSQL cannot alter a table with pending trigger events.
    await raw.execute("set constraints all immediate")
    await raw.execute(_AWAKE)
    await raw.execute(_SEQUENCES)
    return rows


def _make_private(path: Path) -> None:
    path.unlink(missing_ok=True)
    # Fails if another user has just created a file or symbolic link of this name: the export would
    # then be written to a file that this user owns.
    path.touch(mode=0o600, exist_ok=False)


async def _revision(raw: Driver) -> str:
    await raw.execute("reset role")
    revision: str = await raw.fetchval(_REVISION)
    await raw.execute(_AS_OWNER)
    if revision not in {*CARRIED, *newest()}:
        msg = f"the database is at {revision[:64]}, whose tables this version does not know"
        raise ConflictError(msg)
    return revision


async def _require_new(raw: Driver) -> None:
    name = await raw.fetchval(_IN_USE)
    if name is not None:
        msg = f"the database has {name} already: load the file into a new home"
        raise ConflictError(msg)
