"""Parser of CQL2 text (OGC 21-065r2, annex B) to the tree of the equivalent CQL2 JSON.

The rules of the grammar are methods that read from left to right without backtracking, so the time
only depends on the length of the text. (The parser of the ``cql2`` package tries several readings
of brackets: 32 unclosed brackets take it over 20 s, 100,000 overflow its stack.)
"""

import re
from collections.abc import Callable
from typing import NoReturn

from tiles.cql2.limits import MAX_DEPTH
from tiles.errors import InvalidFilterError

_TOKEN = re.compile(
    r"""[ \t\r\n]*+ (?:
        (?P<number> [+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)? )
      | (?P<text> '(?:[^'\\]|''|\\.)*+' )
      | (?P<quoted> "[^"]++" )
      | (?P<word> (?::|[^\W\d])[\w.:]*+ )
      | (?P<sign> <=|>=|<>|[<>=(),] )
      | (?P<end> \Z )
    )""",
    re.VERBOSE | re.DOTALL,
)

# Escape sequences of the requirement /req/cql2-text/escaping. Other backslashes in a text are kept,
# because LIKE interprets them.
_ESCAPE = re.compile(r"''|\\(['abtnvfr])")
_ESCAPED = {
    "'": "'",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
}

#: Comparison operators.
COMPARISONS = frozenset({"=", "<>", "<", ">", "<=", ">="})

#: Words that are not property names unless they are quoted.
_KEYWORDS = frozenset({"AND", "OR", "NOT", "IS", "NULL", "LIKE", "BETWEEN", "IN"})

#: Functions of the standard as CQL2 JSON spells them, by lower-case name: CQL2 text may use any
#: case.
_FUNCTIONS = {
    name.lower(): name
    for name in (
        *("casei", "a_equals", "a_contains", "a_containedBy", "a_overlaps"),
        *("s_intersects", "s_equals", "s_disjoint", "s_touches"),
        *("s_within", "s_overlaps", "s_crosses", "s_contains"),
        *("t_after", "t_before", "t_contains", "t_disjoint", "t_during", "t_equals"),
        *("t_finishedBy", "t_finishes", "t_intersects", "t_meets", "t_metBy"),
        *("t_overlappedBy", "t_overlaps", "t_startedBy", "t_starts"),
    )
}

_GEOMETRIES = {
    name.upper(): name
    for name in (
        *("Point", "LineString", "Polygon"),
        *("MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"),
    )
}

Token = tuple[str, str, int]


def parse_text(text: str, *, is_draft: bool = False) -> object:
    """Return the tree of a filter in the form of CQL2 JSON.

    Operators, functions and geometry types are spelt as in the standard; whether operands,
    properties and values fit together is not checked here.

    Parameters
    ----------
    text
        The filter.
    is_draft
        Whether ``ILIKE``, from a draft of the standard, is accepted.

    Raises
    ------
    InvalidFilterError
        The text is not CQL2, or nested more than `MAX_DEPTH` deep.
    """
    return _Parser(tokens_of(text), is_draft=is_draft).parse()


def tokens_of(text: str) -> list[Token]:
    """Return the words, signs and values of a filter, each with its kind and position.

    Raises
    ------
    InvalidFilterError
        A character does not begin any token.
    """
    found: list[Token] = []
    position = 0
    while not found or found[-1][0] != "end":
        match = _TOKEN.match(text, position)
        if match is None:
            start = position + len(text[position:]) - len(text[position:].lstrip(" \t\r\n"))
            raise InvalidFilterError(
                f"character {start + 1} begins nothing of CQL2 text; texts stand in single quotes, "
                "each quote within doubled, and arithmetic is not offered"
            )
        kind = match.lastgroup or ""
        found.append((kind, match[kind], match.start(kind)))
        position = match.end()
    return found


def read_number(text: str) -> int | float:
    """Return a number of CQL2; an int if it is written as a whole number.

    Raises
    ------
    InvalidFilterError
        The number is too large for a double.
    """
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise InvalidFilterError("a number is beyond 1.8e308")
    return int(text) if text.lstrip("+-").isdecimal() else number


class _Parser:
    def __init__(self, tokens: list[Token], *, is_draft: bool) -> None:
        self._tokens = tokens
        self._is_draft = is_draft
        self._at = 0
        self._depth = 0

    def parse(self) -> object:
        tree = self._either()
        if self._kind != "end":
            self._refuse("AND, OR or the end")
        return tree

    # -- booleans --------------------------------------------------------------------------

    def _either(self) -> object:
        return self._chain("OR", self._both)

    def _both(self) -> object:
        return self._chain("AND", self._negated)

    def _chain(self, word: str, part: Callable[[], object]) -> object:
        parts = [part()]
        while self._take_word(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else {"op": word.lower(), "args": parts}

    def _negated(self) -> object:
        if not self._take_word("NOT"):
            return self._predicate()
        self._enter()
        inner = self._negated()
        self._depth -= 1
        return _negation(inner)

    def _predicate(self) -> object:
        left = self._operand()
        if self._kind == "sign" and self._value in COMPARISONS:
            return {"op": self._take(), "args": [left, self._operand()]}
        if self._take_word("IS"):
            return self._null(left)
        is_negated = self._take_word("NOT")
        tree = self._range(left)
        if tree is None and is_negated:
            self._refuse("LIKE, BETWEEN or IN")
        if tree is None:
            return left
        return _negation(tree) if is_negated else tree

    def _null(self, left: object) -> object:
        is_negated = self._take_word("NOT")
        if not self._take_word("NULL"):
            self._refuse("NULL")
        tree = {"op": "isNull", "args": [left]}
        return _negation(tree) if is_negated else tree

    def _range(self, left: object) -> object:
        if self._take_word("LIKE"):
            return {"op": "like", "args": [left, self._operand()]}
        if self._is_draft and self._take_word("ILIKE"):
            folded = [{"op": "casei", "args": [part]} for part in (left, self._operand())]
            return {"op": "like", "args": folded}
        if self._take_word("BETWEEN"):
            low = self._operand()
            if not self._take_word("AND"):
                self._refuse("AND")
            return {"op": "between", "args": [left, low, self._operand()]}
        if self._take_word("IN"):
            return {"op": "in", "args": [left, self._listed(self._operand)]}
        return None

    # -- operands --------------------------------------------------------------------------

    def _operand(self) -> object:
        match self._kind:
            case "number":
                return read_number(self._take())
            case "text":
                return self._text()
            case "quoted":
                return {"property": self._take()[1:-1]}
            case "word" if self._value.upper() not in _KEYWORDS:
                return self._named()
            case "sign" if self._value == "(":
                return self._bracketed()
        return self._refuse("a property, a value or a function")

    def _bracketed(self) -> object:
        self._enter()
        self._expect("(")
        inner = self._either()
        self._expect(")")
        self._depth -= 1
        return inner

    def _named(self) -> object:
        word = self._take()
        upper = word.upper()
        if upper in {"TRUE", "FALSE"}:
            return upper == "TRUE"
        if upper in _GEOMETRIES and self._is_geometry():
            return self._geometry(upper)
        return self._called(word.lower()) if self._is_next("(") else {"property": word}

    def _called(self, name: str) -> object:
        if name in {"date", "timestamp"}:
            return {name: self._one_of(self._text)}
        if name == "interval":
            return {name: self._listed(self._interval_end)}
        if name == "bbox":
            return {name: self._listed(self._number)}
        if name not in _FUNCTIONS:
            raise InvalidFilterError(
                f"no such function before character {self._tokens[self._at][2] + 1}; there are "
                f"{', '.join(_FUNCTIONS.values())}"
            )
        part = self._array if name.startswith("a_") else self._operand
        return {"op": _FUNCTIONS[name], "args": self._listed(part)}

    def _interval_end(self) -> object:
        return self._text() if self._kind == "text" else self._operand()

    def _array(self) -> object:
        return self._listed(self._operand) if self._is_next("(") else self._operand()

    def _text(self) -> str:
        if self._kind != "text":
            self._refuse("a text in single quotes")
        return _ESCAPE.sub(lambda m: _ESCAPED[m[1] or "'"], self._take()[1:-1])

    def _number(self) -> int | float:
        if self._kind != "number":
            self._refuse("a number")
        return read_number(self._take())

    # -- well-known text -------------------------------------------------------------------

    def _is_geometry(self) -> bool:
        return self._is_next("(") or (
            self._kind == "word" and self._value.upper() in {"Z", "M", "ZM", "EMPTY"}
        )

    def _geometry(self, upper: str) -> object:
        for tag in ("ZM", "Z", "M"):
            if self._take_word(tag):
                break
        if upper == "GEOMETRYCOLLECTION":
            return {"type": _GEOMETRIES[upper], "geometries": self._listed(self._member)}
        if upper == "POINT":
            return {"type": "Point", "coordinates": self._one_of(self._position)}
        parts = {
            "LINESTRING": self._position,
            "MULTIPOINT": self._loose_position,
            "POLYGON": self._positions,
            "MULTILINESTRING": self._positions,
            "MULTIPOLYGON": self._rings,
        }
        return {"type": _GEOMETRIES[upper], "coordinates": self._listed(parts[upper])}

    def _member(self) -> object:
        upper = self._value.upper()
        if self._kind != "word" or upper not in _GEOMETRIES or upper == "GEOMETRYCOLLECTION":
            self._refuse("a geometry, not a collection of them")
        self._take()
        return self._geometry(upper)

    def _position(self) -> list[int | float]:
        numbers = [self._number()]
        while self._kind == "number":
            numbers.append(self._number())
        return numbers

    def _loose_position(self) -> list[int | float]:
        return self._one_of(self._position) if self._is_next("(") else self._position()

    def _positions(self) -> list[list[int | float]]:
        return self._listed(self._position)

    def _rings(self) -> list[list[list[int | float]]]:
        return self._listed(self._positions)

    # -- tokens ----------------------------------------------------------------------------

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def _value(self) -> str:
        return self._tokens[self._at][1]

    def _is_next(self, sign: str) -> bool:
        return self._kind == "sign" and self._value == sign

    def _take(self) -> str:
        value = self._value
        self._at += 1
        return value

    def _take_word(self, word: str) -> bool:
        if self._kind != "word" or self._value.upper() != word:
            return False
        self._at += 1
        return True

    def _expect(self, sign: str) -> None:
        if not self._is_next(sign):
            self._refuse(f"`{sign}`")
        self._at += 1

    def _one_of[T](self, part: Callable[[], T]) -> T:
        self._expect("(")
        found = part()
        self._expect(")")
        return found

    def _listed[T](self, part: Callable[[], T]) -> list[T]:
        self._enter()
        self._expect("(")
        found = [part()]
        while self._is_next(","):
            self._at += 1
            found.append(part())
        self._expect(")")
        self._depth -= 1
        return found

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise InvalidFilterError(f"nested more than {MAX_DEPTH} deep")

    def _refuse(self, wanted: str) -> NoReturn:
        place = self._tokens[self._at][2] + 1
        raise InvalidFilterError(f"expected {wanted} at character {place}")


def _negation(tree: object) -> object:
    return {"op": "not", "args": [tree]}
