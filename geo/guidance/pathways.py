"""Referral pathways: the steps by which a need is met in an area.

For protected needs only hotlines are shown, because a published pathway endangers survivors,
providers and staff (domain.md section 6, GBV AoR). The steps of a pathway for a protected need can
be read only by the named readers of this pathway.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.accounts.permissions import Actor, require_review
from geo.audit import trail
from geo.db.guidance_views import contacts, pathway_steps, pathways, plain_rows
from geo.db.views import protected_terms, spaces
from geo.guidance.contacts import HOTLINES, contacts_of
from geo.guidance.stored_records import stored_record
from geo.models import (
    PROTECTED_SERVICES,
    Contact,
    Pathway,
    PathwayReader,
    PathwayStep,
)
from geo.proposals.guidance_changes import Sent, circumstances_of, put_unmixed
from geo.proposals.submission import Outcome
from geo.subjects.contacts import pathway_document, require_known_steps
from geo.text.normalize import folded


@dataclass(frozen=True, slots=True)
class Guidance:
    """Guidance on a need in an area: pathways, or hotlines for a protected need.

    Attributes
    ----------
    is_protected : bool
        Whether the need is protected. Its pathways are then under controlled access, and
        ``pathways`` is always empty.
    pathways : tuple of mappings
        Pathways, each with its ``steps`` in order; a step has an instruction, and its contact and
        space if they are visible to the session's tier.
    contacts : tuple of mappings
        Hotlines for a protected need; otherwise empty, because the steps name their contacts.
    """

    is_protected: bool
    pathways: tuple[Mapping[str, Any], ...]
    contacts: tuple[Mapping[str, Any], ...]


async def is_protected(session: AsyncSession, need: str) -> bool:
    """Return whether a need is a protected service, which is never published (P38).

    The session may be of any reading tier.
    """
    return need in PROTECTED_SERVICES or bool(
        await session.scalar(
            select(
                exists().where(
                    protected_terms.c.vocabulary == "service", protected_terms.c.code == need
                )
            )
        )
    )


async def guidance_for(
    session: AsyncSession, need: str, country: str, admin1: str | None = None
) -> Guidance:
    """Return the pathways for a need in an area, or only hotlines for a protected need.

    Parameters
    ----------
    session : AsyncSession
        Session whose tier decides which pathways, contacts and spaces are visible.
    need : str
        Code of the needed service.
    country : str
        Country of the area, ISO 3166-1 alpha-2.
    admin1 : str or None
        Name of a first-level unit, whose pathways come before those of the whole country; None
        returns the latter only.
    """
    if await is_protected(session, need):
        lines = await contacts_of(session, country, admin1, kinds=HOTLINES)
        return Guidance(is_protected=True, pathways=(), contacts=lines.lines)
    c = pathways.c
    found = await session.execute(
        select(pathways).where(c.need == need, c.country == country).order_by(c.title, c.id)
    )
    rows = plain_rows(found)
    rows = _of_unit(rows, admin1)
    steps = await _steps(session, [row["id"] for row in rows])
    return Guidance(
        is_protected=False,
        pathways=tuple({**row, "steps": steps.get(row["id"], [])} for row in rows),
        contacts=(),
    )


async def listed_pathways(
    session: AsyncSession, country: str | None = None
) -> list[dict[str, Any]]:
    """Return the pathways of a country, or of all, with their steps; none for a protected need.

    Sorted by country, need and title (any reading tier).
    """
    c = pathways.c
    question = select(pathways).order_by(c.country, c.need, c.title, c.id)
    if country is not None:
        question = question.where(c.country == country)
    protected = select(protected_terms.c.code).where(protected_terms.c.vocabulary == "service")
    found = await session.execute(
        question.where(c.need.not_in(PROTECTED_SERVICES), c.need.not_in(protected))
    )
    rows = plain_rows(found)
    steps = await _steps(session, [row["id"] for row in rows])
    return [{**row, "steps": steps.get(row["id"], [])} for row in rows]


def _of_unit(rows: list[dict[str, Any]], admin1: str | None) -> list[dict[str, Any]]:
    """Return the pathways of a first-level unit, followed by those of the whole country."""
    unit = None if admin1 is None else folded(admin1)
    own = [row for row in rows if row["admin1"] and folded(str(row["admin1"])) == unit]
    return own + [row for row in rows if row["admin1"] is None]


async def _steps(session: AsyncSession, ids: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    s, k, v = pathway_steps.c, contacts.c, spaces.c
    found = await session.execute(
        select(
            s.pathway_id,
            s.position,
            s.instruction,
            k.id.label("contact_id"),
            k.kind,
            k.name.label("contact_name"),
            k.phone,
            k.whatsapp,
            v.id.label("space_id"),
            v.name.label("space_name"),
        )
        .select_from(pathway_steps)
        .outerjoin(contacts, k.id == s.contact_id)
        .outerjoin(spaces, v.id == s.location_id)
        .where(s.pathway_id.in_(list(ids)))
        .order_by(s.pathway_id, s.position)
    )
    steps: dict[str, list[dict[str, Any]]] = {}
    for row in found:
        contact = {
            "id": row.contact_id,
            "kind": row.kind,
            "name": row.contact_name,
            "phone": row.phone,
            "whatsapp": row.whatsapp,
        }
        space = {"id": row.space_id, "name": row.space_name}
        steps.setdefault(row.pathway_id, []).append(
            {
                "position": row.position,
                "instruction": row.instruction,
                "contact": None if row.contact_id is None else contact,
                "space": None if row.space_id is None else space,
            }
        )
    return steps


async def read_controlled(
    session: AsyncSession, actor: Actor, need: str, country: str
) -> list[dict[str, Any]]:
    """Return the pathways for a need of which the actor is a named reader, and log the access.

    Parameters
    ----------
    session : AsyncSession
        Writer session, because each access is written to the audit log (P31).
    actor, need, country
        Named reader, and the need and country of the pathways.
    """
    found = await session.scalars(
        select(Pathway)
        .join(PathwayReader, PathwayReader.pathway_id == Pathway.id)
        .where(PathwayReader.person == actor.id, Pathway.need == need, Pathway.country == country)
        .order_by(Pathway.id)
    )
    answers = []
    for pathway in found.all():
        steps = await session.execute(
            select(PathwayStep.position, PathwayStep.instruction, Contact.name, Contact.phone)
            .outerjoin(Contact, Contact.id == PathwayStep.contact_id)
            .where(PathwayStep.pathway_id == pathway.id)
            .order_by(PathwayStep.position)
        )
        await trail.note(session, actor.id, "pathway", "read", pathway.id)
        answers.append(
            {
                "id": pathway.id,
                "need": pathway.need,
                "country": pathway.country,
                "admin1": pathway.admin1,
                "title": pathway.title,
                "expires_on": pathway.expires_on,
                "steps": [
                    {
                        "position": step.position,
                        "instruction": step.instruction,
                        "contact": None
                        if step.name is None
                        else {"name": step.name, "phone": step.phone},
                    }
                    for step in steps
                ],
            }
        )
    return answers


async def put_pathway(
    session: AsyncSession,
    actor: Actor,
    fields: Mapping[str, Any],
    sent: Sent,
    *,
    allow_mixed: bool = False,
) -> tuple[Outcome, tuple[str, ...]]:
    """Propose a new pathway, or a change of the pathway with the same id (writer session; P53).

    A restricted pathway is stored at once, because only its named readers can read it.

    Parameters
    ----------
    session, actor
        Writer session, and a coordinator.
    fields : mapping
        Fields as in a file of pathways, with ``steps``.
    sent : Sent
        Time, channel and reason of the change.
    allow_mixed : bool
        Propose the pathway even if demo and real rows would mix (P35).

    Returns
    -------
    Outcome, tuple of str
        Outcome of the proposal, and remarks on changes made to the pathway by a rule, such as
        making it restricted (P38).

    Raises
    ------
    ForbiddenError
        The actor is no coordinator.
    InvalidRecordError
        A field breaks its rule or names an unknown record.
    MixedDataError
        Demo and real rows would mix, and ``allow_mixed`` is False.
    """
    document, remarks = pathway_document(fields, await circumstances_of(session, actor, sent))
    await require_known_steps(session, document["steps"])
    outcome = await put_unmixed(session, actor, "pathway", document, sent, allow_mixed=allow_mixed)
    return outcome, remarks


async def name_reader(
    session: AsyncSession, actor: Actor | str, pathway_id: str, person: str
) -> None:
    """Name a person as reader of a restricted pathway (writer session).

    Parameters
    ----------
    actor
        Signed-in coordinator, or ``cli`` for the operator of the machine.

    Raises
    ------
    ForbiddenError
        The actor is a program or no coordinator.
    NotFoundError
        There is no pathway with this id.
    """
    if isinstance(actor, Actor):
        require_review(actor)
    await stored_record(session, Pathway, pathway_id)
    await session.merge(PathwayReader(pathway_id=pathway_id, person=person))
    await session.flush()
    await trail.record(
        session,
        actor=actor.id if isinstance(actor, Actor) else actor,
        action="pathway.name_reader",
        entity="pathway",
        record_id=pathway_id,
        details={"person": person},
    )
