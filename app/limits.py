"""How fast an address or a token may ask; what is counted cannot be traced back (P48).

Keys are keyed hashes with a salt that each process draws at its start and nobody can read;
counts live in memory for a minute.
"""

import math
import secrets
import time
from collections.abc import Sequence
from hashlib import blake2b
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Annotated

from fastapi import Depends, Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import TooManyRequestsError, kind_of
from app.problems import problem_response
from app.settings import Settings

#: Half of an IPv6 address names the network that one client holds (RFC 6177, RFC 4291, 2.5.4).
_CLIENT_BITS = 64

_BEARER = "bearer "


class Limits:
    """Moving windows of a minute, in this process alone.

    Parameters
    ----------
    settings
        The rates; 0 switches one off.
    """

    def __init__(self, settings: Settings) -> None:
        self._salt = secrets.token_bytes(32)
        self._windows = MovingWindowRateLimiter(MemoryStorage())
        self._rates = {
            "address": settings.rate_per_minute,
            "refused": settings.rate_per_minute,
            "token": settings.token_rate_per_minute,
            "sign-in": settings.sign_in_rate_per_minute,
            "email": settings.sign_in_rate_per_minute,
        }

    def hit(self, kind: str, key: str) -> None:
        """Count one request.

        Parameters
        ----------
        kind
            ``address``, ``token``, ``refused``, ``sign-in`` or ``email``.
        key
            Whose; only its salted hash is kept.

        Raises
        ------
        TooManyRequestsError
            The minute is used up; the request is not counted.
        """
        rate = self._rates[kind]
        if rate:
            item = RateLimitItemPerMinute(rate)
            if not self._windows.hit(item, kind, self._hashed(key)):
                raise TooManyRequestsError(self._wait_s(item, kind, key))

    def check(self, kind: str, key: str) -> None:
        """Refuse as `hit` does, without counting.

        Raises
        ------
        TooManyRequestsError
            The minute is used up.
        """
        rate = self._rates[kind]
        if rate:
            item = RateLimitItemPerMinute(rate)
            if not self._windows.test(item, kind, self._hashed(key)):
                raise TooManyRequestsError(self._wait_s(item, kind, key))

    def _wait_s(self, item: RateLimitItemPerMinute, kind: str, key: str) -> int:
        reset = self._windows.get_window_stats(item, kind, self._hashed(key)).reset_time
        return max(1, math.ceil(reset - time.time()))

    def _hashed(self, key: str) -> str:
        return blake2b(key.encode(), digest_size=16, key=self._salt).hexdigest()


def client_of(scope: Scope) -> str:
    """Return whose requests count together: an IPv4 address, or the /64 of an IPv6 one.

    `Proxies` has put the address there that the outermost trusted proxy saw.
    """
    client = scope.get("client")
    if client is None:
        return "local"  # a unix socket has no address
    try:
        address = ip_address(client[0].partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Network((address, _CLIENT_BITS), strict=False))
    return str(address)


def limit_posts(request: Request) -> None:
    """Count one sign-in, link answer or anonymous report of an address; a dependency.

    Raises
    ------
    TooManyRequestsError
        There were too many within a minute.
    """
    limits: Limits = request.state.limits
    limits.hit("sign-in", client_of(request.scope))


PostLimit = Annotated[None, Depends(limit_posts)]


class Proxies:
    """Puts the client's own address and scheme in place of a trusted proxy's."""

    def __init__(self, app: ASGIApp, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self.app = app
        self.networks = networks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if self.networks and scope["type"] == "http" and self._is_trusted(_host(scope)):
            headers = Headers(scope=scope)
            scope = {**scope, "client": (self._outermost(headers, _host(scope)), 0)}
            proto = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
            if proto in {"http", "https"}:
                scope["scheme"] = proto
        await self.app(scope, receive, send)

    def _outermost(self, headers: Headers, peer: str) -> str:
        """Return the last address of X-Forwarded-For that no trusted proxy has."""
        stated = ",".join(headers.getlist("x-forwarded-for")).split(",")
        for entry in reversed([part.strip() for part in stated if part.strip()]):
            if not self._is_trusted(entry):
                # Whatever is further left the client may have written itself.
                return entry
        return peer

    def _is_trusted(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self.networks)


def _host(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


class RateLimit:
    """Answers 429 to who asks too fast, before anything is read or looked up.

    Who shows a token counts by the token; a token that is refused counts by the address, so that
    guessing is no way around. The page's own files are not counted: browsers keep them.
    """

    def __init__(self, app: ASGIApp, limits: Limits, uncounted: str) -> None:
        self.app = app
        self.limits = limits
        self.uncounted = uncounted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"].startswith(self.uncounted):
            await self.app(scope, receive, send)
            return
        client = client_of(scope)
        stated = Headers(scope=scope).get("authorization", "")
        try:
            if stated[: len(_BEARER)].lower() == _BEARER:
                self.limits.check("refused", client)
                self.limits.hit("token", stated[len(_BEARER) :].strip())
            else:
                self.limits.hit("address", client)
        except TooManyRequestsError as error:
            answer = problem_response(kind_of(error), str(error), headers=error.headers)
            await answer(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == _UNAUTHORIZED:
                self._count_refusal(client)
            await send(message)

        await self.app(scope, receive, watched if stated else send)

    def _count_refusal(self, client: str) -> None:
        try:
            self.limits.hit("refused", client)
        except TooManyRequestsError:
            return  # this one was let through by `check`; the next is not


_UNAUTHORIZED = 401
