"""SQLAlchemy Core statements in the form of asyncpg: compiled once, bound at every run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.engine import make_url

_DIALECT = make_url("postgresql+asyncpg://").get_dialect()()


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with placeholders ``$1`` and so on.

    Parameters
    ----------
    sql
        Text with placeholders; it holds no values.
    names
        Name of the parameter for each placeholder, in order.
    fixed
        Values of parameters that the statement contains as literals, by name of the parameter.
    """

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the values in the order of their placeholders.

        Raises
        ------
        KeyError
            A value is missing.
        """
        fixed = self.fixed
        return [values[name] if name in values else fixed[name] for name in self.names]


def compiled(statement: Select[*tuple[Any, ...]]) -> Statement:
    """Compile a statement; its own literal values become placeholders too."""
    made = statement.compile(dialect=_DIALECT)
    required = {name for name, bind in made.binds.items() if bind.required}
    # A list among the statement's own values becomes one placeholder for each item.
    whole = made.construct_expanded_state(dict.fromkeys(required))
    names = tuple(whole.positiontup or ())
    fixed = {name: whole.parameters[name] for name in names if name not in required}
    return Statement(whole.statement, names, fixed)
