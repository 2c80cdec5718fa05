"""SQL of statements, which every engine of a process compiles once for all of them.

SQLAlchemy keeps what it compiles by engine, and a server has an engine for each tier: what several
tiers ask would be compiled as often.
"""

from collections.abc import Hashable
from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import Compiled
from sqlalchemy.util import LRUCache

#: Statements that are kept: what SQLAlchemy keeps for one engine (``query_cache_size``) times the
#: tiers.
CAPACITY = 2_000


class CompiledStatements(LRUCache[tuple[Hashable, ...], Compiled]):
    """Compiled statements by what they are, for engines that differ in their login alone.

    It is what SQLAlchemy's option ``compiled_cache`` takes. Its keys begin with the engine's
    dialect, an object of that engine's own; here the kind of dialect and the server's version,
    on which the SQL depends, stand for it.
    """

    __slots__ = ()

    def get(self, key: tuple[Any, ...], default: object = None) -> Any:  # noqa: ANN401 -- dict's
        """Return the compiled statement of a key, or the default."""
        return super().get(_for_any_engine(key), default)

    def __getitem__(self, key: tuple[Any, ...]) -> Compiled:
        """Return the compiled statement of a key."""
        return super().__getitem__(_for_any_engine(key))

    def __setitem__(self, key: tuple[Any, ...], compiled: Compiled) -> None:
        """Keep the compiled statement of a key."""
        super().__setitem__(_for_any_engine(key), compiled)


def _for_any_engine(key: tuple[Any, ...]) -> tuple[Hashable, ...]:
    dialect, *statement = key
    if not isinstance(dialect, Dialect):
        return key
    return (type(dialect), getattr(dialect, "server_version_info", None), *statement)


#: What this process has compiled.
COMPILED = CompiledStatements(CAPACITY)
