"""Where the posts of crossings stand, as two people confirmed, and hints for those who look."""

from alembic import op

revision: str = "0005_surveyed_crossings"
down_revision: str | None = "0004_landscape"
branch_labels: str | None = None
depends_on: str | None = None

#: A position needs two people, and the table knows no other (P40): roads of an extract cross a
#: border at these positions alone.
SURVEYS = """
create table amparo.crossing_surveys (
    crossing_id text constraint pk_crossing_surveys primary key
        constraint fk_crossing_surveys_crossing_id
        references amparo.crossings (id) on delete cascade,
    lon double precision not null, lat double precision not null, surveyed_on date not null,
    proposed_by text not null constraint fk_crossing_surveys_proposed_by
        references amparo.people (id),
    confirmed_by text not null constraint fk_crossing_surveys_confirmed_by
        references amparo.people (id),
    demo boolean not null,
    constraint ck_crossing_surveys_two_people check (proposed_by <> confirmed_by),
    constraint ck_crossing_surveys_on_earth
        check (lon between -180 and 180 and lat between -90 and 90)
)
"""

#: Border posts that volunteers tagged in an extract. Nobody but the staff sees them, and nothing is
#: computed from them: anybody can tag a place (P10, P12).
POSTS = """
create table amparo.tagged_border_posts (
    id text constraint pk_tagged_border_posts primary key,
    region text not null,
    crossing_id text not null constraint fk_tagged_border_posts_crossing_id
        references amparo.crossings (id) on delete cascade,
    osm_id text not null, tag text not null,
    lon double precision not null, lat double precision not null,
    distance_m double precision not null,
    constraint ck_tagged_border_posts_on_earth
        check (lon between -180 and 180 and lat between -90 and 90)
)
"""

#: Appends the survey to a view of the layer, which others read: so it is replaced, not dropped.
VIEWS = """
do $do$
declare
    tier text;
begin
    foreach tier in array array['public', 'partner', 'staff'] loop
        execute format('create or replace view tier_%1$s.crossings as
            select v.*, s.lon as surveyed_lon, s.lat as surveyed_lat, s.surveyed_on
            from (%2$s) v left join amparo.crossing_surveys s on s.crossing_id = v.id',
            tier, rtrim(pg_get_viewdef(format('tier_%s.crossings', tier)::regclass), ';'));
    end loop;
end $do$
"""

#: Views that read a layer's view are made again around it; PostgreSQL takes no column from a view.
BACK = """
do $do$
declare
    tier text;
    access text;
    crossings text;
begin
    foreach tier in array array['public', 'partner', 'staff'] loop
        access := pg_get_viewdef(format('tier_%s.access', tier)::regclass);
        crossings := (regexp_match(
            pg_get_viewdef(format('tier_%s.crossings', tier)::regclass),
            '^.*?FROM \\(\\((.*)\\) v\\s+LEFT JOIN', 's'))[1];
        execute format('drop view tier_%1$s.access, tier_%1$s.crossings', tier);
        execute format('create view tier_%s.crossings as %s', tier, crossings);
        execute format('create view tier_%s.access as %s', tier, access);
        execute format('grant select on tier_%1$s.crossings, tier_%1$s.access to amparo_%1$s',
            tier);
        if tier <> 'staff' then
            execute format('grant select on tier_%1$s.crossings, tier_%1$s.access
                to amparo_writer', tier);
        end if;
    end loop;
end $do$
"""

NOTED = """
select amparo.note_changes('crossings', '{crossings,crossing_statuses,hides,crossing_surveys}')
"""

#: The audit compares the rows of surveys too: a row that is changed past the queue is found.
AUDITED = """
do $do$
declare
    event text;
begin
    foreach event in array array['insert', 'update', 'delete'] loop
        execute format(
            'create trigger audit_%1$s after %1$s on amparo.crossing_surveys referencing %2$s'
            ' for each statement execute function amparo.audit_note(%3$L, %4$L)',
            event,
            case event when 'insert' then 'new table as new_rows'
                when 'update' then 'old table as old_rows new table as new_rows'
                else 'old table as old_rows' end,
            'r.crossing_id', 'r.crossing_id');
    end loop;
end $do$
"""

SURVEY_ROWS = """
    union all select 'crossing_surveys', r.crossing_id, r.crossing_id, r::text
    from amparo.crossing_surveys r"""

CONTENTS = """
do $do$
declare
    body text := (select prosrc from pg_proc where oid = 'amparo.audit_contents()'::regprocedure);
begin
    execute format('create or replace function amparo.audit_contents()'
        ' returns table (table_name text, row_id text, record_id text, content text)'
        ' language sql stable set search_path = amparo, pg_temp'
        ' set timezone = ''UTC'' set datestyle = ''ISO, YMD'' set intervalstyle = ''postgres'''
        ' set bytea_output = ''hex'' set extra_float_digits = 1 as %L', {body});
end $do$
"""


def upgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        SURVEYS,
        POSTS,
        """
        create index ix_tagged_border_posts_crossing_id
            on amparo.tagged_border_posts (crossing_id)
        """,
        "create index ix_tagged_border_posts_region on amparo.tagged_border_posts (region)",
        "grant select on amparo.tagged_border_posts to amparo_staff",
        """
        grant select, insert, update, delete
            on amparo.crossing_surveys, amparo.tagged_border_posts to amparo_writer
        """,
        VIEWS,
        NOTED,
        AUDITED,
        CONTENTS.format(body=f"body || $rows${SURVEY_ROWS}$rows$"),
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for statement in (
        "set local role amparo_owner",
        "delete from amparo.crossing_surveys",
        CONTENTS.format(body=f"replace(body, $rows${SURVEY_ROWS}$rows$, '')"),
        "select amparo.note_changes('crossings', '{crossings,crossing_statuses,hides}')",
        BACK,
        "drop table amparo.tagged_border_posts, amparo.crossing_surveys",
        "reset role",
    ):
        op.get_bind().exec_driver_sql(statement)
