"""Conditions as GDAL writes them (`filter-lang=cql-text`), converted to the CQL2 tree.

GDAL (up to 3.12 at least) passes conditions to a server that accepts ``cql-text``, the name in a
draft of Part 3; otherwise it evaluates them itself on every feature. GDAL's text is CQL2 text with
three exceptions: ``ILIKE``; dates and timestamps as plain texts, including ``'2026-11-01T'``;
booleans as 1 and 0.
"""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement

from tiles.cql2.text import COMPARISONS, parse_text
from tiles.fields import FieldKind, kind_of

#: Pattern of timestamps as GDAL's SerializeDateTime writes them: in UTC, and without the parts that
#: the condition does not state.
_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(T((?P<hour>\d\d)(:(?P<minute>\d\d)(:(?P<second>\d\d))?)?Z)?)?",
    re.ASCII,
)


def read_draft(text: str, queryables: Mapping[str, ColumnElement[Any]]) -> object:
    """Parse a filter in the draft form that GDAL writes to a CQL2 tree.

    Parameters
    ----------
    text
        The filter.
    queryables
        Columns by the names of the queryable properties.

    Raises
    ------
    InvalidFilterError
        As in `tiles.cql2.text.parse_text`.
    """
    return _typed(parse_text(text, is_draft=True), queryables)


def _typed(node: object, queryables: Mapping[str, ColumnElement[Any]]) -> object:
    # The parser has limited the depth of the tree already.
    match node:
        case {"op": "and" | "or" | "not" as name, "args": list(args)}:
            return {"op": name, "args": [_typed(part, queryables) for part in args]}
        case {"op": str(name), "args": [{"property": str(of)} as column, value]} if (
            name in COMPARISONS and of in queryables
        ):
            return {"op": name, "args": [column, _value(value, kind_of(queryables[of].type))]}
    return node


def _value(value: object, kind: FieldKind | None) -> object:
    """Return a plain value as the type of its column, or unchanged if it cannot be converted."""
    if kind is FieldKind.BOOLEAN and value in (0, 1):
        return bool(value)
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None or kind not in {FieldKind.DATE, FieldKind.INSTANT}:
        return value
    if kind is FieldKind.DATE:
        return {"date": found["day"]}
    time = ":".join(found[part] or "00" for part in ("hour", "minute", "second"))
    return {"timestamp": f"{found['day']}T{time}Z"}
