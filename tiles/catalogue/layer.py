"""Classes for the entries of the catalogue: rows, columns, geometry, signs, attribution."""

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

from geo.db.change_stamps import StampClock
from geo.db.sessions import Tier
from tiles.fields import Field, Word, kind_of
from tiles.words import WORDS

#: Properties that every feature has, however few are requested (P49).
_ALWAYS: Final = ("expires_on",)


class Shape(StrEnum):
    """Geometry type of a layer: points, lines, polygons, or several of these (mixed)."""

    POINT = "point"
    LINE = "line"
    POLYGON = "polygon"
    MIXED = "mixed"


@dataclass(frozen=True)
class Sign:
    """The sign of one kind of feature: colour and form together, never colour alone.

    Colours are Okabe and Ito's (2008, jfly.uni-koeln.de/color), without their green, because green
    reads as "safe" (P46).
    """

    colour: str
    form: str
    title: str = ""


@dataclass(frozen=True)
class Style:
    """The style of a layer: one sign, or one sign for each value of the property ``by``."""

    sign: Sign
    width_px: float = 1.0
    opacity: float = 1.0
    by: str | None = None
    values: Mapping[str, Sign] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ZoomStep:
    """Reduction of a layer's tiles below some zoom.

    Parameters
    ----------
    below_zoom
        First zoom at which the step no longer applies.
    keep
        Condition on the rows that enter the tiles; None for all rows. If several steps apply at a
        zoom, the condition of the step with the lowest ``below_zoom`` is used, which is the
        strictest.
    columns
        Columns that are written; features that touch and have equal values in all of these are
        merged. If several steps apply, the step with the lowest ``below_zoom`` decides. None for
        all tile columns and ``id``, with one feature for each row.
    tolerance_cells
        Largest error of a simplified line, in cells of the tile; of several applicable steps the
        largest value applies.
    """

    below_zoom: int
    keep: ColumnElement[bool] | None = None
    columns: tuple[str, ...] | None = None
    tolerance_cells: float = 1.0


@dataclass(frozen=True, eq=False)
class Period:
    """The validity of a row: columns with its start and its end, which is null if not known."""

    start: ColumnElement[Any]
    end: ColumnElement[Any]


@dataclass(frozen=True, eq=False)
class Layer:
    """One entry of the catalogue.

    Parameters
    ----------
    name
        Name in URLs and tiles.
    title, description
        English texts; pages translate the title.
    view
        View of `geo.db.views`; its key is the text column ``id``, its geometry ``geom``
        (EPSG:4326).
    columns
        Properties that may be published, in order.
    tile_columns
        Properties that are written into tiles; ``id`` always is.
    shape, style, min_zoom, max_zoom
        Geometry type, signs, and the zooms with tiles of their own (maps enlarge the last).
    attribution, licence
        Credit that must be shown with the layer, and its licence; where rows have different
        licences, each row states its own as a property.
    clock
        How often the layer may change without an edit, because its rows depend on the time.
    subject
        Kind of data under which the database counts changes of the layer (`geo.db.change_stamps`);
        None if it has the layer's name.
    rests_on
        Other kinds of data that the view reads, so that their changes change the layer too.
    words
        Meanings of columns that differ from those in `tiles.words`.
    expires_on
        Last date on which a copy may be used (P49); null where a record has none.
    period
        Validity of a row, for layers whose rows are valid for a time.
    steps
        Reductions of tiles at low zooms.
    order
        Order of features in a tile, the most important first.
    notice
        Notice that has to accompany the layer wherever it is shown.
    tiers
        Tiers that may request the layer.
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
    clock: StampClock
    subject: str | None = None
    rests_on: tuple[str, ...] = ()
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
    def subjects(self) -> tuple[str, ...]:
        """Kinds of data whose change counters together notice every change of the layer."""
        return (self.subject or self.name, *self.rests_on)

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the properties of every feature, in the order of responses."""
        return self.shown()

    @cached_property
    def sortables(self) -> Mapping[str, ColumnElement[Any]]:
        """Columns a collection can be sorted by: the id, and properties with a single value."""
        return {
            field.name: self.view.c[field.name]
            for field in self.fields
            if field.is_single and field.name not in _ALWAYS
        }

    def shown(self, columns: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return the names of the properties in a response to a request for some columns.

        ``columns`` None stands for all columns. The properties in `_ALWAYS` are included in any
        case.
        """
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
        """Whether the layer's records state a last day on which a copy may be used."""
        return not isinstance(self.expires_on, Cast) or not isinstance(self.expires_on.clause, Null)

    def steps_at(self, z: int) -> tuple[ZoomStep, ...]:
        """Return the reductions that apply at a zoom, in ascending order of ``below_zoom``."""
        return tuple(sorted((s for s in self.steps if z < s.below_zoom), key=_below))

    def kept_at(self, z: int) -> ColumnElement[bool] | None:
        """Return the condition that selects the rows in tiles of a zoom; None if all rows enter."""
        return next((step.keep for step in self.steps_at(z) if step.keep is not None), None)

    def tile_columns_at(self, z: int) -> tuple[str, ...]:
        """Return the columns in tiles of a zoom, including ``id`` unless features are merged."""
        thinned = (step.columns for step in self.steps_at(z) if step.columns is not None)
        return next(thinned, ("id", *self.tile_columns))

    def is_joined_at(self, z: int) -> bool:
        """Return whether features with equal columns are merged in tiles of a zoom."""
        return any(step.columns is not None for step in self.steps_at(z))

    def tolerance_cells_at(self, z: int) -> float:
        """Return the largest error of a simplified line in tiles of a zoom, in their cells."""
        return max((step.tolerance_cells for step in self.steps_at(z)), default=1.0)

    def rows(
        self,
        geom: ColumnElement[Any] | None = None,
        instead: Mapping[str, ColumnElement[Any]] | None = None,
        columns: Sequence[str] | None = None,
    ) -> Select[*tuple[Any, ...]]:
        """Return a query for all rows of the layer: ``id``, the properties and ``geom``.

        Parameters
        ----------
        geom
            Expression in place of the geometry; default: the view's own.
        instead
            Expressions in place of columns of the view, by name.
        columns
            The wanted properties; None for all. ``expires_on``, the last day on which a copy may be
            used, is always included (P49).
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
