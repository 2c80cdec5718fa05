"""The FastAPI application: routes, middleware and lifespan; importing this module opens nothing."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from app import clock as clocks
from app.access import oidc
from app.access.dependencies import AppState, refresh_texts, require_demo_allowed, strict_request
from app.access.identity import CONSOLE, Seals, may_write
from app.api.collections import (
    basemap,
    changes,
    items,
    metadata,
    openapi,
    styles,
    tiles,
    transactions,
)
from app.api.collections.serving import PublishedDispatcher
from app.api.planning import corridors, itineraries
from app.api.records import (
    exports,
    feedback,
    guidance,
    guidance_editing,
    health,
    hides,
    match,
    movement,
    proposals,
    spaces,
    standards,
    vocabularies,
)
from app.api.routing import (
    _json_kernel,
    coverage,
    ogc_routes,
    openrouteservice,
    openrouteservice_isochrones,
    openrouteservice_matrix,
    routes,
    trade_offs,
)
from app.clock import Clock
from app.console import (
    crossings,
    duplicates,
    expiring,
    home,
    imports,
    missing,
    position,
    queue,
    releases,
)
from app.console import feedback as console_feedback
from app.console import guidance as console_guidance
from app.console import hides as console_hides
from app.console import reports as console_reports
from app.console import space as console_space
from app.console import spaces as console_spaces
from app.console import standards as console_standards
from app.console import visits as console_visits
from app.console.admin import (
    audit,
    organizations,
    own_factor,
    own_language,
    own_tokens,
    people,
    vocabulary,
)
from app.console.forms.layout import note_demo
from app.console.planning import corridors as console_corridors
from app.console.planning import reach, scenarios, siting, what_if
from app.console.problem_pages import ProblemPages
from app.console.tables import bulk as console_bulk
from app.console.tables import edits as console_edits
from app.console.tables import routes as console_tables
from app.console.wording import pages as wording
from app.http import error_table
from app.http.assets import STATIC_FOLDER, STATIC_URL
from app.http.compression import Compression
from app.http.connections import Connections, watching
from app.http.middleware import (
    BodyLimit,
    ConsoleAlone,
    DefaultHeaders,
    Origins,
    OwnTexts,
    PrivateAnswers,
)
from app.http.parameter_fields import make_fields
from app.http.pipeline import Pipeline, PipelineStep
from app.http.rate_limits import Proxies, RateLimit, RateLimits
from app.http.security_headers import HSTS, SECURITY_HEADERS
from app.http.static import Assets, compress_assets
from app.i18n.reviewed_texts import ReviewedTexts
from app.jobs.access_layer import AccessWriter
from app.jobs.corridor_coverage import Coverer, covering
from app.jobs.daily_upkeep import daily_upkeep
from app.jobs.notification_senders import notifying
from app.jobs.pulled_sources import pulling
from app.packs.street_maker import KEPT_CUTS
from app.pages import (
    account,
    confirm,
    crossings_hazards,
    docs,
    embed,
    landing,
    lists,
    offline,
    packs,
    plan,
    poster,
    report_hazard,
    second_factor,
    sms,
    space,
    space_forms,
)
from app.pages import match as match_page
from app.planner import page as planner
from app.planning.population_raster import LinePeople
from app.planning.siting.runs import SitingRuns, searching
from app.runtime.compilation import load_searches
from app.runtime.database_watch import keeping
from app.runtime.databases import listen_url, open_database, private_cluster
from app.settings import Settings
from app.snapshots.change_listener import following
from app.snapshots.corridor_lines import CorridorLines
from app.snapshots.layer_editions import Editions
from app.snapshots.recently_used import RecentlyUsed
from app.snapshots.response_cache import Shelf
from app.snapshots.road_networks import RoadNetworks
from geo.db.disk_reserve import Room
from geo.db.sessions import Database


def warm_up() -> None:
    """Do what the first requests would wait for: load compiled code, compress static files."""
    load_searches()
    _json_kernel.warm()
    compress_assets()


def create_app(
    settings: Settings,
    *,
    database: Database | None = None,
    network: RoadNetworks | None = None,
    clock: Clock = clocks.now,
    steady_s: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """Return the application, which opens its database and road networks at startup.

    Parameters
    ----------
    database, network
        Open database and networks, which the caller closes; by default those of the settings.
    clock
        Clock for the current time.
    steady_s
        Monotonic clock in seconds, for rate limits.
    """
    limits = RateLimits(settings, steady_s=steady_s)
    texts = ReviewedTexts()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        make_fields(app)
        opened = open_database(settings) if database is None else database
        try:
            await opened.check_roles()
            # Warm up in the background; only requests for routes and for scripts wait for the end.
            warming = asyncio.create_task(asyncio.to_thread(warm_up))
            roads = network or RoadNetworks(settings.graphs_dir, settings.walker)
            editions = Editions(opened, texts)
            computed = (
                Coverer(opened, roads, settings.access_m, settings.walker.name),
                AccessWriter(opened, roads, settings.access_m, settings.walker.name),
            )
            cluster = private_cluster(settings) if database is None else None
            room = None if cluster is None else Room(cluster.data_dir)
            runs = SitingRuns(opened, clock)
            state = AppState(
                settings=settings,
                database=opened,
                network=roads,
                corridor_lines=CorridorLines(roads),
                line_people=LinePeople(settings.population_raster),
                clock=clock,
                limits=limits,
                editions=editions,
                shelf=Shelf(settings.kept_mb * 1_000_000),
                street_cuts=RecentlyUsed(KEPT_CUTS),
                provider=oidc.provider_of(settings),
                connections=Connections(settings),
                seals=Seals(),
                room=room,
                siting_runs=runs,
            )
            async with (
                keeping(cluster, room),
                watching(state["connections"]),
                notifying(opened, settings, clock),
                daily_upkeep(opened, clock, settings),
                pulling(opened, clock, settings.home),
                covering(computed, clock, settings.coverage_every_s),
                following(opened, roads, listen_url(settings), editions),
                searching(runs),
            ):
                yield {**state}
            await warming
        finally:
            if database is None:
                await opened.dispose()

    asked_most = [*items.routes(), *tiles.routes(), *metadata.routes(), *changes.routes()]
    app = FastAPI(
        title=openapi.TITLE,
        summary=openapi.SUMMARY,
        description=openapi.DESCRIPTION,
        version=openapi.VERSION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        middleware=[
            Middleware(Pipeline, steps=_steps(settings, limits, texts)),
            Middleware(
                BodyLimit,
                anybody_bytes=settings.public_body_limit_bytes,
                anybodys={"/coverage": coverage.LIMIT_BYTES},
                writers_bytes=settings.body_limit_bytes,
                writers={f"{CONSOLE}/imports": settings.import_limit_bytes},
                may_write=may_write,
            ),
            Middleware(PublishedDispatcher, routes=asked_most),
        ],
        # FastAPI's documentation pages load scripts from other origins; the document is at /api.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # Telemetry is off, because spans and their errors would send addresses, queries and
        # messages to any collector that the environment names (P48).
        telemetry=TelemetryConfig(
            tracing=False, metrics=False, logs=False, operation_spans=False, auto_configure=False
        ),
        # No redirects between /x and /x/, which would repeat the query string in a header.
        redirect_slashes=False,
    )
    error_table.install(app)
    # GET requests to these frequent routes are answered by the dispatcher, before the router; the
    # router needs the routes for other methods.
    app.router.routes.extend(asked_most)
    app.router.routes.extend(transactions.routes())
    app.router.routes.extend(_operations())
    for published in (metadata, tiles):
        app.router.routes.extend(published.last_routes())
    app.mount(STATIC_URL, Assets(directory=STATIC_FOLDER), name="static")
    app.openapi = _document  # type: ignore[method-assign]
    return app


@cache
def _operations() -> list[BaseRoute]:
    """Return the declared operations and pages, shared by all applications of a process.

    FastAPI takes half a second to read all declarations. Caching the router spares that for every
    further application; tests start hundreds.
    """
    checks = (strict_request, require_demo_allowed, refresh_texts)
    router = APIRouter(dependencies=[Depends(check) for check in checks])
    for module in (
        routes,
        landing,
        styles,
        basemap,
        docs,
        spaces,
        exports,
        sms,
        lists,
        match,
        match_page,
        packs,
        offline,
        crossings_hazards,
        embed,
        ogc_routes,
        openrouteservice,
        openrouteservice_isochrones,
        openrouteservice_matrix,
        trade_offs,
        coverage,
        itineraries,
        corridors,
        movement,
        health,
        hides,
        plan,
        planner,
        account,
        second_factor,
        guidance,
        guidance_editing,
        feedback,
        report_hazard,
        standards,
        vocabularies,
        proposals,
        confirm,
        # `space` comes after others: its path would also match /spaces/nearest and /spaces/match.
        space,
        poster,
        space_forms,
    ):
        router.include_router(module.router)
    # Console pages: a literal path (spaces/new) precedes a path with a parameter (spaces/{id}).
    for page_module in (
        home,
        queue,
        console_reports,
        console_space,
        position,
        releases,
        own_tokens,
        own_factor,
        own_language,
        console_spaces,
        console_bulk,
        console_edits,
        console_tables,
        console_visits,
        missing,
        expiring,
        crossings,
        console_corridors,
        what_if,
        reach,
        scenarios,
        siting,
        organizations,
        console_hides,
        imports,
        vocabulary,
        people,
        audit,
        duplicates,
        console_feedback,
        console_guidance,
        console_standards,
        wording,
    ):
        router.include_router(page_module.router, dependencies=[Depends(note_demo)])
    return router.routes


@cache
def _document() -> dict[str, Any]:
    """Return the OpenAPI document, built on first use and shared by all applications."""
    return openapi.document(_operations())


#: Paths of POSTs that store nothing, open to pages of any origin: routes, isochrones, matching.
READING_POSTS: Final = re.compile(
    r"/(routes(/tradeoffs)?|ogc/routes|(corridors/)?coverage|itineraries|spaces/match|plan"
    r"|v2/(directions/[^/]+/geojson|isochrones/[^/]+(/geojson)?|matrix/[^/]+(/json)?))"
)

#: Paths closed to pages of other origins: console, forms, reports, complaints, records in the
#: staff's view, and links that carry a secret.
OWN_PATHS: Final = re.compile(
    rf"({re.escape(CONSOLE)}|/(confirm|report|reports|complaints|match|missing|hides|proposals"
    r"|message-drafts|movement))(/.*)?|/spaces/[^/]+/(complaint|feedback|record)"
)


def _steps(settings: Settings, limits: RateLimits, texts: ReviewedTexts) -> list[PipelineStep]:
    """Return the pipeline steps for every request, outermost first."""
    url = settings.public_url
    is_secure = url is not None and url.scheme == "https"
    return [
        OwnTexts(texts),
        DefaultHeaders(SECURITY_HEADERS | (HSTS if is_secure else {})),
        Origins(
            settings.allowed_origins,
            methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            headers=[
                *("Authorization", "Content-Crs", "Content-Type"),
                *("If-Match", "If-None-Match", "Prefer"),
            ],
            exposed=[
                *("Accept-Patch", "Accept-Post", "Allow", "Content-Crs", "ETag", "Link"),
                *("Location", "Preference-Applied", "Retry-After", "X-Request-ID"),
            ],
            open_headers=["Content-Crs", "Content-Type", "If-None-Match", "Prefer"],
            reading=READING_POSTS,
            own=OWN_PATHS,
        ),
        PrivateAnswers(
            private_path=CONSOLE, shared_path=f"{STATIC_URL}/", changed_path="/collections"
        ),
        Proxies(settings.trusted_networks),
        ProblemPages(CONSOLE),
        RateLimit(limits, uncounted=f"{STATIC_URL}/"),
        ConsoleAlone(CONSOLE),
        Compression(CONSOLE),
    ]
