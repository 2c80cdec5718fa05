"""JSON Schema of a layer's items, which tells clients the types in advance."""

from functools import cache
from typing import Any

from tiles.catalogue.layer import Layer


@cache
def item_schema(layer: Layer) -> dict[str, Any]:
    """Return the JSON Schema of one feature; the caller adds ``$id``, its URL.

    Each property has one type, although most may be null: clients such as GDAL read no other form,
    and Part 5 of the standard treats null as absent.
    """
    fields = {field.name: field.schema for field in layer.fields if field.name != "id"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": layer.title,
        "description": f"{layer.description} A property without a value is null.",
        "type": "object",
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "string"},
            "geometry": {"type": "object"},
            "properties": {"type": "object", "properties": fields},
        },
    }
