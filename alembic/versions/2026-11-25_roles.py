"""Roles, schemas and PostGIS.

Roles belong to the whole cluster: created where missing, never dropped by a downgrade.
"""

from alembic import op

revision: str = "0001_roles"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

ROLES = """
do $$
declare
    login text;
begin
    if not exists (select from pg_roles where rolname = 'amparo_owner') then
        create role amparo_owner nologin;
    end if;
    foreach login in array
        array['amparo_public', 'amparo_partner', 'amparo_staff', 'amparo_writer']
    loop
        if not exists (select from pg_roles where rolname = login) then
            execute format('create role %I login nosuperuser nobypassrls', login);
        end if;
    end loop;
exception when duplicate_object or unique_violation then
    -- Another database of the same cluster is migrating at this moment and made them.
    null;
end $$;
"""

# A superuser may act as any role; any other migrator must be a member of the owner.
MEMBERSHIP = """
do $$
begin
    if not pg_has_role(current_user, 'amparo_owner', 'set') then
        execute format('grant amparo_owner to %I with set true', current_user);
    end if;
end $$;
"""

DATABASE_RIGHTS = """
do $$
begin
    execute format('revoke temporary on database %I from public', current_database());
    execute format(
        'grant connect on database %I'
        ' to amparo_public, amparo_partner, amparo_staff, amparo_writer',
        current_database()
    );
end $$;
"""

SCHEMAS = (
    "create extension if not exists postgis",
    "revoke create on schema public from public",
    "create schema if not exists amparo authorization amparo_owner",
    "create schema if not exists tier_public authorization amparo_owner",
    "create schema if not exists tier_partner authorization amparo_owner",
    "create schema if not exists tier_staff authorization amparo_owner",
    "grant usage on schema amparo to amparo_staff, amparo_writer",
    "grant usage on schema tier_public to amparo_public",
    "grant usage on schema tier_partner to amparo_partner",
    "grant usage on schema tier_staff to amparo_staff",
)


def upgrade() -> None:
    op.execute(ROLES)
    op.execute(MEMBERSHIP)
    op.execute(DATABASE_RIGHTS)
    for statement in SCHEMAS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop schema tier_staff, tier_partner, tier_public, amparo")
