"""P-codes of first-level units, shown with the layer of boundaries."""

from alembic import op

revision: str = "0007_information_channels"
down_revision: str | None = "0004_landscape"
branch_labels: str | None = None
depends_on: str | None = None

#: Beside the table of boundaries, not in it: a newer file of boundaries is written anew as a whole.
PCODES = """
create table amparo.unit_pcodes (
    code text constraint pk_unit_pcodes primary key,
    country text not null,
    pcode text not null,
    source text not null
)
"""

_BEFORE = """select id, level, country, code, name, name_es, source, licence, geom, name_en,
    name_pt, name_fr, label_lon, label_lat from amparo.boundaries"""
_AFTER = """select b.id, b.level, b.country, b.code, b.name, b.name_es, b.source, b.licence, b.geom,
    b.name_en, b.name_pt, b.name_fr, b.label_lon, b.label_lat, p.pcode
    from amparo.boundaries b left join amparo.unit_pcodes p on p.code = b.code"""

#: The staff sees what is not public as well.
BOUNDARIES = """
do $do$ begin
    perform amparo.for_each_tier($$create or replace view tier_public.boundaries as ROWS
        where visibility in ('public')$$, array['public', 'partner']);
    create or replace view tier_staff.boundaries as ROWS;
    perform amparo.note_changes('boundaries', '{boundaries,unit_pcodes}');
end $do$
"""

#: A view can only be added to: to take a column away it is made anew.
BOUNDARIES_BACK = """
do $do$
declare tier text;
begin
    foreach tier in array array['public', 'partner', 'staff'] loop
        execute format('drop view tier_%s.boundaries', tier);
        perform amparo.for_each_tier('create view tier_public.boundaries as ROWS'
            || case when tier = 'staff' then '' else ' where visibility in (''public'')' end,
            array[tier]);
        execute format('grant select on tier_%1$s.boundaries to amparo_%1$s', tier);
        if tier <> 'staff' then
            execute format('grant select on tier_%s.boundaries to amparo_writer', tier);
        end if;
    end loop;
    perform amparo.note_changes('boundaries', '{boundaries}');
end $do$
"""


def upgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        PCODES,
        "grant select, insert, update, delete on amparo.unit_pcodes to amparo_writer",
        BOUNDARIES.replace("ROWS", _AFTER),
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        BOUNDARIES_BACK.replace("ROWS", _BEFORE),
        "drop table amparo.unit_pcodes",
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)
