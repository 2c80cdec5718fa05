"""P49: a copy that follows a collection is the collection, and forgets what is hidden."""

import asyncio
import base64
import contextlib
import importlib.util
import json
import random
from datetime import UTC, datetime, time, timedelta

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.api.collections import openapi_published
from app.api.collections.changes import read_since, write_token
from app.exceptions import InvalidParameterError
from geo.accounts import tokens
from geo.db.sessions import Tier
from geo.history.change_feed import KEPT
from tests.conftest import ROOT, client_of, opened, served
from tests.fixtures.clock import run_now, run_today
from tests.fixtures.edits import Editor
from tests.fixtures.examples import examples, is_long
from tiles.catalogue.layers import CATALOGUE
from tiles.features.changes import AS_A_WHOLE, Cursor

NAMES = [layer.name for layer in CATALOGUE]
FOLLOWED = [name for name in NAMES if name not in AS_A_WHOLE]


def load_mirror():
    spec = importlib.util.spec_from_file_location("mirror", ROOT / "docs/examples/mirror.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mirror = load_mirror()


async def partner(database):
    async with database.session(Tier.WRITER) as session:
        later = run_now() + timedelta(days=1)
        _, secret = await tokens.issue_token(
            session, scope="partner", holder="Cruz", expires_at=later
        )
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
async def database(loaded_clone, settings_for):
    """Give the tiers of the database that `own_client` asks."""
    async with opened(settings_for(loaded_clone)) as tiers:
        yield tiers


async def write(database, statement, **values):
    async with database.session(Tier.WRITER) as session:
        await session.execute(text(statement), values)


async def ask(client, name, status=200, headers=None, **asked):
    answer = await client.get(f"/collections/{name}/changes", params=asked, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


async def followed(client, name, copy=None, headers=None, limit=1000):
    """Do what the docs say, as `mirror.follow` does with a client of its own."""
    copy = dict(copy or {})
    for _ in range(1000):
        page = await ask(
            client,
            name,
            headers=headers,
            limit=limit,
            **({"since": copy["token"]} if copy else {}),
        )
        features = copy.get("features", {}) | {f["id"]: f for f in page["features"]}
        kept = {key: one for key, one in features.items() if key not in page["gone"]}
        copy = {"token": page["token"], "features": kept}
        if page["complete"]:
            return copy
    pytest.fail("the feed never ends")


def downloaded(client, collection):
    """Read the collection whole, as pages have it."""
    address, features = f"{collection}/items?limit=500", {}
    while address:
        page = client.get(address).raise_for_status().json()
        features |= {feature["id"]: feature for feature in page["features"]}
        address = next((x["href"] for x in page["links"] if x["rel"] == "next"), None)
    return features


# --- the bar --------------------------------------------------------------------------------------


class Mirrors:
    """Copies of every followed collection as two tiers see them, kept by `docs/examples`."""

    def __init__(self, address, headers):
        self.address = address
        self.clients = {
            tier: httpx.Client(headers=said, timeout=60) for tier, said in headers.items()
        }
        self.copies = {(tier, name): {} for tier in headers for name in FOLLOWED}

    def close(self):
        for client in self.clients.values():
            client.close()

    def follow(self, key):
        tier, name = key
        collection = f"{self.address}/collections/{name}"
        self.copies[key] = mirror.follow(self.clients[tier], collection, self.copies[key])

    def differing(self):
        """Name the copies that are not, to the value, what a download has."""
        found = []
        for tier, name in self.copies:
            collection = f"{self.address}/collections/{name}"
            # A second time where a minute or a hazard's end lay between the two readings.
            for _ in range(2):
                self.follow((tier, name))
                same = self.copies[tier, name]["features"] == downloaded(
                    self.clients[tier], collection
                )
                if same:
                    break
            else:
                found.append((tier, name))
        return found

    def filled(self):
        """Give the layers of which some copy holds a feature."""
        return {name for (_, name), copy in self.copies.items() if copy["features"]}


#: How many of the edits have a copy follow right after them, while the other writer goes on.
POLLS_AN_EDIT = 0.25


async def test_p49_a_mirror_is_a_full_download_after_any_edits(loaded_clone, settings_for):
    """A thousand edits with `./run test --long`, and in every run enough for each kind of them."""
    # Of two hundred at random none of the kinds that are asked for below is missing.
    rounds, edits = examples(10, 1), 100 if is_long() else 200
    settings = settings_for(loaded_clone, allow_demo_mixed=True)
    chance = random.Random(49)
    async with opened(settings) as database:
        editor = Editor(database, seed=49)
        await editor.prepare()
        headers = {Tier.PUBLIC: {}, Tier.PARTNER: await partner(database)}
        with (
            served(settings) as address,
            contextlib.closing(Mirrors(address, headers)) as mirrors,
        ):
            assert await asyncio.to_thread(mirrors.differing) == []
            filled = mirrors.filled()
            for _ in range(rounds):
                await edit_and_poll(editor, mirrors, chance, edits=edits)
                assert await asyncio.to_thread(mirrors.differing) == []
                filled |= mirrors.filled()
    assert sum(editor.made.values()) == edits * rounds
    # Everything happened, and of each layer there was something that could differ.
    assert len(editor.made) >= 30
    assert filled == {layer.name for layer in CATALOGUE} - {*AS_A_WHOLE}


async def edit_and_poll(editor, mirrors, chance, *, edits):
    """Let two writers work while the copies follow, one after the other, at random moments."""
    following = asyncio.Lock()

    async def write():
        for _ in range(edits // 2):
            await editor.edit()
            if chance.random() < POLLS_AN_EDIT:
                key = chance.choice(list(mirrors.copies))
                async with following:
                    await asyncio.to_thread(mirrors.follow, key)

    await asyncio.gather(write(), write())


# --- a copy ---------------------------------------------------------------------------------------


@pytest.mark.every(3)
@pytest.mark.parametrize("name", NAMES)
async def test_a_new_copy_is_what_pages_have(small, name):
    copy = await followed(small, name, limit=2)
    page = (await small.get(f"/collections/{name}/items?limit=1000")).json()
    assert list(copy["features"].values()) == page["features"]
    told = await ask(small, name)
    for said in ("type", "attribution", "demo", "notice"):
        assert told[said] == page[said]


@pytest.mark.every(3, first=1)
@pytest.mark.parametrize("name", NAMES)
async def test_nothing_new_is_an_empty_page_with_the_same_token(small, name):
    copy = await followed(small, name)
    page = await ask(small, name, since=copy["token"])
    assert (page["features"], page["gone"], page["complete"]) == ([], [], True)
    assert page["token"] == copy["token"]


async def test_an_unchanged_answer_costs_a_304(small):
    copy = await followed(small, "spaces")
    address = f"/collections/spaces/changes?since={copy['token']}"
    first = await small.get(address)
    assert first.headers["cache-control"] == "public, no-cache"
    again = await small.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


async def test_pages_lead_on_and_lose_nothing_that_changes_meanwhile(own_client, database):
    whole = await followed(own_client, "spaces")
    ids = sorted(whole["features"])
    page = await ask(own_client, "spaces", limit=10)
    (onward,) = [x["href"] for x in page["links"] if x["rel"] == "next"]
    assert page["token"] in onward
    copy = {"token": page["token"], "features": {f["id"]: f for f in page["features"]}}
    # One that was given already goes, one changes, and one that was not given yet goes.
    await write(database, "delete from amparo.locations where id = :id", id=ids[0])
    await write(database, "update amparo.locations set name = 'Otro' where id = :id", id=ids[1])
    await write(database, "delete from amparo.locations where id = :id", id=ids[-1])
    copy = await followed(own_client, "spaces", copy, limit=10)
    copy = await followed(own_client, "spaces", copy)
    assert sorted(copy["features"]) == ids[1:-1]
    assert copy["features"][ids[1]]["properties"]["name"] == "Otro"


GONE = {
    "hidden": "insert into amparo.hides (id, entity, record_id, reason)"
    " values ('h', 'space', :id, 'x')",
    "expired": "update amparo.locations set confirmed_on = amparo.today() - 90,"
    " expires_on = amparo.today() - 1 where id = :id",
    "deleted": "delete from amparo.locations where id = :id",
    "not public": "update amparo.locations set visibility = 'partners' where id = :id",
    "confidential": "update amparo.locations set visibility = 'restricted', confidential = true"
    " where id = :id",
}


async def test_p49_a_tombstone_tells_no_reason(own_client, database):
    copy = await followed(own_client, "spaces")
    wanted = sorted(copy["features"])[: len(GONE)]
    told = []
    for space_id, statement in zip(wanted, GONE.values(), strict=True):
        await write(database, statement, id=space_id)
        page = await ask(own_client, "spaces", since=copy["token"])
        assert page["gone"] == [space_id]
        # Others may change with it: whom it referred.
        told.append({key: type(value) for key, value in page.items()})
        copy["token"] = page["token"]
    assert all(one == told[0] for one in told)


async def test_what_comes_back_is_told_again(own_client, database):
    copy = await followed(own_client, "spaces")
    space_id = min(copy["features"])
    await write(database, GONE["hidden"], id=space_id)
    gone = await followed(own_client, "spaces", copy)
    assert space_id not in gone["features"]
    await write(database, "update amparo.hides set lifted_at = amparo.now()")
    back = await followed(own_client, "spaces", gone)
    assert back["features"] == copy["features"]


async def test_midnight_is_followed_though_nothing_was_written(own_client, loaded_clone, cluster):
    copy = await followed(own_client, "spaces")
    space_id = min(copy["features"])
    # As the day after: the view has one feature less, and no trigger has told of it.
    engine = create_async_engine(cluster.superuser_url(loaded_clone))
    async with engine.begin() as admin:
        await admin.execute(text("set session_replication_role = replica"))
        await admin.execute(text(GONE["expired"]), {"id": space_id})
    assert (await ask(own_client, "spaces", since=copy["token"]))["gone"] == []
    async with engine.begin() as admin:
        due = text("select due_at from amparo.publication_heads where layer = 'spaces'")
        tomorrow = run_today() + timedelta(days=1)
        assert (await admin.scalar(due)) == datetime.combine(tomorrow, time(), UTC)
        await admin.execute(text("update amparo.publication_heads set due_at = amparo.now()"))
    await engine.dispose()
    assert (await ask(own_client, "spaces", since=copy["token"]))["gone"] == [space_id]


async def test_what_no_stamp_tells_of_is_found_where_it_is_read(own_client, loaded_clone, cluster):
    copy = await followed(own_client, "spaces")
    space_id = min(copy["features"])
    engine = create_async_engine(cluster.superuser_url(loaded_clone))
    async with engine.begin() as admin:
        await admin.execute(text("set session_replication_role = replica"))
        renamed = text("update amparo.locations set name = 'Otro' where id = :id")
        await admin.execute(renamed, {"id": space_id})
    await engine.dispose()
    page = await ask(own_client, "spaces", limit=1)
    assert page["features"][0]["properties"]["name"] == "Otro"
    later = await followed(own_client, "spaces", copy)
    assert later["features"][space_id]["properties"]["name"] == "Otro"


async def test_a_hazard_ends_in_the_copy_by_the_clock_alone(
    own_client, database, loaded_clone, cluster
):
    ends = run_now().replace(microsecond=0) + timedelta(days=1)
    lasts = "update amparo.hazards set valid_to = :until where id = 'DEMO-H1'"
    await write(database, lasts, until=ends)
    copy = await followed(own_client, "hazards")
    assert "DEMO-H1" in copy["features"]
    # As after that moment: no trigger has told of it, and the clock has come to what was due.
    engine = create_async_engine(cluster.superuser_url(loaded_clone))
    async with engine.begin() as admin:
        await admin.execute(text("set session_replication_role = replica"))
        await admin.execute(text(lasts), {"until": run_now() - timedelta(days=1)})
        heads = "amparo.publication_heads where layer = 'hazards'"
        assert await admin.scalar(text(f"select due_at <= :ends from {heads}"), {"ends": ends})
        await admin.execute(
            text(
                "update amparo.publication_heads set due_at = amparo.now() where layer = 'hazards'"
            )
        )
    await engine.dispose()
    assert "DEMO-H1" in (await ask(own_client, "hazards", since=copy["token"]))["gone"]


@pytest.mark.every(3)
@pytest.mark.parametrize("name", sorted(AS_A_WHOLE))
async def test_what_is_imported_whole_is_downloaded_again(own_client, database, name):
    copy = await followed(own_client, name, limit=10_000)
    assert (await ask(own_client, name, since=copy["token"]))["features"] == []
    table = "road_segments" if name == "roads" else name
    first = min(copy["features"])
    await write(
        database,
        "update amparo." + table + " set name = 'Otro' where id = :id",
        id=first,
    )
    refused = await ask(own_client, name, 410, since=copy["token"])
    assert refused["type"] == "urn:amparo:problem:token-expired"
    again = await followed(own_client, name, limit=10_000)
    assert again["features"][first]["properties"]["name"] == "Otro"
    assert len(again["features"]) == len(copy["features"])


# --- what is not told -----------------------------------------------------------------------------


UNSEEN = {
    "restricted": "update amparo.locations set name = 'canario' where visibility = 'restricted'",
    "partners": "update amparo.locations set name = 'canario' where visibility = 'partners'",
    "staff's": "update amparo.locations set released = '{canario}'",
    "hidden": "update amparo.locations set name = 'canario' where id = 'DEMO-001'",
    "made and deleted": "insert into amparo.locations (id, organization_id, name, kind, geom,"
    " country, timezone, confirmed_on, expires_on)"
    " select 'canario', organization_id, 'canario', kind, geom, country, timezone, confirmed_on,"
    " expires_on from amparo.locations where id = 'DEMO-002'",
}


async def test_p39_what_the_public_does_not_see_moves_no_token(own_client, database):
    await write(database, GONE["hidden"], id="DEMO-001")
    await write(
        database,
        "update amparo.locations set visibility = 'partners' where id in ('DEMO-003', 'DEMO-004')",
    )
    copy = await followed(own_client, "spaces")
    for statement in UNSEEN.values():
        await write(database, statement)
        page = await ask(own_client, "spaces", since=copy["token"])
        assert (page["token"], page["features"], page["gone"]) == (copy["token"], [], [])
    headers = await partner(database)
    partners = await followed(own_client, "spaces", headers=headers)
    assert "canario" in json.dumps(partners)
    assert "canario" not in json.dumps(await followed(own_client, "spaces"))


async def test_p39_a_new_copy_has_no_tombstones(own_client, database):
    await followed(own_client, "spaces")
    await write(database, "delete from amparo.locations where id = 'DEMO-001'")
    for limit in (7, 1000):
        page, seen = await ask(own_client, "spaces", limit=limit), []
        while not page["complete"]:
            seen.append(page)
            page = await ask(own_client, "spaces", limit=limit, since=page["token"])
        assert all(one["gone"] == [] for one in (*seen, page))


async def test_a_partner_s_token_opens_nothing_for_the_public(own_client, database):
    headers = await partner(database)
    copy = await followed(own_client, "spaces", headers=headers)
    public = await followed(own_client, "spaces")
    assert copy["token"] != public["token"]
    refused = await ask(own_client, "spaces", 410, since=copy["token"])
    assert refused["type"] == "urn:amparo:problem:token-expired"
    await ask(own_client, "crossings", 410, since=public["token"])
    # And no cache keeps what a partner is told.
    answer = await own_client.get("/collections/spaces/changes", headers=headers)
    assert answer.headers["cache-control"] == "private, no-store"
    # A tag is for `If-Match` alone (Part 4): with a token nothing is answered by 304.
    known = {"If-None-Match": answer.headers["etag"]} | headers
    assert (await own_client.get("/collections/spaces/changes", headers=known)).status_code == 200


# --- tokens ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cursor",
    [
        Cursor(since=b"s" * 16),
        Cursor(until=b"u" * 16),
        Cursor(until=b"u" * 16, after="DEMO-ñ"),
        Cursor(since=b"\0" * 16, until=b"u" * 16, after="x" * 512),
    ],
)
def test_a_token_is_read_as_it_was_written(cursor):
    assert read_since(write_token(cursor)) == cursor


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"\0",
        b"\1",
        b"\1" + b"s" * 15,
        b"\1" + b"s" * 16 + b"after",
        b"\2" + b"s" * 15,
        b"\3" + b"s" * 31,
        b"\4" + b"s" * 16,
        b"\xff" + b"s" * 32,
        b"\2" + b"s" * 16 + b"\xff",
        b"\2" + b"s" * 16 + b"a\0b",
    ],
)
def test_what_is_no_token_is_refused(packed):
    with pytest.raises(InvalidParameterError):
        read_since(base64.urlsafe_b64encode(packed).decode().rstrip("="))


@pytest.mark.parametrize("since", ["", "ñ", "a", "====", "x" * 5000, "AA AA", "%00"])
async def test_what_is_no_token_is_a_400(small, since):
    refused = await ask(small, "spaces", 400, since=since)
    assert refused["field"] == "since"


async def test_a_token_of_no_state_is_a_410(small):
    for name in ("spaces", "roads"):
        forged = write_token(Cursor(since=b"\7" * 16))
        refused = await ask(small, name, 410, since=forged)
        assert "without `since`" in refused["what_to_do"]


def test_the_docs_say_how_long_a_token_lasts():
    assert f"older than {KEPT.days} days" in " ".join(openapi_published._COPYING.split())


async def test_no_such_collection(small):
    await ask(small, "nothing", 404)


# --- together -------------------------------------------------------------------------------------


@pytest.mark.long
async def test_many_askers_at_once_are_told_the_same(own_client, database):
    copy = await followed(own_client, "spaces")
    await write(database, "update amparo.locations set name = name || '.'")
    pages = await asyncio.gather(
        *(ask(own_client, "spaces", since=copy["token"], limit=1000) for _ in range(12))
    )
    assert len({page["token"] for page in pages}) == 1
    assert all(len(page["features"]) == len(copy["features"]) for page in pages)


async def test_two_servers_give_one_history(loaded_clone, settings_for, database):
    settings = settings_for(loaded_clone)
    async with client_of(settings) as one, client_of(settings) as other:
        copy = await followed(one, "spaces")
        await write(database, "update amparo.locations set name = name || '.'")
        pages = await asyncio.gather(
            *(ask(client, "spaces", since=copy["token"], limit=1000) for client in (one, other))
        )
        assert pages[0]["token"] == pages[1]["token"]
        assert pages[0]["features"] == pages[1]["features"]


def test_a_copy_shows_nothing_that_has_expired():
    def feature(expires_on):
        return {"properties": {"expires_on": expires_on}}

    today = run_today()
    kept = [feature(None), feature(today.isoformat())]
    old = feature((today - timedelta(days=1)).isoformat())
    copy = {"features": dict(enumerate([*kept, old]))}
    assert mirror.usable(copy, today) == kept
