"""Loading of a country kit, all or nothing, with proposals for what needs a second person.

Telephone contacts, channels and hours of crossings become proposals that a second person decides on
(P40, P53), texts and checklists become drafts, and other entries are stored directly. When the same
kit is loaded again, only entries that have changed in it since the last load are stored or
proposed: a telephone number that was withdrawn in the meantime is not proposed again.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_coordinate
from geo.audit import trail
from geo.errors import ConflictError, InvalidFileError
from geo.guidance import channels, checklists, contacts, messages
from geo.hours.public_holidays import is_holiday
from geo.kits.reading import Kit, KitEntry, read_kit
from geo.kits.schema import BY_NAME
from geo.models import Boundary, Crossing, Message, UnitPcode
from geo.proposals.guidance_changes import Sent
from geo.proposals.submission import propose_crossing
from geo.records import demo_rows, space_documents, upsert
from geo.subjects.subject import read_subjects

#: Prefix of the names under which checksums of the loaded entries are stored, in the table of
#: loaded files. An entry with the stored checksum is not loaded again.
_TAKEN: Final = "kit:"

_ORDER: Final = tuple(BY_NAME)

#: Largest difference in degrees at which two positions of a crossing are the same: 5 decimals,
#: about a metre.
_SAME_DEG: Final = 1e-5

#: Outcomes of an entry.
ADDED, PROPOSED, DRAFTED, UNCHANGED, NOTED = "added", "proposed", "drafted", "unchanged", "noted"


@dataclass(frozen=True, slots=True)
class KitRow:
    """What loading does, or would do, with an entry of a kit.

    Attributes
    ----------
    outcome : str
        ``added``, ``proposed``, ``drafted``, ``unchanged`` or ``noted`` (nothing is stored).
    note : str
        Remark on the outcome, for example that a second person has to decide; may be empty.
    """

    label: str
    outcome: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class KitReport:
    """Outcome of loading a kit, or of a dry run."""

    country: str
    rows: tuple[KitRow, ...]

    def counts(self) -> dict[str, int]:
        """Return the number of entries by outcome, for the outcomes that occur."""
        found: dict[str, int] = {}
        for row in self.rows:
            found[row.outcome] = found.get(row.outcome, 0) + 1
        return found


@dataclass(frozen=True, slots=True)
class _Load:
    session: AsyncSession
    actor: Actor | None
    country: str
    now: datetime
    allow_mixed: bool

    @property
    def sent(self) -> Sent:
        return Sent(self.now, "cli", f"Del paquete del país {self.country}.")


async def load_kit(
    session: AsyncSession,
    data: bytes,
    *,
    actor: Actor | None,
    now: datetime,
    allow_mixed: bool = False,
) -> KitReport:
    """Load a kit, or report what loading it would do (writer session).

    Parameters
    ----------
    data : bytes
        Content of ``kit.toml``.
    actor : Actor or None
        Coordinator who makes the proposals, and therefore cannot decide on them. None only reports
        and writes nothing.
    now : datetime
        Moment of loading, aware.
    allow_mixed : bool
        Whether real rows may stand beside demo rows (P35).

    Raises
    ------
    InvalidFileError
        An entry breaks a rule; the error names section, entry, field and reason of each. Nothing is
        changed.
    ForbiddenError
        The actor is no coordinator.
    MixedDataError
        Demo rows are loaded, and ``allow_mixed`` is False.
    """
    circumstances = await space_documents.circumstances(session, now=now, today=now.date())
    kit = read_kit(data, circumstances)
    problems = [*kit.problems, *await _problems(session, kit)]
    if problems:
        raise InvalidFileError(problems)
    load = _Load(session, actor, kit.country, now, allow_mixed)
    if actor is not None:
        require_coordinate(actor)
        if not allow_mixed:
            await demo_rows.require_alike(session, is_demo=False)
    prefix = f"{_TAKEN}{kit.country}:"
    taken = await upsert.remembered(session, prefix)
    rows = []
    if actor is None and not allow_mixed and await demo_rows.holds_demo(session):
        rows.append(KitRow("kit", NOTED, "the demonstration stands in the way: amparo demo remove"))
    async with session.begin_nested():
        # Crossings before their hours, whatever the file's own order.
        for entry in sorted(kit.entries, key=lambda one: _ORDER.index(one.section)):
            digest = _digest(entry)
            name = f"{entry.section}:{entry.key}"
            if entry.section in _TAKES and taken.get(name) == digest:
                rows.append(KitRow(entry.label, UNCHANGED))
                continue
            row = await (_TAKES.get(entry.section) or _NOTES[entry.section])(load, entry)
            rows.append(row)
            if actor is not None and entry.section in _TAKES:
                await upsert.remember(session, prefix + name, digest, now.date())
    report = KitReport(kit.country, tuple(rows))
    if actor is not None:
        details = {"country": kit.country, **report.counts()}
        await trail.record(
            session, actor=actor.id, action="kit.load", entity="kit", details=details
        )
    return report


def _digest(entry: KitEntry) -> str:
    stated = json.dumps(entry.values, default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(stated.encode()).hexdigest()


async def _problems(session: AsyncSession, kit: Kit) -> list[str]:
    """Return messages on entries that contradict stored records or refer to unknown ones."""
    stated = {entry.key: entry for entry in kit.of("crossings")}
    wanted = {*stated, *(entry.values["crossing_id"] for entry in kit.of("hours"))}
    stored = {
        one.id: one
        for one in await session.scalars(select(Crossing).where(Crossing.id.in_(wanted)))
    }
    problems = []
    for entry in stated.values():
        there = stored.get(entry.values["id"])
        if there is not None and (differs := await _differing(session, there, entry.values)):
            problems.append(
                f"{entry.label}: {differs} is not that of the crossing that is there; people walk "
                "to it, so a file does not move or rename it"
            )
    for entry in kit.of("hours"):
        crossing_id = entry.values["crossing_id"]
        if crossing_id not in stored and crossing_id not in stated:
            problems.append(f"{entry.label}: crossing_id '{crossing_id}' is not known")
    codes = {entry.values["code"] for entry in kit.of("boundaries")}
    units = set(await session.scalars(select(Boundary.code).where(Boundary.code.in_(codes))))
    return problems + [
        f"{entry.label}: code is of no first-level unit that is loaded"
        for entry in kit.of("boundaries")
        if entry.values["code"] not in units
    ]


async def _differing(session: AsyncSession, there: Crossing, stated: Any) -> str | None:  # noqa: ANN401 -- checked values
    """Return the first field in which a kit's crossing differs from the stored one, or None."""
    for name in ("name", "country_a", "country_b"):
        if getattr(there, name) != stated[name]:
            return name
    x, y = (
        await session.execute(
            select(Crossing.geom.ST_X(), Crossing.geom.ST_Y()).where(Crossing.id == there.id)
        )
    ).one()
    point = stated["geom"]
    return None if max(abs(x - point.x), abs(y - point.y)) <= _SAME_DEG else "the position"


async def _crossing(load: _Load, entry: KitEntry) -> KitRow:
    if await load.session.get(Crossing, entry.values["id"]) is not None:
        return KitRow(entry.label, UNCHANGED)
    if load.actor is not None:
        await upsert.write(load.session, {Crossing: [dict(entry.values)]}, {})
    return KitRow(entry.label, ADDED, "its state is not known until its hours are approved (P32)")


async def _hours(load: _Load, entry: KitEntry) -> KitRow:
    crossing_id, statement = entry.values["crossing_id"], entry.values["statement"]
    there = (await read_subjects(load.session, "crossing", [crossing_id])).get(crossing_id)
    if there is not None and there.document == statement:
        return KitRow(entry.label, UNCHANGED)
    note = "closes at once" if statement["state"] != "open" else "waits for a second person (P40)"
    if load.actor is not None:
        await propose_crossing(
            load.session,
            load.actor,
            crossing_id=crossing_id,
            statement=statement,
            reason=load.sent.reason,
            via=load.sent.via,
            now=load.now,
        )
    return KitRow(entry.label, PROPOSED, note)


def _two_people(entity: str, put: Callable[..., Awaitable[object]]) -> "_Take":
    """Return a function that loads an entry as a proposal for a second person (P53)."""

    async def load_entry(load: _Load, entry: KitEntry) -> KitRow:
        document = entry.values
        found = await read_subjects(load.session, entity, [document["id"]])
        if document["id"] in found and found[document["id"]].document == document:
            return KitRow(entry.label, UNCHANGED)
        if load.actor is not None:
            await put(load.session, load.actor, document, load.sent, allow_mixed=load.allow_mixed)
        return KitRow(entry.label, PROPOSED, "waits for a second person (P53)")

    return load_entry


async def _message(load: _Load, entry: KitEntry) -> KitRow:
    stated = entry.values
    there = await load.session.scalar(
        select(Message.body).where(
            Message.key == stated["key"],
            Message.language == stated["language"],
            Message.valid_from == stated["valid_from"],
        )
    )
    if there is not None:
        if there == stated["body"]:
            return KitRow(entry.label, UNCHANGED)
        msg = (
            f"{entry.label}: another text of this key and language holds from that day: state a "
            "later valid_from"
        )
        raise ConflictError(msg)
    if load.actor is not None:
        fields = {name: value for name, value in stated.items() if name != "language"}
        message_id = await messages.write(
            load.session,
            load.actor,
            lang=stated["language"],
            allow_mixed=load.allow_mixed,
            **fields,
        )
        await messages.submit(load.session, load.actor, message_id)
    return KitRow(entry.label, DRAFTED, "waits for its review (P47)")


async def _checklist(load: _Load, entry: KitEntry) -> KitRow:
    if load.actor is not None:
        await checklists.add_version(load.session, load.actor, **entry.values)
    return KitRow(entry.label, DRAFTED, "is put in force by two people, at /network/standards")


async def _boundary(load: _Load, entry: KitEntry) -> KitRow:
    there = await load.session.get(UnitPcode, entry.values["code"])
    if there is not None and (there.pcode, there.source) == (
        entry.values["pcode"],
        entry.values["source"],
    ):
        return KitRow(entry.label, UNCHANGED)
    if load.actor is not None:
        await load.session.merge(UnitPcode(**entry.values))
    return KitRow(entry.label, ADDED)


async def _holiday(load: _Load, entry: KitEntry) -> KitRow:
    day, admin1 = entry.values["day"], entry.values["admin1"]
    if is_holiday(load.country, admin1, day):
        return KitRow(entry.label, UNCHANGED)
    return KitRow(
        entry.label,
        NOTED,
        f"the calendar has no holiday on {day}: state it with the spaces that close "
        "(schedule_exceptions)",
    )


async def _extract(load: _Load, entry: KitEntry) -> KitRow:
    name, url = entry.values["name"], entry.values["url"]
    return KitRow(
        entry.label,
        NOTED,
        f"download {url}, then: amparo roads import FILE --region {name} --country {load.country}",
    )


_Take = Callable[[_Load, KitEntry], Awaitable[KitRow]]

#: Functions that store or propose an entry, by section of the kit. They are not called for an entry
#: whose digest is that of the last load.
_TAKES: Final[dict[str, _Take]] = {
    "crossings": _crossing,
    "hours": _hours,
    "contacts": _two_people("contact", contacts.put_contact),
    "channels": _two_people("channel", channels.put_channel),
    "messages": _message,
    "checklists": _checklist,
    "boundaries": _boundary,
}
#: Functions that only report on an entry and store nothing, by section of the kit.
_NOTES: Final[dict[str, _Take]] = {"holidays": _holiday, "extracts": _extract}


def empty_of(kit: Kit, essential: Sequence[str] = contacts.ESSENTIAL) -> list[str]:
    """Return a line for each section or kind of contact that the kit lacks."""
    lines = []
    timed = {entry.values["crossing_id"] for entry in kit.of("hours")}
    untimed = [entry.key for entry in kit.of("crossings") if entry.values["id"] not in timed]
    if untimed:
        lines.append(f"hours: none for {', '.join(untimed)}")
    kinds = {entry.values["kind"] for entry in kit.of("contacts")}
    missing = [kind for kind in essential if kind not in kinds]
    if missing:
        lines.append(f"contacts: no {', '.join(missing)}")
    filled = {entry.section for entry in kit.entries}
    lines += [
        f"{section}: none"
        for section in BY_NAME
        if section not in filled and section not in {"hours", "contacts"}
    ]
    return lines
