"""Run the migrations on the connection that geo.db.migrations put into the configuration."""

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection
from sqlalchemy.schema import SchemaItem

from geo.models import SCHEMA, Base

config = context.config

#: Endings of the names of indexes on expressions, which a comparison with the models leaves out.
EXPRESSIONS = ("_blurred", "_folded")


def include_name(name: str | None, type_: str, _parents: object) -> bool:
    """Return whether to compare a schema: only our own, as PostGIS has its tables in ``public``."""
    return type_ != "schema" or name == SCHEMA


def include_object(
    item: SchemaItem, name: str | None, type_: str, reflected: bool, compare_to: object
) -> bool:
    """Return whether to compare an object with the models.

    Indexes on expressions (``EXPRESSIONS``) are not compared: only migrations can describe them.
    """
    if type_ == "index" and reflected and (name or "").endswith(EXPRESSIONS):
        return False
    keep: bool = alembic_helpers.include_object(item, name, type_, reflected, compare_to)
    return keep


def run(connection: Connection) -> None:
    """Migrate on one connection, in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_schemas=True,
        include_name=include_name,
        include_object=include_object,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


# geo.db.migrations always hands a connection over: there is one way to migrate.
run(config.attributes["connection"])
