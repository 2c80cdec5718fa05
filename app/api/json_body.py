"""What bodies in JSON are read as: values of the kinds that the document says."""

import json
from typing import Any, Final, Self

from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

#: Levels of lists and objects in a body [A]: a MultiPolygon in one has eight.
_DEEPEST: Final = 50

#: Beyond this a double no longer tells one whole number from the next (RFC 8259, 6).
_MOST_EXACT: Final = 2**53


class JSONBody(BaseModel):
    """A body in JSON, none of whose values is made of one of another kind.

    Read as Python's, 0 would be a day in 1970, "5" a number, and true the number 1. Parts of a
    body need not be of this class.
    """

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        # FastAPI parses bodies itself and has pydantic validate Python's values.
        return core_schema.json_or_python_schema(
            json_schema=handler(source),
            python_schema=core_schema.no_info_plain_validator_function(cls._read_strictly),
        )

    @classmethod
    def _read_strictly(cls, given: object) -> Self:
        # Strictly as JSON has it: texts still become days, and lists tuples.
        return cls.model_validate_json(json.dumps(_whole(given)), strict=True)


def _whole(value: Any, levels: int = _DEEPEST) -> Any:  # noqa: ANN401 -- any JSON
    """Return JSON with 5.0 as 5, which are the same number to JSON Schema.

    Raises
    ------
    ValueError
        It is nested deeper than so many levels.
    """
    if levels < 0:
        msg = "nested too deeply"
        raise ValueError(msg)
    match value:
        case dict():
            return {name: _whole(member, levels - 1) for name, member in value.items()}
        case list():
            return [_whole(member, levels - 1) for member in value]
        case float() if value.is_integer() and abs(value) <= _MOST_EXACT:
            return int(value)
        case _:
            return value
