"""Cells of several fields: told apart where it is certain, else left whole to one reader."""

import pytest

from geo.imports.cells.parts import are_codes, split

TOWN, STATE = ("locality", "admin1"), ("status", "confirmed_on")
CONTACTS = ("public_phones", "public_contact")


@pytest.mark.parametrize(
    ("cell", "fields", "parts"),
    [
        ("Pacaraima/RR", TOWN, {"locality": "Pacaraima", "admin1": "RR"}),
        ("Ipiales (Nariño)", TOWN, {"locality": "Ipiales", "admin1": "Nariño"}),
        ("Carchi - Tulcán", TOWN[::-1], {"locality": "Tulcán", "admin1": "Carchi"}),
        ("Córdoba / Córdoba", TOWN, {"locality": "Córdoba", "admin1": "Córdoba"}),
        ("Foz do Iguaçu", TOWN, {"locality": "Foz do Iguaçu"}),
        ("Danlí HN", ("locality", "country"), {"locality": "Danlí", "country": "HN"}),
        ("Villa EL", ("locality", "country"), {"locality": "Villa EL"}),
        ("Cúcuta, Norte de Santander, Colombia", (*TOWN, "country"),
         {"locality": "Cúcuta", "admin1": "Norte de Santander", "country": "Colombia"}),
        ("ativo - 06/10/25", STATE, {"status": "ativo", "confirmed_on": "06/10/25"}),
        ("Abierto (visto 3 de mayo de 2026)", STATE,
         {"status": "Abierto", "confirmed_on": "3 de mayo de 2026"}),
        ("10/2025: fechado", STATE, {"status": "fechado", "confirmed_on": "10/2025"}),
        ("lleno", STATE, {"status": "lleno"}),
        # Until when, and since when, is not when somebody looked.
        ("cerrado hasta 01/12/2026", STATE, {"status": "cerrado hasta 01/12/2026"}),
        ("activo - convenio 31/12/2025", STATE, {"status": "activo - convenio 31/12/2025"}),
        ("activo, inauguración 01/2026", STATE, {"status": "activo, inauguración 01/2026"}),
        ("activo convenio 31/12/2025", STATE, {"status": "activo convenio 31/12/2025"}),
        ("em funcionamento, verificado em 06/10/25", STATE,
         {"status": "em funcionamento", "confirmed_on": "06/10/25"}),
        ("310 555 0101 / casa@ejemplo.org", CONTACTS,
         {"public_phones": "310 555 0101", "public_contact": "casa@ejemplo.org"}),
        ("310 555 0101 - rosa@ejemplo.org", CONTACTS[:1], {"public_phones": "310 555 0101"}),
        (None, STATE, {}),
        (7, STATE, {"status": 7}),
    ],
)  # fmt: skip
def test_parts_of_a_cell(cell, fields, parts):
    assert split(cell, fields) == parts


def test_lists_of_codes_are_told_from_words():
    assert are_codes(["comida_caliente agua", "agua", "ropa agua"])
    assert are_codes(["agua ropa", "ropa agua", "agua ropa", "ropa agua"])
    by_hand = ["español inglés", "inglés español, francés", "español", "inglés español", "inglés"]
    assert are_codes([*by_hand, "agua (gratis)"])
    assert not are_codes(["kit de aseo", "cena caliente"])
    assert not are_codes(["no agua comida", "agua comida (suspendida)", "agua", "comida"])
    assert not are_codes(["Atención médica", "Orientación legal", "Atención legal", "Orientación"])
    assert not are_codes(["agua", "ropa"])
    assert not are_codes(["Agua ropa_usada"])
    assert not are_codes([])
