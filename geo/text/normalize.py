"""Normalisation of names for comparison: accents, case, spaces, lookalike letters and sound."""

import re
import string
import unicodedata
from collections import defaultdict
from typing import Final


def folded(value: str) -> str:
    """Return ``value`` without accents and case, single-spaced."""
    if value.isascii():  # most texts are ASCII and have nothing to decompose
        return " ".join(value.lower().split())
    decomposed = unicodedata.normalize("NFKD", value.casefold())
    plain = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return " ".join(plain.split())


#: Letters of other scripts and small capitals that look like Latin letters, in lower case: those of
#: Cyrillic, Greek and Latin extensions in Unicode's confusables.txt (UTS 39).
_LOOKALIKES = str.maketrans(
    "авсԁеһіјкӏмноρрԛѕтυүѵԝхуαεικνοτχбɑɡıłøđᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ",
    "abcdehijklmhoppqstuyvwxyaeikvotxbagilodabcdefghijklmnoprstuvwyz",
)

#: Unicode categories of the characters that `seen` removes (combining marks, format characters),
#: and invisible filler characters of other categories.
_UNSEEN = {"Mn", "Me", "Cf"}
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")

_PAUSE = re.compile(r"[.,;:!?](?=\s)|\|")
_SIGNS = re.compile(r"[^a-z0-9|]+")
_SPELLED = re.compile(r"\b(?:[a-z] ){2,}[a-z]\b")


def seen(value: str) -> str:
    """Return ``value`` in lower case, without accents and invisible characters."""
    if value.isascii():
        return value.lower()
    return "".join(
        sign
        for sign in unicodedata.normalize("NFKD", value.casefold())
        if sign < "\x80" or (sign not in _FILLERS and unicodedata.category(sign) not in _UNSEEN)
    )


def unmasked(value: str) -> str:
    """Return ``value`` as a human reads it: words of plain letters and digits, a bar at each pause.

    Letters of other scripts that look like Latin letters are replaced by the Latin letters,
    invisible characters are removed, punctuation before a space becomes a bar, any other character
    between letters becomes a space, and words spelled letter by letter (``V.B.G.``) are joined.
    """
    plain = seen(value) if value.isascii() else seen(value).translate(_LOOKALIKES)
    words = _SIGNS.sub(" ", _PAUSE.sub(" | ", plain))
    return _SPELLED.sub(lambda spelled: spelled[0].replace(" ", ""), words).strip()


def _letters() -> dict[str, str]:
    plain = {letter: folded(letter) for letter in map(chr, range(0xC0, 0x180))}
    return {letter: p for letter, p in plain.items() if len(p) == 1 and p in string.ascii_lowercase}


#: Accented Latin letters of both cases (U+00C0 to U+017F) and the plain letter of each: arguments
#: for PostgreSQL's ``translate``, so that it folds like `folded` in any locale.
ACCENTED, PLAIN = "".join(_letters()), "".join(_letters().values())


def _classes() -> dict[str, str]:
    spellings = defaultdict(
        str, {letter: letter + letter.upper() for letter in string.ascii_lowercase}
    )
    for accented, plain in _letters().items():
        spellings[plain] += accented
    return dict(spellings)


_CLASSES = _classes()


def spelling_pattern(name: str) -> str:
    """Return a PostgreSQL regular expression for all spellings that fold to the folded ``name``.

    Matching the names of a table with this pattern is ten times quicker than folding each name.
    """
    return "".join(
        f"[{_CLASSES[sign]}]" if sign in _CLASSES else re.sub(r"([^\w\s])", r"\\\1", sign)
        for sign in name
    )


#: Substitutions that turn a folded name into its sound in the Spanish of the Americas (seseo,
#: yeismo, b as v, silent h), as pairs of a pattern and its replacement. The pairs apply in this
#: order, each to all of its matches. The patterns mean the same in Python and JavaScript (flags
#: ``gu``), because the phone searches by the same table. Newlines stay, so that a list of names can
#: be converted at once. ``C`` is the sound of ch.
#: Spelling rules after Real Academia Espanola, Ortografia (2010), chapter I.
SOUNDS: Final[tuple[tuple[str, str], ...]] = (
    (r"[^a-z0-9\n]+", " "),
    (r"ph", "f"),
    (r"[cs]h", "C"),
    (r"g(?=[ei])", "j"),
    (r"gu(?=[ei])", "g"),
    (r"[gh]u(?=[aeio])", "w"),
    (r"\bhi(?=e)", "y"),
    (r"h", ""),
    (r"c(?=[eiy])", "s"),
    (r"qu(?=[ei])", "k"),
    (r"[cq]", "k"),
    (r"k*[xz]|ks", "s"),
    (r"v", "b"),
    (r"m(?=[bp])", "n"),
    (r"ll", "y"),
    (r"y(?![aeiou])", "i"),
    (r"([b-df-hj-np-tv-xzC])y", r"\1i"),
    (r"([a-zC])\1+", r"\1"),
)

_SOUNDS = tuple((re.compile(pattern), instead) for pattern, instead in SOUNDS)


def sounded(name: str) -> str:
    """Return a key for the sound of a name: ``Cúcuta`` and ``kukuta`` have the same key.

    The letter ç becomes an s (``Iguaçu``); all other marks are removed as in `folded`. Several
    names, one per line, give one key per line.
    """
    cedilla = unicodedata.normalize("NFC", name.casefold()).replace("ç", "s")
    heard = "\n".join(map(folded, cedilla.split("\n")))
    for pattern, instead in _SOUNDS:
        heard = pattern.sub(instead, heard)
    return "\n".join(map(str.strip, heard.split("\n")))
