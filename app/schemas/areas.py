"""Areas and places of a journey as GeoJSON carries them: obstacles to keep out of, waypoints."""

from collections.abc import Sequence
from typing import Annotated, Literal

import shapely
from pydantic import BaseModel, ConfigDict, Field
from shapely.errors import GEOSException

from app.exceptions import InvalidParameterError
from app.schemas.fields import Latitude, Longitude, require_unswapped
from routing.travel.avoid_areas import MAX_OBSTACLES, MAX_VERTICES, Obstacles

#: Heights are accepted and ignored.
Vertex = tuple[Longitude, Latitude] | tuple[Longitude, Latitude, float]
#: The fewest positions of a closed ring (RFC 7946, 3.1.6). One wrong position is told, not
#: thousands (P55).
Ring = Annotated[list[Vertex], Field(min_length=4, max_length=MAX_VERTICES, fail_fast=True)]
Rings = Annotated[list[Ring], Field(min_length=1, max_length=MAX_VERTICES, fail_fast=True)]


class Polygon(BaseModel):
    """A GeoJSON Polygon."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["Polygon"]
    coordinates: Rings

    @property
    def polygons(self) -> list[Rings]:
        """The one polygon."""
        return [self.coordinates]


class MultiPolygon(BaseModel):
    """A GeoJSON MultiPolygon."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["MultiPolygon"]
    coordinates: Annotated[list[Rings], Field(max_length=MAX_OBSTACLES, fail_fast=True)]

    @property
    def polygons(self) -> list[Rings]:
        """Every polygon."""
        return self.coordinates


type Area = Annotated[Polygon | MultiPolygon, Field(discriminator="type")]


def obstacles_of(areas: Sequence[Polygon | MultiPolygon], field: str) -> Obstacles:
    """Return what the asker keeps out of; nothing that was drawn is left out in silence.

    Parameters
    ----------
    areas
        As they came.
    field
        What an error calls them.

    Raises
    ------
    InvalidParameterError
        A ring that is not closed, or a polygon that looks drawn with its axes swapped.
    InvalidRequest
        An invalid polygon, too many, too large.
    """
    drawn = [rings for area in areas for rings in area.polygons]
    for rings in drawn:
        if any(ring[0][:2] != ring[-1][:2] for ring in rings):
            raise InvalidParameterError(field, "a ring ends where it begins")
        require_unswapped(field, *rings[0][0][:2])
    return Obstacles.of([_shape(rings, field) for rings in drawn], field)


def _shape(rings: Rings, field: str) -> shapely.Polygon:
    outer, *holes = ([position[:2] for position in ring] for ring in rings)
    try:
        return shapely.Polygon(outer, holes)
    except (GEOSException, ValueError) as error:
        raise InvalidParameterError(field, "no polygon") from error
