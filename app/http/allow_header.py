"""Which methods an address takes."""

from collections.abc import Iterator
from typing import Final

from fastapi import Request
from fastapi.routing import iter_route_contexts
from starlette.routing import Match

#: Of RFC 9110 and RFC 5789, those that an endpoint here may take.
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def methods_of(request: Request) -> str:
    """Return what ``Allow`` says of a request's address.

    A framework's own 405 names the methods of one route, the first that fits the address; here an
    address may have one for each method.
    """
    found = set(_of_its_own(request)) or set(_of_patterns(request))
    if "GET" in found:
        found.add("HEAD")  # `app.http.middleware.HeadAsGet`
    return ", ".join(sorted(found))


def _of_its_own(request: Request) -> Iterator[str]:
    """Give what routes without a pattern take: ``/proposals/accept`` is no ``/proposals/{id}``."""
    for route in iter_route_contexts(request.app.router.routes):
        if route.path == request.url.path:
            yield from route.methods or ()


def _of_patterns(request: Request) -> Iterator[str]:
    for method in _METHODS:
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes):
            yield method
