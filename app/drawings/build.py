"""Build of the SVG sprite of all pictograms, ``app/static/icons.svg``.

Run it by ``python -m app.drawings.build``. Each drawing in `svg/` that `app.drawings.signs` names
becomes a ``<symbol>`` with the name of its file. The same drawings give the same bytes.
"""

from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from app.drawings.signs import ACTIONS, AMENITIES, SERVICES

FOLDER: Final = Path(__file__).with_name("svg")

TARGET: Final = Path(__file__).parents[1] / "static" / "icons.svg"

_SVG: Final = "http://www.w3.org/2000/svg"

#: Attributes of shapes that the sprite keeps; all others are notes of drawing programs.
_KEPT: Final = ("d", "cx", "cy", "r", "fill-rule")

_SHAPES: Final = ("path", "circle")


class DrawingError(ValueError):
    """A drawing has an element that the sprite cannot hold; the message names file and element."""


def sprite() -> bytes:
    """Return the content of the SVG sprite with all pictograms that pages use.

    Raises
    ------
    DrawingError
        A drawing has an element other than groups, paths and circles.
    """
    names = sorted({*SERVICES.values(), *AMENITIES.values(), *ACTIONS.values()})
    root = ET.Element("svg", xmlns=_SVG)
    for name in names:
        _add_symbol(root, name)
    return ET.tostring(root) + b"\n"


def _add_symbol(root: ET.Element, name: str) -> None:
    # The parser is safe here: it reads only drawings of this repository, never files of others.
    drawing = ET.parse(FOLDER / f"{name}.svg").getroot()  # noqa: S314
    symbol = ET.SubElement(root, "symbol", id=name, viewBox=drawing.attrib["viewBox"])
    for shape in drawing.iter():
        kind = shape.tag.removeprefix(f"{{{_SVG}}}")
        if kind in _SHAPES:
            kept: dict[str, str] = {key: shape.attrib[key] for key in _KEPT if key in shape.attrib}
            ET.SubElement(symbol, kind, kept)
        elif kind not in ("svg", "g"):
            msg = f"{name}.svg: <{kind}> cannot be taken into the sprite"
            raise DrawingError(msg)


if __name__ == "__main__":
    TARGET.write_bytes(sprite())
