"""Polite HTTP requests to other servers: the client states its name and waits when asked to.

The function that waits is a parameter, so that tests need not wait.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import httpx

from app.road_sources.errors import FetchError

#: Seconds without a received byte after which a request fails [A]. Overpass sends nothing while it
#: works on a query, for up to `overpass_query.TIMEOUT_S`.
STILL_S: Final = 240.0
CONNECT_S: Final = 20.0

_LOCAL: Final = frozenset({"localhost"})


@dataclass(frozen=True)
class Patience:
    """Rules for retrying requests to a busy server.

    Parameters
    ----------
    sleep
        Function that waits for a number of seconds.
    waits_s
        Seconds to wait before each retry after a status 429, 503 or 504, unless the server states
        Retry-After [A]. The slots of Overpass become free within minutes.
    most_s
        Maximum wait, also for a longer Retry-After, seconds [A].
    """

    sleep: Callable[[float], None]
    waits_s: tuple[float, ...] = (15.0, 30.0, 60.0, 120.0, 240.0)
    most_s: float = 600.0


@dataclass(frozen=True)
class Server:
    """Means of sending requests to another server.

    Parameters
    ----------
    client
        HTTP client.
    patience
        Rules for retries.
    told
        Function that is called with a message for the terminal before each wait.
    """

    client: httpx.Client
    patience: Patience
    told: Callable[[str], None] = field(default=lambda _: None)

    @contextmanager
    def answer(self, request: httpx.Request) -> Iterator[httpx.Response]:
        """Send a request, with retries; yield the response, whose body is not read yet.

        Raises
        ------
        FetchError
            The server does not answer, or is still busy after the last retry.
        """
        host = request.url.host
        try:
            response = self._patient(request)
            try:
                yield response
            finally:
                response.close()
        except httpx.RequestError as error:
            # Leave out the library's message, which may contain the URL with its query (P48).
            raise FetchError("unreachable", host=host, reason=type(error).__name__) from None

    def _patient(self, request: httpx.Request) -> httpx.Response:
        waits = self.patience.waits_s
        for wait_s in (*waits, None):
            response = self.client.send(request, stream=True)
            if response.status_code not in {429, 503, 504}:
                return response
            asked_s = _retry_after_s(response)
            response.close()
            if wait_s is not None:
                self.wait(asked_s if asked_s is not None else wait_s, request.url.host)
        raise FetchError("busy", host=request.url.host, tries=len(waits) + 1)

    def wait(self, seconds: float, host: str) -> None:
        """Report a wait for a host, then wait, for at most `Patience.most_s`."""
        seconds = min(seconds, self.patience.most_s)
        if seconds > 0:
            self.told(f"waiting {seconds:.0f} s for {host}")
            self.patience.sleep(seconds)


def client_named(contact: str | None, version: str) -> httpx.Client:
    """Return an HTTP client whose User-Agent states Amparo's version and a contact, if given.

    The client follows redirects only to URLs that `require_safe` accepts.
    """
    who = f"Amparo/{version} (+{contact})" if contact else f"Amparo/{version}"
    return httpx.Client(
        headers={"User-Agent": who},
        timeout=httpx.Timeout(STILL_S, connect=CONNECT_S),
        follow_redirects=True,
        event_hooks={"request": [_require_safe_request]},
    )


def _require_safe_request(request: httpx.Request) -> None:
    require_safe(str(request.url))


def require_safe(address: str) -> None:
    """Refuse a URL whose content others could change during the transfer.

    Raises
    ------
    FetchError
        The URL is neither https nor on this machine.
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "https" and host:
        return
    if parts.scheme == "http" and _is_local(host):
        return
    raise FetchError("not_https", host=host or "the address")


def _is_local(host: str) -> bool:
    try:
        return host in _LOCAL or ip_address(host).is_loopback
    except ValueError:
        return False


def require_answered(response: httpx.Response, hint: str = "see its pages") -> None:
    """Raise an error for a response with an error status.

    Raises
    ------
    FetchError
        The status is 400 or above.
    """
    if response.status_code >= httpx.codes.BAD_REQUEST:
        raise FetchError("refused", host=response.url.host, status=response.status_code, hint=hint)


def _retry_after_s(response: httpx.Response) -> float | None:
    said = response.headers.get("Retry-After", "")
    return float(said) if said.isdecimal() else None
