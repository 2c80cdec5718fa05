"""The alphabet of SMS: what it has, what counts double, and what other letters become."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.i18n.gsm7 import SEPTETS, cut, in_gsm7, septets


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Cúcuta, Táchira, El Limón", "Cucuta, Tachira, El Limon"),
        ("niñez à è é ì ò ù Ñ ü Ç", "niñez à è é ì ò ù Ñ ü Ç"),
        ("São João, órgão, você, ação", "Sao Joao, orgao, voce, acao"),
        ("Kreyòl ayisyen, lekòl, Pòtoprens", "Kreyòl ayisyen, lekòl, Pòtoprens"),
        ("forêt, cœur, où, garçon, Île", "foret, coeur, où, garcon, Ile"),
        ("Puerto–Norte — “aquí” ‘así’…", "Puerto-Norte - \"aqui\" 'asi'..."),
        ("7 €, {a} [b] ~ ^ | \\", "7 €, {a} [b] ~ ^ | \\"),
        ("uno\n\tdos\u00a0tres", "uno dos tres"),
        ("wayuu: ü, ꞌ, Nasa: ç ẽ", "wayuu: ü, ', Nasa: c e"),
        ("Київ 東京", "???? ??"),
        ("a\u200bb\u202ec", "abc"),
        ("e\u0301 n\u0303", "é ñ"),
        ("½ ﬁ ²", "1?2 fi 2"),
    ],
)
def test_letters_outside_of_the_alphabet_become_the_nearest_within(text, sent):
    assert in_gsm7(text) == sent


def test_signs_of_the_extension_count_double():
    assert septets("abc") == 3
    assert septets("a€b") == 4
    assert septets("^{}\\[~]|€\f") == 20


def test_a_text_that_would_be_sent_in_another_alphabet_is_refused():
    with pytest.raises(ValueError, match="not in the alphabet"):
        septets("Cúcuta")


@given(st.text(max_size=400), st.integers(3, SEPTETS))
def test_any_text_fits_a_message(text, limit):
    sent = in_gsm7(text)
    assert septets(cut(sent, limit)) <= limit
    assert "\n" not in sent


@given(st.text(max_size=100))
def test_what_is_in_the_alphabet_stays(text):
    sent = in_gsm7(text)
    assert in_gsm7(sent) == sent
