"""Rendering of one space's console page: form, quick actions, and history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import Response

from app.console.forms import labels
from app.console.forms.confirmation_message import ConfirmationMessage
from app.console.forms.error_text import reason_text
from app.console.forms.layout import Desk
from app.console.forms.maps import map_data
from app.console.forms.record_view import differences, value_lines
from app.console.forms.trial import is_trial
from app.console.space_forms.fields import GROUPS, LANGUAGES, TIMEZONES
from app.console.space_forms.position import PositionNote
from app.console.space_forms.public_look import public_look
from app.console.space_forms.referrers import referrer_names, with_names
from app.console.space_forms.space_form import REFERRER, Typed, is_empty, typed_of
from app.i18n.coded_reasons import reason_names
from app.i18n.translation import Words
from geo.accounts import people
from geo.accounts.permissions import can_close, can_hide, can_propose
from geo.confirmations import event_log
from geo.history import versions
from geo.proposals import pending, quarantine_release
from geo.proposals.preview import Preview
from geo.reasons import CodedReason
from geo.spaces import staff_search
from geo.spaces.staff_search import DirectoryEntry
from geo.subjects.subject import ChangeSubject
from geo.text.countries import BOXES


@dataclass(frozen=True)
class FormReply:
    """State of the form when the page is rendered again.

    Parameters
    ----------
    typed
        Values typed into the form; None shows the values of the record.
    reason
        Reason for the change, as typed.
    problems
        Pairs of field and reason.
    preview
        Which changes would apply at once and which would wait; None shows no preview.
    has_conflict
        The record was changed by another person meanwhile.
    note
        Note on the typed position; None if it was not looked up.
    offered
        Spaces that match the typed name of a referring space, for the person to choose from.
    kept_notes
        Notes that speak of hours and stay while the hours change, as (field, text).
    is_unanswered
        The form was sent without the tick that ``kept_notes`` still hold.
    done
        ``applied``, ``waiting``, ``both`` or another word for the completed action.
    message
        Message with a reconfirmation link.
    """

    typed: Typed | None = None
    reason: str = ""
    problems: Sequence[tuple[str, CodedReason]] = ()
    preview: Preview | None = None
    has_conflict: bool = False
    note: PositionNote | None = None
    offered: Sequence[DirectoryEntry] = ()
    kept_notes: Sequence[tuple[str, str]] = ()
    is_unanswered: bool = False
    done: str = ""
    message: ConfirmationMessage | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """HTTP status of the page."""
        return 409 if self.has_conflict else 400 if self.problems or self.is_unanswered else 200

    @property
    def shown(self) -> Typed:
        """Values typed into the form, empty if none were."""
        return self.typed or {}


async def new_page(desk: Desk, said: FormReply) -> Response:
    """Render the form for a new space."""
    typed = said.typed or typed_of(_blank(desk.now))
    return desk.page(
        "space_new",
        status=said.status,
        is_trial=await is_trial(desk),
        **await _form(desk, typed, said, {}),
    )


async def space_page(desk: Desk, subject: ChangeSubject, said: FormReply) -> Response:
    """Render a space's page, with the form if the person may change the space."""
    actor, session, document = desk.actor, desk.session, subject.document or {}
    space_id, country = str(subject.record_id), subject.countries[0]
    held_by = (
        await quarantine_release.held_by(session, space_id, document)
        if subject.is_restricted
        else None
    )
    may_change = can_propose(actor, organization_id=subject.organization_id, country=country)
    return desk.page(
        "space",
        status=said.status,
        space=document,
        revision=subject.revision,
        is_restricted=subject.is_restricted,
        held_by=held_by,
        entry=(await staff_search.named_spaces(desk.staff, [space_id])).get(space_id),
        today=desk.now.date(),
        may_change=may_change,
        may_close=can_close(actor, organization_id=subject.organization_id, country=country),
        may_hide=can_hide(actor, country=country),
        waiting=await pending.pending(session, actor, record_id=space_id),
        open_links=await event_log.open_links(session, space_id, desk.now),
        history=await versions.history(session, space_id),
        answers=await event_log.answers(session, space_id),
        **await _form(desk, said.typed or typed_of(document), said, document),
    )


def _blank(now: datetime) -> dict[str, Any]:
    """Return the initial values of a new space; what a person must decide stays open or unknown."""
    return {
        "status": "active",
        "visibility": "",
        "access": "open",
        "coord_precision": "town",
        "children_alone": "not_known",
        "fees": "not_known",
        "holidays": "not_known",
        "families_only": False,
        "confirmed_on": now.date().isoformat(),
    }


async def _form(
    desk: Desk, typed: Typed, said: FormReply, document: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the template values of the form."""
    w, terms = desk.words, await desk.terms()
    timezone = str(document.get("timezone") or typed.get("timezone") or "UTC")
    preview = said.preview
    points = [*typed.get("referral_points", []), *(one.id for one in said.offered)]
    later = await with_names(desk, preview.later) if preview else {}
    is_new = not document
    return {
        "typed": _with_blank_rows(typed),
        "groups": GROUPS,
        "labels": labels.FIELD_LABELS,
        "coded": labels.CODED,
        "vocabulary": labels.VOCABULARY,
        "terms": terms,
        "days": w.weekdays(),
        "reasons": reason_names(w),
        "languages_offered": list(dict.fromkeys([*LANGUAGES, *typed.get("languages", [])])),
        "timezones": TIMEZONES,
        "countries": sorted(BOXES, key=w.country),
        "organizations": await people.list_organizations(desk.session, is_everybodys=True),
        "reason": said.reason,
        "problems": _by_field(w, said.problems),
        "preview": preview,
        "at_once": differences(w, terms, await with_names(desk, preview.now), timezone)
        if preview
        else [],
        "later": differences(w, terms, later, timezone),
        "look": public_look(w, terms, {name: pair[1] for name, pair in later.items()}, timezone)
        if preview and is_new
        else None,
        "note": said.note,
        "kept_notes": said.kept_notes,
        "is_unanswered": said.is_unanswered,
        "offered": said.offered,
        "referrer_names": await referrer_names(desk, points),
        "opened": _opened(typed, said),
        "has_conflict": said.has_conflict,
        "done": said.done,
        "message": said.message,
        "map": map_data(w),
        "shown": {
            name: value_lines(w, terms, name, pair[1], timezone)
            for name, pair in (
                await with_names(desk, {name: (None, v) for name, v in document.items()})
            ).items()
        },
        **said.extras,
    }


def _opened(typed: Typed, said: FormReply) -> set[str]:
    """Return the names of the groups to unfold: those with a problem or with a question."""
    asked = {_AT.get(name, name) for name, _ in said.problems}
    asked |= {name for name, _ in said.kept_notes}
    if said.offered or typed.get(REFERRER):
        asked.add("referral_points")
    return {group.name for group in GROUPS if asked & {field.name for field in group.fields}}


def _with_blank_rows(typed: Typed) -> Typed:
    """Return the typed values with a blank row in the lists of hours and phones that are empty."""
    lists = {"schedules", "public_phones"}
    return typed | {
        name: typed.get(name) or [{}]
        for name in lists
        if not any(not is_empty(row) for row in typed.get(name, []))
    }


#: For fields without a place of their own in the form: the field at which their problems are shown.
_AT = {"lon": "position", "lat": "position", "opens_at": "schedules", "id": "name"}


def _by_field(w: Words, problems: Sequence[tuple[str, CodedReason]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, reason in problems:
        said = reason_text(w, reason)
        lines = found.setdefault(_AT.get(name, name), [])
        if said not in lines:
            lines.append(said)
    return found
