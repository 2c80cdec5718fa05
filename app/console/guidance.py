"""``/network/guidance``: messages, contacts, channels, products, good practice and pathways.

The author of a text never reviews it: a second person reads a text before it is shown (P23, P47).
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import select

from app.access.dependencies import SettingsDep
from app.access.forms import FormDep
from app.access.identity import CONSOLE
from app.console.forms import labels
from app.console.forms.guidance_forms import (
    channel_in,
    contact_in,
    contact_typed,
    pathway_in,
    product_in,
)
from app.console.forms.inputs import day_in, error_texts, needed_day_in, text_in
from app.console.forms.layout import Desk, DeskDep, RecordId, gone_on, see, sent_in
from app.console.forms.submitted import NO_REFUSALS, submitted
from app.i18n.labels import CHANNEL_MEDIA
from geo.accounts.permissions import can_coordinate
from geo.errors import (
    ConflictError,
    ForbiddenError,
    GeoError,
    InvalidRecordError,
    NotFoundError,
)
from geo.guidance import channels, contacts, messages, pathways, practices, products, review_queue
from geo.models import Person
from geo.proposals import pending
from geo.reasons import CodedReason
from geo.text.countries import BOXES

router = APIRouter(include_in_schema=False)

GUIDANCE = f"{CONSOLE}/guidance"

Done = Annotated[str, Query(max_length=20)]

#: Modules of the kinds of text that share the list page and the review, by the last segment of the
#: list's path.
_TEXTS = {"messages": messages, "products": products, "practices": practices}
_LISTS = {
    "messages": review_queue.messages,
    "products": review_queue.products,
    "practices": review_queue.practices,
}


@router.get(GUIDANCE)
async def start(_desk: DeskDep) -> Response:
    """Lead to the messages."""
    return see(f"{GUIDANCE}/messages")


@router.get(f"{GUIDANCE}/messages")
async def messages_page(desk: DeskDep, done: Done = "") -> Response:
    """Show the message bank and the form of a new text."""
    return await _texts_page(desk, "messages", done=done)


@router.post(f"{GUIDANCE}/messages")
async def write_message(desk: DeskDep, settings: SettingsDep, form: FormDep) -> Response:
    """Write a draft of a message."""

    async def write() -> str:
        return await messages.write(
            desk.session,
            desk.actor,
            key=form.get("key", "").strip(),
            lang=form.get("language", ""),
            audience=form.get("audience", ""),
            kind=form.get("kind", "information"),
            body=text_in(form, "body") or "",
            valid_from=needed_day_in(form, "valid_from"),
            valid_to=day_in(form, "valid_to"),
            safety=form.get("safety") == "true",
            allow_mixed=settings.allow_demo_mixed,
        )

    return await _written(
        desk, "messages", form, write, {ConflictError: ("key", CodedReason("there_already"))}
    )


@router.get(f"{GUIDANCE}/products")
async def products_page(desk: DeskDep, done: Done = "") -> Response:
    """Show the information products and the form of a new one."""
    return await _texts_page(desk, "products", done=done)


@router.post(f"{GUIDANCE}/products")
async def write_product(desk: DeskDep, settings: SettingsDep, form: FormDep) -> Response:
    """Write a draft of an information product."""

    async def write() -> str:
        return await products.put_product(
            desk.session,
            desk.actor,
            product_in(form),
            today=desk.now.date(),
            now=desk.now,
            allow_mixed=settings.allow_demo_mixed,
        )

    return await _written(desk, "products", form, write)


@router.get(f"{GUIDANCE}/practices")
async def practices_page(desk: DeskDep, done: Done = "") -> Response:
    """Show the notes of good practice and the form of a new one."""
    return await _texts_page(desk, "practices", done=done)


@router.post(f"{GUIDANCE}/practices")
async def write_practice(desk: DeskDep, form: FormDep) -> Response:
    """Write a note on what works well at a space."""

    async def write() -> str:
        return await practices.note_practice(
            desk.session,
            desk.actor,
            form.get("space", "").strip(),
            title=text_in(form, "title") or "",
            body=text_in(form, "body") or "",
            noted_on=needed_day_in(form, "noted_on"),
            lang=form.get("language", ""),
            public=form.get("public") == "true",
        )

    # The response is the same whether the space is missing, hidden, or belongs to another
    # organisation (P39).
    unwritable = ("space", CodedReason("not_writable"))
    refusals = {NotFoundError: unwritable, ForbiddenError: unwritable}
    return await _written(desk, "practices", form, write, refusals)


@router.get(f"{GUIDANCE}/contacts")
async def contacts_page(desk: DeskDep, done: Done = "") -> Response:
    """Show the essential lines of every country (P45)."""
    found = await contacts.contacts_of(desk.staff, None)
    return await _page(
        desk,
        "contacts",
        lines=found.lines,
        kinds=labels.CONTACT_KINDS,
        waiting=await pending.pending(desk.session, desk.actor, entity="contact"),
        done=done,
    )


@router.get(f"{GUIDANCE}/contacts/{{contact}}")
async def contact_page(desk: DeskDep, contact: RecordId) -> Response:
    """Show the form of one line; an id that is not there yet is a new one."""
    found = await review_queue.contact(desk.session, desk.actor, contact)
    typed = {"id": "" if contact == "new" else contact} if found is None else contact_typed(found)
    return await _contact_page(desk, typed, is_new=found is None)


@router.post(f"{GUIDANCE}/contacts/{{contact}}")
async def put_contact(
    desk: DeskDep, settings: SettingsDep, contact: RecordId, form: FormDep
) -> Response:
    """Propose a line or a change of one, or delete it at once (P53)."""
    if form.get("do") == "remove":
        await contacts.remove_contact(desk.session, desk.actor, contact, now=desk.now)
        return see(f"{GUIDANCE}/contacts?done=removed")
    is_new = contact == "new"
    contact_id = form.get("id", "").strip() if is_new else contact
    if is_new and await review_queue.contact(desk.session, desk.actor, contact_id) is not None:
        problems = error_texts(desk.words, [("id", CodedReason("there_already"))])
        return await _contact_page(desk, {**form, "id": contact_id}, problems, is_new=True)

    async def put() -> Response:
        outcome = await contacts.put_contact(
            desk.session,
            desk.actor,
            {**contact_in(form), "id": contact_id},
            sent_in(desk, form),
            allow_mixed=settings.allow_demo_mixed,
        )
        return gone_on(outcome, f"{GUIDANCE}/contacts?done=saved")

    typed = {**form, "id": contact_id}
    return await submitted(desk, put, partial(_contact_page, desk, typed, is_new=is_new))


@router.get(f"{GUIDANCE}/channels")
async def channels_page(desk: DeskDep, done: Done = "") -> Response:
    """Show the information channels by area, and the form of one."""
    return await _channels_page(desk, done=done)


@router.post(f"{GUIDANCE}/channels")
async def put_channel(desk: DeskDep, settings: SettingsDep, form: FormDep) -> Response:
    """Propose a channel or a change of one; an end or a pause holds at once (P53)."""

    async def put() -> Response:
        outcome = await channels.put_channel(
            desk.session,
            desk.actor,
            channel_in(form),
            sent_in(desk, form),
            allow_mixed=settings.allow_demo_mixed,
        )
        return gone_on(outcome, f"{GUIDANCE}/channels?done=saved")

    return await submitted(desk, put, partial(_channels_page, desk, typed=form))


@router.get(f"{GUIDANCE}/pathways")
async def pathways_page(desk: DeskDep, done: Done = "") -> Response:
    """Show the referral pathways that are not restricted, and the form of one."""
    return await _pathways_page(desk, done=done)


@router.post(f"{GUIDANCE}/pathways")
async def put_pathway(desk: DeskDep, settings: SettingsDep, form: FormDep) -> Response:
    """Propose a pathway; one that speaks of protected services becomes restricted at once."""
    if form.get("do") == "rows":
        return await _pathways_page(desk, typed=form, rows=_rows(form) + _MORE_ROWS)

    async def put() -> Response:
        outcome, remarks = await pathways.put_pathway(
            desk.session,
            desk.actor,
            pathway_in(form),
            sent_in(desk, form),
            allow_mixed=settings.allow_demo_mixed,
        )
        done = "restricted" if remarks else "saved"
        return gone_on(outcome, f"{GUIDANCE}/pathways?done={done}")

    again = partial(_pathways_page, desk, typed=form, rows=_rows(form))
    return await submitted(desk, put, again)


@router.post(f"{GUIDANCE}/{{kind}}/{{text}}")
async def decide(desk: DeskDep, kind: RecordId, text: RecordId, form: FormDep) -> Response:
    """Submit a draft, review what was submitted, or retire a message."""
    if kind not in _TEXTS:
        msg = "there is no such text"
        raise NotFoundError(msg)

    async def act() -> Response:
        await _act(desk, kind, text, form)
        return see(f"{GUIDANCE}/{kind}?done=saved")

    async def again(*, problems: dict[str, str]) -> Response:
        beside = {f"{field}-{text}": why for field, why in problems.items()}
        return await _texts_page(desk, kind, problems=beside)

    return await submitted(desk, act, again)


async def _written(
    desk: Desk,
    kind: str,
    form: Mapping[str, str],
    write: Callable[[], Awaitable[str]],
    refusals: Mapping[type[GeoError], tuple[str, CodedReason]] = NO_REFUSALS,
) -> Response:
    """Write a draft with ``write``, which returns its id; submit it if that button was pressed."""
    work: Any = _TEXTS[kind]

    async def save() -> Response:
        text_id = await write()
        if form.get("do") == "submit":
            await work.submit(desk.session, desk.actor, text_id)
        return see(f"{GUIDANCE}/{kind}?done=saved")

    return await submitted(desk, save, partial(_texts_page, desk, kind, typed=form), refusals)


async def _act(desk: Desk, kind: str, text: str, form: Mapping[str, str]) -> None:
    work: Any = _TEXTS[kind]
    match form.get("do"):
        case "submit":
            await work.submit(desk.session, desk.actor, text)
        case "accept" | "return":
            readers = {"reader": text_in(form, "reader")} if kind == "messages" else {}
            await work.review(
                desk.session,
                desk.actor,
                text,
                accept=form.get("do") == "accept",
                today=desk.now.date(),
                reason=text_in(form, "reason"),
                **readers,
            )
        case "retire" if kind == "messages":
            await messages.retire(desk.session, desk.actor, text)
        case _:
            raise InvalidRecordError([("do", CodedReason("not_a_button"))])


#: Number of empty steps in a new pathway form.
_FIRST_ROWS = 4
#: Number of empty steps that a button adds to the pathway form.
_MORE_ROWS = 3
#: Most steps of a pathway in the form.
_MOST_ROWS = 40


def _rows(form: Mapping[str, str]) -> int:
    numbers = [
        name.removeprefix("instruction-") for name in form if name.startswith("instruction-")
    ]
    return min(_MOST_ROWS, len(numbers))


async def _texts_page(
    desk: Desk,
    kind: str,
    *,
    problems: dict[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    done: str = "",
) -> Response:
    found = await _LISTS[kind](desk.session, desk.actor)
    people = await desk.session.scalars(select(Person))
    return await _page(
        desk,
        "texts",
        kind=kind,
        texts=found,
        names={person.id: person.name for person in people},
        problems=problems or {},
        typed=typed or {},
        done=done,
    )


async def _contact_page(
    desk: Desk,
    typed: Mapping[str, Any],
    problems: dict[str, str] | None = None,
    *,
    is_new: bool,
) -> Response:
    return await _page(
        desk,
        "contact",
        typed=typed,
        kinds=labels.CONTACT_KINDS,
        waiting=[]
        if is_new
        else await pending.pending(
            desk.session, desk.actor, entity="contact", record_id=typed["id"]
        ),
        is_new=is_new,
        problems=problems or {},
    )


async def _channels_page(
    desk: Desk,
    *,
    problems: dict[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    done: str = "",
) -> Response:
    return await _page(
        desk,
        "channels",
        channels=await channels.channels_of(desk.staff),
        waiting=await pending.pending(desk.session, desk.actor, entity="channel"),
        media=CHANNEL_MEDIA,
        channel_states=labels.CHANNEL_STATES,
        problems=problems or {},
        typed=typed or {},
        done=done,
    )


async def _pathways_page(
    desk: Desk,
    *,
    problems: dict[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    rows: int = _FIRST_ROWS,
    done: str = "",
) -> Response:
    return await _page(
        desk,
        "pathways",
        pathways=await review_queue.pathways(desk.session, desk.actor),
        waiting=await pending.pending(desk.session, desk.actor, entity="pathway"),
        terms=await desk.terms(),
        lines=(await contacts.contacts_of(desk.staff, None)).lines,
        rows=min(_MOST_ROWS, rows),
        problems=problems or {},
        typed=typed or {},
        done=done,
    )


async def _page(desk: Desk, name: str, **values: object) -> Response:
    w = desk.words
    return desk.page(
        name,
        status=400 if values.get("problems") else 200,
        audiences=labels.AUDIENCES,
        message_kinds=labels.MESSAGE_KINDS,
        text_states=labels.TEXT_STATES,
        may_review=can_coordinate(desk.actor),
        countries=sorted(((code, w.country(code)) for code in BOXES), key=lambda c: c[1]),
        today=desk.now.date(),
        **values,
    )
