"""A page of changes gives what the ledger holds to the byte, or stops before what differs."""

import pytest
from sqlalchemy import text

from geo.db.sessions import Tier
from geo.errors import CopyTooOldError
from geo.history import change_feed
from tiles.catalogue.layers import PLACES, SPACES
from tiles.features.changes import Changes, Cursor, read_changes, source

HIDE = "insert into amparo.hides (id, entity, record_id, reason) values ('h', 'space', :id, 'x')"
LIFT = "update amparo.hides set lifted_at = amparo.now() where record_id = :id"
RENAME = "update amparo.locations set name = 'Otro' where id = :id"


async def write(database, statement, **values):
    async with database.session(Tier.WRITER) as session:
        await session.execute(text(statement), values)


async def refresh(database, layer=SPACES):
    async with database.session(Tier.WRITER) as session:
        await change_feed.refresh(session, Tier.PUBLIC, source(layer.name))


async def read(database, cursor=None, limit=1000, layer=SPACES) -> Changes:
    async with database.session(Tier.PUBLIC) as session:
        await change_feed.hold_still(session)
        return await read_changes(session, layer, cursor or Cursor(), limit)


@pytest.fixture
async def ids(loaded_database):
    """Give the public spaces, whose ledger is up to date."""
    await refresh(loaded_database)
    async with loaded_database.session(Tier.PUBLIC) as session:
        return list(await session.scalars(text("select id from spaces order by id")))


@pytest.mark.parametrize("statement", [RENAME, HIDE, "delete from amparo.locations where id = :id"])
async def test_a_page_stops_before_what_the_ledger_does_not_know(loaded_database, ids, statement):
    await write(loaded_database, statement, id=ids[3])
    cut = await read(loaded_database)
    assert len(cut.features) == 3
    assert (cut.gone, cut.is_behind, cut.is_complete) == ([], True, False)
    assert cut.cursor.after == ids[2]
    await refresh(loaded_database)
    rest = await read(loaded_database, cut.cursor)
    assert rest.is_complete
    assert len(rest.features) == len(ids) - 3 - (statement != RENAME)
    if statement == RENAME:
        assert '"name": "Otro"' in rest.features[0]
    # What changed after the first page's state is told once more, and a tombstone too.
    again = await read(loaded_database, rest.cursor)
    assert [*again.gone] == ([] if statement == RENAME else [ids[3]])
    assert len(again.features) == (statement == RENAME)


async def test_what_comes_and_goes_between_two_looks_is_never_given(loaded_database, ids):
    """Else no tombstone would ever come for it: the ledger never knew of it."""
    await write(loaded_database, HIDE, id=ids[0])
    await refresh(loaded_database)
    whole = await read(loaded_database)
    assert len(whole.features) == len(ids) - 1
    await write(loaded_database, LIFT, id=ids[0])
    fresh, onward = await read(loaded_database), await read(loaded_database, whole.cursor)
    assert len(fresh.features) == len(ids) - 1
    assert (onward.features, onward.gone) == ((), ())
    await write(loaded_database, RENAME, id=ids[1])
    await refresh(loaded_database)
    # The ledger has it now; hidden again, it is neither given nor called gone before it is known.
    await write(loaded_database, HIDE.replace("'h'", "'h2'"), id=ids[0])
    cut = await read(loaded_database, whole.cursor)
    assert (cut.features, cut.gone, cut.is_behind) == ([], [], True)
    assert cut.cursor.after == ""
    assert cut.cursor.since == whole.cursor.since
    await refresh(loaded_database)
    told = await read(loaded_database, cut.cursor)
    assert told.gone == [ids[0]]
    assert len(told.features) == 1


async def test_a_reading_ends_at_the_state_it_began_with(loaded_database, ids):
    first = await read(loaded_database, limit=5)
    await write(loaded_database, RENAME, id=ids[0])
    await refresh(loaded_database)
    page = first
    while not page.is_complete:
        assert page.cursor.until == first.cursor.until
        page = await read(loaded_database, page.cursor, limit=5)
    assert page.cursor == Cursor(since=first.cursor.until)
    assert '"Otro"' in (await read(loaded_database, page.cursor)).features[0]


async def test_a_layer_that_is_replaced_in_the_middle_is_begun_again(loaded_database):
    await refresh(loaded_database, PLACES)
    first = await read(loaded_database, limit=5, layer=PLACES)
    second = await read(loaded_database, first.cursor, limit=5, layer=PLACES)
    assert len({*first.features, *second.features}) == 10
    await write(loaded_database, "update amparo.places set name = 'Otro' where country = 'CO'")
    async with loaded_database.session(Tier.WRITER) as session:
        await change_feed.refresh(session, Tier.PUBLIC, source(PLACES.name), is_forced=True)
    with pytest.raises(CopyTooOldError):
        await read(loaded_database, second.cursor, layer=PLACES)
