"""The stretches of a route, stored by column and readable by row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, starmap
from typing import Any, Final, NamedTuple, Self, overload

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SegmentFactor:
    """A relative risk (`routing.travel.relative_risk`) on a stretch in a hazard with a cited rate.

    Parameters
    ----------
    kind
        The hazard's kind.
    name
        Key of the factor.
    value
        Factor by which the rate is multiplied; 1 where not known.
    is_unknown
        Whether the OSM tag that the factor depends on is missing.
    """

    kind: str
    name: str
    value: float
    is_unknown: bool


class RouteSegment(NamedTuple):
    """A stretch of a route with constant attributes.

    Parameters
    ----------
    from_m, to_m
        Begin and end of the stretch, metres along the route.
    road, ref
        Name and number of the road; None for a road without.
    road_class
        One of ``HIGHWAY_CLASSES``.
    surface
        One of ``SURFACES``; None where not known.
    lit, sidewalk
        Whether the road is lit, and has a sidewalk; None where not known.
    night
        Whether the stretch is walked by night.
    hazards
        Ids of the hazards that the stretch lies inside.
    ascent_m, descent_m
        Metres climbed and descended.
    duration_s
        Moving time, seconds.
    exposure
        Contribution to the route's exposure, by the same kinds and in the same units; a missing
        kind counts as 0.
    unknown
        Metres for which an attribute is unknown, by attribute, as in `Route.unknown`; a missing
        attribute counts as 0.
    factors
        Relative risks that apply, or would apply if a missing tag were known.
    network, as_of
        Name of the road graph, and the date of its source, ISO 8601; the date of the import where
        the source has no date.
    """

    from_m: float
    to_m: float
    road: str | None
    ref: str | None
    road_class: str
    surface: str | None
    lit: bool | None
    sidewalk: bool | None
    night: bool
    hazards: tuple[str, ...]
    ascent_m: float
    descent_m: float
    duration_s: float
    exposure: Mapping[str, float]
    unknown: Mapping[str, float]
    factors: tuple[SegmentFactor, ...]
    network: str
    as_of: str

    @property
    def length_m(self) -> float:
        """Length, metres."""
        return self.to_m - self.from_m


def _no_figures() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, eq=False, slots=True)
class RouteSegments(Sequence[RouteSegment]):
    """The S stretches of a route in order of travel; a response may have thousands.

    Rows are built on access; code that needs all stretches reads the columns.

    Parameters
    ----------
    from_m, to_m, ascent_m, descent_m, duration_s
        float64 [S]. All columns are read-only and have the meaning of the field of `RouteSegment`.
    road, ref, road_class, surface, lit, sidewalk, night, hazards, factors, network, as_of
        Lists of length S.
    exposure, unknown
        float64 [S] by kind or attribute; 0 where a stretch has no value.
    """

    from_m: Floats = field(default_factory=_no_figures)
    to_m: Floats = field(default_factory=_no_figures)
    road: list[str | None] = field(default_factory=list)
    ref: list[str | None] = field(default_factory=list)
    road_class: list[str] = field(default_factory=list)
    surface: list[str | None] = field(default_factory=list)
    lit: list[bool | None] = field(default_factory=list)
    sidewalk: list[bool | None] = field(default_factory=list)
    night: list[bool] = field(default_factory=list)
    hazards: list[tuple[str, ...]] = field(default_factory=list)
    ascent_m: Floats = field(default_factory=_no_figures)
    descent_m: Floats = field(default_factory=_no_figures)
    duration_s: Floats = field(default_factory=_no_figures)
    exposure: Mapping[str, Floats] = field(default_factory=dict)
    unknown: Mapping[str, Floats] = field(default_factory=dict)
    factors: list[tuple[SegmentFactor, ...]] = field(default_factory=list)
    network: list[str] = field(default_factory=list)
    as_of: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, rows: Iterable[RouteSegment]) -> Self:
        """Build the columns from rows."""
        columns = dict(zip(RouteSegment._fields, zip(*rows, strict=True), strict=False))
        if not columns:
            return cls()
        given: dict[str, Any] = {name: list(column) for name, column in columns.items()}
        given |= {name: np.array(columns[name], dtype=np.float64) for name in _FIGURES}
        for name in _BY_NAME:
            has = columns[name]
            names = dict.fromkeys(key for row in has for key in row)
            given[name] = {key: np.array([row.get(key, 0.0) for row in has]) for key in names}
        return cls(**given)

    @classmethod
    def joined(cls, parts: Sequence["RouteSegments"], before_m: Sequence[float]) -> Self:
        """Concatenate the stretches of a route's parts.

        Parameters
        ----------
        parts
            Stretches of each part, in order of travel.
        before_m
            Distance along the route at which each part begins, metres.
        """
        given: dict[str, Any] = {}
        for name in RouteSegment._fields:
            columns = [getattr(part, name) for part in parts]
            if name in _BY_NAME:
                given[name] = _joined_by_name(columns, [len(part) for part in parts])
            elif name in _FIGURES:
                by_m = before_m if name in _PLACES else [0.0] * len(parts)
                moved = [own + m for own, m in zip(columns, by_m, strict=True)]
                given[name] = np.concatenate([_no_figures(), *moved])
            else:
                given[name] = list(chain(*columns))
        return cls(**given)

    def __len__(self) -> int:
        """Count the stretches."""
        return len(self.to_m)

    @overload
    def __getitem__(self, index: int) -> RouteSegment: ...

    @overload
    def __getitem__(self, index: slice) -> "RouteSegments": ...

    def __getitem__(self, index: int | slice) -> "RouteSegment | RouteSegments":
        """Return one stretch for an index, several for a slice."""
        own = index if isinstance(index, slice) else slice(index, index + 1 or None)
        some = RouteSegments(**{name: self._cut(name, own) for name in RouteSegment._fields})
        if isinstance(index, slice):
            return some
        if not len(some):
            raise IndexError(index)
        return next(iter(some))

    def _cut(self, name: str, own: slice) -> Any:  # noqa: ANN401 -- a column of any type
        column = getattr(self, name)
        if name in _BY_NAME:
            return {key: values[own] for key, values in column.items()}
        return column[own]

    def __iter__(self) -> Iterator[RouteSegment]:
        """Yield the stretches in order."""
        columns: list[Iterable[Any]] = []
        for name in RouteSegment._fields:
            column = getattr(self, name)
            if name in _BY_NAME:
                column = _rows_by_name(column, len(self))
            columns.append(column.tolist() if name in _FIGURES else column)
        return starmap(RouteSegment, zip(*columns, strict=True))


#: Columns with one number for each stretch.
_FIGURES: Final = ("from_m", "to_m", "ascent_m", "descent_m", "duration_s")
#: Numeric columns that are positions along the route; they are shifted when parts are joined.
_PLACES: Final = ("from_m", "to_m")
#: Columns that are mappings of kinds or attributes to one number for each stretch.
_BY_NAME: Final = ("exposure", "unknown")


def _joined_by_name(
    parts: Sequence[Mapping[str, Floats]], counts: Sequence[int]
) -> dict[str, Floats]:
    """Concatenate figures by name; a part without figures of a name gets zeros."""
    return {
        name: np.concatenate(
            [part.get(name, np.zeros(count)) for part, count in zip(parts, counts, strict=True)]
        )
        for name in dict.fromkeys(chain(*parts))
    }


def _rows_by_name(columns: Mapping[str, Floats], count: int) -> Iterator[dict[str, float]]:
    """Yield the nonzero figures of each stretch, by name."""
    values = [column.tolist() for column in columns.values()]
    for row in range(count):
        yield {name: own[row] for name, own in zip(columns, values, strict=True) if own[row] != 0}


class Ferry(NamedTuple):
    """A ferry on a route: its name, where it begins along the route, and its length, metres."""

    name: str | None
    from_m: float
    length_m: float


def ferries(segments: RouteSegments) -> tuple[Ferry, ...]:
    """Return the ferries of a route in order of travel; stretches of one ferry are merged."""
    found: list[Ferry] = []
    to_m = -1.0
    rows = zip(segments.road_class, segments.road, segments.from_m, segments.to_m, strict=True)
    for road_class, name, begins_m, ends_m in rows:
        if road_class != "ferry":
            continue
        begin_m, end_m = float(begins_m), float(ends_m)
        if found and to_m == begin_m and found[-1].name == name:
            begin_m = found.pop().from_m
        found.append(Ferry(name, begin_m, end_m - begin_m))
        to_m = end_m
    return tuple(found)
