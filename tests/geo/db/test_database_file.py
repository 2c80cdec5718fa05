"""A home of before the baseline is told what to do, and doing that carries over every row."""

import functools
import json
import shutil
import zipfile

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from typer.testing import CliRunner

from app import cli
from app.cli.terminal import EXIT_FAILED, EXIT_OTHER_VERSION
from geo.db.database_file import LATER_COLUMNS, LATER_TABLES
from geo.db.migrations import CARRIED
from geo.db.sessions import Tier
from geo.oversight import row_digests
from tests.conftest import clone, in_thread, opened
from tests.fixtures.examples import is_long

NOT_OURS = "0031_from_elsewhere"
FIRST, LAST = min(CARRIED - {"0026_audited_rows"}), "0009_views"

#: What a home at the first revision that a file carries over does not have yet.
BACK_TO_FIRST = [
    *(f"drop table amparo.{table} cascade" for table in sorted(LATER_TABLES)),
    *(
        f"alter table amparo.{table} drop {column} cascade"
        for table, columns in LATER_COLUMNS.items()
        if table not in LATER_TABLES
        for column in columns
    ),
]
#: Tables, each with its columns, by which two databases are compared.
SHAPES = """
select c.relname, string_agg(quote_ident(a.attname), ', ' order by a.attname) from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'amparo'::regnamespace and c.relkind = 'r' and c.relpersistence = 'p'
group by c.relname
"""


async def query(url, *statements):
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for statement in statements:
            found = await connection.execute(text(statement))
    await engine.dispose()
    return found.all() if found.returns_rows else []


async def all_rows(url, shapes=None):
    """Return every row of every lasting table, as text: its own columns, or those of `shapes`."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = {}
        for name, columns in shapes or (await connection.execute(text(SHAPES))).all():
            rows = await connection.execute(text(f"select row({columns})::text from amparo.{name}"))
            found[name] = sorted(rows.scalars())
    await engine.dispose()
    return found


def command(folder, url, *arguments):
    """Run `amparo ARGUMENTS` on a database, with a folder as home."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AMPARO_HOME", str(folder))
        patched.setenv("AMPARO_DATABASE_URL", url)
        return CliRunner().invoke(cli.app, [*map(str, arguments)])


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory, cluster, loaded_template):
    """Give a home with a person in it, and its database, of which a few towns are as good as all.

    Each test copies both.
    """
    folder, name = tmp_path_factory.mktemp("lived_in") / "home", clone(cluster, loaded_template)
    url = cluster.superuser_url(name)
    in_thread(query(url, "delete from amparo.places where population < 200000"))
    ana = ("ana@example.org", "--name", "Ana", "--role", "coordinator")
    added = command(folder, url, "person", "add", *ana)
    assert added.exit_code == 0, added.output
    return folder, name


@pytest.fixture(scope="module")
def exported(tmp_path_factory, cluster, lived_in):
    """Give the file of a home at the last revision of before the baseline."""
    folder, name = lived_in
    own, url = tmp_path_factory.mktemp("exported"), cluster.superuser_url(clone(cluster, name))
    shutil.copytree(folder, own / "home")
    in_thread(query(url, f"update public.alembic_version set version_num = '{LAST}'"))
    written = command(own / "home", url, "database", "export", own / "amparo.zip")
    assert written.exit_code == 0, written.output
    return own / "amparo.zip"


@pytest.fixture
def run(tmp_path, lived_in):
    """Give a function that runs `amparo ARGUMENTS` on a database."""
    folder, _ = lived_in
    shutil.copytree(folder, tmp_path / "home")
    return functools.partial(command, tmp_path / "home")


@pytest.fixture
def revision():
    return LAST


@pytest.fixture
def former(cluster, lived_in, revision):
    """Give the address of a home at a revision of before the baseline, with a person in it.

    The version that made it is no longer here to make one, so it is made of one of today: at the
    last revision the tables are the same; what the first one did not have is taken away.
    """
    _, name = lived_in
    url = cluster.superuser_url(clone(cluster, name))
    at_it = f"update public.alembic_version set version_num = '{revision}'"
    in_thread(query(url, *(BACK_TO_FIRST if revision == FIRST else []), at_it))
    return url


def test_a_home_of_before_the_baseline_is_told_once_and_clearly(run, former):
    revisions = sorted(CARRIED) if is_long() else [FIRST, max(CARRIED)]
    commands = [["migrate"]] * (len(revisions) - 1) + [["serve", "--port", "65000"], ["prepare"]]
    for revision, command in zip([*revisions, LAST], commands, strict=True):
        in_thread(query(former, f"update public.alembic_version set version_num = '{revision}'"))
        done = run(former, *command)
        assert done.exit_code == EXIT_OTHER_VERSION
        assert done.stderr.count("\n") == 1
        for words in (revision, "amparo database export", "amparo database load"):
            assert words in done.stderr
        assert in_thread(query(former, "select version_num from alembic_version")) == [(revision,)]


def test_a_home_of_elsewhere_is_told_what_leaves_it_and_what_does_not(run, former, tmp_path):
    in_thread(query(former, f"update public.alembic_version set version_num = '{NOT_OURS}'"))
    done = run(former, "migrate")
    assert done.exit_code == EXIT_OTHER_VERSION
    for word in (NOT_OURS, "amparo export hsds", "amparo spaces import", "accounts", "audit"):
        assert word in done.stderr
    refused = run(former, "database", "export", tmp_path / "x.zip")
    assert refused.exit_code == EXIT_FAILED
    assert not (tmp_path / "x.zip").exists()


@pytest.mark.every(2)
@pytest.mark.parametrize("revision", [FIRST, LAST])
def test_what_the_message_says_carries_every_row_over(run, former, cluster, tmp_path, settings_for):
    file = tmp_path / "amparo.zip"
    new = clone(cluster, "template1")
    written = run(former, "database", "export", file)
    assert written.exit_code == 0, written.output
    assert file.stat().st_mode & 0o077 == 0
    loaded = run(cluster.superuser_url(new), "database", "load", file)
    assert loaded.exit_code == 0, loaded.output

    before = in_thread(all_rows(former))
    shapes = in_thread(query(former, SHAPES))
    after = in_thread(all_rows(cluster.superuser_url(new), shapes))
    assert {"people", "audit_entries", "boundaries", "messages"} < before.keys() == after.keys()
    for name in before:
        assert before[name] == after[name], name
    assert len(after["people"]) == 1
    assert len(after["audit_entries"]) >= 2
    # It goes on from there: the new home's own key is known from the next start on.
    again = run(cluster.superuser_url(new), "migrate")
    assert again.exit_code == 0, again.output

    async def work():
        async with opened(settings_for(new)) as database:
            async with database.session(Tier.WRITER) as session:
                await session.execute(
                    text("update amparo.locations set notice = 'x' where id = 'DEMO-006'")
                )
            async with database.session(Tier.WRITER) as session:
                return await row_digests.verify(session)

    found = in_thread(work())
    assert found.faults == []


@pytest.mark.long
def test_a_copy_of_before_files_named_columns_is_loaded(run, exported, cluster, tmp_path):
    older = tmp_path / "older.zip"
    with zipfile.ZipFile(exported) as whole, zipfile.ZipFile(older, "w") as made:
        for name in whole.namelist():
            content = whole.read(name)
            if name == "amparo.json":
                manifest = json.loads(content)
                del manifest["columns"]
                content = json.dumps(manifest).encode()
            made.writestr(name, content)
    loaded = run(cluster.superuser_url(clone(cluster, "template1")), "database", "load", older)
    assert loaded.exit_code == 0, loaded.output


def test_a_home_in_use_is_not_loaded_over(run, exported, cluster, lived_in):
    _, name = lived_in
    other = cluster.superuser_url(clone(cluster, name))
    # A start makes the machine's key known, whatever comes then.
    assert run(other, "migrate").exit_code == 0
    before = in_thread(all_rows(other))
    refused = run(other, "database", "load", exported)
    assert refused.exit_code == EXIT_FAILED
    assert "new home" in refused.stderr
    assert in_thread(all_rows(other)) == before


@pytest.mark.parametrize("fault", ["no archive", "no manifest", "a row less"])
def test_a_damaged_file_loads_nothing(run, exported, cluster, tmp_path, fault, empty_template):
    broken = tmp_path / "broken.zip"
    if fault == "no archive":
        broken.write_bytes(b"PK")
    else:
        with zipfile.ZipFile(exported) as whole, zipfile.ZipFile(broken, "w") as made:
            for name in whole.namelist():
                content = whole.read(name)
                if name == "amparo.json":
                    if fault == "no manifest":
                        continue
                    manifest = json.loads(content)
                    manifest["rows"]["places"] += 1
                    content = json.dumps(manifest).encode()
                made.writestr(name, content)
    new = cluster.superuser_url(clone(cluster, empty_template))
    refused = run(new, "database", "load", broken)
    assert refused.exit_code == EXIT_FAILED
    assert "broken.zip" in refused.stderr
    assert in_thread(query(new, "select count(*) from amparo.locations")) == [(0,)]
    assert in_thread(
        query(new, "select count(*) from pg_trigger where not tgisinternal and tgenabled <> 'O'")
    ) == [(0,)]


def test_an_export_that_fails_leaves_no_secrets_behind(run, former, tmp_path):
    in_thread(query(former, "alter table amparo.terms rename to elsewhere"))
    folder = tmp_path / "common"
    folder.mkdir()
    assert run(former, "database", "export", folder / "amparo.zip").exit_code != 0
    assert list(folder.iterdir()) == []
