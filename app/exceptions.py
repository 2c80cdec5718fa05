"""Exceptions of the application for invalid or refused requests."""

from collections.abc import Mapping


class InvalidParameterError(ValueError):
    """A query parameter or a member of the body is invalid; names the field and the reason."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class MethodNotAllowedError(Exception):
    """The path does not accept the request's method.

    Parameters
    ----------
    headers
        Response headers, with the accepted methods in ``Allow``.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.headers = headers


class UnsupportedMediaTypeError(Exception):
    """The path does not accept the body's media type.

    Parameters
    ----------
    headers
        Response headers that name the accepted media types.
    """

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.headers = headers


class UnconditionalError(Exception):
    """A change request lacks the header `If-Match`, which names the version to be changed."""


class OutdatedError(Exception):
    """The item has changed since the version that a change request was made from."""


class BodyTooLargeError(Exception):
    """The body exceeds the limit for its path and client."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"the body is larger than {limit_bytes} bytes")
        # Close the connection: the rest of the body would otherwise be parsed as the next request.
        self.headers = {"Connection": "close"}


class HeadTooLargeError(Exception):
    """Request line and headers exceed ``AMPARO_HEAD_LIMIT_BYTES``, or headers are too many."""


class SlowRequestError(Exception):
    """The request did not arrive within its time limit, or arrived too slowly."""


class TooManyConnectionsError(Exception):
    """The client address, or the process, has its maximum number of connections in use."""


class NoSuchPartError(LookupError):
    """The requested part number exceeds the number of parts of a list."""

    def __init__(self, parts: int) -> None:
        super().__init__(f"the list has {parts} parts")


class DemoNotPublicError(Exception):
    """Demo rows are loaded, and the server is bound to a non-loopback address (P35)."""


class UnauthorizedError(Exception):
    """The request has no valid access token."""


class SignInNeededError(UnauthorizedError):
    """A console page was requested without a session; answered by a redirect to the sign-in.

    Parameters
    ----------
    location
        URL of the sign-in, including the page to return to.
    """

    def __init__(self, location: str) -> None:
        super().__init__("nobody is signed in")
        self.location = location


class TokenAtConsoleError(Exception):
    """A console page was requested with a token, but it only accepts a session cookie (P50)."""


class ForgedRequestError(Exception):
    """The form lacks the CSRF token of its page, and may come from another site."""


class TooManyRequestsError(Exception):
    """A rate limit is reached: of an address, a token, or sign-in attempts at an account (P48).

    Parameters
    ----------
    retry_after_s
        Seconds until the next request is allowed.
    """

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many requests; ask again in {retry_after_s} s")
        self.retry_after_s = retry_after_s
        self.headers = {"Retry-After": str(retry_after_s)}


class NoStreetsError(LookupError):
    """No streets are offered under this code; the message does not repeat the code (P48)."""

    def __init__(self) -> None:
        super().__init__("no streets are offered under this code")


class NoPackError(LookupError):
    """There is no offline pack for the country, because it has no known spaces."""

    def __init__(self, country: str) -> None:
        super().__init__(country)
        self.country = country
