"""Conversion of texts to the default alphabet of SMS (GSM 7-bit, 3GPP TS 23.038, 6.2.1)."""

import unicodedata

#: Septets in one SMS (3GPP TS 23.040).
SEPTETS = 160

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: Characters of the extension table. Each takes two septets: an escape and a code.
_DOUBLE = frozenset("\f^{}\\[~]|€")

#: Replacements for characters that Unicode decomposition does not convert to the alphabet.
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
    """Return the number of septets of a text whose characters are all in the GSM alphabet.

    Raises
    ------
    ValueError
        If a character is not in the alphabet: the message would be sent as UCS-2, at 70 characters
        per message.
    """
    foreign = {sign for sign in text if sign not in _BASIC and sign not in _DOUBLE}
    if foreign:
        msg = f"not in the alphabet of SMS: {sorted(foreign)}"
        raise ValueError(msg)
    return len(text) + sum(sign in _DOUBLE for sign in text)


def in_gsm7(text: str) -> str:
    """Convert a text to one line of the GSM alphabet, without the accents that the alphabet lacks.

    A character without a near equivalent becomes a question mark.
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
    """Shorten a text of the GSM alphabet to ``limit`` septets; a shortened text ends with dots."""
    if septets(text) <= limit:
        return text
    kept = text
    while kept and septets(kept) > limit - 2:
        kept = kept[:-1]
    return f"{kept.rstrip()}.."[: max(0, limit)]
