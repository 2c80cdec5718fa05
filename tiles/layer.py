"""What an entry of the catalogue is: rows, columns, geometry, signs, credit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, Table, cast, null, select

from geo.db import Tier


class Shape(StrEnum):
    """What a layer's geometries look like on a map."""

    POINT = "point"
    LINE = "line"
    POLYGON = "polygon"
    MIXED = "mixed"


@dataclass(frozen=True)
class Sign:
    """How one kind of feature is drawn: colour and form together, never colour alone.

    Colours are Okabe and Ito's (2008, jfly.uni-koeln.de/color), without their green, because
    green reads as "safe" (P46).
    """

    colour: str
    form: str
    title: str = ""


@dataclass(frozen=True)
class Style:
    """The sign of a layer, or one sign for each value of a property."""

    sign: Sign
    width_px: float = 1.0
    opacity: float = 1.0
    by: str | None = None
    values: Mapping[str, Sign] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Step:
    """Below a zoom, only the rows that satisfy a condition enter a tile."""

    below_zoom: int
    keep: ColumnElement[bool]


@dataclass(frozen=True, eq=False)
class Period:
    """When a row holds: two instants; the second is null while no end is known."""

    start: ColumnElement[Any]
    end: ColumnElement[Any]


@dataclass(frozen=True, eq=False)
class Layer:
    """One entry of the catalogue.

    Parameters
    ----------
    name
        Name in addresses and tiles.
    title, description
        English; pages translate the title.
    view
        View of `geo.views`; its key is the text column ``id``, its geometry ``geom`` (EPSG:4326).
    columns
        Properties that may be published, in order.
    tile_columns
        Those of them that travel in tiles; ``id`` always does.
    shape, style, min_zoom, max_zoom
        How it is drawn, and the zooms with tiles of their own (maps enlarge the last).
    attribution, licence
        Credit that must be shown with it; the row's own licence is a property where it differs.
    expires_on
        Last date on which a copy may be used (P49); null where a record has none.
    period
        When a row holds, where it is bound to time.
    steps
        What is left out of tiles at low zooms.
    order
        Order of features in a tile, the most important first.
    notice
        What has to be said wherever the layer is shown.
    tiers
        Who may ask for it.
    """

    name: str
    title: str
    description: str
    view: Table
    columns: tuple[str, ...]
    tile_columns: tuple[str, ...]
    shape: Shape
    style: Style
    attribution: str
    licence: str
    min_zoom: int = 0
    max_zoom: int = 14
    expires_on: ColumnElement[Any] = field(default_factory=lambda: cast(null(), Date))
    period: Period | None = None
    steps: tuple[Step, ...] = ()
    order: tuple[ColumnElement[Any], ...] = ()
    notice: str | None = None
    tiers: frozenset[Tier] = frozenset({Tier.PUBLIC, Tier.PARTNER, Tier.STAFF})

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of a feature's properties, in order."""
        return (*self.columns, "expires_on")

    def rows(
        self,
        geom: ColumnElement[Any] | None = None,
        instead: Mapping[str, ColumnElement[Any]] | None = None,
    ) -> Select[*tuple[Any, ...]]:
        """Select every publishable row: ``id``, the properties and ``geom``.

        Parameters
        ----------
        geom
            What stands for the geometry; default: the view's own.
        instead
            What stands for columns of the view, by name.
        """
        given = instead or {}
        return select(
            self.view.c.id,
            *(given.get(name, self.view.c[name]).label(name) for name in self.columns),
            self.expires_on.label("expires_on"),
            (self.view.c.geom if geom is None else geom).label("geom"),
        )
