-- What the desk's tables rest on: a row for each space, columns and views kept, acts to undo.

-- Which columns of a table a person sees, and that person's views: a name and the parameters of the
-- table's address, with rights asked when it is opened. Who keeps views may have chosen no columns.
create table amparo.table_columns (
    person_id text references amparo.people on delete cascade,
    table_name text check (table_name ~ '^[a-z]{1,20}$'),
    columns jsonb check (jsonb_typeof(columns) = 'array' and jsonb_array_length(columns) <= 40),
    views jsonb not null default '[]'
        check (jsonb_typeof(views) = 'array' and jsonb_array_length(views) <= 12),
    primary key (person_id, table_name)
);

-- What one person did to several spaces, for as long as that person may undo it alone. ``spaces``
-- holds the values before and after by space, so that nothing is kept for longer than that.
create table amparo.bulk_actions (
    id text primary key,
    person_id text not null references amparo.people on delete cascade,
    action text not null check (action in ('confirm', 'close', 'beds')),
    made_at timestamptz not null, spaces jsonb not null
);

-- One row a space that the staff may know of, as `tier_staff.spaces` decides, with what the desk
-- lists. ``missing`` names the recommended fields that are empty: those that a space's public page
-- shows (P43). `geo.desk.space_table.RECOMMENDED` has the same names in the same order.
create view tier_staff.desk_spaces as
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
from tier_staff.spaces s;

-- With what an act of one press needs: the revision that the person saw. The outer join is left out
-- of a query that does not ask for it, as one that counts.
create view tier_staff.desk_space_rows as
select d.*, l.revision
from tier_staff.desk_spaces d left join amparo.locations l on l.id = d.id;
