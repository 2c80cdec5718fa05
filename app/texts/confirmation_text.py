"""The message that goes with a reconfirmation link, ready for WhatsApp, SMS and e-mail (P41).

It names no restricted space and nothing that a space offers: messages are read on the way.
"""

from urllib.parse import quote

#: What one text message holds in the GSM 7-bit alphabet (3GPP TS 23.038).
SMS_SEPTETS = 160

#: The basic table of 3GPP TS 23.038, section 6.2.1, without its control characters.
GSM7 = frozenset(
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà\n\r"
)
#: Its extension table: each takes two septets.
GSM7_EXTENDED = frozenset("^{}\\[~]|€")

#: Spanish and Portuguese letters that the table lacks, as people write them without it.
_PLAIN = str.maketrans("áÁàÀâÂãÃêÊíÍîÎóÓôÔõÕúÚûÛçÈ“”‘’–—", "aAaAaAaAeEiIiIoOoOoOuUuUcE\"\"''--")

_LONG = {
    "es": (
        "Amparo: ¿siguen correctos los datos {of}? Responda aquí, sin cuenta y una sola vez: "
        "igual que antes, cambió, lleno o cerrado.\n{url}\nVale hasta el {until}."
    ),
    "pt": (
        "Amparo: os dados {of} ainda estão corretos? Responda aqui, sem conta e uma única vez: "
        "igual, mudou, lotado ou fechado.\n{url}\nVale até {until}."
    ),
}
_SHORT = {
    "es": "Amparo: ¿siguen los datos {of}? {url}",
    "pt": "Amparo: seguem os dados {of}? {url}",
}
_OF_NAMED = {"es": "de {name}", "pt": "de {name}"}
_OF_UNNAMED = {"es": "de su espacio", "pt": "do seu espaço"}

#: Languages that the message is written in; the others get Spanish.
LANGUAGES = tuple(_LONG)


def long_text(url: str, name: str | None, until: str, lang: str = "es") -> str:
    """Return the message for WhatsApp or e-mail.

    Parameters
    ----------
    url : str
        The link.
    name : str or None
        Of the space; None names none.
    until : str
        The day on which the link ends, as the language writes it.
    lang : str
        One of `LANGUAGES`.
    """
    lang = lang if lang in _LONG else "es"
    return _LONG[lang].format(of=_of(name, lang), url=url, until=until)


def sms_text(url: str, name: str | None, lang: str = "es") -> str:
    """Return the message for SMS: of the GSM 7-bit alphabet, and one message where it can be.

    A long name is cut, then left out; only a link that is itself too long makes two messages.
    """
    lang = lang if lang in _SHORT else "es"
    for stem in _names(name):
        text = gsm7(_SHORT[lang].format(of=_of(stem, lang), url=url))
        if septets(text) <= SMS_SEPTETS:
            return text
    return gsm7(_SHORT[lang].format(of=_of(None, lang), url=url))


def whatsapp_url(text: str, number: str | None = None) -> str:
    """Return the address that opens WhatsApp with a text (wa.me), to a number where one is given.

    Parameters
    ----------
    number : str or None
        International; everything but its digits is dropped. None lets the sender choose.
    """
    digits = "".join(c for c in number or "" if c.isdigit())
    return f"https://wa.me/{digits}?text={quote(text, safe='')}"


def septets(text: str) -> int:
    """Return how many septets of the GSM 7-bit alphabet a text takes.

    Raises
    ------
    ValueError
        It holds a character that the alphabet lacks: the message would be sent in UCS-2, 70
        characters long.
    """
    foreign = sorted(set(text) - GSM7 - GSM7_EXTENDED)
    if foreign:
        msg = f"not in the GSM 7-bit alphabet: {''.join(foreign)}"
        raise ValueError(msg)
    return len(text) + sum(c in GSM7_EXTENDED for c in text)


def gsm7(text: str) -> str:
    """Return a text in letters of the GSM 7-bit alphabet; what has no likeness becomes '?'."""
    plain = "".join(c if c in GSM7 | GSM7_EXTENDED else c.translate(_PLAIN) for c in text)
    return "".join(c if c in GSM7 | GSM7_EXTENDED else "?" for c in plain)


def _names(name: str | None) -> list[str | None]:
    if name is None:
        return [None]
    shorter = [f"{name[:length].rstrip()}." for length in range(len(name) - 1, 7, -1)]
    return [name, *shorter, None]


def _of(name: str | None, lang: str) -> str:
    return _OF_UNNAMED[lang] if name is None else _OF_NAMED[lang].format(name=name)
