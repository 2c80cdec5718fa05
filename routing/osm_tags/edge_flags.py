"""How a person travels, and what the bits of an edge say."""

from enum import IntFlag, StrEnum


class Mode(StrEnum):
    """How a person travels."""

    FOOT = "foot"
    VEHICLE = "vehicle"

    @property
    def flag(self) -> "EdgeFlag":
        """Bit of ``edge_flags`` that lets this mode pass."""
        return EdgeFlag.FOOT if self is Mode.FOOT else EdgeFlag.VEHICLE

    @property
    def ends_flag(self) -> "EdgeFlag":
        """Bit of ``edge_flags`` that says that this mode passes at its ends alone."""
        return EdgeFlag.FOOT_ENDS if self is Mode.FOOT else EdgeFlag.VEHICLE_ENDS


class EdgeFlag(IntFlag):
    """Bits of ``edge_flags`` (uint16). Neither of a YES/NO pair set: not known."""

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
    #: No through road for this mode; of a threshold: one enters such roads here.
    FOOT_ENDS = 2048
    VEHICLE_ENDS = 4096
    #: Tagged as not for wheelchairs.
    NO_WHEELS = 8192
    #: Tagged with a grade above `routing.osm_tags.ways.STEEP_GRADE`.
    STEEP = 16384
    #: No road: joins the copies of a node that a barrier, or the edge of a no through road, parts.
    THRESHOLD = 32768
