"""Work of a sent form: done whole, or the page shown again with what is wrong at each field."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from fastapi import Response

from app.console.forms.inputs import told
from app.console.forms.layout import Desk
from geo.errors import GeoError, InvalidRecordError
from geo.reasons import CodedReason

#: Of forms that are refused by `InvalidRecordError` alone.
NO_REFUSALS: Mapping[type[GeoError], tuple[str, CodedReason]] = MappingProxyType({})


class _Again(Protocol):
    def __call__(self, *, problems: dict[str, str]) -> Awaitable[Response]: ...


async def submitted(
    desk: Desk,
    work: Callable[[], Awaitable[Response]],
    again: _Again,
    refusals: Mapping[type[GeoError], tuple[str, CodedReason]] = NO_REFUSALS,
) -> Response:
    """Do the work of a form in a savepoint, and return its answer.

    Parameters
    ----------
    desk
        The desk of the person who sent the form.
    work
        Reads the form, changes records, and returns the answer. Records stay as they were if it
        raises.
    again
        Returns the page with the form, given the problems by field, if the work was refused.
    refusals
        The field and the reason to show for errors other than `InvalidRecordError`,
        which names its fields itself.
    """
    try:
        async with desk.session.begin_nested():
            return await work()
    except InvalidRecordError as error:
        problems = told(desk.words, error.problems)
    except tuple(refusals) as error:
        why = next(why for kind, why in refusals.items() if isinstance(error, kind))
        problems = told(desk.words, [why])
    return await again(problems=problems)
