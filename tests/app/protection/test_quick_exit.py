"""P37: the quick exit is on every page that the application makes, whoever asks."""

import re
from collections import Counter

import pytest
from sqlalchemy import insert

from app.http.assets import STATIC_FOLDER, asset_url
from geo import models
from geo.db.sessions import Tier
from tests.conftest import client_of, clone, opened
from tests.fixtures.desk import Visitor, visitor
from tests.fixtures.examples import is_long
from tests.fixtures.leak_operations import operations
from tests.fixtures.network import NOW, TODAY, fill_network

#: What stands for a part of an address; what is no page with any value is not looked at.
PARTS = {
    "space": "casa",
    "crossing": "puente",
    "organization": "org",
    "person": "ed",
    "vocabulary": "service",
    "code": "food",
    "layer": "spaces",
    "item": "casa",
    "name": "access",
    "proposal": "cambio",
    "report": "aviso",
    "contact": "new",
    "checklist": "new",
}

#: Who signs in. Each page is asked for by an administrator, who reads all of the console, and by
#: one of the others in turn: most get what those beside them get (access_matrix.csv). With `--long`
#: each asks for all.
STAFF = ("ad", "vi", "co", "ap", "ed")

EXIT = re.compile(r'<a class="exit" id="exit" href="about:blank"(?: target="_self")?>\w+ \w+</a>')


@pytest.fixture(scope="module")
async def pages(cluster, empty_template, settings_for):
    """Give every page that somebody gets by asking for HTML, by who asks and address."""
    settings = settings_for(clone(cluster, empty_template))
    async with opened(settings) as database:
        async with database.session(Tier.WRITER) as session:
            await fill_network(session)
            await session.execute(
                insert(models.Proposal).values(
                    id="cambio",
                    entity="space",
                    record_id="casa",
                    base_revision=1,
                    country="CO",
                    changes={"landmark": "x"},
                    reason="x",
                    proposed_by="ed",
                    proposed_at=NOW,
                )
            )
            await session.execute(
                insert(models.HazardReport).values(
                    id="aviso",
                    kind="flood",
                    countries=["CO"],
                    geom="SRID=4326;POINT(-72.6 7.6)",
                    seen_on=TODAY,
                    delete_on=TODAY,
                )
            )
        async with client_of(settings, is_written_elsewhere=False) as client:
            found = {}
            people = {who: await visitor(client, database, who) for who in STAFF}
            readings = [one for one in operations(client.application) if one.method == "GET"]
            for turn, one in enumerate(readings):
                address = re.sub(r"\{(\w+)\}", lambda m: PARTS.get(m[1], "x"), one.template)
                askers = {"nobody": Visitor(client, None)}
                signed_in = STAFF if is_long() else ("ad", STAFF[1:][turn % 4])
                if address.startswith("/network"):
                    askers |= {who: people[who] for who in signed_in}
                for who, asker in askers.items():
                    response = await asker.get(address)
                    if response.headers.get("content-type", "").startswith("text/html"):
                        found[who, one.template] = response
            yield found


async def test_p37_every_page_has_the_quick_exit(pages):
    script = asset_url("page-exit.js")
    without = [
        f"{who}: {template} ({response.status_code})"
        for (who, template), response in pages.items()
        if not EXIT.search(response.text) or f'src="{script}"' not in response.text
    ]
    assert without == []
    # Public pages, documentation, data, the console, and its pages of problems.
    statuses = Counter(response.status_code for response in pages.values())
    assert statuses[200] > 60
    assert statuses[403] > 5
    templates = {template for _, template in pages}
    for expected in (
        "/",
        "/report",
        "/match",
        "/docs",
        "/docs/{name}",
        "/collections/spaces/items",
        "/spaces/{space}",
        "/spaces/{space}/complaint",
        "/confirm/{token}",
        "/network",
        "/network/sign-in",
        "/network/visits",
        "/network/reports/{report}",
        "/network/proposals/{proposal}",
    ):
        assert expected in templates, expected


async def test_p37_pages_that_say_much_have_a_name_that_says_nothing(pages):
    """A browser lists what was looked at by its title."""
    for template in ("/match", "/report", "/spaces/{space}/complaint", "/confirm/{token}"):
        assert "<title>Amparo</title>" in pages["nobody", template].text, template
    # What is restricted, and who works where, is for nobody who opens a colleague's laptop.
    neutral = ("Espacios", "Personas y accesos", "Organizaciones", "Registro restringido")
    for template in ("spaces/{space}", "people/{person}", "organizations/{organization}"):
        named = {
            response.text.partition("<title>")[2].partition("</title>")[0]
            for (_, path), response in pages.items()
            if path == f"/network/{template}" and response.status_code == 200
        }
        assert named
        assert named <= {f"{word} · Amparo" for word in neutral}, template


async def test_p37_leaving_has_the_browser_forget_its_copies_and_nothing_that_was_kept(small):
    answer = await small.post("/leave")
    assert (answer.status_code, answer.content) == (204, b"")
    # Not "storage": packs and reports that wait would go too.
    assert answer.headers["clear-site-data"] == '"cache"'
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


async def test_p37_the_quick_exit_leads_nowhere_on_other_sites(pages):
    for response in pages.values():
        assert response.text.count('id="exit"') == 1
    script = (STATIC_FOLDER / "page-exit.js").read_text("utf-8")
    assert "location.replace" in script
    assert "http" not in script
    # Before anything of the page is drawn: it may be one that somebody has left.
    for response in pages.values():
        head = response.text.partition("<body")[0]
        assert head.index(asset_url("page-exit.js")) < head.index("<title>")
