"""P47, P51: what one person publishes at once is said in our words, in every language."""

import pytest

from app.i18n.coded_reasons import PLAIN_TEXTS, notice_markup, notice_said, notice_text
from app.i18n.translation import words
from geo.text.languages import LANGUAGES

OTHERS = [lang for lang in LANGUAGES if lang != "es"]


@pytest.mark.parametrize("lang", OTHERS)
def test_p51_a_coded_reason_is_said_in_the_language_of_the_page(lang):
    own, said = notice_said(words(lang), "Sin agua. Hasta el 03/12/2026, según se sabe.")
    assert own is words(lang)
    assert "agua" not in said
    assert "2026" in said
    assert "según se sabe" not in said


@pytest.mark.parametrize("lang", OTHERS)
def test_p51_every_plain_text_of_a_code_is_translated(lang):
    same = [text for text in PLAIN_TEXTS if words(lang).gettext(text) == text]
    assert same == []


@pytest.mark.parametrize("lang", OTHERS)
def test_p47_what_speaks_of_danger_is_labelled_until_reviewed(lang):
    own, said = notice_said(words(lang), "Inundación. Hasta el 03/12/2026, según se sabe.")
    assert (own.lang, own.is_draft, "2026" in said) == (lang, True, True)
    shown = str(notice_markup(words(lang), "Inundación"))
    assert words(lang).label(own.code) in shown
    assert '<span lang="es"> Inundación</span>' in shown


def test_free_text_is_what_its_owner_wrote():
    own, said = notice_said(words("fr"), "Traiga <cobija>")
    assert (own.lang, said) == ("es", "Traiga <cobija>")
    marked = notice_markup(words("fr"), "Traiga <cobija>")
    assert str(marked) == '<span lang="es">Traiga &lt;cobija&gt;</span>'


@pytest.mark.parametrize("lang", OTHERS)
def test_p47_p51_answers_in_json_say_a_code_in_the_language_that_was_asked(lang):
    w = words(lang)
    assert "agua" not in notice_text(w, "Sin agua. Hasta el 03/12/2026, según se sabe.")
    own, said = notice_said(w, "Inundación")
    assert w.label(own.code) != "traducción aún no revisada"
    assert notice_text(w, "Inundación") == f"{said} ({w.label(own.code)})"
    assert notice_text(w, "Traiga cobija") == "Traiga cobija"
    assert notice_text(w, None) is None
    assert notice_text(words("es"), "Inundación") == "Inundación"
