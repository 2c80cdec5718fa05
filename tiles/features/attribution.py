"""Metadata that every download states: attribution, licence, demo flag, notice (P35, P49)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tiles.catalogue.layer import Layer
from tiles.features.items import DEMO_NOTICE


@dataclass(frozen=True, eq=False)
class About:
    """Metadata of a download, known before its first feature is read.

    Parameters
    ----------
    layer
        The layer of the features.
    names
        Names of the properties, in order, without ``id`` and the geometry.
    is_demo
        Whether demo rows are loaded.
    geometry_type
        Simple-features name of the type of every geometry, for example ``MultiPolygon``; None where
        types may differ.
    members
        Further members of a JSON document: links, a time stamp.
    """

    layer: Layer
    names: Sequence[str]
    is_demo: bool
    geometry_type: str | None = None
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def notice(self) -> str:
        """Notice that has to accompany the features wherever they are shown; may be empty."""
        said = (DEMO_NOTICE if self.is_demo else "", self.layer.notice or "")
        return " ".join(filter(None, said))

    @property
    def facts(self) -> dict[str, str]:
        """Attribution, licence and notices as texts by name, for formats that can store them."""
        found = {"attribution": self.layer.attribution, "license": self.layer.licence}
        if self.is_demo:
            found["demo"] = "true"
        return found | ({"notice": self.notice} if self.notice else {})

    @property
    def description(self) -> str:
        """The notice, the layer's description, its attribution and licence as one text."""
        credit = f"{self.layer.attribution}. {self.layer.licence}."
        return " ".join(filter(None, (self.notice, self.layer.description, credit)))
