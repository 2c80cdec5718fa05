"""Value of the ``Allow`` header: the HTTP methods that a path accepts."""

from collections.abc import Iterator
from typing import Final

from fastapi import Request
from fastapi.routing import iter_route_contexts
from starlette.routing import Match

#: Methods of RFC 9110 and RFC 5789 that endpoints of this application use.
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def methods_of(request: Request) -> str:
    """Return the value of the ``Allow`` header for a request's path.

    The framework's own 405 response names only the methods of the first route that matches the
    path, but a path of this application may have a separate route for each method.
    """
    found = set(_of_its_own(request)) or set(_of_patterns(request))
    if "GET" in found:
        found.add("HEAD")  # `app.http.pipeline.Exchange` answers HEAD on every path with GET
    return ", ".join(sorted(found))


def _of_its_own(request: Request) -> Iterator[str]:
    """Yield the methods of routes whose path equals the request's path literally.

    So ``/proposals/accept`` does not get the methods of ``/proposals/{id}``.
    """
    for route in iter_route_contexts(request.app.router.routes):
        if route.path == request.url.path:
            yield from route.methods or ()


def _of_patterns(request: Request) -> Iterator[str]:
    for method in _METHODS:
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes):
            yield method
