"""What is drawn beneath streets: stored with its region, without what tells of a refuge."""

import shapely
from sqlalchemy import select

from geo.db.sessions import Tier
from geo.db.views import landscape as view
from geo.records.landscape import remove_region, replace_region

PLACE = shapely.Point(-72.5, 7.9)


def feature(key, name="", names=("", "", "", ""), kind="church"):
    return {
        "key": key,
        "kind": kind,
        "zoom": 13,
        "name": name,
        "names": names,
        "geometry": PLACE,
    }


async def test_p3_p38_a_name_that_tells_of_a_refuge_is_not_stored(empty_database):
    database = empty_database
    told = [
        feature("n1", "Catedral\tde San José"),
        feature("n2", "Casa del Migrante San José"),
        feature("n3", "Plaza", ("", "Shelter for victims of domestic violence", "", "")),
    ]
    async with database.session(Tier.WRITER) as session:
        assert await replace_region(session, "town", told, "s", "l") == 1
        assert await replace_region(session, "other", [feature("n1")], "s", "l") == 1
    async with database.session(Tier.PUBLIC) as session:
        rows = (await session.execute(select(view.c.id, view.c.name).order_by(view.c.id))).all()
    assert [tuple(row) for row in rows] == [
        ("other:n1", None),
        ("town:n1", "Catedral\tde San José"),
    ]
    async with database.session(Tier.WRITER) as session:
        await remove_region(session, "town")
    async with database.session(Tier.PUBLIC) as session:
        assert (await session.execute(select(view.c.id))).scalars().all() == ["other:n1"]
