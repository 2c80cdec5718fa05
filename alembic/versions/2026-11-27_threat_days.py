"""A human threat comes and goes with the days that are published of it (P36: never an hour).

What it shows was cut to days before, but it appeared at the end of the delay and went at its end to
the second: the delay taken away, that is the moment of the report.
"""

from alembic import op

revision: str = "0020_threat_days"
down_revision: str | None = "0019_place_names"
branch_labels: str | None = None
depends_on: str | None = None

# All that is published of a hazard's times, once for what is shown and for when that changes. A
# human threat is shown from the midnight (UTC) after it was approved and its delay was over, to
# the end of its last day. Physical ones are shown at once.
MOMENTS = """
cross join lateral (
    select
        case
            when h.approved_at is null then null
            when h.family = 'physical' then h.approved_at
            else date_trunc('day', greatest(
                h.approved_at, h.reported_at + make_interval(hours => r.human_threat_delay_h)
            ), 'UTC') + interval '24 hours'
        end as shown_from,
        case when h.family = 'physical' then h.valid_from
            else date_trunc('day', h.valid_from, 'UTC') end as valid_from,
        -- An end at midnight is the end of the day before.
        case when h.family = 'physical' then h.valid_to
            else date_trunc('day', h.valid_to - interval '1 microsecond', 'UTC')
                + interval '24 hours' end as valid_to
) m
"""

HAZARD_RECORD = f"""
create or replace view amparo.hazard_record as
select
    h.id, h.family, h.kind, h.title, h.effect, h.weight, h.event_count, h.exposure_km,
    h.rate_source,
    case when h.family = 'physical' then h.night_only else false end as night_only,
    m.valid_from, m.valid_to,
    h.approved_at::date as published_on,
    h.demo,
    case when h.family = 'physical' then h.source end as source,
    h.licence,
    h.geom_public as geom,
    h.visibility
from amparo.hazards h
cross join amparo.publication_rules r
{MOMENTS}
where m.shown_from <= now()
    and h.geom_public is not null
    and (m.valid_to is null or m.valid_to > now())
    and (
        h.family = 'physical'
        or (
            h.independent_sources >= r.human_threat_min_sources
            and (
                h.public_extent = 'municipality'
                or (h.public_extent = 'road' and h.public_length_km >= r.human_threat_min_km)
            )
        )
    )
"""  # noqa: S608 -- constants
# Whether a hazard has begun decides what a tile draws, and the staff's draw reports too, which
# begin to the second.
CLOCK = f"""
create or replace view amparo.knowledge_clock as
select min(t.moment) as next_change_at
from amparo.hazards h
cross join amparo.publication_rules r
{MOMENTS}
cross join lateral (values
    (h.valid_from), (m.shown_from), (m.valid_from), (m.valid_to)
) t (moment)
where t.moment > now() and (h.approved_at is not null or t.moment = h.valid_from)
"""  # noqa: S608 -- constants

RECORD_BEFORE = """
create or replace view amparo.hazard_record as
select
    h.id, h.family, h.kind, h.title, h.effect, h.weight, h.event_count, h.exposure_km,
    h.rate_source,
    case when h.family = 'physical' then h.night_only else false end as night_only,
    case when h.family = 'physical' then h.valid_from
        else date_trunc('day', h.valid_from, 'UTC') end as valid_from,
    case when h.family = 'physical' then h.valid_to
        else date_trunc('day', h.valid_to, 'UTC') + interval '1 day' end as valid_to,
    h.approved_at::date as published_on,
    h.demo,
    case when h.family = 'physical' then h.source end as source,
    h.licence,
    h.geom_public as geom,
    h.visibility
from amparo.hazards h
cross join amparo.publication_rules r
where h.approved_at <= now()
    and h.geom_public is not null
    and (h.valid_to is null or h.valid_to > now())
    and (
        h.family = 'physical'
        or (
            h.independent_sources >= r.human_threat_min_sources
            and h.reported_at <= now() - make_interval(hours => r.human_threat_delay_h)
            and (
                h.public_extent = 'municipality'
                or (h.public_extent = 'road' and h.public_length_km >= r.human_threat_min_km)
            )
        )
    )
"""
CLOCK_BEFORE = """
create or replace view amparo.knowledge_clock as
select min(m.moment) as next_change_at
from amparo.hazards h
cross join amparo.publication_rules r
cross join lateral (values
    (h.approved_at),
    (h.valid_from),
    (h.valid_to),
    (case when h.family <> 'physical'
        then h.reported_at + make_interval(hours => r.human_threat_delay_h) end),
    (case when h.family <> 'physical' then date_trunc('day', h.valid_from, 'UTC') end),
    (case when h.family <> 'physical'
        then date_trunc('day', h.valid_to, 'UTC') + interval '1 day' end)
) m (moment)
where h.approved_at is not null and m.moment > now()
"""


def upgrade() -> None:
    _run(HAZARD_RECORD, CLOCK)


def downgrade() -> None:
    _run(RECORD_BEFORE, CLOCK_BEFORE)


def _run(*statements: str) -> None:
    op.execute("set local role amparo_owner")
    for statement in statements:
        op.execute(statement)
    op.execute("reset role")
