"""The tables of the network of spaces, as in geo.models: people, changes, guidance, voices."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision: str = "0004_network"
down_revision: str | None = "0003_tiers"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Autogeneration does not see CHECKs: what changed of those that were there.
CHECKS = (
    "alter table amparo.locations drop constraint ck_locations_kind",
    """
    alter table amparo.locations
        add constraint ck_locations_children
            check (children_alone in ('yes', 'no', 'not_known')),
        add constraint ck_locations_fees check (fees in ('free', 'paid', 'not_known')),
        add constraint ck_locations_holidays check (holidays in ('open', 'closed', 'not_known')),
        add constraint ck_locations_ages check (minimum_age <= maximum_age)
    """,
    """
    alter table amparo.schedules
        alter column byday set default '{}',
        add constraint ck_schedules_repeats
            check (interval >= 1 and (count is null or count >= 1))
    """,
    "alter table amparo.access_tokens drop constraint ck_access_tokens_scope",
    """
    alter table amparo.access_tokens
        add constraint ck_access_tokens_scope check (scope in ('movement', 'partner', 'edit')),
        add constraint ck_access_tokens_edits_as_somebody
            check (scope <> 'edit' or person_id is not null)
    """,
)

FORMER_CHECKS = (
    "delete from amparo.access_tokens where scope <> 'movement'",
    """
    alter table amparo.access_tokens
        drop constraint ck_access_tokens_edits_as_somebody,
        drop constraint ck_access_tokens_scope,
        add constraint ck_access_tokens_scope check (scope in ('movement'))
    """,
    """
    alter table amparo.schedules
        drop constraint ck_schedules_repeats,
        alter column byday drop default
    """,
    """
    alter table amparo.locations
        drop constraint ck_locations_children,
        drop constraint ck_locations_fees,
        drop constraint ck_locations_holidays,
        drop constraint ck_locations_ages
    """,
    """
    alter table amparo.locations add constraint ck_locations_kind check (kind in (
        'information_orientation_point', 'support_space', 'integrated_support_space',
        'humanitarian_support_point', 'health_reception', 'shelter', 'temporary_shelter',
        'overnight_reception', 'community_kitchen', 'connectivity_point', 'child_friendly_space',
        'mobile_unit', 'border_support_team', 'safe_space'
    ))
    """,
)

# The audit chain and the signing keys are reached through functions and a narrower grant.
GRANTS = """
    grant select, insert, update, delete on
        amparo.checklists, amparo.contacts, amparo.outbox,
        amparo.pathways, amparo.products, amparo.service_requests,
        amparo.space_versions, amparo.terms, amparo.checklist_items,
        amparo.people, amparo.term_names, amparo.webhooks,
        amparo.assessments, amparo.complaints, amparo.confirmation_links,
        amparo.confirmations, amparo.duplicates, amparo.feedback,
        amparo.hidden_areas, amparo.import_batches, amparo.invitations,
        amparo.itinerary_stops, amparo.messages, amparo.pathway_steps,
        amparo.practices, amparo.product_at_location, amparo.proposals,
        amparo.referral_points, amparo.rumours, amparo.schedule_exceptions,
        amparo.web_sessions, amparo.assessment_answers
    to amparo_writer
"""
KEYS = "grant select, insert on amparo.signing_keys to amparo_writer"


def upgrade() -> None:
    op.execute("set local role amparo_owner")
    op.create_table(
        "audit_entries",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column(
            "details",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entries")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_audit_entries_record_id"),
        "audit_entries",
        ["record_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "checklists",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("example", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("valid_months", sa.Integer(), server_default=sa.text("12"), nullable=False),
        sa.Column("pass_score", sa.Float(), server_default=sa.text("0.8"), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.CheckConstraint("pass_score between 0 and 1", name=op.f("ck_checklists_pass_score")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklists")),
        sa.UniqueConstraint("kind", "version", name=op.f("uq_checklists_kind")),
        schema="amparo",
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("admin1", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("whatsapp", sa.Text(), nullable=True),
        sa.Column("hours", sa.Text(), nullable=True),
        sa.Column(
            "languages", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("independent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("visibility", sa.Text(), server_default="restricted", nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind in ('emergency', 'asylum', 'gbv', 'child_protection', 'psea', 'other')",
            name=op.f("ck_contacts_kind"),
        ),
        sa.CheckConstraint(
            "visibility in ('public', 'partners', 'restricted')",
            name=op.f("ck_contacts_visibility"),
        ),
        sa.CheckConstraint(
            "expires_on > confirmed_on", name=op.f("ck_contacts_expires_after_confirmation")
        ),
        sa.CheckConstraint(
            "phone is not null or whatsapp is not null", name=op.f("ck_contacts_number")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_contacts_country"), "contacts", ["country"], unique=False, schema="amparo"
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "not_before",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("channel in ('email', 'webhook')", name=op.f("ck_outbox_channel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        schema="amparo",
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["not_before"],
        unique=False,
        schema="amparo",
        postgresql_where=sa.text("sent_at is null and failed_at is null"),
    )
    op.create_table(
        "pathways",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("admin1", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("visibility", sa.Text(), server_default="restricted", nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "visibility = 'restricted' or not (need in ('gbv_response', 'trafficking_response', 'lgbtiq_refuge', 'unaccompanied_children_home'))",
            name=op.f("ck_pathways_protected_is_restricted"),
        ),
        sa.CheckConstraint(
            "visibility in ('public', 'partners', 'restricted')",
            name=op.f("ck_pathways_visibility"),
        ),
        sa.CheckConstraint(
            "expires_on > confirmed_on", name=op.f("ck_pathways_expires_after_confirmation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathways")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_pathways_country"), "pathways", ["country"], unique=False, schema="amparo"
    )
    op.create_geospatial_table(
        "products",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("visibility", sa.Text(), server_default="restricted", nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "audience in ('people_on_the_move', 'host_community', 'operators', 'partners')",
            name=op.f("ck_products_audience"),
        ),
        sa.CheckConstraint(
            "state in ('draft', 'reviewed', 'retired')", name=op.f("ck_products_state")
        ),
        sa.CheckConstraint(
            "visibility in ('public', 'partners', 'restricted')",
            name=op.f("ck_products_visibility"),
        ),
        sa.CheckConstraint(
            "valid_to is null or valid_to >= valid_from", name=op.f("ck_products_validity")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        schema="amparo",
    )
    op.create_geospatial_index(
        "idx_products_geom",
        "products",
        ["geom"],
        unique=False,
        schema="amparo",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_table(
        "service_requests",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("admin1", sa.Text(), nullable=True),
        sa.Column(
            "requested_on", sa.Date(), server_default=sa.text("current_date"), nullable=False
        ),
        sa.CheckConstraint(
            "not (service in ('gbv_response', 'trafficking_response', 'lgbtiq_refuge', 'unaccompanied_children_home'))",
            name=op.f("ck_service_requests_not_protected"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_requests")),
        schema="amparo",
    )
    op.create_table(
        "signing_keys",
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("purpose", name=op.f("pk_signing_keys")),
        schema="amparo",
    )
    op.create_geospatial_table(
        "space_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            server_default=sa.text("'infinity'"),
            nullable=False,
        ),
        sa.Column("record", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
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
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_space_versions_validity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_space_versions")),
        schema="amparo",
    )
    op.create_geospatial_index(
        "idx_space_versions_geom",
        "space_versions",
        ["geom"],
        unique=False,
        schema="amparo",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        op.f("ix_space_versions_location_id"),
        "space_versions",
        ["location_id"],
        unique=False,
        schema="amparo",
    )
    op.create_index(
        "ix_space_versions_times",
        "space_versions",
        ["valid_from", "valid_to"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "terms",
        sa.Column("vocabulary", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("protected", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("1000"), nullable=False),
        sa.Column("validity_days", sa.Integer(), nullable=True),
        sa.Column("edited", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "vocabulary in ('space_kind', 'service', 'sector', 'amenity', 'document', 'gender', 'phone_type')",
            name=op.f("ck_terms_vocabulary"),
        ),
        sa.CheckConstraint(
            "validity_days is null or validity_days between 1 and 365",
            name=op.f("ck_terms_validity"),
        ),
        sa.ForeignKeyConstraint(
            ["vocabulary", "parent_code"],
            ["amparo.terms.vocabulary", "amparo.terms.code"],
            name=op.f("fk_terms_vocabulary"),
        ),
        sa.PrimaryKeyConstraint("vocabulary", "code", name=op.f("pk_terms")),
        schema="amparo",
    )
    op.create_table(
        "checklist_items",
        sa.Column("checklist_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("evidence_needed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("essential", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["checklist_id"],
            ["amparo.checklists.id"],
            name=op.f("fk_checklist_items_checklist_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("checklist_id", "position", name=op.f("pk_checklist_items")),
        schema="amparo",
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=True),
        sa.Column(
            "countries", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("language", sa.Text(), server_default="es", nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("oidc_issuer", sa.Text(), nullable=True),
        sa.Column("oidc_subject", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "email = lower(email) and email like '%_@_%'", name=op.f("ck_people_email")
        ),
        sa.CheckConstraint(
            "role <> 'approver' or cardinality(countries) > 0", name=op.f("ck_people_approver_of")
        ),
        sa.CheckConstraint(
            "role <> 'editor' or organization_id is not null", name=op.f("ck_people_editor_of")
        ),
        sa.CheckConstraint(
            "role in ('viewer', 'editor', 'approver', 'coordinator', 'admin')",
            name=op.f("ck_people_role"),
        ),
        sa.CheckConstraint(
            "(oidc_issuer is null) = (oidc_subject is null)", name=op.f("ck_people_oidc_in_pairs")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["amparo.organizations.id"],
            name=op.f("fk_people_organization_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
        sa.UniqueConstraint("oidc_issuer", "oidc_subject", name=op.f("uq_people_oidc_issuer")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_people_organization_id"),
        "people",
        ["organization_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "term_names",
        sa.Column("vocabulary", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["vocabulary", "code"],
            ["amparo.terms.vocabulary", "amparo.terms.code"],
            name=op.f("fk_term_names_vocabulary"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("vocabulary", "code", "language", name=op.f("pk_term_names")),
        schema="amparo",
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["amparo.organizations.id"],
            name=op.f("fk_webhooks_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_webhooks_organization_id"),
        "webhooks",
        ["organization_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "assessments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("checklist_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("assessed_by", sa.Text(), nullable=True),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("verified_by", sa.Text(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "state in ('draft', 'submitted', 'verified', 'returned')",
            name=op.f("ck_assessments_state"),
        ),
        sa.CheckConstraint(
            "verified_by is distinct from assessed_by or verified_by is null",
            name=op.f("ck_assessments_two_people"),
        ),
        sa.ForeignKeyConstraint(
            ["assessed_by"],
            ["amparo.people.id"],
            name=op.f("fk_assessments_assessed_by"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["checklist_id"],
            ["amparo.checklists.id"],
            name=op.f("fk_assessments_checklist_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_assessments_location_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["verified_by"],
            ["amparo.people.id"],
            name=op.f("fk_assessments_verified_by"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessments")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_assessments_location_id"),
        "assessments",
        ["location_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "complaints",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="new", nullable=False),
        sa.Column("received_on", sa.Date(), server_default=sa.text("current_date"), nullable=False),
        sa.Column("handled_by", sa.Text(), nullable=True),
        sa.Column("delete_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "category in ('staff_conduct', 'refused', 'charged', 'unsafe', 'privacy', 'other')",
            name=op.f("ck_complaints_category"),
        ),
        sa.CheckConstraint(
            "state in ('new', 'handling', 'closed')", name=op.f("ck_complaints_state")
        ),
        sa.CheckConstraint("char_length(body) <= 2000", name=op.f("ck_complaints_body_length")),
        sa.ForeignKeyConstraint(
            ["handled_by"],
            ["amparo.people.id"],
            name=op.f("fk_complaints_handled_by"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_complaints_location_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_complaints_location_id"),
        "complaints",
        ["location_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "confirmation_links",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("listed_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "channel in ('whatsapp', 'sms', 'email', 'phone', 'visit', 'web')",
            name=op.f("ck_confirmation_links_channel"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["amparo.people.id"],
            name=op.f("fk_confirmation_links_created_by"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_confirmation_links_location_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation_links")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_confirmation_links_token_sha256")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_confirmation_links_location_id"),
        "confirmation_links",
        ["location_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "confirmations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "answer in ('as_listed', 'changed', 'full', 'closed')",
            name=op.f("ck_confirmations_answer"),
        ),
        sa.CheckConstraint(
            "channel in ('whatsapp', 'sms', 'email', 'phone', 'visit', 'web')",
            name=op.f("ck_confirmations_channel"),
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_confirmations_location_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmations")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_confirmations_location_id"),
        "confirmations",
        ["location_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "duplicates",
        sa.Column("left_id", sa.Text(), nullable=False),
        sa.Column("right_id", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("found_on", sa.Date(), server_default=sa.text("current_date"), nullable=False),
        sa.CheckConstraint(
            "state in ('open', 'merging', 'merged', 'distinct')",
            name=op.f("ck_duplicates_state"),
        ),
        sa.CheckConstraint("left_id < right_id", name=op.f("ck_duplicates_ordered")),
        sa.ForeignKeyConstraint(
            ["decided_by"],
            ["amparo.people.id"],
            name=op.f("fk_duplicates_decided_by"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("left_id", "right_id", name=op.f("pk_duplicates")),
        schema="amparo",
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("was_served", sa.Boolean(), nullable=True),
        sa.Column("was_open", sa.Boolean(), nullable=True),
        sa.Column("received_on", sa.Date(), server_default=sa.text("current_date"), nullable=False),
        sa.CheckConstraint(
            "was_served is not null or was_open is not null",
            name=op.f("ck_feedback_says_something"),
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_feedback_location_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_feedback_location_id"), "feedback", ["location_id"], unique=False, schema="amparo"
    )
    op.create_geospatial_table(
        "hidden_areas",
        sa.Column("id", sa.Text(), nullable=False),
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
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("hidden_by", sa.Text(), nullable=True),
        sa.Column(
            "hidden_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["hidden_by"],
            ["amparo.people.id"],
            name=op.f("fk_hidden_areas_hidden_by"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hidden_areas")),
        schema="amparo",
    )
    op.create_geospatial_index(
        "idx_hidden_areas_geom",
        "hidden_areas",
        ["geom"],
        unique=False,
        schema="amparo",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_table(
        "import_batches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("documents", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), server_default="checked", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("delete_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "state in ('checked', 'applied', 'discarded')", name=op.f("ck_import_batches_state")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["amparo.people.id"],
            name=op.f("fk_import_batches_person_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batches")),
        schema="amparo",
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["amparo.people.id"],
            name=op.f("fk_invitations_person_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_invitations_token_sha256")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_invitations_person_id"),
        "invitations",
        ["person_id"],
        unique=False,
        schema="amparo",
    )
    op.create_geospatial_table(
        "itinerary_stops",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_itinerary_stops_times")),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_itinerary_stops_location_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_itinerary_stops")),
        schema="amparo",
    )
    op.create_geospatial_index(
        "idx_itinerary_stops_geom",
        "itinerary_stops",
        ["geom"],
        unique=False,
        schema="amparo",
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        op.f("ix_itinerary_stops_location_id"),
        "itinerary_stops",
        ["location_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("written_by", sa.Text(), nullable=True),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "(state = 'reviewed') <= (reviewed_by is not null)", name=op.f("ck_messages_reviewed")
        ),
        sa.CheckConstraint(
            "audience in ('people_on_the_move', 'host_community', 'operators', 'partners')",
            name=op.f("ck_messages_audience"),
        ),
        sa.CheckConstraint(
            "state in ('draft', 'reviewed', 'retired')", name=op.f("ck_messages_state")
        ),
        sa.CheckConstraint(
            "valid_to is null or valid_to >= valid_from", name=op.f("ck_messages_validity")
        ),
        sa.ForeignKeyConstraint(
            ["written_by"],
            ["amparo.people.id"],
            name=op.f("fk_messages_written_by"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("key", "language", "valid_from", name=op.f("uq_messages_key")),
        schema="amparo",
    )
    op.create_index(op.f("ix_messages_key"), "messages", ["key"], unique=False, schema="amparo")
    op.create_table(
        "pathway_steps",
        sa.Column("pathway_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("instruction", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.Text(), nullable=True),
        sa.Column("location_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["amparo.contacts.id"],
            name=op.f("fk_pathway_steps_contact_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_pathway_steps_location_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["pathway_id"],
            ["amparo.pathways.id"],
            name=op.f("fk_pathway_steps_pathway_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pathway_id", "position", name=op.f("pk_pathway_steps")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_pathway_steps_contact_id"),
        "pathway_steps",
        ["contact_id"],
        unique=False,
        schema="amparo",
    )
    op.create_index(
        op.f("ix_pathway_steps_location_id"),
        "pathway_steps",
        ["location_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "practices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="es", nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("reviewed_by", sa.Text(), nullable=True),
        sa.Column("noted_on", sa.Date(), nullable=False),
        sa.Column("visibility", sa.Text(), server_default="restricted", nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('draft', 'reviewed', 'retired')", name=op.f("ck_practices_state")
        ),
        sa.CheckConstraint(
            "visibility in ('public', 'partners', 'restricted')",
            name=op.f("ck_practices_visibility"),
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_practices_location_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practices")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_practices_location_id"),
        "practices",
        ["location_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "product_at_location",
        sa.Column("product_id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_product_at_location_location_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["amparo.products.id"],
            name=op.f("fk_product_at_location_product_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", "location_id", name=op.f("pk_product_at_location")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_product_at_location_location_id"),
        "product_at_location",
        ["location_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "proposals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("base_revision", sa.BigInteger(), nullable=True),
        sa.Column("organization_id", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=True),
        sa.Column("proposed_via", sa.Text(), server_default="web", nullable=False),
        sa.Column(
            "proposed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column(
            "released", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("merged_id", sa.Text(), nullable=True),
        sa.Column("merged_revision", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state in ('accepted', 'rejected')) = (decided_by is not null)",
            name=op.f("ck_proposals_decided"),
        ),
        sa.CheckConstraint(
            "entity in ('space', 'crossing', 'organization')", name=op.f("ck_proposals_entity")
        ),
        sa.CheckConstraint(
            "state in ('pending', 'accepted', 'rejected', 'withdrawn')",
            name=op.f("ck_proposals_state"),
        ),
        sa.CheckConstraint(
            "decided_by is null or decided_by is distinct from proposed_by",
            name=op.f("ck_proposals_two_people"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"],
            ["amparo.people.id"],
            name=op.f("fk_proposals_decided_by"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"],
            ["amparo.people.id"],
            name=op.f("fk_proposals_proposed_by"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_proposals_batch_id"), "proposals", ["batch_id"], unique=False, schema="amparo"
    )
    op.create_index(
        "ix_proposals_open", "proposals", ["state", "proposed_at"], unique=False, schema="amparo"
    )
    op.create_index(
        op.f("ix_proposals_organization_id"),
        "proposals",
        ["organization_id"],
        unique=False,
        schema="amparo",
    )
    op.create_index(
        op.f("ix_proposals_proposed_by"),
        "proposals",
        ["proposed_by"],
        unique=False,
        schema="amparo",
    )
    op.create_index(
        op.f("ix_proposals_record_id"), "proposals", ["record_id"], unique=False, schema="amparo"
    )
    op.create_table(
        "referral_points",
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("referrer_id", sa.Text(), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "location_id <> referrer_id", name=op.f("ck_referral_points_not_itself")
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_referral_points_location_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["referrer_id"],
            ["amparo.locations.id"],
            name=op.f("fk_referral_points_referrer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("location_id", "referrer_id", name=op.f("pk_referral_points")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_referral_points_referrer_id"),
        "referral_points",
        ["referrer_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "rumours",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("admin1", sa.Text(), nullable=True),
        sa.Column("heard_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("message_key", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'answered') <= (message_key is not null)", name=op.f("ck_rumours_answered")
        ),
        sa.CheckConstraint(
            "state in ('open', 'answered', 'retired')", name=op.f("ck_rumours_state")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["amparo.people.id"],
            name=op.f("fk_rumours_recorded_by"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rumours")),
        schema="amparo",
    )
    op.create_table(
        "schedule_exceptions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("closed", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("opens_at", sa.Time(), nullable=True),
        sa.Column("closes_at", sa.Time(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(opens_at is null) = (closes_at is null) and closed = (opens_at is null)",
            name=op.f("ck_schedule_exceptions_hours_unless_closed"),
        ),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_schedule_exceptions_days")),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["amparo.locations.id"],
            name=op.f("fk_schedule_exceptions_location_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_exceptions")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_schedule_exceptions_location_id"),
        "schedule_exceptions",
        ["location_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "web_sessions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["amparo.people.id"],
            name=op.f("fk_web_sessions_person_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_sessions")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_web_sessions_token_sha256")),
        schema="amparo",
    )
    op.create_index(
        op.f("ix_web_sessions_person_id"),
        "web_sessions",
        ["person_id"],
        unique=False,
        schema="amparo",
    )
    op.create_table(
        "assessment_answers",
        sa.Column("assessment_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "answer in ('yes', 'partly', 'no', 'not_applicable')",
            name=op.f("ck_assessment_answers_answer"),
        ),
        sa.ForeignKeyConstraint(
            ["assessment_id"],
            ["amparo.assessments.id"],
            name=op.f("fk_assessment_answers_assessment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("assessment_id", "position", name=op.f("pk_assessment_answers")),
        schema="amparo",
    )
    op.add_column(
        "access_tokens", sa.Column("person_id", sa.Text(), nullable=True), schema="amparo"
    )
    op.create_index(
        op.f("ix_access_tokens_person_id"),
        "access_tokens",
        ["person_id"],
        unique=False,
        schema="amparo",
    )
    op.create_foreign_key(
        op.f("fk_access_tokens_person_id"),
        "access_tokens",
        "people",
        ["person_id"],
        ["id"],
        source_schema="amparo",
        referent_schema="amparo",
        ondelete="CASCADE",
    )
    op.add_column(
        "locations",
        sa.Column("genders", postgresql.ARRAY(sa.Text()), nullable=True),
        schema="amparo",
    )
    op.add_column(
        "locations",
        sa.Column("families_only", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="amparo",
    )
    op.add_column(
        "locations",
        sa.Column("children_alone", sa.Text(), server_default="not_known", nullable=False),
        schema="amparo",
    )
    op.add_column(
        "locations",
        sa.Column("fees", sa.Text(), server_default="not_known", nullable=False),
        schema="amparo",
    )
    op.add_column(
        "locations",
        sa.Column("documents_required", postgresql.ARRAY(sa.Text()), nullable=True),
        schema="amparo",
    )
    op.add_column(
        "locations", sa.Column("maximum_nights", sa.Integer(), nullable=True), schema="amparo"
    )
    op.add_column("locations", sa.Column("address", sa.Text(), nullable=True), schema="amparo")
    op.add_column("locations", sa.Column("landmark", sa.Text(), nullable=True), schema="amparo")
    op.add_column("locations", sa.Column("road", sa.Text(), nullable=True), schema="amparo")
    op.add_column("locations", sa.Column("road_km", sa.Float(), nullable=True), schema="amparo")
    op.add_column(
        "locations",
        sa.Column(
            "amenities",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        schema="amparo",
    )
    op.add_column("locations", sa.Column("step_free", sa.Boolean(), nullable=True), schema="amparo")
    op.add_column("locations", sa.Column("data_shared", sa.Text(), nullable=True), schema="amparo")
    op.add_column(
        "locations",
        sa.Column("holidays", sa.Text(), server_default="not_known", nullable=False),
        schema="amparo",
    )
    op.add_column("locations", sa.Column("consent_on", sa.Date(), nullable=True), schema="amparo")
    op.add_column(
        "locations",
        sa.Column("revision", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        schema="amparo",
    )
    op.add_column(
        "schedules",
        sa.Column("interval", sa.Integer(), server_default=sa.text("1"), nullable=False),
        schema="amparo",
    )
    op.add_column("schedules", sa.Column("dtstart", sa.Date(), nullable=True), schema="amparo")
    op.add_column("schedules", sa.Column("until", sa.Date(), nullable=True), schema="amparo")
    op.add_column("schedules", sa.Column("count", sa.Integer(), nullable=True), schema="amparo")
    op.add_column(
        "schedules",
        sa.Column(
            "bymonthday",
            postgresql.ARRAY(sa.Integer()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        schema="amparo",
    )
    op.add_column("schedules", sa.Column("last_entry", sa.Time(), nullable=True), schema="amparo")
    for statement in (*CHECKS, GRANTS, KEYS):
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    for statement in FORMER_CHECKS:
        op.execute(statement)
    op.drop_column("schedules", "last_entry", schema="amparo")
    op.drop_column("schedules", "bymonthday", schema="amparo")
    op.drop_column("schedules", "count", schema="amparo")
    op.drop_column("schedules", "until", schema="amparo")
    op.drop_column("schedules", "dtstart", schema="amparo")
    op.drop_column("schedules", "interval", schema="amparo")
    op.drop_column("locations", "revision", schema="amparo")
    op.drop_column("locations", "consent_on", schema="amparo")
    op.drop_column("locations", "holidays", schema="amparo")
    op.drop_column("locations", "data_shared", schema="amparo")
    op.drop_column("locations", "step_free", schema="amparo")
    op.drop_column("locations", "amenities", schema="amparo")
    op.drop_column("locations", "road_km", schema="amparo")
    op.drop_column("locations", "road", schema="amparo")
    op.drop_column("locations", "landmark", schema="amparo")
    op.drop_column("locations", "address", schema="amparo")
    op.drop_column("locations", "maximum_nights", schema="amparo")
    op.drop_column("locations", "documents_required", schema="amparo")
    op.drop_column("locations", "fees", schema="amparo")
    op.drop_column("locations", "children_alone", schema="amparo")
    op.drop_column("locations", "families_only", schema="amparo")
    op.drop_column("locations", "genders", schema="amparo")
    op.drop_constraint(
        op.f("fk_access_tokens_person_id"), "access_tokens", schema="amparo", type_="foreignkey"
    )
    op.drop_index(op.f("ix_access_tokens_person_id"), table_name="access_tokens", schema="amparo")
    op.drop_column("access_tokens", "person_id", schema="amparo")
    op.drop_table("assessment_answers", schema="amparo")
    op.drop_index(op.f("ix_web_sessions_person_id"), table_name="web_sessions", schema="amparo")
    op.drop_table("web_sessions", schema="amparo")
    op.drop_index(
        op.f("ix_schedule_exceptions_location_id"),
        table_name="schedule_exceptions",
        schema="amparo",
    )
    op.drop_table("schedule_exceptions", schema="amparo")
    op.drop_table("rumours", schema="amparo")
    op.drop_index(
        op.f("ix_referral_points_referrer_id"), table_name="referral_points", schema="amparo"
    )
    op.drop_table("referral_points", schema="amparo")
    op.drop_index(op.f("ix_proposals_record_id"), table_name="proposals", schema="amparo")
    op.drop_index(op.f("ix_proposals_proposed_by"), table_name="proposals", schema="amparo")
    op.drop_index(op.f("ix_proposals_organization_id"), table_name="proposals", schema="amparo")
    op.drop_index("ix_proposals_open", table_name="proposals", schema="amparo")
    op.drop_index(op.f("ix_proposals_batch_id"), table_name="proposals", schema="amparo")
    op.drop_table("proposals", schema="amparo")
    op.drop_index(
        op.f("ix_product_at_location_location_id"),
        table_name="product_at_location",
        schema="amparo",
    )
    op.drop_table("product_at_location", schema="amparo")
    op.drop_index(op.f("ix_practices_location_id"), table_name="practices", schema="amparo")
    op.drop_table("practices", schema="amparo")
    op.drop_index(op.f("ix_pathway_steps_location_id"), table_name="pathway_steps", schema="amparo")
    op.drop_index(op.f("ix_pathway_steps_contact_id"), table_name="pathway_steps", schema="amparo")
    op.drop_table("pathway_steps", schema="amparo")
    op.drop_index(op.f("ix_messages_key"), table_name="messages", schema="amparo")
    op.drop_table("messages", schema="amparo")
    op.drop_index(
        op.f("ix_itinerary_stops_location_id"), table_name="itinerary_stops", schema="amparo"
    )
    op.drop_geospatial_index(
        "idx_itinerary_stops_geom",
        table_name="itinerary_stops",
        schema="amparo",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("itinerary_stops", schema="amparo")
    op.drop_index(op.f("ix_invitations_person_id"), table_name="invitations", schema="amparo")
    op.drop_table("invitations", schema="amparo")
    op.drop_table("import_batches", schema="amparo")
    op.drop_geospatial_index(
        "idx_hidden_areas_geom",
        table_name="hidden_areas",
        schema="amparo",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("hidden_areas", schema="amparo")
    op.drop_index(op.f("ix_feedback_location_id"), table_name="feedback", schema="amparo")
    op.drop_table("feedback", schema="amparo")
    op.drop_table("duplicates", schema="amparo")
    op.drop_index(op.f("ix_confirmations_location_id"), table_name="confirmations", schema="amparo")
    op.drop_table("confirmations", schema="amparo")
    op.drop_index(
        op.f("ix_confirmation_links_location_id"), table_name="confirmation_links", schema="amparo"
    )
    op.drop_table("confirmation_links", schema="amparo")
    op.drop_index(op.f("ix_complaints_location_id"), table_name="complaints", schema="amparo")
    op.drop_table("complaints", schema="amparo")
    op.drop_index(op.f("ix_assessments_location_id"), table_name="assessments", schema="amparo")
    op.drop_table("assessments", schema="amparo")
    op.drop_index(op.f("ix_webhooks_organization_id"), table_name="webhooks", schema="amparo")
    op.drop_table("webhooks", schema="amparo")
    op.drop_table("term_names", schema="amparo")
    op.drop_index(op.f("ix_people_organization_id"), table_name="people", schema="amparo")
    op.drop_table("people", schema="amparo")
    op.drop_table("checklist_items", schema="amparo")
    op.drop_table("terms", schema="amparo")
    op.drop_index("ix_space_versions_times", table_name="space_versions", schema="amparo")
    op.drop_index(
        op.f("ix_space_versions_location_id"), table_name="space_versions", schema="amparo"
    )
    op.drop_geospatial_index(
        "idx_space_versions_geom",
        table_name="space_versions",
        schema="amparo",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("space_versions", schema="amparo")
    op.drop_table("signing_keys", schema="amparo")
    op.drop_table("service_requests", schema="amparo")
    op.drop_geospatial_index(
        "idx_products_geom",
        table_name="products",
        schema="amparo",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("products", schema="amparo")
    op.drop_index(op.f("ix_pathways_country"), table_name="pathways", schema="amparo")
    op.drop_table("pathways", schema="amparo")
    op.drop_index(
        "ix_outbox_due",
        table_name="outbox",
        schema="amparo",
        postgresql_where=sa.text("sent_at is null and failed_at is null"),
    )
    op.drop_table("outbox", schema="amparo")
    op.drop_index(op.f("ix_contacts_country"), table_name="contacts", schema="amparo")
    op.drop_table("contacts", schema="amparo")
    op.drop_table("checklists", schema="amparo")
    op.drop_index(op.f("ix_audit_entries_record_id"), table_name="audit_entries", schema="amparo")
    op.drop_table("audit_entries", schema="amparo")
    op.execute("reset role")
