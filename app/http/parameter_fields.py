"""The fields of endpoints' parameters, which FastAPI leaves to the first requests."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi._compat import get_cached_model_fields
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel


def make_fields(app: FastAPI) -> None:
    """Make every field of an application, before it has threads.

    The first requests would wait for it: a quarter of a second. And while FastAPI makes a field it
    silences a warning of pydantic by `warnings.catch_warnings`, which before Python 3.14 is the
    whole process': a thread that leaves such a block of its own meanwhile, as one that compiles a
    kernel does, brings the warning back.
    """
    for route in iter_route_contexts(app.router.routes):
        dependant = getattr(route, "dependant", None)
        if dependant is not None:
            for model in _models(dependant):
                get_cached_model_fields(model)


def _models(dependant: Dependant) -> Iterator[type[BaseModel]]:
    """Return the models whose fields are parameters."""
    for field in (*dependant.query_params, *dependant.header_params, *dependant.cookie_params):
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
    for dependency in dependant.dependencies:
        yield from _models(dependency)
