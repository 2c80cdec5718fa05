"""Forms of the console, protected against cross-site request forgery (CSRF).

CSRF tokens are signed with one of three secrets. Forms of a signed-in person (`get_form`) need the
secret of the person's session, so that an attacker who can set another cookie in the browser gains
nothing. The two forms before a sign-in (`get_anonymous_form`) have a cookie of their own. Forms of
a person whose second factor is still missing (`get_half_form`) need the secret of the half-finished
session, which is valid for no other forms.
"""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Self
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.responses import Response

from app.access.csrf import form_token, is_token_of
from app.access.identity import CONSOLE, SIGN_IN, find_asker, require_actor, set_cookie
from app.exceptions import (
    ForgedRequestError,
    InvalidParameterError,
    SignInNeededError,
    UnsupportedMediaTypeError,
)
from app.settings import Settings

#: Cookie with the secret for forms sent without a session: sign-in and invitation.
FORM_COOKIE = "amparo_form"
FIELD = "csrf"

#: Lifetime of the form cookie, seconds. A sign-in page left open for longer has to be reloaded.
_FORM_LIFE_S = 3_600

#: Maximum number of fields in a form; no form of the console has more.
_MOST_FIELDS = 5_000

_KINDS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Form(dict[str, str]):
    """Fields of a form that was sent, each with its last value.

    Attributes
    ----------
    lists
        All values of each field, for fields that may be repeated.
    files
        Uploaded files by field, in memory or in a temporary file that is deleted with the request.
    """

    def __init__(self, data: FormData) -> None:
        super().__init__()
        self.lists: dict[str, list[str]] = {}
        self.files: dict[str, UploadFile] = {}
        for name, value in data.multi_items():
            if isinstance(value, UploadFile):
                self.files[name] = value
            else:
                self[name] = value
                self.lists.setdefault(name, []).append(value)

    @classmethod
    def of(cls, fields: Mapping[str, str | Sequence[str]]) -> Self:
        """Return a form with stored values by field: a text, or a list of texts."""
        return cls(
            FormData(
                [
                    (name, value)
                    for name, values in fields.items()
                    for value in ([values] if isinstance(values, str) else values)
                ]
            )
        )


async def read_form(request: Request) -> Form:
    """Read the form sent by a signed-in person.

    Raises
    ------
    SignInNeededError
        Nobody is signed in.
    ForgedRequestError
        Another site sent the form, or its CSRF token is missing or of another session.
    UnsupportedMediaTypeError
        The body is not a form.
    InvalidParameterError
        The form cannot be parsed.
    """
    _require_form(request)
    # Check the session first, to save parsing bodies of anonymous clients.
    await require_actor(request)
    return await _read(request, (await find_asker(request)).secret)


async def read_half_form(request: Request) -> Form:
    """Read the form of a person who has to show a second factor; raise errors as `read_form`."""
    _require_form(request)
    asker = await find_asker(request)
    if asker.half is None:
        # The client is not signed in, or already fully signed in; the sign-in page handles both.
        raise SignInNeededError(f"{SIGN_IN}?next={CONSOLE}")
    return await _read(request, asker.secret)


async def read_anonymous_form(request: Request) -> Form:
    """Read a form sent without a session; raise errors as `read_form`."""
    _require_form(request)
    return await _read(request, request.cookies.get(FORM_COOKIE))


def _require_form(request: Request) -> None:
    _require_own_site(request)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _KINDS:
        raise UnsupportedMediaTypeError


async def _read(request: Request, secret: str | None) -> Form:
    try:
        form = Form(await request.form(max_fields=_MOST_FIELDS, max_part_size=_part_size(request)))
    except MultiPartException as error:
        raise InvalidParameterError("body", "not a form") from error
    if any("\x00" in value for values in form.lists.values() for value in values):
        raise InvalidParameterError("body", "holds a null character")
    if not secret or not is_token_of(form.pop(FIELD, ""), secret):
        raise ForgedRequestError
    return form


def _part_size(request: Request) -> int:
    # A part of a multipart form may be as large as the whole body: `BodyLimit` limits the body.
    settings: Settings = request.state.settings
    return settings.body_limit_bytes


def _require_own_site(request: Request) -> None:
    """Refuse a form that another site sent, according to Sec-Fetch-Site or Origin (RFC 6454)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise ForgedRequestError
        return
    origin = request.headers.get("origin")
    if origin is None:
        return  # an old browser, which sends neither header; the CSRF token decides
    own = {request.headers.get("host", "")}
    settings: Settings = request.state.settings
    if settings.public_url is not None:
        own.add(urlsplit(str(settings.public_url)).netloc)
    if urlsplit(origin).netloc not in own - {""}:
        raise ForgedRequestError


def anonymous_token(request: Request) -> tuple[str, str]:
    """Return a CSRF token for a form without a session, and the secret for its cookie."""
    secret = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    return form_token(secret), secret


def keep_anonymous(response: Response, request: Request, secret: str) -> None:
    """Set the cookie with the secret returned by `anonymous_token`."""
    set_cookie(response, request, FORM_COOKIE, secret, _FORM_LIFE_S)


async def get_form(request: Request) -> AsyncIterator[Form]:
    """Yield the form of a signed-in person to an endpoint, then delete its uploads."""
    try:
        yield await read_form(request)
    finally:
        await request.close()


async def get_anonymous_form(request: Request) -> AsyncIterator[Form]:
    """Yield a form sent without a session to an endpoint, then delete its uploads."""
    try:
        yield await read_anonymous_form(request)
    finally:
        await request.close()


async def get_half_form(request: Request) -> AsyncIterator[Form]:
    """Yield the form to an endpoint that checks a second factor, then delete its uploads."""
    try:
        yield await read_half_form(request)
    finally:
        await request.close()


FormDep = Annotated[Form, Depends(get_form)]
HalfFormDep = Annotated[Form, Depends(get_half_form)]
AnonymousFormDep = Annotated[Form, Depends(get_anonymous_form)]
