"""SQL of the queue of proposals: which ones a person may see, their records, and who decides."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from geo.accounts.organizations import is_known_to
from geo.accounts.permissions import Actor, Role, can_approve, require_staff
from geo.models import (
    Contact,
    Crossing,
    InformationChannel,
    Location,
    Organization,
    Pathway,
    Person,
    Proposal,
    RestrictedReader,
)

#: Fields of a proposed record that can serve as its name; the first one present is used.
_NAMING = ("title", "name", "name_es", "claim")

_PROPOSER = aliased(Person)
_MERGED = aliased(Location)


def _is_space() -> ColumnElement[bool]:
    return Proposal.entity == "space"


def question() -> Select[Any]:
    """Return a query of proposals with the names of record, proposer and space to merge.

    Further columns are the countries of a crossing, and whether the record or the space to merge is
    restricted.
    """
    return (
        select(
            Proposal,
            case(
                (_is_space(), func.coalesce(Location.name, Proposal.changes["name"].astext)),
                (Proposal.entity == "crossing", Crossing.name),
                (Proposal.entity == "organization", Organization.name),
                else_=func.coalesce(
                    Contact.name,
                    InformationChannel.name,
                    Pathway.title,
                    *(Proposal.changes[field].astext for field in _NAMING),
                    Proposal.record_id,
                ),
            ).label("name"),
            _PROPOSER.name.label("proposer"),
            Crossing.country_a,
            Crossing.country_b,
            _MERGED.name.label("merged_name"),
            _tells_of_restricted().label("is_restricted"),
            func.coalesce(_MERGED.visibility == "restricted", False).label("is_merged_restricted"),
        )
        .outerjoin(Location, _is_space() & (Location.id == Proposal.record_id))
        .outerjoin(Crossing, (Proposal.entity == "crossing") & (Crossing.id == Proposal.record_id))
        .outerjoin(
            Organization,
            (Proposal.entity == "organization") & (Organization.id == Proposal.record_id),
        )
        .outerjoin(Contact, (Proposal.entity == "contact") & (Contact.id == Proposal.record_id))
        .outerjoin(
            InformationChannel,
            (Proposal.entity == "channel") & (InformationChannel.id == Proposal.record_id),
        )
        .outerjoin(Pathway, (Proposal.entity == "pathway") & (Pathway.id == Proposal.record_id))
        .outerjoin(_PROPOSER, _PROPOSER.id == Proposal.proposed_by)
        .outerjoin(_MERGED, _MERGED.id == Proposal.merged_id)
    )


def _tells_of_restricted() -> ColumnElement[bool]:
    """Return the SQL condition that a proposal is about a restricted space, or would add one.

    A new space is restricted unless it states another visibility (P1).
    """
    visibility = case(
        (Proposal.record_id.is_not(None), Location.visibility),
        else_=Proposal.changes["visibility"].astext,
    )
    return _is_space() & func.coalesce(visibility.not_in(("public", "partners")), True)


def may_see(actor: Actor) -> ColumnElement[bool]:
    """Return the SQL condition of proposals that ``actor`` may see, for use in `question`."""
    own = Proposal.proposed_by == actor.id
    named = (
        select(RestrictedReader.person)
        .where(RestrictedReader.location_id == Location.id, RestrictedReader.person == actor.id)
        .exists()
    )
    decides: ColumnElement[bool] = true()
    if actor.role is Role.APPROVER:
        there = sorted(actor.countries)
        crossing = select(Crossing.id).where(
            or_(Crossing.country_a.in_(there), Crossing.country_b.in_(there))
        )
        decides = or_(
            Proposal.country.in_(there),
            (Proposal.entity == "crossing") & Proposal.record_id.in_(crossing),
        )
    elif actor.role is not Role.COORDINATOR:
        # Editors and administrators decide on no proposal, so they see only those of their own
        # organisation.
        decides = Proposal.organization_id == actor.organization_id
    known = or_(
        Proposal.entity != "space",
        Proposal.record_id.is_(None),
        Location.visibility != "restricted",
        named,
    )
    known &= or_(Proposal.entity != "organization", is_known_to(actor))
    of_merged = RestrictedReader.location_id == Proposal.merged_id
    reader = select(RestrictedReader.person).where(of_merged, RestrictedReader.person == actor.id)
    is_restricted = select(Location.id).where(
        Location.id == Proposal.merged_id, Location.visibility == "restricted"
    )
    known &= or_(~is_restricted.correlate(Proposal).exists(), reader.exists())
    # A new space that states neither "public" nor "partners" would be restricted (P1).
    would_be_seen = or_(
        Proposal.record_id.is_not(None),
        Proposal.entity != "space",
        Proposal.changes["visibility"].astext.in_(("public", "partners")),
    )
    if actor.role in {Role.APPROVER, Role.COORDINATOR}:
        would_be_seen = true()
    return or_(own & known, and_(decides, known, would_be_seen))


def shown_proposals(actor: Actor) -> Select[Any]:
    """Return a query of the proposals that an actor may see, for lists (writer session).

    One row per proposal with the columns ``id``, ``entity``, ``record_id``, ``merged_id``,
    ``state``, ``batch_id``, ``proposed_by``, ``proposed_at``, ``country``, ``proposer`` (name);
    ``is_restricted``, whether the proposal reveals a restricted record (P31); ``name`` and
    ``reason``, null if it does; ``fields``, the sorted names of the fields that would change; and
    ``decides``, whether the actor is a second person who may decide on the proposal now.

    Raises
    ------
    ForbiddenError
        The actor is below the role of an editor.
    """
    require_staff(actor)
    there = question().where(may_see(actor)).subquery("proposals_seen")
    c = there.c
    is_restricted = c.is_restricted | c.is_merged_restricted
    field = func.jsonb_object_keys(c.changes).table_valued("field").render_derived("changed")
    return select(
        *(
            c[name]
            for name in (
                *("id", "entity", "record_id", "merged_id", "state", "batch_id", "proposed_by"),
                *("proposed_at", "country", "proposer"),
            )
        ),
        case((is_restricted, None), else_=c.name).label("name"),
        case((is_restricted, None), else_=c.reason).label("reason"),
        is_restricted.label("is_restricted"),
        select(func.array_agg(aggregate_order_by(field.c.field, field.c.field)))
        .select_from(field)
        .scalar_subquery()
        .label("fields"),
        _decides(actor, c).label("decides"),
    )


def _decides(actor: Actor, c: Any) -> ColumnElement[bool]:  # noqa: ANN401 -- columns of a subquery
    """Return the SQL condition that the actor is a second person who may decide on a proposal."""
    countries = (c.country, c.country_a, c.country_b)
    where: ColumnElement[bool] = or_(
        *(
            country == code
            for code in sorted(actor.countries)
            for country in countries
            if can_approve(actor, country=code, proposed_by=None)
        ),
        false(),
    )
    if can_approve(actor, country=None, proposed_by=None):
        where = true()
    return and_(
        c.state == "pending",
        c.proposed_by.is_distinct_from(actor.id),
        c.link_sent_by.is_distinct_from(actor.id),
        where,
    )
