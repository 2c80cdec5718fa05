"""Parsing of dates, times, weekdays and hours as people write them, and of serial dates."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Literal

from geo.imports.cells.fields import WEEKDAYS
from geo.imports.readers.table import CellError
from geo.reasons import CodedReason
from geo.text.normalize import folded

Order = Literal["day_first", "month_first"]

#: Day 0 of spreadsheets' serial dates from day 61 on. Spreadsheets count 1900-02-29, which never
#: existed, as day 60: later days therefore count from 1899-12-30, earlier ones from 1899-12-31
#: (ECMA-376 part 1, 18.17.4.1).
_EPOCH_1900 = date(1899, 12, 30)
_EPOCH_1904 = date(1904, 1, 1)
_LEAP_BUG = 60

#: Earliest year accepted. The network began in 2017 (domain.md section 1), so no confirmation can
#: be older. Earlier years come from empty values: an empty cell with a date format shows as 1900,
#: an empty database value as 1970.
FIRST_YEAR = 2000
_LAST_YEAR = 2100

_MONTHS = {
    name: n
    for n, names in enumerate(
        (
            "enero ene january jan janeiro janvier janv janvye",
            "febrero feb february fevereiro fev fevrier fevr fevriye",
            "marzo mzo mar march marco mars mas",
            "abril abr april apr avril avr avril",
            "mayo may maio mai me",
            "junio jun june junho juin jen",
            "julio jul july julho juillet juil jiye",
            "agosto ago august aug aout",
            "septiembre sep sept set setiembre september setembro septembre septanm",
            "octubre oct october outubro out octobre oktob",
            "noviembre nov november novembro novembre novanm",
            "diciembre dic december dec dezembro dez decembre desanm",
        ),
        start=1,
    )
    for name in names.split()
}

#: Every name of a month.
MONTH_WORDS = frozenset(_MONTHS)

#: Names of the days of the week and their abbreviations, without accents, by code of RFC 5545.
DAY_WORDS = {
    day: words.split()
    for day, words in {
        "MO": "lunes lun l lu monday mon segunda seg lundi lendi",
        "TU": "martes mar ma m tuesday tue tues terca ter mardi madi",
        "WE": "miercoles mie mi x wednesday wed quarta qua mercredi mekredi",
        "TH": "jueves jue ju j thursday thu thur thurs quinta qui jeudi jedi",
        "FR": "viernes vie vi v friday fri sexta sex vendredi vandredi",
        "SA": "sabado sab sa s saturday sat samedi samdi",
        "SU": "domingo dom do d sunday sun dimanche dimanch",
    }.items()
}
_DAYS = {word: day for day, words in DAY_WORDS.items() for word in words} | {
    day.lower(): day for day in WEEKDAYS
}
_ALL_DAYS = re.compile(
    r"(?:todos (?:los|os) dias|cada dia|diario|diariamente|every ?day|daily|all days|"
    r"tous les jours|chak jou|lunes a domingo)"
)

_NUMERIC = re.compile(r"(\d{1,4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,4})(?:[ Tt].*)?")
#: A month without its day, such as "abr-25" or "abril de 2025".
_MONTH_ALONE = re.compile(r"([a-z]+)\.?(?:\s*[-/.]\s*|\s+(?:de\s+|del\s+)?)(\d{4}|\d{2})")

#: A month in numbers, before its year: "10/2025".
_MONTH_IN_NUMBERS = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{4})")
#: A month in numbers, before a year of two digits: "06/26". Texts such as "11/12" do not match,
#: because "12" can be the month.
_MONTH_OF_SHORT_YEAR = re.compile(r"(0?[1-9]|1[0-2])\s*[/.]\s*([2-9]\d)")
#: A month in numbers, after its year: "2025-10".
_MONTH_OF_YEAR = re.compile(r"(20\d{2})\s*[-/.]\s*(\d{1,2})")

#: A quarter of a year: "I trim. 2024", "2do trimestre 2025".
_QUARTER = re.compile(
    r"(?:(i{1,3}|iv)|([1-4])(?:o|er|ro|do|to)?\.?)\s*trim(?:estre)?\.?\s*(?:de(?:l)?\s+)?(20\d{2})"
)

_WORDED = re.compile(
    r"(?:(\d{1,2})(?:o|st|nd|rd|th)?[\s/-]*(?:de |of )?([a-z]+)\.?[\s,/-]*(?:de |del )?(\d{2,4})"
    r"|([a-z]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4}))"
)
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_CLOCK = re.compile(
    r"(\d{1,2})(?:\s*[:.h]\s*(\d{2})?)?(?::\d{2})?\s*(?:hrs?|horas?|h)?\s*([ap])?\.?\s*(?:m\.?)?"
)


def order_of(values: Iterable[object]) -> Order | None:
    """Return the order of day and month in a column's numeric dates.

    A date with a number above 12 shows the order. None if no date shows the order, or dates
    contradict each other.
    """
    orders: set[Order] = set()
    for value in values:
        found = _NUMERIC.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None or len(found[1]) == 4:  # noqa: PLR2004 - a year first is ISO's order
            continue
        if int(found[1]) > 12 >= int(found[2]):  # noqa: PLR2004 - there is no thirteenth month
            orders.add("day_first")
        elif int(found[2]) > 12 >= int(found[1]):  # noqa: PLR2004
            orders.add("month_first")
    return orders.pop() if len(orders) == 1 else None


def day(value: object, order: Order | None = None, *, epoch_1904: bool = False) -> date:
    """Return the date in a cell.

    Raises
    ------
    CellError
        The cell holds no date, or a date that can be read in two ways; the message does not repeat
        the value.
    """
    if isinstance(value, datetime):
        found = value.date()
    elif isinstance(value, date):
        found = value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = _serial(value, epoch_1904=epoch_1904)
    elif isinstance(value, str):
        found = _written(folded(value), order)
    else:
        raise CellError(CodedReason("cell_not_date"))
    if found.year < FIRST_YEAR:
        raise CellError(CodedReason("cell_too_early", year=FIRST_YEAR))
    if found.year > _LAST_YEAR:
        raise CellError(CodedReason("cell_too_late", year=_LAST_YEAR))
    return found


def _serial(value: float, *, epoch_1904: bool) -> date:
    try:
        if epoch_1904:
            return _EPOCH_1904 + timedelta(days=int(value))
        return _EPOCH_1900 + timedelta(days=int(value) + (0 < value < _LEAP_BUG))
    except OverflowError:
        raise CellError(CodedReason("cell_beyond_dates")) from None


def _written(value: str, order: Order | None) -> date:
    numeric, worded = _NUMERIC.fullmatch(value), _WORDED.fullmatch(value)
    try:
        if numeric:
            return _numeric(numeric[1], int(numeric[2]), numeric[3], order)
        if re.fullmatch(r"[3-9]\d{4}(?:\.0+)?", value):  # serial date as text: 1982 to 2173
            return _serial(float(value), epoch_1904=False)
        if worded:
            day_, month, year = (
                worded[1] or worded[5],
                worded[2] or worded[4],
                worded[3] or worded[6],
            )
            if month in _MONTHS:
                return date(_year(year), _MONTHS[month], int(day_))
        if (first := _first_of_month(value)) is not None:
            return first
    except CellError:
        raise
    except ValueError:
        pass  # a date that does not exist, such as 31 February, is refused below
    raise CellError(CodedReason("cell_not_date"))


def _first_of_month(value: str) -> date | None:
    """Return the first day of a month or quarter, the oldest possible; None for other texts."""
    if (named := _MONTH_ALONE.fullmatch(value)) and named[1] in _MONTHS:
        return date(_year(named[2]), _MONTHS[named[1]], 1)
    if quarter := _QUARTER.fullmatch(value):
        number = int(quarter[2] or _ROMAN[quarter[1]])
        return date(int(quarter[3]), 3 * number - 2, 1)
    if of_month := _MONTH_IN_NUMBERS.fullmatch(value):
        return date(int(of_month[2]), int(of_month[1]), 1)
    if of_year := _MONTH_OF_YEAR.fullmatch(value):
        return date(int(of_year[1]), int(of_year[2]), 1)
    if of_short := _MONTH_OF_SHORT_YEAR.fullmatch(value):
        return date(_year(of_short[2]), int(of_short[1]), 1)
    return None


def _numeric(first: str, second: int, third: str, order: Order | None) -> date:
    if len(first) == 4:  # noqa: PLR2004
        return date(int(first), second, int(third))
    a, year = int(first), _year(third)
    if not a or not second:
        raise CellError(CodedReason("cell_not_date"))
    if a > 12 or a == second:  # noqa: PLR2004
        return date(year, second, a)
    if second > 12:  # noqa: PLR2004
        return date(year, a, second)
    if order is None:
        raise CellError(CodedReason("cell_ambiguous_date"))
    return date(year, second, a) if order == "day_first" else date(year, a, second)


def _year(value: str) -> int:
    # Two digits stand for a year of this century, because years before `FIRST_YEAR` are refused.
    return int(value) + (2000 if len(value) == 2 else 0)  # noqa: PLR2004


def clock(value: object) -> str:
    """Return the time of day in a cell as ``HH:MM``; the word "midnight" is ``24:00``.

    Raises
    ------
    CellError
        The cell holds no time of day; the message does not repeat the value.
    """
    if isinstance(value, datetime | time):
        return f"{value.hour:02}:{value.minute:02}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _share(value)
    if isinstance(value, str):
        plain = folded(value)
        if plain in {"mediodia", "noon", "meio-dia", "midi"}:
            return "12:00"
        if plain in {"medianoche", "midnight", "meia-noite", "minuit"}:
            return "24:00"
        found = _CLOCK.fullmatch(plain)
        if found:
            hour, minute = int(found[1]), int(found[2] or 0)
            if found[3] and hour <= 12:  # noqa: PLR2004
                hour = hour % 12 + (12 if found[3] == "p" else 0)
            if (hour < 24 and minute < 60) or (hour, minute) == (24, 0):  # noqa: PLR2004
                return f"{hour:02}:{minute:02}"
    raise CellError(CodedReason("cell_not_time"))


def _share(value: float) -> str:
    """Convert a spreadsheet's fraction of a day, or a whole hour 0 to 24, to ``HH:MM``."""
    if isinstance(value, float) and 0 <= value < 1:
        minutes = round(value * 24 * 60)
        return f"{minutes // 60:02}:{minutes % 60:02}"
    if float(value).is_integer() and 0 <= value <= 24:  # noqa: PLR2004
        return f"{int(value):02}:00"
    raise CellError(CodedReason("cell_not_time"))


def weekdays(value: object) -> list[str]:
    """Return the codes (``MO`` to ``SU``) of the weekdays in a cell.

    A cell holds codes, names or ranges of names in Spanish, English, Portuguese, French or Haitian.

    Raises
    ------
    CellError
        A word is no day of the week.
    """
    if isinstance(value, list):
        value = ",".join(map(str, value))
    if not isinstance(value, str):
        raise CellError(CodedReason("cell_not_weekdays"))
    plain = re.sub(r"[-–—]\s*feira", "", folded(value)).replace(".", "")
    if _ALL_DAYS.fullmatch(plain):
        return list(WEEKDAYS)
    found: set[str] = set()
    for part in re.split(r"\s*(?:[,;|/+]|\b[ye]\b|\band\b|\bet\b)\s*", plain):
        ends = [w for w in re.split(r"\s*(?:[-–—]|\ba\b|\bto\b|\bhasta\b|\bate\b)\s*", part) if w]
        days = [WEEKDAYS.index(_day_of(word)) for word in ends]
        if len(days) == 2:  # noqa: PLR2004 - from and to
            first, last = days
            found |= {WEEKDAYS[n % 7] for n in range(first, last + (7 if last < first else 0) + 1)}
        elif len(days) == 1:
            found.add(WEEKDAYS[days[0]])
    if not found:
        raise CellError(CodedReason("cell_not_weekdays"))
    return [code for code in WEEKDAYS if code in found]


def _day_of(word: str) -> str:
    word = re.sub(r"^(?:de |los |las |from )+", "", word).strip()
    if word not in _DAYS:
        raise CellError(CodedReason("cell_unknown_weekday"))
    return _DAYS[word]
