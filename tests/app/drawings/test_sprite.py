"""Pictograms: one file made from the drawings, words beside each, none for what is protected."""

import gzip
import re

from app.drawings import build, signs
from app.http.assets import asset_content
from app.i18n.translation import words
from app.page_models import phone_texts
from geo.models import PROTECTED_KINDS, PROTECTED_SERVICES
from geo.text.protected_words import protected_phrases
from tests.app.page_models.test_renderer import FRAME, every_page

#: What a sign may never show (P36, P38), as OCHA names its drawings.
NEVER = re.compile(r"violence|abduct|kidnap|attack|mine|police|roadblock|barrier|gender|weapon")


def test_the_sprite_is_what_its_drawings_make():
    assert build.TARGET.read_bytes() == build.sprite()


def test_the_sprite_is_small_and_holds_no_drawing_that_nobody_uses():
    assert len(gzip.compress(build.sprite(), 9)) <= 8_000
    used = {*signs.SERVICES.values(), *signs.AMENITIES.values(), *signs.ACTIONS.values()}
    drawn = {file.stem for file in build.FOLDER.glob("*.svg")}
    assert drawn == used
    assert set(re.findall(r'id="([^"]+)"', build.sprite().decode())) == used


def test_p36_p38_no_sign_for_what_is_protected_or_dangerous():
    coded = {**signs.SERVICES, **signs.AMENITIES}
    assert not coded.keys() & {*PROTECTED_SERVICES, *PROTECTED_KINDS}
    for code, name in coded.items():
        said = f"{code} {name}".replace("_", " ").replace("-", " ")
        assert not list(protected_phrases([said])), code
        assert not NEVER.search(name), name
    given = phone_texts.names_of(words("es"), FRAME)["icons"]["services"]
    assert not given.keys() & set(PROTECTED_SERVICES)


def test_a_word_stands_beside_every_sign():
    """A sign is hidden from readers aloud, so what holds it has words besides."""
    pages = every_page("es")
    assert any('class="icon"' in html for html in pages.values())
    for name, html in pages.items():
        marked = re.sub(r'<svg class="icon" aria-hidden="true">.*?</svg>', "SIGN", html)
        assert 'class="icon"' not in marked, name
        assert not re.search(r"<(li|a|button|span)\b[^>]*>(?:SIGN\s*)+</\1>", marked), name


def test_the_credit_stands_in_the_pages_and_the_sprite_is_served():
    assert asset_content("icons.svg") == build.sprite()
    assert all(signs.CREDIT in html for html in every_page("ht").values())
