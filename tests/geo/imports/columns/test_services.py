"""Items of lists of services: read by all of their words or not at all."""

import csv
from pathlib import Path

import pytest

from geo.imports.columns.services import (
    _KNOWN,
    asks_for_a_person,
    joined_parts,
    sends_elsewhere,
    service_of,
)
from geo.text.protected_words import protected_phrases


@pytest.mark.parametrize(
    ("code", "labels"),
    [
        ("overnight", ("dormida 1 a 3 noches", "hospedaje 90 días", "Alojamiento hasta 30 días",
         "servicio de alojamiento", "cama", "pernocte", "Pernoite")),
        ("food", ("3 comidas", "Alimentación (3 comidas)", "comida (gratis)",
         "alimentación (almuerzos)",
         "comida p/llevar", "sopa", "marmita")),
        ("health", ("medicina gral.", "Consulta general", "SSR", "prueba VIH")),
        ("connectivity", ("wifi 30 min", "llamadas")),
        ("showers", ("showers_hot",)),
        ("gbv_response", ("VBG",)),
        ("", ("refugio", "abrigo", "curso de cocina", "taller de hospedaje", "bolsa de trabajo",
         "…")),
        (None, ("derivan a albergue", "mapa de albergues", "transporte a un comedor",
         "información sobre salud", "albergue mujeres", "albergue (mujeres)", "albergue lleno",
         "no hay duchas", "comida para socios", "casa refugio", "refugio seguro",
         "atención a víctimas de trata", "curso para víctimas de trata", "taller solo mujeres",
         "casa de acogida VBG", "alojamiento de otra ONG", "antes comida",
         # None, elsewhere, for money, for an hour, or given away.
         "0 camas", "hospedaje 0 noches", "hospedaje (0 camas)", "albergue (derivación)",
         "alojamiento (CBI)", "salud (charlas)", "comida (donaciones)", "acceso a albergue",
         "entrega de camas", "cama 30 min", "alojamiento 48h", "cama $ 50000", "almuerzo a S/ 3")),
    ],
)  # fmt: skip
def test_an_item_is_a_service_by_all_of_its_words(code, labels):
    for label in labels:
        assert service_of(label) == code, label


def test_items_with_and_are_two_where_both_are_known():
    assert joined_parts("cena y desayuno") == ["cena", "desayuno"]
    assert joined_parts("baño/ropa") == ["baño", "ropa"]
    assert joined_parts("ropa y calzado") == ["ropa y calzado"]
    assert joined_parts("comida y algo más") == ["comida y algo más"]


@pytest.mark.parametrize(
    "item", ["derivación/albergue", "remisión + cama", "mapa y albergue", "información/albergue",
             "bono y comida"],
)  # fmt: skip
def test_what_may_be_elsewhere_is_not_told_apart(item):
    assert joined_parts(item) == [item]


def test_a_list_that_begins_with_a_referral_may_be_of_elsewhere():
    assert sends_elsewhere(["derivación", "albergue"], "derivación, albergue")
    assert sends_elsewhere(["Información", "albergue"], "Información\nalbergue")
    assert not sends_elsewhere(["información", "albergue"], "información, albergue")
    assert not sends_elsewhere(["derivación"], "derivación")
    # What is taught is not given.
    assert sends_elsewhere(["Talleres de salud", "higiene"], "Talleres de salud, higiene")
    assert sends_elsewhere(["Salud", "charlas de nutrición", "alojamiento"], "")
    assert not sends_elsewhere(["comida", "curso de pan"], "comida, curso de pan")


def test_p38_words_that_limit_or_name_who_is_protected_are_left_to_a_person():
    for cell in ("comida, cama solo mujeres", "ya no hay camas", "0 camas", "derivan a albergue",
                 "albergue trata", "víctimas trata", "hospedaje NNA", "hogar de protección",
                 "restablecimiento de derechos", "mujeres amenazadas", "violencia", "OSIGD",
                 "casa protegida", "alojamiento seguro", "rescatados"):  # fmt: skip
        assert asks_for_a_person(cell), cell
    for cell in ("comida, algo nuevo", "orientación, protección", "refugio, asilo", "", None, 3,
                 "Asesoría legal (previa cita)", "comida (sin costo)", "Agua segura", "no aplica",
                 "Orientación en derechos", "Seguro de salud", "Educación para NNA", "no",
                 "Apoyo psicosocial a NNA", "Servicios diversos"):  # fmt: skip
        assert not asks_for_a_person(cell), cell


def test_every_code_is_of_the_vocabulary():
    path = Path(__file__).resolve().parents[4] / "data" / "spaces" / "vocabulary.csv"
    with path.open(encoding="utf-8") as stream:
        codes = {row["code"] for row in csv.DictReader(stream) if row["vocabulary"] == "service"}
    assert {code for code in _KNOWN.values() if code} <= codes


def test_p38_no_name_of_another_service_is_of_what_is_protected():
    for label, code in _KNOWN.items():
        assert code == "gbv_response" or not any(protected_phrases([label])), label
