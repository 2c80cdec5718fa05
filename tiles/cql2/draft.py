"""What GDAL writes of a condition, `filter-lang=cql-text`, as CQL2's tree.

GDAL (up to 3.12 at least) hands conditions on to a server that takes ``cql-text``, the name in a
draft of Part 3, and else evaluates them itself on every feature. What it writes is CQL2 text but
for three things: ``ILIKE``; days and moments as plain texts, ``'2026-11-01T'`` among them; truth
as 1 and 0.
"""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement

from tiles.cql2.text import COMPARISONS, parse_text
from tiles.fields import FieldKind, kind_of

#: As GDAL's SerializeDateTime writes it: by UTC, and as much of it as was stated.
_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(T((?P<hour>\d\d)(:(?P<minute>\d\d)(:(?P<second>\d\d))?)?Z)?)?",
    re.ASCII,
)


def read_draft(text: str, queryables: Mapping[str, ColumnElement[Any]]) -> object:
    """Return the tree of a filter of the draft.

    Parameters
    ----------
    text
        The filter.
    queryables
        Columns by the names of the properties that may be asked for.

    Raises
    ------
    InvalidFilterError
        As of `tiles.cql2.text.parse_text`.
    """
    return _typed(parse_text(text, is_draft=True), queryables)


def _typed(node: object, queryables: Mapping[str, ColumnElement[Any]]) -> object:
    # No deeper than the parser lets a filter be.
    match node:
        case {"op": "and" | "or" | "not" as name, "args": list(args)}:
            return {"op": name, "args": [_typed(part, queryables) for part in args]}
        case {"op": str(name), "args": [{"property": str(of)} as column, value]} if (
            name in COMPARISONS and of in queryables
        ):
            return {"op": name, "args": [column, _value(value, kind_of(queryables[of].type))]}
    return node


def _value(value: object, kind: FieldKind | None) -> object:
    """Return a plain value as what its column holds, or as it is where it cannot be that."""
    if kind is FieldKind.BOOLEAN and value in (0, 1):
        return bool(value)
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None or kind not in {FieldKind.DATE, FieldKind.INSTANT}:
        return value
    if kind is FieldKind.DATE:
        return {"date": found["day"]}
    time = ":".join(found[part] or "00" for part in ("hour", "minute", "second"))
    return {"timestamp": f"{found['day']}T{time}Z"}
