"""Past states of collections: which layers have a history, and SQL that reads it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Date, DateTime, Text, bindparam, cast, func
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.ext.asyncio import AsyncSession

from geo.db import views
from geo.geography import crossings
from geo.history import versions
from tiles.catalogue.layer import Layer
from tiles.catalogue.layers import CROSSINGS, SPACES
from tiles.errors import NoPastError

#: Layers whose past states can be requested: spaces have stored versions, crossings have dated
#: statements about their state.
WITH_A_PAST = frozenset({SPACES.name, CROSSINGS.name})

_PAST_SPACES = replace(
    SPACES,
    view=versions.space_versions,
    expires_on=versions.space_versions.c.expires_on,
)


def require_past(layer: Layer) -> None:
    """Refuse a layer without stored history.

    Raises
    ------
    NoPastError
        The layer is neither spaces nor crossings.
    """
    if layer.name not in WITH_A_PAST:
        raise NoPastError


def past_layer(layer: Layer) -> Layer:
    """Return the layer with the view that holds its history."""
    return _PAST_SPACES if layer.name == SPACES.name else layer


def past_conditions(layer: Layer) -> list[ColumnElement[bool]]:
    """Return SQL conditions that select the rows valid at a past instant.

    Their parameter is ``instant``.
    """
    if layer.name != SPACES.name:
        return []
    return [versions.holds_at(bindparam("instant", type_=DateTime(timezone=True)))]


def past_columns(layer: Layer) -> Mapping[str, ColumnElement[Any]]:
    """Return SQL expressions of past values, by name of the column that each replaces.

    The expressions have the parameters ``instant`` and ``states``.
    """
    if layer.name != CROSSINGS.name:
        return {}
    day = cast(func.timezone("UTC", bindparam("instant", type_=DateTime(timezone=True))), Date)
    known = func.jsonb_path_query_array(
        views.crossings.c.statuses,
        cast("$[*] ? (@.valid_from <= $day)", JSONPATH),
        func.jsonb_build_object("day", cast(day, Text)),
        type_=JSONB,
    )
    state = cast(bindparam("states", type_=Text), JSONB).op("->>")(views.crossings.c.id)
    return {"state": func.coalesce(state, "not_known", type_=Text), "statuses": known}


async def past_values(session: AsyncSession, layer: Layer, instant: datetime) -> dict[str, Any]:
    """Return the values of the parameters that the other functions of this module use."""
    if layer.name != CROSSINGS.name:
        return {"instant": instant}
    states = {found.id: found.state for found in await crossings.states_at(session, instant)}
    return {"instant": instant, "states": orjson.dumps(states).decode()}
