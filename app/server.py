"""Runs the web server; uvicorn's access log is off, because it would hold query strings (P48)."""

import uvicorn

from app import logs
from app.main import create_app
from app.settings import Settings, pass_on_host

#: Seconds that open requests get to finish when the server is told to stop.
GRACE_S = 5


def from_environment() -> object:
    """Return the application as a worker process makes it, from its environment."""
    return create_app(Settings())


def serve(settings: Settings) -> None:
    """Serve until interrupted, with the settings' number of processes."""
    several = settings.workers > 1
    if several:
        pass_on_host(settings.host)
    uvicorn.run(
        "app.server:from_environment" if several else create_app(settings),
        factory=several,
        workers=settings.workers if several else None,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=logs.CONFIG,
        server_header=False,
        # uvicorn would believe whoever connects from this machine; AMPARO_TRUSTED_PROXY decides.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
        log_level="warning",
    )
