"""Problems on the console's addresses as pages for people, who cannot do much with JSON."""

import gzip
from collections.abc import Mapping
from http import HTTPStatus

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.askers import ANYBODY, Asker
from app.desk.pages import entries_for
from app.middleware import is_below
from app.web.i18n import marked, negotiate
from app.web.page import render_network

#: By the last part of a problem's type (`app.errors`): what happened and what to do.
_SAID: Mapping[str, tuple[str, str]] = {
    "forbidden": (
        marked("Su cuenta no puede hacer eso"),
        marked("Pídalo a quien aprueba en el país o a quien coordina. No se cambió nada."),
    ),
    "forged-request": (
        marked("La página estuvo abierta demasiado tiempo"),
        marked("Vuelva atrás, cargue la página de nuevo y envíe otra vez. No se cambió nada."),
    ),
    "not-found": (
        marked("Aquí no hay nada"),
        marked("Puede que no exista o que usted no lo pueda ver. Búsquelo por su nombre."),
    ),
    "conflict": (
        marked("El registro cambió mientras tanto"),
        marked("Ábralo de nuevo, compare y repita el cambio. No se cambió nada."),
    ),
    "invalid-request": (
        marked("Algo de lo enviado no se pudo leer"),
        marked("Vuelva atrás y corrija lo que se indica. No se cambió nada."),
    ),
    "too-many-requests": (
        marked("Demasiadas peticiones en un minuto"),
        marked("Espere un minuto y siga."),
    ),
    "link-not-valid": (
        marked("Este enlace ya no sirve"),
        marked("Pida uno nuevo a quien se lo envió."),
    ),
    "mixed-data": (
        marked("Los datos ficticios y los reales no se mezclan"),
        marked("Quien administra quita primero los datos de demostración."),
    ),
    "body-too-large": (
        marked("Lo enviado es demasiado grande"),
        marked("Envíe menos de una vez, o divida el archivo."),
    ),
    "unauthorized": (marked("Hace falta entrar"), marked("Entre con su cuenta.")),
    "database-unavailable": (
        marked("Los datos no responden ahora"),
        marked("Espere unos segundos y vuelva a cargar. No se perdió nada guardado."),
    ),
    "internal": (
        marked("Algo se dañó de nuestro lado"),
        marked("Diga a quien administra el número de abajo."),
    ),
}
_OTHER = (marked("No se pudo"), marked("Vuelva atrás e intente de nuevo."))

#: Problems whose own words help a person further; they are in English, for programs too.
_WITH_DETAIL = frozenset({"forbidden", "conflict", "invalid-request"})

_JSON = "application/problem+json"


class ProblemPages:
    """Turns a problem below a path into a page, where the browser asks for one.

    It stands outside of everything that answers with problems, so that no cause is missed: the
    limits, the size of a body, an error nobody expected.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self.app = app
        self.path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not self._wants_page(scope):
            await self.app(scope, receive, send)
            return
        started: Message | None = None
        body = bytearray()

        async def turned(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                if Headers(scope=message).get("content-type", "").startswith(_JSON):
                    started = message
                    return
            elif started is not None:
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    await _page(scope, started, bytes(body))(scope, receive, send)
                return
            await send(message)

        await self.app(scope, receive, turned)

    def _wants_page(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        return (
            scope["method"] in {"GET", "POST"}  # of a HEAD there is no body to turn
            and is_below(scope["path"], self.path)
            and "text/html" in headers.get("accept", "")
            and "authorization" not in headers
        )


def _page(scope: Scope, started: Message, body: bytes) -> HTMLResponse:
    headers = MutableHeaders(scope=started)
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    problem = orjson.loads(body)
    name = str(problem["type"]).rpartition(":")[2]
    title, advice = _SAID.get(name, _OTHER)
    asker: Asker = scope.get("state", {}).get("asker") or ANYBODY
    # Not by `desk_page`: whatever broke may have broken before there was a request to ask.
    accepted = Headers(scope=scope).get("accept-language")
    actor = asker.actor
    html = render_network(
        "problem",
        negotiate(None if actor is None else actor.language, accepted),
        actor=actor,
        csrf=asker.csrf,
        navigation=() if actor is None else entries_for(actor),
        here="",
        title=title,
        advice=advice,
        detail=problem["detail"] if name in _WITH_DETAIL else None,
        incident=problem.get("instance"),
        has_demo=scope.get("state", {}).get("has_demo", False),
    )
    kept = {
        name: headers[name]
        for name in ("Retry-After", "X-Request-ID", "Cache-Control")
        if name in headers
    }
    return HTMLResponse(html, status_code=HTTPStatus(started["status"]), headers=kept)
