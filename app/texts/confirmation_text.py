"""Messages with a link by which a space's operator reconfirms its data (P41).

They are sent by WhatsApp, SMS or e-mail. The text names no restricted space and no services of a
space, because third parties can read messages on the way.
"""

from urllib.parse import quote

#: Septets in one SMS in the GSM 7-bit alphabet (3GPP TS 23.038).
SMS_SEPTETS = 160

#: The basic table of 3GPP TS 23.038, section 6.2.1, without its control characters.
GSM7 = frozenset(
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà\n\r"
)
#: Extension table of the GSM 7-bit alphabet: each character takes two septets.
GSM7_EXTENDED = frozenset("^{}\\[~]|€")

#: Letters and punctuation of Spanish and Portuguese that the GSM alphabet lacks, each mapped to the
#: closest plain character.
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

#: Languages in which the message exists; for every other language the message is in Spanish.
LANGUAGES = tuple(_LONG)


def long_text(url: str, name: str | None, until: str, lang: str = "es") -> str:
    """Return the message for WhatsApp or e-mail.

    Parameters
    ----------
    url : str
        The reconfirmation link.
    name : str or None
        Name of the space; None writes "your space" instead of a name.
    until : str
        Last day on which the link is valid, already written in the language of the message.
    lang : str
        One of `LANGUAGES`.
    """
    lang = lang if lang in _LONG else "es"
    return _LONG[lang].format(of=_of(name, lang), url=url, until=until)


def sms_text(url: str, name: str | None, lang: str = "es") -> str:
    """Return the message for SMS in the GSM 7-bit alphabet, as a single message where possible.

    A long name is shortened, then left out. The text takes two messages only if the link alone is
    too long for one.
    """
    lang = lang if lang in _SHORT else "es"
    for stem in _names(name):
        text = gsm7(_SHORT[lang].format(of=_of(stem, lang), url=url))
        if septets(text) <= SMS_SEPTETS:
            return text
    return gsm7(_SHORT[lang].format(of=_of(None, lang), url=url))


def whatsapp_url(text: str, number: str | None = None) -> str:
    """Return a wa.me link that opens WhatsApp with a text, addressed to a number if one is given.

    Parameters
    ----------
    number : str or None
        International number; all characters but digits are dropped. None lets the sender choose a
        contact.
    """
    digits = "".join(c for c in number or "" if c.isdigit())
    return f"https://wa.me/{digits}?text={quote(text, safe='')}"


def septets(text: str) -> int:
    """Return how many septets of the GSM 7-bit alphabet a text takes.

    Raises
    ------
    ValueError
        If the text holds a character that the alphabet lacks: the message would be sent in UCS-2,
        at 70 characters per message.
    """
    foreign = sorted(set(text) - GSM7 - GSM7_EXTENDED)
    if foreign:
        msg = f"not in the GSM 7-bit alphabet: {''.join(foreign)}"
        raise ValueError(msg)
    return len(text) + sum(c in GSM7_EXTENDED for c in text)


def gsm7(text: str) -> str:
    """Convert a text to the GSM 7-bit alphabet; a character without an equivalent becomes '?'."""
    plain = "".join(c if c in GSM7 | GSM7_EXTENDED else c.translate(_PLAIN) for c in text)
    return "".join(c if c in GSM7 | GSM7_EXTENDED else "?" for c in plain)


def _names(name: str | None) -> list[str | None]:
    if name is None:
        return [None]
    shorter = [f"{name[:length].rstrip()}." for length in range(len(name) - 1, 7, -1)]
    return [name, *shorter, None]


def _of(name: str | None, lang: str) -> str:
    return _OF_UNNAMED[lang] if name is None else _OF_NAMED[lang].format(name=name)
