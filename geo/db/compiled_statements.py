"""Cache of compiled SQL statements that all engines of a process share.

By default SQLAlchemy caches compiled statements for each engine. A server has an engine for each
tier, so a statement that several tiers run would be compiled several times.
"""

from collections.abc import Hashable
from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import Compiled
from sqlalchemy.util import LRUCache

#: Maximum number of cached statements: SQLAlchemy's default for one engine (``query_cache_size``)
#: times the number of tiers.
CAPACITY = 2_000


class CompiledStatements(LRUCache[tuple[Hashable, ...], Compiled]):
    """Compiled statements by SQLAlchemy's cache key, for engines that differ only in their login.

    Instances are for SQLAlchemy's option ``compiled_cache``. SQLAlchemy's keys begin with the
    engine's dialect object, so that engines never share an entry. Here class and server version of
    the dialect, on which the SQL depends, replace the object.
    """

    __slots__ = ()

    def get(self, key: tuple[Any, ...], default: object = None) -> Any:  # noqa: ANN401 -- dict's
        """Return the compiled statement of a key, or the default."""
        return super().get(_for_any_engine(key), default)

    def __getitem__(self, key: tuple[Any, ...]) -> Compiled:
        """Return the compiled statement of a key."""
        return super().__getitem__(_for_any_engine(key))

    def __setitem__(self, key: tuple[Any, ...], compiled: Compiled) -> None:
        """Store the compiled statement of a key."""
        super().__setitem__(_for_any_engine(key), compiled)


def _for_any_engine(key: tuple[Any, ...]) -> tuple[Hashable, ...]:
    dialect, *statement = key
    if not isinstance(dialect, Dialect):
        return key
    return (type(dialect), getattr(dialect, "server_version_info", None), *statement)


#: Cache that all engines of this process share.
COMPILED = CompiledStatements(CAPACITY)
