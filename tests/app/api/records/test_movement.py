"""``POST /movement``: aggregated counts only, from holders of a token, all or nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from geo import models
from geo.accounts import tokens
from geo.db.sessions import Tier
from tests.conftest import client_of, clone, opened
from tests.fixtures.clock import run_now, run_today

MONDAY = (run_now() - timedelta(days=35)).date()
MONDAY -= timedelta(days=MONDAY.weekday())

CELL = {
    "kind": "point",
    "origin": "X-BOLIVAR",
    "week": MONDAY.isoformat(),
    "direction": "in",
    "n": 143,
    "groups": 6,
    "largest_share": 0.4,
    "method": "head_count",
    "hours_covered": 60,
    "source": "academia",
    "geometry": {"type": "Point", "coordinates": [-72.45, 7.82]},
}


@pytest.fixture
def settings(loaded_clone, settings_for):
    # Counts that are sent are real rows; here they stand beside the demo's (P35).
    return settings_for(loaded_clone, allow_demo_mixed=True)


async def bearer_of(settings, holder="prueba"):
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        _, secret = await tokens.issue_token(
            session,
            scope="movement",
            holder=holder,
            expires_at=run_now() + timedelta(days=1),
        )
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
async def bearer(settings):
    return await bearer_of(settings)


@pytest.fixture
async def own_client(settings):
    async with client_of(settings) as talking:
        yield talking


@pytest.fixture(scope="module")
async def refusing(cluster, loaded_template, settings_for):
    """Give an application for what is refused, so that the next test finds no count either.

    With it a token's header, and what counts the counts of a token.
    """
    settings = settings_for(clone(cluster, loaded_template), allow_demo_mixed=True)
    header = await bearer_of(settings)
    async with client_of(settings) as talking:
        yield talking, header, lambda: stored(settings)


async def stored(settings):
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        return await session.scalar(
            select(func.count()).select_from(models.Flow).where(models.Flow.source == "academia")
        )


@pytest.mark.clock
async def test_counts_are_stored_and_published_by_the_rule(own_client, settings, bearer):
    small = {**CELL, "origin": "G3685533", "n": 19}
    response = await own_client.post("/movement", json=[CELL, small], headers=bearer)
    assert response.status_code == 201, response.text
    assert response.json() == {"stored": 2}
    assert await stored(settings) == 2


async def test_another_organisations_token_overwrites_nothing(own_client, settings, bearer):
    assert (await own_client.post("/movement", json=[CELL], headers=bearer)).status_code == 201
    another = await bearer_of(settings, "otra organización")
    changed = [{**CELL, "n": 900}, {**CELL, "origin": "G3685533"}]
    response = await own_client.post("/movement", json=changed, headers=another)
    assert response.status_code == 409, response.text
    assert response.json()["type"].endswith("foreign-count")
    assert "prueba" not in response.text, "whose it is is told to nobody"
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        kept = await session.scalar(select(models.Flow.n).where(models.Flow.source == "academia"))
        assert kept == CELL["n"]
        actors = await session.scalars(
            text("select actor from amparo.audit_entries where action = 'movement.stored'")
        )
        assert [actor.partition(":")[0] for actor in actors] == ["token"]
    assert (await own_client.post("/movement", json=[{**CELL, "n": 99}], headers=bearer)).is_success


@pytest.mark.parametrize("name", ["origin", "method", "source"])
async def test_no_words_of_anybodys_own_are_taken(refusing, name):
    client, bearer, count = refusing
    wrong = {**CELL, name: "Puente de prueba"}
    response = await client.post("/movement", json=[wrong], headers=bearer)
    assert response.status_code == 400, response.text
    assert name in response.json()["detail"]
    assert await count() == 0


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}]
)
async def test_without_a_token_nothing_is_stored(refusing, headers):
    client, _bearer, count = refusing
    response = await client.post("/movement", json=[CELL], headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert await count() == 0


@pytest.mark.parametrize(
    "personal",
    [
        {"name": "Ana"},
        {"nombre": "Ana"},
        {"document_number": "123"},
        {"phone": "+57 300"},
        {"device_id": "a"},
        {"person_id": "a"},
        {"track": [[-72, 7], [-72.1, 7]]},
        {"nationality": "VE"},
        {"timestamp": "2026-11-24T08:00:00Z"},
    ],
)
async def test_p17_anything_about_a_person_refuses_the_whole(refusing, personal):
    client, bearer, count = refusing
    response = await client.post("/movement", json=[CELL, {**CELL, **personal}], headers=bearer)
    assert response.status_code == 400, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    for value in personal.values():
        if isinstance(value, str) and len(value) > 3:
            assert value not in response.text
    assert await count() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"week": "2026-11-24"},
        {"n": -1},
        {"n": 1.5},
        {"largest_share": 2},
        {"direction": "north"},
        {"kind": "trip"},
        {"geometry": {"type": "Point", "coordinates": [-272, 7]}},
    ],
)
async def test_a_wrong_cell_refuses_the_whole(refusing, wrong):
    client, bearer, count = refusing
    response = await client.post("/movement", json=[CELL, {**CELL, **wrong}], headers=bearer)
    assert response.status_code == 400, response.text
    assert await count() == 0


@pytest.mark.clock
async def test_p18_p19_flow_cells_that_break_the_rule_appear_nowhere(
    client, settings_for, loaded_shared
):
    async with (
        opened(settings_for(loaded_shared)) as database,
        database.session(Tier.WRITER) as session,
    ):
        rows = (await session.scalars(select(models.Flow))).all()
    today = run_today()
    lawful = {
        row.id
        for row in rows
        if row.visibility == "public"
        and not row.is_margin
        and row.n >= 20
        and row.groups >= 3
        and row.largest_share <= 0.8
        and (today - (row.week + timedelta(days=6))).days > 14
    }
    assert 0 < len(lawful) < len(rows), "the demo has cells on both sides of the rule"
    features = (await client.get("/collections/flows/items?limit=1000")).json()["features"]
    assert {f["id"] for f in features} == lawful
    for feature in features:
        assert feature["properties"]["n"] % 5 == 0
        assert not {"groups", "largest_share"} & feature["properties"].keys()
    for row in rows:
        if row.id not in lawful:
            assert (await client.get(f"/collections/flows/items/{row.id}")).status_code == 404


async def test_p35_real_counts_beside_demo_rows_need_the_setting(
    loaded_clone, settings_for, bearer
):
    async with client_of(settings_for(loaded_clone)) as strict:
        response = await strict.post("/movement", json=[CELL], headers=bearer)
    assert response.status_code == 409, response.text
    assert "AMPARO_ALLOW_DEMO_MIXED" in response.text
    assert await stored(settings_for(loaded_clone)) == 0


async def test_a_revoked_token_opens_nothing(own_client, settings, bearer):
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        for token_id in (await session.scalars(select(models.AccessToken.id))).all():
            await tokens.revoke_token(session, token_id)
    response = await own_client.post("/movement", json=[CELL], headers=bearer)
    assert response.status_code == 401
