"""What an entry of the catalogue is: rows, columns, geometry, signs, credit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from sqlalchemy import (
    Cast,
    ColumnElement,
    Date,
    Null,
    Select,
    Table,
    Text,
    cast,
    null,
    select,
)
from sqlalchemy.types import TypeEngine

from geo.db.change_stamps import StampClock, StampSubject
from geo.db.sessions import Tier
from tiles.fields import Field, Word, kind_of
from tiles.words import WORDS

#: A property that every feature has, however few are asked for (P49).
_ALWAYS: Final = ("expires_on",)


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
class ZoomStep:
    """What a tile holds below a zoom.

    Parameters
    ----------
    below_zoom
        First zoom at which it no longer holds.
    keep
        Only rows that satisfy this enter; None: all. Of steps that hold together the one of the
        lowest zoom decides: it lets no row in that another keeps out.
    columns
        Only these travel, and features that are equal in them and meet become one; the step
        of the lowest zoom decides. None: all of the layer's, and ``id``, a feature for a row.
    tolerance_cells
        How far a simplified line may be off, in cells of the tile; the largest decides.
    """

    below_zoom: int
    keep: ColumnElement[bool] | None = None
    columns: tuple[str, ...] | None = None
    tolerance_cells: float = 1.0


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
        View of `geo.db.views`; its key is the text column ``id``, its geometry ``geom``
        (EPSG:4326).
    columns
        Properties that may be published, in order.
    tile_columns
        Those of them that travel in tiles; ``id`` always does.
    shape, style, min_zoom, max_zoom
        How it is drawn, and the zooms with tiles of their own (maps enlarge the last).
    attribution, licence
        Credit that must be shown with it; the row's own licence is a property where it differs.
    subject, clock
        Whose stamp tells that something in it changed (`geo.db.change_stamps`), and how it changes
        by the clock alone.
    rests_on
        Other subjects whose rows its view looks at.
    words
        What columns mean here that mean something else elsewhere; others: `tiles.words`.
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
    subject: StampSubject
    clock: StampClock
    rests_on: tuple[StampSubject, ...] = ()
    words: Mapping[str, Word] = field(default_factory=dict)
    min_zoom: int = 0
    max_zoom: int = 14
    expires_on: ColumnElement[Any] = field(default_factory=lambda: cast(null(), Date))
    period: Period | None = None
    steps: tuple[ZoomStep, ...] = ()
    order: tuple[ColumnElement[Any], ...] = ()
    notice: str | None = None
    tiers: frozenset[Tier] = frozenset({Tier.PUBLIC, Tier.PARTNER, Tier.STAFF})

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of a feature's properties, in order."""
        return self.shown()

    @cached_property
    def sortables(self) -> Mapping[str, ColumnElement[Any]]:
        """What a collection can be sorted by: the id and the properties of one plain value."""
        return {
            field.name: self.view.c[field.name]
            for field in self.fields
            if field.is_single and field.name not in _ALWAYS
        }

    def shown(self, columns: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return the properties of features that carry some columns, in order; None: all."""
        chosen = self.columns if columns is None else columns
        return (*(name for name in self.columns if name in chosen), *_ALWAYS)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """``id`` and every property, in order, with type and meaning."""
        return tuple(self._field(name) for name in ("id", *self.properties))

    def _field(self, name: str) -> Field:
        word = self.words.get(name) or WORDS[name]
        return Field(name, kind_of(self._type(name), is_list=word.is_list), word)

    def _type(self, name: str) -> TypeEngine[Any]:
        if name == "id":
            return Text()
        return Date() if name in _ALWAYS else self.view.c[name].type

    @property
    def has_end(self) -> bool:
        """Whether its records state a last day on which a copy may be used."""
        return not isinstance(self.expires_on, Cast) or not isinstance(self.expires_on.clause, Null)

    def steps_at(self, z: int) -> tuple[ZoomStep, ...]:
        """Return the steps that hold at a zoom, the one of the lowest zoom first."""
        return tuple(sorted((s for s in self.steps if z < s.below_zoom), key=_below))

    def kept_at(self, z: int) -> ColumnElement[bool] | None:
        """Return which rows enter tiles of a zoom; None for all."""
        return next((step.keep for step in self.steps_at(z) if step.keep is not None), None)

    def tile_columns_at(self, z: int) -> tuple[str, ...]:
        """Return what travels in tiles of a zoom: ``id`` too, unless features become one there."""
        thinned = (step.columns for step in self.steps_at(z) if step.columns is not None)
        return next(thinned, ("id", *self.tile_columns))

    def is_joined_at(self, z: int) -> bool:
        """Return whether features that are equal in what travels become one in tiles of a zoom."""
        return any(step.columns is not None for step in self.steps_at(z))

    def tolerance_cells_at(self, z: int) -> float:
        """Return how far a simplified line may be off in tiles of a zoom, in their cells."""
        return max((step.tolerance_cells for step in self.steps_at(z)), default=1.0)

    def rows(
        self,
        geom: ColumnElement[Any] | None = None,
        instead: Mapping[str, ColumnElement[Any]] | None = None,
        columns: Sequence[str] | None = None,
    ) -> Select[*tuple[Any, ...]]:
        """Select every publishable row: ``id``, the properties and ``geom``.

        Parameters
        ----------
        geom
            What stands for the geometry; default: the view's own.
        instead
            What stands for columns of the view, by name.
        columns
            Which of the properties; None for all. The day until which a copy may be used always
            comes along (P49).
        """
        given = instead or {}
        chosen = self.columns if columns is None else columns
        named = [name for name in self.columns if name in chosen]
        return select(
            self.view.c.id,
            *(given.get(name, self.view.c[name]).label(name) for name in named),
            self.expires_on.label("expires_on"),
            (self.view.c.geom if geom is None else geom).label("geom"),
        )


def _below(step: ZoomStep) -> int:
    return step.below_zoom
