"""``/docs``: partner documentation, generated from the catalogue and from tested example files."""

from typing import Any, Final

import orjson
from fastapi import APIRouter, HTTPException, Request, Response

from app.access.dependencies import BaseUrlDep, SettingsDep
from app.api.collections.parameters import DEFAULT_LIMIT, MAX_LIMIT, MAX_PAGE_LIMIT
from app.api.routing.openrouteservice_body import PROFILES
from app.http import error_table, streaming
from app.http.etags import kept_response
from app.page_models import docs_operations
from app.page_models.docs_page import (
    find_example,
    find_topic,
    render_docs,
    render_topic,
    sample_text,
)
from app.pages.landing import CONFORMANCE
from app.settings import Settings
from app.snapshots.layer_editions import Editions
from geo.db.change_stamps import StampClock
from geo.db.sessions import Database, Tier
from geo.history.change_feed import KEPT
from routing.travel.avoid_areas import MAX_EXTENT_M, MAX_OBSTACLES
from routing.travel.request import MAX_VIA
from tiles.catalogue.layer import Layer
from tiles.catalogue.layers import find_layer, layers_for
from tiles.cql2 import limits
from tiles.crs import SUPPORTED
from tiles.downloads.formats import FORMATS
from tiles.features.changes import AS_A_WHOLE
from tiles.features.items import COUNT_LIMIT, DEMO_NOTICE, read_page
from tiles.features.maplibre import STYLES
from tiles.features.queryables import queryable_columns
from tiles.features.request import MAX_SORT_KEYS, Window

router = APIRouter(include_in_schema=False)

_HTML: Final = "text/html; charset=utf-8"

#: Sentences that say how often a collection changes although no record is edited, by the layer's
#: clock (`tiles.catalogue.layer.Layer.clock`).
_BY_THE_CLOCK: Final = {
    StampClock.NEVER: "By the clock alone nothing changes.",
    StampClock.DAILY: "Records expire at midnight, UTC.",
    StampClock.MINUTELY: "States follow opening hours, by the minute.",
    StampClock.HAZARDS: "Records come and go at the instants that they state.",
}


@router.get("/docs")
async def start(request: Request, base: BaseUrlDep) -> Response:
    """Return the first page."""
    page = render_docs(
        "start",
        title="Amparo for partners",
        lead="Support spaces, official crossings, known hazards and roads of Latin America, "
        "open to read.",
        here="/docs",
        layers=layers_for(Tier.PUBLIC),
        **await _around(request, base),
    )
    return _sent(request, page)


@router.get("/docs/reference")
async def reference(request: Request, base: BaseUrlDep) -> Response:
    """Return every operation of the OpenAPI document."""
    names = [layer.name for layer in layers_for(Tier.PUBLIC)]
    page = render_docs(
        "reference",
        title="Every operation",
        lead="What the OpenAPI document at /api says, as tables.",
        here="/docs/reference",
        sections=docs_operations.sections(request.app.openapi(), names),
        **await _around(request, base),
    )
    return _sent(request, page)


@router.get("/docs/collections/{layer}")
async def collection(request: Request, layer: str, base: BaseUrlDep) -> Response:
    """Return what a collection holds: every property, the credit, the rule, a sample."""
    found = find_layer(layer)
    page = render_docs(
        "collection",
        title=found.title,
        lead=found.description,
        here=f"/docs/collections/{found.name}",
        layer=found,
        queryable=queryable_columns(found),
        is_whole=found.name in AS_A_WHOLE,
        by_the_clock=_BY_THE_CLOCK[found.clock],
        sample=await _sample(request, found),
        **await _around(request, base),
    )
    return _sent(request, page)


@router.get("/docs/examples/{name}")
async def example(request: Request, name: str) -> Response:
    """Return one example as the file it is."""
    found = find_example(name)
    if found is None:
        raise HTTPException(404)
    return kept_response(request, found.text.encode(), "text/plain; charset=utf-8")


@router.get("/docs/{name}")
async def topic(request: Request, name: str, base: BaseUrlDep, settings: SettingsDep) -> Response:
    """Return the page of one topic."""
    found = find_topic(name)
    if found is None:
        raise HTTPException(404)
    page = render_topic(found, known=_known(settings), **await _around(request, base))
    return _sent(request, page)


async def _around(request: Request, base: str) -> dict[str, Any]:
    """Return the values that every page needs: base URL and DEMO notice (P35)."""
    editions: Editions = request.state.editions
    return {"base": base, "notice": DEMO_NOTICE if await editions.is_demo() else None}


def _known(settings: Settings) -> dict[str, Any]:
    """Return the limits and lists that the pages mention, by name in the templates.

    They are those that the server enforces, so the documentation cannot differ from them.
    """
    kinds = {kind.name: kind for kind in error_table.TABLE.values()}
    return {
        "at_once": streaming.AT_ONCE,
        "body_limit": settings.public_body_limit_bytes,
        "conformance": CONFORMANCE,
        "count_limit": COUNT_LIMIT,
        "crs": SUPPORTED,
        "default_limit": DEFAULT_LIMIT,
        "depth": limits.MAX_DEPTH,
        "feed_days": KEPT.days,
        "filter_length": limits.MAX_LENGTH,
        "formats": FORMATS,
        "incident_contact": settings.incident_contact,
        "kinds": sorted(kinds.values(), key=lambda kind: (kind.status, kind.name)),
        "max_limit": MAX_LIMIT,
        "max_page_limit": MAX_PAGE_LIMIT,
        "most_obstacles": MAX_OBSTACLES,
        "most_via": MAX_VIA,
        "operations": limits.MAX_OPERATIONS,
        "profiles": PROFILES,
        "rate": settings.rate_per_minute,
        "sort_keys": MAX_SORT_KEYS,
        "statement_s": settings.statement_timeout_ms / 1_000,
        "styles": STYLES,
        "token_rate": settings.token_rate_per_minute,
        "whole": sorted(AS_A_WHOLE),
        "widest_m": MAX_EXTENT_M,
    }


async def _sample(request: Request, layer: Layer) -> str | None:
    """Return the first public feature of a collection as text; None if the collection is empty."""
    database: Database = request.state.database
    page = await read_page(database.reader(Tier.PUBLIC), layer, Window(limit=1))
    return sample_text(orjson.loads(page.features[0])) if page.features else None


def _sent(request: Request, page: str) -> Response:
    return kept_response(request, page.encode(), _HTML)
