"""Labels of cells as codes: what is denied or limited is never read as open."""

import pytest

from geo.imports.columns.labels import (
    asks_for_papers,
    asks_if_open,
    meanings_of,
    meant,
    meant_of_all,
    meant_of_kind,
)
from geo.imports.headers.wording import DENIALS


@pytest.mark.parametrize(
    ("name", "code", "labels"),
    [
        ("status", "temporarily_closed", ("No funciona", "Não funciona", "Inoperativo",
         "no operativo", "não operando", "no operacional", "inoperacional", "not operational",
         "não está em funcionamento", "Inactivo", "fuera de servicio", "desactivado",
         "Inactivo (estacional)", "en pausa", "pausa (goteras)", "Cerrado (obras)",
         "fechado p/ reforma até maio", "Cerrado por ahora",
         "Por abrir en abril", "en vacaciones hasta el 24/03")),
        ("status", "full", ("lista de espera", "Lleno / lista de espera", "sem vagas")),
        ("status", "", ("nunca funciona", "ainda não aberta", "não está aberta", "parcialmente",
         "parcialmente abierto", "cerrado los domingos", "vacantes abiertas en abril",
         "vigente?", "reabrió 10-03", "con cupo limitado", "ok hasta marzo", "aún sin abrir",
         "estaba abierto",
         "abierto hasta mayo", "dejó de funcionar", "No sabe", "no, abierto",
         "abierto?", "posiblemente abierto", "ativo - superlotado", "pas ouvert", "sí", "no", "?")),
        ("status", "active", ("operativa", "ya funciona", "Abierto (L-S)",
         "em funcionamento normal", "abierto (mayo 2025)")),
        ("status", "closed", ("No, cerrado definitivamente", "ya no funciona",
         "Terminado (mayo 24)", "cerrado definitivo por obras", "Proyecto terminado",
         "fechada desde nov/24")),
        ("access", "", ("sem porta aberta", "sin ingreso directo", "não é livre",
         "s/ encaminhamento", "aberto só a mulheres", "ingreso directo por ACNUR")),
        ("access", "open", ("sem encaminhamento", "sin cita", "Puerta abierta")),
        ("services", "", ("comida (suspendida)", "duchas cerradas", "techo", "asesoría")),
        ("access", "", ("puerta abierta con carta", "abierto, requiere evaluación")),
        ("access", "referral_only", ("por encaminhamento do CRAS", "solo con derivación")),
    ],
)  # fmt: skip
def test_a_label_that_denies_means_only_what_is_known_of_all_of_it(name, code, labels):
    for label in labels:
        assert (label, meant(label, meanings_of(name))) == (label, code)


@pytest.mark.parametrize("name", ["status", "access"])
def test_no_label_keeps_its_code_after_a_word_of_denial(name):
    meanings = meanings_of(name)
    for label, code in meanings.items():
        assert meant(label, meanings) == code
        for denial in DENIALS:
            denied = f"{denial} {label}"
            assert denied in meanings or meant(denied, meanings) == ""


@pytest.mark.parametrize(
    "label",
    ["alojamiento LGBTI", "alojamiento para sobrevivientes de trata",
     "alojamiento, atención a víctimas de trata", "refugio para mujeres víctimas de violencia"],
)  # fmt: skip
def test_p38_a_label_with_a_protected_word_is_no_other_service(label):
    assert meant(label, meanings_of("services")) == ""
    assert meant("atención a violencia de género", meanings_of("services")) == "gbv_response"


@pytest.mark.parametrize(
    "label",
    ["venden comida", "necesitan comida", "agua cortada", "daban almuerzo", "se acabó la comida",
     "era albergue hasta que cerraron", "derivan a albergue del municipio", "carece de comida",
     "cerca de un albergue", "menos albergue todo", "evalúan abrir albergue"],
)  # fmt: skip
def test_what_a_place_had_lacks_or_leaves_to_others_is_no_service_of_its(label):
    assert meant(label, meanings_of("services")) == ""


def test_yes_is_a_state_only_where_the_header_asks_whether_a_place_is_open():
    for header in ("¿Operativo? (Sí/No)", "Funciona", "Está abierto?", "Em operação / ativo S/N",
                   "15. ¿El punto está en funcionamiento?"):  # fmt: skip
        assert asks_if_open(header)
    for header in ("¿Está cerrado?", "No funciona", "Estado", "Abierto/cerrado", "¿Ya no opera?",
                   "12. ¿Tiene ruta VBG activa?",
                   "Funciona de noche"):  # fmt: skip
        assert not asks_if_open(header)


def test_no_is_no_papers_only_where_the_header_asks_for_papers():
    for header in (
        "¿Piden documentos?",
        "Requisitos",
        "14. É preciso encaminhamento ou documento?",
    ):
        assert asks_for_papers(header)
    for header in ("Documentos", "¿Aceptan sin documentos?", "¿Piden documento vigente?",
                   "¿Puede entrar con documento vencido?", "¿Exigen pasaporte?", "¿Pide cédula?",
                   "¿Piden documento de identidad?", "Exige CPF?", "ID required",
                   "Pide documentos a menores", "Qué exigen a las mujeres para entrar",
                   "¿Exigen carta de remisión?", "¿Piden papeles para dormir?"):  # fmt: skip
        assert not asks_for_papers(header)


def test_papers_that_are_optional_and_words_that_are_only_alike_mean_nothing():
    meanings = meanings_of("documents_required")
    for label, code in (
        ("Identificación", "identity_document"), ("Identificación si tienen", ""),
        ("passaporte se tiver", ""), ("cédula (opcional)", ""), ("cedula NO obligatoria", ""),
        ("Remisión", "referral_letter"), ("Revisión", ""),
    ):  # fmt: skip
        assert (label, meant_of_all(label, meanings)) == (label, code)
    assert meant("informática", meanings_of("services")) == ""
    # "En" is Spanish, too, unless it is the whole label.
    for label, code in (("verificación en listado", ""), ("EN", "en"), ("esp.", "es")):
        assert (label, meant(label, meanings_of("languages"))) == (label, code)


def test_p38_a_kind_of_two_things_or_of_guarded_people_is_left_to_a_person():
    meanings = meanings_of("kind")
    for label, code in (
        ("refugio nocturno", "shelter"), ("refugio mujeres VBG", ""), ("abrigo feminino", ""),
        ("Casa de acogida p/mujeres", "safe_space"), ("trámites y refugio", ""),
        ("posto de recepção e informação", "information_orientation_point"),
        ("CRAS", ""), ("CAS", "health_reception"), ("paso", ""), ("Casa de acolhida", ""),
        ("hogar de paso NNA", ""), ("albergue de niños", ""),
        ("hogar de paso", "overnight_reception"), ("comedor infantil", "community_kitchen"),
    ):  # fmt: skip
        assert (label, meant_of_kind(label, meanings)) == (label, code)
