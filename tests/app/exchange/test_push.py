"""P49: a dataset elsewhere links here; only released counts are uploaded, and by their type."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import insert, text
from typer.testing import CliRunner

from app import cli
from app.exchange.ckan import CkanSite
from app.exchange.dataset import COUNTS, LINKS
from app.exchange.declarations import read_ckan
from app.exchange.errors import ExchangeError, TooMuchAccessError
from app.exchange.json_client import client_of
from app.exchange.pushing import push
from app.exchange.released import ReleasedCounts
from geo import models
from geo.db.sessions import Tier
from geo.geography.released_counts import ReleasedCount
from tests.fixtures.ckan_server import ORGANIZATION, TOKEN, ckan_server
from tests.fixtures.network import NOW, fill_network

TODAY = date(2026, 11, 30)
BASE = "http://127.0.0.1:8000"
STATED = f"""
token_file = "hdx.token"
organization = "{ORGANIZATION}"
dataset = "support-spaces-on-the-way"
title = "Support spaces on the way"
notes = "Where people find help."
dataset_source = "Cruz Verde"
license_id = "cc-by"
methodology = "Registry"
caveats = "Ask again each day: spaces close."
data_update_frequency = "0"
maintainer = "cruz-verde"
groups = ["col", "ven"]
tags = ["facilities-infrastructure"]
"""
COUNT = ReleasedCount("Pamplona", -72.65, 7.38, date(2026, 11, 9), 85)


@pytest.fixture
def site():
    with ckan_server() as (address, ckan):
        yield address, ckan


def declared(home, address, more=""):
    folder = home / "exchange" / "ckan"
    folder.mkdir(parents=True, exist_ok=True)
    token = folder / "hdx.token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    (folder / "hdx.toml").write_text(f'server = "{address}"\n{STATED}{more}')
    return read_ckan(home, "hdx")


@pytest.fixture
async def network(empty_database):
    async with empty_database.session(Tier.WRITER) as session:
        await fill_network(session)
        # Old enough to be released, and one week too new: only the first is public.
        for id_, weeks, n in (("old", 6, 83), ("new", 0, 400)):
            week = (NOW - timedelta(days=NOW.weekday(), weeks=weeks)).date()
            await session.execute(
                insert(models.Flow).values(
                    id=id_,
                    kind="point",
                    origin="Pamplona",
                    week=week,
                    direction="in",
                    method="count",
                    n=n,
                    groups=9,
                    largest_share=0.2,
                    geom="SRID=4326;POINT(-72.65 7.38)",
                    visibility="public",
                )
            )
    return empty_database


async def test_a_round_trip_links_here_and_uploads_released_counts_alone(network, site, tmp_path):
    address, ckan = site
    source = declared(tmp_path, address, "upload_counts = true\n")
    dry = await push(network, source, BASE, TODAY, dry_run=True)
    assert (dry.is_new, ckan.datasets) == (True, {})
    assert (await push(network, source, BASE, TODAY)).is_new
    dataset = ckan.datasets["support-spaces-on-the-way"]
    dataset["resources"].append(
        {"id": "theirs", "name": "Manual", "url": "https://x.example.org", "format": "PDF",
         "description": "x", "resource_type": "api", "url_type": "api"}
    )  # fmt: skip
    # Somebody else's have one name, and one that a link has, too.
    first = dict(dataset["resources"][0])
    dataset["resources"] += [
        {**dataset["resources"][-1], "id": "theirs-too"},
        {**first, "id": "theirs-as-ours", "url": "https://x.example.org/ours"},
    ]
    dataset["subnational"] = "1"
    again = await push(network, source, f"{BASE}/", date(2027, 1, 1))
    dataset = ckan.datasets["support-spaces-on-the-way"]
    names = [one["name"] for one in dataset["resources"]]
    others = [COUNTS, "Manual", "Manual", first["name"]]
    assert sorted(names) == sorted([*(link[0] for link in LINKS), *others])
    assert first["id"] in [one["id"] for one in dataset["resources"] if one["url"] == first["url"]]
    assert again.links == tuple(f"{BASE}{link[1]}" for link in LINKS)
    assert dataset["subnational"] == "1"
    assert dataset["dataset_date"] == "[2026-11-30T00:00:00 TO *]"
    # P49: of the spaces nothing is there, and of the people what is released alone.
    assert list(ckan.files) == ["r-up"]
    uploaded = ckan.files["r-up"].decode("utf-8-sig").splitlines()
    assert uploaded[0] == "week,place,lon,lat,people"
    assert [line.split(",")[1::3] for line in uploaded[2:]] == [["Pamplona", "85"]]
    assert "Casa de prueba" not in str(ckan.datasets)
    # Without ours, who has our name elsewhere is left alone.
    (ours,) = (one for one in dataset["resources"] if one["url"] == first["url"])
    dataset["resources"].remove(ours)
    await push(network, source, BASE, TODAY)
    dataset = ckan.datasets["support-spaces-on-the-way"]
    urls = {one.get("id"): one["url"] for one in dataset["resources"]}
    assert urls["theirs-as-ours"] == "https://x.example.org/ours"
    assert first["url"] in urls.values()


async def test_only_released_counts_are_uploaded_by_their_type(site):
    address, ckan = site
    with pytest.raises(TypeError, match="only released"):
        ReleasedCounts((("Pamplona", 85),))

    class Widened(ReleasedCounts):
        def as_csv(self):
            return b"id,name\ncasa,Casa"

    async with client_of(address, TOKEN) as client:
        for wrong in (b"id,name", Widened((COUNT,)), [COUNT]):
            with pytest.raises(TypeError, match="only released"):
                await CkanSite(client, ORGANIZATION).upload({"id": "d-1"}, wrong)
    assert ckan.actions == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sysadmin": True}, "may_do_more"),
        ({"organizations": [{"name": ORGANIZATION, "capacity": "admin"}]}, "may_do_more"),
        ({"organizations": [{"name": ORGANIZATION}]}, "may_do_more"),
        ({"organizations": [{"name": ORGANIZATION, "capacity": "editor"},
                            {"name": "acnur", "capacity": "editor"}]}, "sees_more"),
        ({"organizations": [{"name": "acnur", "capacity": "editor"}]}, "sees_more"),
    ],
)  # fmt: skip
async def test_a_token_that_may_do_too_much_is_refused(site, change, code):
    address, ckan = site
    vars(ckan).update(change)
    async with client_of(address, TOKEN) as client:
        with pytest.raises(TooMuchAccessError) as refused:
            await CkanSite(client, ORGANIZATION).require_one_organization()
    assert refused.value.code == code


async def test_what_others_own_and_what_the_site_refuses_ends_the_push(network, site, tmp_path):
    address, ckan = site
    source = declared(tmp_path, address)
    ckan.organizations = []
    with pytest.raises(ExchangeError, match="may not edit"):
        await push(network, source, BASE, TODAY)
    ckan.organizations = [{"name": ORGANIZATION, "capacity": "editor"}]
    ckan.datasets["support-spaces-on-the-way"] = {"id": "x", "organization": {"name": "acnur"}}
    with pytest.raises(ExchangeError, match="another organisation"):
        await push(network, source, BASE, TODAY)
    ckan.datasets.clear()
    with pytest.raises(ExchangeError, match=r"refuses package_create .*: tags"):
        await push(network, replace(
            source, stated=source.stated.model_copy(update={"tags": []})
        ), BASE, TODAY)  # fmt: skip
    for base in (None, "http://amparo.example.org"):
        with pytest.raises(ExchangeError, match="AMPARO_PUBLIC_URL"):
            await push(network, source, base, TODAY)
    assert ckan.datasets == {}
    async with network.session(Tier.WRITER) as session:
        await session.execute(text("update amparo.locations set demo = true"))
    with pytest.raises(ExchangeError, match="fictitious"):  # P35
        await push(network, source, BASE, TODAY)


def test_the_command_says_where_it_links_to(
    site, network, empty_clone, settings_for, tmp_path, monkeypatch
):
    address, ckan = site
    settings = settings_for(empty_clone)
    monkeypatch.setenv("AMPARO_HOME", str(tmp_path))
    monkeypatch.setenv("AMPARO_PUBLIC_URL", BASE)
    monkeypatch.setenv("AMPARO_DATABASE_URL", settings.database_url.get_secret_value())
    declared(tmp_path, address)
    done = CliRunner().invoke(cli.app, ["push", "ckan", "hdx"])
    assert f"{BASE}/exports/geojson" in done.stdout
    assert "made, with 4 links; 0 released counts uploaded" in done.stdout
    ckan.sysadmin = True
    refused = CliRunner().invoke(cli.app, ["push", "ckan", "hdx"])
    assert (refused.exit_code, "site administrator" in refused.stderr) == (1, True)
    assert TOKEN not in refused.output
