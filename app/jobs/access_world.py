"""All data on which the access times of a month depend, as one JSON document.

A batch stores the document beside its results, and the document's digest identifies the batch. The
document holds only public data (`app.jobs.access_reading`): public spaces at their published
positions, official crossings and published hazards, so results cannot reveal anything else (P8).
Road networks are only named in the document.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

import shapely

from routing.reach.network import ReachConditions
from routing.router.reachability import ReachPlace
from routing.travel.crossings import Crossing
from routing.travel.hazard import Hazard
from routing.travel.profiles import PROFILES

#: Version of the rules for computing times; a part of the digest, so that a new version starts a
#: new batch.
_RULES: Final = 1


@dataclass(frozen=True, slots=True)
class Town:
    """A populated place; lon, lat in degrees."""

    id: str
    name: str
    country: str
    population: int | None
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class MonthSpace:
    """A public space and the services that it offers in the month; lon, lat in degrees."""

    id: str
    country: str
    lon: float
    lat: float
    services: tuple[str, ...]
    demo: bool


@dataclass(frozen=True, slots=True)
class NetworkFolder:
    """A road network: name, folder, time of its import, source and licence."""

    name: str
    path: str
    imported_at: str
    source: str
    licence: str


@dataclass(frozen=True, eq=False)
class AccessWorld:
    """Public data of a month for computing access times, and the request to compute.

    Attributes
    ----------
    month, at
        First day of the month, and the moment whose state of crossings and hazards is used.
    profiles, services
        Names of the profiles, codes of the services.
    closed_corridor
        Id of the corridor whose spaces are treated as closed; None without hypothetical closure.
    towns, spaces
        Towns from which, and spaces to which, times are computed, ordered by id. Spaces that are
        treated as closed are left out.
    networks
        The road networks, the most detailed first.
    raster_cell_deg
        Side of the cells of rasters, degrees; None for no rasters.
    """

    month: date
    at: datetime
    profiles: tuple[str, ...]
    services: tuple[str, ...]
    towns: tuple[Town, ...]
    spaces: tuple[MonthSpace, ...]
    crossings: tuple[Crossing, ...]
    hazards: tuple[Hazard, ...]
    networks: tuple[NetworkFolder, ...]
    closed_corridor: str | None = None
    raster_cell_deg: float | None = None

    @property
    def has_demo(self) -> bool:
        """Whether any space is demo data (P35)."""
        return any(space.demo for space in self.spaces)

    @property
    def file_stem(self) -> str:
        """Name of the files of this world, without suffix."""
        what_if = "" if self.closed_corridor is None else f"-if-{self.closed_corridor}-closed"
        return f"access-{self.month:%Y-%m}{what_if}"

    def conditions(self, profile: str) -> ReachConditions:
        """Return the conditions under which a profile travels."""
        travels = PROFILES[profile]
        return ReachConditions(
            self.at,
            crossings=self.crossings,
            hazards=self.hazards,
            mode=travels.mode,
            profile=travels,
            crosses_borders=True,
        )

    def town_places(self) -> list[ReachPlace]:
        """Return the towns as places of the routing library."""
        return [ReachPlace(town.lon, town.lat, town.country) for town in self.towns]

    def space_places(self) -> list[ReachPlace]:
        """Return the spaces as places of the routing library."""
        return [ReachPlace(space.lon, space.lat, space.country) for space in self.spaces]

    def document(self) -> bytes:
        """Return the world as JSON."""
        return json.dumps(
            {
                "rules": _RULES,
                "month": self.month.isoformat(),
                "at": self.at.isoformat(),
                "profiles": self.profiles,
                "services": self.services,
                "closed_corridor": self.closed_corridor,
                "raster_cell_deg": self.raster_cell_deg,
                "towns": [asdict(town) for town in self.towns],
                "spaces": [asdict(space) for space in self.spaces],
                "crossings": [_crossing_row(crossing) for crossing in self.crossings],
                "hazards": [_hazard_row(hazard) for hazard in self.hazards],
                "networks": [asdict(network) for network in self.networks],
            },
            sort_keys=True,
        ).encode()

    @classmethod
    def of(cls, document: bytes) -> "AccessWorld":
        """Read a world from its document."""
        known = json.loads(document)
        return cls(
            month=date.fromisoformat(known["month"]),
            at=datetime.fromisoformat(known["at"]),
            profiles=tuple(known["profiles"]),
            services=tuple(known["services"]),
            towns=tuple(Town(**town) for town in known["towns"]),
            spaces=tuple(
                MonthSpace(**{**space, "services": tuple(space["services"])})
                for space in known["spaces"]
            ),
            crossings=tuple(
                Crossing(
                    **{
                        **row,
                        "countries": tuple(row["countries"]),
                        "surveyed_at": row["surveyed_at"] and tuple(row["surveyed_at"]),
                    }
                )
                for row in known["crossings"]
            ),
            hazards=tuple(
                Hazard(**{**row, "geometry": shapely.from_wkb(row["geometry"])})
                for row in known["hazards"]
            ),
            networks=tuple(NetworkFolder(**network) for network in known["networks"]),
            closed_corridor=known["closed_corridor"],
            raster_cell_deg=known["raster_cell_deg"],
        )

    @property
    def digest(self) -> str:
        """Digest of the document, 64 hexadecimal digits."""
        return hashlib.sha256(self.document()).hexdigest()


_CROSSING_FIELDS: Final = (
    "id", "name", "lon", "lat", "countries", "passable", "state", "is_surveyed", "surveyed_at",
)  # fmt: skip
_HAZARD_FIELDS: Final = (
    "id", "kind", "family", "exclusion", "weight", "rate_per_km", "rate_low", "rate_high",
    "source", "title", "unit", "night_only",
)  # fmt: skip


def _crossing_row(crossing: Crossing) -> dict[str, Any]:
    return {name: getattr(crossing, name) for name in _CROSSING_FIELDS}


def _hazard_row(hazard: Hazard) -> dict[str, Any]:
    row = {name: getattr(hazard, name) for name in _HAZARD_FIELDS}
    return {**row, "geometry": hazard.geometry.wkb.hex()}
