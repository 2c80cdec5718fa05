"""Creation at startup of the pydantic fields that FastAPI otherwise makes at first requests."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi._compat import get_cached_model_fields
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel


def make_fields(app: FastAPI) -> None:
    """Create the pydantic fields of all parameter models before the application starts threads.

    The first requests would otherwise wait a quarter of a second. Also, FastAPI silences a pydantic
    warning with `warnings.catch_warnings` while it creates a field. Before Python 3.14 that context
    manager acts on the whole process, and another thread that leaves one at the same time (as
    kernel compilation does) brings the warning back.
    """
    for route in iter_route_contexts(app.router.routes):
        dependant = getattr(route, "dependant", None)
        if dependant is not None:
            for model in _models(dependant):
                get_cached_model_fields(model)


def _models(dependant: Dependant) -> Iterator[type[BaseModel]]:
    """Yield the pydantic models that an endpoint and its dependencies take parameters from."""
    for field in (*dependant.query_params, *dependant.header_params, *dependant.cookie_params):
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
    for dependency in dependant.dependencies:
        yield from _models(dependency)
