"""Full words of abbreviations in headers, such as "Func.", "Encaminh." and "Mpio"."""

from collections.abc import Iterable
from typing import Final

#: Fewest letters of an abbreviation that is replaced by full words. Fewer letters are the beginning
#: of too many words [A].
_SHORTEST: Final = 3

#: Fewest letters of a full word that are missing in its contraction [A].
_LEFT_OUT: Final = 2

#: Largest share of a word's letters that a contraction keeps: "mpio" keeps 4 of the 9 of
#: "municipio" [A].
_KEPT: Final = 0.7


#: Most letters of a contraction [A].
_LONGEST: Final = 6


def written_out(word: str, known: Iterable[str]) -> frozenset[str]:
    """Return the known words that a word may abbreviate, by its beginning or else as a contraction.

    A contraction keeps the first and the last letter and leaves others out: "dpto", "mpio", "tfno".
    """
    if len(word) < _SHORTEST or word.isdigit():
        return frozenset()
    candidates = [one for one in known if one[0] == word[0] and len(one) > len(word)]
    begun = frozenset(one for one in candidates if one.startswith(word))
    return begun or frozenset(one for one in candidates if _contracts(word, one))


def _contracts(word: str, whole: str) -> bool:
    if len(word) > _LONGEST or word[-1] != whole[-1] or len(whole) - len(word) < _LEFT_OUT:
        return False
    if len(word) > _KEPT * len(whole):
        return False
    letters = iter(whole)
    return all(letter in letters for letter in word)
