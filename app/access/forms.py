"""Forms of the console: read whole, and only from the page that they were on (CSRF).

A sign-in's secret signs the forms of who is signed in, and nothing else does: whoever may write a
cookie of their own choice has signed nothing. The two forms that come before a sign-in are signed
with a cookie of their own, and are read by `get_anonymous_form`; those of who still has to show a
second factor by the secret of that half sign-in, which signs no other (`get_half_form`).
"""

import secrets
from collections.abc import AsyncIterator
from typing import Annotated
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

#: The cookie that signs forms of nobody in particular: the sign-in, an invitation.
FORM_COOKIE = "amparo_form"
FIELD = "csrf"

#: A sign-in page left open for longer has to be opened again.
_FORM_LIFE_S = 3_600

#: More are no form of ours.
_MOST_FIELDS = 5_000

_KINDS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Form(dict[str, str]):
    """The fields of a form, each with its last value.

    Attributes
    ----------
    lists
        Every value of each field, for those that may be repeated.
    files
        What was uploaded, by field; in memory or a temporary file that ends with the request.
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


async def read_form(request: Request) -> Form:
    """Return the form that a page of who is signed in sent.

    Raises
    ------
    SignInNeededError
        Nobody is signed in.
    ForgedRequestError
        Another site sent it, or its token is missing or of another sign-in.
    UnsupportedMediaTypeError
        It is no form.
    InvalidParameterError
        It cannot be read.
    """
    _require_form(request)
    # Before the body is taken apart: nobody's is not worth the work.
    await require_actor(request)
    return await _read(request, (await find_asker(request)).secret)


async def read_half_form(request: Request) -> Form:
    """Return the form of who is asked for a second factor; raises as `read_form`."""
    _require_form(request)
    asker = await find_asker(request)
    if asker.half is None:
        # Nobody, or somebody who is through already: the sign-in's page knows where to.
        raise SignInNeededError(f"{SIGN_IN}?next={CONSOLE}")
    return await _read(request, asker.secret)


async def read_anonymous_form(request: Request) -> Form:
    """Return the form of a page that is shown to nobody in particular; raises as `read_form`."""
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
    # The body as a whole is limited before; a part of it needs no limit of its own.
    settings: Settings = request.state.settings
    return settings.body_limit_bytes


def _require_own_site(request: Request) -> None:
    """Refuse what a browser says comes from another site (Fetch Metadata; RFC 6454)."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise ForgedRequestError
        return
    origin = request.headers.get("origin")
    if origin is None:
        return  # no browser of today; the token decides
    own = {request.headers.get("host", "")}
    settings: Settings = request.state.settings
    if settings.public_url is not None:
        own.add(urlsplit(str(settings.public_url)).netloc)
    if urlsplit(origin).netloc not in own - {""}:
        raise ForgedRequestError


def anonymous_token(request: Request) -> tuple[str, str]:
    """Return a form's token before anybody is signed in, and the cookie's secret it belongs to."""
    secret = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    return form_token(secret), secret


def keep_anonymous(response: Response, request: Request, secret: str) -> None:
    """Send along the cookie that `anonymous_token` belongs to."""
    set_cookie(response, request, FORM_COOKIE, secret, _FORM_LIFE_S)


async def get_form(request: Request) -> AsyncIterator[Form]:
    """Return the form to an endpoint, and throw away what was uploaded when it is done."""
    try:
        yield await read_form(request)
    finally:
        await request.close()


async def get_anonymous_form(request: Request) -> AsyncIterator[Form]:
    """Return the form to an endpoint that is there for who is not signed in."""
    try:
        yield await read_anonymous_form(request)
    finally:
        await request.close()


async def get_half_form(request: Request) -> AsyncIterator[Form]:
    """Return the form to an endpoint that takes a second factor."""
    try:
        yield await read_half_form(request)
    finally:
        await request.close()


FormDep = Annotated[Form, Depends(get_form)]
HalfFormDep = Annotated[Form, Depends(get_half_form)]
AnonymousFormDep = Annotated[Form, Depends(get_anonymous_form)]
