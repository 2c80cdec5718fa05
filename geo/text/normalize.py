"""Names as people type them: without accents, case and double spaces, and as they sound."""

import re
import string
import unicodedata
from collections import defaultdict
from typing import Final


def folded(value: str) -> str:
    """Return ``value`` without accents and case, single-spaced."""
    if value.isascii():  # most texts: nothing to take apart
        return " ".join(value.lower().split())
    decomposed = unicodedata.normalize("NFKD", value.casefold())
    plain = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return " ".join(plain.split())


#: Letters of other scripts, and small capitals, that are read as Latin ones; lower case.
#: From Unicode's confusables.txt (UTS 39), those of Cyrillic, Greek and Latin extensions.
_LOOKALIKES = str.maketrans(
    "авсԁеһіјкӏмноρрԛѕтυүѵԝхуαεικνοτχбɑɡıłøđᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ",
    "abcdehijklmhoppqstuyvwxyaeikvotxbagilodabcdefghijklmnoprstuvwyz",
)

#: What no reader sees, that text has nevertheless: marks, format signs, fillers.
_UNSEEN = {"Mn", "Me", "Cf"}
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")

_PAUSE = re.compile(r"[.,;:!?](?=\s)|\|")
_SIGNS = re.compile(r"[^a-z0-9|]+")
_SPELLED = re.compile(r"\b(?:[a-z] ){2,}[a-z]\b")


def seen(value: str) -> str:
    """Return ``value`` in small letters without accents and without what no reader sees."""
    if value.isascii():
        return value.lower()
    return "".join(
        sign
        for sign in unicodedata.normalize("NFKD", value.casefold())
        if sign < "\x80" or (sign not in _FILLERS and unicodedata.category(sign) not in _UNSEEN)
    )


def unmasked(value: str) -> str:
    """Return ``value`` as a reader takes it: plain letters and digits in words, a bar at a pause.

    Letters that only look Latin become so, what cannot be seen goes, any sign between letters is
    a blank, and words spelled letter by letter (``V.B.G.``) are put together.
    """
    plain = seen(value) if value.isascii() else seen(value).translate(_LOOKALIKES)
    words = _SIGNS.sub(" ", _PAUSE.sub(" | ", plain))
    return _SPELLED.sub(lambda spelled: spelled[0].replace(" ", ""), words).strip()


def _letters() -> dict[str, str]:
    plain = {letter: folded(letter) for letter in map(chr, range(0xC0, 0x180))}
    return {letter: p for letter, p in plain.items() if len(p) == 1 and p in string.ascii_lowercase}


#: Accented Latin letters of both cases (U+00C0 to U+017F) and what each folds to: what the
#: database's ``translate`` needs to fold as `folded` does, whatever its locale.
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
    """Return a PostgreSQL regular expression for whatever folds to the folded ``name``.

    Ten times quicker over a table than folding each of its names.
    """
    return "".join(
        f"[{_CLASSES[sign]}]" if sign in _CLASSES else re.sub(r"([^\w\s])", r"\\\1", sign)
        for sign in name
    )


#: How a name sounds to who speaks Spanish of the Americas (seseo, yeismo, b as v, silent h), as
#: rewritings of its folded form, in this order, each of every place where it matches. Patterns keep
#: to what Python and JavaScript (flags ``gu``) read alike: the phone searches by the same table. A
#: newline is left alone, so that a list of names can be taken at once. ``C`` is the sound of ch.
#: Rules of spelling after Real Academia Espanola, Ortografia (2010), chapter I.
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
    """Return how a name sounds, as a key: ``Cúcuta`` and ``kukuta`` have the same.

    A cedilla is an s (``Iguaçu``); all other marks go, as `folded` has it. Several names by lines
    give as many keys.
    """
    cedilla = unicodedata.normalize("NFC", name.casefold()).replace("ç", "s")
    heard = "\n".join(map(folded, cedilla.split("\n")))
    for pattern, instead in _SOUNDS:
        heard = pattern.sub(instead, heard)
    return "\n".join(map(str.strip, heard.split("\n")))
