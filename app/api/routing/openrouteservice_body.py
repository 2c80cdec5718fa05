"""Request body of openrouteservice, as far as it is supported.

Every member of version 9 that would change the response is honoured or refused with a reason; none
is ignored. Members without effect here are accepted at their neutral value only.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationInfo,
    field_validator,
    model_validator,
)

from app.schemas.areas import Area
from app.schemas.fields import Latitude, Longitude
from app.schemas.json_body import JSONBody
from geo.text.countries import CODES
from geo.text.languages import LANGUAGES
from routing.travel.request import AVERSIONS, MAX_ROUTES, MAX_VIA

#: Travel profiles by openrouteservice's names; None stands for an adult as set in this server's
#: settings.
PROFILES: Final[Mapping[str, str | None]] = {
    "foot-walking": None,
    "wheelchair": "reduced_mobility",
    "driving-car": "vehicle",
}

#: Weights of exposure with which routes are searched, by openrouteservice's ``preference``.
AVERSIONS_BY: Final = {"recommended": AVERSIONS, "fastest": (0.0,)}

#: Metres per unit.
METRES: Final = {"m": 1.0, "km": 1_000.0, "mi": 1_609.344}


#: Features that each profile always avoids; the road graph does not distinguish other features well
#: enough to promise that a route avoids them.
KEPT_OUT_OF: Final[Mapping[str, frozenset[str]]] = {"wheelchair": frozenset({"steps"})}


class Strict(BaseModel):
    """A part of a body that has the members it declares and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


#: Members of a body that are accepted at one value only: that value, and why no other.
_FIXED: Final[Mapping[str, tuple[object, str]]] = {
    "geometry": (True, "GeoJSON has a geometry"),
    "geometry_simplify": (False, "lines are given whole"),
    "elevation": (False, "heights are known at junctions alone"),
    "maneuvers": (False, "steps have a type, and no manoeuvre"),
    "roundabout_exits": (False, "exits are not counted"),
    "continue_straight": (False, "who stops at a waypoint may turn back there"),
    "suppress_warnings": (False, "what a route says about itself goes with it"),
}


class Alternatives(Strict):
    """How many other routes, and how unlike the best."""

    target_count: int = Field(2, ge=1, le=MAX_ROUTES)
    weight_factor: float = Field(
        1.4, ge=1, le=10, description="Longest duration, of the best route's."
    )
    share_factor: float = Field(
        0.6, ge=0, le=1, description="Largest share of the way in common with a better route."
    )


#: Validator of areas, strict as in `JSONBody`, for values that a `before` validator takes over.
_AREAS: Final[TypeAdapter[Area]] = TypeAdapter(Area)


def _or_empty(schema: dict[str, Any]) -> None:
    schema["anyOf"].append({"type": "object", "maxProperties": 0})


class Options(Strict):
    """What to keep away from."""

    avoid_polygons: Area | None = Field(None, json_schema_extra=_or_empty)
    avoid_countries: list[str] = Field(
        [], max_length=20, description="ISO 3166-1 alpha-2; borders of these are not crossed."
    )
    avoid_borders: Literal["all", "none"] | None = Field(
        None,
        description="`all` crosses none. `controlled` is not answered: which official crossing"
        " controls whom is not known here.",
    )
    avoid_features: list[Literal["ferries", "fords", "highways", "steps", "tollways"]] = Field(
        [], max_length=5
    )

    accept_detour: bool = Field(
        default=False,
        description="Not openrouteservice's: answer the long way too where what is closed leaves"
        " only that. Without it that is refused, with the reasons.",
    )

    @field_validator("avoid_polygons", mode="before")
    @classmethod
    def _may_be_empty(cls, given: object) -> object:
        # Clients send {} as the areas to avoid when none was drawn.
        if not isinstance(given, dict):
            return given
        return None if given == {} else _AREAS.validate_json(json.dumps(given), strict=True)

    @field_validator("avoid_countries")
    @classmethod
    def _are_countries(cls, given: list[str]) -> list[str]:
        if not CODES.issuperset(given):
            msg = "codes of ISO 3166-1 alpha-2 are needed; openrouteservice's numbers are not known"
            raise ValueError(msg)
        return given


class DirectionsQuestion(JSONBody, Strict):
    """The body of ``POST /v2/directions/{profile}/geojson``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"coordinates": [[-72.508, 7.894], [-73.126, 7.125]], "language": "es"},
                {
                    "coordinates": [[-72.508, 7.894], [-72.648, 7.376], [-73.126, 7.125]],
                    "preference": "fastest",
                    "units": "km",
                    "language": "en",
                    "extra_info": ["surface"],
                    "options": {"avoid_borders": "all"},
                },
            ]
        }
    )

    coordinates: Annotated[
        list[tuple[Longitude, Latitude] | tuple[Longitude, Latitude, float]],
        Field(min_length=2, max_length=MAX_VIA + 2),
    ]
    id: str | None = Field(None, max_length=64, description="Comes back in `metadata`.")
    preference: Literal["recommended", "fastest"] = Field(
        "recommended",
        description="`recommended` is the lower exposure; `shortest` is not answered.",
    )
    units: Literal["m", "km", "mi"] = "m"
    language: str = Field("es", max_length=20, description=f"One of {', '.join(LANGUAGES)}.")
    instructions: bool = True
    instructions_format: Literal["text"] = "text"
    alternative_routes: Alternatives | None = None
    extra_info: list[Literal["surface"]] = Field([], max_length=1)
    options: Options = Options()
    # Members that would change the response, accepted only with the value that this server always
    # uses.
    geometry: Literal[True] = True
    geometry_simplify: Literal[False] = False
    elevation: Literal[False] = False
    maneuvers: Literal[False] = False
    roundabout_exits: Literal[False] = False
    continue_straight: Literal[False] = False
    suppress_warnings: Literal[False] = False
    radiuses: list[float] = Field([], max_length=MAX_VIA + 2, description="-1 alone.")
    attributes: list[Any] = Field([], max_length=0)
    # In openrouteservice `optimized` selects an algorithm. Here every algorithm finds the same
    # route, so the value changes nothing.
    optimized: bool | None = None

    @field_validator(*_FIXED, mode="before")
    @classmethod
    def _is_fixed(cls, given: object, member: ValidationInfo) -> object:
        value, reason = _FIXED[member.field_name or ""]
        if given is not value:
            msg = f"{str(value).lower()} alone: {reason}"
            raise ValueError(msg)
        return given

    @field_validator("radiuses")
    @classmethod
    def _are_the_networks(cls, given: list[float]) -> list[float]:
        if any(radius != -1 for radius in given):
            msg = "-1 alone: how far a point may be from a road is the network's to say"
            raise ValueError(msg)
        return given

    @field_validator("language")
    @classmethod
    def _is_known(cls, given: str) -> str:
        code = given.lower().partition("-")[0]
        if code not in LANGUAGES:
            msg = f"one of {', '.join(LANGUAGES)} is needed"
            raise ValueError(msg)
        return code

    @model_validator(mode="after")
    def _offers_others_between_two_points(self) -> "DirectionsQuestion":
        if self.alternative_routes is not None and len(self.coordinates) > 2:  # noqa: PLR2004
            msg = "alternative routes are between two coordinates"
            raise ValueError(msg)
        return self
