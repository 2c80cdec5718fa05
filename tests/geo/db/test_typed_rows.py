"""Rows as records of a dataclass."""

from dataclasses import dataclass

import pytest

from geo.db.typed_rows import typed_row


@dataclass(frozen=True, slots=True)
class _Town:
    id: str
    name: str
    people: int


def test_fields_come_from_their_columns_or_as_given() -> None:
    row = {"id": "G1", "name": "Cúcuta", "geom": "unused"}
    assert typed_row(_Town, row, people=777_106) == _Town("G1", "Cúcuta", 777_106)
    given = typed_row(_Town, {**row, "people": 1}, people=2)
    assert given.people == 2, "what is given wins over a column"


def test_a_missing_column_or_an_unknown_field_is_refused() -> None:
    with pytest.raises(KeyError, match="people"):
        typed_row(_Town, {"id": "G1", "name": "Cúcuta"})
    with pytest.raises(TypeError, match="altitude"):
        typed_row(_Town, {"id": "G1", "name": "Cúcuta", "people": 1}, altitude=320)
