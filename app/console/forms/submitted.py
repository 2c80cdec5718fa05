"""Processing of a sent form: all changes are made, or none and the page shows the problems."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from fastapi import Response

from app.console.forms.inputs import error_texts
from app.console.forms.layout import Desk
from geo.errors import GeoError, InvalidRecordError
from geo.reasons import CodedReason

#: Default of the argument ``refusals``: only `InvalidRecordError` is shown at the form.
NO_REFUSALS: Mapping[type[GeoError], tuple[str, CodedReason]] = MappingProxyType({})


class _Again(Protocol):
    def __call__(self, *, problems: dict[str, str]) -> Awaitable[Response]: ...


async def submitted(
    desk: Desk,
    work: Callable[[], Awaitable[Response]],
    again: _Again,
    refusals: Mapping[type[GeoError], tuple[str, CodedReason]] = NO_REFUSALS,
) -> Response:
    """Process a sent form in a savepoint, and return the response.

    If the form is refused, return the page with the form and a problem at each field at fault.

    Parameters
    ----------
    desk
        The desk of the person who sent the form.
    work
        Function that reads the form, changes records, and returns the response. If the function
        raises an error, its changes are rolled back.
    again
        Function that returns the page with the form, given the problems by field.
    refusals
        The field and the reason to show, by class of error, for errors other than
        `InvalidRecordError`, which names its fields itself.
    """
    try:
        async with desk.session.begin_nested():
            return await work()
    except InvalidRecordError as error:
        problems = error_texts(desk.words, error.problems)
    except tuple(refusals) as error:
        why = next(why for kind, why in refusals.items() if isinstance(error, kind))
        problems = error_texts(desk.words, [why])
    return await again(problems=problems)
