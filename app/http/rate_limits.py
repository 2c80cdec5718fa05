"""Rate limits per client address, token and account, whose counters identify nobody (P48).

Keys of counters are salted hashes; each process draws a random salt at its start and keeps the salt
in memory only. Counters are kept in memory for at most two minutes, counters of sign-in attempts at
an account for at most two hours. The library ``limits`` took 0.5 ms of CPU per request, because it
starts a clean-up thread at each request; this module takes 3 µs.
"""

import math
import secrets
import time
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from socket import AF_INET, inet_pton
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response
from starlette.types import Scope

from app.exceptions import TooManyRequestsError
from app.http.error_table import kind_of
from app.http.pipeline import Exchange, PipelineStep
from app.http.problems import problem_response
from app.settings import Settings

MINUTE_S = 60
HOUR_S = 3_600

#: Prefix length of the IPv6 network that counts as one client (RFC 6177, RFC 4291, 2.5.4).
_CLIENT_BITS = 64

#: Number of columns of a count-min sketch. With this width the count of a key is too high by at
#: most 0.002 % of all attempts of an hour.
_WIDTH = 2**17
#: Number of rows of a count-min sketch, each with its own hash; the sketch takes 2 MB.
_DEPTH = 4

_BEARER = "bearer "

#: Key in the request's state that `app.access.identity.granted` sets if the token is valid. A
#: request with a token but without the key also counts against the limit of its address.
IS_GRANTED = "is_granted"


class _Sketch:
    """Approximate counters for any number of keys in constant memory (a count-min sketch).

    A count is never too low, and too high by at most some thousandths of a percent of all counts
    (Cormode and Muthukrishnan, J. Algorithms 55, 2005). Memory has to be constant, because clients
    that guess passwords choose the keys, and can send any number of them.
    """

    def __init__(self) -> None:
        self._rows = [array("I", bytes(4 * _WIDTH)) for _ in range(_DEPTH)]

    def __getitem__(self, key: bytes) -> int:
        return min(row[at] for row, at in self._places(key))

    def add(self, key: bytes) -> None:
        """Increment the counter of a key."""
        for row, at in self._places(key):
            row[at] += 1

    def _places(self, key: bytes) -> Iterator[tuple[array[int], int]]:
        for n, row in enumerate(self._rows):
            yield row, int.from_bytes(key[4 * n : 4 * n + 4]) % _WIDTH


class _Exact(Counter[bytes]):
    """Exact counters of requests, one per key."""

    def add(self, key: bytes) -> None:
        """Increment the counter of a key."""
        self[key] += 1


class _Windows:
    """Sliding-window counters: the count of the current period plus a share of the previous count.

    The share is the fraction of the previous period that lies within one period before now. The
    default period is a minute.
    """

    def __init__(
        self, period_s: int = MINUTE_S, kept_as: type[_Exact] | type[_Sketch] = _Exact
    ) -> None:
        self._period_s = period_s
        self._kept_as = kept_as
        self._minute = 0
        self._now, self._before = kept_as(), kept_as()

    def count(self, key: bytes, at_s: float) -> float:
        """Return the number of requests in a period before ``at_s`` (monotonic clock, seconds)."""
        self._turn(at_s)
        return self._before[key] * (1 - at_s % self._period_s / self._period_s) + self._now[key]

    def add(self, key: bytes) -> None:
        """Count one request in the current period; `count` has to be called before."""
        self._now.add(key)

    def wait_s(self, key: bytes, rate: int, at_s: float) -> int:
        """Return the seconds until the rate allows another request, if none arrives meanwhile."""
        period_s = self._period_s
        past_s = at_s % period_s
        now, before = self._now[key], self._before[key]
        if now < rate:
            # Wait until the previous period's share of the count is so small that there is room for
            # a request.
            return max(1, math.ceil(period_s * (1 - (rate - 1 - now) / before) - past_s))
        # Wait until the current period has become the previous one and its share is so small that
        # there is room for a request.
        return math.ceil(period_s - past_s + period_s * (1 - (rate - 1) / now))

    def _turn(self, at_s: float) -> None:
        minute = int(at_s // self._period_s)
        if minute != self._minute:
            self._before = self._now if minute == self._minute + 1 else self._kept_as()
            self._now = self._kept_as()
            self._minute = minute


class RateLimits:
    """Rate limits per minute for requests and per hour for sign-in attempts.

    Each process counts on its own.

    Parameters
    ----------
    settings
        Settings with the rates; 0 switches a limit off.
    steady_s
        Monotonic clock, in seconds.
    """

    def __init__(
        self, settings: Settings, *, steady_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._salt = secrets.token_bytes(32)
        self._minute, self._devices = _Windows(), _Windows(HOUR_S)
        self._hour = _Windows(HOUR_S, _Sketch)
        self._steady_s = steady_s
        self._rates = {
            "address": settings.rate_per_minute,
            "refused": settings.rate_per_minute,
            "token": settings.token_rate_per_minute,
            "sign-in": settings.sign_in_rate_per_minute,
            "report": settings.report_rate_per_minute,
        }
        by_one = settings.sign_in_pair_rate_per_hour
        #: Limits on sign-in attempts at one account per hour: from one address (pair), from one
        #: known device, from all unknown devices (account), and attempts with a one-time code on
        #: the password form (early-code).
        self._hourly = {
            "pair": by_one,
            "device": by_one,
            "account": settings.sign_in_account_rate_per_hour,
            "early-code": by_one // 2,
        }
        self._rates |= self._hourly

    def hit(self, kind: str, key: str) -> None:
        """Count one request, or refuse the request if its limit is reached.

        Parameters
        ----------
        kind
            Kind of limit. Per minute: requests of an ``address``, of a ``token`` or with a
            ``refused`` credential, ``sign-in`` attempts, each ``report``. Per hour, sign-in
            attempts at an account: from one address (``pair``), from one known ``device``, from all
            others (``account``), or with a one-time code (``early-code``).
        key
            Identity of the client, token or account; only its salted hash is kept.

        Raises
        ------
        TooManyRequestsError
            The limit is reached; the request is not counted.
        """
        if (hashed := self._checked(kind, key)) is not None:
            self._windows(kind).add(hashed)

    def hit_all(self, counted: Mapping[str, str]) -> None:
        """Count one request under several keys (key by kind), or under none if a limit is reached.

        Raises
        ------
        TooManyRequestsError
            A limit is reached; the error states the wait until all limits have room.
        """
        waits = []
        for kind, key in counted.items():
            try:
                self.check(kind, key)
            except TooManyRequestsError as error:
                waits.append(error.retry_after_s)
        if waits:
            raise TooManyRequestsError(max(waits))
        for kind, key in counted.items():
            self.hit(kind, key)

    def _windows(self, kind: str) -> _Windows:
        if kind == "device":
            return self._devices
        return self._hour if kind in self._hourly else self._minute

    def check(self, kind: str, key: str) -> None:
        """Refuse a request as `hit` does, without counting it.

        Raises
        ------
        TooManyRequestsError
            The limit is reached.
        """
        self._checked(kind, key)

    def _checked(self, kind: str, key: str) -> bytes | None:
        """Return the hashed key if its limit is not reached; None if the limit is switched off.

        Raises
        ------
        TooManyRequestsError
            The limit is reached.
        """
        rate = self._rates[kind]
        if not rate:
            return None
        hashed, at_s = self._hashed(kind, key), self._steady_s()
        windows = self._windows(kind)
        if windows.count(hashed, at_s) > rate - 1:
            raise TooManyRequestsError(windows.wait_s(hashed, rate, at_s))
        return hashed

    def _hashed(self, kind: str, key: str) -> bytes:
        return blake2b(f"{kind} {key}".encode(), digest_size=16, key=self._salt).digest()


def client_of(scope: Scope) -> str:
    """Return the key under which a client is counted: IPv4 address, or /64 network of IPv6.

    `Proxies` has already replaced the address of a trusted proxy by that of its client.
    """
    client = scope.get("client")
    if client is None:
        return "local"  # a unix socket has no address
    # Fast path for IPv4: `ipaddress` takes ten times as long.
    with suppress(OSError, ValueError):
        inet_pton(AF_INET, client[0])
        return str(client[0])
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
    """Count, by client address, a form of an invitation or reconfirmation link.

    FastAPI dependency of these forms. They share the limit of sign-in attempts.

    Raises
    ------
    TooManyRequestsError
        The address has reached its limit per minute.
    """
    limits: RateLimits = request.state.limits
    limits.hit("sign-in", client_of(request.scope))


def limit_reports(request: Request) -> None:
    """Count an anonymous report by client address (FastAPI dependency).

    The limit is separate from the low limit of sign-ins: a whole shelter may share one address, and
    a person who guesses passwords there must not keep the others from complaining.

    Raises
    ------
    TooManyRequestsError
        The address has reached its limit per minute.
    """
    limits: RateLimits = request.state.limits
    limits.hit("report", client_of(request.scope))


PostLimit = Annotated[None, Depends(limit_posts)]
ReportLimit = Annotated[None, Depends(limit_reports)]


class Proxies(PipelineStep):
    """Pipeline step that replaces a trusted proxy's address and scheme by those of its client."""

    def __init__(self, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self.networks = networks

    def begin(self, exchange: Exchange) -> None:
        """Apply X-Forwarded-For and X-Forwarded-Proto of a trusted proxy."""
        peer = _host(exchange.scope)
        if not self.networks or not self._is_trusted(peer):
            return
        scope = {**exchange.scope, "client": (self._outermost(exchange.asked, peer), 0)}
        stated = exchange.asked.get(b"x-forwarded-proto", b"").decode("latin-1")
        proto = stated.rpartition(",")[2].strip().lower()
        if proto in {"http", "https"}:
            scope["scheme"] = proto
        exchange.scope = scope

    def _outermost(self, asked: Mapping[bytes, bytes], peer: str) -> str:
        """Return the rightmost address in X-Forwarded-For that is no trusted proxy, or the peer."""
        stated = asked.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
        for entry in reversed([part.strip() for part in stated if part.strip()]):
            if not self._is_trusted(entry):
                # Ignore the entries further left, which the client may have forged.
                return entry
        return peer

    def _is_trusted(self, host: str) -> bool:
        return is_within(host, self.networks)


def is_within(host: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Return whether a host is an IP address within one of the networks."""
    if not networks:
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in networks)


def _host(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


class RateLimit(PipelineStep):
    """Pipeline step that answers 429 to too frequent requests, before the body is read.

    A request with a token counts against the limit of the token. If the token is refused, or was
    never checked, the request counts against the limit of the client's address as well, so that
    invented tokens do not evade the limit. The step needs no database query. Static files are not
    counted, because browsers cache them.
    """

    def __init__(self, limits: RateLimits, uncounted: str) -> None:
        self.limits = limits
        self.uncounted = uncounted

    def begin(self, exchange: Exchange) -> Response | None:
        """Count a request, or refuse it."""
        scope = exchange.scope
        if scope["path"].startswith(self.uncounted):
            return None
        client = client_of(scope)
        stated = exchange.asked.get(b"authorization", b"").decode("latin-1")
        has_token = stated[: len(_BEARER)].lower() == _BEARER
        scope.setdefault("state", {})
        try:
            if has_token:
                self.limits.check("refused", client)
                self.limits.hit("token", stated[len(_BEARER) :].strip())
            else:
                self.limits.hit("address", client)
        except TooManyRequestsError as error:
            return problem_response(kind_of(error), str(error), headers=error.headers)
        if stated:
            exchange.notes[_SHOWN] = has_token
        return None

    def finish(self, exchange: Exchange) -> None:
        """Count a refused or unchecked credential under the client's address."""
        has_token = exchange.notes.get(_SHOWN)
        if has_token is None:
            return
        is_idle = has_token and not exchange.scope["state"].get(IS_GRANTED)
        if is_idle or exchange.status == _UNAUTHORIZED:
            self._count_refusal(client_of(exchange.scope))

    def _count_refusal(self, client: str) -> None:
        try:
            self.limits.hit("refused", client)
        except TooManyRequestsError:
            return  # the limit is reached; `begin` refuses the client's next request


_UNAUTHORIZED = 401

#: Key in `Exchange.notes` that exists for requests with a credential. Its value is whether the
#: credential is a bearer token.
_SHOWN = "credential_is_a_token"
