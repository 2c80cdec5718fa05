"""The fonts that posters and images are set in, and which letters they have."""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

from fontTools.ttLib import TTFont

_FONTS: Final = Path(__file__).parents[1] / "fonts"

PLAIN: Final = _FONTS / "DejaVuSans.ttf"
BOLD: Final = _FONTS / "DejaVuSans-Bold.ttf"

#: Blanks within a number, at which no line may break.
_WITHIN = re.compile(r"(?<=[0-9]) (?=[0-9])")

#: Stands for a letter that the fonts lack.
_UNKNOWN = "□"


def covered(text: str) -> str:
    """Return a text in the letters of the fonts; others become a box. Numbers stay in one line."""
    known = _letters()
    composed = _WITHIN.sub("\u00a0", unicodedata.normalize("NFC", text))
    return "".join(
        sign if sign in known or sign.isspace() else _UNKNOWN
        for sign in composed
        # Invisible ones, such as the direction of the text.
        if unicodedata.category(sign) != "Cf"
    )


@cache
def _letters() -> frozenset[str]:
    with TTFont(PLAIN) as plain, TTFont(BOLD) as bold:
        both = plain.getBestCmap().keys() & bold.getBestCmap().keys()
    return frozenset(map(chr, both))
