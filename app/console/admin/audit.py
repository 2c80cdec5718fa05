"""``/network/audit``: who changed what of which record, and whether the audit chain is intact.

The chain holds no values; the page shows those that proposals and versions still hold.
"""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from app.access.forms import FormDep
from app.access.identity import CONSOLE
from app.console.admin.audit_view import OFFERED, action_name, entry_views
from app.console.forms.inputs import error_texts
from app.console.forms.labels import ENTITIES
from app.console.forms.layout import Desk, DeskDep
from app.console.forms.roles import get_auditor
from geo.audit import trail
from geo.audit.trail import ChainVerdict
from geo.errors import InvalidRecordError
from geo.hours.openings import zone
from geo.models import Person
from geo.oversight import row_digests
from geo.oversight.row_digests import RowVerdict
from geo.reasons import CodedReason

router = APIRouter(include_in_schema=False, dependencies=[Depends(get_auditor)])

AUDIT = f"{CONSOLE}/audit"

#: Number of entries of the chain on one page.
SHOWN = 100

#: Length of a SHA-256 hash in bytes.
_HASH_BYTES = 32

Word = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


class Filters(BaseModel):
    """What of the chain is shown; an empty field leaves everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    who: Word = ""
    action: Word = ""
    record: Word = ""
    entity: Word = ""
    day: Annotated[str, Field(pattern=r"^(\d{4}-\d\d-\d\d)?$")] = ""
    before: Annotated[int | None, Field(ge=1, le=2**62)] = None


@router.get(AUDIT)
async def audit_page(desk: DeskDep, asked: Annotated[Filters, Query()]) -> Response:
    """Show the newest entries, or those that are asked for."""
    return await _page(desk, asked)


@router.post(AUDIT)
async def verify(desk: DeskDep, form: FormDep) -> Response:
    """Recompute the chain, compare it with a head that was written down, and the rows with it."""
    written = "".join(form.get("expect", "").split()).lower()
    expect = None
    if written:
        try:
            expect = bytes.fromhex(written)
        except ValueError:
            expect = b""
        if len(expect) != _HASH_BYTES:
            problems = error_texts(desk.words, [("expect", CodedReason("not_head"))])
            return await _page(desk, Filters(), problems=problems, expect=form.get("expect", ""))
    verdict = await trail.verify(desk.session, expect=expect)
    rows = await row_digests.verify(desk.session)
    written = form.get("expect", "")
    return await _page(desk, Filters(), verdict=verdict, rows=rows, expect=written)


async def _page(
    desk: Desk,
    asked: Filters,
    *,
    verdict: ChainVerdict | None = None,
    rows: RowVerdict | None = None,
    problems: dict[str, str] | None = None,
    expect: str = "",
) -> Response:
    found: list[trail.ChainEntry] = []
    try:
        found = list(
            await trail.read(
                desk.staff,
                before=asked.before,
                record_id=asked.record or None,
                actor=asked.who or None,
                action=asked.action or None,
                entity=asked.entity or None,
                day=_day(asked.day),
                timezone=zone(desk.timezone),
                limit=SHOWN + 1,
            )
        )
    except InvalidRecordError as error:
        problems = error_texts(desk.words, error.problems)
    people = await desk.session.scalars(select(Person).order_by(Person.name))
    return desk.page(
        "audit",
        status=400 if problems else 200,
        entries=await entry_views(desk, found[:SHOWN]),
        actions=[(code, action_name(desk.words, code)) for code in OFFERED],
        action_name=action_name(desk.words, asked.action),
        entities=[(code, desk.words.gettext(name)) for code, name in ENTITIES.items()],
        older=found[SHOWN - 1].seq if len(found) > SHOWN else None,
        people={person.id: person.name for person in people},
        asked=asked,
        verdict=verdict,
        rows=rows,
        shown=SHOWN,
        problems=problems or {},
        expect=expect[:200],
    )


def _day(written: str) -> date | None:
    if not written:
        return None
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise InvalidRecordError([("day", CodedReason("not_date"))]) from None
    if day == date.max:  # the query needs the day after it
        raise InvalidRecordError([("day", CodedReason("not_date"))])
    return day
