"""What a hazard's figures and geometry may be: one row that no route can reckon with stops all."""

from alembic import op

revision: str = "0013_hazard_values"
down_revision: str | None = "0012_knowledge"
branch_labels: str | None = None
depends_on: str | None = None

# PostgreSQL orders NaN above every number.
CHECKS = (
    """
    alter table amparo.hazards
    add constraint ck_hazards_weight_is_a_price check (weight <= 1e9),
    add constraint ck_hazards_exposure_is_a_distance
        check (exposure_km >= 1 and exposure_km <= 1e15),
    add constraint ck_hazards_events_are_counted check (event_count >= 0)
    """,
    """
    alter table amparo.hazards add constraint ck_hazards_geometry_is_on_earth check (
        not st_isempty(geom)
        and st_xmin(geom) >= -180 and st_xmax(geom) <= 180
        and st_ymin(geom) >= -90 and st_ymax(geom) <= 90
        and strpos(lower(st_astext(geom)), 'nan') = 0
    )
    """,
    """
    alter table amparo.hazards add constraint ck_hazards_public_geometry_is_on_earth check (
        not st_isempty(geom_public)
        and st_xmin(geom_public) >= -180 and st_xmax(geom_public) <= 180
        and st_ymin(geom_public) >= -90 and st_ymax(geom_public) <= 90
        and strpos(lower(st_astext(geom_public)), 'nan') = 0
    )
    """,
)


def upgrade() -> None:
    """Check what is there and what is written from now on."""
    for statement in CHECKS:
        op.execute(statement)


def downgrade() -> None:
    """Drop the checks."""
    op.execute(
        """
        alter table amparo.hazards
        drop constraint ck_hazards_weight_is_a_price,
        drop constraint ck_hazards_exposure_is_a_distance,
        drop constraint ck_hazards_events_are_counted,
        drop constraint ck_hazards_geometry_is_on_earth,
        drop constraint ck_hazards_public_geometry_is_on_earth
        """
    )
