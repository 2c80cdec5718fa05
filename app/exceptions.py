"""What a request can get wrong that only the app knows of: its own exceptions."""

from collections.abc import Mapping


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
