"""Filters by their form: one that differs from another in nothing but its values is not read again.

An application asks one form again and again, for other numbers and names each time. The first of a
form is read with values that stand for the real ones, each of them unlike the others, so that it
shows where each goes; the next are their values put there. Only plain whole numbers, fractions and
texts are; whatever looks at a value to decide what it means is read as `tiles.cql2.parser` reads
it.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement

from tiles.cql2.parser import Filter, Lang, read_filter
from tiles.cql2.terms import Sql
from tiles.cql2.text import Token, tokens_of
from tiles.errors import InvalidFilterError

#: Forms that are kept of one layer, and characters of a filter whose form is looked for [A]:
#: applications have a handful, of a line or two.
_KEPT: Final = 256
_LONGEST: Final = 1_000

#: Numbers that a bigint or a double holds, and texts that stand for themselves.
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_FRACTION: Final = re.compile(r"[+-]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})")
_TEXT: Final = re.compile(r"'[^'\\\0\ud800-\udfff]*'")

type Value = int | float | str
type _Place = int | list[int]


@dataclass(frozen=True, slots=True)
class _Form:
    """What filters of one form have in common.

    Parameters
    ----------
    sql, shape
        Of each of them.
    places
        Which of the filter's values each bind has: one of them, or a list of them.
    made
        As what each bind has its values.
    """

    sql: Sql
    shape: str
    places: Mapping[str, _Place]
    made: Mapping[str, type]

    def filled(self, values: Sequence[Value]) -> Filter:
        """Return the filter of these values."""
        bound: dict[str, Any] = {}
        for name, place in self.places.items():
            made = self.made[name]
            if isinstance(place, int):
                bound[name] = made(values[place])
            else:
                bound[name] = [made(values[each]) for each in place]
        return Filter(self.sql, bound, self.shape)


class Forms:
    """Reads the filters of one collection.

    Parameters
    ----------
    queryables, geometry, others
        As of `tiles.cql2.parser.read_filter`.
    """

    def __init__(
        self,
        queryables: Mapping[str, ColumnElement[Any]],
        geometry: ColumnElement[Any],
        others: Mapping[str, ColumnElement[Any]],
    ) -> None:
        self._queryables = queryables
        self._geometry = geometry
        self._others = others
        self._known: OrderedDict[tuple[str, ...], _Form | None] = OrderedDict()

    def read(self, text: str, lang: Lang, *, srid: int, is_lat_first: bool) -> Filter:
        """Return a filter; what it takes and raises is as of `tiles.cql2.parser.read_filter`."""
        if lang == "cql2-text" and len(text) <= _LONGEST:
            found = self._by_form(text)
            if found is not None:
                return found
        return self._read(text, lang, srid=srid, is_lat_first=is_lat_first)

    def _read(self, text: str, lang: Lang, *, srid: int, is_lat_first: bool) -> Filter:
        return read_filter(
            text,
            lang,
            self._queryables,
            self._geometry,
            others=self._others,
            srid=srid,
            is_lat_first=is_lat_first,
        )

    def _by_form(self, text: str) -> Filter | None:
        """Return a filter of a form that is or can be known; None for all others."""
        try:
            written, values = _parted(tokens_of(text))
        except InvalidFilterError:
            return None
        if written in self._known:
            form = self._known[written]
            self._known.move_to_end(written)
        else:
            form = self._known[written] = self._learnt(written)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return None if form is None else form.filled(values)

    def _learnt(self, written: Sequence[str]) -> _Form | None:
        """Read a form with values of which none is like another, and see where they went."""
        stand_ins: list[Value] = []
        text = []
        for part in written:
            stand_in = _stand_in(part, len(stand_ins))
            if stand_in is None:
                text.append(part)
            else:
                stand_ins.append(stand_in)
                text.append(f"'{stand_in}'" if isinstance(stand_in, str) else str(stand_in))
        try:
            # Coordinates are numbers too, and their form is none: what they are in is no matter.
            read = self._read(" ".join(text), "cql2-text", srid=4326, is_lat_first=False)
        except InvalidFilterError:
            return None
        bound = {name: one if isinstance(one, list) else [one] for name, one in read.values.items()}
        found = {name: [_place(one, stand_ins) for one in each] for name, each in bound.items()}
        # Each once and as itself: what a value spells, a date or a place, is no form.
        if [place for each in found.values() for place in each] != [*range(len(stand_ins))]:
            return None
        places: dict[str, _Place] = {
            name: each if isinstance(read.values[name], list) else each[0]
            for name, each in found.items()
        }
        made = {name: type(each[0]) for name, each in bound.items()}
        return _Form(read.sql, read.shape, places, made)


def _parted(tokens: Sequence[Token]) -> tuple[tuple[str, ...], list[Value]]:
    """Return what of a filter is its form, and its plain values."""
    written: list[str] = []
    values: list[Value] = []
    for kind, value, _ in tokens:
        if kind == "number" and _WHOLE.fullmatch(value):
            written.append("#whole")
            values.append(int(value))
        elif kind == "number" and _FRACTION.fullmatch(value):
            written.append("#fraction")
            values.append(float(value))
        elif kind == "text" and _TEXT.fullmatch(value):
            written.append("#text")
            values.append(value[1:-1])
        else:
            written.append(value)
    return tuple(written), values


def _stand_in(part: str, number: int) -> Value | None:
    match part:
        case "#whole":
            return number
        case "#fraction":
            return number + 0.5
        case "#text":
            return f"t{number}"
    return None


def _place(bound: object, stand_ins: Sequence[Value]) -> int:
    """Return which stand-in was bound, as it is or a whole number as a double; -1 for none."""
    if type(bound) not in {int, float, str}:
        return -1
    return next((n for n, one in enumerate(stand_ins) if one == bound), -1)
