"""pg_trgm, and an index by which places are found as people type them, misspelt too.

The extension is a trusted one: who may create something in the database may make it. Like PostGIS
it stays at a downgrade, for somebody else may use it.
"""

from alembic import op

revision: str = "0019_place_names"
down_revision: str | None = "0018_reports"
branch_labels: str | None = None
depends_on: str | None = None

# As `geo.text.normalize.ACCENTED` and `PLAIN` were when this was written.
ACCENTED = (
    "ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝàáâãäåçèéêëìíîïñòóôõöùúûüýÿ"
    "ĀāĂăĄąĆćĈĉĊċČčĎďĒēĔĕĖėĘęĚěĜĝĞğĠġĢģĤĥĨĩĪīĬĭĮįİĴĵĶķĹĺĻļĽľŃńŅņŇňŌōŎŏŐőŔŕŖŗŘřŚśŜŝŞşŠšŢţŤť"
    "ŨũŪūŬŭŮůŰűŲųŴŵŶŷŸŹźŻżŽžſ"
)
PLAIN = (
    "aaaaaaceeeeiiiinooooouuuuyaaaaaaceeeeiiiinooooouuuuyy"
    "aaaaaaccccccccddeeeeeeeeeegggggggghhiiiiiiiiijjkkllllllnnnnnnoooooorrrrrrsssssssstttt"
    "uuuuuuuuuuuuwwyyyzzzzzzs"
)

INDEX = f"""
create index ix_places_name_folded on amparo.places
using gin (lower(translate(name, '{ACCENTED}', '{PLAIN}')) gin_trgm_ops)
"""


def upgrade() -> None:
    op.execute("create extension if not exists pg_trgm")
    op.execute("set local role amparo_owner")
    op.execute(INDEX)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role amparo_owner")
    op.execute("drop index amparo.ix_places_name_folded")
    op.execute("reset role")
