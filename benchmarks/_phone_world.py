"""What the phone opens: a server with the demonstration's data, or with thousands of its spaces."""

import asyncio
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app import setup
from app.settings import Settings
from benchmarks._processes import opened, own_home
from geo.db.sessions import Tier
from tiles.features import basemap

_SHIPPED: Final = Path(__file__).resolve().parents[1] / "data" / "spaces" / "demo_spaces.geojson"

#: Any fixed number: the spaces lie at the same places in every run.
_SEED: Final = 20_261_126

#: Degrees around a town of the demonstration within which its copies lie.
_REACH: Final = 0.4


@contextmanager
def world() -> Iterator[Settings]:
    """Give a home with the demonstration's data and a basemap."""
    with own_home(rate_per_minute=0) as settings:
        setup.start_database(settings)
        asyncio.run(setup.prepare_data(settings, lambda _: None))
        asyncio.run(_bake(settings))
        yield settings


async def _bake(settings: Settings) -> None:
    async with opened(settings) as database, database.session(Tier.PUBLIC) as session:
        basemap.write_archive(await basemap.bake(session), settings.basemap_path)


def add_spaces(settings: Settings, count: int) -> None:
    """Copy the demonstration's spaces, each some way off, until there are so many."""
    shipped = json.loads(_SHIPPED.read_text("utf-8"))
    rng = random.Random(_SEED)  # noqa: S311 -- places, no secrets
    features = shipped["features"]
    copies = []
    for number in range(count - len(features)):
        one = features[number % len(features)]
        lon, lat = (x + rng.uniform(-_REACH, _REACH) for x in one["geometry"]["coordinates"])
        name = f"DEMO-B{number:05}"
        copies.append(
            one
            | {"id": name, "geometry": {"type": "Point", "coordinates": [lon, lat]}}
            | {"properties": one["properties"] | {"id": name}}
        )
    path = settings.home / "many_demo_spaces.geojson"
    path.write_text(json.dumps(shipped | {"features": copies}), encoding="utf-8")
    asyncio.run(setup.load_paths(settings, [path], lambda _: None))
    asyncio.run(_analyze(settings))


async def _analyze(settings: Settings) -> None:
    # PostgreSQL does so by itself within a minute (autovacuum_naptime).
    assert settings.database_url is not None  # noqa: S101 -- an own home has a cluster
    engine = create_async_engine(settings.database_url.get_secret_value())
    async with engine.begin() as connection:
        await connection.execute(text("analyze"))
    await engine.dispose()
