"""Request bodies of openrouteservice's isochrones and matrices, as far as they are supported.

As in `openrouteservice_body`: every member of version 9 that would change the response is honoured
or refused with a reason; none is ignored.
"""

import builtins
from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from app.api.routing.openrouteservice_body import PROFILES, Strict
from app.schemas.fields import Day, Instant, Latitude, Longitude
from app.schemas.json_body import JSONBody
from routing.reach.spread import Measure

#: Upper limit of ranges in a request, the same as on openrouteservice's public server.
MAX_RANGES: Final = 10

#: Upper limit of locations in a body [A], some 16 kB; settings can only lower it.
MAX_LOCATIONS: Final = 500

#: Upper limit of services that a request can require of spaces.
MAX_SERVICES: Final = 10

#: Widest box to look for spaces in, degrees [A]: a large country of the region.
MAX_BOX_DEG: Final = 10.0

#: Value of ``sources`` and ``destinations`` that selects all locations.
ALL: Final[list[Literal["all"]]] = ["all"]

type Location = tuple[Longitude, Latitude] | tuple[Longitude, Latitude, float]


class ReachOptions(Strict):
    """What to keep away from."""

    avoid_borders: Literal["all", "none"] | None = Field(
        None,
        description="`none` passes official crossings that are open, `all` passes no border."
        " Without it isochrones pass none, and matrices pass those that are open.",
    )


class SpacesAround(Strict):
    """Public spaces to draw isochrones around: Amparo's own."""

    bbox: tuple[Longitude, Latitude, Longitude, Latitude] = Field(
        description=f"West, south, east, north; at most {MAX_BOX_DEG:g} degrees either way."
    )
    services: Annotated[list[str], Field(max_length=MAX_SERVICES)] = Field(
        [], description="A space counts if it offers all of them."
    )
    on: Day | None = Field(None, description="Day on which they are open; default: today.")

    @field_validator("bbox")
    @classmethod
    def _is_box(cls, box: tuple[float, ...]) -> tuple[float, ...]:
        west, south, east, north = box
        if not (0 < east - west <= MAX_BOX_DEG and 0 < north - south <= MAX_BOX_DEG):
            msg = f"west before east, south before north, at most {MAX_BOX_DEG:g} degrees"
            raise ValueError(msg)
        return box


class _ReachBody(JSONBody, Strict):
    """Members that both bodies have."""

    id: str | None = Field(None, max_length=64, description="Comes back in `metadata`.")
    profile: str | None = Field(
        None,
        max_length=64,
        description="As in the address, if given; clients repeat it.",
        json_schema_extra={"enum": [*PROFILES, None]},
    )
    units: Literal["m", "km", "mi"] = "m"
    options: ReachOptions = ReachOptions()
    at: Instant | None = Field(
        None,
        description="Not openrouteservice's: departure, with its UTC offset; default: now."
        " Crossings and hazards are judged then.",
    )


class IsochronesBody(_ReachBody):
    """The body of ``POST /v2/isochrones/{profile}``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"locations": [[-72.508, 7.894]], "range": [1800, 3600]},
                {
                    "spaces": {
                        "bbox": [-72.7, 7.2, -72.3, 8.0],
                        "services": ["overnight"],
                        "on": "2026-12-01",
                    },
                    "range": [3600],
                    "attributes": ["area"],
                },
            ]
        }
    )

    locations: list[Location] = Field([], max_length=MAX_LOCATIONS)
    range: Annotated[
        list[Annotated[float, Field(gt=0, allow_inf_nan=False)]],
        Field(min_length=1, max_length=MAX_RANGES, description="Seconds, or lengths in `units`."),
    ]
    range_type: Measure = Measure.TIME
    interval: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description=f"Steps up to the only range; at most {MAX_RANGES} come of it.",
    )
    location_type: Literal["start", "destination"] | None = Field(
        None,
        description="Whether people leave from the locations (the default) or come to them (the"
        " default with `spaces`).",
    )
    area_units: Literal["m", "km", "mi"] = "m"
    attributes: list[Literal["area"]] = Field(
        [], max_length=1, description="`reachfactor` and `total_pop` are not answered."
    )
    spaces: SpacesAround | None = Field(
        None,
        description="Not openrouteservice's: public spaces in place of locations. Each area is that"
        " around the nearest of them.",
    )
    # Members that would change the response, accepted only with the value that this server always
    # uses.
    intersections: Literal[False] = False
    smoothing: None = Field(
        None, description="None: outlines are drawn so that no closed road shows, always alike."
    )

    @model_validator(mode="after")
    def _begins_somewhere(self) -> "IsochronesBody":
        if bool(self.locations) == (self.spaces is not None):
            msg = "give either 'locations' or 'spaces'"
            raise ValueError(msg)
        return self

    @field_validator("interval")
    @classmethod
    def _steps_up(cls, interval: float | None, member: ValidationInfo) -> float | None:
        ranges = member.data.get("range")
        if interval is None or ranges is None:
            return interval
        if len(ranges) != 1 or ranges[0] / interval > MAX_RANGES:
            msg = f"with one range, at most {MAX_RANGES} steps long"
            raise ValueError(msg)
        return interval

    @property
    def ranges(self) -> tuple[float, ...]:
        """The ranges, ascending, each once, in the units of the request."""
        if self.interval is None:
            return tuple(sorted(set(self.range)))
        most, step = self.range[0], self.interval
        steps = [step * n for n in builtins.range(1, MAX_RANGES + 1) if step * n < most]
        return (*steps, most)


class MatrixBody(_ReachBody):
    """The body of ``POST /v2/matrix/{profile}``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "locations": [[-72.508, 7.894], [-72.648, 7.376], [-73.126, 7.125]],
                    "metrics": ["duration", "distance"],
                    "units": "km",
                }
            ]
        }
    )

    locations: list[Location] = Field(min_length=1, max_length=MAX_LOCATIONS)
    sources: list[int] | list[Literal["all"]] = Field(
        ALL, min_length=1, max_length=MAX_LOCATIONS, description="Numbers from 0, or `all`."
    )
    destinations: list[int] | list[Literal["all"]] = Field(
        ALL, min_length=1, max_length=MAX_LOCATIONS, description="Numbers from 0, or `all`."
    )
    metrics: list[Literal["duration", "distance"]] = Field(["duration"], min_length=1, max_length=2)
    resolve_locations: Literal[False] = Field(
        default=False, description="False alone: streets are not named."
    )
    # In openrouteservice `optimized` selects an algorithm. Here every algorithm finds the same.
    optimized: bool | None = None

    @field_validator("sources", "destinations")
    @classmethod
    def _are_locations(
        cls, chosen: list[int] | list[Literal["all"]], member: ValidationInfo
    ) -> list[int] | list[Literal["all"]]:
        count = len(member.data.get("locations", ()))
        numbers = [n for n in chosen if isinstance(n, int)]
        if any(not 0 <= n < count for n in numbers) or (not numbers and len(chosen) > 1):
            msg = "numbers of locations, from 0, or 'all' alone"
            raise ValueError(msg)
        return chosen

    def rows(self, chosen: list[int] | list[Literal["all"]]) -> list[int]:
        """Return the numbers of the chosen locations."""
        numbers = [n for n in chosen if isinstance(n, int)]
        return numbers or list(range(len(self.locations)))
