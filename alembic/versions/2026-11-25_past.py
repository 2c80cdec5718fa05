"""What each tier sees of past states (P39): today's visibility decides, for every date."""

from types import ModuleType

from alembic import op

revision: str = "0007_past"
down_revision: str | None = "0007_versions"
branch_labels: str | None = None
depends_on: str | None = None

# P39: today decides. ``p`` is the record as it was; ``n`` the record as it is, which must exist.
# Nor is anything shown that was not to be shown then: a space that has moved out of hiding
# does not give its former address away.
VERSION_RECORD = """
create view amparo.space_version_record as
select
    p.*,
    -- For the index: the record's own id is known only once it is unpacked.
    v.location_id, v.valid_from, v.valid_to, v.geom as placed,
    n.visibility as visibility_now, n.expires_on as expires_now,
    v.record ->> 'visibility' as visibility_then,
    ((v.record ->> 'expires_on')::date + 1)::timestamp at time zone 'UTC' as expired_at,
    -- By its own hide, by an area it lies in, or by one it lay in then.
    coalesce(n.hidden_at, (
        select min(h.hidden_at) from amparo.hides h
        where h.geom && v.geom and st_intersects(h.geom, v.geom) and h.lifted_at is null
    )) as hidden_now
from amparo.space_versions v
join amparo.space_record n on n.id = v.location_id
cross join lateral jsonb_populate_record(null::amparo.space_record, v.record) p
where not n.confidential and v.record ->> 'confidential' = 'false'
    and not exists (
        select from amparo.terms t where t.vocabulary = 'space_kind' and t.protected
            and t.code = v.record ->> 'kind'
    )
"""
# A version is over for the public when its confirmation was: expiry as of the day asked for.
PUBLIC_VERSIONS = """
create view tier_public.space_versions as
select
    r.location_id as id, r.name, r.kind, r.organization_id, r.organization, r.verified_member,
    offered.services, r.sectors, r.languages, r.status, r.access,
    referring.points[1] as referral_from, referring.points as referral_points,
    r.eligibility, r.minimum_age, r.maximum_age, r.genders, r.families_only, r.children_alone,
    r.fees, r.fee_kind, r.documents_required, r.maximum_nights, r.overnight,
    r.timezone, r.schedules, r.exceptions, r.holidays,
    r.country, r.admin1, r.locality, r.address, r.landmark, r.road, r.road_km, r.coord_precision,
    r.amenities, r.step_free, r.data_shared,
    r.confirmed_on, r.assured_on, r.expires_on,
    r.capacity, r.capacity_updated, r.contact, r.phones, r.notice, r.demo, r.source, r.licence,
    r.placed as geom,
    r.valid_from,
    least(r.valid_to, r.expired_at) as valid_to
from amparo.space_version_record r
cross join lateral (
    select array(
        select distinct e ->> 'code' from jsonb_array_elements(r.service_ids) e
        join amparo.services s on s.id = e ->> 'id'
        where s.visibility = 'public' and not exists (
            select from amparo.terms t where t.vocabulary = 'service' and t.protected
                and t.code = e ->> 'code'
        ) order by 1
    ) as services
) offered
cross join lateral (
    select array(
        select f.id from amparo.locations f where f.id = any (r.referrers)
            and f.visibility = 'public' and not f.confidential and f.hidden_at is null
            and f.expires_on >= current_date
        order by f.id
    ) as points
) referring
where r.visibility_now = 'public' and r.visibility_then = 'public' and r.hidden_now is null
    and r.expires_now >= current_date
"""
# Blurred where the position is for partners alone, now or then (P5).
PARTNER_VERSIONS = """
create view tier_partner.space_versions as
select
    r.location_id as id, r.name, r.kind, r.organization_id, r.organization, r.verified_member,
    offered.services, r.sectors, r.languages, r.status, r.access,
    referring.points[1] as referral_from, referring.points as referral_points,
    r.eligibility, r.minimum_age, r.maximum_age, r.genders, r.families_only, r.children_alone,
    r.fees, r.fee_kind, r.documents_required, r.maximum_nights, r.overnight,
    r.timezone, r.schedules, r.exceptions, r.holidays,
    r.country, r.admin1, r.locality,
    case when exact.ly then r.address end as address,
    case when exact.ly then r.landmark end as landmark,
    case when exact.ly then r.road end as road,
    case when exact.ly then r.road_km end as road_km,
    case when exact.ly then r.coord_precision else 'grid_0.05' end as coord_precision,
    r.amenities, r.step_free, r.data_shared,
    r.confirmed_on, r.assured_on, r.expires_on, r.capacity, r.capacity_updated, r.contact,
    r.phones, r.notice, r.demo, r.source, r.licence,
    case when exact.ly then r.placed else st_snaptogrid(r.placed, 0.05) end as geom,
    r.capacity_available, r.capacity_maximum,
    case when exact.ly then 'public' else 'partners' end as visibility,
    coalesce((
        select jsonb_agg(
            case when exact.ly or i.stop ->> 'lon' is null then i.stop
                else i.stop || jsonb_build_object(
                    'lon', st_x(blurred.point), 'lat', st_y(blurred.point)) end
            order by i.n)
        from jsonb_array_elements(r.itinerary) with ordinality i (stop, n)
        cross join lateral (
            select st_snaptogrid(st_makepoint(
                (i.stop ->> 'lon')::float8, (i.stop ->> 'lat')::float8), 0.05) as point
        ) blurred
    ), '[]'::jsonb) as itinerary,
    r.valid_from, r.valid_to
from amparo.space_version_record r
cross join lateral (
    select r.visibility_now = 'public' and r.visibility_then = 'public' as ly
) exact
cross join lateral (
    select array(
        select distinct e ->> 'code' from jsonb_array_elements(r.service_ids) e
        join amparo.services s on s.id = e ->> 'id'
        where s.visibility in ('public', 'partners') and not exists (
            select from amparo.terms t where t.vocabulary = 'service' and t.protected
                and t.code = e ->> 'code'
        ) order by 1
    ) as services
) offered
cross join lateral (
    select array(
        select f.id from amparo.locations f where f.id = any (r.referrers)
            and f.visibility in ('public', 'partners') and not f.confidential
            and f.hidden_at is null
        order by f.id
    ) as points
) referring
where r.visibility_now in ('public', 'partners') and r.visibility_then in ('public', 'partners')
    and r.hidden_now is null
"""
STAFF_VERSIONS = """
create view tier_staff.space_versions as
select
    r.location_id as id, r.name, r.kind, r.organization_id, r.organization, r.verified_member,
    offered.services, r.sectors, r.languages, r.status, r.access,
    referring.points[1] as referral_from, referring.points as referral_points,
    r.eligibility, r.minimum_age, r.maximum_age, r.genders, r.families_only, r.children_alone,
    r.fees, r.fee_kind, r.documents_required, r.maximum_nights, r.overnight,
    r.timezone, r.schedules, r.exceptions, r.holidays,
    r.country, r.admin1, r.locality, r.address, r.landmark, r.road, r.road_km, r.coord_precision,
    r.amenities, r.step_free, r.data_shared,
    r.confirmed_on, r.assured_on, r.expires_on, r.capacity, r.capacity_updated, r.contact,
    r.phones, r.notice, r.demo, r.source, r.licence, r.placed as geom,
    r.capacity_available, r.capacity_maximum, r.visibility, r.itinerary,
    r.hidden_now as hidden_at,
    r.valid_from, r.valid_to
from amparo.space_version_record r
cross join lateral (
    select array(
        select distinct e ->> 'code' from jsonb_array_elements(r.service_ids) e
        join amparo.services s on s.id = e ->> 'id'
        where s.visibility <> 'restricted' and not exists (
            select from amparo.terms t where t.vocabulary = 'service' and t.protected
                and t.code = e ->> 'code'
        ) order by 1
    ) as services
) offered
cross join lateral (
    select array(
        select f.id from amparo.locations f
        where f.id = any (r.referrers) and f.visibility <> 'restricted'
        order by f.id
    ) as points
) referring
where r.visibility_now <> 'restricted' and r.visibility_then <> 'restricted'
"""
GRANTS = (
    "grant select on tier_public.space_versions to amparo_public",
    "grant select on tier_partner.space_versions to amparo_partner",
    "grant select on tier_staff.space_versions to amparo_staff",
)
FORMER = (
    "drop view tier_staff.space_versions",
    "drop view tier_partner.space_versions",
    "drop view tier_public.space_versions",
    "drop view amparo.space_version_record",
)


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in (
        VERSION_RECORD,
        _hiding(PUBLIC_VERSIONS),
        _hiding(PARTNER_VERSIONS),
        STAFF_VERSIONS,
        *GRANTS,
    ):
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in FORMER:
        op.execute(statement)
    op.execute("reset role")


def _hiding(view: str) -> str:
    """Return a view that names no hidden referrer, by the condition of the views of today."""
    return view.replace("f.hidden_at is null", _module("0007_hides").REFERRER_IS_SEEN)


def _module(name: str) -> ModuleType:
    """Return an earlier migration."""
    environment = op.get_context().environment_context
    assert environment is not None  # noqa: S101 - migrations run in alembic's environment
    return environment.script.get_revision(name).module
