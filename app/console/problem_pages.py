"""HTML pages in place of problem documents (RFC 9457) on console paths, for people in a browser."""

from collections.abc import Mapping

import orjson
from starlette.responses import HTMLResponse

from app.access.identity import ANYBODY, Asker
from app.console.forms.navigation import HOME, groups_for
from app.http.middleware import is_below
from app.http.pipeline import Exchange, PipelineStep
from app.i18n.translation import marked, negotiate
from app.page_models.renderer import render_network

#: Title and advice by the last part of a problem's type (`app.http.error_table`).
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
    "session-needed": (
        marked("Eso lo hace una persona"),
        marked("Entre con su cuenta y hágalo usted. No se cambió nada."),
    ),
    "personal-data": (
        marked("Lo enviado trae datos de una persona"),
        marked("Quite esos datos y envíe de nuevo. No se guardó nada."),
    ),
    "foreign-count": (
        marked("Otra organización ya envió uno de esos conteos"),
        marked("Quítelo y envíe los suyos. No se guardó nada."),
    ),
    "id-used": (
        marked("Ese número ya se usó para otra cosa"),
        marked("Cargue la página de nuevo y envíe otra vez."),
    ),
    "token-expired": (
        marked("La copia es demasiado antigua"),
        marked("Descárguela de nuevo."),
    ),
    "protected-service": (
        marked("Los servicios protegidos no se cuentan"),
        marked("Nunca están en este mapa. Llame a una de las líneas."),
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
    "disk-full": (
        marked("No queda espacio para guardar"),
        marked(
            "Avise a quien administra el servidor. Ocultar de urgencia sigue funcionando; "
            "lo demás no se guardó."
        ),
    ),
    "internal": (
        marked("Algo se dañó de nuestro lado"),
        marked("Diga a quien administra el número de abajo."),
    ),
}
_OTHER = (marked("No se pudo"), marked("Vuelva atrás e intente de nuevo."))

#: Problem types whose ``detail`` is shown on the page; details are in English, because programs
#: read them too.
_WITH_DETAIL = frozenset({"forbidden", "conflict", "invalid-request"})

_JSON = b"application/problem+json"


class ProblemPages(PipelineStep):
    """Middleware that turns problem responses below a path into pages, if the client accepts HTML.

    The step wraps everything that can send a problem response, and so covers rate limits, body
    limits and unexpected errors too.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def finish(self, exchange: Exchange) -> None:
        """Replace a problem response by an HTML page, if the request qualifies for a page."""
        if self._wants_page(exchange) and _is_problem(exchange):
            exchange.replace(_page(exchange))

    def _wants_page(self, exchange: Exchange) -> bool:
        asked = exchange.asked
        return (
            is_below(exchange.scope["path"], self._path)
            and exchange.method in {"GET", "POST"}  # a HEAD response has no body to replace
            and b"text/html" in asked.get(b"accept", b"")
            and b"authorization" not in asked
        )


def _is_problem(exchange: Exchange) -> bool:
    return exchange.is_whole and exchange.fields.get(b"content-type", b"").startswith(_JSON)


def _page(exchange: Exchange) -> HTMLResponse:
    scope = exchange.scope
    problem = orjson.loads(exchange.body)
    name = str(problem["type"]).rpartition(":")[2]
    title, advice = _SAID.get(name, _OTHER)
    asker: Asker = scope.get("state", {}).get("asker") or ANYBODY
    # `desk_page` is not used: it needs a request, and the failure may have happened before one
    # existed.
    accepted = exchange.asked.get(b"accept-language")
    actor = asker.actor
    html = render_network(
        "problem",
        negotiate(
            None if actor is None else actor.language,
            None if accepted is None else accepted.decode("latin-1"),
        ),
        actor=actor,
        csrf=asker.csrf,
        navigation=() if actor is None else groups_for(actor),
        home_entry=HOME,
        here="",
        here_address=HOME.path,
        title=title,
        advice=advice,
        detail=problem["detail"] if name in _WITH_DETAIL else None,
        incident=problem.get("instance"),
        has_demo=scope.get("state", {}).get("has_demo", False),
    )
    fields = exchange.fields
    kept = {
        name.decode("ascii"): fields[name].decode("latin-1")
        for name in (b"retry-after", b"cache-control")
        if name in fields
    }
    return HTMLResponse(html, headers=kept)
