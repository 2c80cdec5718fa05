"""Conversion of OpenAPI 3.1 schemas (JSON Schema) to the schema dialect of OpenAPI 3.0."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

type Schema = dict[str, Any]

#: Keywords that OpenAPI 3.0 does not know; the conversion drops them.
_UNKNOWN: Final = frozenset(
    {"$schema", "$id", "$comment", "propertyNames", "patternProperties", "contentMediaType"}
)

_LIMITS: Final = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}


def downgraded(document: Mapping[str, Any]) -> Schema:
    """Convert every schema of an OpenAPI 3.1 document to OpenAPI 3.0."""
    return {name: _walked(value, name) for name, value in document.items()}


def _walked(value: Any, name: str) -> Any:  # noqa: ANN401 -- any JSON
    if isinstance(value, Mapping):
        if name in {"schema", "items", "additionalProperties", "not"}:
            return _schema(value)
        if name in {"schemas", "properties"}:
            return {key: _schema(member) for key, member in value.items()}
        return {key: _walked(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [_walked(member, name) for member in value]
    return value


def _schema(given: Mapping[str, Any]) -> Schema:
    """Convert one schema to OpenAPI 3.0."""
    made: Schema = {}
    for name, value in given.items():
        made |= _word(name, value)
    if "prefixItems" in given:
        made["items"] = _one_of([_schema(part) for part in given["prefixItems"]])
    if given.get("contentMediaType") == "application/octet-stream":
        made["format"] = "binary"
    for name in ("anyOf", "oneOf"):
        if name in given:
            made |= _without_null(name, given[name])
    return _named(made)


def _word(name: str, value: Any) -> Schema:  # noqa: ANN401, PLR0911 -- one keyword each
    match name:
        case _ if name in _UNKNOWN or name in {"prefixItems", "anyOf", "oneOf"}:
            return {}
        case "const":
            return {"enum": [value]}
        case "examples":
            return {"example": value[0]} if value else {}
        case "exclusiveMinimum" | "exclusiveMaximum" if not isinstance(value, bool):
            return {_LIMITS[name]: value, name: True}
        case "type" if isinstance(value, list):
            kinds = [kind for kind in value if kind != "null"]
            found: Schema = {"type": kinds[0]} if len(kinds) == 1 else {}
            return found | ({"nullable": True} if "null" in value and found else {})
        case "type" if value == "null":
            return {"nullable": True, "enum": [None]}
        case "properties":
            return {name: {key: _schema(member) for key, member in value.items()}}
        case "items" | "not" | "additionalProperties" if isinstance(value, Mapping):
            return {name: _schema(value)}
        case "allOf":
            return {name: [_schema(part) for part in value]}
        case _:
            return {name: value}


def _without_null(name: str, parts: Sequence[Mapping[str, Any]]) -> Schema:
    """Convert an `anyOf` or `oneOf`: `nullable` takes the place of a null type, if any."""
    left = [_schema(part) for part in parts if part.get("type") != "null"]
    if len(left) == len(parts):
        return {name: left}
    if len(left) > 1:
        return {name: left, "nullable": True}
    (one,) = left
    if "$ref" in one:
        return {"allOf": [one], "nullable": True}
    # An `enum` has to list null as well (OpenAPI 3.0.3, "Schema Object", `nullable`).
    closed = {"enum": [*one["enum"], None]} if "enum" in one else {}
    return {**one, **closed, "nullable": True}


def _one_of(parts: Sequence[Schema]) -> Schema:
    different = [part for row, part in enumerate(parts) if part not in parts[:row]]
    return different[0] if len(different) == 1 else {"anyOf": different}


def _named(schema: Schema) -> Schema:
    # OpenAPI 3.0 ignores every keyword beside `$ref`, so the reference goes into an `allOf`.
    if "$ref" not in schema or len(schema) == 1:
        return schema
    rest = {name: value for name, value in schema.items() if name != "$ref"}
    return {"allOf": [{"$ref": schema["$ref"]}], **rest}
