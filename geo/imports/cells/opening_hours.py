"""Parser of weekly opening hours as people write them in one cell.

A small grammar of days and ranges of times, in Spanish, Portuguese, English and French. Every word
has to be understood: a cell with an unknown word, or with two likely readings ("6 a 6"), raises a
`CellError`, so that nobody is sent to a door on a guess.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal

from rapidfuzz.distance import OSA

from geo.imports.cells.dates import DAY_WORDS
from geo.imports.cells.fields import WEEKDAYS
from geo.imports.readers.table import CellError
from geo.reasons import CodedReason
from geo.text.normalize import folded

#: Minutes of a day.
_DAY: Final = 24 * 60
_NOON: Final = 12 * 60

#: Longest opening, in minutes, that is read from times without "a. m." and "p. m.", such as 8 to 6
#: [A]. A longer one, such as 7 to 7, is as likely a night as a day.
_LONGEST_DAY: Final = 10 * 60 + 30

#: Hours of the clock that can be the morning opening of a place when the text states neither "a.
#: m." nor "p. m." [A].
_MORNING: Final = range(6, 12)

#: Hours of the clock that mean the afternoon without "p. m." [A]: as a closing time, or as an
#: opening after the morning's hours.
_AFTERNOON: Final = range(1, 8)

#: Longest closing within a day, such as "cerrado de 12 a 1", that is cut out of the hours [A].
_LONGEST_BREAK: Final = 3 * 60

#: Earliest opening, in minutes of the day, whose closing may be on the next morning: night shelters
#: open in the evening [A].
_EVENING: Final = 17 * 60

#: Fewest letters of a name of a day that is recognised despite one wrong letter: "biernes" [A].
_FORGIVEN: Final = 5

Kind = Literal[
    "time", "day", "every", "all_day", "closed", "lunch", "holiday", "except", "with", "to", "and",
    "part", "end",
]  # fmt: skip

_NUMBERS: Final = (
    "una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once",
    "doce",
)  # fmt: skip

#: Patterns and their replacements, applied in this order before a folded text is read word by word.
_REWRITES: Final = tuple(
    (re.compile(pattern, re.VERBOSE), written)
    for pattern, written in (
        (r"\b(una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce)(?=\ de\ la\ )",
         lambda found: str(_NUMBERS.index(found[0]) + 1)),
        # The half of the day in words, "de la mañana", becomes "am" or "pm". Hours from 1 to 5 "de
        # la noche" are not replaced, so that the cell is refused.
        (r"(?<=\d)\s*(de|da|del)?\s?(la\s)?(manana|madrugada|manha|matin)\b", "am"),
        (r"(?<=\d)\s*(de|da|del)?\s?(la\s)?(tarde|l'apres-midi|soir)\b", "pm"),
        (r"\b12(:?00)?\s*(de\ la\ noche|da\ noite)\b", " medianoche "),
        (r"\b(1[01]|[6-9])([:.]\d\d)?\s*(?:de\ la\ noche|da\ noite)\b", r"\1\2pm"),
        # "12 m." means noon in Colombia and Venezuela.
        (r"\b12(:?00)?\s*(md?\b\.?(?!\s*-?\s*v)|del\ (medio\s?)?dia|noon)", " mediodia "),
        (r"(?<=\d)\s*a\.?\s?m\b\.?", "am "),
        (r"(?<=\d)\s*p\.?\s?m\b\.?", "pm "),
        # Days by initials ("L-M-M-J-V"), by ordinal ("2a") and in phrases; the ending "-feira".
        (r"\bm\s?-\s?f\b|\bweekdays\b|\bentre\ semana\b", " lunes a viernes "),
        (r"\bdias\ (habiles|uteis|laborables)\b", " lunes a viernes excepto festivo , "),
        (r"\ba(?=(lunes|martes|miercoles|jueves|viernes|sabado|domingo)\b)", "a "),
        (r"\b2a\b", "segunda"), (r"\b3a\b", "terca"), (r"\b4a\b", "quarta"),
        (r"\b5a\b", "quinta"), (r"\b6a\b", "sexta"),
        (r"\bl\W+m\W+[mx]\W+j\W+v\W+s\W+d\b", "lmmjvsd"),
        (r"\bl\W+m\W+[mx]\W+j\W+v\W+s\b", "lmmjvs"),
        (r"\bl\W+m\W+[mx]\W+j\W+v\b", "lmmjv"),
        (r"[-–—\s]*\bfeiras?\b", ""),
        # Phrases of several words that mean one thing, such as "24 horas".
        (r"""\b(las\ )?24\s?(h(rs?|s|oras|ours|eures)?\b)?(?<=[\dhs])(/\s?7|/\s?24|(?<=[hrs]))\.?
             (\ (del|al|por)\ dia)?(\W*los\ 365\ dias(\ del\ ano)?)?""", " todoeldia "),
        (r"\b7\s?j\s?/\s?7\b|\btodas\ las\ noches\b", " tododia "),
        (r"\b(todo\ el\ dia|dia\ y\ noche|around\ the\ clock)\b", " todoeldia "),
        (r"""\b(los\ |las\ )?(7|siete|sete|seven)\ (dias|days|jours)
             (\ (de|da|a|of)\ (la\ |the\ )?(semana|week))?""", " tododia "),
        (r"""\b(todos\ (los|os)\ dias|cada\ dia|a\ diario|diario|diariamente|every\ ?day|daily|
             all\ days|tous\ les\ jours|chak\ jou)\b(\ de\ la\ semana)?""", " tododia "),
        (r"\b(los\ )?fin(es)?\ de\ semana\b|\bweek-?ends?\b", " sabado y domingo "),
        (r"""\b(no\ (se\ )?(atiende|abre|abrimos|atendemos|hay\ (atencion|servicio))|
             sin\ (atencion|servicio)|
             (receso|pausa)(\ (de|para|por)\ (el\ )?(comida|almuerzo))?)\b""",
         " cerrado "),
        (r"""\b(por|para|hora\ de|pour|for)\ (el\ )?(almuerzo|almorzar|lunch|almoco)\b""",
         " almuerzo "),
        (r"\b(dias\ )?(festivos?|feriados?|(public\ )?holidays?|jours?\ feries?)\b", " festivo "),
        (r"\bfestivo\s+no\b", " excepto festivo "),
        (r"\b(excepto|salvo|menos|except|exceto|sauf|no\ incluye|sin\ incluir)\b", " excepto "),
        (r"\b(incluye|incluso|incluidos|incluyendo|including|inclusive|inclui)\b", " incluye "),
        (r"\b(jornada\ continua|horario\ (continuo|corrido)|sin\ interrupcion)\b", " "),
        (r"\bsin\ cerrar\ (al|a)\ mediodia\b|\b([1-3](er|ro|do)|primer|segundo)\ turno\b", " "),
        (r"(?<=\d)\s*(h(o?ras?|rs?|s)?|ours?|eures?)\b\.?(?!\d)", "h "),
    )
)  # fmt: skip

_TOKEN: Final = re.compile(
    r"(?P<time>\d{1,2}\s*[:.h]\s*\d{2}(?::00)?\s*h?\s*(?:am|pm)?(?![a-z\d])|"
    r"\d{4}\s*(?:am|pm|h)?(?![a-z\d])|\d{1,2}\s*h?\s*(?:am|pm)?(?![a-z\d])|"
    r"\b(?:mediodia|meio-dia|midi|noon|medianoche|meia-noite|minuit|midnight)\b)"
    r"|(?P<word>[a-z]{1,4}\.(?!\s*$)|[a-z]+)|(?P<sign>[-‐‑–—−~/,;:.|&+()\[\]•·*])|(?P<other>\S)"
)
_TIME: Final = re.compile(r"(\d{1,2}?)(?:\s*[:.h]?\s*(\d{2}))?(?::00)?\s*h?\s*(am|pm)?")

_SINGLE: Final = {"l": 0, "x": 2, "j": 3, "v": 4, "s": 5, "d": 6}
#: Number of days from Monday on that a row of initials means; a single "m" can be Tuesday or
#: Wednesday, so it has no entry in `_SINGLE`.
_ROWS: Final = {"lmmjv": 5, "lmxjv": 5, "lmmjvs": 6, "lmxjvs": 6, "lmmjvsd": 7, "lmxjvsd": 7}

_DAYS: Final[dict[str, int]] = {
    form: WEEKDAYS.index(day)
    for day, words in DAY_WORDS.items()
    for word in words
    if len(word) > 1
    for form in (word, f"{word}s" if len(word) >= _FORGIVEN else word)
} | {"ve": 4, "vier": 4, "ven": 4, "mier": 2, "mer": 2, "juev": 3, "jeu": 3, "sam": 5, "dim": 6}
#: Names of days that are recognised despite one wrong letter. "terca" (Tuesday) is left out,
#: because it differs in one letter from "cerca" (near).
_FORGIVEN_DAYS: Final = ("lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "sabados",
                         "domingo", "domingos")  # fmt: skip

_WORDS: Final[dict[str, Kind]] = {
    **dict.fromkeys(("a", "al", "hasta", "to", "till", "until", "through", "ate", "as", "au"),
                    "to"),
    **dict.fromkeys(("y", "e", "and", "et", "ak", "ni"), "and"),
    **dict.fromkeys(("cerrado", "cerrada", "cerrados", "cerramos", "closed", "fechado", "fechada",
                     "ferme", "fermee"), "closed"),
    **dict.fromkeys(("manana", "mananas", "manha", "matin", "morning", "matutino"), "part"),
    **dict.fromkeys(("tarde", "tardes", "afternoon", "vespertino"), "part"),
    "tododia": "every", "todoeldia": "all_day", "festivo": "holiday", "excepto": "except",
    "incluye": "with", "almuerzo": "lunch",
}  # fmt: skip
_DASHES: Final = "-‐‑–—−~"
_LONE_DASHES: Final = frozenset(_DASHES)
_SIGNS: Final[dict[str, Kind]] = {
    **dict.fromkeys(_DASHES, "to"),
    **dict.fromkeys(";.", "end"),
}
#: Unicode categories of pictograms and invisible characters. The parser skips these characters.
_DRAWN: Final = frozenset({"So", "Cf", "Mn"})
_AFTERNOONS: Final = frozenset({"tarde", "tardes", "afternoon", "vespertino"})

#: Words that the parser skips, because they do not change the hours.
_FILLING_TEXT: Final = (
    "horario horarios atencion atendimento de desde del las los la el les le entre en na os das "
    "dos do da du des abierto abierta abrimos abre abren open aberto aberta ouvert ouverte from "
    "hours hora horas se atiende atienden atendemos dia dias day days service servicio por h "
    "hrs hs ingreso turno solo solamente only local hr publico oficina albergue refugio "
    "nocturno comedor centro abrigo funciona noturno night shelter"
)
_FILLING: Final = frozenset(_FILLING_TEXT.split())


@dataclass(frozen=True)
class WeekHours:
    """Opening hours of a week.

    Attributes
    ----------
    rules
        Rows of the field ``schedules``: ``byday`` (codes of RFC 5545), ``opens_at`` and
        ``closes_at`` as HH:MM; a close before the opening is on the next day.
    holidays
        Code of the field ``holidays``, None where the cell says nothing of them.
    """

    rules: list[dict[str, object]]
    holidays: str | None = None


@dataclass(frozen=True)
class _Clock:
    """Time of day as written, with "am" or "pm" if the text states it."""

    hour: int
    minute: int
    half: str | None
    has_minutes: bool

    @property
    def is_plain(self) -> bool:
        """Whether the time is unambiguous without further context: 14:00, 0:30, 8 a. m."""
        return self.half is not None or self.hour > 12 or self.hour == 0  # noqa: PLR2004 - of a clock

    @property
    def at(self) -> int:
        hour = self.hour
        if self.half is not None and hour <= 12:  # noqa: PLR2004 - of a clock
            hour = hour % 12 + (12 if self.half == "pm" else 0)
        return hour * 60 + self.minute

    @property
    def readings(self) -> set[int]:
        """Minutes of the day that the time can mean: two if neither "am" nor "pm" is stated."""
        return {self.at} if self.is_plain else {self.at, (self.at + _NOON) % _DAY}

    def in_half(self, half: str | None) -> "_Clock":
        """Return the time with "am" or "pm" from a word such as "tarde"; 12 is then noon."""
        if half is None or self.is_plain:
            return self
        if self.hour == 12:  # noqa: PLR2004 - noon
            half = "pm"
        return _Clock(self.hour, self.minute, half, self.has_minutes)


@dataclass(frozen=True)
class _Token:
    kind: Kind
    text: str = ""
    days: tuple[int, ...] = ()
    clock: _Clock | None = None


@dataclass
class _Group:
    """Neighbouring days in a cell, or neighbouring ranges of times in minutes of the day."""

    days: set[int] = field(default_factory=set)
    has_holidays: bool = False
    ranges: list[tuple[int, int]] | None = None
    ends_sentence: bool = False

    @property
    def is_days(self) -> bool:
        return self.ranges is None


def _unclear() -> CellError:
    return CellError(CodedReason("cell_hours_unclear"))


def read_week(value: object) -> WeekHours:
    """Return the weekly hours that a cell states.

    Raises
    ------
    CellError
        The cell says more than weekly hours, has a word that is not known, or can be read in two
        ways; the message does not repeat it.
    """
    if not isinstance(value, str) or len(value) > 500:  # noqa: PLR2004 - no hours are longer
        raise _unclear()
    parser = _Parser(list(_tokens(value)))
    return _paired(parser.groups(), parser.closed, parser.holidays)


def read_day(value: object) -> list[tuple[str, str]]:
    """Return the hours in the column of one weekday as pairs of HH:MM; an empty list if closed.

    Raises
    ------
    CellError
        As `read_week` does.
    """
    if not isinstance(value, str):
        raise _unclear()
    if folded(value) in {"no", "-", "x"}:
        return []
    tokens = list(_tokens(value))
    if {one.kind for one in tokens if one.kind != "and"} == {"closed"}:
        return []
    groups = _Parser(tokens).groups()
    if any(group.is_days for group in groups) or not groups:
        raise _unclear()
    return [(_hhmm(a), _hhmm(b)) for a, b in _ordered([r for g in groups for r in g.ranges or ()])]


def _tokens(value: str) -> Iterator[_Token]:
    text = folded(re.sub(r"[\r\n]+", " ; ", value)).replace("´", "").replace("’", "'")
    for pattern, written in _REWRITES:
        text = pattern.sub(written, text)
    for found in _TOKEN.finditer(text):
        if found["other"] is not None:
            if unicodedata.category(found["other"]) in _DRAWN:
                continue
            raise _unclear()
        if found["time"] is not None:
            yield _Token("time", found[0], clock=_clock(found["time"]))
        elif found["sign"] is not None:
            yield _Token(_SIGNS.get(found["sign"], "and"), found["sign"])
        elif (token := _word(found["word"].rstrip("."))) is not None:
            yield token


def _word(word: str) -> _Token | None:
    if word in _WORDS:
        return _Token(_WORDS[word], word)
    if word in _SINGLE:
        return _Token("day", word, (_SINGLE[word],))
    if word in _ROWS:
        return _Token("day", word, tuple(range(_ROWS[word])))
    if word in _DAYS:
        return _Token("day", word, (_DAYS[word],))
    if word in _FILLING:
        return None
    if len(word) >= _FORGIVEN:
        near = {
            _DAYS[day] for day in _FORGIVEN_DAYS if OSA.distance(word, day, score_cutoff=1) <= 1
        }
        if len(near) == 1:
            return _Token("day", word, (near.pop(),))
    raise _unclear()


def _clock(text: str) -> _Clock:
    plain = text.strip()
    if plain in {"mediodia", "meio-dia", "midi", "noon"}:
        return _Clock(12, 0, "pm", has_minutes=True)
    if plain in {"medianoche", "meia-noite", "minuit", "midnight"}:
        return _Clock(24, 0, None, has_minutes=True)
    found = _TIME.fullmatch(plain)
    if found is None:
        raise _unclear()
    hour, minute = int(found[1]), int(found[2] or 0)
    if hour > 24 or minute > 59 or (hour == 24 and minute) or (found[3] and hour == 0):  # noqa: PLR2004 - of a clock
        raise _unclear()
    return _Clock(hour, minute, found[3], has_minutes=found[2] is not None)


class _Parser:
    """Parser of tokens into groups of days and groups of times, in their order in the cell."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = [one for n, one in enumerate(tokens) if not _is_filling(tokens, n)]
        self._at = 0
        self.closed: set[int] = set()
        self.holidays: str | None = None

    def groups(self) -> list[_Group]:
        found: list[_Group] = []
        while (token := self._peek()) is not None:
            if token.kind in {"and", "end"} or token.text in _LONE_DASHES:
                self._at += 1
                if token.kind == "end" and found:
                    found[-1].ends_sentence = True
            elif token.kind in {"except", "with"}:
                self._take_exception(found)
            elif token.kind == "closed":
                self._at += 1
                self._take_closed(found)
            elif token.kind in {"day", "every", "holiday"}:
                self._join(found, self._days())
            elif token.kind in {"time", "part", "all_day"}:
                self._join(found, self._times(found))
            else:
                raise _unclear()
        return found

    def _join(self, found: list[_Group], group: _Group) -> None:
        last = found[-1] if found else None
        if last is None or last.is_days != group.is_days or last.ends_sentence:
            found.append(group)
        elif last.ranges is not None:
            last.ranges += group.ranges or ()
        else:
            raise _unclear()

    def _peek(self, ahead: int = 0) -> _Token | None:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else None

    def _is(self, ahead: int, *kinds: Kind) -> bool:
        token = self._peek(ahead)
        return token is not None and token.kind in kinds

    def _skip(self) -> None:
        while self._is(0, "and"):
            self._at += 1

    def _days(self) -> _Group:
        group = _Group()
        while (token := self._peek()) is not None:
            if token.kind == "holiday":
                group.has_holidays = True
            elif token.kind == "every":
                group.days |= set(range(7))
            elif token.kind == "day":
                group.days |= self._span(token)
            else:
                break
            self._at += 1
            if self._is(0, "and") and self._is(1, "day", "every", "holiday"):
                self._at += 1
            elif token.kind == "day" and self._is(0, "day"):
                # Two days with no word between them can be a range or a list.
                raise _unclear()
        return group

    def _span(self, token: _Token) -> set[int]:
        if not (self._is(1, "to") and self._is(2, "day")):
            return set(token.days)
        first, end = token, self._peek(2)
        if end is None or len(first.days) > 1 or len(end.days) > 1:
            raise _unclear()
        self._at += 2
        last = end.days[0] + (7 if end.days[0] < first.days[0] else 0)
        return {day % 7 for day in range(first.days[0], last + 1)}

    def _times(self, found: Sequence[_Group]) -> _Group:
        group = _Group(ranges=[])
        ranges = group.ranges if group.ranges is not None else []
        if self._is(0, "all_day"):
            self._at += 1
            ranges.append((0, _DAY))
            return group
        half = self._part()
        start, end = self._peek(), self._peek(2)
        if not (self._is(0, "time") and self._is(1, "to") and self._is(2, "time")):
            raise _unclear()
        if start is None or end is None or start.clock is None or end.clock is None:
            raise _unclear()
        self._at += 3
        before = found[-1].ranges if found and found[-1].ranges else None
        ranges.append(
            _range(
                start.clock.in_half(half), end.clock.in_half(half), before[-1] if before else None
            )
        )
        if self._is(0, "to") and self._is(1, "time"):
            self._at += 1
        return group

    def _part(self) -> str | None:
        token = self._peek()
        if token is None or token.kind != "part":
            return None
        self._at += 1
        self._skip()
        return "pm" if token.text in _AFTERNOONS else "am"

    def _take_closed(self, found: list[_Group]) -> None:
        """Read closed days, as in "cerrado: domingo" or "domingo cerrado", or a break."""
        self._skip()
        if self._is(0, "time"):
            self._take_break(found)
            return
        is_of_last = bool(found) and found[0].is_days and found[-1].is_days
        group = found.pop() if is_of_last else self._days()
        if not group.days and not group.has_holidays:
            raise _unclear()
        self.closed |= group.days
        if group.has_holidays:
            self.holidays = "closed"

    def _take_break(self, found: list[_Group]) -> None:
        """Cut a break, such as "cerrado de 12 a 1 por almuerzo", out of the hours around it."""
        start, end = self._peek(), self._peek(2)
        ranges = found[-1].ranges if found else None
        if not (ranges and start and end and start.clock and end.clock and self._is(1, "to")):
            raise _unclear()
        self._at += 3
        while self._is(0, "lunch", "and"):
            self._at += 1
        inside = {
            (opens, closes, a, b)
            for opens, closes in ranges
            for a in start.clock.readings
            for b in end.clock.readings
            if opens < a < b < closes and b - a <= _LONGEST_BREAK
        }
        if len(inside) != 1:
            raise _unclear()
        opens, closes, a, b = inside.pop()
        at = ranges.index((opens, closes))
        ranges[at : at + 1] = [(opens, a), (b, closes)]

    def _take_exception(self, found: list[_Group]) -> None:
        is_without = self._is(0, "except")
        self._at += 1
        self._skip()
        group = self._days()
        if group.has_holidays and not group.days:
            self.holidays = "closed" if is_without else "open"
            return
        days = [one for one in found if one.is_days]
        if not is_without or not group.days or not days or not group.days < days[-1].days:
            raise _unclear()
        days[-1].days -= group.days
        if group.has_holidays:
            self.holidays = "closed"


def _is_filling(tokens: Sequence[_Token], at: int) -> bool:
    """Return whether an "a" or "as" has no time or day before it, and so does not mark a range."""
    if tokens[at].kind != "to" or tokens[at].text not in {"a", "al", "as"}:
        return False
    return at == 0 or tokens[at - 1].kind not in {"time", "day"}


def _range(start: _Clock, end: _Clock, before: tuple[int, int] | None) -> tuple[int, int]:
    """Return opening and closing in minutes of the day; a close after midnight is above 1440."""
    opens, closes = _readings(start, end, before)
    if closes == 0 and opens >= _NOON:
        closes = _DAY  # not after an opening in the morning: "9 a. m. a 12 a. m." may mean noon
    if closes <= opens:
        # Only an opening in the evening whose closing time is unambiguous may end after midnight.
        if opens < _EVENING or closes == opens:
            raise _unclear()
        closes += _DAY
    return opens, closes


def _readings(start: _Clock, end: _Clock, before: tuple[int, int] | None) -> tuple[int, int]:
    if start.is_plain and end.is_plain:
        return start.at, end.at
    if start.is_plain:
        return start.at, _end_after(start, end)
    if end.is_plain:
        return _start_before(start, end), end.at
    return _unmarked(start, end, before)


def _end_after(start: _Clock, end: _Clock) -> int:
    """Return the closing time, in minutes, of a range in which only the opening is unambiguous."""
    if start.half is None:
        # "18:00 a 6:00" is written in 24-hour time.
        if start.hour == 0 or (start.at >= _EVENING and end.has_minutes):
            return end.at
        raise _unclear()
    if end.hour == 12:  # noqa: PLR2004 - noon
        if start.at < _NOON:
            return end.at
        raise _unclear()
    later = end.at + _NOON
    if start.at < _NOON and end.at <= start.at:
        return later
    if _NOON <= start.at < _EVENING and later > start.at:
        return later
    raise _unclear()


def _start_before(start: _Clock, end: _Clock) -> int:
    """Return the opening time, in minutes, of a range in which only the closing is unambiguous."""
    if end.half is None:
        # "8 a 17" is written in 24-hour time, unless the opening would be at night.
        if start.hour in _MORNING or start.has_minutes or start.hour == 12:  # noqa: PLR2004 - noon
            return start.at
        raise _unclear()
    if end.half == "am":
        if start.at < end.at and start.hour != 12:  # noqa: PLR2004 - midnight or noon
            return start.at
        raise _unclear()
    of_twelve = end.at - _NOON
    if start.hour == 12 and of_twelve > 0:  # noqa: PLR2004 - noon
        return start.at
    if of_twelve == 0 or start.at >= of_twelve:
        if start.hour in _MORNING:
            return start.at
        raise _unclear()
    if start.hour in _AFTERNOON and start.hour not in _MORNING:
        return start.at + _NOON
    raise _unclear()


def _unmarked(start: _Clock, end: _Clock, before: tuple[int, int] | None) -> tuple[int, int]:
    """Return a range of two ambiguous times, in minutes of the day.

    ``before`` is the range that stands before it in the cell, or None.
    """
    if before is not None and start.at < before[1]:
        # "8-12 y 2-6": a range after the morning's hours is in the afternoon.
        if start.hour in _AFTERNOON and start.at + _NOON >= before[1] and end.at > start.at:
            return start.at + _NOON, end.at + _NOON
        raise _unclear()
    if start.hour not in _MORNING:
        raise _unclear()
    if end.at > start.at:
        # "7 a 9" can be in the evening; "8 a 12" and "9:00 a 11:00" cannot.
        if end.hour >= 11 or (start.has_minutes and end.has_minutes):  # noqa: PLR2004 - of a clock
            return start.at, end.at
        raise _unclear()
    if end.hour in _AFTERNOON and end.at + _NOON - start.at <= _LONGEST_DAY:
        return start.at, end.at + _NOON
    raise _unclear()


def _paired(groups: list[_Group], closed: set[int], holidays: str | None) -> WeekHours:
    """Pair each group of days with the group of times beside it; days may stand first or last."""
    if len(groups) == 1 and groups[0].ranges == [(0, _DAY)]:
        groups = [_Group(days=set(range(7))), *groups]
    made: dict[int, list[tuple[int, int]]] = {}
    for sentence in _sentences(groups):
        for one, other in zip(sentence[::2], sentence[1::2], strict=True):
            days, times = (one, other) if one.is_days else (other, one)
            if one.is_days == other.is_days or one.is_days != sentence[0].is_days:
                raise _unclear()
            if days.has_holidays and len(days.days) == len(WEEKDAYS):
                holidays = "open"
            for day in days.days:
                made.setdefault(day, []).extend(times.ranges or ())
    if closed & set(made) or not made:
        raise _unclear()
    return WeekHours(_rules({day: _ordered(ranges) for day, ranges in made.items()}), holidays)


def _sentences(groups: Sequence[_Group]) -> Iterator[list[_Group]]:
    """Yield the groups of each sentence; one without days or times is joined to the next."""
    sentence: list[_Group] = []
    for at, group in enumerate(groups):
        last = sentence[-1] if sentence else None
        if last is not None and last.ends_sentence and len(sentence) % 2 == 0:
            # Times in a sentence of their own belong to the days before them, unless days follow.
            is_more = not group.is_days and not last.is_days and (len(groups) - at) % 2
            if not is_more:
                yield sentence
                sentence, last = [], None
        if last is not None and last.is_days == group.is_days:
            last.days |= group.days
            last.has_holidays |= group.has_holidays
            last.ranges = None if last.ranges is None else [*last.ranges, *(group.ranges or ())]
            last.ends_sentence = group.ends_sentence
        else:
            sentence.append(group)
    if len(sentence) % 2:
        raise _unclear()
    if sentence:
        yield sentence


def _ordered(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    ordered = sorted(ranges)
    if any(b[0] < a[1] for a, b in pairwise(ordered)):
        raise _unclear()
    return ordered


def _rules(week: dict[int, list[tuple[int, int]]]) -> list[dict[str, object]]:
    by_range: dict[tuple[int, int], list[int]] = {}
    for day in sorted(week):
        for one in week[day]:
            by_range.setdefault(one, []).append(day)
    return [
        {
            "byday": [WEEKDAYS[day] for day in days],
            "opens_at": _hhmm(opens),
            "closes_at": _hhmm(closes),
        }
        for (opens, closes), days in sorted(
            by_range.items(), key=lambda item: (item[1][0], item[0])
        )
    ]


def _hhmm(minutes: int) -> str:
    if minutes > _DAY:
        minutes -= _DAY
    return f"{minutes // 60:02}:{minutes % 60:02}"
