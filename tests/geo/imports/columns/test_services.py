"""Items of lists of services: read by all of their words or not at all."""

import csv
from pathlib import Path

import pytest

from geo.imports.columns.services import _KNOWN, joined_parts, limits_somebody, service_of
from geo.text.protected_words import protected_phrases


@pytest.mark.parametrize(
    ("code", "labels"),
    [
        ("overnight", ("dormida 1 a 3 noches", "hospedaje 90 días", "Alojamiento hasta 30 días",
         "servicio de alojamiento", "cama", "pernocte", "alojamiento 48h", "Pernoite")),
        ("food", ("3 comidas", "Alimentación (3 comidas)", "almuerzo a S/ 3", "refeição R$ 1,00",
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
         "casa de acogida VBG", "alojamiento de otra ONG", "antes comida")),
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


def test_words_that_limit_are_seen():
    assert limits_somebody(["comida", "cama solo mujeres"])
    assert limits_somebody(["ya no hay camas"])
    assert not limits_somebody(["comida", "algo nuevo", 3])


def test_every_code_is_of_the_vocabulary():
    path = Path(__file__).resolve().parents[4] / "data" / "spaces" / "vocabulary.csv"
    with path.open(encoding="utf-8") as stream:
        codes = {row["code"] for row in csv.DictReader(stream) if row["vocabulary"] == "service"}
    assert {code for code in _KNOWN.values() if code} <= codes


def test_p38_no_name_of_another_service_is_of_what_is_protected():
    for label, code in _KNOWN.items():
        assert code == "gbv_response" or not any(protected_phrases([label])), label
