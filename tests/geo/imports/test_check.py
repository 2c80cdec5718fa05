"""Files of spaces checked and written: every bad row reported, all or nothing, nothing leaked."""

import csv
import io
import json
from dataclasses import replace

import pytest
from sqlalchemy import delete, func, insert, select, update

from geo.db.sessions import Tier
from geo.errors import (
    ConflictError,
    InvalidFileError,
    MixedDataError,
    NotFoundError,
    PersonalDataError,
)
from geo.imports import batches, reports
from geo.imports.apply import apply, to_proposals
from geo.imports.check import check_file
from geo.imports.mapping import FieldMapping, parse_mapping
from geo.models import AuditEntry, ImportBatch, Location, Place, Proposal, RestrictedReader
from geo.records import space_documents
from geo.text.normalize import folded
from tests.fixtures.import_files import WRITERS, as_csv, as_geojson
from tests.fixtures.network import (
    APPROVER,
    COORDINATOR,
    EDITOR,
    NOW,
    OTHER_EDITOR,
    SPACE,
    TODAY,
    VIEWER,
    add_terms,
    fill_network,
)

NEW = {
    "id": "N-1",
    "name": "Albergue Nuevo",
    "kind": "shelter",
    "organization": "Organización de prueba",
    "lon": -72.65,
    "lat": 7.37,
    "coord_precision": "point",
    "country": "CO",
    "locality": "Pamplona",
    "timezone": "America/Bogota",
    "services": ["food", "overnight"],
    "visibility": "public",
    "confirmed_on": str(TODAY),
}
#: What a person said of words of services.
WORDS = {
    "derivación": "referral",
    "comida": "food",
    "cama": "overnight",
    "información": "information",
}
TOLD = FieldMapping(values={"services": {folded(word): code for word, code in WORDS.items()}})
SAFE = NEW | {"id": "N-9", "name": "Refugio para mujeres", "address": "Calle 9"}


async def fill(session):
    await fill_network(
        session,
        {"id": "oculta", "visibility": "restricted", "confidential": True, "name": "Oculta",
         "coord_precision": "point", "lon": NEW["lon"], "lat": NEW["lat"],
         "locality": "Pamplona", "public_phones": ["+57 310 9999999"]},
        {"id": "ajena", "organization": "Otra organización", "organization_id": "org2"},
    )  # fmt: skip


async def check(session, data, name="x.csv", mapping=None, **options):
    if isinstance(data, list):
        data = as_csv(data)
    if isinstance(mapping, str):
        mapping = parse_mapping(mapping)
    return await check_file(session, data, name, mapping, now=NOW, today=TODAY, **options)


async def test_a_time_zone_is_that_of_the_nearest_place_of_the_country(network):
    # On the bridge the nearest town lies over the border, in another zone.
    row = {**NEW, "timezone": "", "lon": -72.449, "lat": 7.816}
    (alone,) = (await check(network, [row])).rows
    assert [problem.field for problem in alone.problems] == ["timezone"]
    towns = [
        ("Villa del Rosario", "CO", "America/Bogota", "-72.474 7.834"),
        ("San Antonio del Táchira", "VE", "America/Caracas", "-72.443 7.814"),
    ]
    await network.execute(
        insert(Place),
        [
            {"id": name, "name": name, "country": country, "timezone": zone,
             "visibility": "public", "geom": f"SRID=4326;POINT({at})"}
            for name, country, zone, at in towns
        ],
    )  # fmt: skip
    checked = await check(network, [row, {**NEW, "id": "N-2", "timezone": "America/Lima"}])
    assert [row.changes["timezone"] for row in checked.rows] == ["America/Bogota", "America/Lima"]


async def test_a_new_space_without_a_status_says_so(network):
    rows = [{**NEW, "status": ""}, {**NEW, "id": "N-2", "status": "active"}]
    blank, told = (await check(network, rows)).rows
    assert [note.code for note in blank.notes] == ["row_status_not_told"]
    assert told.notes == ()


async def test_hours_alone_lift_no_space_that_is_closed_for_good(network):
    mapping = "[fields]\nid='id'\nopening_hours='horas'"
    rows = [{"id": "casa", "horas": "cerrado desde marzo"}]
    (row,) = (await check(network, rows, mapping=mapping)).rows
    assert row.changes["status"] == "temporarily_closed"
    await network.execute(update(Location).where(Location.id == "casa").values(status="closed"))
    (row,) = (await check(network, rows, mapping=mapping)).rows
    assert "status" not in row.changes


async def test_a_row_that_denies_its_own_beds_is_left_to_a_person(network):
    rows = [
        {**NEW, "overnight": "no"},
        {**NEW, "id": "N-2", "overnight": "sí"},
        {**NEW, "id": "N-3", "services": "food", "overnight": "sí"},
    ]
    denied, same, unnamed = (await check(network, rows)).rows
    assert [(problem.field, problem.reason.code) for problem in denied.problems] == [
        ("overnight", "row_night_contradicted")
    ]
    assert (same.state, unnamed.state) == ("new", "new")
    assert [note.code for note in unnamed.notes] == ["night_by_services"]


async def write(session, checked, **options):
    return await apply(session, checked, now=NOW, today=TODAY, **options)


async def count(session):
    return await session.scalar(select(func.count()).select_from(Location))


async def document(session, space_id):
    return (await space_documents.read_documents(session, [space_id]))[space_id]


# -- checking ----------------------------------------------------------------------------------


async def test_a_check_reports_every_row_and_writes_nothing(network):
    before = await count(network)
    rows = [
        NEW,
        SPACE | {"name": "Casa cambiada"},
        SPACE | {"id": "ajena", "organization_id": "org2", "organization": "Otra organización"},
        NEW | {"id": "N-2", "kind": "palacio"},
        NEW | {"id": "N-3", "lat": "norte", "confirmed_on": ""},
        NEW | {"id": "N-1"},
        NEW | {"id": "no id!"},
    ]
    checked = await check(network, rows)
    assert [row.state for row in checked.rows] == [
        "new", "changed", "unchanged", "bad", "bad", "bad", "bad",
    ]  # fmt: skip
    assert [row.number for row in checked.rows] == [2, 3, 4, 5, 6, 7, 8]
    assert checked.rows[1].fields == ("name",)
    told = {(p.column, p.field) for row in checked.rows for p in row.problems}
    assert told == {
        ("kind", "kind"), ("lat", "lat"), ("confirmed_on", "confirmed_on"), ("", "id"),
        ("id", "id"),
    }  # fmt: skip
    assert "row 2 has the same id" in checked.problems()[-2]
    assert checked.counts() == {
        "new": 1, "changed": 1, "unchanged": 1, "bad": 4, "quarantined": 0, "alike": 1,
    }  # fmt: skip
    assert await count(network) == before
    assert (await document(network, "casa"))["name"] == "Casa de prueba"


async def test_a_report_never_repeats_what_could_be_about_a_person(network):
    secrets = {
        "id": "Juan Pérez 1.098.765",
        "timezone": "Juan/Perez",
        "confirmed_on": "Juan",
        "kind": "Juan Pérez 3101234567",
        "minimum_age": "Juan",
        "status": "llame a juan@example.org",
        "address": "Juan Pérez " * 300,
    }
    for name, value in secrets.items():
        checked = await check(network, [NEW | {name: value}])
        (row,) = checked.rows
        assert row.state == "bad", name
        told = f"{checked.problems()} {reports.as_csv(checked)}"
        told += json.dumps(reports.as_object(checked))
        assert "Juan" not in told, (name, told)
        assert "juan@" not in told
        assert "310123" not in told
    unknown = await check(network, [NEW | {"kind": "palacio"}])
    assert "'palacio'" in unknown.problems()[0]


async def test_p6_a_number_beside_a_name_is_left_out_and_the_report_has_neither(network):
    checked = await check(network, [NEW | {"public_phones": "Juan 310 555 0102"}])
    (row,) = checked.rows
    assert (row.state, "public_phones" in row.changes) == ("new", False)
    assert [note.code for note in row.notes] == ["cell_left_out"]
    told = reports.as_csv(checked) + json.dumps(reports.as_object(checked))
    assert "Juan" not in told
    assert "310" not in told


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        *(("services", text) for text in (
            "food, algo nuevo", "NO hay: comida, cama", "deriva a albergue, salud",
        )),
        *(("public_phones", text) for text in (
            "310 555 0102 (Juan)", "+57 300 0000000 (no publicar)", "300 0000000 NO DIVULGAR",
            "fuera de servicio", "número equivocado",
        )),
    ],
)  # fmt: skip
async def test_p6_p40_what_is_not_understood_of_a_stored_space_refuses_its_row(
    network, name, stated
):
    """What is stored would stay, although the file says something else."""
    stored = [SPACE | {name: stated}]
    checked = await check(network, stored)
    assert [(row.state, row.problems[0].field) for row in checked.rows] == [("bad", name)]
    checked = await check(network, [NEW | {name: stated, "overnight": ""}])
    assert name not in (checked.rows[0].changes or {})


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        # All that is stored stands in the cell: somebody asked, and wrote it down.
        ("public_phones", "+57 300 0000000 (Rosa)"),
        ("public_phones", "Línea: 300 000 0000, 24 horas"),
        ("services", "derivación, comida, cama, información, algo nuevo"),
    ],
)
async def test_what_agrees_with_the_stored_space_only_has_a_note(network, name, stated):
    checked = await check(network, [SPACE | {name: stated}], mapping=TOLD)
    (row,) = checked.rows
    assert (row.state, [note.code for note in row.notes]) == ("unchanged", ["cell_left_out"])


@pytest.mark.parametrize(
    ("name", "stated"),
    [("public_phones", "310 555 0102 (Juan)"), ("services", "comida, cama solo mujeres")],
)
@pytest.mark.parametrize(
    "more", [{"status": "closed"}, {"address": "RESERVADA"}, {"landmark": "no difundir"}]
)
async def test_p40_p52_closing_and_keeping_back_wait_for_no_other_cell(network, name, stated, more):
    checked = await check(network, [SPACE | {name: stated} | more])
    (row,) = checked.rows
    assert row.state == "changed"
    assert row.changes.get("confidential") is True or row.changes["status"] == "closed"


async def test_a_list_of_codes_is_read_whatever_comes_first(network):
    checked = await check(network, [NEW | {"services": ["referral", "food", "overnight"]}])
    assert checked.rows[0].changes["services"] == ["referral", "food", "overnight"]


async def test_the_number_of_another_column_takes_no_stored_one_away(network):
    checked = await check(network, [SPACE | {"public_phones": "el mismo"}])
    assert [row.state for row in checked.rows] == ["unchanged"]


async def test_swapped_columns_are_said_once_for_the_file_and_once_a_row(network):
    rows = [NEW | {"id": f"N-{n}", "lon": NEW["lat"], "lat": NEW["lon"]} for n in range(3)]
    checked = await check(network, rows)
    assert checked.counts()["bad"] == 3
    assert any("look swapped in 3 of 3 rows" in remark for remark in checked.remarks)
    assert all("look swapped" in row.problems[0].reason for row in checked.rows)
    assert not any("72" in line.split(":", 2)[2] for line in checked.problems())


async def test_a_referring_space_must_be_known_or_come_with_the_file(network):
    checked = await check(
        network,
        [
            NEW | {"access": "referral_only", "referral_points": ["casa"]},
            NEW | {"id": "N-2", "access": "referral_only", "referral_points": ["N-1"]},
            NEW | {"id": "N-3", "access": "referral_only", "referral_points": ["nadie"]},
        ],
    )
    assert [row.state for row in checked.rows] == ["new", "new", "bad"]
    assert checked.rows[2].problems[0].reason == "names an unknown space"


async def test_p17_a_file_with_a_column_about_persons_is_refused_whole(network):
    data = b"id,name,Nombre del beneficiario\nN-1,a,Juan\n"
    with pytest.raises(PersonalDataError, match="Nombre del beneficiario") as caught:
        await check(network, data)
    assert "Juan" not in str(caught.value)


async def test_a_file_without_known_columns_needs_a_mapping(network):
    with pytest.raises(InvalidFileError, match="a mapping is needed"):
        await check(network, b"uno,dos\n1,2\n")
    with pytest.raises(InvalidFileError, match="has no column 'tres'"):
        await check(network, b"uno,dos\n1,2\n", mapping="[fields]\nname='tres'")


async def test_a_mapping_makes_records_of_a_matrix(network):
    data = (
        "Matriz de servicios\n"
        "Nombre;Tipo;ONG;Municipio;Coordenadas;Servicios;Verificado;Días;Abre;Cierra;Interno\n"
        "Casa Ñandú;Albergue;Organización de prueba;Pamplona;7,3756 -72,6482;Comida, dormir;"
        f"{TODAY:%d/%m/%Y};L-V;6 pm;7 am;x\n"
    ).encode("cp1252")
    mapping = """
        ignore = "Interno"
        [style]
        dates = "day_first"
        [id]
        prefix = "matriz"
        columns = ["Nombre", "Municipio"]
        [fields]
        name = "Nombre"
        kind = "Tipo"
        organization = "ONG"
        locality = "Municipio"
        position = "Coordenadas"
        services = "Servicios"
        confirmed_on = "Verificado"
        byday = "Días"
        opens_at = "Abre"
        closes_at = "Cierra"
        [values.kind]
        Albergue = "shelter"
        [values.services]
        Comida = "food"
        dormir = "overnight"
        [constants]
        country = "CO"
        timezone = "America/Bogota"
        source = "Matriz"
    """
    checked = await check(network, data, mapping=mapping)
    assert checked.counts()["new"] == 1, checked.problems()
    assert not any("Interno" in remark for remark in checked.remarks)
    await write(network, checked)
    made = await document(network, checked.rows[0].id)
    assert made["id"].startswith("matriz-casa-nandu-pamplona-")
    assert made["services"] == ["food", "overnight"]
    assert (made["lon"], made["lat"]) == (-72.6482, 7.3756)
    assert made["organization_id"] == "org"
    assert made["visibility"] == "restricted"  # P1: nothing was stated
    (rule,) = made["schedules"]
    assert set(rule["byday"]) == {"MO", "TU", "WE", "TH", "FR"}
    assert (rule["opens_at"], rule["closes_at"]) == ("18:00", "07:00")
    assert (await check(network, data, mapping=mapping)).counts()["unchanged"] == 1


# -- P38 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", WRITERS)
async def test_p38_an_import_of_any_format_quarantines_protected_places(session, kind):
    await add_terms(session)
    name, write_file = WRITERS[kind]
    protected = [
        SAFE,
        NEW | {"id": "N-8", "services": ["food", "gbv_response"]},
        NEW | {"id": "N-7", "kind": "safe_space"},
        NEW | {"id": "N-6", "notice": "Atiende víctimas de trata"},
    ]
    checked = await check(session, write_file([NEW, *protected]), name)
    assert checked.counts()["new"] == 5, checked.problems()
    assert [row.quarantined for row in checked.rows] == [False, True, True, True, True]
    assert all("(P38)" in row.notes[0] for row in checked.rows[1:])
    await write(session, checked)
    for space in protected:
        stored = await document(session, space["id"])
        assert stored["visibility"] == "restricted", space
        assert stored["confidential"]
    assert (await document(session, "N-1"))["visibility"] == "public"
    shown = await session.scalars(select(Location.id).where(Location.visibility != "restricted"))
    assert shown.all() == ["N-1"]


# -- writing -----------------------------------------------------------------------------------


@pytest.mark.every(3)  # that each is read back as it was: test_round_trips.py
@pytest.mark.parametrize("kind", WRITERS)
async def test_the_same_file_again_changes_nothing(session, kind):
    await add_terms(session)
    name, write_file = WRITERS[kind]
    rows = [NEW, SAFE, NEW | {"id": "N-2", "capacity": 12, "available": 3}]
    data = write_file(rows)
    done = await write(session, await check(session, data, name))
    assert (done.added, done.changed) == (3, 0)
    again = await check(session, data, name)
    assert again.counts()["unchanged"] == 3
    assert again.writable() == []
    entries = await session.scalar(select(func.count()).select_from(AuditEntry))
    assert (await write(session, again)) == replace(done, added=0, unchanged=3)
    assert await session.scalar(select(func.count()).select_from(AuditEntry)) == entries


async def test_a_bad_row_refuses_the_file_unless_it_is_left_out(network):
    rows = [NEW, NEW | {"id": "N-2", "kind": "palacio"}]
    checked = await check(network, rows)
    before = await count(network)
    with pytest.raises(InvalidFileError, match=r"x\.csv:3: column 'kind'"):
        await write(network, checked)
    assert await count(network) == before
    done = await write(network, checked, only_good=True)
    assert (done.added, done.left_out) == (1, 1)
    assert await count(network) == before + 1


async def test_nothing_is_half_imported_when_writing_fails(network):
    real = await check(network, [NEW, NEW | {"id": "N-2", "demo": True}])
    before = await count(network)
    with pytest.raises(MixedDataError):
        await write(network, real)
    network.expire_all()
    assert await count(network) == before


async def test_records_that_changed_since_the_check_are_not_overwritten(network):
    checked = await check(network, [SPACE | {"name": "Casa B"}, NEW])
    await space_documents.store_documents(
        network, [await document(network, "casa") | {"notice": "Hoy cerrado"}],
        now=NOW, today=TODAY, source="x",
    )  # fmt: skip
    with pytest.raises(ConflictError, match="check it again"):
        await write(network, checked)
    taken = await check(network, [NEW])
    await write(network, taken)
    with pytest.raises(ConflictError):
        await write(network, taken)


async def test_cells_that_are_empty_keep_what_is_known_unless_the_mapping_clears(network):
    data = as_csv([{**SPACE, "schedules": None, "public_phones": None, "notice": None}])
    assert (await check(network, data)).counts()["unchanged"] == 1
    clearing = await check(network, data, mapping=FieldMapping(empty_cells="clear"))
    assert set(clearing.rows[0].fields) == {"schedules", "public_phones"}


async def test_an_import_is_audited_without_what_it_says(network):
    await write(network, await check(network, [NEW]))
    entry = await network.scalar(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1))
    assert (entry.actor, entry.action) == ("cli", "import.applied")
    assert entry.details["added"] == 1
    assert "Albergue" not in json.dumps(entry.details)


async def test_the_report_is_a_csv_that_runs_no_formula(network):
    checked = await check(network, [NEW | {"id": "N-1", "kind": "=cmd()"}, SAFE, SPACE])
    lines = list(csv.reader(io.StringIO(reports.as_csv(checked))))
    assert tuple(lines[0]) == reports.COLUMNS
    assert {line[0] for line in lines[1:]} == {"2", "3", "4"}
    assert not any(cell[:1] in {"=", "+", "-", "@"} for line in lines for cell in line)


async def test_every_bad_row_of_many_is_reported(session):
    await add_terms(session)
    rows = [NEW | {"id": f"N-{n}"} | ({"kind": "x"} if n % 20 == 0 else {}) for n in range(200)]
    shown: list[tuple[int, int]] = []
    checked = await check(session, rows, progress=lambda done, total: shown.append((done, total)))
    assert checked.counts() | {"alike": 0} == {
        "new": 190, "changed": 0, "unchanged": 0, "bad": 10, "quarantined": 0, "alike": 0,
    }  # fmt: skip
    assert [row.number for row in checked.rows if row.state == "bad"] == [
        2 + n for n in range(0, 200, 20)
    ]
    assert len(checked.problems()) == 10
    assert shown[-1] == (200, 200)


# -- people ------------------------------------------------------------------------------------


async def test_an_editor_imports_only_for_the_own_organisation(network):
    rows = [NEW, SPACE | {"name": "B"}]
    assert (await check(network, rows, actor=EDITOR)).counts()["bad"] == 0
    for actor in (OTHER_EDITOR, VIEWER):
        checked = await check(network, rows, actor=actor)
        assert checked.counts()["bad"] == 2, actor
        assert "editor of its organisation" in checked.problems()[0]
    moved = SPACE | {"organization": "Otra organización", "organization_id": "org2"}
    assert (await check(network, [moved], actor=EDITOR)).counts()["bad"] == 1
    assert (await check(network, [moved], actor=COORDINATOR)).counts()["bad"] == 0


async def test_p39_a_hidden_record_is_as_if_it_were_not_there(network):
    """What an editor reads is the same whether an id is hidden or does not exist."""
    row = NEW | {"id": "oculta", "public_phones": ["+57 310 9999999"]}
    hidden = await check(network, [row], actor=EDITOR)
    told = json.dumps(reports.as_object(hidden))
    referred = await check(network, [NEW | {"referral_points": ["oculta"]}], actor=EDITOR)
    assert referred.rows[0].problems[0].reason == "names an unknown space"
    await network.execute(delete(Location).where(Location.id == "oculta"))
    absent = await check(network, [row], actor=EDITOR)
    assert json.dumps(reports.as_object(absent)) == told
    assert hidden.rows == absent.rows
    assert hidden.counts()["new"] == 1
    assert hidden.counts()["alike"] == 0


async def test_p39_proposing_a_hidden_id_answers_as_for_a_new_one(network):
    row = NEW | {"id": "oculta"}
    checked = await check(network, [row], actor=EDITOR)
    done = await to_proposals(network, checked, EDITOR, now=NOW, reason="import", batch_id="b")
    assert done.proposed == 1
    proposal = await network.scalar(select(Proposal).where(Proposal.batch_id == "b"))
    assert proposal.changes["id"] != "oculta"
    assert (await document(network, "oculta"))["name"] == "Oculta"


@pytest.mark.parametrize("id_", ["oculta", "nunca"])
async def test_p39_rows_that_refer_to_a_hidden_id_of_their_own_file_tell_nothing(network, id_):
    rows = [NEW | {"id": id_}, NEW | {"id": "b", "referral_points": [id_]}]
    checked = await check(network, rows, actor=EDITOR)
    done = await to_proposals(network, checked, EDITOR, now=NOW, reason="import", batch_id="b")
    assert done.proposed == 2
    made = {
        proposal.changes["id"]: proposal.changes.get("referral_points", [])
        for proposal in await network.scalars(select(Proposal).where(Proposal.batch_id == "b"))
    }
    (referrer,) = made.pop("b")
    assert made == {referrer: []}
    assert referrer != "oculta"


async def test_who_is_named_for_a_restricted_record_sees_it_in_the_report(network):
    await network.execute(insert(RestrictedReader).values(location_id="oculta", person=EDITOR.id))
    hidden = {**SPACE, "id": "oculta", "name": "Oculta B"}
    del hidden["visibility"], hidden["confidential"]
    checked = await check(network, [hidden], actor=EDITOR)
    assert checked.rows[0].state == "changed"


async def test_p40_an_import_by_a_person_becomes_proposals(network):
    rows = [NEW, SPACE | {"status": "closed", "public_phones": ["+57 999"]}]
    checked = await check(network, rows, actor=EDITOR)
    done = await to_proposals(
        network, checked, EDITOR, now=NOW, reason="Matriz de noviembre", batch_id="lote"
    )
    assert (done.proposed, done.at_once) == (2, 1)
    assert (await document(network, "casa"))["status"] == "closed"  # at once
    assert (await document(network, "casa"))["public_phones"] != ["+57 999"]  # waits
    waiting = (
        await network.scalars(
            select(Proposal).where(Proposal.batch_id == "lote", Proposal.state == "pending")
        )
    ).all()
    assert {p.proposed_by for p in waiting} == {EDITOR.id}
    assert await network.scalar(select(Location.id).where(Location.id == "N-1")) is None


# -- batches -----------------------------------------------------------------------------------


async def test_a_batch_waits_and_is_applied_once(network):
    checked = await check(network, [NEW, SPACE], actor=EDITOR)
    batch_id = await batches.keep(network, checked, EDITOR, today=TODAY)
    batch, again = await batches.read(network, batch_id, EDITOR)
    assert (batch.state, batch.counts["new"]) == ("checked", 1)
    assert again.rows == tuple(
        replace(row, changes=row.changes if row.state == "new" else {}) for row in checked.rows
    )
    done = await batches.apply_batch(network, batch_id, EDITOR, now=NOW, reason="Matriz")
    assert done.proposed == 1
    with pytest.raises(ConflictError):
        await batches.apply_batch(network, batch_id, EDITOR, now=NOW, reason="Matriz")
    assert [b.state for b in await batches.list_batches(network, EDITOR)] == ["applied"]


async def test_a_batch_is_its_persons_alone(network):
    checked = await check(network, [NEW], actor=EDITOR)
    batch_id = await batches.keep(network, checked, EDITOR, today=TODAY)
    for actor in (OTHER_EDITOR, APPROVER, COORDINATOR):
        assert await batches.list_batches(network, actor) == []
        with pytest.raises(NotFoundError):
            await batches.read(network, batch_id, actor)
        with pytest.raises(NotFoundError):
            await batches.discard(network, batch_id, actor)


async def test_p29_a_batch_is_deleted_after_a_week_and_emptied_when_discarded(network):
    checked = await check(network, [NEW], actor=EDITOR)
    batch_id = await batches.keep(network, checked, EDITOR, today=TODAY)
    await batches.discard(network, batch_id, EDITOR)
    row = await network.get(ImportBatch, batch_id)
    await network.refresh(row)
    assert (row.documents, row.report["rows"]) == ([], [])
    assert await batches.purge(network, TODAY) == 0
    await network.execute(update(ImportBatch).values(delete_on=TODAY))
    assert await batches.purge(network, TODAY) == 1
    assert await batches.list_batches(network, EDITOR) == []


async def test_a_stopped_import_leaves_nothing(loaded_database):
    """As Ctrl-C does: the transaction never ends."""
    data = as_geojson([NEW | {"demo": True}])

    async def interrupted():
        async with loaded_database.session(Tier.WRITER) as session:
            await write(session, await check(session, data, "x.geojson"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await interrupted()
    async with loaded_database.session(Tier.WRITER) as session:
        assert await session.scalar(select(Location.id).where(Location.id == "N-1")) is None
