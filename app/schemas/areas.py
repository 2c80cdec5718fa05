"""GeoJSON polygons in request bodies: areas that a route has to avoid."""

from collections.abc import Sequence
from typing import Annotated, Literal

import shapely
from pydantic import BaseModel, ConfigDict, Field
from shapely.errors import GEOSException

from app.exceptions import InvalidParameterError
from app.schemas.fields import Latitude, Longitude, require_unswapped
from routing.travel.avoid_areas import MAX_OBSTACLES, MAX_VERTICES, Obstacles

#: Position in a GeoJSON polygon: lon, lat in degrees; a height is accepted and ignored.
Vertex = tuple[Longitude, Latitude] | tuple[Longitude, Latitude, float]
#: Closed ring of a polygon, with at least four positions (RFC 7946, 3.1.6). Validation stops at the
#: first invalid position, instead of listing thousands of errors (P55).
Ring = Annotated[list[Vertex], Field(min_length=4, max_length=MAX_VERTICES, fail_fast=True)]
Rings = Annotated[list[Ring], Field(min_length=1, max_length=MAX_VERTICES, fail_fast=True)]


class Polygon(BaseModel):
    """A GeoJSON Polygon."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["Polygon"]
    coordinates: Rings

    @property
    def polygons(self) -> list[Rings]:
        """Rings of the polygon, in a list of one, as in `MultiPolygon.polygons`."""
        return [self.coordinates]


class MultiPolygon(BaseModel):
    """A GeoJSON MultiPolygon."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["MultiPolygon"]
    coordinates: Annotated[list[Rings], Field(max_length=MAX_OBSTACLES, fail_fast=True)]

    @property
    def polygons(self) -> list[Rings]:
        """Rings of each polygon."""
        return self.coordinates


type Area = Annotated[Polygon | MultiPolygon, Field(discriminator="type")]


def obstacles_of(areas: Sequence[Polygon | MultiPolygon], field: str) -> Obstacles:
    """Convert GeoJSON areas to obstacles for the router; refuse all areas if any is invalid.

    Parameters
    ----------
    areas
        Areas in the request that a route has to avoid.
    field
        Name of the request's field with the areas, for errors.

    Raises
    ------
    InvalidParameterError
        A ring is not closed, or a polygon looks as if longitude and latitude were swapped.
    InvalidRequest
        A polygon is invalid, or there are too many polygons, or too large polygons.
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
