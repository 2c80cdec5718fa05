"""The desk's tables: who sees what in them, what a file holds, and small forms in their cells."""

import io
import re
from datetime import timedelta

import openpyxl
import pytest
from sqlalchemy import insert, text

from geo import models
from geo.accounts import restricted_access
from geo.audit import trail
from geo.db.sessions import Tier
from geo.hours.openings import zone
from geo.proposals import submission
from geo.records import space_documents
from tests.conftest import client_of, clone, opened, run_sql
from tests.fixtures.desk import fields_of, text_of
from tests.fixtures.network import COORDINATOR, NOW

SECRET_NAME = "Casa Secreta Innombrable"
REFUGE = {
    "id": "refugio",
    "name": SECRET_NAME,
    "kind": "safe_space",
    "admin1": "Putumayo",
    "visibility": "restricted",
    "confidential": True,
    "services": ["gbv_response"],
}
#: What is asked of the tables to find out whether it is there.
HUNTS = (
    "",
    "/spaces?q=secreta",
    "/spaces?kind=safe_space",
    "/spaces?admin1=Putumayo",
    "/spaces?sort=-name&filled=100",
    "/expiring?days=90",
    "/expiring?days=90&q=secreta&sort=name",
    "/queue?q=secreta",
    "/tables/spaces/rows.csv",
    "/tables/expiring/rows.csv?days=90",
)


@pytest.fixture(scope="module")
async def filled(filled_network):
    """Name a database with the network, of which each test has a copy of its own."""
    return await filled_network(
        REFUGE,
        {"id": "lejos", "name": "=Otra casa", "organization": "Otra organización"}
        | {"organization_id": "org2", "country": "PE", "lon": -77.0, "lat": -12.0},
        *(
            {"id": f"casa{number}", "name": f"Casa {number}", "available": 3, "capacity": 9}
            for number in range(1, 4)
        ),
    )


@pytest.fixture
async def settings(cluster, filled, settings_for):
    return settings_for(clone(cluster, filled), public_url="http://amparo.test")


@pytest.fixture
async def database(settings):
    async with opened(settings) as database:
        yield database


@pytest.fixture
async def client(settings, database):
    async with client_of(settings, clock=lambda: NOW) as talking:
        yield talking


async def document(database, space_id="casa"):
    async with database.session(Tier.WRITER) as session:
        return (await space_documents.read_documents(session, [space_id]))[space_id]


async def entries(database, action):
    async with database.session(Tier.WRITER) as session:
        return [one for one in await trail.newest(session, limit=100) if one.action == action]


def plain(response):
    """Return a page without what differs between two looks at the same: the forms' tokens."""
    return re.sub(r'name="csrf" value="[^"]*"', "", text_of(response))


async def test_p31_p39_tables_are_the_same_with_and_without_what_somebody_may_not_see(
    as_person, database, settings
):
    async with database.session(Tier.WRITER) as session:
        await restricted_access.name_reader(session, "refugio", "ad", actor="ad")
    async with database.session(Tier.WRITER, person="co") as session:
        await submission.propose_space(
            session, COORDINATOR, space_id="casa", changes={"landmark": "Frente al parque"},
            reason="lo vi", via="web", now=NOW,
        )  # fmt: skip
    # A named reader finds the code where lists have it, and the name nowhere.
    reader = await as_person("ad")
    listed = text_of(await reader.get("/network/expiring?days=90"))
    assert "Registro restringido refugio" in listed
    for path in HUNTS:
        page = text_of(await reader.get(f"/network{path}"))
        assert SECRET_NAME not in page, path
        # The queue names what is in quarantine above its table, whatever is looked for.
        is_hunt = "secreta" in path and "queue" not in path
        assert not (is_hunt and "Registro restringido" in page), path
        if "rows.csv" in path:
            assert "refugio" not in page
    others = [await as_person(person) for person in ("pe", "co")]
    before = [[plain(await one.get(f"/network{path}")) for path in HUNTS] for one in others]
    await run_sql(settings, "delete from amparo.locations where id = 'refugio'")
    for one, was in zip(others, before, strict=True):
        for path, page in zip(HUNTS, was, strict=True):
            assert plain(await one.get(f"/network{path}")) == page, path


async def test_what_is_shown_is_taken_along_without_formulas_and_on_record(
    as_person, database, settings
):
    await run_sql(
        settings,
        "insert into amparo.hides (id, entity, record_id, reason)"
        " values ('oculta', 'space', 'casa3', 'x')",
    )
    editor = await as_person("ed")
    for table in ("spaces?", "expiring?days=90&"):
        assert "Casa 3" in (await editor.get(f"/network/{table}q=casa")).text
        name, _, query = table.partition("?")
        file = (await editor.get(f"/network/tables/{name}/rows.csv?{query}q=casa")).text
        assert "Casa 2" in file
        assert "Casa 3" not in file  # a copy does not forget what is hidden (P49)
    form = "/network/tables/spaces/columns"
    assert "confirmed_on" not in fields_of(await editor.get("/network/spaces"), form)["columns"]
    await editor.follow(form, columns=["country", "id"], back="/network/spaces?sort=-name")
    page = await editor.get("/network/spaces?sort=-name")
    assert fields_of(page, form)["columns"] == ["country", "id"]
    asked = "sort=-name&country=PE"
    sent = (await editor.get(f"/network/tables/spaces/rows.csv?{asked}")).text.splitlines()
    assert sent[0].lstrip("\ufeff") == "Nombre,País,Vale hasta,Código,Marcas,Datos del"
    assert sent[1].startswith("'=Otra casa,Perú,")
    assert len(sent) == 2
    book = await editor.get(f"/network/tables/spaces/rows.xlsx?{asked}")
    (_, row) = openpyxl.load_workbook(io.BytesIO(book.content)).active.iter_rows()
    assert (row[0].value, row[0].data_type, row[0].quotePrefix) == ("=Otra casa", "s", True)
    details = [dict(one.details) for one in await entries(database, "table.exported")]
    assert details[:2] == [{"format": "xlsx", "rows": 1}, {"format": "csv", "rows": 1}]
    # Each keeps their own, and nobody what no table has.
    other = fields_of(await (await as_person("co")).get("/network/spaces"), form)
    assert len(other["columns"]) > 2
    assert (await editor.post(form, columns="geom")).status_code == 400
    away = await editor.post(form, columns="id", back="//evil.example/network/spaces")
    assert away.headers["location"] == "/network/spaces"
    for path in ("people/rows.csv", "queue/rows.csv", "nada/columns", "nada/views"):
        assert (await editor.get(f"/network/tables/{path}")).status_code in {404, 405}
    for query in ("sort=geom", "expires=8", "page=0", "q=%00"):
        assert (await editor.get(f"/network/spaces?{query}")).status_code == 400, query


async def test_p31_a_view_is_kept_by_one_person_and_shows_what_they_may_see(as_person, database):
    coordinator, other = await as_person("co"), await as_person("ap")
    form = "/network/tables/expiring/views"
    here = "/network/expiring?admin1=Norte+de+Santander&days=90"
    page = await coordinator.follow(form, name="  Norte  ", back=here + "&page=3&done=applied")
    for path in ("/network", "/network/expiring"):
        shown = (await coordinator.get(path)).text
        links = re.findall(r'<a class="button quiet small" href="([^"]+)"[^>]*>Norte</a>', shown)
        assert [sorted(one.partition("?")[2].split("&amp;")) for one in links] == [
            ["admin1=Norte+de+Santander", "days=90"]
        ]
        assert ">Norte</a>" not in (await other.get(path)).text
    assert 'aria-current="page">Norte</a>' in page.text
    # Columns are chosen and given back without the view.
    await coordinator.follow("/network/tables/expiring/columns", do="reset")
    assert ">Norte</a>" in (await coordinator.get("/network")).text
    # Others' tables, other pages and what no table has are no view.
    people = {"name": "x", "back": "/network/people?role=admin"}
    assert (await other.post("/network/tables/people/views", **people)).status_code == 403
    for wrong in (
        {"name": "", "back": here},
        {"name": "x" * 41, "back": here},
        {"name": "a\x00b", "back": here},
        {"name": "x", "back": "/network/spaces"},
        {"name": "x", "back": "/network/expiring?sort=geom"},
        {"name": "x", "back": "/network/expiring?q=a%00b"},
        {"name": "x", "back": "/network/expiring?q=" + "x" * 121},
    ):
        assert (await coordinator.post(form, **wrong)).status_code == 400, wrong
    for number in range(11):
        await coordinator.post(form, name=f"v{number}", back=here)
    assert (await coordinator.post(form, name="una más", back=here)).status_code == 400
    await coordinator.follow(form, name="Norte", do="forget", back=here)
    assert ">Norte</a>" not in (await coordinator.get("/network")).text


@pytest.mark.every(2)
@pytest.mark.parametrize("state", ["full", "no_places"])
async def test_p40_one_press_holds_at_once_with_a_reason_and_is_undone(as_person, database, state):
    editor = await as_person("ed")
    path = f"/network/spaces/casa1/now/{state}"
    before = await document(database, "casa1")
    page = (await editor.get("/network/spaces")).text
    (seen,) = re.findall(rf'formaction="{path}" name="revision" value="(\d+)"', page)
    assert f"/network/spaces/lejos/now/{state}" not in page
    done = await editor.follow(path, revision=seen, back="/network/spaces?q=casa")
    assert "Hecho: vale desde ahora." in done.text
    after = await document(database, "casa1")
    today = NOW.astimezone(zone(before["timezone"]))
    says = {
        "full": {
            "status": "full",
            "notice": f"No hay cupo. Desde el {today:%d/%m/%Y}.",
        },
        "no_places": {"available": 0},
    }
    assert {name: after[name] for name in says[state]} == says[state]
    async with database.session(Tier.WRITER) as session:
        reasons = "select reason from amparo.proposals order by proposed_at desc, id limit 2"
        assert "No hay cupo" in set((await session.scalars(text(reasons))).all())
    # Once more is nothing, and a page from before changes nothing.
    again = await editor.post(path, back="/network/spaces")
    assert again.status_code == 400
    assert (await editor.post(path, revision=seen)).status_code == 400
    await editor.post("/network/bulk/undo", **fields_of(done, "/network/bulk/undo"))
    assert await document(database, "casa1") == before
    for other, status in (("lejos", 403), ("refugio", 404), ("nada", 404)):
        answer = await editor.post(f"/network/spaces/{other}/now/{state}")
        assert answer.status_code == status, other
    assert (await editor.post("/network/spaces/casa1/now/active")).status_code in {400, 404, 422}


async def test_p40_a_cell_closes_at_once_opens_by_two_and_is_undone(as_person, database):
    editor = await as_person("ed")
    back = "/network/spaces?kind=support_space"
    for part, fields in (
        ("status", {"status": "full"}),
        ("beds", {"available": "0", "capacity": "40"}),
    ):
        path = f"/network/spaces/casa/{part}"
        shown = fields_of(await editor.get(f"{path}?back={back}"), path)
        assert shown["back"] == [back]
        refused = await editor.post(path, **shown | fields)
        assert refused.status_code == 400  # a reason is asked for
        page = await editor.follow(path, **shown | fields | {"reason": "llamaron"})
        assert "Hecho: vale desde ahora." in page.text
        assert (await document(database))["status"] == "full"
        stale = await editor.post(path, **shown | {"status": "closed", "reason": "otra vez"})
        assert "Cambió mientras tanto" in stale.text
    assert (await document(database))["available"] == 0
    for part, fields in (("status", {"status": "active"}), ("beds", {"available": "9"})):
        page = await editor.follow(f"/network/spaces/casa/{part}", **fields, reason="volvió")
        assert "espera a una segunda persona" in page.text
    found = await document(database)
    assert (found["status"], found["available"]) == ("full", 0)
    page = await editor.follow(
        "/network/spaces/casa1/status", status="temporarily_closed", reason="se inundó"
    )
    done = await editor.post("/network/bulk/undo", **fields_of(page, "/network/bulk/undo"))
    assert "como antes" in done.text
    assert (await document(database, "casa1"))["status"] == "active"
    # Cells of others' spaces have no form, and its page is refused.
    page = (await editor.get("/network/spaces")).text
    for part in ("status", "beds"):
        assert f"/network/spaces/casa/{part}?" in page
        assert f"/network/spaces/lejos/{part}?" not in page
    assert (await editor.get("/network/spaces/lejos/status")).status_code == 403
    assert (await editor.get("/network/spaces/refugio/beds")).status_code == 404


async def test_p52_what_is_ticked_is_shown_before_and_told_after(as_person, database):
    coordinator = await as_person("co")
    ticked = ["casa", "casa1", "casa2", "casa3", "lejos", "refugio"]
    preview = await coordinator.post("/network/bulk", space=ticked, action="close")
    assert "Cerrar 5 espacios" in preview.text
    assert "Más de 3 en un día" in preview.text
    assert "refugio" not in preview.text
    form = fields_of(preview, "/network/bulk/close")
    assert (await document(database))["status"] == "active"
    # The code is the reason where no other is written; without either it is refused.
    for because in ("", "other"):
        empty = await coordinator.post(
            "/network/bulk/close", **form, status="closed", because=because
        )
        assert empty.status_code == 400, because
    done = await coordinator.post(
        "/network/bulk/close",
        **form | {"status": "temporarily_closed", "because": "flood"},
    )
    assert "5 espacios hechos" in done.text
    assert "60 minutos" in done.text
    assert "inundación" in (await document(database))["notice"].lower()
    undone = await coordinator.post("/network/bulk/undo", **fields_of(done, "/network/bulk/undo"))
    assert "5 espacios como antes" in undone.text
    found = await document(database)
    assert (found["status"], found["notice"]) == ("active", None)
    asked = await coordinator.post("/network/bulk/ask", space=ticked[:2], channel="whatsapp")
    assert asked.text.count("/confirm/") >= 2
    for path, wrong in (
        ("", {"space": "casa", "action": "hide"}),
        ("", {"action": "close"}),
        ("", {"space": "a\x00b", "action": "close"}),
        ("/confirm", {"row": "x casa", "channel": "phone"}),
        ("/ask", {"space": "casa", "channel": "phone"}),
    ):
        assert (await coordinator.post(f"/network/bulk{path}", **wrong)).status_code == 400, wrong
    assert (await coordinator.post("/network/bulk/undo", action="0" * 32)).status_code == 404


async def test_p31_p44_what_waits_is_done_on_the_first_page_and_closed_records_stay_closed(
    as_person, database
):
    async with database.session(Tier.WRITER) as session:
        await session.execute(text("update amparo.locations set expires_on = amparo.today() + 3"))
        await session.execute(
            insert(models.Duplicate),
            [
                {"left_id": left, "right_id": right, "score": score, "reasons": {}}
                for left, right, score in (("casa", "refugio", 0.9), ("casa1", "casa2", 0.8))
            ],
        )
        about = {"location_id": "casa", "organization_id": "org", "category": "charged"}
        about |= {"body": "Cobraron la cama.", "delete_on": NOW.date() + timedelta(days=90)}
        await session.execute(insert(models.Complaint).values(id="queja", **about))
        await restricted_access.name_reader(session, "refugio", "co", actor="ad")
    coordinator = await as_person("co")
    home = await coordinator.get("/network")
    # Of a pair with a restricted record there is the code, and no preview.
    assert 'href="/network/duplicates/casa/refugio"' in home.text
    assert 'action="/network/duplicates/casa/refugio"' not in home.text
    assert SECRET_NAME not in home.text
    asked = fields_of(home, "/network/bulk/ask")
    assert asked["space"]
    assert "refugio" not in asked["space"]
    messages = await coordinator.post("/network/bulk/ask", **asked, channel="whatsapp")
    assert messages.text.count("<textarea") == len(asked["space"])
    assert 'href="/network">' in messages.text
    pair = "/network/duplicates/casa1/casa2"
    merged = await coordinator.follow(pair, **fields_of(home, pair), do="merge")
    assert "hasta que otra persona acepte la unión" in text_of(merged)
    assert f'action="{pair}"' not in merged.text
    assert (await document(database, "casa2"))["status"] == "active"
    taking = "/network/voices/complaints/queja"
    # What was written is not on the first page, which others see in passing; taking on opens it.
    assert "Cobraron la cama." not in home.text
    taken = await coordinator.follow(taking, **fields_of(home, taking), state="handling")
    assert "Cobraron la cama." in text_of(taken)
    assert "en trámite" in text_of(taken)
    assert taking not in (await coordinator.get("/network")).text
    # Of the complaint those whom it is about never hear (P44).
    assert "cobraron" not in (await (await as_person("ed")).get("/network")).text


async def test_the_first_page_counts_what_its_pages_count_and_speaks_the_own_language(
    as_person, database
):
    async with database.session(Tier.WRITER) as session:
        await session.execute(text("update amparo.locations set expires_on = amparo.today() + 3"))
    coordinator = await as_person("co")
    home = text_of(await coordinator.get("/network"))
    told = dict(re.findall(r'<a href="([^"]+)"><b>(\d+)</b>', home))
    listed = text_of(await coordinator.get("/network/expiring"))
    assert f"{told['/network/expiring']} espacios" in listed
    waits = text_of(await coordinator.get("/network/queue?decides=true"))
    assert f"Por revisar: {told['/network/queue?decides=true']}" in waits
    page = await coordinator.follow("/network/language", language="pt", back="/network/spaces")
    assert '<html lang="pt"' in page.text
    assert "Espaços" in page.text
    assert (await coordinator.post("/network/language", language="ht")).status_code == 400
