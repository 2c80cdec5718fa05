"""Rows of a query as records of a dataclass."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def typed_row[T: "DataclassInstance"](kind: type[T], row: Mapping[Any, Any], **given: object) -> T:
    """Return a row as a record of a dataclass.

    Parameters
    ----------
    kind : type
        The dataclass.
    row : mapping
        A row, with a column for each field that ``given`` does not name; other columns are ignored.
    **given
        Values of fields by name, which take the place of the row's columns.
    """
    stated = {name: row[name] for name in _names(kind) if name not in given}
    return kind(**stated, **given)


@cache
def _names(kind: "type[DataclassInstance]") -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
