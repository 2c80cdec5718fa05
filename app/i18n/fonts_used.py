"""Fonts of the posters and images, and the characters that they contain."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

from fontTools.ttLib import TTFont

_FONTS: Final = Path(__file__).parents[1] / "fonts"

PLAIN: Final = _FONTS / "DejaVuSans.ttf"
BOLD: Final = _FONTS / "DejaVuSans-Bold.ttf"

#: A blank within a number, where a line must not break.
_WITHIN = re.compile(r"(?<=[0-9]) (?=[0-9])")

#: Replacement for a character that the fonts lack.
_UNKNOWN = "□"


def covered(text: str) -> str:
    """Replace characters that the fonts lack by a box, and keep numbers on one line."""
    known = _letters()
    composed = _WITHIN.sub("\u00a0", unicodedata.normalize("NFC", text))
    return "".join(
        sign if sign in known or sign.isspace() else _UNKNOWN
        for sign in composed
        # Format characters are dropped: they are invisible, such as the text direction.
        if unicodedata.category(sign) != "Cf"
    )


@cache
def _letters() -> frozenset[str]:
    with TTFont(PLAIN) as plain, TTFont(BOLD) as bold:
        both = plain.getBestCmap().keys() & bold.getBestCmap().keys()
    return frozenset(map(chr, both))
