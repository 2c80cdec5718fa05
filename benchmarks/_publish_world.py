"""What `./run bench publish` publishes: 145,000 points and 350,000 lines of nine vertices.

The points are those that are shipped and drawn ones; the lines are drawn, beside the sketch's few.
Drawn points and two in five of the roads lie evenly over a country of 1,450 square degrees, about
a hundred to each; the other roads lie in one metropolitan region within one tile of zoom 6. The
pieces of a road meet end to end, as those of an import do.
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

#: As in the measured baselines (publishing.md).
POINTS: Final = 145_000
LINES: Final = 350_000

#: West, south, east, north of the country, degrees.
COUNTRY: Final = (-74.0, -35.0, -45.0, 15.0)

#: Middle of the metropolitan region and of `CITY_TILE`, longitude, latitude; and how far around
#: it roads begin, degrees (one standard deviation).
CITY: Final = (-47.81, -24.5)
CITY_SPREAD: Final = 0.55

#: Zoom, column and row.
CITY_TILE: Final = (6, 23, 36)

#: Countries of the points by turns.
COUNTRIES: Final = ("AR", "BO", "BR", "CO", "EC", "PE", "PY", "VE")
MOST_PEOPLE: Final = 1_000_000

#: Pieces of one road; a vertex each 0.001 degree (110 m).
_PIECES: Final = 20
_ROADS: Final = LINES // _PIECES
_RURAL: Final = int(0.4 * _ROADS)

#: Classes of roads by turns: one road in ten is a main one [A].
_CLASSES: Final = (
    *("primary", "secondary", "tertiary", "tertiary", "service"),
    *("residential",) * 4,
    "footway",
)

_SEED = text("select setseed(0.2026)")
_POINTS = text(
    """
    insert into amparo.places (id, name, country, population, timezone, geom, source, licence,
        visibility)
    select 'bench' || n, 'Bench ' || n, (cast(:countries as text[]))[1 + n % :country_count],
        (random() ^ 4 * :people)::int, 'America/Bogota',
        st_setsrid(st_makepoint(random() * :wide + :west, random() * :high + :south), 4326),
        'bench', 'CC0-1.0', 'public'
    from generate_series(1, :count - (select count(*)::int from amparo.places)) n
    """
)
_LINES = text(
    """
    with roads as materialized (
        select n, random() * 2 * pi() as heading,
            case when n <= :rural then random() * :wide + :west
                else random_normal() * :spread + :lon end as lon,
            case when n <= :rural then random() * :high + :south
                else random_normal() * :spread + :lat end as lat
        from generate_series(1, :roads) n
    )
    insert into amparo.road_segments (id, region, osm_way_id, name, highway, surface, foot,
        vehicle, oneway, ferry, country, length_m, geom, source, licence, visibility)
    select 'bench' || n || '-' || piece, :region, n, 'Calle ' || n,
        (cast(:classes as text[]))[1 + n % :class_count], 'asphalt',
        true, true, false, false, 'CO', 900, line, 'bench', 'ODbL-1.0', 'public'
    from roads
    cross join generate_series(0, :pieces - 1) piece
    cross join lateral (
        select st_setsrid(st_makeline(array_agg(st_makepoint(
            lon + cos(heading) * t * 0.001 - sin(heading) * aside,
            lat + sin(heading) * t * 0.001 + cos(heading) * aside) order by t)), 4326) as line
        from generate_series(8 * piece, 8 * piece + 8) t
        cross join lateral (select 0.002 * sin(t / 7.0 + n) + 0.0002 * sin(2.1 * t) as aside) bend
    ) drawn
    """
)
_COUNT = text("select count(*) from amparo.places where source = 'bench'")


async def fill(superuser_url: str, region: str) -> None:
    """Write points and lines, unless they are there.

    Parameters
    ----------
    region
        Whose the roads are: one that is imported, for a start removes the others' rows.
    """
    engine = create_async_engine(superuser_url)
    west, south, east, north = COUNTRY
    box = {"west": west, "south": south, "wide": east - west, "high": north - south}
    city = {"lon": CITY[0], "lat": CITY[1], "spread": CITY_SPREAD}
    drawn: dict[str, object] = {
        "rural": _RURAL,
        "roads": _ROADS,
        "pieces": _PIECES,
        "region": region,
    }
    drawn |= {"classes": list(_CLASSES), "class_count": len(_CLASSES)}
    async with engine.begin() as connection:
        if not await connection.scalar(_COUNT):
            people: dict[str, object] = {"people": MOST_PEOPLE, "count": POINTS}
            people |= {"countries": list(COUNTRIES), "country_count": len(COUNTRIES)}
            await connection.execute(_SEED)
            await connection.execute(_POINTS, {**box, **people})
            await connection.execute(_LINES, {**box, **city, **drawn})
    async with engine.connect() as connection:
        bare = await connection.execution_options(isolation_level="AUTOCOMMIT")
        # So that nothing of it is done, or counted, while somebody asks.
        await bare.execute(text("vacuum (freeze, analyze)"))
        await bare.execute(text("checkpoint"))
    await engine.dispose()
