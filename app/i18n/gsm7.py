"""Texts as an SMS carries them: the default alphabet of GSM (3GPP TS 23.038, 6.2.1)."""

import unicodedata

#: Septets of one message (3GPP TS 23.040).
SEPTETS = 160

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Of the extension table: each is sent as an escape and itself.
_DOUBLE = frozenset("\f^{}\\[~]|€")

#: Signs without a decomposition that ends in the alphabet, as people write them on a keypad.
_LIKE = str.maketrans(
    {
        **dict.fromkeys("‘’‚ʼ′ꞌ`´", "'"),
        **dict.fromkeys("“”„«»″", '"'),
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("\t\v\x85\u2028\u2029", " "),
        "•": "-",
        "œ": "oe",
        "Œ": "OE",
        "ı": "i",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "→": "->",
    }
)


def septets(text: str) -> int:
    """Return how many septets a text takes; all its signs are of the alphabet.

    Raises
    ------
    ValueError
        One is not: the message would be sent in another alphabet, 70 signs long.
    """
    foreign = {sign for sign in text if sign not in _BASIC and sign not in _DOUBLE}
    if foreign:
        msg = f"not in the alphabet of SMS: {sorted(foreign)}"
        raise ValueError(msg)
    return len(text) + sum(sign in _DOUBLE for sign in text)


def in_gsm7(text: str) -> str:
    """Return a text in one line and in the alphabet: accents that it lacks are left out.

    A sign that is like none of it becomes a question mark.
    """
    composed = unicodedata.normalize("NFC", text).translate(_LIKE)
    return " ".join("".join(map(_nearest, composed)).split())


def _nearest(sign: str) -> str:
    if sign in _BASIC or sign in _DOUBLE:
        return sign
    plain = [
        part
        for part in unicodedata.normalize("NFKD", sign).translate(_LIKE)
        if not unicodedata.combining(part) and unicodedata.category(part) != "Cf"
    ]
    return "".join(part if part in _BASIC or part in _DOUBLE else "?" for part in plain)


def cut(text: str, limit: int) -> str:
    """Return a text of the alphabet that takes at most so many septets, with dots where cut."""
    if septets(text) <= limit:
        return text
    kept = text
    while kept and septets(kept) > limit - 2:
        kept = kept[:-1]
    return f"{kept.rstrip()}.."[: max(0, limit)]
