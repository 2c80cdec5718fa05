"""Files of spaces in the console: brought, mapped, reported row by row, sent as proposals."""

import pytest
from sqlalchemy import func, insert, select
from starlette.datastructures import FormData

from app.access.csrf import form_token
from app.access.forms import Form
from app.console.forms import import_form
from app.console.forms.error_text import TEXTS
from app.i18n.translation import words
from benchmarks.bombs import kmz
from geo import models
from geo.db.sessions import Tier
from geo.imports import uploads
from geo.imports.cells.fields import ALL
from geo.imports.uploads import Column
from geo.records import upsert
from tests.conftest import client_of, clone, opened
from tests.fixtures.desk import fields_of, text_of, visitor
from tests.fixtures.network import EDITOR, NOW, TODAY
from tests.fixtures.reading_here import read_here

IMPORTS = "/network/imports"

LINES = (
    "Nombre;Tipo;Mun./Depto.;Latitud;Longitud;Servicios;¿Wifi?",
    "Casa Uno;support_space;Cúcuta/Norte de Santander;7,8941;-72,5081;food;sí",
    "Casa Dos;Comedor popular;Cúcuta/Norte de Santander;7,8842;-72,4982;food|information;no",
    "Casa Tres;support_space;Cúcuta/Norte de Santander;siete;-72,4883;food;sí",
    "Refugio de mujeres;safe_space;Cúcuta/Norte de Santander;7,8744;-72,4784;gbv_response;no",
)
GOOD = "\n".join(LINES).encode("cp1252")


@pytest.fixture(scope="module")
async def filled(filled_network):
    """Name a database with the network, of which each test has a copy of its own."""
    return await filled_network()


@pytest.fixture
async def settings(cluster, filled, settings_for):
    return settings_for(
        clone(cluster, filled),
        public_url="http://amparo.test",
        import_limit_bytes=2_000_000,
    )


@pytest.fixture
async def database(settings):
    async with opened(settings) as database:
        yield database


@pytest.fixture
async def as_person(settings, database):
    async with client_of(settings) as client:

        async def enter(person):
            return await visitor(client, database, person)

        yield enter


@pytest.fixture
def at_hand(monkeypatch):
    """Read files in this process; some tests let a child read them, as servers do."""
    monkeypatch.setattr(uploads, "read_apart", read_here)


async def bring(who, data=GOOD, name="lista.csv", **fields):
    who.client.cookies.clear()
    form = {"source": "GIFMM", "csrf": form_token(who.secret)} | fields
    return await who.client.post(
        IMPORTS, data=form, files={"file": (name, data)}, headers=who.headers
    )


def constants():
    return {
        "constant-organization": "Organización de prueba",
        "constant-country": "CO",
        "constant-timezone": "America/Bogota",
        "constant-confirmed_on": TODAY.isoformat(),
        "constant-visibility": "public",
        "constant-coord_precision": "point",
        "prefix": "gifmm-co",
    }


async def checked(who, data=GOOD):
    brought = await bring(who, data)
    assert brought.status_code == 303, text_of(brought)
    place = brought.headers["location"]
    page = await who.get(place)
    assert page.status_code == 200, text_of(page)
    answer = await who.post(place, **(fields_of(page, place) | constants()), do="check")
    assert answer.status_code == 303, text_of(answer)
    return answer.headers["location"]


async def count(database, model):
    async with database.session(Tier.WRITER) as session:
        return await session.scalar(select(func.count()).select_from(model))


@pytest.mark.usefixtures("at_hand")
async def test_a_file_is_mapped_checked_and_sent_as_proposals(as_person, database):
    editor = await as_person("ed")
    page = await editor.get(IMPORTS)
    assert "nada se guarda hasta que usted lo envía" in text_of(page)
    brought = await bring(editor)
    place = brought.headers["location"]
    mapping = await editor.get(place)
    fields = fields_of(mapping, place)
    assert fields["column-0"] == ["name"]
    assert fields["column-2"] == ["+"], "two fields in one cell, as the suggestion says"
    assert fields["column-3"] == ["lat"]
    assert fields["column-6"] == ["="], "what is published is said, and never as not imported"
    # The suggestion knows "Comedor popular" or asks what it means.
    where = await checked(editor)
    report = text_of(await editor.get(where))
    assert "todavía no se guardó nada" in report
    assert await count(database, models.Location) == 1
    assert "Latitud" in report
    assert "restringidos por protección" in report
    assert "Fila 5" in report, "a protected kind is quarantined (P38)"
    csv = await editor.get(f"{where}/report.csv")
    assert csv.headers["content-type"].startswith("text/csv")
    assert csv.text.startswith("\ufeffrow,id,state,column,field,reason")
    assert "siete" not in csv.text + report, "no value of a cell is repeated"

    refused = await editor.post(f"{where}/apply", reason="Lista de noviembre")
    assert refused.status_code == 400
    assert await count(database, models.Proposal) == 0
    assert "Lista de noviembre" in text_of(refused), "nothing typed is lost"
    sent = await editor.post(f"{where}/apply", reason="Lista de noviembre", only_good="true")
    assert sent.status_code == 200, text_of(sent)
    assert await count(database, models.Location) == 1, "a second person decides (P23)"
    assert await count(database, models.Proposal) >= 2
    async with database.session(Tier.WRITER) as session:
        batch = (await session.scalars(select(models.ImportBatch))).all()
        assert {row.state for row in batch} == {"uploaded", "applied"}
        parts = {"Mun./Depto.": ["locality", "admin1"]}
        assert [row.mapping.get("parts") for row in batch] == [parts] * len(batch)
        assert all(row.content is None for row in batch if row.state == "applied"), "P29"
    again = await editor.post(f"{where}/apply", reason="x")
    assert again.status_code == 409


@pytest.mark.usefixtures("at_hand")
async def test_discarding_keeps_nothing(as_person, database):
    editor = await as_person("ed")
    where = await checked(editor)
    page = await editor.follow(f"{where}/discard")
    assert "no queda nada del archivo" in text_of(page)
    async with database.session(Tier.WRITER) as session:
        (row,) = await session.scalars(select(models.ImportBatch))
        assert (row.content, row.documents, row.state) == (None, [], "discarded")
    gone = await editor.get(f"{where}/mapping")
    assert gone.status_code == 409


@pytest.mark.usefixtures("at_hand")
async def test_an_import_is_of_who_brought_it(as_person):
    editor, other = await as_person("ed"), await as_person("co")
    where = await checked(editor)
    for path in (where, f"{where}/mapping", f"{where}/report.csv"):
        assert (await other.get(path)).status_code == 404
    assert (await other.post(f"{where}/apply", reason="x")).status_code == 404
    assert (await other.post(f"{where}/discard")).status_code == 404


@pytest.mark.usefixtures("at_hand")
async def test_p17_a_file_about_persons_is_refused_and_not_kept(as_person, database):
    editor = await as_person("ed")
    answer = await bring(editor, b"Nombre;Apellido;Documento de identidad\nAna;Rojas;123")
    assert answer.status_code == 400
    assert "es sobre personas: un archivo de lugares no la lleva" in text_of(answer)
    assert "GIFMM" in text_of(answer), "nothing typed is lost"
    assert await count(database, models.ImportBatch) == 0


@pytest.mark.usefixtures("at_hand")
async def test_a_mapping_that_cannot_be_comes_back_as_typed(as_person):
    editor = await as_person("ed")
    place = (await bring(editor)).headers["location"]
    fields = fields_of(await editor.get(place), place) | {"constant-licence": "CC BY 4.0"}
    for index in range(6):
        fields[f"column-{index}"] = ""
    answer = await editor.post(place, **fields, do="check")
    assert answer.status_code == 400
    assert "CC BY 4.0" in text_of(answer)
    wrong = await editor.post(place, **(fields | {"header_row": "dos"}), do="check")
    assert wrong.status_code == 400
    assert "Escriba un número entero" in text_of(wrong)


def test_every_field_of_an_import_has_a_name():
    assert [name for name in ALL if import_form.name_of(words("es"), name) == name] == []


def test_a_column_of_answers_is_imported_only_where_it_is_chosen():
    before = {"answers": {"amenities": {"¿Wifi?": "wifi", "Agua": "drinking_water"}}}
    rows = import_form.column_rows(
        words("es"),
        [Column(name, ()) for name in ("Nombre", "¿Wifi?", "Agua")],
        {"fields": {"name": "Nombre"}, **before},
        {"amenities": [("wifi", "Wi-Fi")]},
    )
    assert [(row.field, row.answers) for row in rows] == [
        ("name", ""), ("=", "Qué hay en el lugar: Wi-Fi"),
        ("=", "Qué hay en el lugar: drinking_water"),
    ]  # fmt: skip
    form = Form(FormData([("column-0", "name"), ("column-1", "="), ("column-2", "")]))
    made = import_form.mapping_in(form, ["Nombre", "¿Wifi?", "Agua"], before)
    assert made["answers"] == {"amenities": {"¿Wifi?": "wifi"}}
    assert made["ignore"] == ["Agua"]


@pytest.mark.usefixtures("at_hand")
async def test_labels_are_asked_for_where_nobody_knows_them(as_person):
    editor = await as_person("ed")
    data = b"Nombre;Tipo;Latitud;Longitud\nCasa;Cosa rara;7,8941;-72,5081"
    place = (await bring(editor, data)).headers["location"]
    page = await editor.get(place)
    assert "Cosa rara" in text_of(page)
    fields = fields_of(page, place) | constants() | {"value-kind-0": "support_space"}
    answer = await editor.post(place, **fields, do="check")
    assert answer.status_code == 303, text_of(answer)
    report = text_of(await editor.get(answer.headers["location"]))
    assert "<b>1</b> nuevos" in report


@pytest.mark.usefixtures("at_hand")
async def test_what_means_nothing_and_where_rows_without_a_position_go_stays_chosen(as_person):
    editor = await as_person("ed")
    data = (
        "Nombre;Tipo;Municipio;Latitud;Longitud;Servicios\n"
        "Casa Uno;Comedor;Cúcuta;7,8941;-72,5081;comida, misa\n"
        "Casa Dos;Comedor;Cúcuta;;;comida, sancocho\n"
    ).encode()
    place = (await bring(editor, data)).headers["location"]
    page = await editor.get(place)
    assert "Filas sin posición: 1" in text_of(page)
    fields = fields_of(page, place)
    labels = dict(zip(fields["label-services"], range(9), strict=False))
    assert fields["without_position"] == ["refuse"]
    assert fields[f"value-services-{labels['misa']}"] == ["-"], "known, and of no code"
    assert f"value-services-{labels['sancocho']}" not in fields, "a person has to say"
    chosen = {f"value-services-{labels['sancocho']}": "food", "without_position": "town"}
    answer = await editor.post(place, **(fields | constants() | chosen), do="check")
    assert answer.status_code == 303, text_of(answer)
    report = text_of(await editor.get(answer.headers["location"]))
    assert "<b>1</b> nuevos" in report, "no town is known to this database"
    again = fields_of(await editor.get(place), place)
    assert again["without_position"] == ["town"]
    assert again[f"value-services-{labels['misa']}"] == ["-"]
    assert again[f"value-services-{labels['sancocho']}"] == ["food"]


@pytest.mark.usefixtures("at_hand")
async def test_who_may_import(as_person):
    for person, status in (("vi", 403), ("ed", 200), ("ap", 200), ("co", 200), ("ad", 200)):
        assert (await (await as_person(person)).get(IMPORTS)).status_code == status
    assert (await bring(await as_person("vi"))).status_code == 403
    assert (await bring(await as_person("ed"), csrf="forged")).status_code == 403


async def test_a_file_that_takes_too_much_says_so_in_the_persons_language(as_person, database):
    editor = await as_person("ed")
    heavy = kmz(21)
    assert len(heavy) < 100_000
    brought = await bring(editor, heavy, "mapa.kmz")
    assert brought.status_code == 400
    assert TEXTS["heavy_ratio"] in text_of(brought)
    assert len((await bring(editor)).headers["location"]) > len(IMPORTS)  # the next is read


@pytest.mark.usefixtures("at_hand")
async def test_one_at_a_time_a_person_in_whichever_process(as_person, database):
    editor, other = await as_person("ed"), await as_person("ap")
    async with database.session(Tier.WRITER) as session:  # as another worker's request holds it
        assert await upsert.is_alone(session, uploads._turn_of(EDITOR))
        refused = await bring(editor)
        assert refused.status_code == 400
        assert TEXTS["heavy_turn"] in text_of(refused)
        assert (await bring(other)).status_code == 303
    assert (await bring(editor)).status_code == 303


@pytest.mark.usefixtures("at_hand")
async def test_the_larger_limit_is_for_files_of_people_with_a_cookie(as_person):
    editor = await as_person("ed")
    rows = "\n".join(f"Casa {n:0100};Cúcuta" for n in range(10_000)).encode()
    padded = b"Nombre;Ciudad\n" + rows + b"\n" * (1_200_000 - len(rows))
    assert (await bring(editor, padded)).status_code == 303
    assert (await bring(editor, padded + b"x" * 1_000_000)).status_code == 413
    elsewhere = await editor.post("/network/vocabulary", code="x" * 1_200_000)
    assert elsewhere.status_code == 413
    nobody = await editor.client.post(IMPORTS, content=padded, headers={"Accept": "text/html"})
    assert nobody.status_code == 413


@pytest.mark.usefixtures("at_hand")
async def test_what_was_chosen_is_proposed_to_the_same_organisation_until_it_is_forgotten(
    as_person, database
):
    strange = (
        GOOD.replace(b"Nombre;Tipo", b"Xq;Zz").replace(b"Casa", b"Qq").replace(b"Refugio", b"Q")
    )
    editor = await as_person("ed")
    place = (await bring(editor, strange)).headers["location"]
    fields = fields_of(await editor.get(place), place)
    assert "column-0" not in fields
    chosen = fields | constants() | {"column-0": "name", "column-1": "kind", "place-0": "on"}
    page = await editor.post(place, **chosen, do="refresh")
    fields = fields_of(page, place)
    labels = [name for name in fields if name.startswith("value-kind-")]
    assert len(labels) == 1
    checked_at = await editor.post(place, **fields | {labels[0]: "community_kitchen"}, do="check")
    assert checked_at.status_code == 303, text_of(checked_at)

    again = (await bring(editor, strange)).headers["location"]
    page = await editor.get(again)
    assert "columnas están como su organización las eligió" in text_of(page)
    fields = fields_of(page, again)
    assert (fields["column-0"], fields["column-1"]) == (["name"], ["kind"])
    assert "community_kitchen" in [value for name in labels for value in fields[name]]
    start = text_of(await editor.get(IMPORTS))
    assert "xq: Nombre" in start
    # Nobody of another organisation sees or uses it, and forgetting is one's own.
    other = await as_person("ed2")
    assert "xq" not in text_of(await other.get(IMPORTS))
    theirs = (await bring(other, strange)).headers["location"]
    assert "column-0" not in fields_of(await other.get(theirs), theirs)
    await other.post(f"{IMPORTS}/forget")
    assert await count(database, models.RememberedWord) > 0
    editor = await as_person("ed")
    forgotten = await editor.post(f"{IMPORTS}/forget")
    assert forgotten.headers["location"] == f"{IMPORTS}?done=forgotten"
    assert await count(database, models.RememberedWord) == 0


async def test_spaces_whose_submission_went_are_asked_about_in_their_own_organisation(
    as_person, database
):
    async with database.session(Tier.WRITER) as session:
        await session.execute(insert(models.PulledSource).values(name="albergues"))
        await session.execute(
            insert(models.PulledSubmission).values(
                source="albergues",
                submission_id=7,
                organization_id="org",
                space_id="casa",
                digest="x",
                sweep=1,
                gone_at=NOW,
            )
        )
    editor = await as_person("ed")
    page = await editor.get(IMPORTS)
    assert "Ya no están en su formulario" in text_of(page)
    assert 'href="/network/spaces/casa"' in page.text
    other = await as_person("ed2")
    assert "Casa de prueba" not in text_of(await other.get(IMPORTS))
