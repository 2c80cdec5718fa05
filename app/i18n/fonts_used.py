"""Fonts of the posters and images, and the characters that the fonts contain."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

from fontTools.ttLib import TTFont

_FONTS: Final = Path(__file__).parents[1] / "fonts"

PLAIN: Final = _FONTS / "DejaVuSans.ttf"
BOLD: Final = _FONTS / "DejaVuSans-Bold.ttf"

#: Space between two digits, as within a phone number, at which a line must not break.
_WITHIN = re.compile(r"(?<=[0-9]) (?=[0-9])")

#: Replacement for a character that the fonts lack.
_UNKNOWN = "□"


def covered(text: str) -> str:
    """Replace characters that the fonts lack by a box, and spaces in numbers by no-break spaces."""
    known = _letters()
    composed = _WITHIN.sub("\u00a0", unicodedata.normalize("NFC", text))
    return "".join(
        sign if sign in known or sign.isspace() else _UNKNOWN
        for sign in composed
        # Drop format characters, such as marks of the text direction: they are invisible.
        if unicodedata.category(sign) != "Cf"
    )


@cache
def _letters() -> frozenset[str]:
    with TTFont(PLAIN) as plain, TTFont(BOLD) as bold:
        both = plain.getBestCmap().keys() & bold.getBestCmap().keys()
    return frozenset(map(chr, both))
