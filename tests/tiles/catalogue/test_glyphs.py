"""Signs of spaces: every glyph can be drawn, and none tells of a protected service."""

import csv
import re
from pathlib import Path

from geo.models.base import PROTECTED_KINDS, PROTECTED_SERVICES
from tiles.catalogue.glyphs import GLYPH_OF_KIND, GLYPHS, OTHER, SLEEP

ROOT = Path(__file__).resolve().parents[3]


def terms(vocabulary):
    with (ROOT / "data" / "spaces" / "vocabulary.csv").open(encoding="utf-8") as stream:
        return {row["code"] for row in csv.DictReader(stream) if row["vocabulary"] == vocabulary}


def test_p38_no_sign_derives_from_what_is_protected():
    protected = {*PROTECTED_KINDS, *PROTECTED_SERVICES}
    assert not protected & {*GLYPH_OF_KIND, *GLYPH_OF_KIND.values(), *GLYPHS}


def test_kinds_are_of_the_vocabulary_and_glyphs_can_be_drawn():
    assert set(GLYPH_OF_KIND) <= terms("space_kind")
    assert {SLEEP, OTHER, *GLYPH_OF_KIND.values()} == set(GLYPHS)
    assert SLEEP in terms("service")
    # A place to sleep is a space with that service, and no kind of space.
    assert SLEEP not in GLYPH_OF_KIND.values()
    for path in GLYPHS.values():
        assert re.fullmatch(r"(?:[MmLlHhVvAaZz]|-?\d*\.?\d+|[ ,])+", path)
