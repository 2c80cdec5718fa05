"""A proposal is decided once, by a second person, who did not send the proposer's link either."""

from alembic import op

revision: str = "0008_changes"
down_revision: str | None = "0007_history"
branch_labels: str | None = None
depends_on: str | None = None

LINK_SENDER = (
    "alter table amparo.proposals add column link_sent_by text",
    """
    alter table amparo.proposals add constraint fk_proposals_link_sent_by
        foreign key (link_sent_by) references amparo.people (id) on delete set null
    """,
    "create index ix_proposals_link_sent_by on amparo.proposals (link_sent_by)",
    "alter table amparo.proposals drop constraint ck_proposals_two_people",
    """
    alter table amparo.proposals add constraint ck_proposals_two_people check (
        decided_by is null or (decided_by is distinct from proposed_by
        and decided_by is distinct from link_sent_by))
    """,
)

# P40: what one owner changed at once is kept with its reason, decided by nobody else.
APPLIED = (
    "alter table amparo.proposals drop constraint ck_proposals_state",
    """
    alter table amparo.proposals add constraint ck_proposals_state check (
        state in ('pending', 'accepted', 'rejected', 'withdrawn', 'applied'))
    """,
)

# P23: whatever a program does, what was decided stays decided, by whom and on what. Only the
# change itself is emptied when its time is over (P29).
DECIDED_ONCE = (
    """
    create function amparo.proposal_decided_once() returns trigger
    language plpgsql set search_path = amparo, pg_temp as $$
    begin
        if old.state <> 'pending' and (
            new.state <> old.state
            or new.decided_by is distinct from old.decided_by
            or new.decided_at is distinct from old.decided_at
        ) then
            raise exception 'a proposal is decided once' using errcode = 'check_violation';
        end if;
        if new.proposed_by is distinct from old.proposed_by and new.proposed_by is not null then
            raise exception 'who proposed stays' using errcode = 'check_violation';
        end if;
        if (old.state = 'pending' and new.state = 'pending' and new.changes <> old.changes)
            or new.released <> old.released
            or new.merged_id is distinct from old.merged_id
            or new.merged_revision is distinct from old.merged_revision
        then
            raise exception 'a proposal is not rewritten' using errcode = 'check_violation';
        end if;
        return new;
    end
    $$
    """,
    "revoke execute on function amparo.proposal_decided_once() from public",
    """
    create trigger decided_once before update on amparo.proposals
        for each row execute function amparo.proposal_decided_once()
    """,
)

# P41: a link is the whole proof of who answers; an operator of before is no operator.
LINKS_END_WITH_OWNER = (
    """
    create function amparo.links_end_with_owner() returns trigger
    language plpgsql set search_path = amparo, pg_temp as $$
    begin
        update confirmation_links set revoked_at = now()
        where location_id = new.id and used_at is null and revoked_at is null;
        return null;
    end
    $$
    """,
    "revoke execute on function amparo.links_end_with_owner() from public",
    """
    create trigger links_end_with_owner after update of organization_id on amparo.locations
        for each row when (old.organization_id is distinct from new.organization_id)
        execute function amparo.links_end_with_owner()
    """,
)

UPGRADE: tuple[str, ...] = (*LINK_SENDER, *APPLIED, *DECIDED_ONCE, *LINKS_END_WITH_OWNER)

DOWNGRADE: tuple[str, ...] = (
    "drop trigger links_end_with_owner on amparo.locations",
    "drop function amparo.links_end_with_owner()",
    "drop trigger decided_once on amparo.proposals",
    "drop function amparo.proposal_decided_once()",
    "alter table amparo.proposals drop constraint ck_proposals_two_people",
    """
    alter table amparo.proposals add constraint ck_proposals_two_people check (
        decided_by is null or decided_by is distinct from proposed_by)
    """,
    "alter table amparo.proposals drop column link_sent_by",
    "delete from amparo.proposals where state = 'applied'",
    "alter table amparo.proposals drop constraint ck_proposals_state",
    """
    alter table amparo.proposals add constraint ck_proposals_state check (
        state in ('pending', 'accepted', 'rejected', 'withdrawn'))
    """,
)


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in UPGRADE:
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in DOWNGRADE:
        op.execute(statement)
    op.execute("reset role")
