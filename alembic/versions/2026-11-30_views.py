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

WITHOUT_VIEWS = """
alter table amparo.table_columns drop column views, alter column columns set not null
"""

#: The rows of ``tier_staff.desk_spaces`` with what an act of one press needs: the revision that the
#: person saw. The outer join is left out of a query that does not ask for it, as one that counts.
ACTED_ON = """
create view tier_staff.desk_space_rows as
select d.*, l.revision
from tier_staff.desk_spaces d left join amparo.locations l on l.id = d.id
"""

ACTIONS = "alter table amparo.bulk_actions drop constraint ck_bulk_actions_action"


def upgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        VIEWS,
        ACTED_ON,
        "grant select on tier_staff.desk_space_rows to amparo_staff",
        ACTIONS,
        """
        alter table amparo.bulk_actions add constraint ck_bulk_actions_action
            check (action in ('confirm', 'close', 'beds'))
        """,
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        "delete from amparo.table_columns where columns is null",
        WITHOUT_VIEWS,
        "drop view tier_staff.desk_space_rows",
        # They can be undone for an hour.
        "delete from amparo.bulk_actions where action = 'beds'",
        ACTIONS,
        """
        alter table amparo.bulk_actions add constraint ck_bulk_actions_action
            check (action in ('confirm', 'close'))
        """,
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)
