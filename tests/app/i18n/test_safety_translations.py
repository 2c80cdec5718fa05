"""P47: every safety text has a translation that keeps numbers, placeholders and negations."""

import re

import pytest

from app.i18n import translation
from app.i18n.safety_texts import safety_texts
from geo.text.languages import LANGUAGES
from geo.translations.wording_checks import wording_problems

OTHERS = [lang for lang in LANGUAGES if lang != "es"]

NOT = {
    "es": r"\b(no|nunca|nadie|ni|sin|ningún|termina el derecho)\b",
    "en": r"\b(no|not|never|nobody|without|cannot|alone|unless|unaccompanied|none|nor)\b",
    "pt": r"\b(não|nunca|ninguém|nem|sem|só|desacompanhadas|nenhum|mais ninguém|sigilosa)\b",
    "fr": r"\b(ne|n’|pas|jamais|personne|ni|sans|sauf|seul|non|aucun)|n’",
    "ht": r"\b(pa|poko|janm|pèsonn|ni|san|pou kont|okenn)\b",
}
"""Words of negation by language."""

TABLE = [
    # original, language, must contain, must not contain, translated back
    ("Nadie lee esto con urgencia.", "en", "Nobody", "call", "Nadie lee esto con urgencia"),
    ("Nadie lee esto con urgencia.", "pt", "Ninguém", "ligue", "Nadie lee esto con urgencia"),
    ("Nadie lee esto con urgencia.", "fr", "Personne ne", "appelez", "Nadie lee esto en urgencia"),
    ("Nadie lee esto con urgencia.", "ht", "Pèsonn pa", "rele", "Nadie lee esto en urgencia"),
    ("No se sabe si está abierto", "en", "not known", "closed", "No se sabe si está abierto"),
    ("No se sabe si está abierto", "pt", "Não se sabe", "fechad", "No se sabe si está abierto"),
    ("No se sabe si está abierto", "fr", "ne sait pas", "fermé", "No se sabe si está abierto"),
    ("No se sabe si está abierto", "ht", "pa konnen", "fèmen", "No sabemos si está abierto"),
    ("Trata de personas", "en", "trafficking", "smuggling", "Trata de personas"),
    ("Trata de personas", "pt", "Tráfico de pessoas", "drogas", "Trata de personas"),
    ("Trata de personas", "fr", "Traite", "trafic", "Trata de personas"),
    ("Trata de personas", "ht", "Trafik moun", "dwòg", "Trata de personas"),
    ("pregunte antes de pasar", "en", "before", "after", "pregunte antes de pasar"),
    ("pregunte antes de pasar", "pt", "antes", "depois", "pregunte antes de pasar"),
    ("pregunte antes de pasar", "fr", "avant", "après", "pregunte antes de pasar"),
    ("pregunte antes de pasar", "ht", "anvan", "apre", "pregunte antes de pasar"),
    ("menos peligros reportados", "en", "fewer", "more", "menos peligros reportados"),
    ("menos peligros reportados", "pt", "menos", "mais", "menos peligros reportados"),
    ("menos peligros reportados", "fr", "moins", "plus", "menos peligros señalados"),
    ("menos peligros reportados", "ht", "mwens", "plis", "menos peligros reportados"),
    ("más peligros reportados", "en", "more", "fewer", "más peligros reportados"),
    ("más peligros reportados", "pt", "mais", "menos", "más peligros reportados"),
    ("más peligros reportados", "fr", "plus", "moins", "más peligros señalados"),
    ("más peligros reportados", "ht", "plis", "mwens", "más peligros reportados"),
]


@pytest.mark.parametrize("lang", OTHERS)
def test_p47_every_safety_text_is_translated_and_keeps_its_numbers_and_values(lang):
    texts = safety_texts(lang).values()
    said = {one.original: one.in_release or one.draft for one in texts}
    assert [original for original, text in said.items() if not text] == []
    wrong = {text: wording_problems(original, text) for original, text in said.items()}
    assert {text: found for text, found in wrong.items() if found} == {}


@pytest.mark.parametrize("lang", OTHERS)
def test_p47_a_negation_is_kept(lang):
    lost = [
        (one.original, one.in_release or one.draft)
        for one in safety_texts(lang).values()
        if re.search(NOT["es"], one.original, re.IGNORECASE)
        and not re.search(NOT[lang], one.in_release or one.draft or "", re.IGNORECASE)
    ]
    assert lost == []


@pytest.mark.parametrize(("original", "lang", "wanted", "unwanted", "back"), TABLE)
def test_p47_a_translation_says_what_it_must(original, lang, wanted, unwanted, back):
    said = translation.words(lang).reviewed(original)[1].lower()
    assert wanted.lower() in said, back
    assert unwanted.lower() not in said, back
