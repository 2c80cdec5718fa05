"""Columns recognised by header and cells together; what is about people is never led to a field."""

from pathlib import Path

import pytest

from geo.imports.columns.recognition import recognise
from geo.imports.readers.table import Line, Table


def read_columns():
    """Return header, fields and cells of each column of the list."""
    for line in Path(__file__).with_name("columns.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            header, _, rest = line.partition(" = ")
            fields, _, cells = rest.partition(": ")
            yield header, frozenset(fields.split("+")) - {""}, tuple(cells.split(" | "))


def table_of(columns):
    rows = zip(*columns.values(), strict=True)
    lines = tuple(Line(n, dict(zip(columns, row, strict=True))) for n, row in enumerate(rows, 1))
    return Table("csv", tuple(columns), lines)


def fields_by_column(columns):
    told = recognise(table_of(columns), {})
    found = {column: set() for column in columns}
    for name, used in told.fields.items():
        for column in used:
            found[column].add(name)
    for column, names in told.parts.items():
        found[column] |= set(names)
    for name, codes in told.answers.items():
        for column in codes:
            found[column].add(name)
    return found


COLUMNS = tuple(read_columns())


def test_p6_p31_columns_about_people_and_dangers_are_led_to_no_field():
    kept_back = {header: cells for header, fields, cells in COLUMNS if not fields}
    assert len(kept_back) > 40
    for header, cells in kept_back.items():
        assert fields_by_column({header: cells}) == {header: set()}
    # Together, with every field still to be had.
    assert set().union(*fields_by_column(kept_back).values()) == set()


def test_columns_are_recognised_however_they_are_worded():
    for header, fields, cells in COLUMNS:
        if fields:
            assert fields_by_column({header: cells}) == {header: set(fields)}


def test_the_best_whole_is_chosen():
    """A header of two fields is of the one that no other column is."""
    names = ("Casa Luz", "Albergue San Juan", "Comedor Paz", "Hogar Fe")
    who = ("Cáritas", "Fundación Paz", "Cáritas", "Pastoral")
    asked = {"¿Cómo se llama el espacio u organización?": names, "¿Quién lo opera?": who}
    assert list(fields_by_column(asked).values()) == [{"name"}, {"organization"}]
    apart = {"Nombre": names, "¿Cómo se llama la organización?": who}
    assert list(fields_by_column(apart).values()) == [{"name"}, {"organization"}]


def test_p6_a_second_column_of_phones_is_no_landmark():
    phones = ["300 555 1100", "310 555 1101", "315 555 1102", "605 555 0203", "320 555 1111"]
    asked = {
        "Línea contacto": [*phones, "315 555 1130"],
        "WA (S/N o nro)": ["S", *phones],
    }
    assert list(fields_by_column(asked).values()) == [{"public_phones"}] * 2


def test_an_institution_in_each_row_is_the_name_where_another_column_tells_who_runs_it():
    each = ["Casa Luz", "Albergue Paz", "Pastoral Sur", "Comedor Fe", "Hogar Sol", "Tenda Pari"]
    runs = ["igreja", "prefeitura", "igreja", "ONG", "igreja", "ONG"]
    for header, other in (("instituição", "mantenedora"), ("Nombre de la institución", "Operador")):
        assert list(fields_by_column({header: each, other: runs}).values()) == [
            {"name"},
            {"organization"},
        ]
        # Without that, and where places share it, it is who runs them.
        assert fields_by_column({header: each}) == {header: {"organization"}}
        assert "name" not in fields_by_column({header: runs, other: runs})[header]
    assert fields_by_column({"Obra": each, "Congregación": runs})["Obra"] == {"name"}
    named = {"Nombre": each, "Institución": each[::-1], "Operador": runs}
    assert fields_by_column(named)["Nombre"] == {"name"}


def test_a_quarter_follows_the_street():
    streets = ["Rua das Flores 12", "Av. Central 5", "Rua Sete 41"]
    quarters = ["Centro", "Vila Nova", "Sé"]
    for header in ("Bairro", "Colonia", "Barrio o sector", "Sector"):
        told = recognise(table_of({header: quarters, "Endereço": streets}), {})
        assert told.fields["address"] == ("Endereço", header)
        assert fields_by_column({header: quarters}) == {header: set()}
    sectors = {"Sector": ["Salud", "Educación", "Nutrición"], "Dirección": streets}
    assert fields_by_column(sectors)["Sector"] == {"sectors"}


def test_who_runs_a_place_goes_before_the_partner_in_the_lead():
    lead = ("ACNUR", "OIM", "Cáritas", "OIM")
    runs = ("Fund. Paz", "", "Pastoral Social", "Corp. Luz")
    columns = {"Socio principal": lead, "Socio implem.": runs}
    told = recognise(table_of(columns), {})
    # Where nobody else is named, the lead partner runs it.
    assert told.fields["organization"] == ("Socio implem.", "Socio principal")
    assert fields_by_column({"Socio principal": lead}) == {"Socio principal": {"organization"}}


def test_p6_a_column_with_a_persons_mailbox_or_name_is_left_to_a_person():
    boxes = ["info@a.example", "casadelmigrante@b.example", "acnur.cucuta@c.example, x@"]
    boxes += ["esperanza@esperanza.example", "albergue2@d.example", "https://e.example"]
    assert fields_by_column({"Correo": boxes}) == {"Correo": {"public_contact"}}
    for personal in (
        "maria@d.example", "albergue@gmail.com", "laura.ospina@d.example", "mperez@d.example",
        "r.gomez@d.example", "info@d.example / jlopez@d.example", "casasgutierrez@d.example",
        "info.rosa@d.example",
    ):  # fmt: skip
        assert fields_by_column({"Correo": [*boxes, personal]}) == {"Correo": set()}
    boxes = ["duitama@d.example", "sangil@d.example"]
    towns = {"Municipio": ["Duitama", "San Gil"], "Correo": boxes}
    assert fields_by_column(towns)["Correo"] == {"public_contact"}
    assert fields_by_column(towns | {"Municipio": ["San Gil", "Duitama"]})["Correo"] == set()
    numbers = ["310 555 0101", "310 555 0102", "310 555 0103"]
    assert fields_by_column({"Teléfono": numbers}) == {"Teléfono": {"public_phones"}}
    assert fields_by_column({"Teléfono": [*numbers, "310 555 0104 (Rosa)"]}) == {"Teléfono": set()}
    # A few mailboxes among numbers are left out; not where they tell whose numbers stand there.
    assert fields_by_column({"fone/zap": [*numbers, *numbers, "plac2@d.example"]}) == {
        "fone/zap": {"public_phones"}
    }
    for personal in ("rosa@d.example", "casa2@gmail.com", "310 555 0104 mperez@d.example"):
        assert fields_by_column({"fone/zap": [*numbers, *numbers, personal]}) == {"fone/zap": set()}
    many = ["mperez@d.example", "jlopez@d.example"]
    assert fields_by_column({"fone/zap": [*numbers, *many]}) == {"fone/zap": set()}
    phones = ["310 555 0101", "310 555 0102", "310 555 0103", "Rosa 310 555 0104"]
    assert fields_by_column({"Teléfono": phones}) == {"Teléfono": set()}


@pytest.mark.parametrize(
    ("header", "field", "cells"),
    [
        # Cells that are plainly something else speak against a header.
        ("Nombre", "name", ["310 555 0101", "310 555 0102", "310 555 0103"]),
        ("Latitud", "lat", ["norte", "sur", "centro"]),
        (
            "Fecha de verificación",
            "confirmed_on",
            ["pendiente de visita", "ver acta", "sin visita"],
        ),
        ("Costo", "cost", ["12/03/2026", "13/03/2026", "14/03/2026"]),
    ],
)
def test_cells_speak_against_a_field(header, field, cells):
    assert field not in fields_by_column({header: cells})[header]


def test_a_comfort_is_read_only_where_the_header_asks_for_it_and_nothing_else():
    answers = ["sí", "no", "sí", "no"]
    for header in ("¿Tiene agua potable?", "Aceptan mascotas", "¿Se puede cargar el celular?",
                   "Wifi (Sí/No)", "Baños S/N", "Sala de lactancia", "Tem chuveiro?"):  # fmt: skip
        assert fields_by_column({header: answers}) == {header: {"amenities"}}
    for header in ("¿Falta agua?", "Corte de agua", "Agua contaminada", "Mascotas prohibidas",
                   "Perro guardián", "¿Sin internet?", "¿No hay wifi?", "Baño dañado"):  # fmt: skip
        assert fields_by_column({header: answers}) == {header: set()}


def test_the_day_of_a_visit_is_read_from_a_survey_and_not_from_any_column_of_dates():
    days = ["12/03/2026", "01/06/2026", "15/08/2026"]
    assert fields_by_column({"start": days}) == {"start": set()}
    assert fields_by_column({"start": days, "deviceid": [""] * 3})["start"] == {"confirmed_on"}


def test_who_arrives_at_night_does_not_sleep_there():
    answers = ["sí", "no", "sí", "no"]
    for header, fields in (
        ("¿Llegada de noche?", set()),
        ("¿Se puede dormir?", {"overnight"}),
        ("¿Se pueden quedar la noche?", {"overnight"}),
    ):
        assert fields_by_column({header: answers}) == {header: fields}
    states = ["Táchira", "Zulia", "Apure"]
    assert fields_by_column({"Edo.": states}) == {"Edo.": {"admin1"}}
