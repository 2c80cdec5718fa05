"""Automatic checks of the wording of a translation, before a person reviews it.

They find missing placeholders, differing numbers, markup, and characters that no page can show.
Whether a sentence is right, only a person can tell (P47).
"""

import re
import unicodedata
from collections import Counter
from typing import Final

from geo.reasons import CodedReason

#: Maximum length of a wording in characters, the same as in the table's CHECK constraint.
MOST: Final = 1_000

#: Pattern for a placeholder of a value, such as ``%(km)s``; the texts use no other form.
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")

#: Pattern for a number as people write it: with points, commas or blanks between groups of three
#: digits. A translation must have the same numbers as its original.
_NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f ]\d{3})*")

#: Pattern for characters of HTML markup and escapes, which no safety text needs.
_MARKUP = re.compile(r"[<>&\\]")

#: Pattern for web and e-mail addresses: a safety text must not lead its readers elsewhere.
_ADDRESS = re.compile(r"://|www\.|@", re.IGNORECASE)


def normal_wording(translation: str) -> str:
    """Return a wording as it is stored: composed letters (Unicode NFC), no blanks around it."""
    return unicodedata.normalize("NFC", translation).strip()


def wording_problems(original: str, translation: str) -> list[tuple[str, CodedReason]]:
    """Return what is wrong with a translation, as pairs of field and reason.

    Parameters
    ----------
    original
        The Spanish text.
    translation
        The text in the other language, as `normal_wording` returns it.
    """
    if not 1 <= len(translation) <= MOST:
        return [("translation", CodedReason("length", most=MOST))]
    problems = []
    if _values(original) != _values(translation):
        wanted = sorted(_values(original))
        problems.append(CodedReason("other_placeholders", names=[f"%({one})s" for one in wanted]))
    elif "%" in _PLACEHOLDER.sub("", translation):
        problems.append(CodedReason("stray_percent"))
    if _numbers(original) != _numbers(translation):
        problems.append(CodedReason("other_numbers"))
    if _MARKUP.search(translation) or _ADDRESS.search(translation):
        problems.append(CodedReason("markup_or_address"))
    if any(unicodedata.category(sign)[0] == "C" for sign in translation):
        problems.append(CodedReason("hidden_characters"))
    return [("translation", one) for one in problems]


def placeholders(text: str) -> list[str]:
    """Return the names of a text's placeholders, in order of their first occurrence."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


def _values(text: str) -> Counter[str]:
    return Counter(_PLACEHOLDER.findall(text))


def _numbers(text: str) -> Counter[str]:
    """Count the numbers in a text outside its placeholders, without separators of thousands."""
    plain = _PLACEHOLDER.sub("", text)
    return Counter(re.sub(r"\D", "", one) for one in _NUMBER.findall(plain))
