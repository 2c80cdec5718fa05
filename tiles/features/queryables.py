"""Queryable columns of a layer and their schema (OGC API Features, Part 3)."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_

from tiles.catalogue.layer import Layer, Shape
from tiles.cql2.forms import Forms
from tiles.cql2.parser import Filter
from tiles.cql2.terms import Operand, Operands, read_date, read_scalar, read_timestamp
from tiles.cql2.text import read_number
from tiles.errors import InvalidFilterError
from tiles.fields import QUERYABLE, Field, FieldKind

#: Pattern of a whole number, with at most the digits of a bigint: Python refuses to parse numbers
#: of thousands of digits.
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")

#: Geometry formats of OGC API Features, Part 5, 7.5.
_GEOMETRY_FORMATS = {
    Shape.POINT: "geometry-point",
    Shape.LINE: "geometry-linestring-or-multilinestring",
    Shape.POLYGON: "geometry-polygon-or-multipolygon",
    Shape.MIXED: "geometry-any",
}


@cache
def queryable_columns(layer: Layer) -> Mapping[str, ColumnElement[Any]]:
    """Return the columns that filters may name: all but geometry and JSON."""
    columns = {**layer.view.c, "expires_on": layer.expires_on}
    return {field.name: columns[field.name] for field in _queryable(layer)}


def _queryable(layer: Layer) -> list[Field]:
    return [field for field in layer.fields if field.kind in QUERYABLE]


@cache
def other_columns(layer: Layer) -> Mapping[str, ColumnElement[Any]]:
    """Return the JSON columns, which filters may only test for null."""
    names = [field.name for field in layer.fields if field.kind not in QUERYABLE]
    return {name: layer.view.c[name] for name in names if name in layer.columns}


@cache
def forms_of(layer: Layer) -> Forms:
    """Return the reader of CQL2 filters on a layer; it is cached with the forms that it knows."""
    return Forms(queryable_columns(layer), layer.view.c.geom, other_columns(layer))


def queryables_schema(layer: Layer) -> dict[str, Any]:
    """Return the JSON Schema of queryable properties; the caller adds ``$id``, its URL."""
    roles = _roles(layer)
    properties: dict[str, Any] = {
        "geometry": {
            "title": "geometry",
            "format": _GEOMETRY_FORMATS[layer.shape],
            "x-ogc-role": "primary-geometry",
        }
    }
    for field in _queryable(layer):
        said = {"title": field.name.replace("_", " "), **field.schema}
        if field.name in roles:
            said["x-ogc-role"] = roles[field.name]
        properties[field.name] = said
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "title": layer.title,
        "description": layer.description,
        "properties": properties,
        "additionalProperties": False,
    }


def _roles(layer: Layer) -> dict[str, str]:
    roles = {"id": "id"}
    if layer.period is not None:
        ends = (layer.period.start, "start"), (layer.period.end, "end")
        for column, edge in ends:
            if column in set(layer.view.c):
                roles[str(column.key)] = f"primary-interval-{edge}"
    return roles


def read_equalities(
    parameters: Mapping[str, str], queryables: Mapping[str, ColumnElement[Any]]
) -> Filter | None:
    """Return the filter that compares properties with query parameters; None without parameters.

    Its binds are ``q0``, ``q1`` and so on, so that it can be combined with a filter of
    `tiles.cql2.parser.read_filter`.

    Raises
    ------
    InvalidFilterError
        A name is no property, or its value has another type; ``field`` is the name.
    """
    terms = Operands(queryables, prefix="q")
    conditions = []
    for name in sorted(parameters):
        try:
            found = terms.property(name)
            value = _read_plain(found.kind, parameters[name])
        except InvalidFilterError as error:
            raise InvalidFilterError(error.reason, name) from error
        conditions.append((terms.sql(found), terms.sql(value, found.kind)))
    if not conditions:
        return None
    return Filter(
        lambda: and_(*(held() == asked() for held, asked in conditions)),
        terms.values,
        " ".join(terms.shape),
    )


def _read_plain(kind: FieldKind, text: str) -> Operand:
    match kind:
        case FieldKind.TEXT:
            return read_scalar(text)
        case FieldKind.DATE:
            return read_date(text)
        case FieldKind.INSTANT:
            return read_timestamp(text)
        case FieldKind.BOOLEAN if text in {"true", "false"}:
            return read_scalar(text == "true")
        case FieldKind.FLOAT if _NUMBER.fullmatch(text):
            return read_scalar(read_number(text))
        # In a URL a whole number consists of digits: 5.0 is not accepted.
        case FieldKind.INTEGER if _WHOLE.fullmatch(text):
            return read_scalar(int(text))
    raise InvalidFilterError(f"is no {kind.value} as JSON writes it; lists go by `filter` alone")
