"""Statements of SQLAlchemy's Core as asyncpg takes them: compiled once, bound at every run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.engine import make_url

_DIALECT = make_url("postgresql+asyncpg://").get_dialect()()


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with ``$1`` and so on.

    Parameters
    ----------
    sql
        Text with places for values; it holds none.
    names
        Parameter of each place, in order.
    fixed
        Values that the statement itself brings along.
    """

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the values in the order of their places.

        Raises
        ------
        KeyError
            One is missing.
        """
        fixed = self.fixed
        return [values[name] if name in values else fixed[name] for name in self.names]


def compiled(statement: Select[*tuple[Any, ...]]) -> Statement:
    """Compile a statement; what it brings along as literals becomes places too."""
    made = statement.compile(dialect=_DIALECT)
    required = {name for name, bind in made.binds.items() if bind.required}
    # Lists of the catalogue's own become a place a member.
    whole = made.construct_expanded_state(dict.fromkeys(required))
    names = tuple(whole.positiontup or ())
    fixed = {name: whole.parameters[name] for name in names if name not in required}
    return Statement(whole.statement, names, fixed)
