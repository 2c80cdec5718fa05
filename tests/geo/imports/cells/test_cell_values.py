"""Cells into values: decimal commas, thousands, flags, lists, phones, positions."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.imports.cells.cell_values import (
    EMPTY,
    CellStyle,
    converted,
    decimal_of,
    degrees,
    is_empty,
    is_list_in_doubt,
    number,
    position,
)
from geo.imports.cells.fields import KINDS
from geo.imports.cells.notices import closing, is_withheld
from geo.imports.cells.parts import split
from geo.imports.readers.table import CellError
from geo.records.space_documents import FIELDS


def test_the_import_knows_exactly_the_fields_of_a_space():
    assert set(KINDS) == set(FIELDS)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7,5", 7.5),
        ("-72.508", None),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1.234.567", 1234567),
        ("1 234,5", 1234.5),
        ("0.25", 0.25),
        ("12", 12),
        ("1e3", 1000),
        (7, 7),
    ],
)
def test_numbers_with_commas_and_thousands(value, expected):
    if expected is None:
        with pytest.raises(CellError, match="ambiguous"):
            number(value, CellStyle())
        assert number(value, CellStyle(decimal=".")) == -72.508
        assert number(value, CellStyle(decimal=",")) == -72508
    else:
        assert number(value, CellStyle()) == expected


@pytest.mark.parametrize("cell", ["30 cupos", "30 Personas", "30camas", "30", 30.0])
def test_whole_numbers_may_say_of_what(cell):
    assert converted(cell, "capacity", CellStyle()) == 30


def test_a_column_tells_its_decimal_sign():
    assert decimal_of(["1.234", "1.5"]) == "."
    assert decimal_of(["1,234", "2,25"]) == ","
    assert decimal_of(["1.234,5"]) == ","
    assert decimal_of(["1.234", "12", None, 7.5]) is None
    assert decimal_of(["1.5", "1,5"]) is None


@pytest.mark.parametrize("value", ["doce", "1,2,3", "1.23.4", "", True, None, "nan", "inf", "--1"])
def test_no_number_is_refused(value):
    with pytest.raises(CellError):
        number(value, CellStyle())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7,89391", 7.89391),
        ("7.891", 7.891),
        ("-72,505", -72.505),
        ("7° 53' 38.1\" N", 7.893916),
        ("72°30'18''O", -72.505),
        ("72° 30,5' W", -72.508333),
        (-72.5, -72.5),
    ],
)
def test_a_coordinate_has_no_thousands(value, expected):
    assert degrees(value, CellStyle()) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    "value",
    [
        "7.89391, -72.50482",
        "7.89391 -72.50482 320.5 4.9",
        "7,89391; -72,50482",
        "7,89391,-72,50482",
        "(7.89391,-72.50482)",
        "7,89391 -72,50482",
        "7,89391 / -72,50482",
        "7.89391 N 72.50482 W",
        "7,89391° n, 72,50482° o",
        "https://maps.google.com/?q=7.89391,-72.50482",
        "https://www.google.com/maps/place/Un+lugar/@7.89391,-72.50482,17z/data=!3m1",
        "@7.89391,-72.50482,16.5z",
        "https://www.google.com/maps/place/Casa/@4.601,-74.081,6z/data=!3d7.89391!4d-72.50482",
    ],
)
def test_a_position_in_one_cell_is_latitude_first(value):
    assert position(value, CellStyle()) == pytest.approx((-72.50482, 7.89391))


def test_no_position_is_refused():
    for value in ("frente al parque", "7.8", "1 2 3 4 5", None, "https://maps.app.goo.gl/AbC",
                  "https://example.org/?q=7.89391,-72.50482", "@7,-72", "1/2 3/4", "8 / 5",
                  # The middle of a country, of a route, and of what somebody looked at.
                  "https://www.google.com/maps/@4.57086,-74.29733,5z",
                  "https://www.google.com/maps/dir/A/B/@7.23512,-72.38812,17z",
                  "https://maps.google.com/?q=albergue&ll=4.57012,-74.29712"):  # fmt: skip
        with pytest.raises(CellError):
            position(value, CellStyle())


@pytest.mark.parametrize("value", ["Sí", "SI", "si", "yes", "1", 1, True, "x", "Verdadero", "sim"])
def test_yes_in_any_language(value):
    assert converted(value, "overnight", CellStyle()) is True


@pytest.mark.parametrize("value", ["No", "não", "0", 0, False, "FALSO", "no hay", "No tiene"])
def test_no_in_any_language(value):
    assert converted(value, "overnight", CellStyle()) is False
    assert not is_empty(value, "overnight", CellStyle())


def test_a_yes_may_say_more_and_a_no_that_does_is_left_to_a_person():
    for cell in (
        "Sí (GIFMM)",
        "Sim, do CRAS",
        "yes: by phone",
        "solo derivación",
        "Encaminh. CRAS",
    ):
        assert converted(cell, "needs_referral", CellStyle()) is True
    for cell in ("porta aberta", "ingreso directo", "sin remisión", "libre", "abierto, sin carta"):
        assert converted(cell, "needs_referral", CellStyle()) is False
    for cell in (
        "No (salvo de noche)", "sin", "a veces", "siempre, con carta", "cita previa",
        "porta aberta; pernoite só encaminhado", "puerta abierta o derivación", "no por derivación",
        "s/ encaminhamento", "s/ cita", "S/N", "s/i", "x / no", "hospedaje directo por ACNUR",
        "aberto só a mulheres", "no tiene", "puerta abierta con carta",
        "abierto, requiere evaluación", "directo tras entrevista", "porta aberta após triagem",
    ):  # fmt: skip
        with pytest.raises(CellError):
            converted(cell, "needs_referral", CellStyle())


def test_languages_and_services_are_joined_as_people_join_them():
    assert converted("Pt/ES, francês e warao", "languages", CellStyle()) == [
        *("pt", "es", "francês", "warao")
    ]
    assert converted("cena + ducha, ropa y abrigo", "services", CellStyle()) == [
        *("cena", "ducha", "ropa y abrigo")
    ]


@pytest.mark.parametrize(
    ("name", "separator", "doubted", "told"),
    [
        ("services", " ",
         ("duchas (no funcionan) agua", "agua comida (suspendida)", "no agua comida", "agua (ayer)",
          "água (não tem) comida", "food without water", "pas de douche repas"),
         ("agua comida (R$ 2,00)", "agua (gratis)", "non_food_items food", "")),
        ("services", None,
         ("no hay agua, comida", "sem água, comida", "agua; suspendido: comida, camas",
          "ropa, sin: agua, comida", "agua, comida, ya no"),
         ("comida, no agua", "agua, comida", "non food items, food", "ninguno", "no agua",
          "agua, no comida, ropa", "no agua, no comida", "food, non-food items, water")),
        ("languages", None,
         ("no inglés español portugués", "sin inglés español", "español, no inglés", "não inglês"),
         ("español inglés", "PT/ES")),
        ("documents_required", " ", ("sin carta dni",), ("no piden", "dni carta")),
    ],
)  # fmt: skip
def test_a_list_that_denies_something_is_left_to_a_person(name, separator, doubted, told):
    for cell in (*doubted, *told):
        style = CellStyle(separator=separator)
        assert (cell, is_list_in_doubt(cell, name, style)) == (cell, cell in doubted)


@pytest.mark.parametrize("value", [",", ";", " | ", ", "])
def test_a_list_of_signs_alone_denies_nothing(value):
    assert not is_list_in_doubt(value, "services", CellStyle())


def test_lists_of_any_separator():
    assert converted("a|b, c", "services", CellStyle()) == ["a", "b, c"]
    assert converted("a; b,c", "services", CellStyle()) == ["a", "b,c"]
    assert converted("a, b", "services", CellStyle()) == ["a", "b"]
    assert converted("a b, c (R$ 2)", "services", CellStyle(separator=" ")) == ["a", "b", "c"]
    assert converted("português espanhol ticuna", "languages", CellStyle()) == [
        *("português", "espanhol", "ticuna")
    ]
    for cell in ("lengua de señas", "español poco inglés"):
        assert converted(cell, "languages", CellStyle()) == [cell]
    assert converted('["a", "b"]', "services", CellStyle()) == ["a", "b"]
    assert converted("ninguno", "documents_required", CellStyle()) == []
    assert converted("[]", "documents_required", CellStyle()) == []


def test_no_pattern_reads_a_cell_that_is_longer_than_any_of_its_field():
    """Blanks, brackets and words that take a pattern the square of their count in steps."""
    for run in ("da ", "(", "1 ", "a@", "9", "a/"):
        cell = (run * 30_000)[:30_000]
        assert not is_withheld(cell, "address")
        assert closing(f"cerrado {cell}") in {"temporarily_closed", None}
        for name in ("public_phones", "languages", "opening_hours", "confirmed_on", "country"):
            with pytest.raises(CellError, match="longer than 2000"):
                converted(cell, name, CellStyle())
        assert split(cell, ("public_phones", "public_contact")) == {"public_phones": cell}
    assert converted(" " * 20_000 + "1", "public_phones", CellStyle()) == ["1"]
    assert converted("español" + " " * 20_000 + "inglés", "languages", CellStyle()) == [
        *("español", "inglés")
    ]
    assert converted("x" * 3_000, "eligibility", CellStyle()) == "x" * 3_000


def test_phones_stay_as_they_are_written():
    phones = converted("310 123 4567 / +57 (1) 234-5678 y *123#", "public_phones", CellStyle())
    assert phones == ["310 123 4567", "+57 (1) 234-5678", "*123#"]
    assert converted(573101234567.0, "public_phones", CellStyle()) == ["573101234567"]
    said = "zap 95 95550-2923 / (95) 9 5550-9211 (zap)"
    assert converted(said, "public_phones", CellStyle()) == ["95 95550-2923", "(95) 9 5550-9211"]


def test_amenities_are_flags_or_a_list():
    assert converted("toilets|wifi", "amenities", CellStyle()) == {"toilets": True, "wifi": True}
    assert converted('{"wifi": false}', "amenities", CellStyle()) == {"wifi": False}


def test_numbers_in_text_columns_keep_no_decimal_point():
    assert converted(123.0, "id", CellStyle()) == "123"
    assert converted(12.5, "name", CellStyle()) == "12.5"


def test_the_apostrophe_against_formulas_is_taken_off():
    assert converted("'+57 310", "name", CellStyle()) == "+57 310"
    assert converted("''=x", "name", CellStyle()) == "'=x"
    assert converted("'s-Hertog", "name", CellStyle()) == "'s-Hertog"


@pytest.mark.parametrize("word", sorted(EMPTY))
def test_words_for_nothing_are_empty_in_columns_of_codes_but_not_of_texts(word):
    assert is_empty(word, "capacity", CellStyle())
    assert is_empty(word.upper(), "kind", CellStyle())
    assert not is_empty(word, "name", CellStyle())
    # Without a status or an entry a space is taken to be open to everybody.
    for name in ("status", "access", "needs_referral"):
        assert not is_empty(word, name, CellStyle())
    assert is_empty("sin info", "name", CellStyle(empty={"sin info"}))


def test_a_moment_needs_an_offset_or_a_timezone():
    with pytest.raises(CellError, match="offset"):
        converted("2026-03-05 08:00", "capacity_updated", CellStyle())
    zone = CellStyle(timezone="America/Bogota")
    assert converted("2026-03-05 08:00", "capacity_updated", zone) == "2026-03-05T13:00:00+00:00"
    assert converted("2026-03-05T13:00Z", "capacity_updated", CellStyle()).startswith(
        "2026-03-05T13"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("COL", "CO"),
        ("Perú", "PE"),
        ("br", "BR"),
        ("Venezuela", "VE"),
        ("Marte", "Marte"),
        ("Est", "Est"),
        ("Sur", "Sur"),
        ("Dominica", "DM"),
        ("España", "ES"),
        ("Rep.", "Rep."),
        ("Hond.", "HN"),
        ("GUA", "GT"),
    ],
)
def test_countries_by_code_and_name(value, expected):
    assert converted(value, "country", CellStyle()) == expected


@given(st.floats(-180, 180), st.sampled_from([".", ","]))
def test_every_coordinate_survives_its_decimal_sign(value, sign):
    written = f"{value:.7f}".replace(".", sign)
    assert degrees(written, CellStyle()) == pytest.approx(value, abs=1e-6)
    assert degrees(written, CellStyle(decimal=sign)) == pytest.approx(value, abs=1e-6)


@given(st.text(max_size=30), st.sampled_from(sorted(KINDS)))
def test_a_refusal_never_repeats_the_value(value, name):
    if is_empty(value, name, CellStyle()) or len(value) < 8:
        return
    with contextlib.suppress(CellError):
        converted(value, name, CellStyle())
        return
    with pytest.raises(CellError) as caught:
        converted(value, name, CellStyle())
    assert value not in str(caught.value)
