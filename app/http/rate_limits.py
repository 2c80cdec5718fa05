"""How fast an address or a token may ask; what is counted cannot be traced back (P48).

Keys are keyed hashes with a salt that each process draws at its start and nobody can read;
counts live in memory for two minutes at most, those of tries at an account for two hours. The
library ``limits`` did the same at 0.5 ms of CPU a request, because it starts a thread to tidy up at
each; this takes 3 µs.
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

#: Half of an IPv6 address names the network that one client holds (RFC 6177, RFC 4291, 2.5.4).
_CLIENT_BITS = 64

#: Of a sketch of counts: 2 MB, and 0.002 % of all tries of an hour too many for one key.
_WIDTH = 2**17
_DEPTH = 4

_BEARER = "bearer "

#: What whoever has looked a token up, and found it to hold, notes in the request's state.
IS_GRANTED = "is_granted"


class _Sketch:
    """Counts of ever so many keys in a memory that does not grow (a count-min sketch).

    It never counts too little; too much by some thousandths of a percent of all that is counted
    (Cormode and Muthukrishnan, J. Algorithms 55, 2005). Whoever tries passwords chooses the keys.
    """

    def __init__(self) -> None:
        self._rows = [array("I", bytes(4 * _WIDTH)) for _ in range(_DEPTH)]

    def __getitem__(self, key: bytes) -> int:
        return min(row[at] for row, at in self._places(key))

    def add(self, key: bytes) -> None:
        """Count one."""
        for row, at in self._places(key):
            row[at] += 1

    def _places(self, key: bytes) -> Iterator[tuple[array[int], int]]:
        for n, row in enumerate(self._rows):
            yield row, int.from_bytes(key[4 * n : 4 * n + 4]) % _WIDTH


class _Exact(Counter[bytes]):
    """Counts of keys that nobody invents, each exactly."""

    def add(self, key: bytes) -> None:
        """Count one."""
        self[key] += 1


class _Windows:
    """Counts of the last minute: those of this clock minute and a share of the one before.

    The share is how much of the former minute still lies within the last sixty seconds. With
    another period a minute is that.
    """

    def __init__(
        self, period_s: int = MINUTE_S, kept_as: type[_Exact] | type[_Sketch] = _Exact
    ) -> None:
        self._period_s = period_s
        self._kept_as = kept_as
        self._minute = 0
        self._now, self._before = kept_as(), kept_as()

    def count(self, key: bytes, at_s: float) -> float:
        """Return the requests of the minute before ``at_s`` (seconds of a steady clock)."""
        self._turn(at_s)
        return self._before[key] * (1 - at_s % self._period_s / self._period_s) + self._now[key]

    def add(self, key: bytes) -> None:
        """Count one more; after `count`."""
        self._now.add(key)

    def wait_s(self, key: bytes, rate: int, at_s: float) -> int:
        """Return after how many seconds one more fits, where nobody asks meanwhile."""
        period_s = self._period_s
        past_s = at_s % period_s
        now, before = self._now[key], self._before[key]
        if now < rate:
            # The former minute's share has to shrink enough.
            return max(1, math.ceil(period_s * (1 - (rate - 1 - now) / before) - past_s))
        # This minute has to become the former one, and then to shrink.
        return math.ceil(period_s - past_s + period_s * (1 - (rate - 1) / now))

    def _turn(self, at_s: float) -> None:
        minute = int(at_s // self._period_s)
        if minute != self._minute:
            self._before = self._now if minute == self._minute + 1 else self._kept_as()
            self._now = self._kept_as()
            self._minute = minute


class RateLimits:
    """How much each asks within a minute, or tries within an hour, in this process alone.

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
        #: Tries at one account: of one address, of one known device, of all that are not known,
        #: and codes that are written before the password.
        self._hourly = {
            "pair": by_one,
            "device": by_one,
            "account": settings.sign_in_account_rate_per_hour,
            "early-code": by_one // 2,
        }
        self._rates |= self._hourly

    def hit(self, kind: str, key: str) -> None:
        """Count one request.

        Parameters
        ----------
        kind
            ``address``, ``token``, ``refused``, ``sign-in`` or ``report`` of a minute; ``pair``,
            ``device``, ``account`` or ``early-code`` of an hour.
        key
            Whose; only its salted hash is kept.

        Raises
        ------
        TooManyRequestsError
            The time is used up; the request is not counted.
        """
        if (hashed := self._checked(kind, key)) is not None:
            self._windows(kind).add(hashed)

    def hit_all(self, counted: Mapping[str, str]) -> None:
        """Count one request for several, by kind and key, or for none of them.

        Raises
        ------
        TooManyRequestsError
            The time of one of them is used up; says when that of all has room.
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
        """Refuse as `hit` does, without counting.

        Raises
        ------
        TooManyRequestsError
            The minute is used up.
        """
        self._checked(kind, key)

    def _checked(self, kind: str, key: str) -> bytes | None:
        """Return whose minute is not used up, hashed; None where nothing is counted."""
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
    """Return whose requests count together: an IPv4 address, or the /64 of an IPv6 one.

    `Proxies` has put the address there that the outermost trusted proxy saw.
    """
    client = scope.get("client")
    if client is None:
        return "local"  # a unix socket has no address
    # Most are these; `ipaddress` takes ten times as long to tell so.
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
    """Count one sign-in or link answer of an address; a dependency.

    Raises
    ------
    TooManyRequestsError
        There were too many within a minute.
    """
    limits: RateLimits = request.state.limits
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
    limits: RateLimits = request.state.limits
    limits.hit("report", client_of(request.scope))


PostLimit = Annotated[None, Depends(limit_posts)]
ReportLimit = Annotated[None, Depends(limit_reports)]


class Proxies(PipelineStep):
    """Puts the client's own address and scheme in place of a trusted proxy's."""

    def __init__(self, networks: Sequence[IPv4Network | IPv6Network]) -> None:
        self.networks = networks

    def begin(self, exchange: Exchange) -> None:
        """Believe a trusted proxy."""
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
        """Return the last address of X-Forwarded-For that no trusted proxy has."""
        stated = asked.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
        for entry in reversed([part.strip() for part in stated if part.strip()]):
            if not self._is_trusted(entry):
                # Whatever is further left the client may have written itself.
                return entry
        return peer

    def _is_trusted(self, host: str) -> bool:
        return is_within(host, self.networks)


def is_within(host: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Return whether a host is an address of one of the networks."""
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
    """Answers 429 to who asks too fast, before anything is read or looked up.

    Who shows a token counts by the token; a token that is refused, or that nobody has looked at,
    counts by the address too, so that inventing one is no way around. The page's own files are not
    counted: browsers keep them.
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
        """Count a credential that opened nothing."""
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
            return  # this one was let through by `check`; the next is not


_UNAUTHORIZED = 401

#: What a counted request that showed a credential is noted by: whether that is a token.
_SHOWN = "credential_is_a_token"
