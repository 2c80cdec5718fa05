"""What `benchmarks.contract` knows better than the OpenAPI document: two failures that are none.

OGC API Features demands a document that names the largest ``limit`` of a collection and a server
that takes more for that much (OGC 17-069r4, /req/core/fc-limit-response-1). And where one address
answers programs and people, the form of its page is in the application's table of routes and, like
every page, in no document.
"""

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from openapi_schema_validator import OAS30Validator

type Part = Mapping[str, Any]

_COLLECTION: Final = re.compile(r"/collections/[^/]+/.+")
_NUMBERS: Final = {"integer": int, "number": float}

#: What is said before an endpoint is reached (`app.http.rate_limits`, `app.http.middleware`), and
#: the page itself.
_SAID_ANYWHERE: Final = (200, 413, 429)


def pages_of(app: FastAPI) -> dict[str, list[int]]:
    """Return what the document leaves out on purpose, ``METHOD path``, and its statuses."""
    return {
        f"{method} {route.path}": sorted({*_SAID_ANYWHERE, *map(int, route.responses or ())})
        for route in iter_route_contexts(app.router.routes)
        if getattr(route, "include_in_schema", True) is False
        for method in route.methods or ()
    }


def is_of_page(pages: Mapping[str, Container[int]], method: str, path: str, status: int) -> bool:
    """Tell whether a page answered, as its route says that it may."""
    return status in pages.get(f"{method} {path}", ())


def are_of_pages(pages: Iterable[str], methods: Iterable[str], path: str) -> bool:
    """Tell whether a page takes each of these methods."""
    return {f"{method} {path}" for method in methods} <= set(pages)


def is_capped_limit(path: str, parameters: Iterable[Part], address: str) -> bool:
    """Tell whether a collection was asked for more than it gives at once, and else by the document.

    Parameters
    ----------
    path
        Of the operation, as the document writes it.
    parameters
        Of the operation, as the document writes them.
    address
        What was asked, as it was sent.
    """
    if _COLLECTION.fullmatch(path) is None:
        return False
    schemas = {one["name"]: one["schema"] for one in parameters if one["in"] == "query"}
    sent = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    values = dict(sent)
    if len(values) < len(sent) or not values.keys() <= schemas.keys():
        return False
    limit = _read(schemas.get("limit", {}), values.pop("limit", ""))
    is_above = isinstance(limit, int) and limit > schemas["limit"].get("maximum", limit)
    return is_above and all(
        OAS30Validator(schemas[name]).is_valid(_read(schemas[name], value))
        for name, value in values.items()
    )


def _read(schema: Part, value: str) -> object:
    """Read a value as its schema has it written: a list is one value with commas."""
    kind = schema.get("type")
    if kind == "array":
        return [_read(schema["items"], part) for part in value.split(",")]
    if kind == "boolean":
        return {"true": True, "false": False}.get(value, value)
    try:
        return _NUMBERS[kind](value) if kind in _NUMBERS else value
    except ValueError:
        return value
