"""Layout of the console: navigation, dependencies, and rendering for the signed-in person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Path, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, RedirectResponse

from app.access.dependencies import ActorDep, AskerDep, ClockDep, StaffDep, WriterDep
from app.access.identity import CONSOLE, Asker
from app.console.forms import labels
from app.console.forms.navigation import HOME, entry_of, groups_for
from app.console.forms.record_view import TermNames
from app.console.forms.returning import without_flash
from app.i18n.time_zones import zone_name
from app.i18n.translation import Words, words
from app.page_models.renderer import render_network
from geo.accounts import local_time, permissions
from geo.accounts.permissions import Actor
from geo.db.sessions import Database, Tier
from geo.proposals.guidance_changes import NO_REASON, Sent
from geo.proposals.submission import Outcome
from geo.records import demo_rows
from geo.text.languages import DEFAULT_LANGUAGE, STAFF_LANGUAGES
from geo.vocabulary import named_terms

#: Ids may hold anything but NUL, which PostgreSQL text cannot store.
RecordId = Annotated[str, Path(pattern=r"^[^\x00]{1,200}$")]


async def get_staff_actor(actor: ActorDep) -> Actor:
    """Return the signed-in person, who must be an editor or above.

    Raises
    ------
    ForbiddenError
        If the person is a viewer, who reads with a token and has no console.
    """
    permissions.require_staff(actor)
    return actor


#: Dependency that checks the role, for endpoints that open a writer session and no staff session:
#: opening a session of the staff tier includes the check.
StaffActorDep = Annotated[Actor, Depends(get_staff_actor)]


@dataclass(frozen=True)
class Desk:
    """Sessions and identity that a console page works with.

    Parameters
    ----------
    session
        Writer session bound to the person, committed before the response is sent.
    staff
        Read-only session of the staff tier.
    now
        The current time, timezone-aware.
    timezone
        IANA name of the time zone in which the person reads times.
    """

    request: Request
    asker: Asker
    actor: Actor
    session: AsyncSession
    staff: AsyncSession
    now: datetime
    timezone: str

    @property
    def words(self) -> Words:
        """Texts in the language of the signed-in person."""
        return words(language_of(self.asker))

    async def terms(self) -> TermNames:
        """Return the vocabulary's names in the person's language, with terms only staff see."""
        return TermNames.of(await named_terms(self.staff, self.words.lang))

    def page(self, name: str, /, *, status: int = HTTPStatus.OK, **values: object) -> HTMLResponse:
        """Render a page of the console; see `desk_page`."""
        values.setdefault("desk_zone", self.timezone)
        return desk_page(self.request, self.asker, name, status=status, **values)


async def get_desk(
    request: Request,
    asker: AskerDep,
    actor: StaffActorDep,
    session: WriterDep,
    staff: StaffDep,
    clock: ClockDep,
) -> Desk:
    """Return the sessions and identity for a console page, which needs an editor or above."""
    timezone = await local_time.timezone_of(session, actor)
    return Desk(request, asker, actor, session, staff, clock(), timezone)


DeskDep = Annotated[Desk, Depends(get_desk)]


async def note_demo(request: Request) -> None:
    """Set ``has_demo`` in the request's state: if demo rows are loaded, pages show DEMO (P35)."""
    database: Database = request.state.database
    async with database.session(Tier.PUBLIC) as session:
        request.state.has_demo = await demo_rows.has_demo(session)


#: Values given to every console template: by variable name, the labels of one kind of code.
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
    """Render ``templates/network/<name>.html`` in the language of the signed-in person.

    Parameters
    ----------
    name
        Name of the template, which gets ``actor``, ``csrf``, ``navigation`` (groups of entries
        that the person may open), ``here`` (path of the highlighted entry), ``here_address``
        (address of the page) and ``values``.
    status
        HTTP status: 400 for a form with problems.
    """
    actor = asker.actor
    lang = language_of(asker)
    given: dict[str, object] = {
        "actor": actor,
        "csrf": asker.csrf,
        "navigation": () if actor is None else groups_for(actor),
        "home_entry": HOME,
        "here": entry_of(request.url.path),
        "here_address": without_flash(f"{request.url.path}?{request.url.query}"),
        "desk_zone": local_time.EVERYWHERE,
        "zone_name": partial(zone_name, words(lang)),
        "has_demo": getattr(request.state, "has_demo", False),
        **_NAMES,
        **values,
    }
    html = render_network(name, lang, **given)
    return HTMLResponse(html, status_code=status)


def language_of(asker: Asker) -> str:
    """Return the language of the signed-in person, or the default."""
    language = DEFAULT_LANGUAGE if asker.actor is None else asker.actor.language
    return language if language in STAFF_LANGUAGES else DEFAULT_LANGUAGE


def see(location: str) -> RedirectResponse:
    """Redirect after an accepted form (303), so that reloading does not submit the form again."""
    return RedirectResponse(location, status_code=HTTPStatus.SEE_OTHER)


def sent_in(desk: Desk, form: Mapping[str, str]) -> Sent:
    """Return time, channel and reason of a guidance change that was sent with a form."""
    return Sent(desk.now, "web", form.get("reason", "").strip() or NO_REASON)


def gone_on(outcome: Outcome, location: str) -> RedirectResponse:
    """Redirect to the proposal that waits for a second person, or else to ``location``."""
    if outcome.proposal_id is not None:
        return see(f"{CONSOLE}/proposals/{outcome.proposal_id}?sent=true")
    return see(location)
