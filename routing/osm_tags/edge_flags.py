"""Modes of travel, and the flag bits of an edge."""

from enum import IntFlag, StrEnum


class Mode(StrEnum):
    """Mode of travel of a person."""

    FOOT = "foot"
    VEHICLE = "vehicle"

    @property
    def flag(self) -> "EdgeFlag":
        """Bit of ``edge_flags`` that allows this mode on an edge."""
        return EdgeFlag.FOOT if self is Mode.FOOT else EdgeFlag.VEHICLE

    @property
    def ends_flag(self) -> "EdgeFlag":
        """Bit of ``edge_flags`` that limits this mode to trips that begin or end on the edge."""
        return EdgeFlag.FOOT_ENDS if self is Mode.FOOT else EdgeFlag.VEHICLE_ENDS


class EdgeFlag(IntFlag):
    """Bits of ``edge_flags`` (uint16); a YES/NO pair with neither bit set means unknown."""

    FOOT = 1
    VEHICLE = 2
    LIT_YES = 4
    LIT_NO = 8
    SIDEWALK_YES = 16
    SIDEWALK_NO = 32
    FERRY = 64
    BRIDGE = 128
    TUNNEL = 256
    REVERSED = 512
    BORDER = 1024
    #: Walkers may use the edge only to reach or leave a place on it (no through road); a threshold
    #: with this flag is the entry of such roads.
    FOOT_ENDS = 2048
    VEHICLE_ENDS = 4096
    #: The way or barrier is tagged as impassable for wheelchairs.
    NO_WHEELS = 8192
    #: The way is tagged with a grade above `routing.osm_tags.ways.STEEP_GRADE`.
    STEEP = 16384
    #: The edge is not a road, but joins copies of a node split at a barrier or where no-through
    #: roads begin.
    THRESHOLD = 32768
