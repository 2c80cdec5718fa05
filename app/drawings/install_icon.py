"""Makes the icon of the installed page: ``python -m app.drawings.install_icon``.

A folded map, as many applications of maps have: who looks at a phone sees no name of a network
that helps people on the move (P37).
"""

from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

FOLDER: Final = Path(__file__).parents[1] / "static"

#: Pixels of a side that Chromium asks of a page that is installed (web.dev, "Install criteria").
SIDES: Final = (192, 512)

_PAPER, _INK, _SHADE = "#ffffff", "#5f6b70", "#dfe5e7"

#: A map folded in three, in a box of 48 x 48; within the middle 80 % that a mask leaves.
_FOLDS: Final = (
    (_PAPER, ((10, 15), (19, 11), (19, 34), (10, 38))),
    (_SHADE, ((19, 11), (29, 15), (29, 38), (19, 34))),
    (_PAPER, ((29, 15), (38, 11), (38, 34), (29, 38))),
)


def drawn(side: int) -> Image.Image:
    """Return the icon, ``side`` pixels wide and high."""
    # Drawn larger and made smaller, as Pillow draws no smooth edges.
    scale = 4 * side / 48
    picture = Image.new("RGB", (4 * side, 4 * side), _INK)
    pen = ImageDraw.Draw(picture)
    for colour, corners in _FOLDS:
        pen.polygon([(x * scale, y * scale) for x, y in corners], fill=colour)
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def path_of(side: int) -> Path:
    """Return the file of the icon of a size."""
    return FOLDER / f"install-{side}.png"


if __name__ == "__main__":
    for side in SIDES:
        drawn(side).quantize(64).save(path_of(side), optimize=True)
