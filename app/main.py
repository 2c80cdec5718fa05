"""Makes the application; importing this opens nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from app import clock as clocks
from app import errors, oidc, openapi
from app.api import (
    account,
    confirm,
    coverage,
    exports,
    features,
    guidance,
    guidance_work,
    health,
    hides,
    match,
    match_page,
    movement,
    page,
    records,
    routes,
    space_forms,
    space_page,
    spaces,
    standards,
    tiles,
    vocabularies,
    voices,
)
from app.askers import CONSOLE, COOKIE
from app.clock import Clock
from app.databases import listen_url, open_database
from app.deps import State, require_demo_allowed, strict_request
from app.desk import (
    audit,
    crossings,
    duplicates,
    expiring,
    home,
    imports,
    organizations,
    own_tokens,
    people,
    queue,
    releases,
    space_form,
    vocabulary,
)
from app.desk import guidance as desk_guidance
from app.desk import hides as desk_hides
from app.desk import spaces as desk_spaces
from app.desk import standards as desk_standards
from app.desk import voices as desk_voices
from app.desk.pages import note_demo
from app.desk.problem_pages import ProblemPages
from app.following import following
from app.limits import Limits, Proxies, RateLimit
from app.middleware import BodyLimit, DefaultHeaders, HeadAsGet, PrivateAnswers, RequestLog
from app.network import Network
from app.senders import notifying
from app.settings import Settings
from app.static import Assets
from app.upkeep import daily_upkeep
from app.web.assets import STATIC_FOLDER, STATIC_URL
from app.web.page import SECURITY_HEADERS
from geo.db import Database
from routing.warming import warm

#: What is compressed here is not compressed before: pages, scripts, uncached JSON. A route's body
#: takes 1.8 ms and 93 kB instead of 2.7 ms and 91 kB at level 3; pages are 5 % larger.
_GZIP_LEVEL = 1
_GZIP_SMALLEST = 1_024


def create_app(
    settings: Settings,
    *,
    database: Database | None = None,
    network: Network | None = None,
    clock: Clock = clocks.now,
) -> FastAPI:
    """Return an Amparo that opens its database and road networks when it starts.

    Parameters
    ----------
    database, network
        Already open ones, which the caller closes; default: those of the settings.
    clock
        What tells the time.
    """
    limits = Limits(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        opened = open_database(settings) if database is None else database
        try:
            await opened.check_roles()
            # Nobody waits for it: only the first to ask for a way would.
            warming = asyncio.create_task(asyncio.to_thread(warm))
            roads = network or Network(settings.graphs_dir, settings.walker)
            state = State(
                settings=settings,
                database=opened,
                network=roads,
                clock=clock,
                limits=limits,
                provider=oidc.provider_of(settings),
            )
            async with (
                notifying(opened, settings, clock),
                daily_upkeep(opened, clock),
                following(opened, roads, listen_url(settings)),
            ):
                yield {**state}
            await warming
        finally:
            if database is None:
                await opened.dispose()

    app = FastAPI(
        title="Amparo",
        summary="Support spaces, official crossings and lower-exposure routes.",
        description=openapi.DESCRIPTION,
        version=openapi.VERSION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        dependencies=[Depends(strict_request), Depends(require_demo_allowed)],
        middleware=[
            Middleware(DefaultHeaders, headers=SECURITY_HEADERS),
            Middleware(PrivateAnswers, private_path=CONSOLE, shared_path=f"{STATIC_URL}/"),
            Middleware(Proxies, networks=settings.trusted_networks),
            Middleware(ProblemPages, path=CONSOLE),
            Middleware(RequestLog),
            Middleware(HeadAsGet),
            Middleware(RateLimit, limits=limits, uncounted=f"{STATIC_URL}/"),
            Middleware(
                BodyLimit,
                limit_bytes=settings.body_limit_bytes,
                larger={f"{CONSOLE}/imports": settings.import_limit_bytes},
                cookie=COOKIE,
            ),
            Middleware(GZipMiddleware, minimum_size=_GZIP_SMALLEST, compresslevel=_GZIP_LEVEL),
        ],
        # FastAPI's pages load scripts from elsewhere; the document itself is at /api.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # No redirect between /x and /x/: it would repeat the query in a header.
        redirect_slashes=False,
    )
    errors.install(app)
    for module in (
        features,
        tiles,
        spaces,
        exports,
        match,
        match_page,
        routes,
        coverage,
        movement,
        health,
        hides,
        page,
        account,
        guidance,
        guidance_work,
        voices,
        standards,
        vocabularies,
        records,
        confirm,
        # Last: its address would take those of /spaces/nearest and /spaces/match.
        space_page,
        space_forms,
    ):
        app.include_router(module.router)
    # The console's pages; one that names all of a kind (spaces/new) comes before one of it.
    for page_module in (
        home,
        queue,
        space_form,
        releases,
        own_tokens,
        desk_spaces,
        expiring,
        crossings,
        organizations,
        desk_hides,
        imports,
        vocabulary,
        people,
        audit,
        duplicates,
        desk_voices,
        desk_guidance,
        desk_standards,
    ):
        app.include_router(page_module.router, dependencies=[Depends(note_demo)])
    app.mount(STATIC_URL, Assets(directory=STATIC_FOLDER), name="static")
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    return app
