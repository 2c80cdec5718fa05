"""``/network/visits``: confirm and correct spaces on site, without a network.

A phone stores public spaces for the visit, with their public data and nothing else. Observations
wait on the phone until it is online, each with its own id, and follow the rules of the console
(P40): if the record has changed since it was stored on the phone, the observation is not written,
and stays on the phone.
"""

import re
from collections.abc import Mapping
from datetime import date
from hashlib import blake2b
from http import HTTPStatus
from typing import Annotated, Any, get_args
from uuid import UUID

from fastapi import APIRouter, Query, Response

from app.access.dependencies import ClockDep, WriterDep
from app.access.forms import Form, FormDep
from app.access.identity import CONSOLE
from app.console.forms.inputs import needed_day_in, text_in
from app.console.forms.labels import FIELD_LABELS, STATUSES
from app.console.forms.layout import Desk, DeskDep, RecordId, StaffActorDep
from app.exceptions import InvalidParameterError, OutdatedError
from app.http.assets import asset_url, module_urls
from app.http.responses import JSONResponse
from app.i18n.coded_reasons import reason_names
from app.i18n.translation import Words
from geo.confirmations import visits
from geo.confirmations.visits import Answer, Taken, Visit
from geo.db.sessions import Database, Tier
from geo.errors import ConflictError, InvalidRecordError
from geo.hours.openings import WEEKDAYS, from_json
from geo.hours.wording import hours_text
from geo.proposals import idempotency
from geo.reasons import CodedReason
from geo.spaces import staff_search
from geo.text import coded_reasons

router = APIRouter(include_in_schema=False)

VISITS = f"{CONSOLE}/visits"
PAGE = f"{CONSOLE}/visit-page"  # app/static/sw.js holds the same path
TOKEN = f"{CONSOLE}/visit-token"

#: Static files of the page besides its scripts.
_FILES = ("page.css", "network.css", "icon.svg", "page-exit.js")

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_DIGITS = re.compile(r"\d{1,18}")


@router.get(VISITS)
async def visits_page(desk: DeskDep, q: Annotated[str, Query(max_length=120)] = "") -> Response:
    """Show the spaces that may be taken along; what was taken is on the phone alone."""
    own = desk.actor.organization_id
    found = await staff_search.find_spaces(desk.staff, words=q, organization_id=None if q else own)
    taken = await _takeable(desk, [entry.id for entry in found])
    w = desk.words
    return desk.page(
        "visits",
        q=q,
        found=[_shown(w, one) for one in taken],
        most=staff_search.MAX_FOUND,
        days=w.weekdays(),
        because=reason_names(w),
        visit_data=_page_data(w, _mark(desk.actor.id)),
    )


@router.get(PAGE)
async def empty_page(desk: DeskDep) -> Response:
    """Show the page as a phone keeps it: without a name, a token, or a space.

    It is found when a phone is lost or searched. Whose spaces it shows then, the phone knows.
    """
    w = desk.words
    return desk.page(
        "visits",
        actor=None,
        csrf="",
        navigation=(),
        found=[],
        days=w.weekdays(),
        because=reason_names(w),
        visit_data=_page_data(w, None),
    )


@router.get(TOKEN)
async def form_token(desk: DeskDep) -> Response:
    """Return the account's mark and a token to send with; for the page's script."""
    return JSONResponse({"me": _mark(desk.actor.id), "csrf": desk.asker.csrf})


@router.get(f"{VISITS}/{{space}}")
async def one_space(desk: DeskDep, space: RecordId) -> Response:
    """Return a space as it may be taken along now; for the page's script."""
    found = await _takeable(desk, [space])
    return JSONResponse({"space": _shown(desk.words, found[0]) if found else None})


@router.post(VISITS)
async def send(
    actor: StaffActorDep, session: WriterDep, clock: ClockDep, form: FormDep
) -> Response:
    """Write down one visit; sent twice, it is written down once.

    Raises
    ------
    OutdatedError
        The record is no longer the one that was taken along.
    """
    try:
        written = await visits.send(session, actor, _key_in(form), _visit_in(form), now=clock())
    except ConflictError as error:
        raise OutdatedError from error
    body: dict[str, Any] = {"received": True}
    if written is None:
        return JSONResponse(body)
    outcome = written.outcome
    body |= {
        "applied": outcome.applied,
        "waits": outcome.proposal_id is not None,
        "revision": written.revision,
    }
    return JSONResponse(body, HTTPStatus.CREATED)


async def _takeable(desk: Desk, ids: list[str]) -> list[Taken]:
    database: Database = desk.request.state.database
    async with database.session(Tier.PUBLIC) as public:
        return await visits.takeable(desk.session, public, desk.actor, ids)


def _key_in(form: Form) -> UUID:
    try:
        key = UUID(form.get("id", ""))
    except ValueError as error:
        raise InvalidParameterError("id", "is not a UUID") from error
    if key.version != 4:  # noqa: PLR2004 -- only random UUIDs reveal nothing
        raise InvalidParameterError("id", "is not a UUID of version 4")
    return key


def _visit_in(form: Form) -> Visit:
    answer: Any = form.get("answer", "")
    if answer not in get_args(Answer):
        raise InvalidParameterError("answer", f"is one of {', '.join(get_args(Answer))}")
    revision = form.get("revision", "")
    if not _DIGITS.fullmatch(revision):
        raise InvalidParameterError("revision", "is not a whole number")
    return Visit(
        space_id=form.get("space", ""),
        revision=int(revision),
        answer=answer,
        changes=_changes_in(form) if answer == "changed" else {},
        reason=form.get("reason", "") if answer == "changed" else "",
        seen_on=needed_day_in(form, "seen_on"),
    )


def _changes_in(form: Form) -> dict[str, Any]:
    changes: dict[str, Any] = {
        name: text for name in ("landmark", "address") if (text := text_in(form, name)) is not None
    }
    notice = coded_reasons.notice_of(text_in(form, "because"), text_in(form, "notice"))
    if notice is not None:
        changes["notice"] = notice
    days = [code for code in WEEKDAYS if code in form.lists.get("day", [])]
    opens_at, closes_at = (form.get(name, "") for name in ("opens_at", "closes_at"))
    if days or opens_at or closes_at:
        if not days or not all(map(_CLOCK.fullmatch, (opens_at, closes_at))):
            raise InvalidRecordError([("schedules", CodedReason("days_and_times"))])
        changes["schedules"] = [{"byday": days, "opens_at": opens_at, "closes_at": closes_at}]
    return changes


def _shown(w: Words, taken: Taken) -> dict[str, Any]:
    """Return a space as the texts that the phone stores and shows."""
    document = taken.document
    hours = from_json(
        {"timezone": document["timezone"], **rule} for rule in document["schedules"] or ()
    )
    place = [document["locality"], w.country(document["country"])]
    lines: Mapping[str, str | None] = {
        "status": w.gettext(STATUSES[document["status"]]),
        "schedules": hours_text(hours),
        "address": document["address"],
        "landmark": document["landmark"],
        "notice": document["notice"],
        "public_phones": ", ".join(map(_number, document["public_phones"] or ())),
        "confirmed_on": None
        if document["demo"]
        else w.day(date.fromisoformat(document["confirmed_on"])),
    }
    return {
        "id": taken.id,
        "revision": taken.revision,
        "name": document["name"],
        "place": ", ".join(filter(None, place)),
        "demo": document["demo"],
        "lines": [[w.gettext(FIELD_LABELS[name]), text] for name, text in lines.items() if text],
    }


def _number(phone: Any) -> str:  # noqa: ANN401 -- a text, or a row with a number
    return str(phone if isinstance(phone, str) else phone["number"])


def _page_data(w: Words, mark: str | None) -> dict[str, Any]:
    return {
        "me": mark,
        "page": PAGE,
        "tokenAt": TOKEN,
        "files": [*map(asset_url, _FILES), *module_urls("visits.js")],
        "keptDays": idempotency.TAKEN_DAYS,
        "texts": _texts(w),
    }


def _mark(person_id: str) -> str:
    """Return a hash that tells accounts on one phone apart without revealing the account's id."""
    return blake2b(person_id.encode(), digest_size=8, person=b"visits").hexdigest()


def _texts(w: Words) -> dict[str, str]:
    return {
        "waiting": w.gettext("Por enviar (%(num)s)"),
        "taken": w.gettext("En este teléfono: %(name)s"),
        "left": w.gettext("Ya no está en este teléfono: %(name)s"),
        "kept": w.gettext("Guardado en este teléfono; sale cuando haya conexión."),
        "unkept": w.gettext("Este navegador no deja guardar: haga el cambio en línea."),
        "sent": w.gettext("Enviado: %(name)s"),
        "waits": w.gettext("Enviado; espera a una segunda persona: %(name)s"),
        "refused": w.gettext("No se aceptó y ya no está en este teléfono: %(reason)s"),
        "expired": w.gettext("Una visita de hace más de una semana se borró sin enviarse."),
        "held": w.gettext("El registro cambió mientras tanto. No se envió ni se perdió: mírelo."),
        "gone": w.gettext("El espacio ya no se puede llevar: véalo en línea."),
        "resend": w.gettext("Enviar sobre lo de ahora"),
        "now": w.gettext("Cómo está ahora"),
        "signIn": w.gettext("Entre de nuevo para enviar; nada se perdió."),
        "deleted": w.gettext("Borrado. En este teléfono no queda nada."),
        "drop": w.gettext("Borrar"),
        "incomplete": w.gettext("Ponga los días y las dos horas, y por qué."),
        "nothing": w.gettext("Escriba qué cambió."),
        "as_listed": w.gettext("Sigue igual"),
        "full": w.gettext("Está lleno"),
        "closed": w.gettext("Está cerrado"),
        "changed": w.gettext("Algo cambió"),
    }
