"""What a file says of itself, whatever its format: credit, licence, demo, notice (P35, P49)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tiles.catalogue.layer import Layer
from tiles.features.items import DEMO_NOTICE


@dataclass(frozen=True, eq=False)
class About:
    """What is known of a download before its first feature.

    Parameters
    ----------
    layer
        Whose features they are.
    names
        Names of the properties, in order; ``id`` and the geometry are not among them.
    is_demo
        Whether demo rows are loaded.
    geometry_type
        Simple-features name that every geometry has, for example ``MultiPolygon``; None where
        they may differ.
    members
        What else a JSON document says: links, a time stamp.
    """

    layer: Layer
    names: Sequence[str]
    is_demo: bool
    geometry_type: str | None = None
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def notice(self) -> str:
        """What has to be said wherever the features are shown; empty where nothing."""
        said = (DEMO_NOTICE if self.is_demo else "", self.layer.notice or "")
        return " ".join(filter(None, said))

    @property
    def facts(self) -> dict[str, str]:
        """Credit, licence and notices as texts by name, for formats with room for such."""
        found = {"attribution": self.layer.attribution, "license": self.layer.licence}
        if self.is_demo:
            found["demo"] = "true"
        return found | ({"notice": self.notice} if self.notice else {})

    @property
    def description(self) -> str:
        """The layer's description with everything of `facts` that is a sentence."""
        credit = f"{self.layer.attribution}. {self.layer.licence}."
        return " ".join(filter(None, (self.notice, self.layer.description, credit)))
