"""The tables of the network, as in geo.models."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision: str = "0002_tables"
down_revision: str | None = "0001_roles"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("scope in ('movement')", name=op.f("ck_access_tokens_scope")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_tokens")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_access_tokens_token_sha256")),
        schema="amparo",
    )
    op.create_geospatial_table(
        "boundaries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("name_es", sa.Text(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("visibility", sa.Text(), server_default="restricted", nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "visibility in ('public', 'partners', 'restricted')",
            name=op.f("ck_boundaries_visibility"),
        ),
        sa.CheckConstraint("level in (0, 1)", name=op.f("ck_boundaries_level")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boundaries")),
        schema="amparo",
    )
    op.create_geospatial_index(
        "idx_boundaries_geom",
        "boundaries",
        ["geom"],
        unique=False,
        schema="amparo",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        op.f("ix_boundaries_country"), "boundaries", ["country"], unique=False, schema="amparo"
    )
    op.create_geospatial_table(
        "crossings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country_a", sa.Text(), nullable=False),
        sa.Column("country_b", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("coord_precision", sa.Text(), server_default="town", nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visibility", sa.Text(), server_default="restricted", nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "visibility in ('public', 'partners', 'restricted')",
            name=op.f("ck_crossings_visibility"),
        ),
        sa.CheckConstraint(
            "char_length(country_a) = 2 and char_length(country_b) = 2",
            name=op.f("ck_crossings_iso2"),
        ),
        sa.CheckConstraint("country_a <> country_b", name=op.f("ck_crossings_two_countries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crossings")),
        schema="amparo",
    )
    op.create_geospatial_index(
        "idx_crossings_geom",
        "crossings",
        ["geom"],
        unique=False,
        schema="amparo",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_geospatial_table(
        "flows",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=True),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("groups", sa.Integer(), nullable=False),
        sa.Column("largest_share", sa.Float(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("hours_covered", sa.Integer(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("visibility", sa.Text(), server_default="restricted", nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'od') = (destination is not null)", name=op.f("ck_flows_od_has_destination")
        ),
        sa.CheckConstraint("direction in ('in', 'out', 'both')", name=op.f("ck_flows_direction")),
        sa.CheckConstraint("kind in ('point', 'od')", name=op.f("ck_flows_kind")),
        sa.CheckConstraint(
            "visibility in ('public', 'partners', 'restricted')", name=op.f("ck_flows_visibility")
        ),
        sa.CheckConstraint(
            "extract(isodow from week) = 1", name=op.f("ck_flows_week_starts_monday")
        ),
        sa.CheckConstraint("largest_share between 0 and 1", name=op.f("ck_flows_share")),
        sa.CheckConstraint("n >= 0 and groups >= 0", name=op.f("ck_flows_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flows")),
        sa.UniqueConstraint(
            "origin",
            "destination",
            "week",
            "direction",
            "method",
            name=op.f("uq_flows_origin"),
            postgresql_nulls_not_distinct=True,
        ),
        schema="amparo",
    )
    op.create_geospatial_index(
        "idx_flows_geom",
        "flows",
        ["geom"],
        unique=False,
        schema="amparo",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_geospatial_table(
        "hazards",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column(
            "geom_public",
            Geometry(
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("public_extent", sa.Text(), server_default="area", nullable=False),
        sa.Column("public_length_km", sa.Float(), nullable=True),
        sa.Column("effect", sa.Text(), server_default="weight", nullable=False),
        sa.Column("weight", sa.Float(), server_default=sa.text("1"), nullable=False),
        sa.Column("event_count", sa.Integer(), nullable=True),
        sa.Column("exposure_km", sa.Float(), nullable=True),
        sa.Column("rate_source", sa.Text(), nullable=True),
        sa.Column("night_only", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("independent_sources", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visibility", sa.Text(), server_default="restricted", nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(family = 'physical' and kind in ('flood', 'landslide', 'cold', 'heat', 'road_works', 'rockfall', 'river_flood')) or (family = 'human_threat' and kind in ('armed_presence', 'robbery', 'extortion', 'trafficking', 'mines'))",
            name=op.f("ck_hazards_kind_of_family"),
        ),
        sa.CheckConstraint("effect in ('exclusion', 'weight')", name=op.f("ck_hazards_effect")),
        sa.CheckConstraint(
            "public_extent in ('municipality', 'road', 'area')", name=op.f("ck_hazards_extent")
        ),
        sa.CheckConstraint(
            "visibility in ('public', 'partners', 'restricted')", name=op.f("ck_hazards_visibility")
        ),
        sa.CheckConstraint(
            "(event_count is null) = (exposure_km is null) and (event_count is null or rate_source is not null)",
            name=op.f("ck_hazards_rate_is_sourced"),
        ),
        sa.CheckConstraint(
            "valid_to is null or valid_to > valid_from", name=op.f("ck_hazards_validity")
        ),
        sa.CheckConstraint("weight >= 1", name=op.f("ck_hazards_weight_at_least_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hazards")),
        schema="amparo",
    )
    op.create_geospatial_index(
        "idx_hazards_geom",
        "hazards",
        ["geom"],
        unique=False,
        schema="amparo",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_geospatial_index(
        "idx_hazards_geom_public",
        "hazards",
        ["geom_public"],
        unique=False,
        schema="amparo",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_table(
        "loaded_files",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("loaded_on", sa.Date(), nullable=False),
        sa.Column(
            "details",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_loaded_files")),
        schema="amparo",
    )
    op.create_table(
        "organizations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("verified_member", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("visibility", sa.Text(), server_default="restricted", nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "visibility in ('public', 'partners', 'restricted')",
            name=op.f("ck_organizations_visibility"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
        schema="amparo",
    )
    op.create_geospatial_table(
        "places",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("admin1", sa.Text(), nullable=True),
        sa.Column("population", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("visibility", sa.Text(), server_default="restricted", nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "visibility in ('public', 'partners', 'restricted')", name=op.f("ck_places_visibility")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
        schema="amparo",
    )
    op.create_geospatial_index(
        "idx_places_geom",
        "places",
        ["geom"],
        unique=False,
        schema="amparo",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_places_name"), "places", ["name"], unique=False, schema="amparo")
    op.create_table(
        "publication_rules",
        sa.Column("id", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "human_threat_delay_h", sa.Integer(), server_default=sa.text("72"), nullable=False
        ),
        sa.Column("human_threat_min_km", sa.Float(), server_default=sa.text("20"), nullable=False),
        sa.Column(
            "human_threat_min_sources", sa.Integer(), server_default=sa.text("2"), nullable=False
        ),
        sa.Column("flow_min_people", sa.Integer(), server_default=sa.text("20"), nullable=False),
        sa.Column("flow_min_groups", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("flow_max_share", sa.Float(), server_default=sa.text("0.8"), nullable=False),
        sa.Column("flow_rounding", sa.Integer(), server_default=sa.text("5"), nullable=False),
        sa.Column("flow_delay_days", sa.Integer(), server_default=sa.text("14"), nullable=False),
        sa.CheckConstraint("flow_min_people >= 5", name=op.f("ck_publication_rules_flow_floor")),
        sa.CheckConstraint("id", name=op.f("ck_publication_rules_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_rules")),
        schema="amparo",
    )
    op.create_geospatial_table(
        "road_segments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("osm_way_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("highway", sa.Text(), nullable=False),
        sa.Column("surface", sa.Text(), nullable=True),
        sa.Column("lit", sa.Boolean(), nullable=True),
        sa.Column("sidewalk", sa.Boolean(), nullable=True),
        sa.Column("foot", sa.Boolean(), nullable=False),
        sa.Column("vehicle", sa.Boolean(), nullable=False),
        sa.Column("oneway", sa.Boolean(), nullable=False),
        sa.Column("ferry", sa.Boolean(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("length_m", sa.Float(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="LINESTRING",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("visibility", sa.Text(), server_default="restricted", nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "visibility in ('public', 'partners', 'restricted')",
            name=op.f("ck_road_segments_visibility"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_road_segments")),
        schema="amparo",
    )
    op.create_geospatial_index(
        "idx_road_segments_geom",
        "road_segments",
        ["geom"],
        unique=False,
        schema="amparo",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        op.f("ix_road_segments_region"), "road_segments", ["region"], unique=False, schema="amparo"
    )
    op.create_table(
        "crossing_statuses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("crossing_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column(
            "byday",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{MO,TU,WE,TH,FR,SA,SU}'"),
            nullable=False,
        ),
        sa.Column("opens_at", sa.Time(), nullable=True),
        sa.Column("closes_at", sa.Time(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("assumption", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "state in ('open', 'closed', 'not_known')", name=op.f("ck_crossing_statuses_state")
        ),
        sa.CheckConstraint(
            "(opens_at is null) = (closes_at is null)",
            name=op.f("ck_crossing_statuses_hours_in_pairs"),
        ),
        sa.CheckConstraint(
            "valid_to is null or valid_to >= valid_from", name=op.f("ck_crossing_statuses_validity")
        ),
        sa.ForeignKeyConstraint(
            ["crossing_id"],
            ["amparo.crossings.id"],
            name=op.f("fk_crossing_statuses_crossing_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crossing_statuses")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_crossing_statuses_crossing_id"),
        "crossing_statuses",
        ["crossing_id"],
        unique=False,
        schema="amparo",
    )
    op.create_geospatial_table(
        "locations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("location_type", sa.Text(), server_default="physical", nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("coord_precision", sa.Text(), server_default="town", nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("admin1", sa.Text(), nullable=True),
        sa.Column("locality", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("access", sa.Text(), server_default="open", nullable=False),
        sa.Column("referral_from", sa.Text(), nullable=True),
        sa.Column("confidential", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("overnight", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "sectors", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("eligibility_description", sa.Text(), nullable=True),
        sa.Column("minimum_age", sa.Integer(), nullable=True),
        sa.Column("maximum_age", sa.Integer(), nullable=True),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("notice", sa.Text(), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visibility", sa.Text(), server_default="restricted", nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.CheckConstraint("access in ('open', 'referral_only')", name=op.f("ck_locations_access")),
        sa.CheckConstraint(
            "kind in ('information_orientation_point', 'support_space', 'integrated_support_space', 'humanitarian_support_point', 'health_reception', 'shelter', 'temporary_shelter', 'overnight_reception', 'community_kitchen', 'connectivity_point', 'child_friendly_space', 'mobile_unit', 'border_support_team', 'safe_space')",
            name=op.f("ck_locations_kind"),
        ),
        sa.CheckConstraint(
            "status in ('active', 'full', 'temporarily_closed', 'closed')",
            name=op.f("ck_locations_status"),
        ),
        sa.CheckConstraint(
            "visibility = 'restricted' or not (confidential or kind in ('safe_space'))",
            name=op.f("ck_locations_protected_is_restricted"),
        ),
        sa.CheckConstraint(
            "visibility in ('public', 'partners', 'restricted')",
            name=op.f("ck_locations_visibility"),
        ),
        sa.CheckConstraint("char_length(country) = 2", name=op.f("ck_locations_country_iso2")),
        sa.CheckConstraint(
            "expires_on > confirmed_on", name=op.f("ck_locations_expires_after_confirmation")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["amparo.organizations.id"],
            name=op.f("fk_locations_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["referral_from"],
            ["amparo.locations.id"],
            name=op.f("fk_locations_referral_from"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locations")),
        schema="amparo",
    )
    op.create_geospatial_index(
        "idx_locations_geom",
        "locations",
        ["geom"],
        unique=False,
        schema="amparo",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        op.f("ix_locations_organization_id"),
        "locations",
        ["organization_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "services",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("fees_description", sa.Text(), nullable=True),
        sa.Column("visibility", sa.Text(), server_default="restricted", nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status in ('active', 'inactive', 'defunct', 'temporarily closed')",
            name=op.f("ck_services_status"),
        ),
        sa.CheckConstraint(
            "visibility = 'restricted' or not (code in ('gbv_response', 'trafficking_response', 'lgbtiq_refuge', 'unaccompanied_children_home'))",
            name=op.f("ck_services_protected_is_restricted"),
        ),
        sa.CheckConstraint(
            "visibility in ('public', 'partners', 'restricted')",
            name=op.f("ck_services_visibility"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["amparo.organizations.id"],
            name=op.f("fk_services_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
        schema="amparo",
    )
    op.create_index(op.f("ix_services_code"), "services", ["code"], unique=False, schema="amparo")
    op.create_index(
        op.f("ix_services_organization_id"),
        "services",
        ["organization_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "capacities",
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), server_default="person", nullable=False),
        sa.Column("available", sa.Integer(), nullable=True),
        sa.Column("maximum", sa.Integer(), nullable=True),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "available <= maximum", name=op.f("ck_capacities_available_within_maximum")
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_capacities_location_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("location_id", name=op.f("pk_capacities")),
        schema="amparo",
    )
    op.create_table(
        "languages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_languages_location_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_languages")),
        sa.UniqueConstraint("location_id", "code", name=op.f("uq_languages_location_id")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_languages_location_id"),
        "languages",
        ["location_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "phones",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), server_default="voice", nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_phones_location_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phones")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_phones_location_id"), "phones", ["location_id"], unique=False, schema="amparo"
    )
    op.create_table(
        "restricted_readers",
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_restricted_readers_location_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("location_id", "person", name=op.f("pk_restricted_readers")),
        schema="amparo",
    )
    op.create_table(
        "service_at_location",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_service_at_location_location_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["amparo.services.id"],
            name=op.f("fk_service_at_location_service_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_at_location")),
        sa.UniqueConstraint(
            "location_id", "service_id", name=op.f("uq_service_at_location_location_id")
        ),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_service_at_location_location_id"),
        "service_at_location",
        ["location_id"],
        unique=False,
        schema="amparo",
    )
    op.create_index(
        op.f("ix_service_at_location_service_id"),
        "service_at_location",
        ["service_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "schedules",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=True),
        sa.Column("service_at_location_id", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("freq", sa.Text(), server_default="WEEKLY", nullable=False),
        sa.Column("byday", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("opens_at", sa.Time(), nullable=False),
        sa.Column("closes_at", sa.Time(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.CheckConstraint("freq in ('WEEKLY', 'MONTHLY')", name=op.f("ck_schedules_freq")),
        sa.CheckConstraint(
            "(location_id is null) <> (service_at_location_id is null)",
            name=op.f("ck_schedules_one_owner"),
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_schedules_location_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["service_at_location_id"],
            ["amparo.service_at_location.id"],
            name=op.f("fk_schedules_service_at_location_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedules")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_schedules_location_id"),
        "schedules",
        ["location_id"],
        unique=False,
        schema="amparo",
    )
    op.create_index(
        op.f("ix_schedules_service_at_location_id"),
        "schedules",
        ["service_at_location_id"],
        unique=False,
        schema="amparo",
    )
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    op.drop_index(
        op.f("ix_schedules_service_at_location_id"), table_name="schedules", schema="amparo"
    )
    op.drop_index(op.f("ix_schedules_location_id"), table_name="schedules", schema="amparo")
    op.drop_table("schedules", schema="amparo")
    op.drop_index(
        op.f("ix_service_at_location_service_id"), table_name="service_at_location", schema="amparo"
    )
    op.drop_index(
        op.f("ix_service_at_location_location_id"),
        table_name="service_at_location",
        schema="amparo",
    )
    op.drop_table("service_at_location", schema="amparo")
    op.drop_table("restricted_readers", schema="amparo")
    op.drop_index(op.f("ix_phones_location_id"), table_name="phones", schema="amparo")
    op.drop_table("phones", schema="amparo")
    op.drop_index(op.f("ix_languages_location_id"), table_name="languages", schema="amparo")
    op.drop_table("languages", schema="amparo")
    op.drop_table("capacities", schema="amparo")
    op.drop_index(op.f("ix_services_organization_id"), table_name="services", schema="amparo")
    op.drop_index(op.f("ix_services_code"), table_name="services", schema="amparo")
    op.drop_table("services", schema="amparo")
    op.drop_index(op.f("ix_locations_organization_id"), table_name="locations", schema="amparo")
    op.drop_geospatial_index(
        "idx_locations_geom",
        table_name="locations",
        schema="amparo",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("locations", schema="amparo")
    op.drop_index(
        op.f("ix_crossing_statuses_crossing_id"), table_name="crossing_statuses", schema="amparo"
    )
    op.drop_table("crossing_statuses", schema="amparo")
    op.drop_index(op.f("ix_road_segments_region"), table_name="road_segments", schema="amparo")
    op.drop_geospatial_index(
        "idx_road_segments_geom",
        table_name="road_segments",
        schema="amparo",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("road_segments", schema="amparo")
    op.drop_table("publication_rules", schema="amparo")
    op.drop_index(op.f("ix_places_name"), table_name="places", schema="amparo")
    op.drop_geospatial_index(
        "idx_places_geom",
        table_name="places",
        schema="amparo",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("places", schema="amparo")
    op.drop_table("organizations", schema="amparo")
    op.drop_table("loaded_files", schema="amparo")
    op.drop_geospatial_index(
        "idx_hazards_geom_public",
        table_name="hazards",
        schema="amparo",
        postgresql_using="gist",
        column_name="geom_public",
    )
    op.drop_geospatial_index(
        "idx_hazards_geom",
        table_name="hazards",
        schema="amparo",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("hazards", schema="amparo")
    op.drop_geospatial_index(
        "idx_flows_geom",
        table_name="flows",
        schema="amparo",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("flows", schema="amparo")
    op.drop_geospatial_index(
        "idx_crossings_geom",
        table_name="crossings",
        schema="amparo",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("crossings", schema="amparo")
    op.drop_index(op.f("ix_boundaries_country"), table_name="boundaries", schema="amparo")
    op.drop_geospatial_index(
        "idx_boundaries_geom",
        table_name="boundaries",
        schema="amparo",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("boundaries", schema="amparo")
    op.drop_table("access_tokens", schema="amparo")
    op.execute("reset role")
