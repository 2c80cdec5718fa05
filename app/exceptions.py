"""What a request can get wrong that only the app knows of: its own exceptions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.journeys.detours import Because
from app.snapshots.essential_contacts import Line
from geo.spaces.queries import NearSpace
from routing.route.open_world_report import Way


class InvalidParameterError(ValueError):
    """A query parameter or member cannot be meant."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class MethodNotAllowedError(Exception):
    """A method that the address does not take.

    Parameters
    ----------
    headers
        Of the answer: ``Allow`` says which it takes.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.headers = headers


class UnsupportedMediaTypeError(Exception):
    """A body of a media type that the address does not take.

    Parameters
    ----------
    headers
        Of the answer: which it takes.
    """

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.headers = headers


class UnconditionalError(Exception):
    """A change that does not say what it was made from: it has no `If-Match`."""


class OutdatedError(Exception):
    """A change of something that is no longer what it was made from."""


class BodyTooLargeError(Exception):
    """A body beyond the limit of its address and of who sends it."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"the body is larger than {limit_bytes} bytes")
        # What is still to come of it would be read as the next request.
        self.headers = {"Connection": "close"}


class HeadTooLargeError(Exception):
    """A request line and headers beyond ``AMPARO_HEAD_LIMIT_BYTES``, or too many headers."""


class SlowRequestError(Exception):
    """A request that did not come within its time, or not fast enough."""


class TooManyConnectionsError(Exception):
    """As many connections as an address, or a process, may have are at work."""


class NoSuchPartError(LookupError):
    """A part of a list that has fewer."""

    def __init__(self, parts: int) -> None:
        super().__init__(f"the list has {parts} parts")


class DemoNotPublicError(Exception):
    """Demo rows are loaded, and this Amparo is bound where other machines reach it (P35)."""


class UnauthorizedError(Exception):
    """No valid access token."""


class SignInNeededError(UnauthorizedError):
    """A page of the console, asked by nobody who is signed in: leads to the sign-in.

    Parameters
    ----------
    location
        Address of the sign-in, which leads back.
    """

    def __init__(self, location: str) -> None:
        super().__init__("nobody is signed in")
        self.location = location


class TokenAtConsoleError(Exception):
    """A page of the console, asked with an Authorization header: a token is no session (P50)."""


class ForgedRequestError(Exception):
    """A form without the token that its own page carries: it may come from another site."""


class TooManyRequestsError(Exception):
    """An address, a token, or all who try at an account, ask faster than they may (P48).

    Parameters
    ----------
    retry_after_s
        Seconds until it may ask again.
    """

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many requests; ask again in {retry_after_s} s")
        self.retry_after_s = retry_after_s
        self.headers = {"Retry-After": str(retry_after_s)}


class NoPackError(LookupError):
    """A country of which there is nothing to take along."""

    def __init__(self, country: str) -> None:
        super().__init__(country)
        self.country = country


@dataclass(frozen=True)
class Obstacle:
    """One thing that blocks, with its next known opening where it is a crossing."""

    kind: str
    id: str | None
    name: str | None
    state: str | None
    next_opening: datetime | None = None


class RouteRefusedError(Exception):
    """No admissible route: carries what blocks and where help is on the same side (P11, P32).

    Of a way over waypoints ``leg`` is the number of the refused one, from 0. ``lines`` are those to
    call in the countries of its ends (P45).
    """

    def __init__(
        self,
        blocked_by: Sequence[Obstacle],
        nearest: NearSpace | None,
        leg: int | None = None,
        lines: Sequence[Line] = (),
    ) -> None:
        super().__init__("no admissible route")
        self.blocked_by = tuple(blocked_by)
        self.nearest = nearest
        self.leg = leg
        self.lines = tuple(lines)

    @property
    def next_opening(self) -> datetime | None:
        """When the last of the blocking crossings opens, as far as openings are known.

        All of them lie on the way, so the first opening alone helps nobody.
        """
        known = [o.next_opening for o in self.blocked_by if o.next_opening is not None]
        return max(known, default=None)


class DetourRefusedError(RouteRefusedError):
    """There is a way, and it is too long to be told as if it were ordinary (P54).

    Parameters
    ----------
    detour
        The figures of the best one, on the refused leg.
    because
        What closed the open way; empty where nothing that is published did.
    blocked_by, nearest, leg, lines
        As of `RouteRefusedError`.
    """

    def __init__(
        self,
        detour: Way,
        because: Sequence[Because],
        blocked_by: Sequence[Obstacle],
        nearest: NearSpace | None,
        leg: int | None = None,
        lines: Sequence[Line] = (),
    ) -> None:
        super().__init__(blocked_by, nearest, leg, lines)
        self.detour = detour
        self.because = tuple(because)


class LongDetourError(DetourRefusedError):
    """What closed the open way is published, and there is only a long detour or a long wait."""


class NoReasonableWayError(DetourRefusedError):
    """The only way is out of all proportion; looks at no record, so it says no reason (P36)."""
