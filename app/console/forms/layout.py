"""Pages of the console: its navigation, and how each is rendered for who is signed in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Path, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, RedirectResponse

from app.access.dependencies import ActorDep, AskerDep, ClockDep, StaffDep, WriterDep
from app.access.identity import CONSOLE, Asker
from app.console.forms import labels
from app.console.forms.record_view import TermNames
from app.http.middleware import is_below
from app.i18n.translation import Words, marked, words
from app.page_models.renderer import render_network
from geo.accounts import permissions
from geo.accounts.permissions import Actor
from geo.db.sessions import Database, Tier
from geo.proposals.guidance_changes import NO_REASON, Sent
from geo.proposals.submission import Outcome
from geo.records import demo_rows
from geo.text.languages import DEFAULT_LANGUAGE, STAFF_LANGUAGES
from geo.vocabulary import named_terms

#: Ids as files have them; a NUL belongs to nobody, since PostgreSQL's text holds none.
RecordId = Annotated[str, Path(pattern=r"^[^\x00]{1,200}$")]


async def get_staff_actor(actor: ActorDep) -> Actor:
    """Return the person who asks, an editor or above.

    Raises
    ------
    ForbiddenError
        A viewer: reads with a token, and has nothing to do here.
    """
    permissions.require_staff(actor)
    return actor


#: Who asks, where the writer's session is used: the staff's own session asks this by itself.
StaffActorDep = Annotated[Actor, Depends(get_staff_actor)]


@dataclass(frozen=True)
class Desk:
    """What a page of the console works with.

    Parameters
    ----------
    session
        Of the writer, with the person set; committed before the answer leaves.
    staff
        Of the staff tier, reading alone.
    now
        Aware.
    """

    request: Request
    asker: Asker
    actor: Actor
    session: AsyncSession
    staff: AsyncSession
    now: datetime

    @property
    def words(self) -> Words:
        """The words of the pages of who is signed in."""
        return words(language_of(self.asker))

    async def terms(self) -> TermNames:
        """Return the vocabulary in that language, with what only the staff sees."""
        return TermNames.of(await named_terms(self.staff, self.words.lang))

    def page(self, name: str, /, *, status: int = HTTPStatus.OK, **values: object) -> HTMLResponse:
        """Return a page; see `desk_page`."""
        return desk_page(self.request, self.asker, name, status=status, **values)


async def get_desk(
    request: Request,
    asker: AskerDep,
    actor: StaffActorDep,
    session: WriterDep,
    staff: StaffDep,
    clock: ClockDep,
) -> Desk:
    """Return what a page of the console works with, to an editor or above."""
    return Desk(request, asker, actor, session, staff, clock())


DeskDep = Annotated[Desk, Depends(get_desk)]


async def note_demo(request: Request) -> None:
    """Let the page say DEMO while fictitious rows exist (P35)."""
    database: Database = request.state.database
    async with database.session(Tier.PUBLIC) as session:
        request.state.has_demo = await demo_rows.has_demo(session)


@dataclass(frozen=True)
class NavigationEntry:
    """One entry of the navigation.

    Parameters
    ----------
    path, title
        Where it leads; what it is called, in Spanish.
    is_for
        Whether somebody may open it at all. What they may do there is decided there.
    also
        Where else the entry is the open one: what its page leads to.
    """

    path: str
    title: str
    is_for: Callable[[Actor], bool]
    also: str | None = None


#: In the order of a day's work. A new page of the console is one entry here.
NAVIGATION = (
    NavigationEntry(CONSOLE, marked("Inicio"), permissions.is_staff),
    NavigationEntry(
        f"{CONSOLE}/queue",
        marked("Cambios por revisar"),
        permissions.is_staff,
        also=f"{CONSOLE}/proposals",
    ),
    NavigationEntry(f"{CONSOLE}/spaces", marked("Espacios"), permissions.is_staff),
    NavigationEntry(f"{CONSOLE}/visits", marked("Visitas"), permissions.is_staff),
    NavigationEntry(f"{CONSOLE}/expiring", marked("Por vencer"), permissions.is_staff),
    NavigationEntry(f"{CONSOLE}/crossings", marked("Pasos fronterizos"), permissions.is_staff),
    NavigationEntry(f"{CONSOLE}/hides", marked("Ocultar de urgencia"), permissions.is_staff),
    NavigationEntry(f"{CONSOLE}/imports", marked("Importar"), permissions.is_staff),
    NavigationEntry(f"{CONSOLE}/duplicates", marked("Duplicados"), permissions.is_staff),
    NavigationEntry(f"{CONSOLE}/guidance", marked("Mensajes y contactos"), permissions.is_staff),
    NavigationEntry(f"{CONSOLE}/organizations", marked("Organizaciones"), permissions.is_staff),
    NavigationEntry(f"{CONSOLE}/standards", marked("Estándares mínimos"), permissions.is_staff),
    NavigationEntry(f"{CONSOLE}/tokens", marked("Mis claves"), permissions.is_staff),
    NavigationEntry(f"{CONSOLE}/factor", marked("Códigos para entrar"), permissions.is_staff),
    NavigationEntry(f"{CONSOLE}/voices", marked("Quejas y rumores"), permissions.can_coordinate),
    NavigationEntry(f"{CONSOLE}/vocabulary", marked("Vocabularios"), permissions.can_coordinate),
    NavigationEntry(f"{CONSOLE}/audit", marked("Auditoría"), permissions.can_audit),
    NavigationEntry(f"{CONSOLE}/people", marked("Personas y accesos"), permissions.can_administer),
)


#: Names of codes that several pages show.
_NAMES: Mapping[str, object] = {
    "field_labels": labels.FIELD_LABELS,
    "statuses": labels.STATUSES,
    "visibilities": labels.VISIBILITIES,
    "channel_names": labels.CHANNELS,
    "answer_names": labels.ANSWERS,
    "entity_names": labels.ENTITIES,
    "proposal_states": labels.PROPOSAL_STATES,
    "vias": labels.VIAS,
    "sides": labels.SIDES,
}


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
    lang = language_of(asker)
    entries = () if actor is None else entries_for(actor)
    given: dict[str, object] = {
        "actor": actor,
        "csrf": asker.csrf,
        "navigation": entries,
        "here": _here(request.url.path),
        "has_demo": getattr(request.state, "has_demo", False),
        **_NAMES,
        **values,
    }
    html = render_network(name, lang, **given)
    return HTMLResponse(html, status_code=status)


def language_of(asker: Asker) -> str:
    """Return the language of the pages of who is signed in."""
    language = DEFAULT_LANGUAGE if asker.actor is None else asker.actor.language
    return language if language in STAFF_LANGUAGES else DEFAULT_LANGUAGE


def see(location: str) -> RedirectResponse:
    """Lead to a page after a form was taken, so that reloading sends nothing twice."""
    return RedirectResponse(location, status_code=HTTPStatus.SEE_OTHER)


def entries_for(actor: Actor) -> tuple[NavigationEntry, ...]:
    """Return what of the navigation a person may open."""
    return tuple(entry for entry in NAVIGATION if entry.is_for(actor))


def _here(path: str) -> str:
    """Return the entry that a path belongs to: the longest that it lies below."""
    below = [
        entry
        for entry in NAVIGATION
        if is_below(path, entry.path) or (entry.also is not None and is_below(path, entry.also))
    ]
    return max((entry.path for entry in below), key=len, default="")


def sent_in(desk: Desk, form: Mapping[str, str]) -> Sent:
    """Return how a change of guidance is sent by a form, with its reason if one was written."""
    return Sent(desk.now, "web", form.get("reason", "").strip() or NO_REASON)


def gone_on(outcome: Outcome, location: str) -> RedirectResponse:
    """Lead to what waits for a second person, or else to ``location``."""
    if outcome.proposal_id is not None:
        return see(f"{CONSOLE}/proposals/{outcome.proposal_id}?sent=true")
    return see(location)
