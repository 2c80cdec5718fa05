"""Runs the web server; uvicorn's access log is off, because it would hold query strings (P48)."""

import gc
import logging
import sys

import uvicorn
from fastapi import FastAPI

from app.http.connections import BACKLOG, Connection, raise_descriptor_limit
from app.main import create_app
from app.runtime import logs
from app.settings import Settings, pass_on_host, read_settings

#: Seconds that open requests get to finish when the server is told to stop.
GRACE_S = 5


#: Seconds for which a thread holds Python while another waits for it (CPython: 5 ms). Searches and
#: large bodies run in threads, and the loop, which answers everybody else, waits for its turn some
#: ten times in an answer [A].
_SWITCH_S = 0.001

#: Objects made and not yet freed before Python looks for cycles among them. An answer with routes
#: is thousands of them, and they die with it: each look is in vain [A].
_LOOK_AFTER = 50_000


def from_environment() -> object:
    """Return the application as a worker process makes it, from its environment."""
    return settled(read_settings())


def settled(settings: Settings) -> FastAPI:
    """Return the application, and spare what lives as long as it the search for cycles.

    Hundreds of thousands of objects of code, models and statements: looking through them held up
    every answer that was under way for a fifth of a second.
    """
    # What no line of ours holds (`app.runtime.logs`) need not be found out for each; the last is
    # from where it is logged ("Optimization" in Python's logging HOWTO).
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001
    app = create_app(settings)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_LOOK_AFTER)
    sys.setswitchinterval(_SWITCH_S)
    return app


def serve(settings: Settings) -> None:
    """Serve until interrupted, with the settings' number of processes."""
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
        # Nothing here speaks it, and its protocol would take a connection out of our bounds.
        ws="none",
        backlog=BACKLOG,
        access_log=False,
        log_config=logs.CONFIG,
        server_header=False,
        # uvicorn would believe whoever connects from this machine; AMPARO_TRUSTED_PROXY decides.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
        log_level="warning",
    )
