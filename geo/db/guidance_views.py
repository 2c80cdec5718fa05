"""Table objects for the views of guidance, feedback and standards (see `geo.db.views`).

The last views of the module, beginning with ``message_drafts``, exist only in the staff's schema.
"""

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, Boolean, Column, Date, Float, Integer, Result, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from geo.db.views import published


def plain_rows(found: Result[Any]) -> list[dict[str, Any]]:
    """Return rows as dicts with plain str keys: JSON encoders reject SQLAlchemy's quoted names."""
    return [{str(name): value for name, value in row.items()} for row in found.mappings().all()]


contacts = Table(
    "contacts",
    published,
    Column("id", Text, primary_key=True),
    Column("kind", Text),
    Column("name", Text),
    Column("country", Text),
    Column("admin1", Text),
    Column("phone", Text),
    Column("whatsapp", Text),
    Column("hours", Text),
    Column("languages", ARRAY(Text)),
    Column("independent", Boolean),
    Column("confirmed_on", Date),
    Column("expires_on", Date),
    Column("demo", Boolean),
    Column("source", Text),
    Column("licence", Text),
)

messages = Table(
    "messages",
    published,
    Column("id", Text, primary_key=True),
    Column("key", Text),
    Column("language", Text),
    Column("audience", Text),
    Column("body", Text),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("reviewed_on", Date),
    Column("safety", Boolean),
    Column("demo", Boolean),
    Column("kind", Text),
)

information_channels = Table(
    "information_channels",
    published,
    Column("id", Text, primary_key=True),
    Column("name", Text),
    Column("medium", Text),
    Column("operator", Text),
    Column("address", Text),
    Column("languages", ARRAY(Text)),
    Column("country", Text),
    Column("admin1", Text),
    Column("status", Text),
    Column("confirmed_on", Date),
    Column("expires_on", Date),
    Column("demo", Boolean),
    Column("source", Text),
    Column("licence", Text),
)

products = Table(
    "products",
    published,
    Column("id", Text, primary_key=True),
    Column("title", Text),
    Column("language", Text),
    Column("audience", Text),
    Column("summary", Text),
    Column("url", Text),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("demo", Boolean),
    Column("source", Text),
    Column("licence", Text),
    Column("geom", Geometry("GEOMETRY", srid=4326, spatial_index=False)),
)

product_spaces = Table(
    "product_spaces", published, Column("product_id", Text), Column("location_id", Text)
)

practices = Table(
    "practices",
    published,
    Column("id", Text, primary_key=True),
    Column("location_id", Text),
    Column("title", Text),
    Column("body", Text),
    Column("language", Text),
    Column("noted_on", Date),
    Column("demo", Boolean),
)

pathways = Table(
    "pathways",
    published,
    Column("id", Text, primary_key=True),
    Column("need", Text),
    Column("country", Text),
    Column("admin1", Text),
    Column("title", Text),
    Column("confirmed_on", Date),
    Column("expires_on", Date),
    Column("demo", Boolean),
    Column("source", Text),
    Column("licence", Text),
)

pathway_steps = Table(
    "pathway_steps",
    published,
    Column("pathway_id", Text),
    Column("position", Integer),
    Column("instruction", Text),
    Column("contact_id", Text),
    Column("location_id", Text),
)

rumours = Table(
    "rumours",
    published,
    Column("id", Text, primary_key=True),
    Column("claim", Text),
    Column("country", Text),
    Column("admin1", Text),
    Column("heard_on", Date),
    Column("message_key", Text),
)

feedback_counts = Table(
    "feedback_counts",
    published,
    Column("country", Text),
    Column("admin1", Text),
    Column("week", Date),
    Column("answer", Text),
    Column("n", Integer),
)

request_counts = Table(
    "request_counts",
    published,
    Column("service", Text),
    Column("country", Text),
    Column("admin1", Text),
    Column("week", Date),
    Column("n", Integer),
)

checklists = Table(
    "checklists",
    published,
    Column("id", Text, primary_key=True),
    Column("kind", Text),
    Column("version", Integer),
    Column("title", Text),
    Column("example", Boolean),
    Column("valid_months", Integer),
    Column("pass_score", Float),
    Column("published_on", Date),
)

checklist_items = Table(
    "checklist_items",
    published,
    Column("checklist_id", Text),
    Column("position", Integer),
    Column("standard", Text),
    Column("question", Text),
    Column("evidence_needed", Boolean),
    Column("essential", Boolean),
)

# --- views of the staff's schema only ---
message_drafts = Table(
    "message_drafts",
    published,
    Column("id", Text, primary_key=True),
    Column("key", Text),
    Column("language", Text),
    Column("audience", Text),
    Column("body", Text),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Column("state", Text),
    Column("written_by", Text),
    Column("safety", Boolean),
    Column("demo", Boolean),
    Column("kind", Text),
)

complaints = Table(
    "complaints",
    published,
    Column("id", Text, primary_key=True),
    Column("location_id", Text),
    Column("country", Text),
    Column("category", Text),
    Column("body", Text),
    Column("state", Text),
    Column("received_on", Date),
    Column("handled_by", Text),
    Column("delete_on", Date),
)

feedback_by_space = Table(
    "feedback_by_space",
    published,
    Column("location_id", Text, primary_key=True),
    Column("n", BigInteger),
    Column("served", BigInteger),
    Column("not_served", BigInteger),
    Column("found_open", BigInteger),
    Column("found_closed", BigInteger),
)

assessments = Table(
    "assessments",
    published,
    Column("id", Text, primary_key=True),
    Column("location_id", Text),
    Column("checklist_id", Text),
    Column("state", Text),
    Column("assessed_by", Text),
    Column("assessed_on", Date),
    Column("due_on", Date),
    Column("verified_by", Text),
    Column("verified_on", Date),
    Column("decision_reason", Text),
    Column("score", Float),
    Column("essentials_met", Boolean),
)

standard_scores = Table(
    "standard_scores",
    published,
    Column("assessment_id", Text),
    Column("standard", Text),
    Column("score", Float),
    Column("essentials_met", Boolean),
    Column("questions", BigInteger),
    Column("answered", BigInteger),
    Column("position", Integer),
)

assessment_answers = Table(
    "assessment_answers",
    published,
    Column("assessment_id", Text),
    Column("position", Integer),
    Column("answer", Text),
    Column("evidence", Text),
)
