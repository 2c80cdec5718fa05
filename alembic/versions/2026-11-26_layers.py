"""Layers of services, corridors and coverage: tables, and what each tier sees of them."""

from collections.abc import Iterator

from alembic import op

revision: str = "0014_layers"
down_revision: str | None = "0013_hazard_values"
branch_labels: str | None = None
depends_on: str | None = None

TIERS = ("public", "partner", "staff")

CORRIDORS = """
create table amparo.corridors (
    id text not null,
    name text not null,
    countries text[] not null,
    places text[] not null,
    length_m double precision not null,
    illustrative boolean not null default true,
    geom geometry(LineString, 4326) not null,
    visibility text not null default 'restricted',
    demo boolean not null default false,
    source text,
    licence text,
    constraint pk_corridors primary key (id),
    constraint ck_corridors_visibility
        check (visibility in ('public', 'partners', 'restricted')),
    constraint ck_corridors_length check (length_m > 0),
    constraint ck_corridors_two_places check (cardinality(places) >= 2),
    constraint ck_corridors_countries check (cardinality(countries) >= 1)
)
"""
# A gap is what one tier may know: of the spaces that it sees, and shown to it alone.
GAPS = """
create table amparo.coverage_gaps (
    id text not null,
    corridor_id text not null,
    counted_for text not null default 'staff',
    from_m double precision not null,
    to_m double precision not null,
    length_m double precision not null generated always as (to_m - from_m) stored,
    from_space text,
    to_space text,
    service text,
    profile text not null,
    computed_at timestamptz not null,
    expires_on date not null,
    demo boolean not null default false,
    source text,
    licence text,
    geom geometry(LineString, 4326) not null,
    constraint pk_coverage_gaps primary key (id),
    constraint fk_coverage_gaps_corridor_id foreign key (corridor_id)
        references amparo.corridors (id) on delete cascade,
    constraint fk_coverage_gaps_from_space foreign key (from_space)
        references amparo.locations (id) on delete cascade,
    constraint fk_coverage_gaps_to_space foreign key (to_space)
        references amparo.locations (id) on delete cascade,
    constraint ck_coverage_gaps_counted_for
        check (counted_for in ('public', 'partner', 'staff')),
    constraint ck_coverage_gaps_measures check (from_m >= 0 and to_m > from_m),
    constraint ck_coverage_gaps_two_ends check (from_space <> to_space)
)
"""
INDEXES = (
    "create index idx_corridors_geom on amparo.corridors using gist (geom)",
    "create index idx_coverage_gaps_geom on amparo.coverage_gaps using gist (geom)",
    "create index ix_coverage_gaps_corridor_id on amparo.coverage_gaps (corridor_id)",
    "create index ix_coverage_gaps_from_space on amparo.coverage_gaps (from_space)",
    "create index ix_coverage_gaps_to_space on amparo.coverage_gaps (to_space)",
)
GRANTS = (
    """
    grant select, insert, update, delete on amparo.corridors, amparo.coverage_gaps
    to amparo_writer
    """,
)

# Each rests on the tier's own spaces: what is hidden, expired, protected or blurred there is so
# here (P5, P38, P39), and a position is never finer than there. Which services are seen is what
# amparo.space_record counts for the tier; restricted ones nobody sees.
SERVICES = """
create view tier_public.services as
select
    a.id, s.id as space, s.name as space_name, s.kind as space_kind, s.organization,
    v.code as service, s.status, s.access, s.referral_from, s.eligibility, s.minimum_age,
    s.maximum_age, s.genders, s.families_only, s.children_alone, s.fees, s.fee_kind,
    s.documents_required, s.timezone,
    coalesce((
        select jsonb_agg(jsonb_build_object(
            'freq', c.freq, 'interval', c."interval", 'dtstart', c.dtstart, 'until', c.until,
            'count', c."count", 'byday', c.byday, 'bymonthday', c.bymonthday,
            'opens_at', to_char(c.opens_at, 'HH24:MI'),
            'closes_at', to_char(c.closes_at, 'HH24:MI'),
            'last_entry', to_char(c.last_entry, 'HH24:MI'), 'timezone', c.timezone,
            'valid_from', c.valid_from, 'valid_to', c.valid_to, 'description', c.description)
            order by c.id)
        from amparo.schedules c where c.service_at_location_id = a.id
    ), s.schedules) as schedules,
    s.exceptions, s.holidays, s.country, s.admin1, s.locality, s.coord_precision,
    s.confirmed_on, s.expires_on, s.notice, s.demo, s.source, s.licence, s.geom
from tier_public.spaces s
join amparo.service_at_location a on a.location_id = s.id
join amparo.services v on v.id = a.service_id
where v.status = 'active' and v.visibility in ('public')
"""
VISIBLE_CORRIDORS = """
create view tier_public.corridors as
select id, name, countries, places, length_m, illustrative, demo, source, licence, geom
from amparo.corridors where visibility in ('public')
"""
# A gap whose end is no longer seen is no longer known, and goes with it at once (P24).
COVERAGE = """
create view tier_public.coverage as
select
    g.id, g.corridor_id as corridor, c.name as corridor_name, g.from_m, g.to_m, g.length_m,
    g.from_space, coalesce(a.name, c.places[1]) as from_name,
    g.to_space, coalesce(b.name, c.places[cardinality(c.places)]) as to_name,
    g.service, g.profile, g.computed_at, g.expires_on,
    g.demo or coalesce(a.demo, false) or coalesce(b.demo, false) as demo,
    g.source, g.licence, g.geom
from amparo.coverage_gaps g
join tier_public.corridors c on c.id = g.corridor_id
left join tier_public.spaces a on a.id = g.from_space
left join tier_public.spaces b on b.id = g.to_space
where g.counted_for = 'public' and g.expires_on >= current_date
    and (g.from_space is null or a.id is not null)
    and (g.to_space is null or b.id is not null)
    -- P38: of a protected service not even its absence is told.
    and (g.service is null or exists (
        select from amparo.terms t
        where t.vocabulary = 'service' and t.code = g.service and not t.protected
    ))
"""
#: What stands in the other tiers' views for the public's words.
OTHERS = {
    "public": {},
    "partner": {"('public')": "('public', 'partners')"},
    "staff": {"in ('public')": "<> 'restricted'"},
}


def _views(tier: str) -> Iterator[str]:
    for view in (SERVICES, VISIBLE_CORRIDORS, COVERAGE):
        made = view.replace("tier_public", f"tier_{tier}").replace("= 'public'", f"= '{tier}'")
        for what, instead in OTHERS[tier].items():
            made = made.replace(what, instead)
        yield made


def _upgrade() -> Iterator[str]:
    yield CORRIDORS
    yield GAPS
    yield from INDEXES
    yield from GRANTS
    for tier in TIERS:
        yield from _views(tier)
        yield (
            f"grant select on tier_{tier}.services, tier_{tier}.corridors, tier_{tier}.coverage"
            f" to amparo_{tier}"
        )


def _downgrade() -> Iterator[str]:
    for tier in TIERS:
        yield f"drop view tier_{tier}.coverage, tier_{tier}.corridors, tier_{tier}.services"
    yield "drop table amparo.coverage_gaps, amparo.corridors"


def upgrade() -> None:
    """Make the tables and the views of every tier."""
    op.execute("set local role amparo_owner")
    for statement in _upgrade():
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    """Drop them; the corridors that come with Amparo are loaded again after an upgrade."""
    op.execute("set local role amparo_owner")
    for statement in _downgrade():
        op.execute(statement)
    op.execute("reset role")
