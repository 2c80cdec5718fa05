"""What a hazard's figures and geometry may be: one row that no route can reckon with stops all."""

from alembic import op

revision: str = "0013_hazard_values"
down_revision: str | None = "0012_knowledge"
branch_labels: str | None = None
depends_on: str | None = None

CHECKS = {
    # PostgreSQL orders NaN above every number.
    "ck_hazards_weight_is_a_price": "weight <= 1e9",
    "ck_hazards_exposure_is_a_distance": "exposure_km >= 1 and exposure_km <= 1e15",
    "ck_hazards_events_are_counted": "event_count >= 0",
    "ck_hazards_geometry_is_on_earth": "{geom}",
    "ck_hazards_public_geometry_is_on_earth": "{geom_public}",
}


def _on_earth(column: str) -> str:
    """Give the condition that a geometry has vertices, all of them places on Earth."""
    return (
        f"not st_isempty({column})"
        f" and st_xmin({column}) >= -180 and st_xmax({column}) <= 180"
        f" and st_ymin({column}) >= -90 and st_ymax({column}) <= 90"
        f" and strpos(lower(st_astext({column})), 'nan') = 0"
    )


def upgrade() -> None:
    """Check what is there and what is written from now on."""
    for name, condition in CHECKS.items():
        filled = condition.format(geom=_on_earth("geom"), geom_public=_on_earth("geom_public"))
        op.execute(f"alter table amparo.hazards add constraint {name} check ({filled})")


def downgrade() -> None:
    """Drop the checks."""
    for name in CHECKS:
        op.execute(f"alter table amparo.hazards drop constraint {name}")
