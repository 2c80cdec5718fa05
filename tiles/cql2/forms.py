"""Cache of filters by form: filters that differ only in their values are parsed once.

An application sends the same form again and again with other numbers and names. The first filter of
a form is parsed with stand-in values, each different from the others, which shows where each value
goes; later filters of the form only insert their values there. This applies to plain whole numbers,
fractions and texts; a form whose meaning depends on a value is parsed each time by
`tiles.cql2.parser`.
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

#: Maximum number of forms (filters with their values left out) cached for one layer [A]:
#: applications use a handful.
_KEPT: Final = 256
#: Maximum length of a filter whose form is cached, characters [A]: most have a line or two.
_LONGEST: Final = 1_000

#: Patterns of the values that a form leaves out: whole numbers that fit into a bigint, fractions
#: (`_FRACTION`) that fit into a double, and texts without escapes (`_TEXT`).
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_FRACTION: Final = re.compile(r"[+-]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})")
_TEXT: Final = re.compile(r"'[^'\\\0\ud800-\udfff]*'")

type Value = int | float | str
type _Place = int | list[int]


@dataclass(frozen=True, slots=True)
class _Form:
    """Parsed form: the part that filters have in common if they differ only in their values.

    Parameters
    ----------
    sql, shape
        SQL and shape (see `tiles.cql2.parser.Filter`) of all filters of the form.
    places
        For each bind parameter the index, among the filter's values, of the value to bind; a list
        of indices for a bind that takes an array.
    made
        Type to which the values of each bind are converted.
    """

    sql: Sql
    shape: str
    places: Mapping[str, _Place]
    made: Mapping[str, type]

    def filled(self, values: Sequence[Value]) -> Filter:
        """Return the filter of this form with the given values."""
        bound: dict[str, Any] = {}
        for name, place in self.places.items():
            made = self.made[name]
            if isinstance(place, int):
                bound[name] = made(values[place])
            else:
                bound[name] = [made(values[each]) for each in place]
        return Filter(self.sql, bound, self.shape)


class Forms:
    """Reader of the filters of one collection, with a cache of forms.

    Parameters
    ----------
    queryables, geometry, others
        As in `tiles.cql2.parser.read_filter`.
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
        """Return a filter; parameters and errors are those of `tiles.cql2.parser.read_filter`."""
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
        """Return a filter made from the cached form of its text; None if that is impossible."""
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
        """Parse a form with distinct stand-in values, and record which bind gets which value.

        Return None for a form that cannot be cached.
        """
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
            # The reference system does not matter, because a form with coordinates is not cached.
            read = self._read(" ".join(text), "cql2-text", srid=4326, is_lat_first=False)
        except InvalidFilterError:
            return None
        bound = {name: one if isinstance(one, list) else [one] for name, one in read.values.items()}
        found = {name: [_place(one, stand_ins) for one in each] for name, each in bound.items()}
        # Each stand-in must be bound once and unchanged: a value that is parsed further, such as a
        # date or a geometry, cannot be cached.
        if [place for each in found.values() for place in each] != [*range(len(stand_ins))]:
            return None
        places: dict[str, _Place] = {
            name: each if isinstance(read.values[name], list) else each[0]
            for name, each in found.items()
        }
        made = {name: type(each[0]) for name, each in bound.items()}
        return _Form(read.sql, read.shape, places, made)


def _parted(tokens: Sequence[Token]) -> tuple[tuple[str, ...], list[Value]]:
    """Split the tokens of a filter into its form and its plain values."""
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
    """Return the index of the stand-in that a bound value equals, or -1 if it equals none.

    A whole number that was bound as a double equals its stand-in too.
    """
    if type(bound) not in {int, float, str}:
        return -1
    return next((n for n, one in enumerate(stand_ins) if one == bound), -1)
