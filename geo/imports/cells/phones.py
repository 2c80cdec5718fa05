"""Numbers of a cell of telephones, without the words that people write beside them.

A word that is not known here may be somebody's name: what it stands beside is no number (P6).
"""

import re
from typing import Final

from geo.imports.headers.wording import word_set
from geo.text.normalize import folded

#: What people write in a second column of numbers for the number of the first.
_THE_SAME: Final = frozenset(
    {
        "mismo", "el mismo", "igual", "idem", "mesmo", "o mesmo", "same", "misma", "ambos",
        "los dos", "os dois", "both", "el celular", "o celular", "e o celular", "es el mismo",
        "el mismo numero", "es el mismo numero", "es el mismo nro", "o mesmo numero",
    }
)  # fmt: skip

#: Answers in such a column to whether the number takes messages.
_ANSWERS: Final = word_set("si sim no nao yes s n x")

#: Words beside a number that say how it is used, and nobody's name.
_BESIDE: Final = word_set(
    "whatsapp whatsap whats wasap wpp wsp wa zap sms telegram signal mensaje mensajes mensagem "
    "mensagens texto solo so solamente somente apenas only cel celular movil tel tels telefono "
    "telefone fono fone fijo fixo linea linha central centralita conmutador pbx emergencia "
    "emergencias emerg urgencias oficina recepcion recepcao atencion atendimento orientacion "
    "orient informacion info gratis gratuita gratuito nacional llamada llamadas ligacao ligacoes "
    "coordinar llamar ligar igual tambien tambem de dia noche noite hrs h 24h 24hs 24hrs horas "
    "para por"
)

#: Links of messengers that hold a number.
_LINK: Final = re.compile(
    r"(?:https?://)?(?:www\.)?(?:wa\.me/|api\.whatsapp\.com/send\?phone=)\+?(\d{8,15})",
    re.IGNORECASE,
)
_BRACKET: Final = re.compile(r"\(([^()]*[^\W\d_][^()]*)\)")
_BETWEEN: Final = re.compile(
    r"\s*(?:[|;,/\n]|\b[yeou]\b|\bou\b|\band\b|\s[-–—]\s|(?<=\d)\*+(?=\s*[+(\d]))\s*",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"\b(?:24\s?h\w{0,3}\b|[^\W\d_]+)[.:]?")

#: A yes before the number itself, and that nobody answers at times.
_YES: Final = re.compile(r"^\s*(?:s[ií]m?|yes)\b[\s,:.]*(?=[\d+(])", re.IGNORECASE)
_AT_TIMES: Final = re.compile(r"\bn(?:o|ão|ao) (?:contesta|atiende|atende)n?\b", re.IGNORECASE)

#: A number of ten digits whose last four another one has in their place: "315 555 1106-1166".
_ENDS: Final = re.compile(r"(\+?(?:\d[\s.]?){6})(\d{4})\s?-\s?(\d{4})")

#: Digits of one number without its country's, and most of one that names none [A]; most of one that
#: does, as `+` or `00` says (ITU-T E.164: 15).
_FEWEST, _MOST, _TOO_MANY, _WORLDWIDE = 7, 12, 13, 15


def is_same(cell: object) -> bool:
    """Return whether a cell of numbers says that the number of another cell counts."""
    return isinstance(cell, str) and folded(cell).strip(" .") in _THE_SAME


def numbers_in(cell: str) -> list[str]:
    """Return the numbers of a cell, each as it is written; what is none is returned whole."""
    text = _AT_TIMES.sub(" ", _YES.sub("", _LINK.sub(r" / +\1 / ", cell)))
    text = _BRACKET.sub(_told, text)
    found = []
    for part in _BETWEEN.split(text):
        if folded(part).strip(" .") in _THE_SAME | _ANSWERS:
            continue
        said = _WORD.sub(lambda word: "" if _is_beside(word[0]) else word[0], part)
        bare = re.sub(r"(?<=\d)\*+$", "", said.strip(" .:–-")).strip()
        if bare.startswith("(") and bare.endswith(")") and bare.count("(") == 1:
            bare = bare[1:-1]
        found += _apart(" ".join(bare.split()))
    return [part for part in found if part]


def _is_beside(word: str) -> bool:
    return "".join(folded(word).split()).strip(".:") in _BESIDE


def _told(bracket: re.Match[str]) -> str:
    """Return what stands in brackets: nothing of known words, a number apart, else as it is."""
    rest = _WORD.sub(lambda word: "" if _is_beside(word[0]) else word[0], bracket[1]).strip(" .:,-")
    if not rest:
        return " / "
    return f" / {rest} / " if not re.search(r"[^\W\d_]", rest) else bracket[0]


def _apart(text: str) -> list[str]:
    """Return two numbers that only a blank, or what ends them, stands between."""
    if ends := _ENDS.fullmatch(text):
        return [f"{ends[1]}{ends[2]}", f"{ends[1]}{ends[3]}"]
    most = _WORLDWIDE if text.startswith(("+", "00")) else _TOO_MANY
    if _digits(text) <= most or re.search(r"[^\W\d_]", text):
        return [text]
    pairs = [
        (text[: gap.start()], text[gap.end() :])
        for gap in re.finditer(r"\s+", text)
        if all(
            _FEWEST <= _digits(half) <= _MOST for half in (text[: gap.start()], text[gap.end() :])
        )
    ]
    return list(pairs[0]) if len(pairs) == 1 else [text]


def _digits(text: str) -> int:
    return len(re.findall(r"\d", text))
