"""P8, P5: distances from many points tell nothing of a hidden or a blurred space.

Whoever asks from a grid of points gets a distance from each, and three of them make a position.
So no length may depend on where a hidden space is, and those to a blurred one lead to the point of
the grid that is published, wherever in its cell the space lies.
"""

import math
from contextlib import AsyncExitStack
from typing import Any

import numpy as np
import pytest

from routing.geometry.geodesy import great_circle_m, local_xy
from tests.conftest import client_of, clone, partner_header
from tests.fixtures.around import CUCUTA, MORNING, put, space
from tests.fixtures.examples import is_long

#: What a partner sees of a partners-only position (alembic, tiers): a grid of so many degrees.
GRID = 0.05

#: A place of the grid and one in its cell, both in Cúcuta.
CELL = (-72.50, 7.90)
TRUE = (-72.5170, 7.8880)
MOVED = (-72.4850, 7.9190)

PUBLIC = (
    space("open", -72.511, 7.896),
    space("other", -72.6539, 7.3757),
)


def around(centre: tuple[float, float], *, side: int = 3, step: float = 0.01) -> list[tuple]:
    """Give points of a square grid around a point."""
    offsets = [(i - side // 2) * step for i in range(side)]
    return [(round(centre[0] + x, 3), round(centre[1] + y, 3)) for x in offsets for y in offsets]


class Asker:
    """Somebody who asks one application, with a partner's token or with none."""

    def __init__(self, client: Any, headers: dict[str, str]) -> None:
        self.client, self.headers = client, headers
        self.areas: list[bytes] = []

    async def get(self, path: str) -> Any:
        """Read something."""
        return await self.client.get(path, headers=self.headers)

    async def post(self, path: str, body: Any) -> Any:
        """Ask with a body."""
        return await self.client.post(path, json=body, headers=self.headers)


async def lengths(asker: Asker, points: list[tuple], wanted: str) -> list[tuple[float, ...]]:
    """Give (lon, lat, metres) of one space, from `nearest`, from every point that names it."""
    found = []
    for lon, lat in points:
        body = (await asker.get(f"/spaces/nearest?lon={lon}&lat={lat}&limit=100")).json()
        found += [
            (lon, lat, feature["properties"]["distance_m"])
            for feature in body["features"]
            if feature["id"] == wanted
        ]
    return found


def trilaterated(measured: list[tuple[float, ...]]) -> tuple[float, float]:
    """Find the position that fits lengths best, by Gauss-Newton from their middle."""
    lon, lat, metres = np.array(measured).T
    place = np.array([lon.mean(), lat.mean()])
    for _ in range(50):
        east, north = local_xy(lon, lat, *place)
        straight = np.maximum(np.hypot(east, north), 1e-6)
        slope = -np.column_stack((east, north)) / straight[:, None]
        step, *_ = np.linalg.lstsq(slope, metres - straight, rcond=None)
        scale = 111_194.9
        place += [step[0] / (scale * math.cos(math.radians(place[1]))), step[1] / scale]
    return float(place[0]), float(place[1])


def apart_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(great_circle_m(*one, *other))


async def everything(asker: Asker) -> list[bytes]:
    """Ask what gives a length, from many points; give the bytes of the answers."""
    answers = []
    for lon, lat in around(TRUE, side=2):
        at = f"lon={lon}&lat={lat}"
        answers += [
            (await asker.get(f"/spaces/nearest?{at}&limit=100")).content,
            (await asker.get(f"/spaces/match?{at}&service=food&limit=20")).content,
            (await asker.get(f"/spaces/match?{at}&service=health&limit=20")).content,
        ]
    for end in around((-72.65, 7.38), side=1):
        body = {"start": CUCUTA, "end": end, "at": MORNING.isoformat()}
        answers.append((await asker.post("/routes", body)).content)
        answers.append((await asker.post("/coverage", body)).content)
    return answers + await areas(asker)


async def areas(asker: Asker) -> list[bytes]:
    """Ask once for areas around spaces and between places; give the bytes of the answers."""
    if asker.areas:
        return asker.areas
    answers = asker.areas
    for services in ([], ["health"], *([["food", "overnight"]] if is_long() else [])):
        spaces = {"bbox": [-72.7, 7.3, -72.3, 8.1], "services": services}
        body = {"spaces": spaces, "range": [900, 3600], "at": MORNING.isoformat()}
        answers.append((await asker.post("/v2/isochrones/foot-walking", body)).content)
    body = {"locations": [CUCUTA, TRUE], "range": [3600], "at": MORNING.isoformat()}
    answers.append((await asker.post("/v2/isochrones/foot-walking", body)).content)
    del body["range"]
    answers.append((await asker.post("/v2/matrix/foot-walking", body)).content)
    return answers


def secret_space(position: tuple[float, float], visibility: str) -> dict[str, Any]:
    confidential = visibility == "restricted"
    return space(
        "secret",
        *position,
        visibility=visibility,
        confidential=confidential,
        services=("food", "overnight", "health"),
    )


#: What the applications have besides the public spaces.
SECRETS = {
    "nothing": (),
    "restricted": (secret_space(TRUE, "restricted"),),
    "partners": (secret_space(TRUE, "partners"),),
    "moved": (secret_space(MOVED, "partners"),),
}


@pytest.fixture(scope="module")
async def over(cluster, loaded_template, settings_for):
    """Give the public and a partner over a database of each of `SECRETS`; nobody writes there."""
    public, partner = {}, {}
    async with AsyncExitStack() as stack:
        for name, others in SECRETS.items():
            settings = settings_for(clone(cluster, loaded_template))
            await put(settings, *PUBLIC, *others, replace=True)
            header = await partner_header(settings)
            client = await stack.enter_async_context(
                client_of(settings, is_written_elsewhere=False, clock=lambda: MORNING)
            )
            public[name], partner[name] = Asker(client, {}), Asker(client, header)
        yield public, partner


def test_the_attack_works_on_what_is_published():
    measured = [(*p, float(round(apart_m(p, TRUE)))) for p in around(CELL)]
    assert apart_m(trilaterated(measured), TRUE) < 2


async def test_the_attack_finds_a_public_space(over):
    public, _ = over
    measured = await lengths(public["nothing"], around(TRUE), "open")
    assert len(measured) == 9
    assert apart_m(trilaterated(measured), (-72.511, 7.896)) < 20


async def test_p8_for_the_public_no_length_depends_on_a_space_it_may_not_see(over):
    public, _ = over
    answers = []
    for name in ("nothing", "restricted", "partners"):
        answers.append(await everything(public[name]))
        assert await lengths(public[name], around(TRUE, side=2), "secret") == []
    assert answers[0] == answers[1] == answers[2]


async def test_p8_areas_are_around_the_spaces_of_the_public_whoever_asks(over):
    _, partner = over
    answers = [await areas(partner[name]) for name in ("nothing", "partners")]
    assert b'"features":[{' in answers[0][0]
    assert answers[0] == answers[1]


async def test_p5_for_a_partner_every_length_leads_to_the_point_of_the_grid(over):
    _, partner = over
    assert all(abs(v - round(v / GRID) * GRID) < 1e-9 for v in CELL)
    answers = []
    for name, position in (("partners", TRUE), ("moved", MOVED)):
        measured = await lengths(partner[name], around(CELL), "secret")
        assert len(measured) == 9
        estimate = trilaterated(measured)
        assert apart_m(estimate, CELL) < 20
        assert apart_m(estimate, position) > 1_500
        answers.append(await everything(partner[name]))
    # Wherever in its cell it lies: the same bytes, so no length holds anything of its position.
    assert b"secret" in b"".join(answers[0])
    assert answers[0] == answers[1]


async def test_p8_a_partner_gets_nothing_of_a_restricted_space(over):
    _, partner = over
    answers = [await everything(partner[name]) for name in ("nothing", "restricted")]
    assert answers[0] == answers[1]
