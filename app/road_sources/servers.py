"""Requests to the servers of others: named, patient, and bounded in size.

Waiting is a parameter, so that tests wait for nobody.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import httpx

from app.road_sources.errors import FetchError

#: Seconds without a byte after which a connection counts as dead [A]: Overpass says nothing while
#: it works, for up to `overpass_query.TIMEOUT_S`.
STILL_S: Final = 240.0
CONNECT_S: Final = 20.0

_LOCAL: Final = frozenset({"localhost"})


@dataclass(frozen=True)
class Patience:
    """How to wait, and how often.

    Parameters
    ----------
    sleep
        Waits for so many seconds.
    waits_s
        Seconds before each further try of a server that is busy (429, 503, 504), unless it says
        how long itself [A]: the rhythm of Overpass' slots, which free up within minutes.
    most_s
        Longest wait that a server may ask for, seconds [A].
    """

    sleep: Callable[[float], None]
    waits_s: tuple[float, ...] = (15.0, 30.0, 60.0, 120.0, 240.0)
    most_s: float = 600.0


@dataclass(frozen=True)
class Server:
    """Another's server, as one asks it.

    Parameters
    ----------
    client
        The connection.
    patience
        How to wait.
    told
        Hears in a word what is waited for; for a line on a terminal.
    """

    client: httpx.Client
    patience: Patience
    told: Callable[[str], None] = field(default=lambda _: None)

    @contextmanager
    def answer(self, request: httpx.Request) -> Iterator[httpx.Response]:
        """Send a request and give its answer, whose body is not read yet (context manager).

        Raises
        ------
        FetchError
            The server does not answer, is busy beyond all patience, or refuses.
        """
        host = request.url.host
        try:
            response = self._patient(request)
            try:
                yield response
            finally:
                response.close()
        except httpx.RequestError as error:
            # The words of the library may hold the address, with its query (P48).
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
        """Wait, and say for whom."""
        seconds = min(seconds, self.patience.most_s)
        if seconds > 0:
            self.told(f"waiting {seconds:.0f} s for {host}")
            self.patience.sleep(seconds)


def client_named(contact: str | None, version: str) -> httpx.Client:
    """Return a client that says who asks, and whom to write to.

    Redirects are followed to addresses that `require_safe` lets pass, and to no others.
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
    """Refuse an address whose content somebody on the way could change.

    Raises
    ------
    FetchError
        It is neither https nor on this machine.
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
    """Refuse an answer that is an error.

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
