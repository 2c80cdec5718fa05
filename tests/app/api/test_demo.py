"""P35: demo is never real, and it can leave."""

import pytest

from app import setup
from geo.db.sessions import Tier
from geo.errors import MixedDataError
from geo.records import demo_rows
from tests.conftest import client_of, opened


async def test_p35_every_feature_and_collection_says_demo(client):
    for layer in ("spaces", "hazards", "flows", "crossings"):
        body = (await client.get(f"/collections/{layer}/items?limit=1000")).json()
        assert body["demo"] is True
        assert "DEMO" in body["notice"]
        assert body["features"]
        if layer != "crossings":
            for feature in body["features"]:
                assert feature["properties"]["demo"] is True
    for path in ("/health", "/?f=json"):
        assert (await client.get(path)).json()["demo"] is True
    assert "DEMO" in (await client.get("/?f=html")).text


async def test_p35_p43_demo_spaces_say_all_a_page_shows_and_ring_nobody(client):
    said_by_kind = {}
    for feature in (await client.get("/collections/spaces/items?limit=1000")).json()["features"]:
        said = feature["properties"]
        # No country's code begins with 0 (ITU-T E.164).
        assert all(phone["number"].startswith("+000 ") for phone in said["phones"]), said["id"]
        wanted = ("amenities", "landmark", "phones", "data_shared")
        if all(said[name] for name in wanted) and said["documents_required"] is not None:
            assert "ficticio" in said["landmark"]
            assert "ficticio" in said["data_shared"]
            said_by_kind.setdefault(said["kind"], []).append(said)
    assert len(said_by_kind) == 10
    shelters = said_by_kind["temporary_shelter"]
    assert all(said["maximum_nights"] and said["step_free"] is not None for said in shelters)


async def test_p35_demo_dates_never_read_as_confirmed(client):
    for feature in (await client.get("/collections/spaces/items?limit=1000")).json()["features"]:
        assert feature["properties"]["confirmed_on"] is None
        assert "assured_on" not in feature["properties"]
    html = (await client.get("/?f=html")).text
    # The words for it are among the texts that scripts are given; no space is said to be.
    shown = html.partition('<script type="application/json"')[0]
    assert "Confirmado hace" not in shown
    assert "DEMO: fecha ficticia" in html


async def test_p35_demo_is_not_served_beyond_this_machine(loaded_shared, settings_for):
    for host in ("127.0.0.1", "::1", "localhost"):
        await setup.require_demo_stays_local(settings_for(loaded_shared, host=host))
    for host in ("0.0.0.0", "192.168.1.5", "amparo.example.org"):
        with pytest.raises(MixedDataError, match="AMPARO_ALLOW_DEMO_PUBLIC"):
            await setup.require_demo_stays_local(settings_for(loaded_shared, host=host))
    allowed = settings_for(loaded_shared, host="0.0.0.0", allow_demo_public=True)
    await setup.require_demo_stays_local(allowed)


async def test_p35_demo_loaded_while_serving_is_not_served_beyond_this_machine(
    loaded_clone, settings_for
):
    settings = settings_for(loaded_clone, host="0.0.0.0")
    async with client_of(settings) as public:
        for path in ("/health", "/?f=html", "/collections/spaces/items", "/tiles/spaces/4/4/7"):
            refused = await public.get(path)
            assert refused.status_code == 503, path
            assert refused.json()["type"] == "urn:amparo:problem:demo-not-public"
            assert "demo remove" in refused.json()["what_to_do"]
        async with opened(settings) as database, database.session(Tier.WRITER) as session:
            await demo_rows.remove_demo(session)
        assert (await public.get("/collections/spaces/items")).status_code == 200
        await setup.load_paths(settings, [setup.DATA / "spaces"], lambda line: None)
        assert (await public.get("/collections/spaces/items")).status_code == 503
    async with client_of(settings_for(loaded_clone, host="0.0.0.0", allow_demo_public=True)) as ok:
        assert (await ok.get("/collections/spaces/items")).status_code == 200


async def test_p35_demo_remove_takes_everything_and_it_stays_away(
    own_client, loaded_clone, settings_for
):
    settings = settings_for(loaded_clone)
    async with opened(settings) as database, database.session(Tier.WRITER) as session:
        removed = await demo_rows.remove_demo(session)
    assert removed["locations"] == 70
    for layer in ("spaces", "hazards", "flows"):
        body = (await own_client.get(f"/collections/{layer}/items")).json()
        assert body["features"] == []
        assert not body.get("demo")
    crossings = (await own_client.get("/collections/crossings/items?limit=100")).json()["features"]
    # Official crossings are real places; what was assumed of them is not known any more.
    assert len(crossings) == 37
    assert {c["properties"]["state"] for c in crossings} == {"not_known"}
    lines = []
    await setup.prepare_data(settings, lines.append)
    assert (await own_client.get("/collections/spaces/items")).json()["features"] == []
    await setup.require_demo_stays_local(settings_for(loaded_clone, host="0.0.0.0"))
    # `amparo load` without arguments asks for nothing by name.
    await setup.load_paths(settings, [], lines.append)
    assert (await own_client.get("/collections/spaces/items")).json()["features"] == []


async def test_loading_again_changes_nothing(loaded_clone, settings_for):
    lines = []
    await setup.prepare_data(settings_for(loaded_clone), lines.append)
    assert len(lines) == 1
    assert lines[0].endswith(" files unchanged")
