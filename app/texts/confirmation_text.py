"""Messages with a link by which a space's operator reconfirms its data (P41).

They are sent by WhatsApp, SMS or e-mail. The text names no restricted space and no services of a
space, because third parties can read messages on the way.
"""

from urllib.parse import quote

from app.i18n.gsm7 import SEPTETS, in_gsm7, septets

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
        text = in_gsm7(_SHORT[lang].format(of=_of(stem, lang), url=url))
        if septets(text) <= SEPTETS:
            return text
    return in_gsm7(_SHORT[lang].format(of=_of(None, lang), url=url))


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


def _names(name: str | None) -> list[str | None]:
    if name is None:
        return [None]
    shorter = [f"{name[:length].rstrip()}." for length in range(len(name) - 1, 7, -1)]
    return [name, *shorter, None]


def _of(name: str | None, lang: str) -> str:
    return _OF_UNNAMED[lang] if name is None else _OF_NAMED[lang].format(name=name)
