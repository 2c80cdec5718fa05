"""Emergency hides through the API (P24): at once in every answer, as if it had never existed."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from geo.accounts import tokens
from geo.audit import trail
from geo.db.sessions import Tier
from tests.conftest import opened
from tests.fixtures import preloaded
from tests.fixtures.clock import run_now
from tests.fixtures.desk import visitor
from tests.fixtures.examples import examples

SPACE = {"entity": "space", "id": "DEMO-006", "reason": "amenaza a la casa"}
ITEM = "/collections/spaces/items/DEMO-006"
AREA = {
    "type": "Polygon",
    "coordinates": [[[-72.6, 7.8], [-72.4, 7.8], [-72.4, 8.0], [-72.6, 8.0], [-72.6, 7.8]]],
}


@pytest.fixture
def settings(loaded_clone, settings_for):
    return settings_for(loaded_clone)


@pytest.fixture
async def database(settings):
    async with opened(settings) as database:
        yield database


@pytest.fixture
async def bearer(database):
    """Give what makes a token's headers for a role."""
    people = (
        "insert into amparo.people (id, email, name, role, countries, organization_id) select"
        " r, r || '@x.example', r, r, case r when 'approver' then array['CO'] else '{}' end,"
        " case r when 'editor' then (select min(id) from amparo.organizations) end"
        " from unnest(array['viewer', 'editor', 'approver', 'coordinator', 'admin']) r"
    )
    async with database.session(Tier.WRITER) as session:
        await session.execute(text(people))

    async def make(role, scope="edit"):
        async with database.session(Tier.WRITER) as session:
            _, secret = await tokens.issue_token(
                session,
                scope=scope,
                holder="x",
                expires_at=run_now() + timedelta(days=1),
                person_id=role,
            )
        return {"Authorization": f"Bearer {secret}"}

    return make


async def test_p24_hidden_and_lifted_by_an_approver(own_client, database, bearer):
    headers = await bearer("approver")
    known = await own_client.get(ITEM)
    tag = {"If-None-Match": known.headers["etag"]}
    assert (await own_client.get(ITEM, headers=tag)).status_code == 304
    made = await own_client.post("/hides", json=SPACE, headers=headers)
    assert made.status_code == 201, made.text
    for more in ({}, tag):
        assert (await own_client.get(ITEM, headers=more)).status_code == 404
    assert "no-store" in made.headers["cache-control"]
    listed = await own_client.get("/hides", headers=headers)
    (hide,) = listed.json()["hides"]
    assert (hide["id"], hide["record_id"], hide["hidden_by"]) == (
        made.json()["id"],
        "DEMO-006",
        "approver",
    )
    refused = await own_client.request(
        "DELETE", made.headers["location"], json={"reason": "falsa alarma"}, headers=headers
    )
    assert refused.status_code == 403, "P50: lifting opens"
    assert refused.json()["type"] == "urn:amparo:problem:session-needed"
    assert (await own_client.get(ITEM)).status_code == 404
    signed_in = await visitor(own_client, database, "approver")
    lifted = await signed_in.post(f"/network{made.headers['location']}/lift", reason="falsa alarma")
    assert lifted.status_code == 303, lifted.text
    assert (await own_client.get(ITEM)).content == known.content
    async with database.session(Tier.WRITER) as session:
        actions = [(e.actor, e.action) for e in await trail.newest(session, limit=3)]
        # P56: that the list of hides was read is between the two.
        assert actions == [
            ("approver", "lift.space"),
            ("approver", "staff.read"),
            ("approver", "hide.space"),
        ]
        assert (await trail.verify(session)).broken is None


async def test_p24_who_may_hide_through_the_api(own_client, bearer):
    assert (await own_client.post("/hides", json=SPACE)).status_code == 401
    partner = await bearer("approver", "partner")
    assert (await own_client.post("/hides", json=SPACE, headers=partner)).status_code == 401
    area = {"entity": "area", "geometry": AREA, "reason": "x"}
    for role, on_space, on_area in (
        ("viewer", 403, 403),
        ("editor", 403, 403),
        ("approver", 201, 403),
        ("coordinator", 201, 201),
        ("admin", 201, 201),
    ):
        headers = await bearer(role)
        for body, status in ((SPACE, on_space), (area, on_area)):
            response = await own_client.post("/hides", json=body, headers=headers)
            assert response.status_code == status, (role, body["entity"], response.text)
    assert (await own_client.get("/hides", headers=await bearer("viewer"))).status_code == 403


#: Nobody can mean these: what is sent, and with which status it is refused.
SENSELESS = (
    ({}, 400),
    ({**SPACE, "reason": ""}, 400),
    ({**SPACE, "reason": "  "}, 400),
    ({**SPACE, "reason": "x" * 501}, 400),
    ({**SPACE, "entity": "hazard"}, 400),
    ({**SPACE, "geometry": AREA}, 400),
    ({**SPACE, "id": None}, 400),
    ({**SPACE, "id": "\0"}, 400),
    ({**SPACE, "more": 1}, 400),
    ({"entity": "area", "id": "x", "reason": "x"}, 400),
    ({"entity": "area", "geometry": {"type": "Point", "coordinates": [0, 0]}, "reason": "x"},
     400),
    ({"entity": "area", "geometry": {"type": "Polygon", "coordinates": "x"}, "reason": "x"},
     400),
    ({**SPACE, "id": "DEMO-999"}, 404),
    ({"entity": "crossing", "id": "X-NUNCA", "reason": "x"}, 404),
)  # fmt: skip


async def test_a_hide_that_makes_no_sense_is_refused(own_client, bearer):
    headers = await bearer("coordinator")
    for body, status in SENSELESS:
        response = await own_client.post("/hides", json=body, headers=headers)
        assert response.status_code == status, (body, response.text)
        assert response.headers["content-type"].startswith("application/problem+json")


async def test_lifting_what_is_not_hidden_is_404(own_client, database, bearer):
    await bearer("admin")
    admin = await visitor(own_client, database, "admin")
    assert (await admin.post("/network/hides/nunca/lift", reason="x")).status_code == 404


async def test_p24_two_servers_show_nothing_once_it_is_hidden(cluster, loaded_clone, settings):
    """The benchmark in short: their tiles and caches, also while connections are cut.

    Of two trials of a kind connections are cut in the second.

    No question that is sent after the commit is answered with what is hidden, so a second is
    kept whatever the machine is doing; how long the last answers before took is measured there.
    """
    from benchmarks.hiding import PATIENCE_S, run

    url = cluster.superuser_url(loaded_clone)
    figures = await run(settings, url, trials=examples(5, 2), start=preloaded.start_server)
    assert [figure.hidden for figure in figures] == ["space", "crossing", "area"]
    for figure in figures:
        assert figure.late == 0, figure
        assert figure.worst_ms < 1e3 * PATIENCE_S, figure
