"""Start of the web server; uvicorn's access log is off, as it would hold query strings (P48)."""

import gc
import logging
import sys

import uvicorn
from fastapi import FastAPI

from app.http.connections import BACKLOG, Connection, raise_descriptor_limit
from app.main import create_app
from app.runtime import logs
from app.settings import Settings, pass_on_host, read_settings

#: Seconds for requests in progress to finish when the server is stopped.
GRACE_S = 5


#: Python's thread switch interval, seconds (CPython's default: 5 ms). Searches and parsing of large
#: bodies run in threads, and the event loop has to wait for the interpreter lock some ten times per
#: response [A].
_SWITCH_S = 0.001

#: Threshold of the garbage collector: objects allocated and not freed before a search for cycles. A
#: response with routes makes thousands of objects without cycles, so each search is in vain [A].
_LOOK_AFTER = 50_000


def from_environment() -> object:
    """Return the application for a worker process, configured by the environment."""
    return settled(read_settings())


def settled(settings: Settings) -> FastAPI:
    """Return the application, with its permanent objects exempt from garbage collection.

    These are hundreds of thousands of objects of code, models and statements; scanning them held up
    every response in progress for a fifth of a second.
    """
    # Our log format (`app.runtime.logs`) has no thread, process or source file, so logging need not
    # determine them for each line ("Optimization" in Python's logging HOWTO).
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001
    app = create_app(settings)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_LOOK_AFTER)
    sys.setswitchinterval(_SWITCH_S)
    return app


def serve(settings: Settings) -> None:
    """Run the server until interrupted, with the settings' number of processes."""
    raise_descriptor_limit()
    several = settings.workers > 1
    if several:
        pass_on_host(settings.host)
    uvicorn.run(
        "app.server:from_environment" if several else settled(settings),
        factory=several,
        workers=settings.workers if several else None,
        host=settings.host,
        port=settings.port,
        http=Connection,
        # No WebSockets: none are used, and their protocol class would bypass our limits.
        ws="none",
        backlog=BACKLOG,
        access_log=False,
        log_config=logs.CONFIG,
        server_header=False,
        # uvicorn would trust forwarding headers of local clients; AMPARO_TRUSTED_PROXY decides.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
        log_level="warning",
    )
