"""Views of tables that people keep, and acts of one press from a row, which can be undone."""

from alembic import op

revision: str = "0009_views"
down_revision: str | None = "0008_desk"
branch_labels: str | None = None
depends_on: str | None = None

#: A view is a name and the parameters of a table's address; rights are asked when it is opened.
#: Who keeps views may have chosen no columns.
VIEWS = """
alter table amparo.table_columns
    alter column columns drop not null,
    add column views jsonb not null default '[]' constraint ck_table_columns_views
        check (jsonb_typeof(views) = 'array' and jsonb_array_length(views) <= 12)
"""

#: What the view of the desk's spaces had before (revision 0008).
LISTED = """
select s.id, s.name, s.kind, s.organization_id, s.organization, s.country, s.admin1, s.locality,
    s.status, s.visibility, s.confirmed_on, s.expires_on, s.capacity_available,
    s.capacity_maximum, s.capacity_updated, s.hidden_at, s.demo,
    st_x(s.geom) as lon, st_y(s.geom) as lat,
    array_remove(array[
        case when coalesce(s.landmark, s.address) is null then 'landmark' end,
        case when not exists (select from amparo.schedules c where c.location_id = s.id)
            and not exists (select from amparo.itinerary_stops i where i.location_id = s.id)
            then 'schedules' end,
        case when not exists (select from amparo.phones p where p.location_id = s.id)
            then 'public_phones' end,
        case when not exists (
            select from amparo.service_at_location a where a.location_id = s.id
        ) then 'services' end,
        case when not exists (select from amparo.languages g where g.location_id = s.id)
            then 'languages' end,
        case when s.documents_required is null then 'documents_required' end,
        case when s.fee_kind = 'not_known' then 'fees' end,
        case when s.children_alone = 'not_known' then 'children_alone' end,
        case when s.holidays = 'not_known' then 'holidays' end,
        case when s.step_free is null then 'step_free' end,
        case when s.amenities = '{}'::jsonb then 'amenities' end,
        case when s.data_shared is null then 'data_shared' end
    ], null) as missing
"""

#: What its rows need besides, for acts of one press: which day it is there, and the revision that
#: the person saw.
ACTED_ON = """
    , s.timezone, (select l.revision from amparo.locations l where l.id = s.id) as revision
"""

FROM_SPACES = "from tier_staff.spaces s"

WITHOUT_VIEWS = """
alter table amparo.table_columns drop column views, alter column columns set not null
"""

ACTIONS = "alter table amparo.bulk_actions drop constraint ck_bulk_actions_action"


def upgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        VIEWS,
        ACTIONS,
        """
        alter table amparo.bulk_actions add constraint ck_bulk_actions_action
            check (action in ('confirm', 'close', 'beds'))
        """,
        f"create or replace view tier_staff.desk_spaces as {LISTED} {ACTED_ON} {FROM_SPACES}",
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        "delete from amparo.table_columns where columns is null",
        WITHOUT_VIEWS,
        # They can be undone for an hour.
        "delete from amparo.bulk_actions where action = 'beds'",
        ACTIONS,
        """
        alter table amparo.bulk_actions add constraint ck_bulk_actions_action
            check (action in ('confirm', 'close'))
        """,
        "drop view tier_staff.desk_spaces",
        f"create view tier_staff.desk_spaces as {LISTED} {FROM_SPACES}",
        "grant select on tier_staff.desk_spaces to amparo_staff",
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)
