"""Words that hold a record back (P38), however they are written."""

import pytest

from geo.errors import PersonalDataError
from geo.imports.personal_data import require_no_persons
from geo.records.quarantine import protected_reason
from geo.text.normalize import unmasked

MASKED = (
    "Casa de acogida",
    "casa_de_acogida",
    "casa.de.acogida",
    "casa/refugio",
    "casa\nrefugio",
    "casa\u2010refugio",
    "CasaRefugio",
    "Casa\u00a0refugio",
    "c a s a  d e  a c o g i d a",
    "Ca\u00adsa de acogida",
    "Casa\u200bde\u200bacogida",
    "violencia\u200bde\u200bgénero",
    "vio\u2060lencia de género",
    "Casa\u034f refugio",
    "\u0441asa r\u0435fugi\u043e",
    "\u1d04asa refugio",
    "\uff23asa de acogida",
    "V.B.G.",
    "L G B T I",
)
LANGUAGES = (
    "mujeres víctimas de violencia",
    "Albergue mujeres",
    "hogar de paso para mujeres",
    "violencia machista",
    "explotación sexual",
    "mulheres em situação de violência",
    "tráfico de mulheres",
    "violence against women",
    "shelter for women",
    "womens shelter",
    "foyer pour femmes",
    "violences faites aux femmes",
    "mineurs isolés",
    "kay pou fanm",
    "timoun ki poukont yo",
    "menores sin acompañante",
    "Hogar de paso NNA",
    "Albergue para NNA",
    "hogar de paso para las niñas",
    "casa de protección de adolescentes",
    "mujeres trans",
)
ORDINARY = (
    "Personas refugiadas, migrantes y comunidad de acogida",
    "Atiende en casa. Refugio de montaña a 3 km",
    "Albergue: mujeres y niños duermen aparte",
    "Mujeres embarazadas, niñas y niños",
    "Se trata de un comedor",
    "Casa del migrante",
    "Hogar de paso",
    "Actividades para NNA",
    "Casa de los niños",
    "Local com segurança",
    "Transporte y tránsito",
    "Casa A B, salida a la E 45",
)


@pytest.mark.parametrize("words", MASKED)
def test_p38_protected_words_are_known_however_they_are_masked(words):
    assert protected_reason("support_space", ["food"], ["Punto", words, "Calle 3"]) is not None


@pytest.mark.parametrize("words", LANGUAGES)
def test_p38_protected_words_are_known_in_every_language_of_the_network(words):
    assert protected_reason("support_space", ["food"], [words]) is not None
    assert protected_reason("support_space", ["food"], [words.upper()]) is not None


@pytest.mark.parametrize("words", ORDINARY)
def test_p38_ordinary_words_stay_public(words):
    assert protected_reason("support_space", ["food"], [words]) is None


def test_p38_a_phrase_does_not_run_from_one_text_into_the_next():
    assert protected_reason("support_space", [], ["Nuestra casa", "Refugio de montaña"]) is None


def test_a_text_is_read_as_a_person_reads_it():
    assert unmasked("  Ñandú, V.B.G.\u200b (С1) ") == "nandu | vbg | c1"
    assert unmasked("") == unmasked("...") == ""


@pytest.mark.parametrize(
    "column", ["D.N.I.", "nombre\u200b del beneficiario", "n\u043embre_beneficiario", "Ｃédula"]
)
def test_p17_a_column_about_persons_is_known_however_it_is_masked(column):
    with pytest.raises(PersonalDataError):
        require_no_persons(["name", column])
