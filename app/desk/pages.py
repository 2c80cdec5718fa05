"""Pages of the console: its navigation, and how each is rendered for who is signed in."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request
from starlette.responses import HTMLResponse

from app.askers import CONSOLE, Asker
from app.web.i18n import DEFAULT_LANGUAGE, LANGUAGES, marked
from app.web.page import render_network
from geo import authority
from geo.authority import Actor


@dataclass(frozen=True)
class Entry:
    """One entry of the navigation.

    Parameters
    ----------
    path, title
        Where it leads; what it is called, in Spanish.
    is_for
        Whether somebody may open it at all. What they may do there is decided there.
    """

    path: str
    title: str
    is_for: Callable[[Actor], bool]


#: In the order of a day's work. A new page of the console is one entry here.
NAVIGATION = (
    Entry(CONSOLE, marked("Inicio"), authority.is_staff),
    Entry(f"{CONSOLE}/queue", marked("Cambios por revisar"), authority.is_staff),
    Entry(f"{CONSOLE}/spaces", marked("Espacios"), authority.is_staff),
    Entry(f"{CONSOLE}/expiring", marked("Por vencer"), authority.is_staff),
    Entry(f"{CONSOLE}/hides", marked("Ocultar de urgencia"), authority.is_staff),
    Entry(f"{CONSOLE}/imports", marked("Importar"), authority.is_staff),
    Entry(f"{CONSOLE}/duplicates", marked("Duplicados"), authority.is_staff),
    Entry(f"{CONSOLE}/guidance", marked("Mensajes y contactos"), authority.is_staff),
    Entry(f"{CONSOLE}/standards", marked("Estándares mínimos"), authority.is_staff),
    Entry(f"{CONSOLE}/voices", marked("Quejas y rumores"), authority.can_coordinate),
    Entry(f"{CONSOLE}/vocabulary", marked("Vocabularios"), authority.can_coordinate),
    Entry(f"{CONSOLE}/audit", marked("Auditoría"), authority.can_audit),
    Entry(f"{CONSOLE}/people", marked("Personas y accesos"), authority.can_administer),
)


def desk_page(
    request: Request, asker: Asker, name: str, /, *, status: int = HTTPStatus.OK, **values: object
) -> HTMLResponse:
    """Return the page ``templates/network/<name>.html`` in the language of who is signed in.

    Parameters
    ----------
    name
        The template gets ``actor``, ``csrf``, ``navigation`` (entries this person may open),
        ``here`` (the path of the entry that is open) and ``values``.
    status
        HTTP status: 400 where a form comes back with its problems.
    """
    actor = asker.actor
    language = DEFAULT_LANGUAGE if actor is None else actor.language
    lang = language if language in LANGUAGES else DEFAULT_LANGUAGE
    entries = () if actor is None else tuple(e for e in NAVIGATION if e.is_for(actor))
    html = render_network(
        name,
        lang,
        actor=actor,
        csrf=asker.csrf,
        navigation=entries,
        here=_here(request.url.path),
        **values,
    )
    return HTMLResponse(html, status_code=status)


def _here(path: str) -> str:
    """Return the entry that a path belongs to: the longest that it lies below."""
    below = [e.path for e in NAVIGATION if path == e.path or path.startswith(f"{e.path}/")]
    return max(below, key=len, default="")
