"""Client for the JSON of another system: bounded in size and time, and silent about its token."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, Final

import httpx
import orjson

from app.exchange.errors import ExchangeError

#: Timeout of connecting, and of each wait for the next bytes of an answer, seconds [A].
_PAUSE_S: Final = 20.0

#: Timeout of a whole request, also if bytes keep coming in, seconds [A].
_REQUEST_S: Final = 60.0

#: Most bytes of an answer: a thousand submissions of sixty answers are about three megabytes [A].
ANSWER_BYTES: Final = 16 * 1024**2


class JsonClient:
    """Requests to one server; redirects are not followed and no other host ever gets the token.

    Parameters
    ----------
    server : str
        Address of the server, without a slash at the end.
    authorization : str
        Value of the header ``Authorization``.
    """

    def __init__(self, server: str, authorization: str) -> None:
        self._server = server
        # Proxies and .netrc of the environment are ignored: the token goes to the server alone.
        self._client = httpx.AsyncClient(
            headers={
                "Authorization": authorization,
                "Accept": "application/json",
                # Uncompressed, so that no small answer unpacks to a huge one.
                "Accept-Encoding": "identity",
                "User-Agent": "amparo",
            },
            timeout=_PAUSE_S,
            follow_redirects=False,
            trust_env=False,
            verify=_certificates(),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def get(self, path: str, **parameters: str | int) -> Any:  # noqa: ANN401 - any JSON
        """Return the JSON at a path.

        Raises
        ------
        ExchangeError
            The server does not answer, refuses, or answers with something else; the error has its
            status and never what it says.
        """
        status, content = await self._ask("GET", path, params=parameters)
        if status != httpx.codes.OK:
            raise _refused(status)
        return content

    async def post(
        self,
        path: str,
        *,
        json: Mapping[str, Any] | None = None,
        data: Mapping[str, str] | None = None,
        file: tuple[str, bytes, str] | None = None,
    ) -> tuple[int, Any]:
        """Return the status and the JSON of an answer to JSON, or to a form with one file.

        Parameters
        ----------
        file : (str, bytes, str) or None
            Name, content and media type of the form's member ``upload``.

        Raises
        ------
        ExchangeError
            As for `get`, except for a JSON answer with another status: that is returned.
        """
        if file is not None:
            return await self._ask("POST", path, data=data, files={"upload": file})
        return await self._ask("POST", path, json=json)

    async def _ask(self, method: str, path: str, **what: Any) -> tuple[int, Any]:  # noqa: ANN401
        try:
            async with (
                asyncio.timeout(_REQUEST_S),
                self._client.stream(method, f"{self._server}{path}", **what) as answer,
            ):
                content = await _read(answer)
                status = answer.status_code
        except (httpx.RequestError, TimeoutError) as error:
            msg = f"the server does not answer ({type(error).__name__})"
            raise ExchangeError("unreachable", msg) from None
        try:
            return status, orjson.loads(content)
        except orjson.JSONDecodeError:
            if status != httpx.codes.OK:
                raise _refused(status) from None
            msg = "the server answers with something that is not JSON"
            raise ExchangeError("not_json", msg) from None


@asynccontextmanager
async def client_of(server: str, authorization: str) -> AsyncIterator[JsonClient]:
    """Open a client, and close it at the end."""
    client = JsonClient(server, authorization)
    try:
        yield client
    finally:
        await client.close()


async def _read(answer: httpx.Response) -> bytes:
    content = bytearray()
    async for part in answer.aiter_raw():
        content += part
        if len(content) > ANSWER_BYTES:
            raise ExchangeError("too_large", "the server's answer is too large")
    return bytes(content)


def _refused(status: int) -> ExchangeError:
    what = {
        401: "the server does not know the token",
        403: "the server refuses the token",
        404: "the server does not have it, or hides it from the token's account",
    }.get(status, "the server refuses")
    return ExchangeError("refused", f"{what} (status {status})", status=status)


@cache
def _certificates() -> ssl.SSLContext:
    # Cached, because reading the certificates takes twenty milliseconds.
    return ssl.create_default_context()
