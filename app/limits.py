"""How fast an address or a token may ask; what is counted cannot be traced back (P48).

Keys are keyed hashes with a salt that each process draws at its start and nobody can read;
counts live in memory for two minutes at most. The library ``limits`` did the same at 0.5 ms of CPU
a request, because it starts a thread to tidy up at each; this takes 3 µs.
"""

import math
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import blake2b
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import TooManyRequestsError, kind_of
from app.problems import problem_response
from app.settings import Settings

MINUTE_S = 60

#: Half of an IPv6 address names the network that one client holds (RFC 6177, RFC 4291, 2.5.4).
_CLIENT_BITS = 64

_BEARER = "bearer "

#: What whoever has looked a token up, and found it to hold, notes in the request's state.
IS_GRANTED = "is_granted"


class _Windows:
    """Counts of the last minute: those of this clock minute and a share of the one before.

    The share is how much of the former minute still lies within the last sixty seconds.
    """

    def __init__(self) -> None:
        self._minute = 0
        self._now: Counter[bytes] = Counter()
        self._before: Counter[bytes] = Counter()

    def count(self, key: bytes, at_s: float) -> float:
        """Return the requests of the minute before ``at_s`` (seconds of a steady clock)."""
        self._turn(at_s)
        return self._before[key] * (1 - at_s % MINUTE_S / MINUTE_S) + self._now[key]

    def add(self, key: bytes) -> None:
        """Count one more; after `count`."""
        self._now[key] += 1

    def wait_s(self, key: bytes, rate: int, at_s: float) -> int:
        """Return after how many seconds one more fits, where nobody asks meanwhile."""
        past_s = at_s % MINUTE_S
        now, before = self._now[key], self._before[key]
        if now < rate:
            # The former minute's share has to shrink enough.
            return max(1, math.ceil(MINUTE_S * (1 - (rate - 1 - now) / before) - past_s))
        # This minute has to become the former one, and then to shrink.
        return math.ceil(MINUTE_S - past_s + MINUTE_S * (1 - (rate - 1) / now))

    def _turn(self, at_s: float) -> None:
        minute = int(at_s // MINUTE_S)
        if minute != self._minute:
            self._before = self._now if minute == self._minute + 1 else Counter()
            self._now = Counter()
            self._minute = minute


class Limits:
    """How much each asks within a minute, in this process alone.

    Parameters
    ----------
    settings
        The rates; 0 switches one off.
    steady_s
        A clock that never jumps, in seconds.
    """

    def __init__(
        self, settings: Settings, *, steady_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._salt = secrets.token_bytes(32)
        self._windows = _Windows()
        self._steady_s = steady_s
        self._rates = {
            "address": settings.rate_per_minute,
            "refused": settings.rate_per_minute,
            "token": settings.token_rate_per_minute,
            "sign-in": settings.sign_in_rate_per_minute,
            "email": settings.sign_in_rate_per_minute,
            "report": settings.report_rate_per_minute,
        }

    def hit(self, kind: str, key: str) -> None:
        """Count one request.

        Parameters
        ----------
        kind
            ``address``, ``token``, ``refused``, ``sign-in``, ``email`` or ``report``.
        key
            Whose; only its salted hash is kept.

        Raises
        ------
        TooManyRequestsError
            The minute is used up; the request is not counted.
        """
        self.check(kind, key)
        if self._rates[kind]:
            self._windows.add(self._hashed(kind, key))

    def check(self, kind: str, key: str) -> None:
        """Refuse as `hit` does, without counting.

        Raises
        ------
        TooManyRequestsError
            The minute is used up.
        """
        rate = self._rates[kind]
        if not rate:
            return
        hashed, at_s = self._hashed(kind, key), self._steady_s()
        if self._windows.count(hashed, at_s) > rate - 1:
            raise TooManyRequestsError(self._windows.wait_s(hashed, rate, at_s))

    def _hashed(self, kind: str, key: str) -> bytes:
        return blake2b(f"{kind} {key}".encode(), digest_size=16, key=self._salt).digest()


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
    """Count one sign-in or link answer of an address; a dependency.

    Raises
    ------
    TooManyRequestsError
        There were too many within a minute.
    """
    limits: Limits = request.state.limits
    limits.hit("sign-in", client_of(request.scope))


def limit_reports(request: Request) -> None:
    """Count one anonymous report of an address; a dependency.

    Apart from sign-ins, where few are many: behind one address stands a whole shelter, and whoever
    guesses passwords there must not keep the others from complaining.

    Raises
    ------
    TooManyRequestsError
        There were too many within a minute.
    """
    limits: Limits = request.state.limits
    limits.hit("report", client_of(request.scope))


PostLimit = Annotated[None, Depends(limit_posts)]
ReportLimit = Annotated[None, Depends(limit_reports)]


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

    Who shows a token counts by the token; a token that is refused, or that nobody has looked at,
    counts by the address too, so that inventing one is no way around. The page's own files are not
    counted: browsers keep them.
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
        has_token = stated[: len(_BEARER)].lower() == _BEARER
        state = scope.setdefault("state", {})
        try:
            if has_token:
                self.limits.check("refused", client)
                self.limits.hit("token", stated[len(_BEARER) :].strip())
            else:
                self.limits.hit("address", client)
        except TooManyRequestsError as error:
            answer = problem_response(kind_of(error), str(error), headers=error.headers)
            await answer(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and (
                message["status"] == _UNAUTHORIZED or (has_token and not state.get(IS_GRANTED))
            ):
                self._count_refusal(client)
            await send(message)

        await self.app(scope, receive, watched if stated else send)

    def _count_refusal(self, client: str) -> None:
        try:
            self.limits.hit("refused", client)
        except TooManyRequestsError:
            return  # this one was let through by `check`; the next is not


_UNAUTHORIZED = 401
