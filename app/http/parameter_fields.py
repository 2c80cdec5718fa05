"""Creation of pydantic fields at startup, instead of at the first requests as FastAPI does."""

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
    manager acts on the whole process: if another thread leaves `catch_warnings` at the same time
    (as compilation of the routing kernels does), the warning is shown after all.
    """
    for route in iter_route_contexts(app.router.routes):
        dependant = getattr(route, "dependant", None)
        if dependant is not None:
            for model in _models(dependant):
                get_cached_model_fields(model)


def _models(dependant: Dependant) -> Iterator[type[BaseModel]]:
    """Yield the pydantic models of the parameters of an endpoint and its dependencies."""
    for field in (*dependant.query_params, *dependant.header_params, *dependant.cookie_params):
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
    for dependency in dependant.dependencies:
        yield from _models(dependency)
